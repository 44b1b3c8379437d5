/* SPDX-License-Identifier: Apache-2.0 */
/* Time: monotonic for durations, wall for what people read. */
#ifndef MS_CLOCK_H
#define MS_CLOCK_H

#include "common/base/str.h"

int64_t ms_clock_mono_ms(void);
int64_t ms_clock_mono_us(void);
int64_t ms_clock_wall_ms(void); /* since 1970, UTC */

enum { MS_CLOCK_TEXT_MAX = 32 };
/* RFC 3339, UTC, whole seconds: "2026-11-23T10:00:00Z". Returns `out`. */
const char *ms_clock_format(char out[static MS_CLOCK_TEXT_MAX], int64_t wall_ms);
/* The same with milliseconds: "2026-11-23T10:00:00.250Z". */
const char *ms_clock_format_ms(char out[static MS_CLOCK_TEXT_MAX], int64_t wall_ms);
/* RFC 3339 with any offset and fraction, e.g. an image's `created`. */
enum ms_status ms_clock_parse(int64_t *out_wall_ms, struct ms_str text) MS_CHECKED;

#endif
