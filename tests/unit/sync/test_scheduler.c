/* SPDX-License-Identifier: Apache-2.0 */
/* Which repository is worked on when. */
#include "common/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_registry_client.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/sync/scheduler.h"

#include <stdio.h>
#include <string.h>

static struct ms_config config = {.registry = {.concurrency = 4}};
static struct env env;
static struct scheduler *scheduler;
static unsigned n_due, n_visited; /* repositories that are due; visits told */

static void on_scan_wanted(const char *why, void *arg)
{
    (void)why;
    (void)arg;
}

static void set_up(void)
{
    fake_calls_begin();
    fake_registry_reset();
    fake_store_answer = NULL;
    env = (struct env){.loop = fake_calls.loop, .config = &config, .term = 3};
    scheduler = scheduler_new(&env, on_scan_wanted, NULL);
    n_due = n_visited = 0;
}

static void tear_down(void)
{
    scheduler_free(scheduler);
    fake_calls_end();
}

/* Each is due until it was loaded. */
static void tell_due(struct ms_store_call *call)
{
    char name[16];
    if (fake_store_is(call, "inbox_load") && n_due > 0)
        n_due--;
    for (unsigned i = 0; fake_store_is(call, "inbox_due") && i < n_due; i++) {
        (void)snprintf(name, sizeof(name), "r%02u", i);
        fake_store_due(call, name, MS_DUE_LATEST);
    }
}

START_TEST(a_term_begins_with_a_look_into_the_inbox)
{
    fake_store_answer = tell_due;
    n_due = 1;
    scheduler_wake(scheduler); /* it does not lead yet */
    ck_assert_uint_eq(fake_calls.n_started, 0);
    scheduler_begin_term(scheduler);
    fake_calls_run();
    ck_assert(fake_calls_has("inbox_load r00 500"));
    ck_assert_uint_eq(fake_calls_count("inbox_due"), 2); /* again after the job */
}
END_TEST

START_TEST(a_kind_of_events_has_a_bounded_number_of_jobs)
{
    fake_store_answer = tell_due;
    n_due = 12;
    scheduler_begin_term(scheduler);
    fake_calls.cancel_at = 0;
    fake_calls_run();
    ck_assert_uint_eq(n_due, 0);
    ck_assert_uint_ge(fake_calls_count("inbox_load"), 12);
}
END_TEST

START_TEST(no_more_than_the_slots_are_at_work_at_once)
{
    fake_store_answer = tell_due;
    n_due = 12;
    scheduler_begin_term(scheduler);
    ck_assert_uint_eq(fake_calls.n_started, 1);
    fake_calls.hold = true; /* the question itself is not held */
    fake_calls_run();
    ck_assert_uint_eq(fake_calls_count("inbox_load"), SCHEDULER_KIND_JOBS_MAX);
    scheduler_end_term(scheduler); /* cancels every job */
    fake_calls_release();
    fake_calls_run();
    ck_assert_uint_eq(fake_calls_count("inbox_load"), SCHEDULER_KIND_JOBS_MAX);
}
END_TEST

START_TEST(rows_that_come_while_the_store_is_asked_are_asked_for_again)
{
    scheduler_begin_term(scheduler);
    scheduler_wake(scheduler);
    scheduler_wake(scheduler);
    ck_assert_uint_eq(fake_calls_count("inbox_due"), 1);
    fake_calls_run();
    ck_assert_uint_eq(fake_calls_count("inbox_due"), 2);
}
END_TEST

static void on_visited(struct ms_str repository, const struct sync_report *report, void *arg)
{
    (void)repository;
    (void)report;
    (void)arg;
    n_visited++;
}

START_TEST(a_visit_waits_for_the_job_of_its_repository)
{
    scheduler_begin_term(scheduler);
    fake_calls_run();
    scheduler_visit(scheduler, MS_STR("team/app"), 7, on_visited, NULL);
    scheduler_visit(scheduler, MS_STR("team/app"), 7, on_visited, NULL);
    ck_assert_uint_eq(fake_calls_count("list team/app"), 1);
    ck_assert_uint_eq(scheduler_visited_manifests(scheduler), 0);
    fake_calls_run();
    ck_assert_uint_eq(fake_calls_count("list team/app"), 2);
    ck_assert_uint_eq(n_visited, 2);
}
END_TEST

/* --- everything, failing and cancelled at every call --- */

static void start(void)
{
    n_due = 3;
    n_visited = 0;
    scheduler_begin_term(scheduler);
    scheduler_visit(scheduler, MS_STR("r00"), 7, on_visited, NULL);
    scheduler_visit(scheduler, MS_STR("team/app"), 7, on_visited, NULL);
    scheduler_visit(scheduler, MS_STR("team/app"), 7, on_visited, NULL);
}

static void cancel(void)
{
    scheduler_end_term(scheduler);
}

static void check(enum fake_how how, unsigned call)
{
    (void)call;
    ck_assert(how == FAKE_CANCELLED || n_visited == 3);
    scheduler_end_term(scheduler);
}

START_TEST(any_call_may_fail_and_the_term_may_end_at_any)
{
    fake_store_answer = tell_due;
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("scheduler");
    TCase *cases = tcase_create("scheduler");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_term_begins_with_a_look_into_the_inbox);
    tcase_add_test(cases, a_kind_of_events_has_a_bounded_number_of_jobs);
    tcase_add_test(cases, no_more_than_the_slots_are_at_work_at_once);
    tcase_add_test(cases, rows_that_come_while_the_store_is_asked_are_asked_for_again);
    tcase_add_test(cases, a_visit_waits_for_the_job_of_its_repository);
    tcase_add_test(cases, any_call_may_fail_and_the_term_may_end_at_any);
    suite_add_tcase(suite, cases);
    return suite;
}
