/* SPDX-License-Identifier: Apache-2.0 */
/* When the next scan is due. A scan that is due now is due in the next turns of the loop. */
#include "common/base/clock.h"
#include "common/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/scan/plan.h"

enum { HOUR_MS = 3600 * 1000 };

static struct ms_config config;
static struct env env;
static struct scan_plan *plan;
static int64_t last_complete_ms;
static bool wants_scan;
static unsigned n_due;

/* The plan's clock (the linker puts this in its place): the test skips time. */
static int64_t skipped_ms;
int64_t __real_ms_clock_mono_ms(void);
int64_t __wrap_ms_clock_mono_ms(void);

int64_t __wrap_ms_clock_mono_ms(void)
{
    return __real_ms_clock_mono_ms() + skipped_ms;
}

static void on_due(void *arg)
{
    (void)arg;
    n_due++;
    scan_plan_note_start(plan);
}

static void answer(struct ms_store_call *call)
{
    call->status.last_complete_scan_ms = last_complete_ms;
    call->status.wants_scan = wants_scan;
}

static void set_up(void)
{
    fake_calls_begin();
    fake_store_answer = answer;
    config.interval.fetch_all_ms = HOUR_MS;
    env = (struct env){.loop = fake_calls.loop, .config = &config, .term = 3};
    plan = scan_plan_new(&env, on_due, NULL);
    last_complete_ms = ms_clock_wall_ms();
    wants_scan = false;
    n_due = 0;
    skipped_ms = 0;
}

static void tear_down(void)
{
    scan_plan_free(plan);
    fake_calls_end();
}

static unsigned due_after_begin(void)
{
    n_due = 0;
    scan_plan_begin_term(plan);
    fake_calls_run();
    return n_due;
}

START_TEST(the_first_of_all_is_due_at_once)
{
    last_complete_ms = 0;
    ck_assert_uint_eq(due_after_begin(), 1);
}
END_TEST

START_TEST(after_a_recent_one_none_is_due)
{
    ck_assert_uint_eq(due_after_begin(), 0);
}
END_TEST

START_TEST(a_clock_that_was_set_back_delays_none)
{
    last_complete_ms += 2 * HOUR_MS;
    ck_assert_uint_eq(due_after_begin(), 1);
}
END_TEST

START_TEST(what_wanted_a_scan_before_a_crash_wants_it_still)
{
    wants_scan = true;
    ck_assert_uint_eq(due_after_begin(), 1);
}
END_TEST

START_TEST(a_request_is_met_once)
{
    (void)due_after_begin();
    scan_plan_request(plan);
    scan_plan_request(plan);
    fake_calls_run();
    ck_assert_uint_eq(n_due, 1);
    scan_plan_note_end(plan, SCAN_COMPLETE);
    fake_calls_run();
    ck_assert_uint_eq(n_due, 1);
    scan_plan_request(plan); /* within a minute of the one before: later */
    fake_calls_run();
    ck_assert_uint_eq(n_due, 1);
}
END_TEST

/* A request, and its scan of two minutes, which is incomplete. */
static void play_incomplete(void)
{
    (void)due_after_begin();
    scan_plan_request(plan);
    fake_calls_run();
    ck_assert_uint_eq(n_due, 1);
    skipped_ms += 120 * 1000;
    scan_plan_note_end(plan, SCAN_INCOMPLETE);
    fake_calls_run();
}

START_TEST(a_request_whose_scan_was_incomplete_waits_for_the_retry)
{
    static const uint64_t INTERVALS_MS[] = {HOUR_MS, 10 * 1000, 0};
    config.interval.fetch_all_ms = INTERVALS_MS[_i];
    play_incomplete();
    ck_assert_uint_eq(n_due, 1);
}
END_TEST

START_TEST(a_new_request_does_not_wait_for_the_retry)
{
    play_incomplete();
    scan_plan_request(plan);
    fake_calls_run();
    ck_assert_uint_eq(n_due, 2);
}
END_TEST

START_TEST(a_request_during_an_incomplete_scan_does_not_wait_for_the_retry)
{
    (void)due_after_begin();
    scan_plan_request(plan);
    fake_calls_run();
    skipped_ms += 120 * 1000;
    scan_plan_request(plan);
    scan_plan_note_end(plan, SCAN_INCOMPLETE);
    fake_calls_run();
    ck_assert_uint_eq(n_due, 2);
}
END_TEST

START_TEST(without_an_interval_only_requests_count)
{
    config.interval.fetch_all_ms = 0;
    last_complete_ms = 0;
    ck_assert_uint_eq(due_after_begin(), 0);
    scan_plan_request(plan);
    fake_calls_run();
    ck_assert_uint_eq(n_due, 1);
}
END_TEST

START_TEST(a_changed_interval_makes_a_new_plan)
{
    last_complete_ms -= HOUR_MS / 2;
    ck_assert_uint_eq(due_after_begin(), 0);
    scan_plan_reload(plan); /* nothing changed */
    ck_assert_uint_eq(fake_calls_count("status"), 1);
    config.interval.fetch_all_ms = HOUR_MS / 4;
    scan_plan_reload(plan);
    fake_calls_run();
    ck_assert_uint_eq(n_due, 1);
}
END_TEST

START_TEST(between_terms_none_is_due)
{
    last_complete_ms = 0;
    scan_plan_begin_term(plan);
    scan_plan_end_term(plan);
    scan_plan_request(plan);
    fake_calls_run();
    ck_assert_uint_eq(n_due, 0);
}
END_TEST

START_TEST(a_database_that_fails_is_asked_again_later)
{
    last_complete_ms = 0;
    fake_calls.fail_at = 1;
    ck_assert_uint_eq(due_after_begin(), 0);
    ck_assert_uint_eq(due_after_begin(), 1);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("plan");
    TCase *cases = tcase_create("plan");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, the_first_of_all_is_due_at_once);
    tcase_add_test(cases, after_a_recent_one_none_is_due);
    tcase_add_test(cases, a_clock_that_was_set_back_delays_none);
    tcase_add_test(cases, what_wanted_a_scan_before_a_crash_wants_it_still);
    tcase_add_test(cases, a_request_is_met_once);
    tcase_add_loop_test(cases, a_request_whose_scan_was_incomplete_waits_for_the_retry, 0, 3);
    tcase_add_test(cases, a_new_request_does_not_wait_for_the_retry);
    tcase_add_test(cases, a_request_during_an_incomplete_scan_does_not_wait_for_the_retry);
    tcase_add_test(cases, without_an_interval_only_requests_count);
    tcase_add_test(cases, a_changed_interval_makes_a_new_plan);
    tcase_add_test(cases, between_terms_none_is_due);
    tcase_add_test(cases, a_database_that_fails_is_asked_again_later);
    suite_add_tcase(suite, cases);
    return suite;
}
