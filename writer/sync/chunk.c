/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sync/chunk.h. In order:
 *
 *   known     what does the database know of these tags?
 *   ask       where do they point? (tags.c)
 *   list      only if one of them answers 404: does it dangle, or was it deleted meanwhile?
 *   fetch     what is below them and not stored yet (content.c)
 *   ready     waits for its turn: chunks are written in order
 *   write     apply (write.c); then stage, when the repository has more chunks
 *
 * The first failure ends it.
 */
#include "writer/sync/chunk.h"

#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "writer/env.h"
#include "writer/sync/content.h"
#include "writer/sync/tags.h"
#include "writer/sync/write.h"

#include <assert.h>
#include <stdlib.h>

/* Tags asked without If-None-Match, and with all below them, others each scan. */
enum { CHUNK_THOROUGH_ONE_IN = 16 };
enum { CHUNK_ARENA_MAX = 128 * 1024 * 1024 };

struct chunk {
    const struct env *env;
    struct chunk_options options;
    struct ms_arena *arena; /* of all that follows */
    enum registry_priority priority;
    struct ms_known_tag *known; /* by name */
    size_t n_known;
    struct ms_tag_record *records; /* what changed; by name */
    size_t n_records;
    struct content_root *roots; /* what the records point to; unchanged indexes to look below */
    size_t n_roots;
    bool has_dangling; /* a record's tag answered 404 and was not known to dangle */
    struct ms_held_record *held;
    size_t n_held;
    struct ms_str *gone;
    struct chunk_result result;
    struct tags *asking;
    struct content *content;
    struct registry_call *call;
    struct write *write;
    struct ms_store_call *store_call;
    struct ms_timer *turn; /* when there is nothing to write */
};

/* --- the end --- */

void chunk_cancel(struct chunk *chunk)
{
    tags_cancel(chunk->asking);
    content_cancel(chunk->content);
    registry_call_cancel(chunk->call);
    write_cancel(chunk->write);
    ms_store_call_cancel(chunk->store_call);
    ms_timer_free(chunk->turn);
    ms_arena_free(chunk->arena);
    ms_loop_defer_free(chunk->env->loop, chunk);
}

static void finish(struct chunk *chunk, const struct ms_error *err)
{
    chunk->result.err = err;
    chunk->options.callbacks.on_done(chunk, &chunk->result, chunk->options.callbacks.arg);
    chunk_cancel(chunk);
}

void chunk_hurry(struct chunk *chunk)
{
    chunk->priority = REGISTRY_EVENT;
    tags_hurry(chunk->asking);
    content_hurry(chunk->content);
    registry_call_hurry(chunk->call);
}

bool chunk_waits_for_list(const struct chunk *chunk)
{
    return chunk->call != NULL;
}

/* --- write --- */

static void on_staged(const struct ms_error *err, void *arg)
{
    struct chunk *chunk = arg;
    chunk->store_call = NULL;
    finish(chunk, err);
}

static void on_written(const struct ms_error *err, const struct ms_apply_result *result,
                       size_t n_unreadable, void *arg)
{
    struct chunk *chunk = arg;
    chunk->write = NULL;
    if (err != NULL) {
        finish(chunk, err);
        return;
    }
    chunk->result.added += result->tags_changed;
    chunk->result.unreadable += n_unreadable;
    if (chunk->options.is_whole || chunk->n_records == 0) {
        finish(chunk, NULL);
        return;
    }
    chunk->result.is_staged = true;
    chunk->store_call =
        ms_store_stage(chunk->env->store, chunk->env->term, chunk->options.repository,
                       chunk->records, chunk->n_records, on_staged, chunk);
}

static void on_nothing_to_write(void *arg)
{
    finish(arg, NULL);
}

void chunk_write(struct chunk *chunk)
{
    struct ms_apply change = {.term = chunk->env->term,
                              .repository = chunk->options.repository,
                              .from_scan = true,
                              .held = chunk->held,
                              .n_held = chunk->n_held};
    if (chunk->n_records == 0 && chunk->result.unreadable == 0) {
        chunk->turn = ms_timer_new(chunk->env->loop, on_nothing_to_write, chunk);
        ms_timer_start(chunk->turn, 0);
        return;
    }
    if (chunk->options.is_whole) {
        change.tags = chunk->records;
        change.n_tags = chunk->n_records;
    }
    chunk->write = write_start(chunk->env, &change, on_written, chunk);
}

