/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scan's visit to one repository.
 *
 *   list       the registry's whole tag list, sorted
 *   chunk      (repeated) where do these tags point? fetch what is new, then apply it, or stage it
 *              when the repository has more than one chunk
 *   publish    apply all that was staged, in one transaction; when the database refuses something
 *              of it, all chunks are asked for again and each is applied on its own, so that no
 *              more than one image stays out
 *   removed, gone   what is known and not listed: sync/visit_removals.c
 *
 * Events that come while chunks are being asked for do not wait for their end: the visit gives the
 * chunks up and begins them again after the events, with fewer tags each. It does the same with a
 * page of tags that the list lacks. A chunk or page that is too small to give up gets the priority
 * of events instead. Always holds: while a chunk is under way, nothing but the chunks before it
 * writes to its repository.
 */
#include "writer/sync/visit.h"

#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "common/runtime/limit.h"
#include "writer/sync/visit_internal.h"
#include "writer/sync/write.h"

#include <stdlib.h>
#include <string.h>

enum { VISIT_NAMES_ARENA_MAX = 128 * 1024 * 1024, VISIT_STEP_ARENA_MAX = 64 * 1024 * 1024 };

static void on_chunk_ready(struct chunk *chunk, void *arg);
static void on_chunk_done(struct chunk *chunk, const struct chunk_result *result, void *arg);

/* --- list --- */

static enum ms_status keep_names(struct visit *visit, const struct registry_reply *reply)
{
    visit->names =
        ms_arena_try_array(visit->names_arena, reply->n_names + 1, sizeof(*visit->names));
    if (visit->names == NULL)
        return MS_TOO_LARGE;
    for (size_t i = 0; i < reply->n_names; i++) {
        if (ms_arena_copy(&visit->names[i], visit->names_arena, reply->names[i]) != MS_OK)
            return MS_TOO_LARGE;
    }
    visit->n_names = reply->n_names;
    visit_sort_names(visit);
    return MS_OK;
}

static void on_list(const struct registry_reply *reply, void *arg)
{
    struct visit *visit = arg;
    struct ms_error err;
    visit->call = NULL;
    if (reply->outcome == REGISTRY_ABSENT) {
        visit_end_step(visit, VISIT_GONE);
    } else if (reply->outcome != REGISTRY_FOUND) {
        visit_fail(visit, reply->error);
    } else if (keep_names(visit, reply) != MS_OK) {
        ms_limit_reached(MS_LIMIT_VISIT_NAMES);
        (void)ms_error_set(&err, MS_TOO_LARGE, "tag list of %zu names is too large",
                           reply->n_names);
        visit_fail(visit, &err);
    } else {
        visit->report.tags = visit->n_names;
        visit_end_step(visit, visit->n_names > 0 ? VISIT_CHUNKS : VISIT_REMOVED);
    }
}

/* --- chunks: some are under way at once, written in their order --- */

static void start_chunk(struct visit *visit)
{
    struct visit_chunk *place = &visit->chunks[visit->n_chunks++];
    size_t left = visit->n_names - visit->next;
    size_t n = left < visit->chunk_max ? left : visit->chunk_max;
    *place = (struct visit_chunk){.names = &visit->names[visit->next], .n_names = n};
    place->chunk = chunk_start(
        visit->env, &(struct chunk_options){.repository = visit->repository,
                                            .names = place->names,
                                            .n_names = n,
                                            .is_whole = visit->is_piecemeal || n == visit->n_names,
                                            .scan_id = visit->scan_id,
                                            .callbacks = {on_chunk_ready, on_chunk_done, visit}});
    visit->next += n;
}

static void write_first(struct visit *visit)
{
    struct visit_chunk *first = &visit->chunks[0];
    if (visit->n_chunks == 0 || !first->is_ready || first->is_writing)
        return;
    first->is_writing = true;
    chunk_write(first->chunk);
}

