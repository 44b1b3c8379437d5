/* SPDX-License-Identifier: Apache-2.0 */
/* Where tags point: what is asked of the registry, and what its answers mean. */
#include "common/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_registry_client.h"
#include "writer/env.h"
#include "writer/sync/tags.h"

#include <string.h>

static struct ms_config config = {.registry = {.concurrency = 2}};
static struct env env;
static struct tags *tags;
static unsigned n_ended;
static bool has_failed;
static struct tags_answer answers[8]; /* without their texts, */
static bool has_manifest[8], has_reason[8];

static void set_up(void)
{
    fake_calls_begin();
    fake_registry_reset();
    env = (struct env){.loop = fake_calls.loop, .config = &config, .term = 3};
}

static void tear_down(void)
{
    fake_calls_end();
}

static void on_done(const struct tags_result *result, void *arg)
{
    (void)arg;
    n_ended++;
    tags = NULL;
    has_failed = result->err != NULL;
    for (size_t i = 0; i < result->n_answers && !has_failed; i++) {
        answers[i] = result->answers[i];
        has_manifest[i] = !ms_str_is_absent(answers[i].manifest);
        has_reason[i] = !ms_str_is_absent(answers[i].reason);
    }
}

static void start(void)
{
    const struct tags_question questions[] = {
        {.name = MS_STR("same"), .known = fake_digest('a')},
        {.name = MS_STR("moved"), .known = fake_digest('a')},
        {.name = MS_STR("new"), .wants_manifest = true},
        {.name = MS_STR("odd")},
        {.name = MS_STR("missing")},
        {.name = MS_STR("again"), .wants_manifest = true},
        {.name = MS_STR("bad"), .known = fake_digest('f'), .was_unreadable = true},
        {.name = MS_STR("worse"), .was_unreadable = true},
    };
    n_ended = 0;
    tags = tags_start(&env, MS_STR("team/app"), REGISTRY_EVENT, questions, 8, on_done, NULL);
    ck_assert_uint_eq(n_ended, 0);
}

static void cancel(void)
{
    tags_cancel(tags);
    tags = NULL;
}

static void check(enum fake_how how, unsigned call)
{
    (void)call;
    ck_assert_uint_eq(n_ended, how != FAKE_CANCELLED);
    ck_assert_ptr_null(tags);
    if (how == FAKE_FAILED)
        ck_assert(has_failed);
}

static void play_registry(void)
{
    static const struct fake_tag TAGS[] = {{"same", 'a'}, {"moved", 'b'}, {"new", 'c'},
                                           {"odd", 'd'},  {"again", 'c'}, {"bad", 'f'},
                                           {"worse", 'd'}};
    memcpy(fake_registry.tags, TAGS, sizeof(TAGS));
    fake_registry.unreadable = "df";
}

START_TEST(what_the_answers_mean)
{
    play_registry();
    start();
    fake_calls_run();
    check(FAKE_WELL, 0);
    ck_assert_int_eq(answers[0].verdict, TAGS_SAME);
    ck_assert_int_eq(answers[1].verdict, TAGS_POINTS);
    ck_assert_int_eq(fake_letter(&answers[1].digest), 'b');
    ck_assert_int_eq(answers[2].verdict, TAGS_POINTS);
    ck_assert_int_eq(answers[3].verdict, TAGS_UNREADABLE);
    ck_assert_int_eq(answers[4].verdict, TAGS_ABSENT);
    ck_assert_int_eq(answers[5].verdict, TAGS_POINTS);
    ck_assert_int_eq(answers[6].verdict, TAGS_UNREADABLE);
    ck_assert_int_eq(answers[7].verdict, TAGS_UNREADABLE);
    ck_assert(has_reason[3] && has_reason[6] && has_reason[7] && !has_reason[2]);
    ck_assert(has_manifest[2] && !has_manifest[1] && !has_manifest[5]); /* once */
}
END_TEST

START_TEST(each_tag_costs_one_request)
{
    play_registry();
    start();
    fake_calls_run();
    ck_assert(fake_calls_has("get_unless team/app same"));
    ck_assert(fake_calls_has("get_unless team/app moved"));
    ck_assert(fake_calls_has("get team/app missing"));
    ck_assert(fake_calls_has("get team/app bad") && fake_calls_has("expect_unreadable bad"));
    ck_assert_uint_eq(fake_calls_count("get_unless") + fake_calls_count("get "), 8);
    /* Only where the registry does not give a manifest is it asked whether it names it at least. */
    ck_assert(fake_calls_has("head team/app odd") && fake_calls_has("head team/app bad"));
    ck_assert_uint_eq(fake_calls.n_started, 10);
}
END_TEST

START_TEST(a_head_may_name_what_a_get_does_not_give)
{
    play_registry();
    fake_registry.names_unreadable = true;
    start();
    fake_calls_run();
    ck_assert_int_eq(answers[3].verdict, TAGS_POINTS);
    ck_assert_int_eq(fake_letter(&answers[3].digest), 'd');
    ck_assert(has_reason[3] && !has_manifest[3]);
    ck_assert_int_eq(answers[7].verdict, TAGS_UNREADABLE); /* it was not named before either */
}
END_TEST

START_TEST(any_call_may_fail_or_be_cancelled)
{
    play_registry();
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

START_TEST(a_window_is_under_way_at_a_time)
{
    fake_calls.hold = true;
    start();
    ck_assert_uint_eq(fake_calls.n_started, 2);
    tags_hurry(tags);
    tags_hurry(NULL);
    cancel();
    fake_calls_release();
    fake_calls_run();
    ck_assert_uint_eq(n_ended, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("tags");
    TCase *cases = tcase_create("tags");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, what_the_answers_mean);
    tcase_add_test(cases, each_tag_costs_one_request);
    tcase_add_test(cases, a_head_may_name_what_a_get_does_not_give);
    tcase_add_test(cases, any_call_may_fail_or_be_cancelled);
    tcase_add_test(cases, a_window_is_under_way_at_a_time);
    suite_add_tcase(suite, cases);
    return suite;
}