static void become_ready(struct chunk *chunk)
{
    chunk->options.callbacks.on_ready(chunk, chunk->options.callbacks.arg);
}

/* --- fetch --- */

static void on_content(const struct content_result *result, void *arg)
{
    struct chunk *chunk = arg;
    chunk->content = NULL;
    if (result->err != NULL) {
        finish(chunk, result->err);
        return;
    }
    chunk->held = ms_arena_alloc(chunk->arena, (result->n_held + 1) * sizeof(*chunk->held));
    for (size_t i = 0; i < result->n_held; i++) {
        struct ms_str reason = result->held[i].unreadable;
        chunk->held[i].digest = result->held[i].digest;
        chunk->held[i].unreadable =
            ms_str_is_absent(reason) ? reason : ms_arena_dup(chunk->arena, reason);
        chunk->result.unreadable += !ms_str_is_absent(reason);
    }
    chunk->n_held = result->n_held;
    chunk->result.manifests += result->n_held;
    become_ready(chunk);
}

static void fetch(struct chunk *chunk)
{
    for (size_t i = 0; i < chunk->n_records; i++)
        chunk->result.unreadable += !ms_str_is_absent(chunk->records[i].unreadable);
    if (chunk->n_roots > 0)
        chunk->content = content_start(chunk->env, chunk->options.repository, chunk->priority,
                                       chunk->roots, chunk->n_roots, on_content, chunk);
    else
        become_ready(chunk);
}

/* --- list: a listed tag that answers 404 dangles, or was deleted since the list was read --- */

static int compare_records(const void *a, const void *b)
{
    return ms_str_compare(((const struct ms_tag_record *)a)->name,
                          ((const struct ms_tag_record *)b)->name);
}

static void on_list(const struct registry_reply *reply, void *arg)
{
    struct chunk *chunk = arg;
    size_t kept = 0;
    chunk->call = NULL;
    if (reply->outcome != REGISTRY_FOUND && reply->outcome != REGISTRY_ABSENT) {
        finish(chunk, reply->error);
        return;
    }
    bool *is_listed = ms_arena_alloc(chunk->arena, chunk->n_records * sizeof(*is_listed));
    for (size_t i = 0; i < reply->n_names; i++) {
        struct ms_tag_record key = {.name = reply->names[i]};
        const struct ms_tag_record *record = bsearch(&key, chunk->records, chunk->n_records,
                                                     sizeof(*chunk->records), compare_records);
        if (record != NULL)
            is_listed[record - chunk->records] = true;
    }
    chunk->gone = ms_arena_alloc(chunk->arena, chunk->n_records * sizeof(*chunk->gone));
    for (size_t i = 0; i < chunk->n_records; i++) {
        const struct ms_tag_record record = chunk->records[i];
        if (ms_str_equal(record.unreadable, TAGS_DANGLING) && !is_listed[i])
            chunk->gone[chunk->result.n_gone++] = record.name;
        else
            chunk->records[kept++] = record;
    }
    chunk->result.gone = chunk->gone;
    chunk->n_records = kept;
    fetch(chunk);
}

/* --- ask --- */

static int compare_known(const void *a, const void *b)
{
    return ms_str_compare(((const struct ms_known_tag *)a)->name,
                          ((const struct ms_known_tag *)b)->name);
}

static const struct ms_known_tag *find_known(const struct chunk *chunk, struct ms_str name)
{
    struct ms_known_tag key = {.name = name};
    return bsearch(&key, chunk->known, chunk->n_known, sizeof(*chunk->known), compare_known);
}

static bool is_of_thorough_share(const struct chunk *chunk, struct ms_str name)
{
    uint64_t share = ms_str_hash(name) + (uint64_t)chunk->options.scan_id;
    return share % CHUNK_THOROUGH_ONE_IN == 0;
}

static bool is_unchanged(const struct chunk *chunk, const struct tags_answer *answer)
{
    const struct ms_known_tag *known = find_known(chunk, answer->name);
    return answer->verdict == TAGS_SAME ||
           (answer->verdict == TAGS_POINTS && known != NULL && known->readable &&
            ms_digest_equal(&known->digest, &answer->digest));
}

/* A tag whose manifest is missing: the list still has it. */
static bool is_known_to_dangle(const struct chunk *chunk, struct ms_str name)
{
    const struct ms_known_tag *known = find_known(chunk, name);
    return known != NULL && ms_digest_is_none(&known->digest);
}

