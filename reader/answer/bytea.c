/* SPDX-License-Identifier: Apache-2.0 */
/* See bytea.h. */
#include "reader/answer/bytea.h"

enum { PREFIX = 2 };

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

void bytea_append(struct ms_buf *out, struct ms_str column)
{
    for (size_t i = PREFIX; i + 1 < column.len; i += 2) {
        unsigned byte = hex_value(column.ptr[i]) << 4 | hex_value(column.ptr[i + 1]);
        ms_buf_append_char(out, (char)byte);
    }
}
