/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks of URLs, database strings and listen addresses, and the masking of passwords in
 * database strings. Where libpq would guess what is a password, more is masked rather than less.
 *
 * Pure. Always holds:
 * no message quotes a URL, which may hold a password.
 */
#include "common/config/keys.h"
#include "common/pg/conninfo.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define MASK "****"

/* --- http URLs --- */

static struct ms_str cut_scheme(struct ms_str url)
{
    static const struct ms_str SCHEMES[] = {MS_STR_INIT("http://"), MS_STR_INIT("https://")};
    for (size_t i = 0; i < 2; i++) {
        struct ms_str begin = ms_str_slice(url, 0, SCHEMES[i].len);
        if (ms_str_equal_ci(begin, SCHEMES[i]))
            return ms_str_skip(url, begin.len);
    }
    return MS_STR_ABSENT;
}

static bool is_port(struct ms_str text, uint64_t least)
{
    uint64_t port = 0;
    return text.len <= 5 && ms_str_to_u64(&port, text) == MS_OK && port >= least && port <= 65535;
}

/* `text` is "::1]..." behind the opening bracket; `*rest` gets what follows the closing one. */
static bool cut_ipv6(struct ms_str text, struct ms_str *rest)
{
    const char *end = text.len > 0 ? memchr(text.ptr, ']', text.len) : NULL;
    char address[INET6_ADDRSTRLEN];
    struct in6_addr parsed;
    size_t len = end != NULL ? (size_t)(end - text.ptr) : 0;
    if (len == 0 || len >= sizeof(address))
        return false;
    memcpy(address, text.ptr, len);
    address[len] = '\0';
    *rest = ms_str_skip(text, len + 1);
    return inet_pton(AF_INET6, address, &parsed) == 1;
}

static bool is_host_name(struct ms_str host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_word && c != '-' && c != '.' && c != '_')
            return false;
    }
    return host.len > 0;
}

static bool is_host_and_port(struct ms_str authority)
{
    struct ms_str rest = authority;
    if (ms_str_starts_with(authority, MS_STR("["))) {
        if (!cut_ipv6(ms_str_skip(authority, 1), &rest))
            return false;
        return rest.len == 0 || (rest.ptr[0] == ':' && is_port(ms_str_skip(rest, 1), 1));
    }
    struct ms_str host = ms_str_next(&rest, ':');
    return is_host_name(host) && (ms_str_is_absent(rest) || is_port(rest, 1));
}

static bool is_url_path(struct ms_str path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] <= ' ' || path.ptr[i] > '~' || strchr("?#\"<>\\^`{|}", path.ptr[i]) != NULL)
            return false;
    }
    return true;
}

static enum ms_status check_http_url(struct ms_str url, const char *expected, struct ms_error *err)
{
    struct ms_str rest = cut_scheme(url);
    if (ms_str_is_absent(rest))
        return ms_error_set(err, MS_INVALID, "must be %s", expected);
    struct ms_str authority = ms_str_next(&rest, '/');
    /* The sign may stand behind a slash in the password; a path has no need of it. */
    if (memchr(url.ptr, '@', url.len) != NULL)
        return ms_error_set(err, MS_INVALID,
                            "must not hold user information, which would leak: use "
                            "registry.username and registry.password_file");
    if (!is_host_and_port(authority))
        return ms_error_set(err, MS_INVALID, "has no valid host and port");
    if (!is_url_path(rest))
        return ms_error_set(err, MS_INVALID,
                            "must not hold a query, a fragment, spaces or signs to be escaped");
    return MS_OK;
}

enum ms_status ms_config_check_registry_url(struct ms_str url, struct ms_error *err)
{
    return check_http_url(url, "an absolute URL such as https://registry.example.com", err);
}

enum ms_status ms_config_check_public_url(struct ms_str url, struct ms_error *err)
{
    if (!ms_str_starts_with(url, MS_STR("/")))
        return check_http_url(url, "an absolute URL or a path such as /", err);
    if (ms_str_starts_with(url, MS_STR("//")) || !is_url_path(url))
        return ms_error_set(err, MS_INVALID, "is no path of a URL");
    return MS_OK;
}

