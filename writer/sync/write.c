/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See write.h. In order:
 *
 *   whole    all in one transaction: nearly always the end
 *   parts    (when it was refused) manifests, what is below others first, then tags: some at a
 *            time, half as many after a refusal, twice as many after a success
 *   single   one that is refused alone is marked as unreadable and applied again
 *   rest     removals and the events that are done
 *
 * What is refused although it is marked fails the write: then it is not the data of an image.
 */
#include "writer/sync/write.h"

#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "common/runtime/log.h"
#include "writer/env.h"

#include <stdio.h>

enum { WRITE_ARENA_MAX = 128 * 1024 * 1024 };

struct write {
    const struct env *env;
    struct ms_apply change; /* as asked for, with `held` */
    write_done *on_done;
    void *arg;
    struct ms_arena *arena;
    struct ms_held_record *held; /* with room for a record of each tag's manifest */
    size_t n_held;
    size_t n_parts;  /* of `change`: its manifests, the last one first, then its tags */
    size_t first, n; /* parts that are being applied; n 0: the whole, or the rest */
    bool is_in_parts;
    struct ms_held_record *marked; /* applied again since it was refused alone, or NULL */
    struct ms_apply_result result;
    size_t n_unreadable;
    struct ms_store_call *call;
};

static void on_applied(const struct ms_error *err, const struct ms_apply_result *result, void *arg);

struct ms_str write_reason(char out[WRITE_REASON_MAX], const struct ms_error *refusal)
{
    (void)snprintf(out, WRITE_REASON_MAX, "the database refuses its data: %.160s", refusal->text);
    return ms_str(out);
}

void write_cancel(struct write *write)
{
    if (write == NULL)
        return;
    ms_store_call_cancel(write->call);
    ms_arena_free(write->arena);
    ms_loop_defer_free(write->env->loop, write);
}

static void finish(struct write *write, const struct ms_error *err)
{
    write->on_done(err, &write->result, write->n_unreadable, write->arg);
    write_cancel(write);
}

/* --- parts --- */

static bool is_of_manifests(const struct write *write)
{
    return write->first < write->change.n_held;
}

static void apply_part(struct write *write)
{
    struct ms_apply part = {.term = write->change.term,
                            .repository = write->change.repository,
                            .from_scan = write->change.from_scan};
    struct ms_held_record *marks = NULL;
    if (is_of_manifests(write)) {
        part.n_held = write->n;
        part.held = write->held + (write->change.n_held - write->first - write->n);
    } else {
        /* Tags come with all marks: a manifest that a tag is on counts as readable unless it is
         * marked. */
        marks = ms_alloc((write->n_held + 1) * sizeof(*marks));
        for (size_t i = 0; i < write->n_held; i++) {
            if (!ms_str_is_absent(write->held[i].unreadable))
                marks[part.n_held++] = write->held[i];
        }
        part.held = marks;
        part.tags = write->change.tags + (write->first - write->change.n_held);
        part.n_tags = write->n;
    }
    write->call = ms_store_apply(write->env->store, &part, on_applied, write);
    free(marks);
}

/* At most `n` of the parts from `first` on, of one kind; when all are there, the rest. */
static void apply_next(struct write *write, size_t n)
{
    size_t end = is_of_manifests(write) ? write->change.n_held : write->n_parts;
    if (write->first < write->n_parts) {
        write->n = n < end - write->first ? n : end - write->first;
        apply_part(write);
        return;
    }
    struct ms_apply rest = write->change;
    rest.n_tags = rest.n_held = 0;
    write->n = 0;
    write->call = ms_store_apply(write->env->store, &rest, on_applied, write);
}

/* --- single --- */

/* The record of the manifest that the refused part brings or tags; NULL: its digest is unknown. */
static struct ms_held_record *record_of_part(struct write *write)
{
    if (is_of_manifests(write))
        return &write->held[write->change.n_held - write->first - 1];
    const struct ms_digest *digest =
        &write->change.tags[write->first - write->change.n_held].digest;
    for (size_t i = 0; i < write->n_held; i++) {
        if (ms_digest_equal(&write->held[i].digest, digest))
            return &write->held[i];
    }
    if (ms_digest_is_none(digest))
        return NULL;
    write->held[write->n_held] = (struct ms_held_record){.digest = *digest};
    return &write->held[write->n_held++];
}

static void mark_single(struct write *write, const struct ms_error *err)
{
    char reason[WRITE_REASON_MAX], digest[MS_DIGEST_TEXT_MAX];
    struct ms_held_record *record = record_of_part(write);
    if (record == NULL || !ms_str_is_absent(record->unreadable)) {
        finish(write, err);
        return;
    }
    record->unreadable = ms_arena_dup(write->arena, write_reason(reason, err));
    write->marked = record;
    ms_log(MS_LOG_WARN, "an image is unreadable: the database refuses its data",
           MS_FIELDS(ms_field_str("repository", write->change.repository),
                     ms_field_str("digest", ms_str(ms_digest_format(digest, &record->digest))),
                     ms_field_error(err)));
    apply_part(write);
}

/* --- the answers --- */

static void on_refused(struct write *write, const struct ms_error *err)
{
    if (!write->is_in_parts && write->n_parts > 0) {
        write->is_in_parts = true;
        apply_next(write, (write->n_parts + 1) / 2);
    } else if (write->n > 1) {
        apply_next(write, write->n / 2);
    } else if (write->n == 1) {
        mark_single(write, err);
    } else {
        finish(write, err);
    }
}

static void on_applied(const struct ms_error *err, const struct ms_apply_result *result, void *arg)
{
    struct write *write = arg;
    write->call = NULL;
    if (err != NULL && ms_store_is_refusal(err)) {
        on_refused(write, err);
        return;
    }
    if (err != NULL) {
        finish(write, err);
        return;
    }
    if (result->generation > 0)
        write->result.generation = result->generation;
    write->result.tags_changed += result->tags_changed;
    write->result.tags_removed += result->tags_removed;
    write->n_unreadable += write->marked != NULL;
    write->marked = NULL;
    if (write->n == 0) {
        finish(write, NULL);
        return;
    }
    write->first += write->n;
    apply_next(write, write->n * 2);
}

/* --- start --- */

struct write *write_start(const struct env *env, const struct ms_apply *change, write_done *on_done,
                          void *arg)
{
    struct write *write = ms_alloc(sizeof(*write));
    *write = (struct write){.env = env,
                            .change = *change,
                            .on_done = on_done,
                            .arg = arg,
                            .arena = ms_arena_new(WRITE_ARENA_MAX),
                            .n_parts = change->n_held + change->n_tags};
    write->held = ms_arena_alloc(write->arena, (write->n_parts + 1) * sizeof(*write->held));
    for (size_t i = 0; i < change->n_held; i++) {
        write->held[i].digest = change->held[i].digest;
        write->held[i].unreadable = ms_arena_dup(write->arena, change->held[i].unreadable);
    }
    write->n_held = change->n_held;
    write->change.held = write->held;
    write->call = ms_store_apply(env->store, &write->change, on_applied, write);
    return write;
}
