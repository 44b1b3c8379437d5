/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text, written into a buffer. It is always well-formed UTF-8, and well-formed JSON as long as
 * the calls nest properly, which is asserted.
 */
#include "common/base/json_write.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 32 };

static const struct ms_str REPLACEMENT = MS_STR_INIT("\xef\xbf\xbd"); /* U+FFFD */

static bool is_plain(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static void append_escaped(struct ms_buf *buf, char c)
{
    switch (c) {
    case '\0':
        ms_buf_append(buf, REPLACEMENT);
        break;
    case '"':
        ms_buf_append_c(buf, "\\\"");
        break;
    case '\\':
        ms_buf_append_c(buf, "\\\\");
        break;
    case '\b':
        ms_buf_append_c(buf, "\\b");
        break;
    case '\f':
        ms_buf_append_c(buf, "\\f");
        break;
    case '\n':
        ms_buf_append_c(buf, "\\n");
        break;
    case '\r':
        ms_buf_append_c(buf, "\\r");
        break;
    case '\t':
        ms_buf_append_c(buf, "\\t");
        break;
    default:
        ms_buf_printf(buf, "\\u%04x", (unsigned)(unsigned char)c);
        break;
    }
}

/* Bytes at the beginning of `s` that can be copied as they are. */
static size_t plain_run(struct ms_str s)
{
    size_t run = 0;
    while (run < s.len) {
        if (is_plain(s.ptr[run])) {
            run++;
            continue;
        }
        size_t length = ms_str_utf8_length(ms_str_skip(s, run));
        if (length < 2)
            break;
        run += length;
    }
    return run;
}

void ms_json_append_string(struct ms_buf *buf, struct ms_str s)
{
    ms_buf_append_char(buf, '"');
    while (s.len > 0 && !buf->overflowed) {
        size_t run = plain_run(s);
        ms_buf_append(buf, ms_str_slice(s, 0, run));
        s = ms_str_skip(s, run);
        if (s.len == 0)
            break;
        if ((unsigned char)s.ptr[0] >= 0x80)
            ms_buf_append(buf, REPLACEMENT);
        else
            append_escaped(buf, s.ptr[0]);
        s = ms_str_skip(s, 1);
    }
    ms_buf_append_char(buf, '"');
}

void ms_json_begin(struct ms_json_writer *json, struct ms_buf *buf)
{
    *json = (struct ms_json_writer){.buf = buf};
}

static void separate(struct ms_json_writer *json)
{
    if (json->after_key) {
        json->after_key = false;
        return;
    }
    if (json->depth == 0)
        return;
    uint32_t bit = UINT32_C(1) << (json->depth - 1);
    if ((json->has_element & bit) != 0)
        ms_buf_append_char(json->buf, ',');
    json->has_element |= bit;
}

static void open_container(struct ms_json_writer *json, char bracket)
{
    assert(json->depth < DEPTH_MAX);
    separate(json);
    json->has_element &= ~(UINT32_C(1) << json->depth);
    json->depth++;
    ms_buf_append_char(json->buf, bracket);
}

static void close_container(struct ms_json_writer *json, char bracket)
{
    assert(json->depth > 0 && !json->after_key);
    json->depth--;
    ms_buf_append_char(json->buf, bracket);
}

void ms_json_object(struct ms_json_writer *json)
{
    open_container(json, '{');
}

void ms_json_end_object(struct ms_json_writer *json)
{
    close_container(json, '}');
}

void ms_json_array(struct ms_json_writer *json)
{
    open_container(json, '[');
}

void ms_json_end_array(struct ms_json_writer *json)
{
    close_container(json, ']');
}

void ms_json_key(struct ms_json_writer *json, const char *key)
{
    ms_json_key_str(json, ms_str(key));
}

void ms_json_key_str(struct ms_json_writer *json, struct ms_str key)
{
    assert(json->depth > 0 && !json->after_key);
    separate(json);
    ms_json_append_string(json->buf, key);
    ms_buf_append_char(json->buf, ':');
    json->after_key = true;
}

void ms_json_string(struct ms_json_writer *json, struct ms_str value)
{
    if (ms_str_is_absent(value)) {
        ms_json_null(json);
        return;
    }
    separate(json);
    ms_json_append_string(json->buf, value);
}

void ms_json_string_c(struct ms_json_writer *json, const char *value)
{
    ms_json_string(json, ms_str(value));
}

void ms_json_u64(struct ms_json_writer *json, uint64_t value)
{
    separate(json);
    ms_buf_append_u64(json->buf, value);
}

void ms_json_i64(struct ms_json_writer *json, int64_t value)
{
    separate(json);
    ms_buf_append_i64(json->buf, value);
}

/* The shortest of 15 to 17 digits that reads back as the same number. */
static void append_f64(struct ms_buf *buf, double value)
{
    char text[32];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof(text), "%.*g", precision, value);
        double back = strtod(text, NULL);
        if (back >= value && back <= value)
            break;
    }
    ms_buf_append_c(buf, text);
}

void ms_json_f64(struct ms_json_writer *json, double value)
{
    if (!isfinite(value)) {
        ms_json_null(json);
        return;
    }
    separate(json);
    append_f64(json->buf, value);
}

void ms_json_bool(struct ms_json_writer *json, bool value)
{
    separate(json);
    ms_buf_append_c(json->buf, value ? "true" : "false");
}

void ms_json_null(struct ms_json_writer *json)
{
    separate(json);
    ms_buf_append_c(json->buf, "null");
}

void ms_json_raw(struct ms_json_writer *json, struct ms_str already_json)
{
    if (ms_str_is_absent(already_json)) {
        ms_json_null(json);
        return;
    }
    separate(json);
    ms_buf_append(json->buf, already_json);
}
