/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection strings, read by libpq. It says which options are secret; the text of a URI is kept
 * but for the places where those stand. Lists of hosts can be begun elsewhere.
 */
#include "common/pg/conninfo.h"

#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#define MASK "****"

/* Of one sign libpq speaks itself ("="); what is longer is quoted from the string. */
static bool is_own_quote(const char *quote)
{
    return quote[1] != '\0' && quote[2] == '"';
}

static struct ms_str without_quotation(const char *message)
{
    const char *end = strchr(message, '"');
    while (end != NULL && is_own_quote(end))
        end = strchr(end + 3, '"');
    struct ms_str text = end != NULL ? ms_str_n(message, (size_t)(end - message)) : ms_str(message);
    while (text.len > 0 && strchr(": \n", text.ptr[text.len - 1]) != NULL)
        text.len--;
    return text;
}

static void free_options(PQconninfoOption *options)
{
    for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
        if (option->val != NULL)
            explicit_bzero(option->val, strlen(option->val));
    }
    PQconninfoFree(options);
}

enum ms_status ms_pg_conninfo_check(struct ms_str conninfo, struct ms_error *err)
{
    char *message = NULL;
    char *text = ms_alloc_str(conninfo);
    PQconninfoOption *options = PQconninfoParse(text, &message);
    enum ms_status status = MS_OK;
    if (options == NULL) {
        struct ms_str what = message != NULL ? without_quotation(message) : MS_STR("no memory");
        status = ms_error_set(err, MS_INVALID, "libpq cannot read it: %.*s", MS_STR_ARG(what));
    }
    free_options(options);
    PQfreemem(message);
    ms_alloc_wipe(text);
    return status;
}

bool ms_pg_conninfo_is_uri(struct ms_str conninfo)
{
    return ms_str_starts_with(conninfo, MS_STR("postgresql://")) ||
           ms_str_starts_with(conninfo, MS_STR("postgres://"));
}

static bool is_secret(const PQconninfoOption *option)
{
    return strchr(option->dispchar, '*') != NULL;
}

/* "user=me password=****", values quoted where libpq wants it. */
static void mask_keywords(struct ms_buf *out, const PQconninfoOption *options)
{
    size_t start = out->len;
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (option->val == NULL)
            continue;
        ms_buf_printf(out, "%s%s=", out->len > start ? " " : "", option->keyword);
        bool is_bare = option->val[0] != '\0' && strpbrk(option->val, " \t\n\r\f\v'\\") == NULL;
        if (is_secret(option) || is_bare) {
            ms_buf_append_c(out, is_secret(option) ? MASK : option->val);
            continue;
        }
        ms_buf_append_char(out, '\'');
        for (const char *c = option->val; *c != '\0'; c++) {
            if (*c == '\'' || *c == '\\')
                ms_buf_append_char(out, '\\');
            ms_buf_append_char(out, *c);
        }
        ms_buf_append_char(out, '\'');
    }
}

/* An escaped name cannot be compared: it counts as a secret's. */
static bool is_secret_parameter(const PQconninfoOption *options, struct ms_str name)
{
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (is_secret(option) && ms_str_equal(name, ms_str(option->keyword)))
            return true;
    }
    return ms_str_contains(name, MS_STR("%"));
}

/* A `@` there was meant to end a password that held another one, or a slash. */
static bool has_stray_password(const PQconninfoOption *options)
{
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        bool is_of_path = strcmp(option->keyword, "host") == 0 ||
                          strcmp(option->keyword, "port") == 0 ||
                          strcmp(option->keyword, "dbname") == 0;
        if (is_of_path && option->val != NULL && strchr(option->val, '@') != NULL)
            return true;
    }
    return false;
}

