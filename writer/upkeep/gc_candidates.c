/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See gc_candidates.h. The next candidates of one repository at a time (a group):
 *
 *   list      the next candidates behind the cursor are the group
 *   verify    only to delete: the repository's tags are what the database thinks (gc_verify.c);
 *             a dry run, which harms nothing, verifies a repository once
 *   ask       does the registry still serve them? (tags.c: a digest is asked for as a tag is)
 *   remove    delete from the registry, one after the other
 *   apply     what is gone goes from the repository in the database
 *
 * then the cursor moves behind the group. Each deletion and the apply is preceded by a question
 * whether the database still says of these that they are candidates: while the registry was asked
 * something may have been pushed. One thing is under way at a time. Where the registry fails for
 * one repository the cursor moves behind it. A registry that is not reachable and a failure of the
 * database end the run; the next one begins from the start.
 */
#include "writer/upkeep/gc_candidates.h"

#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "common/runtime/log.h"
#include "writer/env.h"
#include "writer/parse/selection.h"
#include "writer/store/store.h"
#include "writer/sync/tags.h"
#include "writer/upkeep/gc_verify.h"

#include <stdlib.h>
#include <string.h>

enum { GROUP_MAX = 200, ARENA_MAX_BYTES = 1024 * 1024 };

struct candidate {
    uint64_t manifest_id;
    struct ms_digest digest;
    bool is_served;
    bool is_gone;
    bool is_confirmed; /* when the database was asked about it last it was a candidate */
};

struct gc_candidates {
    const struct env *env;
    enum ms_collect_mode mode;
    struct ms_arena *arena; /* of the group */

    char *after_repository; /* the cursor; NULL: at the start */
    uint64_t after_id;
    bool was_verified, was_same; /* the repository of the cursor, and what came of it */

    struct ms_str repository;
    struct candidate group[GROUP_MAX];
    size_t n_group;
    bool was_read; /* all of the repository; else something may need what looks untagged */
    bool may_delete;
    bool is_given_up; /* the rest of the repository */
    size_t removed;   /* the first of the group that was not looked at for deletion */

    struct gc_verify *verify; /* what is under way, one of these four; or NULL */
    struct tags *asking;
    struct registry_call *call;
    struct ms_store_call *store_call;

    uint64_t deleted, dry_run;
    gc_candidates_done *on_done;
    void *arg;
};

static void list(struct gc_candidates *run);
static void ask(struct gc_candidates *run);
static void remove_next(struct gc_candidates *run);

void gc_candidates_cancel(struct gc_candidates *run)
{
    if (run == NULL)
        return;
    gc_verify_cancel(run->verify);
    tags_cancel(run->asking);
    registry_call_cancel(run->call);
    ms_store_call_cancel(run->store_call);
    ms_arena_free(run->arena);
    free(run->after_repository);
    ms_loop_defer_free(run->env->loop, run);
}

static void end(struct gc_candidates *run, const struct ms_error *err)
{
    struct gc_candidates_result result = {
        .err = err, .deleted = run->deleted, .dry_run = run->dry_run};
    run->on_done(&result, run->arg);
    gc_candidates_cancel(run);
}

/* --- confirm --- */

/* Of a repository that the configuration leaves out nobody knows any more what is needed there. */
static bool is_selected(const struct gc_candidates *run)
{
    return selection_has(run->env->config, run->repository);
}

static void on_confirmed_row(const struct ms_candidate *row, void *arg)
{
    struct gc_candidates *run = arg;
    run->may_delete &= row->may_delete && is_selected(run);
    for (size_t i = 0; i < run->n_group; i++)
        run->group[i].is_confirmed |= ms_digest_equal(&run->group[i].digest, &row->digest);
}

static void confirm(struct gc_candidates *run, const struct ms_digest *digests, size_t n_digests,
                    ms_store_done *on_done)
{
    const struct env *env = run->env;
    for (size_t i = 0; i < run->n_group; i++)
        run->group[i].is_confirmed = false;
    run->store_call =
        ms_store_collect_confirm(env->store, env->config->garbage_collect.grace_ms, run->repository,
                                 digests, n_digests, on_confirmed_row, on_done, run);
}

