/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of queries that took too long. */
#include "reader/answer/timeouts.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

static struct timeouts *timeouts;

static void begin(void)
{
    timeouts = timeouts_new();
}

static void end(void)
{
    timeouts_free(timeouts);
}

START_TEST(a_minute_is_remembered)
{
    timeouts_note(timeouts, MS_STR("a"), 1000);
    timeouts_note(timeouts, MS_STR("b"), 2000);
    ck_assert(timeouts_has(timeouts, MS_STR("a"), 1000 + TIMEOUTS_LIVE_MS - 1));
    ck_assert(!timeouts_has(timeouts, MS_STR("c"), 1000));
    ck_assert(!timeouts_has(timeouts, MS_STR("a"), 1000 + TIMEOUTS_LIVE_MS));
    ck_assert(timeouts_has(timeouts, MS_STR("b"), 1000 + TIMEOUTS_LIVE_MS));
    ck_assert_uint_eq(timeouts_count(timeouts), 1);
}
END_TEST

START_TEST(another_time_counts_anew)
{
    timeouts_note(timeouts, MS_STR("a"), 1000);
    timeouts_note(timeouts, MS_STR("a"), 5000);
    ck_assert_uint_eq(timeouts_count(timeouts), 1);
    ck_assert(timeouts_has(timeouts, MS_STR("a"), 4000 + TIMEOUTS_LIVE_MS));
}
END_TEST

START_TEST(of_many_the_oldest_goes)
{
    char key[32];
    for (int i = 0; i <= TIMEOUTS_MAX; i++) {
        snprintf(key, sizeof(key), "%d", i);
        timeouts_note(timeouts, ms_str(key), 1000 + i);
    }
    ck_assert_uint_eq(timeouts_count(timeouts), TIMEOUTS_MAX);
    ck_assert(!timeouts_has(timeouts, MS_STR("0"), 2100));
    ck_assert(timeouts_has(timeouts, MS_STR("1"), 2100));
}
END_TEST

START_TEST(what_is_too_long_or_cleared_is_not)
{
    static char key[TIMEOUTS_KEY_MAX + 1];
    memset(key, 'x', sizeof(key));
    timeouts_note(timeouts, ms_str_n(key, sizeof(key)), 0);
    ck_assert_uint_eq(timeouts_count(timeouts), 0);
    timeouts_note(timeouts, ms_str_n(key, sizeof(key) - 1), 0);
    timeouts_note(timeouts, MS_STR(""), 0);
    ck_assert_uint_eq(timeouts_count(timeouts), 2);
    timeouts_clear(timeouts);
    ck_assert(!timeouts_has(timeouts, MS_STR(""), 0));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("timeouts");
    TCase *tcase = tcase_create("timeouts");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, a_minute_is_remembered);
    tcase_add_test(tcase, another_time_counts_anew);
    tcase_add_test(tcase, of_many_the_oldest_goes);
    tcase_add_test(tcase, what_is_too_long_or_cleared_is_not);
    suite_add_tcase(suite, tcase);
    return suite;
}
