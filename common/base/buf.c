/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capped, growable buffer. Always holds: len <= max; when data is not NULL, len < capacity and
 * data[len] is NUL.
 */
#include "common/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void ms_buf_init(struct ms_buf *buf, size_t max_bytes)
{
    /* One byte is left for the NUL, also at the end of the address space. */
    *buf = (struct ms_buf){.max = max_bytes < SIZE_MAX ? max_bytes : SIZE_MAX - 1};
}

void ms_buf_free(struct ms_buf *buf)
{
    free(buf->data);
    ms_buf_init(buf, buf->max);
}

void ms_buf_clear(struct ms_buf *buf)
{
    buf->len = 0;
    buf->overflowed = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

static size_t grown_capacity(const struct ms_buf *buf, size_t needed)
{
    size_t limit = buf->max + 1;
    size_t capacity = buf->capacity > limit / 2 ? limit : buf->capacity * 2;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY;
    if (capacity < needed)
        capacity = needed;
    return capacity < limit ? capacity : limit;
}

/* Makes room for `more` bytes and the NUL. Memory that the system refuses is a limit like `max`. */
static bool reserve(struct ms_buf *buf, size_t more)
{
    if (buf->overflowed || more > buf->max - buf->len) {
        buf->overflowed = true;
        return false;
    }
    size_t needed = buf->len + more + 1;
    if (needed <= buf->capacity)
        return true;
    size_t capacity = grown_capacity(buf, needed);
    char *data = realloc(buf->data, capacity);
    if (data == NULL) {
        buf->overflowed = true;
        return false;
    }
    data[buf->len] = '\0';
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void ms_buf_append(struct ms_buf *buf, struct ms_str bytes)
{
    if (!reserve(buf, bytes.len) || bytes.len == 0)
        return;
    memcpy(buf->data + buf->len, bytes.ptr, bytes.len);
    buf->len += bytes.len;
    buf->data[buf->len] = '\0';
}

void ms_buf_append_c(struct ms_buf *buf, const char *terminated)
{
    ms_buf_append(buf, ms_str(terminated));
}

void ms_buf_append_char(struct ms_buf *buf, char c)
{
    ms_buf_append(buf, ms_str_n(&c, 1));
}

void ms_buf_append_u64(struct ms_buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    ms_buf_append(buf, ms_str_n(digits + at, sizeof(digits) - at));
}

void ms_buf_append_i64(struct ms_buf *buf, int64_t value)
{
    /* In one append, so that a number is there whole or not at all. */
    char text[24];
    int len = snprintf(text, sizeof(text), "%lld", (long long)value);
    ms_buf_append(buf, ms_str_n(text, (size_t)len));
}

void ms_buf_printf(struct ms_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (wanted < 0) {
        buf->overflowed = true;
        return;
    }
    if (!reserve(buf, (size_t)wanted))
        return;
    va_start(args, format);
    vsnprintf(buf->data + buf->len, (size_t)wanted + 1, format, args);
    va_end(args);
    buf->len += (size_t)wanted;
}

void ms_buf_append_hex(struct ms_buf *buf, const uint8_t *bytes, size_t len)
{
    static const char DIGITS[] = "0123456789abcdef";
    if (len > SIZE_MAX / 2 || !reserve(buf, len * 2)) {
        buf->overflowed = true;
        return;
    }
    char *at = buf->data + buf->len;
    for (size_t i = 0; i < len; i++) {
        *at++ = DIGITS[bytes[i] >> 4];
        *at++ = DIGITS[bytes[i] & 15];
    }
    *at = '\0';
    buf->len += len * 2;
}

struct ms_str ms_buf_view(const struct ms_buf *buf)
{
    return buf->data != NULL ? ms_str_n(buf->data, buf->len) : MS_STR("");
}

enum ms_status ms_buf_status(const struct ms_buf *buf)
{
    return buf->overflowed ? MS_TOO_LARGE : MS_OK;
}

char *ms_buf_take(struct ms_buf *buf, size_t *out_len)
{
    char *data = buf->data != NULL ? buf->data : calloc(1, 1);
    if (data == NULL)
        abort();
    *out_len = buf->len;
    ms_buf_init(buf, buf->max);
    return data;
}
