/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a scan: which removals are applied, and which are held. */
#include "tests/support/check_main.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/scan/removals.h"

#include <stdio.h>

static struct env env;
static struct removals *removals;
static struct ms_removal_counts counts;
static bool accept;
static unsigned n_repositories, n_ended;
static bool has_failed;
static uint64_t n_removed;

static void set_up(void)
{
    fake_calls_begin();
    env = (struct env){.loop = fake_calls.loop, .term = 3};
    accept = false;
}

static void tear_down(void)
{
    fake_calls_end();
}

/* One page of repositories, then an empty one. */
static void answer(struct ms_store_call *call)
{
    char name[16];
    call->counts = counts;
    call->applied.tags_removed = 2;
    for (unsigned i = 0; fake_store_is(call, "removals_after") && i < n_repositories; i++) {
        (void)snprintf(name, sizeof(name), "r%02u", i);
        if (call->line[sizeof("removals_after")] == ' ')
            fake_store_repository(call, name);
    }
}

static void on_done(const struct ms_error *err, uint64_t n, void *arg)
{
    (void)arg;
    n_ended++;
    has_failed = err != NULL;
    n_removed = n;
    removals = NULL;
}

static void start(void)
{
    n_ended = 0;
    fake_store_answer = answer;
    removals = removals_start(&env, 7, accept, on_done, NULL);
}

static void cancel(void)
{
    removals_cancel(removals);
    removals = NULL;
}

static void check(enum fake_how how, unsigned call)
{
    (void)call;
    ck_assert_uint_eq(n_ended, how != FAKE_CANCELLED);
    ck_assert(how != FAKE_FAILED || has_failed);
}

static void run(uint64_t n_tags, uint64_t n_all)
{
    counts = (struct ms_removal_counts){.tags = n_tags, .all_tags = n_all, .all_repositories = 10};
    fake_calls_reset();
    start();
    fake_calls_run();
    check(FAKE_WELL, 0);
    ck_assert(!has_failed);
}

START_TEST(nothing_is_to_be_removed)
{
    run(0, 100);
    ck_assert_str_eq(fake_calls.log, "removals_count 7\n");
}
END_TEST

START_TEST(a_few_are_believed)
{
    n_repositories = 2;
    run(20, 20);
    ck_assert_str_eq(fake_calls.log, "removals_count 7\n"
                                     "removals_after  all\n"
                                     "apply r00 scan removals\n"
                                     "apply r01 scan removals\n"
                                     "removals_after r01 all\n");
    ck_assert_uint_eq(n_removed, 4);
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

START_TEST(too_many_wait_until_they_are_confirmed_or_accepted)
{
    run(21, 209);
    ck_assert(fake_calls_has("removals_after  confirmed"));
    run(21, 210); /* a tenth */
    ck_assert(fake_calls_has("removals_after  all"));
    accept = true;
    run(21, 21);
    ck_assert(fake_calls_has("removals_after  all"));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("removals");
    TCase *cases = tcase_create("removals");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, nothing_is_to_be_removed);
    tcase_add_test(cases, a_few_are_believed);
    tcase_add_test(cases, too_many_wait_until_they_are_confirmed_or_accepted);
    suite_add_tcase(suite, cases);
    return suite;
}
