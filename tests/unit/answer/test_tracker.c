/* SPDX-License-Identifier: Apache-2.0 */
/* What is told when shared memory has changed; the test is the watcher. */
#include "reader/answer/tracker.h"
#include "reader/shared/freshness.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct freshness_shared *shared;
static struct freshness freshness;
static struct tracker tracker;
static char told[256]; /* what, in order */

static void note(const char *what, unsigned long long number)
{
    size_t len = strlen(told);
    (void)snprintf(told + len, sizeof(told) - len, "%s%llu ", what, number);
}

static void on_touched(uint64_t generation, uint64_t repository_hash, void *arg)
{
    (void)repository_hash;
    ck_assert_ptr_eq(arg, told);
    note("+", generation);
}

static void on_forget(void *arg)
{
    ck_assert_ptr_eq(arg, told);
    note("forget", tracker.now.epoch);
}

static void on_changed(void *arg)
{
    ck_assert_ptr_eq(arg, told);
    note("=", tracker.now.seen);
}

static void begin(void)
{
    told[0] = '\0';
    shared = calloc(1, freshness_shared_size());
    freshness_reset(shared, 100);
    freshness_init(&freshness, shared);
    tracker_init(&tracker, &freshness,
                 &(struct tracker_events){
                     .on_touched = on_touched, .on_forget = on_forget, .on_changed = on_changed},
                 told);
}

static void end(void)
{
    free(shared);
}

static void expect_told(const char *expected)
{
    tracker_refresh(&tracker);
    ck_assert_str_eq(told, expected);
    told[0] = '\0';
}

START_TEST(each_change_is_told_once)
{
    expect_told("");
    freshness_touch(shared, 101, 1);
    freshness_touch(shared, 102, 2);
    expect_told("+101 +102 =102 ");
    expect_told("");
    ck_assert_uint_eq(tracker.now.seen, 102);
    ck_assert_uint_eq(tracker.now.epoch, 0);
}
END_TEST

START_TEST(a_new_epoch_forgets_what_was_shown)
{
    timeline_note_shown(&tracker.now, 105);
    freshness_reset(shared, 50);
    expect_told("forget1 =50 ");
    ck_assert_uint_eq(tracker.now.shown, 0);
    ck_assert_uint_eq(timeline_oldest_allowed(&tracker.now), 50);
}
END_TEST

START_TEST(a_new_epoch_at_the_same_generation_wakes_nobody)
{
    freshness_reset(shared, 100);
    expect_told("forget1 ");
}
END_TEST

START_TEST(it_knows_whether_the_database_is_seen)
{
    tracker_refresh(&tracker);
    ck_assert(!timeline_is_watched(&tracker.now));
    freshness_seen(shared, false, -1, FRESHNESS_SCHEMA_OK);
    tracker_refresh(&tracker);
    ck_assert(timeline_is_watched(&tracker.now) && !tracker.now.is_lost);
    freshness_lost(shared, MS_UNAVAILABLE);
    tracker_refresh(&tracker);
    ck_assert(tracker.now.is_lost);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("tracker");
    TCase *test = tcase_create("tracker");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, each_change_is_told_once);
    tcase_add_test(test, a_new_epoch_forgets_what_was_shown);
    tcase_add_test(test, a_new_epoch_at_the_same_generation_wakes_nobody);
    tcase_add_test(test, it_knows_whether_the_database_is_seen);
    suite_add_tcase(suite, test);
    return suite;
}
