/* SPDX-License-Identifier: Apache-2.0 */
/* Queries and paths: whatever comes in, what comes out is UTF-8 without NUL, and encoding undoes
 * decoding. */
#include "common/http/request.h"
#include "common/http/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_decoded(struct ms_str s)
{
    assert(ms_str_is_utf8(s));
    assert(s.len == 0 || memchr(s.ptr, '\0', s.len) == NULL);
}

static void check_round_trip(struct ms_str value, struct ms_arena *arena)
{
    struct ms_buf encoded;
    ms_buf_init(&encoded, value.len * 3 + 2);
    ms_buf_append_c(&encoded, "x=");
    ms_http_percent_encode(&encoded, value, NULL);
    assert(ms_buf_status(&encoded) == MS_OK);
    struct ms_str rest = ms_buf_view(&encoded);
    struct ms_http_param again;
    enum ms_http_query_found found = ms_http_query_next(&again, &rest, arena);
    assert(found == MS_HTTP_QUERY_TOO_LARGE ||
           (found == MS_HTTP_QUERY_PARAM && ms_str_equal(again.value, value)));
    ms_buf_free(&encoded);
}

static void check_query(struct ms_str query)
{
    struct ms_arena *arena = ms_arena_new(1024 * 1024);
    struct ms_http_param param;
    enum ms_http_query_found found;
    while ((found = ms_http_query_next(&param, &query, arena)) != MS_HTTP_QUERY_END) {
        if (found != MS_HTTP_QUERY_PARAM)
            continue;
        check_decoded(param.name);
        check_decoded(param.value);
        check_round_trip(param.value, arena);
    }
    ms_arena_free(arena);
}

static void check_path(struct ms_str raw)
{
    char *buffer = malloc(raw.len + 1);
    struct ms_str path;
    if (buffer != NULL && ms_http_path_decode(&path, buffer, raw) == MS_OK) {
        check_decoded(path);
        assert(path.len <= raw.len);
        if (ms_str_equal(raw, MS_STR("*"))) /* the server as a whole */
            assert(ms_str_equal(path, raw));
        else
            assert(path.ptr[0] == '/' && (path.len == 1 || path.ptr[1] != '/'));
    }
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str input = size > 0 ? ms_str_n((const char *)data, size) : MS_STR("");
    check_query(input);
    check_path(input);
    (void)ms_http_gzip_acceptable(input);
    (void)ms_http_list_has(input, "close");
    assert(!ms_http_etag_listed(input, MS_STR("\"never\"")) ||
           ms_str_contains(input, MS_STR("*")) || ms_str_contains(input, MS_STR("\"never\"")));
    return 0;
}