static void end_chunks(struct visit *visit)
{
    if (visit->next < visit->n_names) {
        visit_end_step(visit, VISIT_CHUNKS);
        return;
    }
    for (size_t i = 0; i < visit->n_gone; i++) { /* deleted since the list was read */
        struct ms_str *place = visit_find_name(visit, visit->gone[i]);
        if (place == NULL)
            continue; /* asked for twice */
        size_t behind = visit->n_names - (size_t)(place - visit->names) - 1;
        memmove(place, place + 1, behind * sizeof(*place));
        visit->n_names--;
        visit->report.tags--;
    }
    visit->n_gone = 0;
    visit_end_step(visit, visit->has_staged ? VISIT_PUBLISH : VISIT_REMOVED);
}

static void go_on(struct visit *visit)
{
    while (!visit->is_yielding && visit->n_chunks < VISIT_CHUNKS_AT_ONCE &&
           visit->next < visit->n_names)
        start_chunk(visit);
    write_first(visit);
    if (visit->n_chunks == 0)
        end_chunks(visit);
}

static void on_chunk_ready(struct chunk *chunk, void *arg)
{
    struct visit *visit = arg;
    for (size_t i = 0; i < visit->n_chunks; i++)
        visit->chunks[i].is_ready |= visit->chunks[i].chunk == chunk;
    write_first(visit);
}

static void on_chunk_done(struct chunk *chunk, const struct chunk_result *result, void *arg)
{
    struct visit *visit = arg;
    struct visit_chunk *place = visit->chunks;
    while (place->chunk != chunk)
        place++;
    visit->n_chunks--;
    memmove(place, place + 1, (visit->n_chunks - (size_t)(place - visit->chunks)) * sizeof(*place));
    if (result->err != NULL) {
        visit_fail(visit, result->err);
        return;
    }
    visit->report.manifests += result->manifests;
    visit->report.added += result->added;
    visit->report.unreadable += result->unreadable;
    visit->has_staged |= result->is_staged;
    visit->yields = 0;
    visit->chunk_max =
        visit->chunk_max * 2 < VISIT_CHUNK_MAX ? visit->chunk_max * 2 : VISIT_CHUNK_MAX;
    if (result->n_gone > 0)
        visit->gone =
            ms_alloc_resize(visit->gone, visit->n_gone + result->n_gone, sizeof(*visit->gone));
    for (size_t i = 0; i < result->n_gone; i++) {
        const struct ms_str *name = visit_find_name(visit, result->gone[i]);
        if (name != NULL) /* its letters live as long as the visit */
            visit->gone[visit->n_gone++] = *name;
    }
    go_on(visit);
}

/* --- publish --- */

static void on_published(const struct ms_error *err, const struct ms_apply_result *result,
                         void *arg)
{
    struct visit *visit = arg;
    visit->store_call = NULL;
    if (err != NULL && ms_store_is_refusal(err)) {
        visit->is_piecemeal = true;
        visit->has_staged = false; /* an applied tag takes what is staged of it away */
        visit->next = 0;
        visit->report.manifests = visit->report.unreadable = 0; /* they are counted again */
        visit_end_step(visit, VISIT_CHUNKS);
        return;
    }
    if (err != NULL) {
        visit_fail(visit, err);
        return;
    }
    visit->report.added += result->tags_changed;
    visit_end_step(visit, VISIT_REMOVED);
}

static void step_publish(struct visit *visit)
{
    struct ms_apply change = {.term = visit->env->term,
                              .repository = visit->repository,
                              .from_scan = true,
                              .staged = true};
    visit->store_call = ms_store_apply(visit->env->store, &change, on_published, visit);
}

/* --- the visit --- */

/* The chunks from the given one on; they are begun again. */
static void cancel_chunks(struct visit *visit, size_t first)
{
    if (first >= visit->n_chunks)
        return;
    visit->next = (size_t)(visit->chunks[first].names - visit->names);
    for (size_t i = first; i < visit->n_chunks; i++)
        chunk_cancel(visit->chunks[i].chunk);
    visit->n_chunks = first;
}

static size_t half_of(size_t n)
{
    return n / 2 > VISIT_CHUNK_MIN ? n / 2 : VISIT_CHUNK_MIN;
}

