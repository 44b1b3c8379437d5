/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking into JSON. Always: work is linear in the text, and nothing recurses.
 */
#include "reader/pages/json.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct ms_str skip_blanks(struct ms_str s)
{
    while (s.len > 0 && is_blank(s.ptr[0]))
        s = ms_str_skip(s, 1);
    return s;
}

static size_t string_length(struct ms_str s)
{
    size_t i = 1;
    while (i < s.len && s.ptr[i] != '"')
        i += s.ptr[i] == '\\' ? 2 : 1;
    return i < s.len ? i + 1 : s.len;
}

/* The length of the value that `s` begins with. */
static size_t value_length(struct ms_str s)
{
    size_t depth = 0, i = 0;
    while (i < s.len) {
        char c = s.ptr[i];
        if (c == '"') {
            i += string_length(ms_str_skip(s, i));
        } else if (c == '{' || c == '[') {
            depth++;
            i++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return i;
            depth--;
            i++;
        } else if (depth == 0 && (c == ',' || c == ':' || is_blank(c))) {
            return i;
        } else {
            i++;
            continue;
        }
        if (depth == 0)
            return i < s.len ? i : s.len;
    }
    return s.len;
}

static struct ms_str take_value(struct ms_str *rest)
{
    size_t length = value_length(*rest);
    struct ms_str value = ms_str_slice(*rest, 0, length);
    *rest = skip_blanks(ms_str_skip(*rest, length));
    return value;
}

bool json_next(struct ms_str *out_key, struct ms_str *out_value, struct ms_str *rest)
{
    struct ms_str s = skip_blanks(*rest);
    bool is_member = false;
    if (s.len == 0)
        return false;
    if (s.ptr[0] == '{' || s.ptr[0] == '[' || s.ptr[0] == ',')
        s = skip_blanks(ms_str_skip(s, 1));
    if (s.len == 0 || s.ptr[0] == '}' || s.ptr[0] == ']')
        return false;
    struct ms_str value = take_value(&s), key = MS_STR_ABSENT;
    if (s.len > 0 && s.ptr[0] == ':') {
        is_member = true;
        key = value;
        s = skip_blanks(ms_str_skip(s, 1));
        value = take_value(&s);
    }
    if (value.len == 0)
        return false;
    if (out_key != NULL)
        *out_key = is_member ? key : MS_STR_ABSENT;
    *out_value = value;
    /* What comes next is a comma or the end; anything else is no JSON. */
    *rest = s.len > 0 && s.ptr[0] == ',' ? s : MS_STR("");
    return true;
}

size_t json_count(struct ms_str value, size_t max)
{
    struct ms_str rest = value, element;
    size_t n = 0;
    while (n < max && json_next(NULL, &element, &rest))
        n++;
    return n;
}

struct ms_str json_get(struct ms_str object, const char *member)
{
    struct ms_str rest = object, key, value;
    size_t len = strlen(member);
    if (object.len == 0 || object.ptr[0] != '{')
        return MS_STR_ABSENT;
    while (json_next(&key, &value, &rest))
        if (key.len == len + 2 && memcmp(key.ptr + 1, member, len) == 0)
            return ms_str_equal(value, MS_STR("null")) ? MS_STR_ABSENT : value;
    return MS_STR_ABSENT;
}

/* --- strings --- */

static uint32_t hex4(struct ms_str s)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = i < s.len ? s.ptr[i] : 'x';
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : UINT32_MAX;
        if (digit == UINT32_MAX)
            return UINT32_MAX;
        value = value << 4 | digit;
    }
    return value;
}

static size_t put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* Undoes the `\u` escape behind whose `u` the text goes on, two of them if they are a pair, and
 * says how much was taken. Never more bytes come out than went in. */
static size_t put_unicode(char *out, size_t *out_len, struct ms_str s)
{
    uint32_t code = hex4(s), low;
    if (code >= 0xd800 && code < 0xdc00 && s.len >= 10 && s.ptr[4] == '\\' && s.ptr[5] == 'u') {
        low = hex4(ms_str_skip(s, 6));
        if (low >= 0xdc00 && low < 0xe000) {
            *out_len += put_utf8(out, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
            return 10;
        }
    }
    if (code == UINT32_MAX || (code >= 0xd800 && code < 0xe000))
        code = 0xfffd;
    *out_len += put_utf8(out, code);
    return s.len < 4 ? s.len : 4;
}

struct ms_str json_text(struct ms_str value, struct ms_arena *arena)
{
    static const char FROM[] = "bfnrt", TO[] = "\b\f\n\r\t";
    if (value.len < 2 || value.ptr[0] != '"' || value.ptr[value.len - 1] != '"')
        return MS_STR_ABSENT;
    struct ms_str s = ms_str_slice(value, 1, value.len - 1);
    if (s.len == 0 || memchr(s.ptr, '\\', s.len) == NULL)
        return s;
    char *text = ms_arena_try_alloc(arena, s.len + 4);
    size_t len = 0;
    if (text == NULL)
        return MS_STR_ABSENT;
    while (s.len > 0) {
        const char *letter;
        if (s.ptr[0] != '\\' || s.len == 1) {
            text[len++] = s.ptr[0];
            s = ms_str_skip(s, 1);
        } else if (s.ptr[1] == 'u') {
            s = ms_str_skip(s, 2);
            s = ms_str_skip(s, put_unicode(text + len, &len, s));
        } else {
            letter = s.ptr[1] != '\0' ? strchr(FROM, s.ptr[1]) : NULL;
            text[len++] = letter != NULL ? TO[letter - FROM] : s.ptr[1];
            s = ms_str_skip(s, 2);
        }
    }
    return ms_str_n(text, len);
}

int64_t json_number(struct ms_str value)
{
    uint64_t number;
    return ms_str_to_u64(&number, value) == MS_OK && number <= INT64_MAX ? (int64_t)number : -1;
}

bool json_is_true(struct ms_str value)
{
    return ms_str_equal(value, MS_STR("true"));
}
