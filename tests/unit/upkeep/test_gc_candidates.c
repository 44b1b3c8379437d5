/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is deleted from the registry and what is not. One repository, whose tags in the registry and
 * in the database the tests set apart; its candidates are "a", "b" and "c".
 */
#include "common/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_registry_client.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/upkeep/gc_candidates.h"

#include <stdio.h>
#include <string.h>

enum { TAGS_MAX = 4 };

static char everything[] = "*", ours[] = "team/*";
static char *included[] = {everything}, *excluded[] = {ours};
static struct ms_config config = {
    .registry = {.concurrency = 4, .include = {.items = included, .count = 1}}};
static struct env env;
static struct fake_tag known[TAGS_MAX]; /* the database's, by name */
static const char *candidates_later;    /* when it is asked about them again */
static bool all_was_read;
static struct gc_candidates *run_now;
static struct gc_candidates_result result;
static enum ms_status result_status;
static unsigned n_ended;

static void answer(struct ms_store_call *call)
{
    if (strcmp(call->line, "collect_candidates -") == 0) {
        for (const char *letter = "abc"; *letter != '\0'; letter++)
            fake_store_candidate(call, "team/app", *letter, all_was_read);
    }
    const char *asked = strrchr(call->line, ' ');
    for (const char *letter = candidates_later; *letter != '\0'; letter++) {
        if (fake_store_is(call, "collect_confirm") && strchr(asked, *letter) != NULL)
            fake_store_candidate(call, "team/app", *letter, all_was_read);
    }
    for (size_t i = 0; fake_store_is(call, "tags_after") && known[i].name != NULL; i++)
        fake_store_tag(call, known[i].name, known[i].digest);
}

static void answer_until_first_deletion(struct ms_store_call *call)
{
    if (fake_calls_count("delete") == 0 || !fake_store_is(call, "collect_confirm"))
        answer(call);
}

/* Candidates a and b are served, c is not; latest and v1 are where the database thinks. */
static void set_up(void)
{
    static const struct fake_tag TAGS[] = {{"v1", 'y'}, {"latest", 'x'}};
    fake_calls_begin();
    fake_registry_reset();
    memset(known, 0, sizeof(known));
    known[0] = TAGS[1];
    known[1] = TAGS[0];
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_registry.manifests = "abxy";
    candidates_later = "abc";
    all_was_read = true;
    fake_store_answer = answer;
    config.registry.exclude = (struct ms_string_list){.items = excluded};
    config.garbage_collect.registry = MS_COLLECT_ON;
    config.garbage_collect.grace_ms = 5;
    env = (struct env){.loop = fake_calls.loop, .config = &config, .term = 3};
}

static void tear_down(void)
{
    fake_calls_end();
}

static void on_done(const struct gc_candidates_result *told, void *arg)
{
    (void)arg;
    n_ended++;
    run_now = NULL;
    result = *told;
    result_status = told->err != NULL ? told->err->status : MS_OK;
}

static void start(void)
{
    n_ended = 0;
    run_now = gc_candidates_start(&env, on_done, NULL);
}

static void cancel(void)
{
    gc_candidates_cancel(run_now);
    run_now = NULL;
}

static void check(enum fake_how how, unsigned call)
{
    (void)call;
    ck_assert_uint_eq(n_ended, how != FAKE_CANCELLED);
    ck_assert_ptr_null(run_now);
}

/* What was deleted from the registry, and then from the database. */
static void expect(const char *deleted, const char *gone, enum ms_status status)
{
    char line[64] = "delete team/app @";
    for (const char *letter = "abc"; *letter != '\0'; letter++) {
        line[strlen("delete team/app @")] = *letter;
        ck_assert_int_eq(fake_calls_has(line), strchr(deleted, *letter) != NULL);
    }
    (void)snprintf(line, sizeof(line), "apply team/app gone:%s", gone);
    ck_assert_int_eq(fake_calls_count("apply"), *gone != '\0');
    ck_assert(*gone == '\0' || fake_calls_has(line));
    ck_assert_int_eq(result_status, status);
}

static void run(void)
{
    start();
    fake_calls_run();
    check(FAKE_WELL, 0);
}

static void have_no_tags(void)
{
    memset(fake_registry.tags, 0, sizeof(fake_registry.tags));
    fake_registry.listing = REGISTRY_ABSENT;
}

START_TEST(untagged_manifests_are_deleted)
{
    run();
    expect("ab", "abc", MS_OK);
    ck_assert_uint_eq(result.deleted, 2);
    ck_assert_uint_eq(result.dry_run, 0);
}
END_TEST

