/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is deleted from the registry and what is not. Store, registry and tags.c are played: a world
 * of one repository, whose tags in the registry and in the database the tests set apart.
 */
#include "common/base/alloc.h"
#include "common/runtime/loop.h"
#include "tests/support/check_main.h"
#include "writer/env.h"
#include "writer/store/store.h"
#include "writer/sync/tags.h"
#include "writer/upkeep/gc_candidates.h"

#include <string.h>

enum { TAGS_MAX = 4, CANDIDATES = 3, ROUNDS_MAX = 1000 };

struct tag {
    const char *name;
    unsigned char digest; /* 0: unknown */
};

static struct {
    struct tag known[TAGS_MAX];   /* the database's, by name */
    struct tag listed[TAGS_MAX];  /* the registry's, in its order */
    bool is_served[CANDIDATES];   /* candidate i has the digest 'a' + i */
    bool is_retagged[CANDIDATES]; /* no candidate any more when asked again */
    enum registry_outcome deletion, listing;
    int fails_at; /* the store call, counted from 1, that fails */
    /* told */
    int store_calls, lists;
    char deleted[CANDIDATES + 1], gone[CANDIDATES + 1]; /* 'a' … */
} world;

static struct env env;
static struct ms_config config;
static struct gc_candidates_result result;
static enum ms_status result_status;
static bool is_done;

static struct ms_digest digest_of(unsigned char c)
{
    struct ms_digest digest = {.len = c == 0 ? 0 : 33};
    digest.bytes[0] = MS_SHA256;
    memset(digest.bytes + 1, c, 32);
    return digest;
}

static void note(char *list, unsigned char c)
{
    size_t length = strlen(list);
    ck_assert_uint_lt(length, CANDIDATES);
    list[length] = (char)c;
}

/* --- played calls: each ends in a later turn --- */

struct registry_call {
    registry_done *on_done;
    void *arg;
    bool is_listing, cancelled;
};
struct tags {
    struct tags_question questions[8];
    struct tags_answer answers[8];
    size_t n;
    tags_done *on_done;
    void *arg;
    bool cancelled;
};
struct ms_store_call {
    ms_store_candidate_row *on_candidate;
    ms_store_known_tag_row *on_tag;
    ms_store_done *on_done;
    ms_store_apply_done *on_applied;
    void *arg;
    bool from_start, cancelled;
};

static enum ms_status fail_store(struct ms_error *err)
{
    return ms_error_set(err, MS_UNAVAILABLE, "played");
}

static void tell_candidates(const struct ms_store_call *call)
{
    bool again = world.lists++ > 0;
    for (unsigned char i = 0; i < CANDIDATES && call->from_start; i++) {
        struct ms_digest digest = digest_of((unsigned char)('a' + i));
        if (!again || !world.is_retagged[i])
            call->on_candidate(MS_STR("team/app"), &digest, call->arg);
    }
}

static void tell_tags(const struct ms_store_call *call)
{
    for (size_t i = 0; i < TAGS_MAX && world.known[i].name != NULL; i++) {
        struct ms_known_tag tag = {.name = ms_str(world.known[i].name),
                                   .digest = digest_of(world.known[i].digest)};
        call->on_tag(&tag, call->arg);
    }
}

static void on_store(void *arg)
{
    struct ms_store_call *call = arg;
    struct ms_error err;
    if (call->cancelled) {
        free(call);
        return;
    }
    bool fails = ++world.store_calls == world.fails_at && fail_store(&err) != MS_OK;
    if (!fails && call->on_candidate != NULL)
        tell_candidates(call);
    if (!fails && call->on_tag != NULL)
        tell_tags(call);
    struct ms_apply_result applied = {.generation = 1};
    if (call->on_applied != NULL)
        call->on_applied(fails ? &err : NULL, fails ? NULL : &applied, call->arg);
    else
        call->on_done(fails ? &err : NULL, call->arg);
    free(call);
}

static struct ms_store_call *start_store(const struct ms_store_call *call)
{
    struct ms_store_call *copy = ms_alloc(sizeof(*copy));
    *copy = *call;
    ms_loop_defer(env.loop, on_store, copy);
    return copy;
}

