/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL array literals, written into a buffer. Pure. */
#ifndef MS_PG_ARRAY_H
#define MS_PG_ARRAY_H

#include "common/base/buf.h"

/* Array literals for unnest(): "{1,2}" and {"a","b",NULL} with escaping; bytea[] as {"\\x…"}. */
void ms_pg_array_begin(struct ms_buf *out);
void ms_pg_array_text(struct ms_buf *out, struct ms_str value); /* absent: NULL */
void ms_pg_array_bytes(struct ms_buf *out, struct ms_str value);
void ms_pg_array_i64(struct ms_buf *out, int64_t value);
void ms_pg_array_end(struct ms_buf *out);

#endif
