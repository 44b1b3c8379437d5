/* SPDX-License-Identifier: Apache-2.0 */
/* A pass over waiting events, step by step; what its findings mean is test_decide.c's. */
#include "common/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_registry_client.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/sync/events.h"

#include <stdio.h>
#include <string.h>

static struct ms_config config = {.registry = {.concurrency = 4}};
static struct env env;
static struct events_pass *pass;
static bool one_by_one;
static unsigned n_ended, n_scans_wanted;
static enum events_end how_ended;

static void set_up(void)
{
    fake_calls_begin();
    fake_registry_reset();
    fake_store_answer = NULL;
    env = (struct env){.loop = fake_calls.loop, .config = &config, .term = 3};
    one_by_one = false;
}

static void tear_down(void)
{
    fake_calls_end();
}

static void on_scan_wanted(const char *why, void *arg)
{
    (void)why;
    (void)arg;
    n_scans_wanted++;
}

static void on_ended(enum events_end how, void *arg)
{
    (void)arg;
    n_ended++;
    how_ended = how;
    pass = NULL;
}

static void start(void)
{
    n_ended = n_scans_wanted = 0;
    pass = events_pass_start(&env, &(struct events_options){.repository = MS_STR("team/app"),
                                                            .one_by_one = one_by_one,
                                                            .on_scan_wanted = on_scan_wanted,
                                                            .on_ended = on_ended});
}

static void cancel(void)
{
    events_pass_cancel(pass);
    pass = NULL;
}

static void check(enum fake_how how, unsigned call)
{
    (void)call;
    ck_assert_uint_eq(n_ended, how != FAKE_CANCELLED);
    ck_assert_ptr_null(pass);
}

static void run(void)
{
    start();
    fake_calls_run();
    check(FAKE_WELL, 0);
}

static void play(void)
{
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}

/* --- what waits --- */

static void push_v1(struct ms_store_call *call)
{
    if (fake_store_is(call, "inbox_load"))
        fake_store_event(call, 7, "push", "v1", 'a');
}

START_TEST(a_push_is_applied)
{
    static const struct fake_tag TAGS[] = {{"v1", 'a'}};
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_store_answer = push_v1;
    run();
    ck_assert_str_eq(fake_calls.log, "inbox_load team/app 500\n"
                                     "get team/app v1\n"
                                     "manifests_known team/app a\n"
                                     "contents_put a\n"
                                     "apply team/app v1=a held:a done:7\n");
    ck_assert_int_eq(how_ended, EVENTS_DONE);
    play();
}
END_TEST

static void push_v1_twice(struct ms_store_call *call)
{
    if (!fake_store_is(call, "inbox_load"))
        return;
    fake_store_event(call, 7, "push", "v1", 'b');
    fake_store_event(call, 8, "push", "v1", 'a');
}

START_TEST(what_a_tag_was_on_between_two_looks_is_held)
{
    static const struct fake_tag TAGS[] = {{"v1", 'a'}};
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_store_answer = push_v1_twice;
    run();
    ck_assert(fake_calls_has("manifests_known team/app ab"));
    ck_assert(fake_calls_has("apply team/app v1=a held:ab"));
    play();
}
END_TEST

START_TEST(a_push_before_its_tag_is_looked_at_again)
{
    fake_store_answer = push_v1;
    run();
    ck_assert(fake_calls_has("inbox_postpone 7+20"));
    ck_assert_uint_eq(fake_calls_count("apply") + fake_calls_count("list"), 0);
    play();
}
END_TEST

START_TEST(no_event_is_due)
{
    run();
    ck_assert_str_eq(fake_calls.log, "inbox_load team/app 500\n");
    play();
}
END_TEST

static void delete_two(struct ms_store_call *call)
{
    if (fake_store_is(call, "inbox_load")) {
        fake_store_event(call, 1, "delete", NULL, 'a');
        fake_store_event(call, 2, "delete", NULL, 'b');
    } else if (fake_store_is(call, "tags_on")) {
        fake_store_tag_name(call, "v1");
    }
}

