/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scan's visit to one repository. Called by sync.c, one step at a time, so that waiting events go
 * first between two steps.
 *
 *   list       the registry's whole tag list, sorted
 *   chunk      (repeated) where do these tags point? fetch what is new, then apply it, or stage it
 *              when the repository has more than one chunk
 *   publish    apply all that was staged, in one transaction
 *   removed, gone   what is known and not listed: sync_visit_removals.c
 *
 * Events that come while a chunk is being asked for do not wait for its end: the chunk is given up
 * and begun again after them. Always holds: what a chunk asks for, nothing else of its repository
 * writes meanwhile.
 */
#include "writer/sync_visit_internal.h"

#include "common/alloc.h"
#include "common/metrics.h"

#include <stdlib.h>
#include <string.h>

enum { VISIT_UNCONDITIONAL_ONE_IN = 16 }; /* tags asked without If-None-Match, others each scan */
enum { VISIT_NAMES_ARENA_MAX = 128 * 1024 * 1024, VISIT_STEP_ARENA_MAX = 64 * 1024 * 1024 };

static const struct ms_str dangling = MS_STR_INIT("its manifest is missing in the registry");

static void write_chunk(struct visit *visit, const struct content_result *result);

/* --- the end of a step --- */

static void begin_step(struct visit *visit)
{
    ms_arena_free(visit->arena);
    visit->arena = ms_arena_new(VISIT_STEP_ARENA_MAX);
    visit->known = NULL;
    visit->records = NULL;
    visit->n_known = visit->n_records = 0;
    visit->has_dangling = false;
}

void visit_end_step(struct visit *visit, enum visit_phase phase)
{
    visit->phase = phase;
    sync_visit_stepped(visit->job, &visit->report, phase == VISIT_FINISHED);
}

void visit_fail(struct visit *visit, const struct ms_error *err)
{
    visit->err = *err;
    visit->report.err = &visit->err;
    visit_end_step(visit, VISIT_FINISHED);
}

static void end_chunk(struct visit *visit)
{
    enum visit_phase phase = VISIT_CHUNKS;
    visit->chunk_max =
        visit->chunk_max * 2 < VISIT_CHUNK_MAX ? visit->chunk_max * 2 : VISIT_CHUNK_MAX;
    if (visit->next >= visit->n_names)
        phase = visit->has_staged ? VISIT_PUBLISH : VISIT_REMOVED;
    visit_end_step(visit, phase);
}

struct visit *visit_store_call_ended(struct sync_job *job, const struct ms_error *err)
{
    if (!sync_store_call_ended(job))
        return NULL;
    if (err == NULL)
        return job->visit;
    visit_fail(job->visit, err);
    return NULL;
}

void visit_store_call_refused(struct visit *visit)
{
    visit->job->store_calls--;
    visit_fail(visit, ms_store_writer_refusal(visit->job->writer->store));
}

/* --- list --- */

int visit_compare_names(const void *a, const void *b)
{
    return ms_str_compare(*(const struct ms_str *)a, *(const struct ms_str *)b);
}

struct ms_str *visit_find_name(const struct visit *visit, struct ms_str name)
{
    if (visit->n_names == 0)
        return NULL;
    return bsearch(&name, visit->names, visit->n_names, sizeof(*visit->names), visit_compare_names);
}

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
    qsort(visit->names, visit->n_names, sizeof(*visit->names), visit_compare_names);
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
        ms_metrics_add(MS_METRIC_LIMIT_REACHED, "visit_names", NULL, 1);
        (void)ms_error_set(&err, MS_TOO_LARGE, "tag list of %zu names is too large",
                           reply->n_names);
        visit_fail(visit, &err);
    } else {
        visit->report.tags = visit->n_names;
        visit_end_step(visit, visit->n_names > 0 ? VISIT_CHUNKS : VISIT_REMOVED);
    }
}

