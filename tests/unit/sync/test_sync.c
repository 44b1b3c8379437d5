/* SPDX-License-Identifier: Apache-2.0 */
/* A job on one repository: events whenever some wait, a visit between them. */
#include "common/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_registry_client.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/sync/sync.h"

#include <string.h>

static struct ms_config config = {.registry = {.concurrency = 4}};
static struct env env;
static struct sync_job *job;
static bool is_visit;
static unsigned n_ended, n_visited, n_loads_with_events;

static void set_up(void)
{
    static const struct fake_tag TAGS[] = {{"v1", 'a'}};
    fake_calls_begin();
    fake_registry_reset();
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_store_answer = NULL;
    env = (struct env){.loop = fake_calls.loop, .config = &config, .term = 3};
    is_visit = false;
}

static void tear_down(void)
{
    fake_calls_end();
}

static void on_visited(struct ms_str repository, const struct sync_report *report, void *arg)
{
    (void)arg;
    ck_assert(ms_str_equal(repository, MS_STR("team/app")));
    ck_assert(report->err != NULL || report->tags == 1);
    n_visited++;
}

static void on_ended(struct sync_job *ended, void *arg)
{
    (void)arg;
    ck_assert_ptr_eq(ended, job);
    ck_assert(ms_str_equal(sync_job_repository(ended), MS_STR("team/app")));
    n_ended++;
    job = NULL;
}

static void start(void)
{
    n_ended = n_visited = n_loads_with_events = 0;
    job = sync_start(&env, &(struct sync_options){.repository = MS_STR("team/app"),
                                                  .scan_id = 7,
                                                  .on_visited = is_visit ? on_visited : NULL,
                                                  .on_ended = on_ended});
    ck_assert_uint_eq(n_ended, 0);
}

static void cancel(void)
{
    if (job != NULL)
        sync_job_cancel(job);
    job = NULL;
}

static void check(enum fake_how how, unsigned call)
{
    (void)call;
    ck_assert_uint_eq(n_ended, how != FAKE_CANCELLED);
    ck_assert(how == FAKE_CANCELLED || n_visited == is_visit);
    ck_assert_ptr_null(job);
}

static void run(void)
{
    start();
    fake_calls_run();
    check(FAKE_WELL, 0);
}

static void push_v1(struct ms_store_call *call)
{
    if (fake_store_is(call, "inbox_load") && n_loads_with_events++ == 0)
        fake_store_event(call, 1, "push", "v1", 'a');
}

START_TEST(events_alone)
{
    fake_store_answer = push_v1;
    run();
    ck_assert_uint_eq(fake_calls_count("inbox_load"), 1);
    ck_assert(fake_calls_has("apply team/app v1=a held:a done:1"));
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

START_TEST(a_visit_alone)
{
    is_visit = true;
    run();
    ck_assert_uint_eq(fake_calls_count("inbox_load"), 0);
    ck_assert(fake_calls_has("apply team/app scan v1=a held:a"));
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

static void wake(void)
{
    ck_assert(sync_job_is_visit(job));
    sync_job_wake(job);
}

START_TEST(events_that_come_during_a_visit_are_applied_before_its_end)
{
    is_visit = true;
    fake_store_answer = push_v1;
    run();
    unsigned n = fake_calls.n_started;
    for (unsigned call = 1; call <= n; call++) {
        fake_calls_reset();
        fake_calls.cancel_at = call; /* not cancelled: woken */
        fake_calls.on_cancel = wake;
        run();
        ck_assert_uint_eq(fake_calls_count("inbox_load"), 1);
        ck_assert(fake_calls_has("apply team/app v1=a held:a done:1"));
    }
    fake_calls.cancel_at = 0;
}
END_TEST

START_TEST(events_need_not_wait_for_the_tag_list)
{
    is_visit = true;
    fake_calls.hold = true;
    start();
    wake();
    ck_assert_str_eq(fake_calls.log, "list team/app\ninbox_load team/app 500\n");
    fake_calls_release();
    fake_calls_run();
    check(FAKE_WELL, 0);
}
END_TEST

enum { VERY_OFTEN = 200 };

static void push_all_the_time(struct ms_store_call *call)
{
    if (!fake_store_is(call, "inbox_load") || n_loads_with_events >= VERY_OFTEN)
        return;
    fake_store_event(call, ++n_loads_with_events, "push", "v1", 'a');
    if (sync_job_is_visit(job))
        sync_job_wake(job);
}

START_TEST(a_visit_ends_though_events_come_all_the_time)
{
    is_visit = true;
    fake_store_answer = push_all_the_time;
    start();
    wake();
    fake_calls_run();
    check(FAKE_WELL, 0);
    ck_assert_uint_gt(n_loads_with_events, 1);
    ck_assert_uint_lt(n_loads_with_events, VERY_OFTEN);
}
END_TEST

static void refuse_the_second(struct ms_store_call *call)
{
    if (fake_store_is(call, "inbox_load") && n_loads_with_events++ < 2) {
        fake_store_event(call, 1, "push", "v1", 'a');
        if (strstr(call->line, " 500") != NULL)
            fake_store_event(call, 2, "push", "v1", 'b');
    } else if (fake_store_is(call, "apply")) {
        call->failure = MS_INVALID;
    }
}

START_TEST(what_is_refused_is_loaded_again_one_by_one)
{
    fake_store_answer = refuse_the_second;
    run();
    ck_assert(fake_calls_has("inbox_load team/app 500"));
    ck_assert(fake_calls_has("inbox_load team/app 1"));
    ck_assert(fake_calls_has("inbox_bury 1 played"));
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("sync");
    TCase *cases = tcase_create("sync");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, events_alone);
    tcase_add_test(cases, a_visit_alone);
    tcase_add_test(cases, events_that_come_during_a_visit_are_applied_before_its_end);
    tcase_add_test(cases, events_need_not_wait_for_the_tag_list);
    tcase_add_test(cases, a_visit_ends_though_events_come_all_the_time);
    tcase_add_test(cases, what_is_refused_is_loaded_again_one_by_one);
    suite_add_tcase(suite, cases);
    return suite;
}