START_TEST(deleted_digests_are_asked_for_together_with_the_tags_on_them)
{
    fake_store_answer = delete_two;
    fake_registry.manifests = "b";
    run();
    ck_assert(fake_calls_has("tags_on team/app ab"));
    ck_assert_ptr_nonnull(strstr(fake_calls.log, "get team/app v1\n"
                                                 "get team/app @a\n"
                                                 "get team/app @b\n"));
    ck_assert(fake_calls_has("list team/app"));
    ck_assert(fake_calls_has("apply team/app -v1 gone:a done:1"));
    ck_assert(fake_calls_has("inbox_postpone 2+20"));
    play();
}
END_TEST

static void delete_many(struct ms_store_call *call)
{
    char name[16];
    if (fake_store_is(call, "inbox_load"))
        fake_store_event(call, 1, "delete", NULL, 'a');
    for (int i = 0; fake_store_is(call, "tags_on") && i <= 4000; i++) {
        (void)snprintf(name, sizeof(name), "t%d", i);
        fake_store_tag_name(call, name);
    }
}

START_TEST(more_tags_than_can_be_asked_about_want_a_scan_first)
{
    fake_store_answer = delete_many;
    fake_calls.cancel_at = 4; /* the first question about a tag */
    fake_calls.on_cancel = cancel;
    start();
    fake_calls_run();
    ck_assert(fake_calls_has("scan_want"));
    ck_assert_uint_eq(n_scans_wanted, 1);
    ck_assert_uint_eq(fake_calls_count("get"), 4);
    ck_assert_uint_eq(n_ended, 0);
}
END_TEST

/* --- repositories that are not known --- */

static unsigned attempts;

static void push_unknown(struct ms_store_call *call)
{
    if (fake_store_is(call, "inbox_load"))
        fake_store_unknown_event(call, 7, "push", "v1", 'a', attempts);
}

START_TEST(the_first_push_into_a_repository_is_applied)
{
    static const struct fake_tag TAGS[] = {{"v1", 'a'}};
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    attempts = 0;
    fake_store_answer = push_unknown;
    run();
    ck_assert(fake_calls_has("head team/app @a"));
    ck_assert_uint_eq(fake_calls_count("list"), 0);
    ck_assert(fake_calls_has("apply team/app v1=a held:a done:7"));
    play();
}
END_TEST

START_TEST(a_repository_whose_manifest_went_since_has_its_tags)
{
    static const struct fake_tag TAGS[] = {{"v1", 'b'}};
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_registry.manifests = "b";
    attempts = 1;
    fake_store_answer = push_unknown;
    run();
    ck_assert(fake_calls_has("head team/app @a") && fake_calls_has("list team/app"));
    ck_assert_uint_eq(fake_calls_count("apply team/app v1=b held:b"), 1);
    play();
}
END_TEST

START_TEST(a_push_into_a_repository_that_is_not_there_is_looked_at_twice)
{
    fake_registry.is_unknown = true;
    fake_store_answer = push_unknown;
    attempts = 0;
    run();
    ck_assert_str_eq(fake_calls.log, "inbox_load team/app 500\n"
                                     "head team/app @a\n"
                                     "inbox_postpone 7+500\n");
    play();
    attempts = 1;
    fake_calls_reset();
    run();
    ck_assert_str_eq(fake_calls.log, "inbox_load team/app 500\n"
                                     "head team/app @a\n"
                                     "list team/app\n"
                                     "apply team/app done:7\n");
    play();
}
END_TEST

enum { MANY_EVENTS = 1000, MANY_AT_ONCE = 500 };
static int64_t next_event;

static void push_many_unknown(struct ms_store_call *call)
{
    char tag[16];
    for (int i = 0; fake_store_is(call, "inbox_load") && i < MANY_AT_ONCE; i++, next_event++) {
        (void)snprintf(tag, sizeof(tag), "t%d", (int)(next_event % MANY_EVENTS));
        fake_store_unknown_event(call, next_event % MANY_EVENTS + 1, "push", tag, 'a',
                                 (unsigned)(next_event / MANY_EVENTS));
    }
}

