/* SPDX-License-Identifier: Apache-2.0 */
/* Some tags on their way from the registry into the database. */
#include "common/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_registry_client.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/sync/chunk.h"

#include <stdio.h>
#include <string.h>

static struct ms_config config = {.registry = {.concurrency = 4}};
static struct env env;
static struct chunk *chunk;
static struct ms_str names[4];
static size_t n_names;
static bool is_whole;
static unsigned n_ended;
static bool has_failed, is_staged;
static size_t n_gone;
static uint64_t unreadable;
static int64_t scan_id;

static void set_up(void)
{
    static const struct fake_tag TAGS[] = {{"v1", 'a'}, {"v2", 'b'}};
    fake_calls_begin();
    fake_registry_reset();
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_store_answer = NULL;
    env = (struct env){.loop = fake_calls.loop, .config = &config, .term = 3};
    names[0] = MS_STR("v1");
    names[1] = MS_STR("v2");
    n_names = 2;
    is_whole = true;
    scan_id = 1;
}

static void tear_down(void)
{
    fake_calls_end();
}

static void on_ready(struct chunk *ready, void *arg)
{
    (void)arg;
    chunk_write(ready);
}

static void on_done(struct chunk *done, const struct chunk_result *result, void *arg)
{
    (void)arg;
    ck_assert_ptr_eq(done, chunk);
    n_ended++;
    chunk = NULL;
    has_failed = result->err != NULL;
    is_staged = result->is_staged;
    n_gone = result->n_gone;
    unreadable = result->unreadable;
}

static void start(void)
{
    n_ended = 0;
    chunk = chunk_start(&env, &(struct chunk_options){.repository = MS_STR("team/app"),
                                                      .names = names,
                                                      .n_names = n_names,
                                                      .is_whole = is_whole,
                                                      .scan_id = scan_id,
                                                      .callbacks = {on_ready, on_done, NULL}});
}

static void cancel(void)
{
    if (chunk != NULL)
        chunk_cancel(chunk);
    chunk = NULL;
}

static void check(enum fake_how how, unsigned call)
{
    (void)call;
    ck_assert_uint_eq(n_ended, how != FAKE_CANCELLED);
    ck_assert_ptr_null(chunk);
    ck_assert(how != FAKE_FAILED || has_failed);
}

static void run(void)
{
    start();
    fake_calls_run();
    check(FAKE_WELL, 0);
    ck_assert(!has_failed);
}

