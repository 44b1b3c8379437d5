/* SPDX-License-Identifier: Apache-2.0 */
/* See mutate.h. */
#include "tests/support/mutate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What stands where a number was, or a string, or any value. */
static const char *const NUMBERS[] = {"0",
                                      "-1",
                                      "9007199254740991",
                                      "9007199254740992",
                                      "9223372036854775807",
                                      "-9223372036854775808",
                                      "1e30",
                                      "-0.0",
                                      "18446744073709551616",
                                      "99999999999999999999999999",
                                      "1.5",
                                      "4294967296"};
static const char *const STRINGS[] = {"\"\"",
                                      "\"\\u0000\"",
                                      "\"a\\u0000b\"",
                                      "\"\\ud800\"",
                                      "\"\\udc00x\"",
                                      "\"\\u2028\\u0085\"",
                                      "\"\xff\xfe\"",
                                      "\"caf\xe9\"",
                                      "\"\xf0\x9f\xa6\x86 duck\"",
                                      "\"e\\u0301\xcc\x81\"",
                                      "\"\\\"'\\\\<>&%_$1\"",
                                      "\"0001-01-01T00:00:00Z\"",
                                      "\"9999-12-31T23:59:59.999Z\"",
                                      "\"2999-01-01T00:00:00+14:00\"",
                                      "\"application/vnd.oci.image.layer.v1.tar+gzip\"",
                                      "\"application/vnd.oci.image.manifest.v1+json\""};
static const char *const VALUES[] = {"null",   "true",       "[]", "{}",
                                     "[null]", "{\"a\":{}}", "7",  "\"text\""};

size_t mutate_below(struct mutate *mutate, size_t n)
{
    mutate->state ^= mutate->state << 13;
    mutate->state ^= mutate->state >> 7;
    mutate->state ^= mutate->state << 17;
    return n > 0 ? (size_t)((mutate->state >> 11) % n) : 0;
}

/* What stands from `from` to `to` becomes `text`. */
static void splice(struct ms_buf *buf, size_t from, size_t to, struct ms_str text)
{
    struct ms_buf made;
    ms_buf_init(&made, buf->max);
    ms_buf_append(&made, ms_str_slice(ms_buf_view(buf), 0, from));
    ms_buf_append(&made, text);
    ms_buf_append(&made, ms_str_skip(ms_buf_view(buf), to));
    if (ms_buf_status(&made) == MS_OK) {
        ms_buf_free(buf);
        *buf = made;
    } else {
        ms_buf_free(&made);
    }
}

/* --- finding things --- */

/* Where the string ends that begins at `at`. */
static size_t string_end(struct ms_str s, size_t at)
{
    for (size_t i = at + 1; i < s.len; i++) {
        if (s.ptr[i] == '\\')
            i++;
        else if (s.ptr[i] == '"')
            return i + 1;
    }
    return s.len;
}

/* A string, a key or a value as asked, of those behind a random place. False: there is none. */
static bool find_string(struct mutate *mutate, struct ms_str s, bool is_key, size_t *from,
                        size_t *to)
{
    size_t wanted = mutate_below(mutate, s.len);
    for (size_t at = 0; at < s.len; at++) {
        if (s.ptr[at] != '"')
            continue;
        size_t end = string_end(s, at);
        if (at >= wanted && (end < s.len && s.ptr[end] == ':') == is_key) {
            *from = at;
            *to = end;
            return true;
        }
        at = end - 1;
    }
    return false;
}

static bool find_number(struct mutate *mutate, struct ms_str s, size_t *from, size_t *to)
{
    size_t wanted = mutate_below(mutate, s.len);
    for (size_t at = 0; at < s.len; at++) {
        if (s.ptr[at] == '"') {
            at = string_end(s, at) - 1;
        } else if (at >= wanted && isdigit((unsigned char)s.ptr[at])) {
            *from = at;
            while (at < s.len && isdigit((unsigned char)s.ptr[at]))
                at++;
            *to = at;
            return true;
        }
    }
    return false;
}

