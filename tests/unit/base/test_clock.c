/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/clock.c: the clocks, and RFC 3339 in both directions. */
#include "common/base/clock.h"
#include "tests/support/check_main.h"

#include <string.h>
#include <time.h>

START_TEST(clocks_run_forwards)
{
    int64_t first_us = ms_clock_mono_us();
    int64_t first_ms = ms_clock_mono_ms();
    while (ms_clock_mono_us() == first_us)
        ;
    ck_assert_int_gt(ms_clock_mono_us(), first_us);
    ck_assert_int_ge(ms_clock_mono_ms(), first_ms);
    ck_assert_int_le(first_us / 1000, first_ms);
    int64_t difference_s = ms_clock_wall_ms() / 1000 - (int64_t)time(NULL);
    ck_assert_int_le(difference_s < 0 ? -difference_s : difference_s, 2);
}
END_TEST

START_TEST(formats)
{
    static const struct {
        int64_t wall_ms;
        const char *text;
    } CASES[] = {
        {0, "1970-01-01T00:00:00Z"},
        {999, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {-1000, "1969-12-31T23:59:59Z"},
        {INT64_C(1795428000000), "2026-11-23T10:00:00Z"},
        {INT64_C(-62135596800000), "0001-01-01T00:00:00Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59Z"},
        {INT64_MAX, "292278994-08-17T07:12:55Z"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char text[MS_CLOCK_TEXT_MAX];
        ck_assert_ptr_eq(ms_clock_format(text, CASES[i].wall_ms), text);
        ck_assert_str_eq(text, CASES[i].text);
    }
    char text[MS_CLOCK_TEXT_MAX];
    ck_assert_uint_lt(strlen(ms_clock_format(text, INT64_MIN)), MS_CLOCK_TEXT_MAX);
}
END_TEST

START_TEST(formats_milliseconds)
{
    char text[MS_CLOCK_TEXT_MAX];
    ck_assert_str_eq(ms_clock_format_ms(text, 0), "1970-01-01T00:00:00.000Z");
    ck_assert_str_eq(ms_clock_format_ms(text, -1), "1969-12-31T23:59:59.999Z");
    ck_assert_str_eq(ms_clock_format_ms(text, -1000), "1969-12-31T23:59:59.000Z");
    ck_assert_str_eq(ms_clock_format_ms(text, INT64_C(1795428000025)), "2026-11-23T10:00:00.025Z");
    ck_assert_str_eq(ms_clock_format_ms(text, INT64_MAX), "292278994-08-17T07:12:55.807Z");
    ck_assert_uint_lt(strlen(ms_clock_format_ms(text, INT64_MIN)), MS_CLOCK_TEXT_MAX);
}
END_TEST

START_TEST(parses)
{
    static const struct {
        const char *text;
        int64_t wall_ms;
    } CASES[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-23T10:00:00Z", INT64_C(1795428000000)},
        {"2026-11-23t10:00:00z", INT64_C(1795428000000)},
        {"2026-11-23T12:30:00+02:30", INT64_C(1795428000000)},
        {"2026-11-22T22:00:00-12:00", INT64_C(1795428000000)},
        {"2026-11-23T10:00:00-00:00", INT64_C(1795428000000)},
        {"2026-11-23T10:00:00.5Z", INT64_C(1795428000500)},
        {"2026-11-23T10:00:00.1239999999999999999999Z", INT64_C(1795428000123)},
        {"2026-11-23T10:00:00.000000001+00:00", INT64_C(1795428000000)},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800000)},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        int64_t wall_ms = 42;
        ck_assert_msg(ms_clock_parse(&wall_ms, ms_str(CASES[i].text)) == MS_OK, "refused '%s'",
                      CASES[i].text);
        ck_assert_msg(wall_ms == CASES[i].wall_ms, "'%s' is %lld", CASES[i].text,
                      (long long)wall_ms);
    }
}
END_TEST

START_TEST(refuses)
{
    static const char *const TEXTS[] = {
        "",
        "2026-11-23",
        "2026-11-23T10:00:00",
        "2026-11-23T10:00Z",
        "2026-11-23 10:00:00Z",
        "2026-11-23T10:00:00Z ",
        " 2026-11-23T10:00:00Z",
        "2026-11-23T10:00:00.Z",
        "2026-11-23T10:00:00,5Z",
        "2026-11-23T10:00:00+0200",
        "2026-11-23T10:00:00+02",
        "2026-11-23T10:00:00+24:00",
        "2026-11-23T10:00:00+00:60",
        "2026-11-23T10:00:00+02:00Z",
        "2026-00-23T10:00:00Z",
        "2026-13-23T10:00:00Z",
        "2026-11-00T10:00:00Z",
        "2026-11-31T10:00:00Z",
        "2026-02-29T10:00:00Z",
        "1900-02-29T10:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T10:60:00Z",
        "2026-11-23T10:00:61Z",
        "226-11-23T10:00:00Z",
        "12026-11-23T10:00:00Z",
        "2026-1-23T10:00:00Z",
        "+026-11-23T10:00:00Z",
        "2026-11-23T-1:00:00Z",
        "2026/11/23T10:00:00Z",
        "20261123T100000Z",
    };
    int64_t wall_ms = 42;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        ck_assert_msg(ms_clock_parse(&wall_ms, ms_str(TEXTS[i])) == MS_INVALID, "accepted '%s'",
                      TEXTS[i]);
        ck_assert_int_eq(wall_ms, 42);
    }
    ck_assert_int_eq(ms_clock_parse(&wall_ms, MS_STR_ABSENT), MS_INVALID);
    ck_assert_int_eq(ms_clock_parse(&wall_ms, MS_STR("2026-11-23T10:00:00\0Z")), MS_INVALID);
}
END_TEST

/* Uneven steps of about a quarter of a year over four centuries. */
START_TEST(goes_both_ways)
{
    for (int64_t s = -INT64_C(3000000000); s < INT64_C(10000000000); s += 86399 * 97) {
        char text[MS_CLOCK_TEXT_MAX];
        int64_t wall_ms;
        ck_assert_int_eq(ms_clock_parse(&wall_ms, ms_str(ms_clock_format(text, s * 1000))), MS_OK);
        ck_assert_int_eq(wall_ms, s * 1000);
    }
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("clock");
    tcase_add_test(tests, clocks_run_forwards);
    tcase_add_test(tests, formats);
    tcase_add_test(tests, formats_milliseconds);
    tcase_add_test(tests, parses);
    tcase_add_test(tests, refuses);
    tcase_add_test(tests, goes_both_ways);
    Suite *suite = suite_create("clock");
    suite_add_tcase(suite, tests);
    return suite;
}