START_TEST(new_tags_are_applied_with_their_manifests)
{
    run();
    ck_assert(fake_calls_has("tags_named team/app v1 v2"));
    ck_assert(fake_calls_has("apply team/app scan v1=a v2=b held:ab"));
    ck_assert(!is_staged);
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

START_TEST(tags_of_a_part_are_staged_after_their_manifests)
{
    is_whole = false;
    run();
    ck_assert(fake_calls_has("apply team/app scan held:ab"));
    ck_assert(fake_calls_has("stage team/app v1=a v2=b"));
    ck_assert(is_staged);
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

static void know_both(struct ms_store_call *call)
{
    if (!fake_store_is(call, "tags_named"))
        return;
    fake_store_tag(call, "v1", 'a');
    fake_store_tag(call, "v2", 'b');
}

START_TEST(nothing_is_written_when_nothing_changed)
{
    fake_store_answer = know_both;
    run();
    ck_assert_str_eq(fake_calls.log, "tags_named team/app v1 v2\n"
                                     "get_unless team/app v1\n"
                                     "get_unless team/app v2\n");
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

/* The registry compares before it looks: what dangles still answers "not modified". */
START_TEST(each_tag_is_asked_about_without_condition_in_one_of_sixteen_scans)
{
    unsigned n_of_v1 = 0, n_of_v2 = 0;
    fake_store_answer = know_both;
    for (scan_id = 100; scan_id < 116; scan_id++) {
        fake_calls_reset();
        run();
        n_of_v1 += fake_calls_has("get team/app v1");
        n_of_v2 += fake_calls_has("get team/app v2");
        ck_assert_uint_eq(fake_calls_count("get"), 2);
        ck_assert_uint_eq(fake_calls_count("apply"), 0);
    }
    ck_assert_uint_eq(n_of_v1, 1);
    ck_assert_uint_eq(n_of_v2, 1);
}
END_TEST

START_TEST(a_tag_that_moved_costs_no_more_than_its_manifest)
{
    fake_registry.tags[1].digest = 'c';
    fake_store_answer = know_both;
    run();
    ck_assert_uint_eq(fake_calls_count("get"), 2);
    ck_assert(fake_calls_has("contents_put c"));
    ck_assert(fake_calls_has("apply team/app scan v2=c held:c"));
}
END_TEST

START_TEST(a_manifest_that_several_tags_are_on_is_stored_once)
{
    fake_registry.tags[0].digest = fake_registry.tags[1].digest = 'p';
    run();
    ck_assert_str_eq(fake_calls.log, "tags_named team/app v1 v2\n"
                                     "get team/app v1\n"
                                     "get team/app v2\n"
                                     "manifests_known team/app p\n"
                                     "configs_known P\n"
                                     "blob team/app @P\n"
                                     "contents_put p\n"
                                     "apply team/app scan v1=p v2=p held:p\n");
}
END_TEST

START_TEST(a_tag_whose_manifest_is_not_given_is_on_it_all_the_same)
{
    fake_registry.unreadable = "b";
    fake_registry.names_unreadable = true;
    run();
    ck_assert(fake_calls_has("head team/app v2"));
    ck_assert_uint_eq(fake_calls_count("get"), 2);
    ck_assert(fake_calls_has("apply team/app scan v1=a v2=b held:ab!"));
    ck_assert_uint_eq(unreadable, 1);
}
END_TEST

START_TEST(a_listed_tag_that_answers_404_dangles)
{
    fake_registry.tags[1].digest = 0;
    run();
    ck_assert(fake_calls_has("list team/app"));
    ck_assert(fake_calls_has("apply team/app scan v1=a v2=-! held:a"));
    ck_assert_uint_eq(unreadable, 1);
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

static void know_dangling(struct ms_store_call *call)
{
    if (fake_store_is(call, "tags_named"))
        fake_store_tag(call, "v2", 0);
}

START_TEST(a_tag_known_to_dangle_costs_one_request)
{
    fake_registry.tags[1].digest = 0;
    fake_store_answer = know_dangling;
    run();
    ck_assert(fake_calls_has("get team/app v2") && fake_calls_has("expect_unreadable v2"));
    ck_assert(!fake_calls_has("head team/app v2") && !fake_calls_has("list team/app"));
    ck_assert_uint_eq(unreadable, 1);
}
END_TEST

START_TEST(a_tag_that_the_list_lacks_by_now_was_deleted)
{
    fake_registry.tags[1].name = NULL;
    run();
    ck_assert(fake_calls_has("apply team/app scan v1=a held:a"));
    ck_assert_uint_eq(n_gone, 1);
}
END_TEST

START_TEST(a_chunk_can_be_cancelled_before_it_began)
{
    start();
    ck_assert(!chunk_waits_for_list(chunk));
    chunk_hurry(chunk);
    cancel();
    fake_calls_run();
    ck_assert_uint_eq(n_ended, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("chunk");
    TCase *cases = tcase_create("chunk");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, new_tags_are_applied_with_their_manifests);
    tcase_add_test(cases, tags_of_a_part_are_staged_after_their_manifests);
    tcase_add_test(cases, nothing_is_written_when_nothing_changed);
    tcase_add_test(cases, each_tag_is_asked_about_without_condition_in_one_of_sixteen_scans);
    tcase_add_test(cases, a_tag_that_moved_costs_no_more_than_its_manifest);
    tcase_add_test(cases, a_manifest_that_several_tags_are_on_is_stored_once);
    tcase_add_test(cases, a_tag_whose_manifest_is_not_given_is_on_it_all_the_same);
    tcase_add_test(cases, a_listed_tag_that_answers_404_dangles);
    tcase_add_test(cases, a_tag_known_to_dangle_costs_one_request);
    tcase_add_test(cases, a_tag_that_the_list_lacks_by_now_was_deleted);
    tcase_add_test(cases, a_chunk_can_be_cancelled_before_it_began);
    suite_add_tcase(suite, cases);
    return suite;
}