struct ms_store_call *ms_store_collect_candidates(struct ms_store_writer *store, uint64_t grace_ms,
                                                  struct ms_str after_repository,
                                                  const struct ms_digest *after_digest,
                                                  size_t limit, ms_store_candidate_row *on_row,
                                                  ms_store_done *on_done, void *arg)
{
    (void)store;
    ck_assert_uint_ge(limit, CANDIDATES);
    ck_assert_uint_eq(grace_ms, config.garbage_collect.grace_ms);
    bool from_start = ms_str_is_absent(after_repository);
    ck_assert(from_start == ms_digest_is_none(after_digest));
    return start_store(&(struct ms_store_call){
        .on_candidate = on_row, .on_done = on_done, .arg = arg, .from_start = from_start});
}

struct ms_store_call *ms_store_tags_after(struct ms_store_writer *store, struct ms_str repository,
                                          struct ms_str after, size_t limit,
                                          ms_store_known_tag_row *on_row, ms_store_done *on_done,
                                          void *arg)
{
    (void)store;
    ck_assert_uint_gt(limit, TAGS_MAX);
    ck_assert_uint_eq(after.len, 0);
    ck_assert(ms_str_equal(repository, MS_STR("team/app")));
    return start_store(&(struct ms_store_call){.on_tag = on_row, .on_done = on_done, .arg = arg});
}

struct ms_store_call *ms_store_apply(struct ms_store_writer *store, const struct ms_apply *apply,
                                     ms_store_apply_done *on_done, void *arg)
{
    (void)store;
    ck_assert_uint_eq(apply->term, env.term);
    ck_assert(apply->n_removed_tags == 0 && apply->n_tags == 0);
    for (size_t i = 0; i < apply->n_gone; i++)
        note(world.gone, apply->gone[i].bytes[1]);
    return start_store(&(struct ms_store_call){.on_applied = on_done, .arg = arg});
}

void ms_store_call_cancel(struct ms_store_call *call)
{
    if (call != NULL)
        call->cancelled = true;
}

static void on_registry(void *arg)
{
    struct registry_call *call = arg;
    struct ms_error err = {.status = MS_UNAVAILABLE, .text = "played"};
    struct ms_str names[TAGS_MAX];
    struct registry_reply reply = {.outcome = call->is_listing ? world.listing : world.deletion,
                                   .names = names};
    for (; call->is_listing && world.listed[reply.n_names].name != NULL; reply.n_names++)
        names[reply.n_names] = ms_str(world.listed[reply.n_names].name);
    reply.error = reply.outcome == REGISTRY_FOUND ? NULL : &err;
    if (!call->cancelled)
        call->on_done(&reply, call->arg);
    free(call);
}

static struct registry_call *start_registry(registry_done *on_done, void *arg, bool is_listing)
{
    struct registry_call *call = ms_alloc(sizeof(*call));
    *call = (struct registry_call){.on_done = on_done, .arg = arg, .is_listing = is_listing};
    ms_loop_defer(env.loop, on_registry, call);
    return call;
}

struct registry_call *registry_tags(struct registry_client *client, enum registry_priority priority,
                                    struct ms_str repository, registry_done *on_done, void *arg)
{
    (void)client;
    (void)priority;
    (void)repository;
    return start_registry(on_done, arg, true);
}

struct registry_call *registry_delete_manifest(struct registry_client *client,
                                               struct ms_str repository,
                                               const struct ms_digest *digest,
                                               registry_done *on_done, void *arg)
{
    (void)client;
    ck_assert(ms_str_equal(repository, MS_STR("team/app")));
    note(world.deleted, digest->bytes[1]);
    return start_registry(on_done, arg, false);
}

void registry_call_cancel(struct registry_call *call)
{
    if (call != NULL)
        call->cancelled = true;
}