static void step_list(struct visit *visit)
{
    visit->call = registry_tags(visit->job->writer->registry, REGISTRY_SCAN, visit->job->repository,
                                on_list, visit);
}

/* --- chunk: known, ask, fetch, write --- */

void visit_note_known(const struct ms_known_tag *tag, void *arg)
{
    struct sync_job *job = arg;
    if (job->cancelled)
        return;
    struct visit *visit = job->visit;
    struct ms_known_tag *copy = &visit->known[visit->n_known++];
    *copy = *tag;
    copy->name = ms_arena_dup(visit->arena, tag->name);
}

static int compare_known(const void *key, const void *element)
{
    return ms_str_compare(*(const struct ms_str *)key,
                          ((const struct ms_known_tag *)element)->name);
}

static const struct ms_known_tag *find_known(const struct visit *visit, struct ms_str name)
{
    return bsearch(&name, visit->known, visit->n_known, sizeof(*visit->known), compare_known);
}

static bool may_ask_conditionally(const struct visit *visit, const struct ms_known_tag *known)
{
    uint64_t share = ms_str_hash(known->name) + (uint64_t)visit->job->writer->scan_number;
    return known->readable && share % VISIT_UNCONDITIONAL_ONE_IN != 0;
}

static bool is_unchanged(const struct visit *visit, const struct tags_answer *answer)
{
    const struct ms_known_tag *known = find_known(visit, answer->name);
    return answer->verdict == TAGS_SAME ||
           (answer->verdict == TAGS_POINTS && known != NULL && known->readable &&
            ms_digest_equal(&known->digest, &answer->digest));
}

/* A tag whose manifest is missing: the list still has it. */
static bool is_known_to_dangle(const struct visit *visit, struct ms_str name)
{
    const struct ms_known_tag *known = find_known(visit, name);
    return known != NULL && ms_digest_is_none(&known->digest);
}

static void note_record(struct visit *visit, const struct tags_answer *answer)
{
    struct ms_tag_record *record = &visit->records[visit->n_records++];
    *record = (struct ms_tag_record){.name = ms_arena_dup(visit->arena, answer->name)};
    if (answer->verdict == TAGS_POINTS) {
        record->digest = answer->digest;
    } else if (answer->verdict == TAGS_UNREADABLE) {
        record->unreadable = ms_arena_dup(visit->arena, answer->reason);
    } else {
        record->unreadable = dangling;
        visit->has_dangling |= !is_known_to_dangle(visit, answer->name);
    }
    if (!ms_str_is_absent(record->unreadable))
        visit->report.unreadable++;
}

static void on_content(const struct content_result *result, void *arg)
{
    struct visit *visit = arg;
    visit->content = NULL;
    if (result->err != NULL)
        visit_fail(visit, result->err);
    else
        write_chunk(visit, result);
}

static void fetch_chunk(struct visit *visit)
{
    struct sync_job *job = visit->job;
    struct content_root roots[VISIT_CHUNK_MAX];
    size_t n = 0;
    for (size_t i = 0; i < visit->n_records; i++) {
        if (!ms_digest_is_none(&visit->records[i].digest))
            roots[n++] = (struct content_root){visit->records[i].digest, true};
    }
    if (n > 0)
        visit->content =
            content_start(job->writer, job->repository, REGISTRY_SCAN, roots, n, on_content, visit);
    else if (visit->n_records > 0)
        write_chunk(visit, &(struct content_result){.n_held = 0});
    else
        end_chunk(visit);
}

/* --- chunk: a listed tag that answers 404 dangles, or was deleted since the list was read --- */

static void forget_name(struct visit *visit, struct ms_str name)
{
    struct ms_str *place = visit_find_name(visit, name);
    size_t behind = visit->n_names - (size_t)(place - visit->names) - 1;
    memmove(place, place + 1, behind * sizeof(*place));
    visit->n_names--;
    visit->next--;
    visit->report.tags--;
    visit->report.unreadable--;
}

