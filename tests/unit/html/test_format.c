/* SPDX-License-Identifier: Apache-2.0 */
/* reader/html/format.c: numbers, sizes and times as people read them. */
#include "reader/html/format.h"
#include "tests/support/check_main.h"

static struct ms_buf buf;

static void begin(void)
{
    ms_buf_init(&buf, 10000);
}

static void end(void)
{
    ms_buf_free(&buf);
}

static void assert_written(const char *expected)
{
    ck_assert_str_eq(buf.data, expected);
    ms_buf_clear(&buf);
}

START_TEST(numbers_have_groups)
{
    static const struct {
        int64_t number;
        const char *text;
    } CASES[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1,000"},
                 {12345, "12,345"},
                 {1234567, "1,234,567"},
                 {-1, "unknown"},
                 {INT64_MAX, "9,223,372,036,854,775,807"}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        format_number(&buf, CASES[i].number);
        assert_written(CASES[i].text);
    }
}
END_TEST

START_TEST(counts_have_their_plural)
{
    format_count(&buf, 1, "tag", "tags");
    assert_written("1 tag");
    format_count(&buf, 0, "tag", "tags");
    assert_written("0 tags");
    format_count(&buf, FORMAT_UNKNOWN, "tag", "tags");
    assert_written("unknown tags");
}
END_TEST

START_TEST(sizes_have_three_digits)
{
    static const struct {
        int64_t bytes;
        const char *text;
    } CASES[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.00 KiB"},
        {10239, "10.0 KiB"},
        {1023 * 1024, "1.00 MiB"},
        {28734567, "27.4 MiB"},
        {912345678, "870 MiB"},
        {8123456789, "7.57 GiB"},
        {INT64_MAX, "8.00 EiB"},
        {-5, "unknown"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        format_size(&buf, CASES[i].bytes);
        assert_written(CASES[i].text);
    }
}
END_TEST

START_TEST(changes_have_their_sign)
{
    format_size_change(&buf, 1024);
    assert_written("+1.00 KiB");
    format_size_change(&buf, -3);
    assert_written("−3 B");
    format_size_change(&buf, 0);
    assert_written("0 B");
    format_size_change(&buf, INT64_MIN);
    assert_written("−8.00 EiB");
}
END_TEST

START_TEST(durations_have_one_unit)
{
    format_duration(&buf, 59);
    assert_written("59 seconds");
    format_duration(&buf, 61);
    assert_written("1 minute");
    format_duration(&buf, 7200);
    assert_written("2 hours");
    format_duration(&buf, 86400);
    assert_written("1 day");
}
END_TEST

START_TEST(times_are_read_by_people_and_machines)
{
    format_time(&buf, MS_STR("2026-11-20T08:05:00Z"));
    assert_written("<time datetime=\"2026-11-20T08:05:00Z\">2026-11-20 08:05</time>");
    format_day(&buf, MS_STR("2026-11-20T08:05:00Z"));
    assert_written("<time datetime=\"2026-11-20T08:05:00Z\">2026-11-20</time>");
    format_time(&buf, MS_STR_ABSENT);
    assert_written("unknown");
    format_time(&buf, MS_STR("<yesterday>"));
    assert_written("<bdi>&lt;yesterday&gt;</bdi>");
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("format");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, numbers_have_groups);
    tcase_add_test(tests, counts_have_their_plural);
    tcase_add_test(tests, sizes_have_three_digits);
    tcase_add_test(tests, changes_have_their_sign);
    tcase_add_test(tests, durations_have_one_unit);
    tcase_add_test(tests, times_are_read_by_people_and_machines);
    Suite *suite = suite_create("format");
    suite_add_tcase(suite, tests);
    return suite;
}