/* A tag by its name; a candidate by its digest. */
static void answer(struct tags_answer *out, const struct tags_question *question)
{
    out->name = question->name;
    out->verdict = TAGS_ABSENT;
    for (size_t i = 0; i < TAGS_MAX && world.listed[i].name != NULL; i++) {
        if (!ms_str_equal(question->name, ms_str(world.listed[i].name)))
            continue;
        out->digest = digest_of(world.listed[i].digest);
        out->verdict = ms_digest_equal(&out->digest, &question->known) ? TAGS_SAME : TAGS_POINTS;
    }
    for (unsigned char i = 0; i < CANDIDATES; i++) {
        char text[MS_DIGEST_TEXT_MAX];
        struct ms_digest digest = digest_of((unsigned char)('a' + i));
        if (!ms_str_equal(question->name, ms_str(ms_digest_format(text, &digest))))
            continue;
        ck_assert(ms_digest_is_none(&question->known)); /* a digest that is gone answers 304, too */
        out->verdict = world.is_served[i] ? TAGS_POINTS : TAGS_ABSENT;
        out->digest = digest;
    }
}

static void on_tags(void *arg)
{
    struct tags *tags = arg;
    struct tags_result told = {.answers = tags->answers, .n_answers = tags->n};
    for (size_t i = 0; i < tags->n && !tags->cancelled; i++)
        answer(&tags->answers[i], &tags->questions[i]);
    if (!tags->cancelled)
        tags->on_done(&told, tags->arg);
    free(tags);
}

struct tags *tags_start(const struct env *for_writer, struct ms_str repository,
                        enum registry_priority priority, const struct tags_question *questions,
                        size_t n_questions, tags_done *on_done, void *arg)
{
    struct tags *tags = ms_alloc(sizeof(*tags));
    (void)for_writer;
    (void)repository;
    (void)priority;
    ck_assert_uint_gt(n_questions, 0);
    ck_assert_uint_le(n_questions, 8);
    memcpy(tags->questions, questions, n_questions * sizeof(*questions));
    tags->n = n_questions;
    tags->on_done = on_done;
    tags->arg = arg;
    ms_loop_defer(env.loop, on_tags, tags);
    return tags;
}

void tags_cancel(struct tags *tags)
{
    if (tags != NULL)
        tags->cancelled = true;
}

/* --- running --- */

static void on_done(const struct gc_candidates_result *told, void *arg)
{
    (void)arg;
    ck_assert(!is_done);
    result = *told;
    result_status = told->err != NULL ? told->err->status : MS_OK;
    is_done = true;
    ms_loop_stop(env.loop);
}

/* Candidates a and b are served, c is not; latest and v1 are where the database thinks. */
static void start(void)
{
    memset(&world, 0, sizeof(world));
    world.known[0] = world.listed[1] = (struct tag){"latest", 'x'};
    world.known[1] = world.listed[0] = (struct tag){"v1", 'y'};
    world.is_served[0] = world.is_served[1] = true;
    world.deletion = world.listing = REGISTRY_FOUND;
    config.garbage_collect.registry = MS_COLLECT_ON;
    config.garbage_collect.grace_ms = 5;
    is_done = false;
    env = (struct env){.config = &config, .term = 3, .loop = ms_loop_new()};
}

static void end(void)
{
    ms_loop_free(env.loop);
}

static void run(void)
{
    ck_assert_ptr_nonnull(gc_candidates_start(&env, on_done, NULL));
    ms_loop_run(env.loop);
    ck_assert(is_done);
}

static void expect(const char *deleted, const char *gone, enum ms_status status)
{
    ck_assert_str_eq(world.deleted, deleted);
    ck_assert_str_eq(world.gone, gone);
    ck_assert_int_eq(result_status, status);
}

/* --- tests --- */

START_TEST(untagged_manifests_are_deleted)
{
    run();
    expect("ab", "abc", MS_OK);
    ck_assert_uint_eq(result.deleted, 2);
    ck_assert_uint_eq(result.dry_run, 0);
}
END_TEST