START_TEST(many_events_of_a_repository_that_is_not_there_cost_a_few_requests)
{
    fake_registry.is_unknown = true;
    fake_store_answer = push_many_unknown;
    next_event = 0;
    while (next_event < 2 * MANY_EVENTS) {
        run();
        ck_assert_int_eq(how_ended, EVENTS_MORE);
    }
    ck_assert_uint_eq(fake_calls_count("inbox_postpone"), 2);
    ck_assert_uint_eq(fake_calls_count("apply team/app done:"), 2);
    ck_assert_uint_eq(fake_registry.n_requests, 6);
}
END_TEST

/* --- what the database refuses --- */

static void refuse_to_apply(struct ms_store_call *call)
{
    push_v1(call);
    if (fake_store_is(call, "apply"))
        call->failure = MS_INVALID;
}

START_TEST(what_is_refused_is_tried_one_by_one_and_becomes_a_dead_letter)
{
    static const struct fake_tag TAGS[] = {{"v1", 'a'}};
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_store_answer = refuse_to_apply;
    run();
    ck_assert_int_eq(how_ended, EVENTS_REFUSED);
    ck_assert_uint_eq(fake_calls_count("inbox_postpone") + fake_calls_count("inbox_bury"), 0);
    one_by_one = true;
    fake_calls_reset();
    run();
    ck_assert_int_eq(how_ended, EVENTS_DONE);
    ck_assert(fake_calls_has("inbox_load team/app 1"));
    ck_assert(fake_calls_has("inbox_bury 7 played"));
    play();
}
END_TEST

static void refuse_readable_a(struct ms_store_call *call)
{
    push_v1(call);
    if (fake_store_is(call, "apply") && strstr(call->line, "=a") != NULL &&
        strstr(call->line, "a!") == NULL)
        call->failure = MS_INVALID;
}

START_TEST(an_image_that_is_refused_is_unreadable_and_its_event_is_done)
{
    static const struct fake_tag TAGS[] = {{"v1", 'a'}};
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_store_answer = refuse_readable_a;
    run();
    ck_assert_int_eq(how_ended, EVENTS_DONE);
    ck_assert(fake_calls_has("apply team/app v1=a held:a!"));
    ck_assert(fake_calls_has("apply team/app done:7"));
    ck_assert_uint_eq(fake_calls_count("inbox_bury"), 0);
    play();
}
END_TEST

START_TEST(as_many_as_can_be_loaded_may_be_followed_by_more)
{
    static const struct fake_tag TAGS[] = {{"v1", 'a'}};
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_store_answer = push_v1;
    one_by_one = true;
    run();
    ck_assert_int_eq(how_ended, EVENTS_MORE);
}
END_TEST

START_TEST(a_pass_that_failed_has_its_events_wait)
{
    fake_store_answer = push_v1;
    fake_calls.fail_at = 2; /* the registry */
    run();
    ck_assert(fake_calls_has("inbox_postpone 7+1000"));
    ck_assert_int_eq(how_ended, EVENTS_DONE);
    fake_calls.fail_at = 0;
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("events");
    TCase *cases = tcase_create("events");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_push_is_applied);
    tcase_add_test(cases, what_a_tag_was_on_between_two_looks_is_held);
    tcase_add_test(cases, a_push_before_its_tag_is_looked_at_again);
    tcase_add_test(cases, no_event_is_due);
    tcase_add_test(cases, deleted_digests_are_asked_for_together_with_the_tags_on_them);
    tcase_add_test(cases, more_tags_than_can_be_asked_about_want_a_scan_first);
    tcase_add_test(cases, the_first_push_into_a_repository_is_applied);
    tcase_add_test(cases, a_repository_whose_manifest_went_since_has_its_tags);
    tcase_add_test(cases, a_push_into_a_repository_that_is_not_there_is_looked_at_twice);
    tcase_add_test(cases, many_events_of_a_repository_that_is_not_there_cost_a_few_requests);
    tcase_add_test(cases, what_is_refused_is_tried_one_by_one_and_becomes_a_dead_letter);
    tcase_add_test(cases, an_image_that_is_refused_is_unreadable_and_its_event_is_done);
    tcase_add_test(cases, as_many_as_can_be_loaded_may_be_followed_by_more);
    tcase_add_test(cases, a_pass_that_failed_has_its_events_wait);
    suite_add_tcase(suite, cases);
    return suite;
}
