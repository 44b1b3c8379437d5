/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Percent-coding: the pairs of a query, the path of a target, and encoding for links. Pure. Escapes
 * are undone once, never twice; NUL and invalid UTF-8 never come out.
 */
#include "common/http/request.h"
#include "common/http/text.h"

#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Undoes the escapes of `raw` into `buffer`, which has raw.len bytes. False: a bad escape, NUL. */
static bool unescape(size_t *out_len, char *buffer, struct ms_str raw, bool plus_is_space)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (c == '%') {
            int high = i + 2 < raw.len ? hex_value(raw.ptr[i + 1]) : -1;
            int low = i + 2 < raw.len ? hex_value(raw.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0')
            return false;
        buffer[n++] = c;
    }
    *out_len = n;
    return true;
}

/* A name or a value; without escapes it stays where it is. */
static enum ms_status decode(struct ms_str *out, struct ms_str raw, struct ms_arena *arena)
{
    struct ms_str decoded = raw;
    if (raw.len > 0 &&
        (memchr(raw.ptr, '%', raw.len) != NULL || memchr(raw.ptr, '+', raw.len) != NULL ||
         memchr(raw.ptr, '\0', raw.len) != NULL)) {
        char *buffer = ms_arena_try_alloc(arena, raw.len);
        if (buffer == NULL)
            return MS_TOO_LARGE;
        if (!unescape(&decoded.len, buffer, raw, true))
            return MS_INVALID;
        decoded.ptr = buffer;
    }
    if (!ms_str_is_utf8(decoded))
        return MS_INVALID;
    *out = decoded;
    return MS_OK;
}

enum ms_http_query_found ms_http_query_next(struct ms_http_param *out, struct ms_str *rest,
                                            struct ms_arena *arena)
{
    struct ms_str pair = MS_STR_ABSENT;
    while (pair.len == 0 && !ms_str_is_absent(*rest))
        pair = ms_str_next(rest, '&');
    if (pair.len == 0)
        return MS_HTTP_QUERY_END;

    struct ms_http_param raw, param;
    raw.value = pair;
    raw.name = ms_str_next(&raw.value, '=');
    param = raw;
    enum ms_status status = decode(&param.name, raw.name, arena);
    if (status == MS_OK)
        status = decode(&param.value, raw.value, arena);
    if (status == MS_TOO_LARGE)
        return MS_HTTP_QUERY_TOO_LARGE;
    *out = status == MS_OK ? param : raw;
    return status == MS_OK ? MS_HTTP_QUERY_PARAM : MS_HTTP_QUERY_MALFORMED;
}

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void ms_http_percent_encode(struct ms_buf *out, struct ms_str s, const char *keep)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (is_unreserved((char)c) || (c != '\0' && keep != NULL && strchr(keep, c) != NULL)) {
            ms_buf_append_char(out, (char)c);
        } else {
            char escape[3] = {'%', HEX[c >> 4], HEX[c & 15]};
            ms_buf_append(out, ms_str_n(escape, sizeof(escape)));
        }
    }
}

enum ms_status ms_http_path_decode(struct ms_str *out, char *buffer, struct ms_str raw)
{
    size_t len;
    if (!unescape(&len, buffer, raw, false))
        return MS_INVALID;
    if (ms_str_equal(raw, MS_STR("*"))) {
        *out = ms_str_n(buffer, len);
        return MS_OK;
    }
    if (len == 0 || buffer[0] != '/' || (len > 1 && buffer[1] == '/'))
        return MS_INVALID;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)buffer[i];
        if (c < 0x20 || c == 0x7f)
            return MS_INVALID;
    }
    if (!ms_str_is_utf8(ms_str_n(buffer, len)))
        return MS_INVALID;
    *out = ms_str_n(buffer, len);
    return MS_OK;
}
