/* SPDX-License-Identifier: Apache-2.0 */
/* JSON strings: whatever goes in, a well-formed string comes out, which a small reader of strings
 * takes apart again; input that is UTF-8 without NUL comes back as it was. */
#include "common/base/json_write.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static unsigned hex_value(struct ms_str digits)
{
    unsigned value = 0;
    must(digits.len == 4);
    for (size_t i = 0; i < 4; i++) {
        char c = digits.ptr[i];
        must((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
        value = value * 16 + (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return value;
}

/* Appends what the escape behind the backslash stands for and returns its length. */
static size_t read_escape(struct ms_buf *out, struct ms_str s)
{
    static const char FROM[] = "\"\\/bfnrt";
    static const char TO[] = "\"\\/\b\f\n\r\t";
    must(s.len > 0);
    if (s.ptr[0] == 'u') {
        unsigned value = hex_value(ms_str_slice(s, 1, 5));
        must(value > 0 && value < 0x20);
        ms_buf_append_char(out, (char)value);
        return 5;
    }
    for (size_t i = 0; i < sizeof(FROM) - 1; i++) {
        if (s.ptr[0] == FROM[i]) {
            ms_buf_append_char(out, TO[i]);
            return 1;
        }
    }
    abort();
}

static void read_string(struct ms_buf *out, struct ms_str json)
{
    must(json.len >= 2 && json.ptr[0] == '"' && json.ptr[json.len - 1] == '"');
    must(ms_str_is_utf8(json));
    struct ms_str rest = ms_str_slice(json, 1, json.len - 1);
    while (rest.len > 0) {
        must((unsigned char)rest.ptr[0] >= 0x20 && rest.ptr[0] != '"');
        size_t taken = 1;
        if (rest.ptr[0] == '\\')
            taken += read_escape(out, ms_str_skip(rest, 1));
        else
            ms_buf_append_char(out, rest.ptr[0]);
        rest = ms_str_skip(rest, taken);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str input = ms_str_n((const char *)data, size);
    struct ms_buf json;
    struct ms_buf back;
    ms_buf_init(&json, 6 * size + 2);
    ms_buf_init(&back, 3 * size);
    ms_json_append_string(&json, input);
    must(ms_buf_status(&json) == MS_OK);
    read_string(&back, ms_buf_view(&json));
    must(ms_buf_status(&back) == MS_OK);
    if (ms_str_is_utf8(input) && !ms_str_contains(input, MS_STR("\0")))
        must(ms_str_equal(ms_buf_view(&back), input));
    ms_buf_free(&json);
    ms_buf_free(&back);
    return 0;
}