/* --- changes that leave JSON well-formed --- */

static void put_number(struct mutate *mutate, struct ms_buf *text)
{
    size_t from, to;
    if (find_number(mutate, ms_buf_view(text), &from, &to))
        splice(text, from, to, ms_str(NUMBERS[mutate_below(mutate, COUNT(NUMBERS))]));
}

static void put_string(struct mutate *mutate, struct ms_buf *text)
{
    size_t from, to;
    if (find_string(mutate, ms_buf_view(text), mutate_below(mutate, 4) == 0, &from, &to))
        splice(text, from, to, ms_str(STRINGS[mutate_below(mutate, COUNT(STRINGS))]));
}

static void put_value(struct mutate *mutate, struct ms_buf *text)
{
    size_t from, to;
    if (find_string(mutate, ms_buf_view(text), false, &from, &to))
        splice(text, from, to, ms_str(VALUES[mutate_below(mutate, COUNT(VALUES))]));
}

/* A text of up to a thousand characters, a few of them odd. */
static void put_long_string(struct mutate *mutate, struct ms_buf *text)
{
    struct ms_buf made;
    size_t from, to;
    ms_buf_init(&made, 16 * 1024);
    ms_buf_append_char(&made, '"');
    for (size_t n = mutate_below(mutate, 1000); n > 0; n--)
        ms_buf_append_c(&made, mutate_below(mutate, 50) == 0 ? "\xf0\x90\x8d\x88" : "x");
    ms_buf_append_char(&made, '"');
    if (find_string(mutate, ms_buf_view(text), mutate_below(mutate, 4) == 0, &from, &to))
        splice(text, from, to, ms_buf_view(&made));
    ms_buf_free(&made);
}

static void put_depth(struct mutate *mutate, struct ms_buf *text)
{
    struct ms_buf made;
    size_t from, to, depth = mutate_below(mutate, 300);
    ms_buf_init(&made, 1024);
    for (size_t i = 0; i < depth; i++)
        ms_buf_append_char(&made, '[');
    for (size_t i = 0; i < depth; i++)
        ms_buf_append_char(&made, ']');
    if (depth > 0 && find_string(mutate, ms_buf_view(text), false, &from, &to))
        splice(text, from, to, ms_buf_view(&made));
    ms_buf_free(&made);
}

static void change_case(struct mutate *mutate, struct ms_buf *text)
{
    size_t from, to;
    if (!find_string(mutate, ms_buf_view(text), true, &from, &to))
        return;
    char *c = &text->data[from + mutate_below(mutate, to - from)];
    *c = (char)(islower((unsigned char)*c) ? toupper((unsigned char)*c)
                                           : tolower((unsigned char)*c));
}

/* --- changes of bytes --- */

static void spoil_bytes(struct mutate *mutate, struct ms_buf *text)
{
    static const char *const PIECES[] = {"\\u0000", "\xff", "\xc3(", "\\",   "\"",
                                         "{",       "]",    ",",     "null", "\x01"};
    size_t at = mutate_below(mutate, text->len + 1);
    size_t end = at + mutate_below(mutate, 20);
    switch (mutate_below(mutate, 4)) {
    case 0:
        splice(text, at, end, MS_STR(""));
        break;
    case 1: {
        struct ms_str part = ms_str_slice(ms_buf_view(text), at, end);
        splice(text, at, at, part);
        break;
    }
    case 2:
        splice(text, at, at, ms_str(PIECES[mutate_below(mutate, COUNT(PIECES))]));
        break;
    default:
        if (at < text->len)
            text->data[at] = (char)mutate_below(mutate, 256);
        break;
    }
}

void mutate_json(struct mutate *mutate, struct ms_buf *text)
{
    static void (*const CHANGES[])(struct mutate *, struct ms_buf *) = {
        put_number, put_number,  put_string,  put_string,      put_value,  put_value,
        put_depth,  change_case, change_case, put_long_string, spoil_bytes};
    CHANGES[mutate_below(mutate, COUNT(CHANGES))](mutate, text);
}
