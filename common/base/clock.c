/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time: the clocks of the system and RFC 3339. Wall times are milliseconds since 1970 in UTC and
 * may be negative.
 */
#include "common/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t ms_clock_mono_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t ms_clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t ms_clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

/* Everything but the zone, and the milliseconds apart; returns the length. Rounds down, also before
 * 1970. */
static size_t format(char out[static MS_CLOCK_TEXT_MAX], int *out_ms, int64_t wall_ms)
{
    *out_ms = (int)(wall_ms % 1000);
    time_t when = (time_t)(wall_ms / 1000);
    if (*out_ms < 0) {
        *out_ms += 1000;
        when--;
    }
    struct tm tm = {0};
    gmtime_r(&when, &tm);
    /* Even the year of the largest int64_t, nine digits, leaves room for the rest. */
    int year_len = snprintf(out, MS_CLOCK_TEXT_MAX, "%04d", tm.tm_year + 1900);
    return (size_t)year_len +
           strftime(out + year_len, MS_CLOCK_TEXT_MAX - (size_t)year_len, "-%m-%dT%H:%M:%S", &tm);
}

const char *ms_clock_format(char out[static MS_CLOCK_TEXT_MAX], int64_t wall_ms)
{
    int ms;
    size_t len = format(out, &ms, wall_ms);
    (void)snprintf(out + len, MS_CLOCK_TEXT_MAX - len, "Z");
    return out;
}

const char *ms_clock_format_ms(char out[static MS_CLOCK_TEXT_MAX], int64_t wall_ms)
{
    int ms;
    size_t len = format(out, &ms, wall_ms);
    (void)snprintf(out + len, MS_CLOCK_TEXT_MAX - len, ".%03dZ", ms);
    return out;
}

/* Takes one character of `accepted` from the front of `*rest`; '\0' when there is none. */
static char take_one(struct ms_str *rest, const char *accepted)
{
    if (rest->len == 0)
        return '\0';
    char c = rest->ptr[0];
    for (; *accepted != '\0'; accepted++) {
        if (c == *accepted) {
            *rest = ms_str_skip(*rest, 1);
            return c;
        }
    }
    return '\0';
}

/* Takes exactly `digits` decimal digits with a value of min to max. */
static bool take_number(int *out, struct ms_str *rest, size_t digits, int min, int max)
{
    uint64_t value;
    if (rest->len < digits || ms_str_to_u64(&value, ms_str_slice(*rest, 0, digits)) != MS_OK)
        return false;
    *rest = ms_str_skip(*rest, digits);
    *out = (int)value;
    return *out >= min && *out <= max;
}

static int days_of_month(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : DAYS[month - 1];
}

static bool take_date(struct tm *tm, struct ms_str *rest)
{
    int year;
    int month;
    if (!take_number(&year, rest, 4, 0, 9999) || take_one(rest, "-") == '\0' ||
        !take_number(&month, rest, 2, 1, 12) || take_one(rest, "-") == '\0')
        return false;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    return take_number(&tm->tm_mday, rest, 2, 1, days_of_month(year, month));
}

static bool take_time(struct tm *tm, struct ms_str *rest)
{
    /* Second 60 is a leap second; it is counted as the second after it. */
    return take_number(&tm->tm_hour, rest, 2, 0, 23) && take_one(rest, ":") != '\0' &&
           take_number(&tm->tm_min, rest, 2, 0, 59) && take_one(rest, ":") != '\0' &&
           take_number(&tm->tm_sec, rest, 2, 0, 60);
}

/* A fraction of any length, if there is one; what is below a millisecond is cut. */
static bool take_fraction(int64_t *out_ms, struct ms_str *rest)
{
    *out_ms = 0;
    if (take_one(rest, ".") == '\0')
        return true;
    size_t digits = 0;
    int64_t weight = 100;
    for (char c; (c = take_one(rest, "0123456789")) != '\0'; digits++) {
        *out_ms += weight * (c - '0');
        weight /= 10;
    }
    return digits > 0;
}

static bool take_offset(int64_t *out_seconds, struct ms_str *rest)
{
    *out_seconds = 0;
    char sign = take_one(rest, "Zz+-");
    if (sign == 'Z' || sign == 'z')
        return true;
    int hours;
    int minutes;
    if (sign == '\0' || !take_number(&hours, rest, 2, 0, 23) || take_one(rest, ":") == '\0' ||
        !take_number(&minutes, rest, 2, 0, 59))
        return false;
    *out_seconds = (hours * 60 + minutes) * (sign == '+' ? 60 : -60);
    return true;
}

enum ms_status ms_clock_parse(int64_t *out_wall_ms, struct ms_str text)
{
    struct tm tm = {0};
    int64_t fraction_ms;
    int64_t offset_s;
    if (!take_date(&tm, &text) || take_one(&text, "Tt") == '\0' || !take_time(&tm, &text) ||
        !take_fraction(&fraction_ms, &text) || !take_offset(&offset_s, &text) || text.len > 0)
        return MS_INVALID;
    *out_wall_ms = ((int64_t)timegm(&tm) - offset_s) * 1000 + fraction_ms;
    return MS_OK;
}
