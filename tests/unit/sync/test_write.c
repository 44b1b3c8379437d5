/* SPDX-License-Identifier: Apache-2.0 */
/* Data that the database refuses harms only the image that brings it, wherever it stands. */
#include "tests/support/check_main.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/sync/write.h"

#include <stdio.h>
#include <string.h>

enum { IMAGES = 6 };

static struct env env;
static struct write *under_way;
static unsigned n_ended;
static bool has_failed;
static size_t n_unreadable;

/* What the played database refuses, and what it has taken. */
static unsigned refused;       /* a bit for each image */
static bool refuses_manifests; /* also without a tag on them */
static unsigned tagged, held, unreadable;
static unsigned n_done;

static void set_up(void)
{
    fake_calls_begin();
    env = (struct env){.loop = fake_calls.loop, .term = 3};
    refuses_manifests = false;
    refused = 0;
}

static void tear_down(void)
{
    fake_calls_end();
}

struct parsed {
    unsigned tags, readable, unreadable;
};

static struct parsed parse(const char *line)
{
    struct parsed out = {0};
    const char *manifests = strstr(line, " held:");
    for (const char *at = strchr(line, '='); at != NULL; at = strchr(at + 1, '='))
        out.tags |= 1U << (at[1] - 'a');
    for (const char *at = manifests == NULL ? "" : manifests + 6; *at >= 'a'; at++) {
        unsigned bit = 1U << (*at - 'a');
        bool is_marked = at[1] == '!';
        out.readable |= is_marked ? 0 : bit;
        out.unreadable |= is_marked ? bit : 0;
        at += is_marked;
    }
    return out;
}

static void answer(struct ms_store_call *call)
{
    struct parsed line = parse(call->line);
    unsigned looked_at = line.tags | (refuses_manifests ? line.readable : 0);
    if ((looked_at & refused & ~line.unreadable) != 0) {
        call->failure = MS_INVALID;
        return;
    }
    tagged |= line.tags;
    held |= line.readable | line.unreadable;
    unreadable = (unreadable & ~(line.readable | line.tags)) | line.unreadable;
    n_done += strstr(call->line, " done:7") != NULL;
    call->applied = (struct ms_apply_result){.generation = 1, .tags_changed = line.tags != 0};
}

static void on_done(const struct ms_error *err, const struct ms_apply_result *result, size_t n,
                    void *arg)
{
    (void)result;
    (void)arg;
    under_way = NULL;
    n_ended++;
    has_failed = err != NULL;
    n_unreadable = n;
}

static void start(void)
{
    static const int64_t DONE = 7;
    static char names[IMAGES][4];
    struct ms_tag_record tags[IMAGES];
    struct ms_held_record manifests[IMAGES];
    for (size_t i = 0; i < IMAGES; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "v%zu", i);
        manifests[i] = (struct ms_held_record){.digest = fake_digest((char)('a' + i))};
        tags[i] = (struct ms_tag_record){.name = ms_str(names[i]), .digest = manifests[i].digest};
    }
    static struct ms_tag_record kept[IMAGES]; /* `held` alone is copied */
    memcpy(kept, tags, sizeof(tags));
    fake_store_answer = answer;
    tagged = held = unreadable = n_done = n_ended = 0;
    under_way = write_start(&env,
                            &(struct ms_apply){.term = 3,
                                               .repository = MS_STR("team/app"),
                                               .tags = kept,
                                               .n_tags = IMAGES,
                                               .held = manifests,
                                               .n_held = IMAGES,
                                               .events_done = &DONE,
                                               .n_events_done = 1},
                            on_done, NULL);
}

static void cancel(void)
{
    write_cancel(under_way);
    under_way = NULL;
}

static void check(enum fake_how how, unsigned call)
{
    (void)call;
    ck_assert_uint_eq(n_ended, how != FAKE_CANCELLED);
    ck_assert_ptr_null(under_way);
    ck_assert(how != FAKE_FAILED || has_failed);
}

static void run(void)
{
    fake_calls_reset();
    start();
    fake_calls_run();
    check(FAKE_WELL, 0);
}

START_TEST(what_is_taken_is_one_transaction)
{
    run();
    ck_assert_str_eq(fake_calls.log,
                     "apply team/app v0=a v1=b v2=c v3=d v4=e v5=f held:abcdef done:7\n");
}
END_TEST

/* Every set of images, so one at every position, two, and all of them. */
START_TEST(only_the_images_that_are_refused_are_unreadable)
{
    refuses_manifests = _i == 1;
    for (refused = 1; refused < 1U << IMAGES; refused++) {
        run();
        ck_assert(!has_failed);
        ck_assert_uint_eq(unreadable, refused);
        ck_assert_uint_eq(n_unreadable, (unsigned)__builtin_popcount(refused));
        ck_assert_uint_eq(tagged, (1U << IMAGES) - 1);
        ck_assert_uint_eq(held, (1U << IMAGES) - 1);
        ck_assert_uint_eq(n_done, 1);
        ck_assert_uint_le(fake_calls.n_started, 3 + 4 * 2 * IMAGES);
    }
    refused = 1 << 2 | 1 << 4;
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

static void refuse_all(struct ms_store_call *call)
{
    call->failure = MS_INVALID;
}

START_TEST(what_is_refused_whatever_it_says_of_the_images_fails)
{
    start();
    fake_store_answer = refuse_all;
    fake_calls_run();
    ck_assert_uint_eq(n_ended, 1);
    ck_assert(has_failed);
}
END_TEST

static void fail_all(struct ms_store_call *call)
{
    call->failure = MS_PROTOCOL;
}

START_TEST(a_faulty_statement_is_no_refusal_of_data)
{
    start();
    fake_store_answer = fail_all;
    fake_calls_run();
    ck_assert_uint_eq(n_ended, 1);
    ck_assert(has_failed);
    ck_assert_uint_eq(fake_calls_count("apply"), 1);
    ck_assert_uint_eq(n_unreadable, 0);
}
END_TEST

START_TEST(a_reason_is_for_people)
{
    char reason[WRITE_REASON_MAX];
    struct ms_error err = {.status = MS_INVALID, .text = "bigint out of range (22003)"};
    ck_assert(ms_str_equal(write_reason(reason, &err),
                           MS_STR("the database refuses its data: bigint out of range (22003)")));
    memset(err.text, 'x', sizeof(err.text) - 1);
    ck_assert_uint_lt(write_reason(reason, &err).len, WRITE_REASON_MAX);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("write");
    TCase *cases = tcase_create("write");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, what_is_taken_is_one_transaction);
    tcase_add_loop_test(cases, only_the_images_that_are_refused_are_unreadable, 0, 2);
    tcase_add_test(cases, what_is_refused_whatever_it_says_of_the_images_fails);
    tcase_add_test(cases, a_faulty_statement_is_no_refusal_of_data);
    tcase_add_test(cases, a_reason_is_for_people);
    suite_add_tcase(suite, cases);
    return suite;
}