/* "scheme://user:password@hosts/database?name=value&…", well-formed. */
static void mask_uri(struct ms_buf *out, const PQconninfoOption *options, struct ms_str uri)
{
    struct ms_str rest = uri;
    size_t scheme_len = ms_str_next(&rest, ':').len + strlen("://");
    ms_buf_append(out, ms_str_slice(uri, 0, scheme_len));
    rest = ms_str_skip(uri, scheme_len);
    if (has_stray_password(options)) {
        ms_buf_append_c(out, MASK);
        return;
    }
    size_t end = 0; /* of the user information, if there is any */
    while (end < rest.len && rest.ptr[end] != '@' && rest.ptr[end] != '/')
        end++;
    if (end < rest.len && rest.ptr[end] == '@') {
        struct ms_str password = ms_str_slice(rest, 0, end);
        ms_buf_append(out, ms_str_next(&password, ':'));
        if (!ms_str_is_absent(password))
            ms_buf_append_c(out, ":" MASK);
        rest = ms_str_skip(rest, end);
    }
    ms_buf_append(out, ms_str_next(&rest, '?'));
    for (char before = '?'; !ms_str_is_absent(rest); before = '&') {
        struct ms_str value = ms_str_next(&rest, '&');
        struct ms_str name = ms_str_next(&value, '=');
        ms_buf_append_char(out, before);
        ms_buf_append(out, name);
        ms_buf_append_char(out, '=');
        ms_buf_append(out, is_secret_parameter(options, name) ? MS_STR(MASK) : value);
    }
}

void ms_pg_conninfo_mask(struct ms_buf *out, struct ms_str conninfo)
{
    char *text = ms_alloc_str(conninfo);
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    if (options == NULL)
        ms_buf_append_c(out, "password=" MASK);
    else if (ms_pg_conninfo_is_uri(conninfo))
        mask_uri(out, options, conninfo);
    else
        mask_keywords(out, options);
    free_options(options);
    ms_alloc_wipe(text);
}

static char *list_from(struct ms_str list, size_t first)
{
    size_t n = 1;
    for (size_t i = 0; i < list.len; i++)
        n += list.ptr[i] == ',';
    struct ms_str rest = list;
    for (size_t i = 0; i < first % n; i++)
        (void)ms_str_next(&rest, ',');
    struct ms_buf out;
    ms_buf_init(&out, list.len + 1);
    ms_buf_append(&out, rest);
    if (rest.len < list.len) {
        ms_buf_append_char(&out, ',');
        ms_buf_append(&out, ms_str_slice(list, 0, list.len - rest.len - 1));
    }
    char *text = ms_alloc_str(ms_buf_view(&out));
    ms_buf_free(&out);
    return text;
}

/* As libpq takes it: from the string, else from the environment. NULL: from neither. */
static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    const PQconninfoOption *option = options;
    while (option != NULL && option->keyword != NULL && strcmp(option->keyword, keyword) != 0)
        option++;
    if (option == NULL || option->keyword == NULL)
        return NULL;
    if (option->val != NULL || option->envvar == NULL)
        return option->val;
    return getenv(option->envvar);
}

char *ms_pg_conninfo_list_from(struct ms_str conninfo, const char *keyword, size_t first)
{
    char *text = ms_alloc_str(conninfo);
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    const char *list = value_of(options, keyword);
    char *out = list != NULL && strchr(list, ',') != NULL ? list_from(ms_str(list), first) : NULL;
    free_options(options);
    ms_alloc_wipe(text);
    return out;
}

static bool is_on_this_machine(struct ms_str host)
{
    return host.len == 0 || host.ptr[0] == '/' || host.ptr[0] == '@' ||
           ms_str_equal(host, MS_STR("localhost")) || ms_str_equal(host, MS_STR("::1")) ||
           ms_str_starts_with(host, MS_STR("127."));
}

static bool names_another_machine(const char *hosts)
{
    struct ms_str rest = ms_str(hosts);
    while (!ms_str_is_absent(rest)) {
        if (!is_on_this_machine(ms_str_next(&rest, ',')))
            return true;
    }
    return false;
}

bool ms_pg_conninfo_leaves_tls_open(struct ms_str conninfo)
{
    char *text = ms_alloc_str(conninfo);
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    bool is_open = options != NULL && value_of(options, "sslmode") == NULL &&
                   value_of(options, "service") == NULL &&
                   (names_another_machine(value_of(options, "host")) ||
                    names_another_machine(value_of(options, "hostaddr")));
    free_options(options);
    ms_alloc_wipe(text);
    return is_open;
}

bool ms_pg_conninfo_names_authorities(struct ms_str conninfo)
{
    char *text = ms_alloc_str(conninfo);
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    bool is_named = value_of(options, "sslrootcert") != NULL;
    free_options(options);
    ms_alloc_wipe(text);
    return is_named;
}
