/* SPDX-License-Identifier: Apache-2.0 */
/* A scan's visit to one repository, step by step. */
#include "common/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_registry_client.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/sync/visit.h"

#include <stdio.h>
#include <string.h>

static struct ms_config config = {.registry = {.concurrency = 4}};
static struct env env;
static struct visit *visit;
static unsigned n_ended, n_steps;
static struct sync_report report;

static void set_up(void)
{
    fake_calls_begin();
    fake_registry_reset();
    fake_store_answer = NULL;
    env = (struct env){.loop = fake_calls.loop, .config = &config, .term = 3};
}

static void tear_down(void)
{
    fake_calls_end();
}

static void on_stepped(const struct sync_report *told, bool is_finished, void *arg)
{
    (void)arg;
    n_steps++;
    if (!is_finished) {
        visit_step(visit);
        return;
    }
    n_ended++;
    report = *told;
    visit_free(visit);
    visit = NULL;
}

static void start(void)
{
    n_ended = n_steps = 0;
    visit = visit_new(&env, MS_STR("team/app"), 7, on_stepped, NULL);
    visit_step(visit);
}

static void cancel(void)
{
    visit_free(visit);
    visit = NULL;
}

static void check(enum fake_how how, unsigned call)
{
    (void)call;
    ck_assert_uint_eq(n_ended, how != FAKE_CANCELLED);
    ck_assert_ptr_null(visit);
    ck_assert(how != FAKE_FAILED || report.err != NULL);
}

static void run(void)
{
    start();
    fake_calls_run();
    check(FAKE_WELL, 0);
    ck_assert_ptr_null(report.err);
}

static void play(void)
{
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}

/* --- the whole visit --- */

START_TEST(a_small_repository_is_applied_at_once)
{
    static const struct fake_tag TAGS[] = {{"v2", 'b'}, {"v1", 'a'}};
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    run();
    ck_assert(fake_calls_has("apply team/app scan v1=a v2=b held:ab"));
    ck_assert(fake_calls_has("tags_after team/app  1000"));
    ck_assert_uint_eq(report.tags, 2);
    ck_assert_uint_eq(report.manifests, 2);
    play();
}
END_TEST

static char many_names[FAKE_REGISTRY_TAGS_MAX][sizeof("t18446744073709551615")];

static void have_many(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(many_names[i], sizeof(many_names[i]), "t%03zu", i);
        fake_registry.tags[i] = (struct fake_tag){many_names[i], 'a'};
    }
}

START_TEST(chunks_of_a_large_repository_are_staged_in_order_and_published_at_once)
{
    have_many(350);
    run();
    ck_assert_uint_eq(fake_calls_count("stage team/app t000=a"), 1);
    ck_assert_uint_eq(fake_calls_count("stage team/app t200=a"), 1);
    ck_assert_ptr_nonnull(
        strstr(strstr(fake_calls.log, "stage team/app t000"), "stage team/app t200"));
    ck_assert(fake_calls_has("apply team/app scan staged"));
    ck_assert_uint_eq(report.tags, 350);
}
END_TEST

static void refuse_b(struct ms_store_call *call)
{
    bool is_marked = strstr(call->line, "b!") != NULL;
    if (fake_store_is(call, "apply") &&
        (strstr(call->line, " staged") != NULL || (strstr(call->line, "=b") != NULL && !is_marked)))
        call->failure = MS_INVALID;
}

START_TEST(what_is_refused_of_a_large_repository_keeps_one_image_out)
{
    have_many(350);
    fake_registry.tags[210].digest = 'b';
    fake_store_answer = refuse_b;
    run();
    ck_assert_uint_eq(fake_calls_count("apply team/app scan staged"), 1);
    ck_assert_uint_eq(fake_calls_count("apply team/app scan t000=a"), 1);
    ck_assert(fake_calls_has("apply team/app scan t210=b held:b!"));
    ck_assert_uint_eq(report.tags, 350);
    ck_assert_uint_eq(report.unreadable, 1);
}
END_TEST