/* --- apply --- */

/* The last of the group becomes the cursor, or of the repository. */
static void go_on(struct gc_candidates *run)
{
    free(run->after_repository);
    run->after_repository = ms_alloc_str(run->repository);
    run->after_id = run->is_given_up ? INT64_MAX : run->group[run->n_group - 1].manifest_id;
    list(run);
}

static void on_applied(const struct ms_error *err, const struct ms_apply_result *result, void *arg)
{
    struct gc_candidates *run = arg;
    (void)result;
    run->store_call = NULL;
    if (err != NULL)
        end(run, err);
    else
        go_on(run);
}

static void on_confirmed_to_apply(const struct ms_error *err, void *arg)
{
    struct gc_candidates *run = arg;
    struct ms_digest gone[GROUP_MAX];
    struct ms_apply changes = {.term = run->env->term, .repository = run->repository, .gone = gone};
    run->store_call = NULL;
    if (err != NULL) {
        end(run, err);
        return;
    }
    for (size_t i = 0; i < run->n_group; i++) {
        if (run->group[i].is_gone && run->group[i].is_confirmed)
            gone[changes.n_gone++] = run->group[i].digest;
    }
    if (changes.n_gone == 0)
        go_on(run);
    else
        run->store_call = ms_store_apply(run->env->store, &changes, on_applied, run);
}

static void apply(struct gc_candidates *run)
{
    struct ms_digest gone[GROUP_MAX];
    size_t n_gone = 0;
    for (size_t i = 0; i < run->n_group; i++) {
        if (run->group[i].is_gone)
            gone[n_gone++] = run->group[i].digest;
    }
    if (n_gone == 0)
        go_on(run);
    else
        confirm(run, gone, n_gone, on_confirmed_to_apply);
}

/* What is gone already is applied. Those behind it may well be looked at: a registry can refuse one
 * repository for ever. */
static void give_up(struct gc_candidates *run, const struct ms_error *err)
{
    struct registry_health health;
    registry_client_health(&health, run->env->registry);
    if (!health.reachable) {
        end(run, err);
        return;
    }
    ms_log(MS_LOG_WARN, "the collection of a repository was given up",
           MS_FIELDS(ms_field_str("repository", run->repository), ms_field_error(err)));
    run->is_given_up = true;
    apply(run);
}

/* --- remove --- */

static void log_candidate(const struct gc_candidates *run, const struct candidate *candidate,
                          const char *what)
{
    char digest[MS_DIGEST_TEXT_MAX];
    ms_log(MS_LOG_INFO, what,
           MS_FIELDS(ms_field_str("repository", run->repository),
                     ms_field_c("digest", ms_digest_format(digest, &candidate->digest))));
}

static void on_deleted(const struct registry_reply *reply, void *arg)
{
    struct gc_candidates *run = arg;
    struct candidate *candidate = &run->group[run->removed++];
    run->call = NULL;
    if (reply->outcome == REGISTRY_FOUND) {
        candidate->is_gone = true;
        run->deleted++;
        log_candidate(run, candidate, "untagged manifest deleted from the registry");
    } else if (reply->outcome == REGISTRY_ABSENT) {
        candidate->is_gone = true;
    } else if (reply->outcome == REGISTRY_UNREADABLE) {
        ms_log(
            MS_LOG_WARN, "the registry refuses to delete; no more is tried in this run",
            MS_FIELDS(ms_field_str("repository", run->repository), ms_field_error(reply->error)));
        run->mode = MS_COLLECT_OFF;
        run->may_delete = false;
    } else {
        give_up(run, reply->error);
        return;
    }
    remove_next(run);
}

static void on_confirmed_to_delete(const struct ms_error *err, void *arg)
{
    struct gc_candidates *run = arg;
    struct candidate *candidate = &run->group[run->removed];
    run->store_call = NULL;
    if (err != NULL) {
        end(run, err);
    } else if (candidate->is_confirmed && run->may_delete) {
        run->call = registry_delete_manifest(run->env->registry, run->repository,
                                             &candidate->digest, on_deleted, run);
    } else {
        run->removed++;
        remove_next(run);
    }
}