static bool names_it(const struct registry_reply *reply, struct ms_str name)
{
    for (size_t i = 0; i < reply->n_names; i++) {
        if (ms_str_equal(reply->names[i], name))
            return true;
    }
    return false;
}

static void on_list_again(const struct registry_reply *reply, void *arg)
{
    struct visit *visit = arg;
    size_t kept = 0;
    visit->call = NULL;
    if (reply->outcome != REGISTRY_FOUND && reply->outcome != REGISTRY_ABSENT) {
        visit_fail(visit, reply->error);
        return;
    }
    for (size_t i = 0; i < visit->n_records; i++) {
        struct ms_tag_record *record = &visit->records[i];
        if (record->unreadable.ptr == dangling.ptr && !names_it(reply, record->name))
            forget_name(visit, record->name);
        else
            visit->records[kept++] = *record;
    }
    visit->n_records = kept;
    fetch_chunk(visit);
}

static void on_answers(const struct tags_result *result, void *arg)
{
    struct visit *visit = arg;
    visit->asking = NULL;
    if (result->err != NULL) {
        visit_fail(visit, result->err);
        return;
    }
    visit->records = ms_arena_alloc(visit->arena, VISIT_CHUNK_MAX * sizeof(*visit->records));
    for (size_t i = 0; i < result->n_answers; i++) {
        if (is_unchanged(visit, &result->answers[i]))
            visit->report.manifests++;
        else
            note_record(visit, &result->answers[i]);
    }
    if (visit->has_dangling)
        visit->call = registry_tags(visit->job->writer->registry, REGISTRY_SCAN,
                                    visit->job->repository, on_list_again, visit);
    else
        fetch_chunk(visit);
}

static void on_chunk_known(const struct ms_error *err, void *arg)
{
    struct visit *visit = visit_store_call_ended(arg, err);
    if (visit == NULL)
        return;
    struct tags_question questions[VISIT_CHUNK_MAX];
    size_t n = 0;
    qsort(visit->known, visit->n_known, sizeof(*visit->known),
          visit_compare_names); /* name comes first */
    for (size_t i = visit->begin; i < visit->next; i++) {
        struct ms_str name = visit->names[i];
        const struct ms_known_tag *known = find_known(visit, name);
        questions[n] = (struct tags_question){.name = name};
        if (known != NULL && may_ask_conditionally(visit, known))
            questions[n].known = known->digest;
        n++;
    }
    visit->asking = tags_start(visit->job->writer, visit->job->repository, REGISTRY_SCAN, questions,
                               n, on_answers, visit);
}

static void step_chunk(struct visit *visit)
{
    struct sync_job *job = visit->job;
    size_t left = visit->n_names - visit->next;
    size_t n = left < visit->chunk_max ? left : visit->chunk_max;
    visit->begin = visit->next;
    visit->next += n;
    visit->report_before = visit->report;
    visit->known = ms_arena_alloc(visit->arena, n * sizeof(*visit->known));
    job->store_calls++;
    if (ms_store_tags_named(job->writer->store, job->repository, &visit->names[visit->begin], n,
                            visit_note_known, on_chunk_known, job) != MS_OK)
        visit_store_call_refused(visit);
}

static void on_staged(const struct ms_error *err, void *arg)
{
    struct visit *visit = visit_store_call_ended(arg, err);
    if (visit != NULL)
        end_chunk(visit);
}

static void stage_chunk(struct visit *visit)
{
    struct sync_job *job = visit->job;
    visit->has_staged = true;
    job->store_calls++;
    if (ms_store_stage(job->writer->store, job->writer->term, job->repository, visit->records,
                       visit->n_records, on_staged, job) != MS_OK)
        visit_store_call_refused(visit);
}

static bool is_one_chunk(const struct visit *visit)
{
    return visit->begin == 0 && visit->next == visit->n_names;
}