/* However many there are in a repository. */
START_TEST(each_is_asked_for_again_alone)
{
    run();
    ck_assert(fake_calls_has("collect_confirm team/app a"));
    ck_assert(fake_calls_has("collect_confirm team/app b"));
    ck_assert(fake_calls_has("collect_confirm team/app abc"));
    ck_assert(fake_calls_has("collect_candidates team/app 99")); /* behind c */
    ck_assert_uint_eq(fake_calls_count("collect_candidates"), 2);
}
END_TEST

START_TEST(off_only_forgets_what_is_gone)
{
    config.garbage_collect.registry = MS_COLLECT_OFF;
    run();
    expect("", "c", MS_OK);
    ck_assert_uint_eq(result.deleted, 0);
    ck_assert_uint_eq(result.dry_run, 0);
}
END_TEST

START_TEST(a_dry_run_counts)
{
    config.garbage_collect.registry = MS_COLLECT_DRY_RUN;
    run();
    expect("", "c", MS_OK);
    ck_assert_uint_eq(result.dry_run, 2);
}
END_TEST

static void answer_two_groups(struct ms_store_call *call)
{
    answer(call);
    if (strcmp(call->line, "collect_candidates team/app 99") == 0)
        fake_store_candidate(call, "team/app", 'd', true);
}

/* A large repository's tags are as many requests: a deletion is worth them, telling is not. */
START_TEST(a_dry_run_compares_the_tags_of_a_repository_once)
{
    fake_store_answer = answer_two_groups;
    fake_registry.manifests = "abdxy";
    config.garbage_collect.registry = _i == 0 ? MS_COLLECT_DRY_RUN : MS_COLLECT_ON;
    run();
    ck_assert_uint_eq(fake_calls_count("list"), _i == 0 ? 1 : 2);
    ck_assert_uint_eq(result.dry_run, _i == 0 ? 3 : 0);
}
END_TEST

START_TEST(a_repository_without_tags)
{
    memset(known, 0, sizeof(known));
    have_no_tags();
    run();
    expect("ab", "abc", MS_OK);
}
END_TEST

/* Each way in which the registry's tags can differ from the known ones: nothing is deleted. */
static const struct {
    const char *what;
    struct fake_tag known[TAGS_MAX], listed[TAGS_MAX];
} DIFFERENCES[] = {
    {"an unknown tag on a candidate", {{"latest", 'x'}}, {{"latest", 'x'}, {"sneaky", 'a'}}},
    {"an unknown tag before the others", {{"latest", 'x'}}, {{"a", 'a'}, {"latest", 'x'}}},
    {"a known tag moved to a candidate", {{"latest", 'x'}}, {{"latest", 'a'}}},
    {"a known tag is not listed", {{"latest", 'x'}, {"v1", 'y'}}, {{"latest", 'x'}}},
    {"only unknown tags", {{NULL, 0}}, {{"latest", 'a'}}},
    {"a tag whose digest nobody knows", {{"latest", 0}}, {{"latest", 'a'}}},
};

START_TEST(differing_tags_forbid_deleting)
{
    memcpy(known, DIFFERENCES[_i].known, sizeof(known));
    memcpy(fake_registry.tags, DIFFERENCES[_i].listed, sizeof(DIFFERENCES[_i].listed));
    run();
    expect("", "c", MS_OK);
    ck_assert_uint_eq(result.deleted, 0);
}
END_TEST

START_TEST(an_unknown_repository_with_known_tags_forbids_deleting)
{
    have_no_tags();
    run();
    expect("", "c", MS_OK);
}
END_TEST

START_TEST(a_tag_list_that_cannot_be_had_forbids_deleting)
{
    fake_registry.listing = REGISTRY_UNREADABLE;
    run();
    expect("", "c", MS_OK);
}
END_TEST

/* An index that cannot be read may need any of them. */
START_TEST(what_could_not_be_read_forbids_deleting)
{
    all_was_read = false;
    run();
    expect("", "c", MS_OK);
}
END_TEST

static void answer_unread_later(struct ms_store_call *call)
{
    all_was_read = fake_calls_count("collect_confirm") == 0;
    answer(call);
}

START_TEST(what_cannot_be_read_meanwhile_forbids_deleting)
{
    fake_store_answer = answer_unread_later;
    run();
    expect("", "c", MS_OK);
}
END_TEST

/* Its events are dropped, and no scan visits it. */
START_TEST(an_excluded_repository_forbids_deleting)
{
    config.registry.exclude.count = 1;
    run();
    expect("", "c", MS_OK);
}
END_TEST

static void answer_and_exclude(struct ms_store_call *call)
{
    config.registry.exclude.count = fake_calls_count("delete");
    answer(call);
}