static void remove_next(struct gc_candidates *run)
{
    for (; run->removed < run->n_group && run->may_delete; run->removed++) {
        struct candidate *candidate = &run->group[run->removed];
        if (!candidate->is_served)
            continue;
        if (run->mode == MS_COLLECT_ON) {
            confirm(run, &candidate->digest, 1, on_confirmed_to_delete);
            return;
        }
        run->dry_run++;
        log_candidate(run, candidate, "untagged manifest would be deleted from the registry");
    }
    apply(run);
}

/* --- ask --- */

static void on_answers(const struct tags_result *result, void *arg)
{
    struct gc_candidates *run = arg;
    run->asking = NULL;
    if (result->err != NULL) {
        give_up(run, result->err);
        return;
    }
    for (size_t i = 0; i < result->n_answers; i++) {
        run->group[i].is_served = result->answers[i].verdict == TAGS_POINTS;
        run->group[i].is_gone = result->answers[i].verdict == TAGS_ABSENT;
    }
    remove_next(run);
}

static void ask(struct gc_candidates *run)
{
    struct tags_question questions[GROUP_MAX];
    for (size_t i = 0; i < run->n_group; i++) {
        char text[MS_DIGEST_TEXT_MAX];
        (void)ms_digest_format(text, &run->group[i].digest);
        questions[i] = (struct tags_question){.name = ms_arena_dup(run->arena, ms_str(text))};
    }
    run->asking = tags_start(run->env, run->repository, REGISTRY_SCAN, questions, run->n_group,
                             on_answers, run);
}

/* --- verify --- */

static void on_verified(bool same, void *arg)
{
    struct gc_candidates *run = arg;
    run->verify = NULL;
    run->was_verified = true;
    run->was_same = run->may_delete = same;
    if (!same)
        ms_log(MS_LOG_INFO, "nothing is deleted where the registry's tags are not those known",
               MS_FIELDS(ms_field_str("repository", run->repository)));
    ask(run);
}

/* --- list --- */

static void on_listed_row(const struct ms_candidate *row, void *arg)
{
    struct gc_candidates *run = arg;
    if (run->n_group == 0) {
        run->repository = ms_arena_dup(run->arena, row->repository);
        run->was_read = row->may_delete;
        run->may_delete = row->may_delete && run->mode != MS_COLLECT_OFF && is_selected(run);
    }
    run->group[run->n_group++] =
        (struct candidate){.manifest_id = row->manifest_id, .digest = row->digest};
}

static void on_listed(const struct ms_error *err, void *arg)
{
    struct gc_candidates *run = arg;
    run->store_call = NULL;
    if (err != NULL || run->n_group == 0) {
        end(run, err);
        return;
    }
    if (!run->was_read && run->mode != MS_COLLECT_OFF)
        ms_log(MS_LOG_INFO, "nothing is deleted where something could not be read",
               MS_FIELDS(ms_field_str("repository", run->repository)));
    run->was_verified &= run->mode == MS_COLLECT_DRY_RUN &&
                         ms_str_equal(run->repository, ms_str(run->after_repository));
    if (run->was_verified)
        run->may_delete &= run->was_same;
    if (run->may_delete && !run->was_verified)
        run->verify = gc_verify_start(run->env, run->repository, on_verified, run);
    else
        ask(run);
}

static void list(struct gc_candidates *run)
{
    ms_arena_free(run->arena);
    run->arena = ms_arena_new(ARENA_MAX_BYTES);
    run->n_group = 0;
    run->may_delete = false;
    run->is_given_up = false;
    run->removed = 0;
    const struct env *env = run->env;
    run->store_call = ms_store_collect_candidates(env->store, env->config->garbage_collect.grace_ms,
                                                  ms_str(run->after_repository), run->after_id,
                                                  GROUP_MAX, on_listed_row, on_listed, run);
}

/* --- life --- */

struct gc_candidates *gc_candidates_start(const struct env *env, gc_candidates_done *on_done,
                                          void *arg)
{
    struct gc_candidates *run = ms_alloc(sizeof(*run));
    run->env = env;
    run->mode = env->config->garbage_collect.registry;
    run->on_done = on_done;
    run->arg = arg;
    list(run);
    return run;
}
