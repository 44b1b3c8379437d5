/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte buffer with a mandatory maximum. Appending past the maximum appends nothing and
 * marks the buffer as overflowed; every later append is ignored, so a sequence of appends needs one
 * check at its end. The bytes are always followed by a NUL that does not count.
 */
#ifndef MS_BUF_H
#define MS_BUF_H

#include "common/base/str.h"

struct ms_buf {
    char *data; /* NULL until the first append */
    size_t len;
    size_t capacity;
    size_t max;
    bool overflowed;
};

void ms_buf_init(struct ms_buf *buf, size_t max_bytes);
void ms_buf_free(struct ms_buf *buf);  /* leaves an empty, usable buffer with the same maximum */
void ms_buf_clear(struct ms_buf *buf); /* keeps the memory, forgets the overflow */

void ms_buf_append(struct ms_buf *buf, struct ms_str bytes);
void ms_buf_append_c(struct ms_buf *buf, const char *terminated);
void ms_buf_append_char(struct ms_buf *buf, char c);
void ms_buf_append_u64(struct ms_buf *buf, uint64_t value);
void ms_buf_append_i64(struct ms_buf *buf, int64_t value);
void ms_buf_printf(struct ms_buf *buf, const char *format, ...) MS_PRINTF(2, 3);
void ms_buf_append_hex(struct ms_buf *buf, const uint8_t *bytes, size_t len); /* lower case */

struct ms_str ms_buf_view(const struct ms_buf *buf); /* valid until the next append */

/* MS_OK, or MS_TOO_LARGE when anything did not fit. */
enum ms_status ms_buf_status(const struct ms_buf *buf) MS_CHECKED;

/* Hands the bytes to the caller, who frees them with free(); the buffer is empty afterwards. */
char *ms_buf_take(struct ms_buf *buf, size_t *out_len);

#endif