START_TEST(what_is_excluded_meanwhile_is_deleted_no_further)
{
    fake_store_answer = answer_and_exclude;
    run();
    expect("a", "ac", MS_OK);
}
END_TEST

START_TEST(what_was_tagged_meanwhile_stays)
{
    candidates_later = "bc";
    run();
    expect("b", "bc", MS_OK);
}
END_TEST

START_TEST(what_was_pushed_again_meanwhile_is_not_forgotten)
{
    candidates_later = "ab";
    run();
    expect("ab", "ab", MS_OK);
}
END_TEST

START_TEST(what_is_tagged_while_others_are_deleted_stays)
{
    fake_store_answer = answer_until_first_deletion;
    run();
    expect("a", "", MS_OK);
}
END_TEST

START_TEST(a_registry_that_refuses_is_asked_once)
{
    fake_registry.deletion = REGISTRY_UNREADABLE;
    run();
    expect("a", "c", MS_OK);
    ck_assert_uint_eq(result.deleted, 0);
}
END_TEST

START_TEST(already_deleted_is_gone_but_not_counted)
{
    fake_registry.deletion = REGISTRY_ABSENT;
    run();
    expect("ab", "abc", MS_OK);
    ck_assert_uint_eq(result.deleted, 0);
}
END_TEST

START_TEST(an_unreachable_registry_ends_the_run)
{
    fake_registry.is_unreachable = true;
    fake_registry.deletion = REGISTRY_FAILED;
    run();
    expect("a", "", MS_UNAVAILABLE);
}
END_TEST

/* What it said before is not lost. */
START_TEST(a_repository_that_cannot_be_deleted_from_is_left)
{
    fake_registry.deletion = REGISTRY_FAILED;
    run();
    expect("a", "c", MS_OK);
    ck_assert(fake_calls_has("collect_candidates team/app 9223372036854775807"));
}
END_TEST

static void answer_two_repositories(struct ms_store_call *call)
{
    answer(call);
    if (strncmp(call->line, "collect_candidates team/app ", 28) == 0)
        fake_store_candidate(call, "team/other", 'c', true);
}

/* One that answers 401 for ever keeps nothing from those behind it. */
START_TEST(a_repository_that_fails_keeps_no_other_from_being_collected)
{
    fake_store_answer = answer_two_repositories;
    fake_calls.fail_at = 2; /* behind the candidates */
    config.garbage_collect.registry = MS_COLLECT_OFF;
    run();
    fake_calls.fail_at = 0;
    ck_assert_int_eq(result_status, MS_OK);
    ck_assert(!fake_calls_has("collect_confirm team/app c"));
    ck_assert(fake_calls_has("collect_confirm team/other c"));
}
END_TEST

START_TEST(any_call_may_fail_or_be_cancelled)
{
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("gc_candidates");
    TCase *cases = tcase_create("gc_candidates");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, untagged_manifests_are_deleted);
    tcase_add_test(cases, each_is_asked_for_again_alone);
    tcase_add_test(cases, off_only_forgets_what_is_gone);
    tcase_add_test(cases, a_dry_run_counts);
    tcase_add_loop_test(cases, a_dry_run_compares_the_tags_of_a_repository_once, 0, 2);
    tcase_add_test(cases, a_repository_without_tags);
    tcase_add_loop_test(cases, differing_tags_forbid_deleting, 0,
                        sizeof(DIFFERENCES) / sizeof(DIFFERENCES[0]));
    tcase_add_test(cases, an_unknown_repository_with_known_tags_forbids_deleting);
    tcase_add_test(cases, a_tag_list_that_cannot_be_had_forbids_deleting);
    tcase_add_test(cases, what_could_not_be_read_forbids_deleting);
    tcase_add_test(cases, what_cannot_be_read_meanwhile_forbids_deleting);
    tcase_add_test(cases, an_excluded_repository_forbids_deleting);
    tcase_add_test(cases, what_is_excluded_meanwhile_is_deleted_no_further);
    tcase_add_test(cases, what_was_tagged_meanwhile_stays);
    tcase_add_test(cases, what_was_pushed_again_meanwhile_is_not_forgotten);
    tcase_add_test(cases, what_is_tagged_while_others_are_deleted_stays);
    tcase_add_test(cases, a_registry_that_refuses_is_asked_once);
    tcase_add_test(cases, already_deleted_is_gone_but_not_counted);
    tcase_add_test(cases, an_unreachable_registry_ends_the_run);
    tcase_add_test(cases, a_repository_that_cannot_be_deleted_from_is_left);
    tcase_add_test(cases, a_repository_that_fails_keeps_no_other_from_being_collected);
    tcase_add_test(cases, any_call_may_fail_or_be_cancelled);
    suite_add_tcase(suite, cases);
    return suite;
}
