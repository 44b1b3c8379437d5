/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers, sizes and times as people read them. What is unknown is "unknown", and never 0.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include "common/base/buf.h"

/* A number that may be unknown. */
enum { FORMAT_UNKNOWN = -1 };

/* "12,345", with its digits in groups of three. */
void format_number(struct ms_buf *out, int64_t number);
/* "1 repository", "12 repositories", "unknown repositories". */
void format_count(struct ms_buf *out, int64_t number, const char *one, const char *many);
/* "912 B", "27.4 MiB": three digits, binary units. */
void format_size(struct ms_buf *out, int64_t bytes);
/* The same with its sign: "+12.4 MiB", "−3 B", "0 B". */
void format_size_change(struct ms_buf *out, int64_t bytes);
/* "3 minutes", "2 days": the largest unit that fits, rounded down. */
void format_duration(struct ms_buf *out, int64_t seconds);

/* `time`: RFC 3339 UTC. <time datetime="2026-11-20T08:00:00Z">2026-11-20 08:00</time>; absent:
 * "unknown"; what is no such time stands as text. */
void format_time(struct ms_buf *out, struct ms_str time);
/* The same, the day only. */
void format_day(struct ms_buf *out, struct ms_str time);

#endif
