/* SPDX-License-Identifier: Apache-2.0 */
/* A full scan, from its row to its end. */
#include "common/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_registry_client.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/scan/scan.h"
#include "writer/sync/scheduler.h"

#include <string.h>

static char everything[] = "**";
static char *include[] = {everything};
static struct ms_config config = {
    .registry = {.concurrency = 2, .include = {.items = include, .count = 1}}};
static struct env env;
static struct scheduler *scheduler;
static struct scan *scan;
static unsigned n_ended;
static bool was_complete;

static void on_scan_wanted(const char *why, void *arg)
{
    (void)why;
    (void)arg;
}

static void on_end(bool complete, void *arg)
{
    (void)arg;
    n_ended++;
    was_complete = complete;
}

static void answer(struct ms_store_call *call)
{
    call->scan_id = 7;
    if (fake_store_is(call, "repositories_after") && strstr(call->line, "after  ") != NULL) {
        fake_store_repository(call, "known/app");
        fake_store_repository(call, "team/app");
    }
}

static void set_up(void)
{
    static const struct fake_tag TAGS[] = {{"v1", 'a'}};
    fake_calls_begin();
    fake_registry_reset();
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_registry.repositories[0] = "team/app";
    fake_store_answer = answer;
    env = (struct env){.loop = fake_calls.loop, .config = &config, .term = 3};
    scheduler = scheduler_new(&env, on_scan_wanted, NULL);
    scan = scan_new(&env, scheduler);
    scan_on_end(scan, on_end, NULL);
}

static void tear_down(void)
{
    scan_free(scan);
    scheduler_free(scheduler);
    fake_calls_end();
}

static void start(void)
{
    n_ended = 0;
    ck_assert_int_eq(scan_start(scan, false), MS_OK);
    ck_assert_int_eq(scan_start(scan, false), MS_CONFLICT);
}

static void cancel(void)
{
    scan_end_term(scan);
    scheduler_end_term(scheduler);
}

/* A failure makes it incomplete, never a scan without end. */
static void check(enum fake_how how, unsigned call)
{
    struct scan_progress progress;
    (void)call;
    scan_get_progress(&progress, scan);
    ck_assert(!progress.is_running);
    ck_assert_uint_eq(n_ended, how != FAKE_CANCELLED);
    ck_assert(how == FAKE_CANCELLED || was_complete == (how == FAKE_WELL));
    if (how == FAKE_FAILED && fake_calls_count("removals_count") > 0)
        ck_assert_uint_eq(
            fake_calls_count("scan_end 7 incomplete") + fake_calls_count("scan_end 7 complete"), 1);
}

START_TEST(what_the_catalog_and_the_database_name_is_visited)
{
    start();
    fake_calls_run();
    check(FAKE_WELL, 0);
    ck_assert_ptr_eq(strstr(fake_calls.log, "scan_begin\ncatalog"), fake_calls.log);
    ck_assert_uint_eq(fake_calls_count("list team/app"), 1);
    ck_assert_uint_eq(fake_calls_count("list known/app"), 1);
    ck_assert(fake_calls_has("removals_count 7"));
    ck_assert(fake_calls_has("scan_end 7 complete repositories:2 tags:2 removed:0"));
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

START_TEST(a_fixed_list_is_visited_without_the_catalog)
{
    char name[] = "only/this";
    char *items[] = {name};
    config.registry.repositories = (struct ms_string_list){.items = items, .count = 1};
    start();
    fake_calls_run();
    check(FAKE_WELL, 0);
    ck_assert_uint_eq(fake_calls_count("catalog"), 0);
    ck_assert_uint_eq(fake_calls_count("list only/this"), 1);
    config.registry.repositories = (struct ms_string_list){.count = 0};
}
END_TEST

START_TEST(between_terms_none_starts)
{
    env.term = 0;
    ck_assert_int_eq(scan_start(scan, false), MS_UNAVAILABLE);
    scan_request(scan, "nobody hears it");
    fake_calls_run();
    ck_assert_uint_eq(fake_calls.n_started, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("scan");
    TCase *cases = tcase_create("scan");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, what_the_catalog_and_the_database_name_is_visited);
    tcase_add_test(cases, a_fixed_list_is_visited_without_the_catalog);
    tcase_add_test(cases, between_terms_none_starts);
    suite_add_tcase(suite, cases);
    return suite;
}
