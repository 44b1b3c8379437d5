/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one click installs from: a .flatpakrepo file for the index, whole or below a prefix, and a
 * .flatpakref file for a repository whose latest tag holds an application (GLib key files, see
 * flatpak-flatpakrepo(5) and flatpak-flatpakref(5)). URLs in them are absolute: they are made of
 * what the client called us, or the proxy before us was called.
 *
 * Always: a value takes one line, whatever a label holds.
 */
#include "common/base/refname.h"
#include "common/config/config.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_question.h"

#include <assert.h>
#include <string.h>

enum { BASE_MAX = 1024, FILE_MAX = 64 * 1024, VALUE_MAX = 4096, REF_PARTS = 4 };
enum { COLUMN_REF, COLUMN_TITLE, COLUMN_COMMENT, COLUMN_HOMEPAGE, COLUMN_RUNTIME, COLUMN_COUNT };

static const struct ms_http_header HEADERS[] = {
    {"Vary", MS_STR_INIT("Host, X-Forwarded-Proto")},
    {"X-Content-Type-Options", MS_STR_INIT("nosniff")},
};

#define NO_APPLICATION MS_STR("the latest tag of no such repository holds a Flatpak application")

/* --- key files --- */

static void append_value(struct ms_buf *out, const char *key, struct ms_str value)
{
    struct ms_str cut = ms_str_slice(value, 0, VALUE_MAX);
    if (ms_str_is_absent(value) || value.len == 0)
        return;
    ms_buf_append_c(out, key);
    ms_buf_append_char(out, '=');
    for (size_t i = 0; i < cut.len; i++) {
        char c = cut.ptr[i];
        if (c == '\\')
            ms_buf_append_c(out, "\\\\");
        else
            ms_buf_append_char(out, (unsigned char)c < ' ' || c == 0x7f ? ' ' : c);
    }
    ms_buf_append_char(out, '\n');
}

/* http://host:port as the client sees it. False: the request was answered. */
static bool append_base(struct ms_buf *out, struct ms_http_request *request)
{
    struct ms_str host = ms_http_request_header(request, "Host");
    if (ms_str_is_absent(host) || host.len == 0 || host.len > MS_REPOSITORY_NAME_MAX) {
        send_error(request, 400, NULL, MS_STR("no Host to name in the file"), MS_STR_ABSENT);
        return false;
    }
    ms_buf_append_c(out, ms_http_request_scheme(request));
    ms_buf_append_c(out, "://");
    ms_buf_append(out, host);
    return true;
}

/* --- the index --- */

void api_flatpak_repo(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg)
{
    struct ms_str prefix = match->n_captures > 0 ? match->captures[0] : MS_STR_ABSENT;
    struct rest_question question; /* of no parameter */
    struct ms_buf base, file;
    (void)arg;
    if (!ms_str_is_absent(prefix) && !ms_refname_is_repository(prefix)) {
        send_error(request, 404, NULL, MS_STR("no name can begin like this"), MS_STR_ABSENT);
        return;
    }
    if (!rest_question_read(&question, request, NULL, 0))
        return;
    ms_buf_init(&base, BASE_MAX);
    ms_buf_init(&file, FILE_MAX);
    if (append_base(&base, request)) {
        ms_buf_append_c(&file, "[Flatpak Repo]\n");
        append_value(&file, "Title",
                     ms_str_is_absent(prefix) ? ms_http_request_header(request, "Host") : prefix);
        ms_buf_append_c(&file, "Url=oci+");
        ms_buf_append(&file, ms_buf_view(&base));
        if (!ms_str_is_absent(prefix)) {
            ms_buf_append_char(&file, '/');
            ms_buf_append(&file, prefix);
        }
        ms_buf_append_c(&file, "\nHomepage=");
        ms_buf_append(&file, ms_buf_view(&base));
        ms_buf_append_c(&file, "/\n");
        ms_http_send(request, 200, "application/vnd.flatpak.repo", ms_buf_view(&file), HEADERS, 2);
    }
    ms_buf_free(&base);
    ms_buf_free(&file);
}

/* --- an application --- */

struct ref_state {
    char base[BASE_MAX];
    size_t base_len;
};

/* app/<id>/<architecture>/<branch> */
static bool take_ref(struct ms_str parts[REF_PARTS], struct ms_str ref)
{
    for (size_t i = 0; i < REF_PARTS; i++) {
        parts[i] = ms_str_next(&ref, '/');
        if (ms_str_is_absent(parts[i]) || parts[i].len == 0)
            return false;
    }
    return ms_str_is_absent(ref);
}

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    const struct ref_state *state = arg;
    struct ms_str parts[REF_PARTS];
    assert(n_columns == COLUMN_COUNT);
    if (ms_str_is_absent(columns[COLUMN_REF]) || !take_ref(parts, columns[COLUMN_REF])) {
        rest_write_problem(result, 404, NO_APPLICATION);
        return;
    }
    ms_buf_append_c(&result->body, "[Flatpak Ref]\n");
    append_value(&result->body, "Name", parts[1]);
    append_value(&result->body, "Branch", parts[3]);
    append_value(&result->body, "Title", columns[COLUMN_TITLE]);
    append_value(&result->body, "Comment", columns[COLUMN_COMMENT]);
    append_value(&result->body, "Homepage", columns[COLUMN_HOMEPAGE]);
    ms_buf_append_c(&result->body, "Url=oci+");
    ms_buf_append(&result->body, ms_str_n(state->base, state->base_len));
    ms_buf_append_c(&result->body, "\nIsRuntime=false\n");
    append_value(&result->body, "RuntimeRepo", columns[COLUMN_RUNTIME]);
}

static void serve_ref(struct answers *answers, struct ms_http_request *request, struct ms_str name,
                      struct ms_str base)
{
    struct ms_buf key;
    struct ref_state state = {.base_len = base.len};
    memcpy(state.base, base.ptr, base.len);
    ms_buf_init(&key, 2 * BASE_MAX);
    ms_buf_append_c(&key, "/index/flatpakref?");
    ms_buf_append(&key, name);
    ms_buf_append_char(&key, '&');
    ms_buf_append(&key, base);
    answer_serve(answers, request,
                 &(struct answer_query){
                     .key = ms_buf_view(&key),
                     .statement = MS_READ_FLATPAK_REF,
                     .params = &name,
                     .n_params = 1,
                     .repository = name,
                     .content_type = "application/vnd.flatpak.ref",
                     .on_row = on_row,
                     .state = &state,
                     .state_bytes = sizeof(state),
                 },
                 &(struct answer_reply){.headers = HEADERS, .n_headers = 2});
    ms_buf_free(&key);
}

void api_flatpak_ref(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct ms_str name = match->captures[0];
    struct rest_question question; /* of no parameter */
    struct ms_buf base;
    if (!ms_refname_is_repository(name)) {
        send_error(request, 404, NULL, NO_APPLICATION, MS_STR_ABSENT);
        return;
    }
    if (!rest_question_read(&question, request, NULL, 0))
        return;
    ms_buf_init(&base, BASE_MAX);
    if (append_base(&base, request))
        serve_ref(arg, request, name, ms_buf_view(&base));
    ms_buf_free(&base);
}
