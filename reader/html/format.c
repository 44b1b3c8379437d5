/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers, sizes and times. Pure, and the same everywhere: no locale, UTC.
 */
#include "reader/html/format.h"

#include "common/base/clock.h"
#include "reader/html/html.h"

#include <stdio.h>

static const double UNIT = 1024; /* a KiB has so many bytes, a MiB so many KiB */
enum { DAY_LEN = 10, MINUTE_FROM = 11, MINUTE_TO = 16 };

static const char MINUS[] = "\xe2\x88\x92"; /* U+2212 */

void format_number(struct ms_buf *out, int64_t number)
{
    char digits[24];
    if (number < 0) {
        ms_buf_append_c(out, "unknown");
        return;
    }
    int len = snprintf(digits, sizeof(digits), "%lld", (long long)number);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            ms_buf_append_char(out, ',');
        ms_buf_append_char(out, digits[i]);
    }
}

void format_count(struct ms_buf *out, int64_t number, const char *one, const char *many)
{
    format_number(out, number);
    ms_buf_append_char(out, ' ');
    ms_buf_append_c(out, number == 1 ? one : many);
}

void format_size(struct ms_buf *out, int64_t bytes)
{
    static const char *const UNITS[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 0) {
        ms_buf_append_c(out, "unknown");
        return;
    }
    double value = (double)bytes;
    size_t unit = 0;
    /* 999.5 would be shown as 1000 */
    while (value >= (unit == 0 ? UNIT : 999.5) && unit + 1 < sizeof(UNITS) / sizeof(UNITS[0])) {
        value /= UNIT;
        unit++;
    }
    int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    ms_buf_printf(out, "%.*f %s", decimals, value, UNITS[unit]);
}

void format_size_change(struct ms_buf *out, int64_t bytes)
{
    if (bytes != 0)
        ms_buf_append_c(out, bytes < 0 ? MINUS : "+");
    format_size(out, bytes == INT64_MIN ? INT64_MAX : bytes < 0 ? -bytes : bytes);
}

void format_duration(struct ms_buf *out, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *one, *many;
    } UNITS[] = {{86400, "day", "days"}, {3600, "hour", "hours"}, {60, "minute", "minutes"}};
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
        if (seconds >= UNITS[i].seconds) {
            format_count(out, seconds / UNITS[i].seconds, UNITS[i].one, UNITS[i].many);
            return;
        }
    }
    format_count(out, seconds, "second", "seconds");
}

static void write_time(struct ms_buf *out, struct ms_str time, bool with_minutes)
{
    int64_t wall_ms;
    if (ms_str_is_absent(time) || time.len == 0) {
        html_raw(out, "unknown");
        return;
    }
    if (ms_clock_parse(&wall_ms, time) != MS_OK || time.len < MINUTE_TO) {
        html_foreign(out, time);
        return;
    }
    html_raw(out, "<time datetime=\"");
    html_attribute(out, time);
    html_raw(out, "\">");
    html_text(out, ms_str_slice(time, 0, DAY_LEN));
    if (with_minutes) {
        html_raw(out, " ");
        html_text(out, ms_str_slice(time, MINUTE_FROM, MINUTE_TO));
    }
    html_raw(out, "</time>");
}

void format_time(struct ms_buf *out, struct ms_str time)
{
    write_time(out, time, true);
}

void format_day(struct ms_buf *out, struct ms_str time)
{
    write_time(out, time, false);
}