static void on_chunk_applied(const struct ms_error *err, const struct ms_apply_result *result,
                             void *arg)
{
    struct visit *visit = visit_store_call_ended(arg, err);
    if (visit == NULL)
        return;
    visit->report.added += result->tags_changed;
    if (is_one_chunk(visit))
        end_chunk(visit);
    else
        stage_chunk(visit);
}

/* One chunk: tags and manifests in one transaction. More: the manifests now, untagged, the tags
 * when all chunks were seen, so that a repository's tags never move by halves. */
static void write_chunk(struct visit *visit, const struct content_result *result)
{
    struct sync_job *job = visit->job;
    struct ms_apply change = {.term = job->writer->term,
                              .repository = job->repository,
                              .from_scan = true,
                              .held = result->held,
                              .n_held = result->n_held};
    if (is_one_chunk(visit)) {
        change.tags = visit->records;
        change.n_tags = visit->n_records;
    }
    visit->report.manifests += result->n_held;
    for (size_t i = 0; i < result->n_held; i++)
        visit->report.unreadable += !ms_str_is_absent(result->held[i].unreadable);
    job->store_calls++;
    if (ms_store_apply(job->writer->store, &change, on_chunk_applied, job) != MS_OK)
        visit_store_call_refused(visit);
}

/* --- publish --- */

static void on_published(const struct ms_error *err, const struct ms_apply_result *result,
                         void *arg)
{
    struct visit *visit = visit_store_call_ended(arg, err);
    if (visit == NULL)
        return;
    visit->report.added += result->tags_changed;
    visit_end_step(visit, VISIT_REMOVED);
}

static void step_publish(struct visit *visit)
{
    struct sync_job *job = visit->job;
    struct ms_apply change = {.term = job->writer->term,
                              .repository = job->repository,
                              .from_scan = true,
                              .staged = true};
    job->store_calls++;
    if (ms_store_apply(job->writer->store, &change, on_published, job) != MS_OK)
        visit_store_call_refused(visit);
}

/* --- the visit --- */

static void cancel_requests(struct visit *visit)
{
    tags_cancel(visit->asking);
    content_cancel(visit->content);
    registry_call_cancel(visit->call);
    visit->asking = NULL;
    visit->content = NULL;
    visit->call = NULL;
}

void visit_yield(struct visit *visit)
{
    bool is_asking = visit->asking != NULL || visit->content != NULL || visit->call != NULL;
    size_t n = visit->next - visit->begin;
    if (visit->phase != VISIT_CHUNKS || !is_asking || n <= VISIT_CHUNK_MIN)
        return;
    cancel_requests(visit);
    visit->next = visit->begin;
    visit->chunk_max = n / 2 > VISIT_CHUNK_MIN ? n / 2 : VISIT_CHUNK_MIN;
    visit->report = visit->report_before;
    visit->report.tags = visit->n_names;
    visit_end_step(visit, VISIT_CHUNKS);
}

void visit_step(struct visit *visit)
{
    begin_step(visit);
    switch (visit->phase) {
    case VISIT_LIST:
        step_list(visit);
        break;
    case VISIT_CHUNKS:
        step_chunk(visit);
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

struct visit *visit_new(struct sync_job *job)
{
    struct visit *visit = ms_alloc(sizeof(*visit));
    visit->job = job;
    visit->after = MS_STR("");
    visit->chunk_max = VISIT_CHUNK_MAX;
    visit->names_arena = ms_arena_new(VISIT_NAMES_ARENA_MAX);
    return visit;
}

void visit_free(struct visit *visit)
{
    if (visit == NULL)
        return;
    struct ms_loop *loop = visit->job->writer->loop;
    cancel_requests(visit);
    ms_arena_free(visit->arena);
    ms_arena_free(visit->names_arena);
    free(visit->held);
    ms_loop_defer_free(loop, visit);
}
