/* SPDX-License-Identifier: Apache-2.0 */
/* A collection of the database, from the candidates to its record; pruning; the end of a term. */
#include "common/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_registry_client.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/upkeep/gc.h"

static struct ms_config config = {.registry = {.concurrency = 4}};
static struct env env;
static struct gc *gc;
static unsigned n_collects;

/* The first round finds something in the first and the last of its three batches, the second
 * nothing. */
static void answer(struct ms_store_call *call)
{
    static const uint64_t FOUND[] = {5, 0, 5}, LAST[] = {500, 900, 0};
    if (!fake_store_is(call, "collect"))
        return;
    call->count = n_collects < 3 ? FOUND[n_collects] : 0;
    call->last_id = LAST[n_collects++ % 3];
}

static void set_up(void)
{
    fake_calls_begin();
    fake_registry_reset();
    fake_store_answer = answer;
    fake_store_is_connected = true;
    config.garbage_collect.grace_ms = 60000;
    env = (struct env){.loop = fake_calls.loop, .config = &config, .term = 3};
    gc = gc_new(&env);
}

static void tear_down(void)
{
    gc_free(gc);
    fake_calls_end();
}

static void on_tick(void *arg)
{
    (void)arg;
    ms_loop_stop(fake_calls.loop);
}

static void wait_a_moment(void)
{
    struct ms_timer *timer = ms_timer_new(fake_calls.loop, on_tick, NULL);
    ms_timer_start(timer, 1);
    ms_loop_run(fake_calls.loop);
    ms_timer_free(timer);
}

/* The interval is an hour, but for the first time. One turn after the other: before the collection
 * that has begun can end, it is an hour. */
static void start(void)
{
    n_collects = 0;
    config.interval.garbage_collect_ms = 1;
    gc_begin_term(gc);
    while (fake_calls.n_started == 0) {
        ms_loop_defer(fake_calls.loop, on_tick, NULL);
        ms_loop_run(fake_calls.loop);
    }
    config.interval.garbage_collect_ms = 3600 * 1000;
    gc_reload(gc);
}

static void cancel(void)
{
    gc_end_term(gc);
}

static void check(enum fake_how how, unsigned call)
{
    (void)how;
    (void)call;
    gc_end_term(gc);
}

START_TEST(a_collection_goes_on_until_a_round_finds_nothing)
{
    start();
    fake_calls_run();
    ck_assert_str_eq(fake_calls.log, "collect_candidates -\n"
                                     "collect 0 60000\n"
                                     "collect 500 60000\n"
                                     "collect 900 60000\n"
                                     "collect 0 60000\n"
                                     "collect 500 60000\n"
                                     "collect 900 60000\n"
                                     "collection_end 10 0 0\n");
}
END_TEST

START_TEST(a_registry_that_fails_does_not_keep_the_database_from_being_collected)
{
    fake_calls.fail_at = 1; /* the candidates */
    start();
    fake_calls_run();
    fake_calls.fail_at = 0;
    ck_assert(fake_calls_has("collection_end 10 0 0"));
}
END_TEST

START_TEST(any_call_may_fail_and_the_term_may_end_at_any)
{
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

/* Many more moments than the interval has milliseconds. */
START_TEST(a_reload_with_the_same_interval_puts_no_collection_off)
{
    config.interval.garbage_collect_ms = 50;
    gc_begin_term(gc);
    for (unsigned i = 0; i < 500 && fake_calls.n_started == 0; i++) {
        wait_a_moment();
        gc_reload(gc);
    }
    ck_assert_uint_gt(fake_calls.n_started, 0);
    fake_calls_run();
}
END_TEST

START_TEST(without_a_database_it_waits)
{
    fake_store_is_connected = false;
    config.interval.garbage_collect_ms = 1;
    gc_begin_term(gc);
    fake_calls_run();
    ck_assert_uint_eq(fake_calls.n_started, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("gc");
    TCase *cases = tcase_create("gc");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_collection_goes_on_until_a_round_finds_nothing);
    tcase_add_test(cases, a_registry_that_fails_does_not_keep_the_database_from_being_collected);
    tcase_add_test(cases, any_call_may_fail_and_the_term_may_end_at_any);
    tcase_add_test(cases, a_reload_with_the_same_interval_puts_no_collection_off);
    tcase_add_test(cases, without_a_database_it_waits);
    suite_add_tcase(suite, cases);
    return suite;
}