/* It is being written, or is so small that it is soon done, unless it waits for a tag list. */
static bool must_get_on(const struct visit *visit, const struct visit_chunk *first)
{
    bool waits = chunk_waits_for_list(first->chunk) && visit->yields < VISIT_YIELDS_MAX;
    return first->is_writing || (first->n_names <= VISIT_CHUNK_MIN && !waits);
}

static void yield_chunks(struct visit *visit)
{
    const struct visit_chunk *first = &visit->chunks[0];
    if (visit->n_chunks == 0 || visit->is_yielding)
        return;
    visit->is_yielding = true;
    if (must_get_on(visit, first)) {
        cancel_chunks(visit, 1);
        chunk_hurry(first->chunk);
        return; /* its end is the end of the step */
    }
    visit->yields++;
    visit->chunk_max = half_of(first->n_names);
    cancel_chunks(visit, 0);
    visit_end_step(visit, VISIT_CHUNKS);
}

static void hurry_requests(struct visit *visit)
{
    tags_hurry(visit->asking);
    registry_call_hurry(visit->call);
}

static void yield_page(struct visit *visit)
{
    if (visit->asking == NULL || visit->n_known <= VISIT_CHUNK_MIN) {
        hurry_requests(visit);
        return;
    }
    visit_cancel_calls(visit);
    visit->page_max = half_of(visit->n_known);
    visit_end_step(visit, VISIT_REMOVED);
}

/* An event shows that there is something in this repository: read the list again. */
static void yield_gone(struct visit *visit)
{
    if (visit->asking == NULL || visit->yields >= VISIT_YIELDS_MAX) {
        hurry_requests(visit);
        return;
    }
    visit_cancel_calls(visit);
    visit->yields++;
    visit_end_step(visit, VISIT_LIST);
}

void visit_yield(struct visit *visit)
{
    if (visit->phase == VISIT_CHUNKS)
        yield_chunks(visit);
    else if (visit->phase == VISIT_REMOVED)
        yield_page(visit);
    else if (visit->phase == VISIT_GONE)
        yield_gone(visit);
}

bool visit_only_reads(const struct visit *visit)
{
    return visit->phase == VISIT_LIST;
}

uint64_t visit_manifests(const struct visit *visit)
{
    return visit == NULL ? 0 : visit->report.manifests;
}

void visit_step(struct visit *visit)
{
    ms_arena_free(visit->arena);
    visit->arena = ms_arena_new(VISIT_STEP_ARENA_MAX);
    visit->known = NULL;
    visit->n_known = 0;
    switch (visit->phase) {
    case VISIT_LIST:
        visit->call =
            registry_tags(visit->env->registry, REGISTRY_SCAN, visit->repository, on_list, visit);
        break;
    case VISIT_CHUNKS:
        visit->is_yielding = false;
        go_on(visit);
        break;
    case VISIT_PUBLISH:
        step_publish(visit);
        break;
    case VISIT_REMOVED:
        visit_step_removed(visit);
        break;
    case VISIT_GONE:
        visit_step_gone(visit);
        break;
    case VISIT_FINISHED:
        break;
    }
}

struct visit *visit_new(const struct env *env, struct ms_str repository, int64_t scan_id,
                        visit_stepped *on_stepped, void *arg)
{
    struct visit *visit = ms_alloc(sizeof(*visit));
    *visit = (struct visit){.env = env,
                            .repository = repository,
                            .scan_id = scan_id,
                            .on_stepped = on_stepped,
                            .arg = arg,
                            .after = MS_STR(""),
                            .chunk_max = VISIT_CHUNK_MAX,
                            .page_max = VISIT_KNOWN_PAGE,
                            .names_arena = ms_arena_new(VISIT_NAMES_ARENA_MAX)};
    return visit;
}

void visit_free(struct visit *visit)
{
    if (visit == NULL)
        return;
    cancel_chunks(visit, 0);
    visit_cancel_calls(visit);
    ms_arena_free(visit->arena);
    ms_arena_free(visit->names_arena);
    free(visit->held);
    free(visit->gone);
    ms_loop_defer_free(visit->env->loop, visit);
}