static void know_v1_v2(struct ms_store_call *call)
{
    if (!fake_store_is(call, "tags_after"))
        return;
    fake_store_tag(call, "v1", 'a');
    fake_store_tag(call, "v2", 'b');
}

START_TEST(what_the_list_lacks_is_asked_for_and_held)
{
    static const struct fake_tag TAGS[] = {{"v1", 'a'}};
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_store_answer = know_v1_v2;
    run();
    ck_assert(fake_calls_has("get team/app v2"));
    ck_assert(fake_calls_has("removals_hold 7 team/app:v2"));
    ck_assert_uint_eq(report.removals, 1);
    play();
}
END_TEST

START_TEST(what_the_list_lacks_and_the_registry_has_is_not_held)
{
    static const struct fake_tag TAGS[] = {{"v1", 'a'}, {"v2", 'b'}};
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_registry.unlisted = "v2";
    fake_store_answer = know_v1_v2;
    run();
    ck_assert(fake_calls_has("get team/app v2"));
    ck_assert_uint_eq(fake_calls_count("removals_hold"), 0);
}
END_TEST

static void hold_three(struct ms_store_call *call)
{
    for (char c = 'a'; fake_store_is(call, "held_digests") && c <= 'c'; c++)
        fake_store_digest(call, c);
}

START_TEST(a_repository_is_gone_when_its_manifests_are)
{
    fake_registry.is_unknown = true;
    fake_store_answer = hold_three;
    run();
    /* The first alone: a repository that lives without tags has it. */
    ck_assert_ptr_nonnull(strstr(fake_calls.log, "held_digests team/app\n"
                                                 "get team/app @a\n"
                                                 "get team/app @b\n"
                                                 "get team/app @c\n"
                                                 "removals_hold 7 team/app:\n"));
    play();
}
END_TEST

static void hold_nothing_know_v1(struct ms_store_call *call)
{
    if (fake_store_is(call, "tags_after"))
        fake_store_tag(call, "v1", 'a');
}

START_TEST(a_repository_without_manifests_has_its_tags_asked_for)
{
    fake_registry.is_unknown = true;
    fake_store_answer = hold_nothing_know_v1;
    run();
    ck_assert(fake_calls_has("removals_hold 7 team/app:v1"));
    fake_store_answer = NULL; /* nothing is known of it at all */
    fake_calls_reset();
    run();
    ck_assert(fake_calls_has("removals_hold 7 team/app:"));
}
END_TEST

/* --- events go first --- */

static void yield(void)
{
    visit_yield(visit);
}

START_TEST(a_visit_that_yields_anywhere_still_visits_everything)
{
    have_many(350);
    for (unsigned call = 2; call < 1100; call += 97) {
        fake_calls_reset();
        fake_calls.cancel_at = call; /* not cancelled: yields */
        fake_calls.on_cancel = yield;
        start();
        ck_assert(visit_only_reads(visit));
        fake_calls_run();
        check(FAKE_WELL, 0);
        ck_assert_ptr_null(report.err);
        ck_assert_uint_eq(report.tags, 350);
        ck_assert(fake_calls_has("apply team/app scan staged"));
    }
    fake_calls.cancel_at = 0;
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("visit");
    TCase *cases = tcase_create("visit");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60); /* only a hang takes so long */
    tcase_add_test(cases, a_small_repository_is_applied_at_once);
    tcase_add_test(cases, chunks_of_a_large_repository_are_staged_in_order_and_published_at_once);
    tcase_add_test(cases, what_is_refused_of_a_large_repository_keeps_one_image_out);
    tcase_add_test(cases, what_the_list_lacks_is_asked_for_and_held);
    tcase_add_test(cases, what_the_list_lacks_and_the_registry_has_is_not_held);
    tcase_add_test(cases, a_repository_is_gone_when_its_manifests_are);
    tcase_add_test(cases, a_repository_without_manifests_has_its_tags_asked_for);
    tcase_add_test(cases, a_visit_that_yields_anywhere_still_visits_everything);
    suite_add_tcase(suite, cases);
    return suite;
}