/* --- listen addresses --- */

static enum ms_status check_unix_path(struct ms_str path, struct ms_error *err)
{
    struct sockaddr_un address;
    if (!ms_str_starts_with(path, MS_STR("/")))
        return ms_error_set(err, MS_INVALID, "the path of a Unix socket must begin with /");
    if (path.len >= sizeof(address.sun_path))
        return ms_error_set(err, MS_INVALID, "the path of a Unix socket is at most %zu bytes",
                            sizeof(address.sun_path) - 1);
    return MS_OK;
}

static bool is_ipv4(struct ms_str text)
{
    char address[INET_ADDRSTRLEN];
    struct in_addr parsed;
    if (text.len >= sizeof(address))
        return false;
    (void)snprintf(address, sizeof(address), "%.*s", MS_STR_ARG(text));
    return inet_pton(AF_INET, address, &parsed) == 1;
}

static bool is_socket_address(struct ms_str address)
{
    struct ms_str rest = address;
    if (ms_str_starts_with(address, MS_STR("[")))
        return cut_ipv6(ms_str_skip(address, 1), &rest) && rest.len > 0 && rest.ptr[0] == ':' &&
               is_port(ms_str_skip(rest, 1), 0);
    struct ms_str host = ms_str_next(&rest, ':');
    return !ms_str_is_absent(rest) && (host.len == 0 || is_ipv4(host)) && is_port(rest, 0);
}

enum ms_status ms_config_check_listen(struct ms_str address, struct ms_error *err)
{
    static const struct ms_str UNIX = MS_STR_INIT("unix:");
    if (ms_str_starts_with(address, UNIX))
        return check_unix_path(ms_str_skip(address, UNIX.len), err);
    if (is_socket_address(address))
        return MS_OK;
    return ms_error_set(err, MS_INVALID,
                        "must be an address such as \":8088\", \"127.0.0.1:8088\", "
                        "\"[::1]:8088\" or \"unix:/path\"");
}

/* --- database strings --- */

static struct ms_str cut_database_scheme(struct ms_str url)
{
    static const struct ms_str SCHEMES[] = {MS_STR_INIT("postgresql://"),
                                            MS_STR_INIT("postgres://")};
    for (size_t i = 0; i < 2; i++) {
        if (ms_str_starts_with(url, SCHEMES[i]))
            return ms_str_skip(url, SCHEMES[i].len);
    }
    return MS_STR_ABSENT;
}

enum ms_status ms_config_check_database(struct ms_str url, struct ms_error *err)
{
    bool is_uri = !ms_str_is_absent(cut_database_scheme(url));
    bool has_other_scheme = !is_uri && ms_str_contains(ms_str_slice(url, 0, 16), MS_STR("://"));
    if (has_other_scheme || (!is_uri && memchr(url.ptr, '=', url.len) == NULL))
        return ms_error_set(err, MS_INVALID,
                            "must be a URI such as postgresql://user@host/database or a keyword "
                            "string such as \"host=db dbname=metastore\"");
    return ms_pg_conninfo_check(url, err);
}

/* In a URI a name may itself be escaped: what cannot be compared counts as a secret. */
static bool is_secret_parameter(struct ms_str name)
{
    return ms_str_equal(name, MS_STR("password")) || ms_str_equal(name, MS_STR("sslpassword")) ||
           ms_str_contains(name, MS_STR("%"));
}

static void mask_parameters(struct ms_buf *out, struct ms_str query)
{
    struct ms_str rest = query;
    while (!ms_str_is_absent(rest)) {
        struct ms_str value = ms_str_next(&rest, '&');
        struct ms_str name = ms_str_next(&value, '=');
        ms_buf_append(out, name);
        if (!ms_str_is_absent(value)) {
            ms_buf_append_char(out, '=');
            ms_buf_append(out, is_secret_parameter(name) ? MS_STR(MASK) : value);
        }
        if (!ms_str_is_absent(rest))
            ms_buf_append_char(out, '&');
    }
}

static const char *last_at(struct ms_str text)
{
    return text.len > 0 ? memrchr(text.ptr, '@', text.len) : NULL;
}

