/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Array literals for statements that take unnest($1). Every text element is quoted, so that no word
 * (NULL, the empty one) means something else. An element never ends in '{': the brace as last byte
 * says that the array is still empty.
 */
#include "common/pg/array.h"

static void begin_element(struct ms_buf *out)
{
    if (out->len > 0 && out->data[out->len - 1] != '{')
        ms_buf_append_char(out, ',');
}

void ms_pg_array_begin(struct ms_buf *out)
{
    ms_buf_append_char(out, '{');
}

void ms_pg_array_text(struct ms_buf *out, struct ms_str value)
{
    begin_element(out);
    if (ms_str_is_absent(value)) {
        ms_buf_append_c(out, "NULL");
        return;
    }
    ms_buf_append_char(out, '"');
    size_t plain = 0; /* what needs no escape is appended in one piece */
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] != '"' && value.ptr[i] != '\\')
            continue;
        ms_buf_append(out, ms_str_slice(value, plain, i));
        ms_buf_append_char(out, '\\');
        plain = i;
    }
    ms_buf_append(out, ms_str_skip(value, plain));
    ms_buf_append_char(out, '"');
}

void ms_pg_array_bytes(struct ms_buf *out, struct ms_str value)
{
    begin_element(out);
    if (ms_str_is_absent(value)) {
        ms_buf_append_c(out, "NULL");
        return;
    }
    ms_buf_append_c(out, "\"\\\\x");
    ms_buf_append_hex(out, (const uint8_t *)value.ptr, value.len);
    ms_buf_append_char(out, '"');
}

void ms_pg_array_i64(struct ms_buf *out, int64_t value)
{
    begin_element(out);
    ms_buf_append_i64(out, value);
}

void ms_pg_array_end(struct ms_buf *out)
{
    ms_buf_append_char(out, '}');
}