/* An index may stay while a manifest below it vanishes. */
static void note_unchanged(struct chunk *chunk, const struct tags_answer *answer)
{
    const struct ms_known_tag *known = find_known(chunk, answer->name);
    assert(known != NULL); /* only what is known can be unchanged */
    if (known->is_index && is_of_thorough_share(chunk, answer->name))
        chunk->roots[chunk->n_roots++] =
            (struct content_root){.digest = known->digest, .was_seen = true, .asks_below = true};
    else
        chunk->result.manifests++;
}

static void note_record(struct chunk *chunk, const struct tags_answer *answer)
{
    struct ms_tag_record *record = &chunk->records[chunk->n_records++];
    *record = (struct ms_tag_record){.name = ms_arena_dup(chunk->arena, answer->name)};
    if (answer->verdict == TAGS_POINTS) {
        record->digest = answer->digest;
        chunk->roots[chunk->n_roots++] =
            (struct content_root){.digest = answer->digest,
                                  .was_seen = true,
                                  .manifest = ms_arena_dup(chunk->arena, answer->manifest),
                                  .media_type = ms_arena_dup(chunk->arena, answer->media_type),
                                  .unreadable = ms_arena_dup(chunk->arena, answer->reason)};
    } else if (answer->verdict == TAGS_UNREADABLE) {
        record->unreadable = ms_arena_dup(chunk->arena, answer->reason);
    } else {
        record->unreadable = TAGS_DANGLING;
        chunk->has_dangling |= !is_known_to_dangle(chunk, answer->name);
    }
}

static void on_answers(const struct tags_result *result, void *arg)
{
    struct chunk *chunk = arg;
    chunk->asking = NULL;
    if (result->err != NULL) {
        finish(chunk, result->err);
        return;
    }
    chunk->records = ms_arena_alloc(chunk->arena, result->n_answers * sizeof(*chunk->records));
    chunk->roots = ms_arena_alloc(chunk->arena, result->n_answers * sizeof(*chunk->roots));
    for (size_t i = 0; i < result->n_answers; i++) {
        if (is_unchanged(chunk, &result->answers[i]))
            note_unchanged(chunk, &result->answers[i]);
        else
            note_record(chunk, &result->answers[i]);
    }
    if (chunk->has_dangling)
        chunk->call = registry_tags(chunk->env->registry, chunk->priority,
                                    chunk->options.repository, on_list, chunk);
    else
        fetch(chunk);
}

static void ask(struct chunk *chunk)
{
    struct tags_question *questions =
        ms_arena_alloc(chunk->arena, chunk->options.n_names * sizeof(*questions));
    for (size_t i = 0; i < chunk->options.n_names; i++) {
        const struct ms_known_tag *known = find_known(chunk, chunk->options.names[i]);
        questions[i] =
            (struct tags_question){.name = chunk->options.names[i], .wants_manifest = true};
        if (known == NULL)
            continue;
        questions[i].was_unreadable = known->is_unreadable;
        if (known->is_unreadable || (known->readable && !is_of_thorough_share(chunk, known->name)))
            questions[i].known = known->digest;
    }
    chunk->asking = tags_start(chunk->env, chunk->options.repository, chunk->priority, questions,
                               chunk->options.n_names, on_answers, chunk);
}

/* --- known --- */

static void on_known(const struct ms_known_tag *tag, void *arg)
{
    struct chunk *chunk = arg;
    struct ms_known_tag *copy = &chunk->known[chunk->n_known++];
    *copy = *tag;
    copy->name = ms_arena_dup(chunk->arena, tag->name);
}

static void on_all_known(const struct ms_error *err, void *arg)
{
    struct chunk *chunk = arg;
    chunk->store_call = NULL;
    if (err != NULL) {
        finish(chunk, err);
        return;
    }
    qsort(chunk->known, chunk->n_known, sizeof(*chunk->known), compare_known);
    ask(chunk);
}

struct chunk *chunk_start(const struct env *env, const struct chunk_options *options)
{
    struct chunk *chunk = ms_alloc(sizeof(*chunk));
    *chunk = (struct chunk){.env = env,
                            .options = *options,
                            .arena = ms_arena_new(CHUNK_ARENA_MAX),
                            .priority = REGISTRY_SCAN};
    chunk->known = ms_arena_alloc(chunk->arena, options->n_names * sizeof(*chunk->known));
    chunk->store_call = ms_store_tags_named(env->store, options->repository, options->names,
                                            options->n_names, on_known, on_all_known, chunk);
    return chunk;
}