START_TEST(off_only_forgets_what_is_gone)
{
    config.garbage_collect.registry = MS_COLLECT_OFF;
    run();
    expect("", "c", MS_OK);
    ck_assert_uint_eq(result.deleted, 0);
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

START_TEST(a_repository_without_tags)
{
    memset(world.known, 0, sizeof(world.known));
    memset(world.listed, 0, sizeof(world.listed));
    world.listing = REGISTRY_ABSENT;
    run();
    expect("ab", "abc", MS_OK);
}
END_TEST

/* Each way in which the registry's tags can differ from the known ones: nothing is deleted. */
static const struct {
    const char *what;
    struct tag known[TAGS_MAX], listed[TAGS_MAX];
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
    memcpy(world.known, DIFFERENCES[_i].known, sizeof(world.known));
    memcpy(world.listed, DIFFERENCES[_i].listed, sizeof(world.listed));
    run();
    expect("", "c", MS_OK);
    ck_assert_uint_eq(result.deleted, 0);
}
END_TEST

START_TEST(an_unknown_repository_with_known_tags_forbids_deleting)
{
    memset(world.listed, 0, sizeof(world.listed));
    world.listing = REGISTRY_ABSENT;
    run();
    expect("", "c", MS_OK);
}
END_TEST

START_TEST(a_tag_list_that_cannot_be_had_forbids_deleting)
{
    world.listing = REGISTRY_UNREADABLE;
    run();
    expect("", "c", MS_OK);
}
END_TEST

START_TEST(what_was_tagged_meanwhile_stays)
{
    world.is_retagged[0] = true;
    run();
    expect("b", "bc", MS_OK);
}
END_TEST

START_TEST(a_registry_that_refuses_is_asked_once)
{
    world.deletion = REGISTRY_UNREADABLE;
    run();
    expect("a", "c", MS_OK);
    ck_assert_uint_eq(result.deleted, 0);
}
END_TEST

START_TEST(already_deleted_is_gone_but_not_counted)
{
    world.deletion = REGISTRY_ABSENT;
    run();
    expect("ab", "abc", MS_OK);
    ck_assert_uint_eq(result.deleted, 0);
}
END_TEST

START_TEST(a_failing_registry_ends_the_run)
{
    world.deletion = REGISTRY_FAILED;
    run();
    expect("a", "", MS_UNAVAILABLE);
}
END_TEST

START_TEST(a_failing_database_ends_the_run)
{
    run();
    int calls = world.store_calls;
    ck_assert_int_ge(calls, 5); /* list, tags, confirm, apply, list */
    end();
    start();
    world.fails_at = _i;
    run();
    bool only_verifying = _i == 2;
    ck_assert_int_eq(result_status, only_verifying ? MS_OK : MS_UNAVAILABLE);
    ck_assert_str_eq(world.deleted, _i <= 3 ? "" : "ab");
}
END_TEST

static void on_stop(void *arg)
{
    (void)arg;
    ms_loop_stop(env.loop);
}

/* Cancelled after so many turns of the loop, wherever that is: no callback, nothing leaks. */
START_TEST(cancelled_anywhere)
{
    for (int turns = 0;; turns++) {
        struct gc_candidates *run_now = gc_candidates_start(&env, on_done, NULL);
        for (int i = 0; i < turns && !is_done; i++) {
            ms_loop_defer(env.loop, on_stop, NULL);
            ms_loop_run(env.loop);
        }
        if (is_done)
            break;
        ck_assert_int_lt(turns, ROUNDS_MAX);
        gc_candidates_cancel(run_now);
        end();
        ck_assert(!is_done);
        start();
    }
    expect("ab", "abc", MS_OK);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("gc_candidates");
    TCase *cases = tcase_create("gc_candidates");
    tcase_add_checked_fixture(cases, start, end);
    tcase_add_test(cases, untagged_manifests_are_deleted);
    tcase_add_test(cases, off_only_forgets_what_is_gone);
    tcase_add_test(cases, a_dry_run_counts);
    tcase_add_test(cases, a_repository_without_tags);
    tcase_add_loop_test(cases, differing_tags_forbid_deleting, 0,
                        sizeof(DIFFERENCES) / sizeof(DIFFERENCES[0]));
    tcase_add_test(cases, an_unknown_repository_with_known_tags_forbids_deleting);
    tcase_add_test(cases, a_tag_list_that_cannot_be_had_forbids_deleting);
    tcase_add_test(cases, what_was_tagged_meanwhile_stays);
    tcase_add_test(cases, a_registry_that_refuses_is_asked_once);
    tcase_add_test(cases, already_deleted_is_gone_but_not_counted);
    tcase_add_test(cases, a_failing_registry_ends_the_run);
    tcase_add_loop_test(cases, a_failing_database_ends_the_run, 1, 6);
    tcase_add_test(cases, cancelled_anywhere);
    suite_add_tcase(suite, cases);
    return suite;
}