/* True for "host:5432/database": what follows the first colon is a port, so no password. */
static bool begins_with_host(struct ms_str text)
{
    struct ms_str rest = text;
    (void)ms_str_next(&rest, ':');
    size_t n = 0;
    while (n < rest.len && rest.ptr[n] >= '0' && rest.ptr[n] <= '9')
        n++;
    return n == rest.len || strchr(",/?", rest.ptr[n]) != NULL;
}

/* Where the user information of a URI without its scheme ends: at the sign in the authority, but
 * passwords that should have been escaped can hold `@`, `/` and `?`. NULL: there is none. */
static const char *user_information_end(struct ms_str text)
{
    struct ms_str rest = text;
    const char *end = last_at(ms_str_next(&rest, '/'));
    if (end == NULL) {
        rest = text;
        end = last_at(ms_str_next(&rest, '?'));
    }
    return end != NULL || begins_with_host(text) ? end : last_at(text);
}

static void mask_uri(struct ms_buf *out, struct ms_str text)
{
    const char *end = user_information_end(text);
    struct ms_str rest = text;
    if (end != NULL) {
        struct ms_str password = ms_str_slice(text, 0, (size_t)(end - text.ptr));
        ms_buf_append(out, ms_str_next(&password, ':'));
        if (!ms_str_is_absent(password))
            ms_buf_append_c(out, ":" MASK);
        rest = ms_str_skip(text, (size_t)(end - text.ptr));
    }
    ms_buf_append(out, ms_str_next(&rest, '?'));
    if (!ms_str_is_absent(rest)) {
        ms_buf_append_char(out, '?');
        mask_parameters(out, rest);
    }
}

static size_t count_spaces(struct ms_str text)
{
    size_t n = 0;
    while (n < text.len && strchr(" \t\n\r\f\v", text.ptr[n]) != NULL && text.ptr[n] != '\0')
        n++;
    return n;
}

/* The length of a value as libpq reads it: quoted, or up to a space; a backslash escapes. */
static size_t keyword_value_len(struct ms_str text)
{
    bool is_quoted = ms_str_starts_with(text, MS_STR("'"));
    size_t n = is_quoted ? 1 : 0;
    while (n < text.len) {
        if (is_quoted && text.ptr[n] == '\'')
            return n + 1;
        if (!is_quoted && count_spaces(ms_str_skip(text, n)) > 0)
            return n;
        n += text.ptr[n] == '\\' && n + 1 < text.len ? 2 : 1;
    }
    return text.len;
}

/* "host=db password = 'a b'". A word that is no parameter may be the rest of a password. */
static void mask_keywords(struct ms_buf *out, struct ms_str text)
{
    struct ms_str rest = ms_str_skip(text, count_spaces(text));
    while (rest.len > 0) {
        size_t n = 0;
        while (n < rest.len && rest.ptr[n] != '=' && count_spaces(ms_str_skip(rest, n)) == 0)
            n++;
        struct ms_str name = ms_str_slice(rest, 0, n);
        rest = ms_str_skip(rest, n);
        rest = ms_str_skip(rest, count_spaces(rest));
        bool has_value = ms_str_starts_with(rest, MS_STR("="));
        ms_buf_append(out, has_value ? name : MS_STR(MASK));
        if (has_value) {
            rest = ms_str_skip(rest, 1);
            rest = ms_str_skip(rest, count_spaces(rest));
            size_t len = keyword_value_len(rest);
            ms_buf_append_char(out, '=');
            ms_buf_append(out,
                          is_secret_parameter(name) ? MS_STR(MASK) : ms_str_slice(rest, 0, len));
            rest = ms_str_skip(rest, len);
        }
        rest = ms_str_skip(rest, count_spaces(rest));
        if (rest.len > 0)
            ms_buf_append_char(out, ' ');
    }
}

void ms_config_mask_url(struct ms_buf *out, const char *url)
{
    struct ms_str whole = ms_str(url);
    struct ms_str rest = cut_database_scheme(whole);
    if (ms_str_is_absent(rest)) {
        mask_keywords(out, whole);
        return;
    }
    ms_buf_append(out, ms_str_slice(whole, 0, whole.len - rest.len));
    mask_uri(out, rest);
}
