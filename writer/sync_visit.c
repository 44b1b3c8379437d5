/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scan's visit to one repository. Called by sync.c, one step at a time, so that waiting events go
 * first between two steps.
 *
 *   list       the registry's whole tag list, sorted
 *   chunk      (repeated) where do these tags point? fetch what is new, then apply it, or stage it
 *              when the repository has more than one chunk
 *   publish    apply all that was staged, in one transaction
 *   removed    (repeated) known tags that the list lacks: asked for again, then put down as
 * removals gone       no tag list at all (NAME_UNKNOWN): are its known manifests gone too?
 *
 * Nothing is removed here: removals are put down for the end of the scan (scan_removals.c).
 */
#include "writer/sync_internal.h"

#include <stdlib.h>
#include <string.h>

#include "common/refname.h"

enum {
    VISIT_CHUNK = 200,       /* tags a step: bounds how long an event waits */
    VISIT_KNOWN_PAGE = 1000, /* known tags compared with the list in one step */
    VISIT_GONE_MAX = 100000, /* known manifests asked for before a repository is called gone */
    VISIT_UNCONDITIONAL_ONE_IN = 16, /* tags asked without If-None-Match, another share each scan */
};
enum { VISIT_NAMES_ARENA_MAX = 128 * 1024 * 1024, VISIT_STEP_ARENA_MAX = 64 * 1024 * 1024 };

enum visit_phase {
    VISIT_LIST,
    VISIT_CHUNKS,
    VISIT_PUBLISH,
    VISIT_REMOVED,
    VISIT_GONE,
    VISIT_FINISHED
};

struct visit {
    struct sync_job *job;
    enum visit_phase phase;
    struct sync_report report;
    struct ms_error err;

    struct ms_arena *names_arena;
    struct ms_str *names; /* the registry's tags, byte order */
    size_t n_names;
    size_t next; /* first name of the next chunk */
    bool has_staged;
    struct ms_str after; /* last known tag compared with the list; in after_text */
    char after_text[MS_TAG_NAME_MAX];

    struct ms_arena *arena; /* of the present step */
    struct ms_known_tag *known;
    size_t n_known;
    struct ms_digest *held; /* of a repository that may be gone; on the heap */
    size_t n_held, held_capacity, n_asked;
    struct ms_tag_record *records;
    size_t n_records;
    struct tags *asking;
    struct content *content;
    struct registry_call *call;
};

static void write_chunk(struct visit *visit, const struct content_result *result);

/* --- the end of a step --- */

static void begin_step(struct visit *visit)
{
    ms_arena_free(visit->arena);
    visit->arena = ms_arena_new(VISIT_STEP_ARENA_MAX);
    visit->known = NULL;
    visit->records = NULL;
    visit->n_known = visit->n_records = 0;
}

static void end_step(struct visit *visit, enum visit_phase phase)
{
    visit->phase = phase;
    sync_visit_stepped(visit->job, &visit->report, phase == VISIT_FINISHED);
}

static void fail(struct visit *visit, const struct ms_error *err)
{
    visit->err = *err;
    visit->report.err = &visit->err;
    end_step(visit, VISIT_FINISHED);
}

static void end_chunk(struct visit *visit)
{
    enum visit_phase phase = VISIT_CHUNKS;
    if (visit->next >= visit->n_names)
        phase = visit->has_staged ? VISIT_PUBLISH : VISIT_REMOVED;
    end_step(visit, phase);
}

/* A store call of the job ended: the visit, or NULL when nobody waits or it failed (and was told).
 */
static struct visit *store_call_ended(struct sync_job *job, const struct ms_error *err)
{
    if (!sync_store_call_ended(job))
        return NULL;
    if (err == NULL)
        return job->visit;
    fail(job->visit, err);
    return NULL;
}

static void store_call_refused(struct visit *visit)
{
    visit->job->store_calls--;
    fail(visit, sync_store_away());
}

/* --- list --- */

static int compare_names(const void *a, const void *b)
{
    return ms_str_compare(*(const struct ms_str *)a, *(const struct ms_str *)b);
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
    qsort(visit->names, visit->n_names, sizeof(*visit->names), compare_names);
    return MS_OK;
}

static void on_list(const struct registry_reply *reply, void *arg)
{
    struct visit *visit = arg;
    struct ms_error err;
    visit->call = NULL;
    if (reply->outcome == REGISTRY_ABSENT) {
        end_step(visit, VISIT_GONE);
    } else if (reply->outcome != REGISTRY_FOUND) {
        fail(visit, reply->error);
    } else if (keep_names(visit, reply) != MS_OK) {
        (void)ms_error_set(&err, MS_TOO_LARGE, "tag list of %zu names is too large",
                           reply->n_names);
        fail(visit, &err);
    } else {
        visit->report.tags = visit->n_names;
        end_step(visit, visit->n_names > 0 ? VISIT_CHUNKS : VISIT_REMOVED);
    }
}

static void step_list(struct visit *visit)
{
    visit->call = registry_tags(visit->job->writer->registry, REGISTRY_SCAN, visit->job->repository,
                                on_list, visit);
}

/* --- chunk: known, ask, fetch, write --- */

static void on_known_tag(const struct ms_known_tag *tag, void *arg)
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

static void note_record(struct visit *visit, const struct tags_answer *answer)
{
    struct ms_tag_record *record = &visit->records[visit->n_records++];
    *record = (struct ms_tag_record){.name = ms_arena_dup(visit->arena, answer->name)};
    if (answer->verdict == TAGS_POINTS)
        record->digest = answer->digest;
    else if (answer->verdict == TAGS_UNREADABLE)
        record->unreadable = ms_arena_dup(visit->arena, answer->reason);
    else
        record->unreadable = MS_STR("its manifest is missing in the registry");
    if (!ms_str_is_absent(record->unreadable))
        visit->report.unreadable++;
}

static void on_content(const struct content_result *result, void *arg)
{
    struct visit *visit = arg;
    visit->content = NULL;
    if (result->err != NULL)
        fail(visit, result->err);
    else
        write_chunk(visit, result);
}

static void fetch_chunk(struct visit *visit)
{
    struct sync_job *job = visit->job;
    struct content_root roots[VISIT_CHUNK];
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

static void on_answers(const struct tags_result *result, void *arg)
{
    struct visit *visit = arg;
    visit->asking = NULL;
    if (result->err != NULL) {
        fail(visit, result->err);
        return;
    }
    visit->records = ms_arena_alloc(visit->arena, VISIT_CHUNK * sizeof(*visit->records));
    for (size_t i = 0; i < result->n_answers; i++) {
        if (is_unchanged(visit, &result->answers[i]))
            visit->report.manifests++;
        else
            note_record(visit, &result->answers[i]);
    }
    fetch_chunk(visit);
}

static void on_chunk_known(const struct ms_error *err, void *arg)
{
    struct visit *visit = store_call_ended(arg, err);
    if (visit == NULL)
        return;
    struct tags_question questions[VISIT_CHUNK];
    size_t n = 0;
    qsort(visit->known, visit->n_known, sizeof(*visit->known),
          compare_names); /* name comes first */
    while (n < VISIT_CHUNK && visit->next < visit->n_names) {
        struct ms_str name = visit->names[visit->next++];
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
    size_t n = left < VISIT_CHUNK ? left : VISIT_CHUNK;
    visit->known = ms_arena_alloc(visit->arena, n * sizeof(*visit->known));
    job->store_calls++;
    if (ms_store_tags_named(job->writer->store, job->repository, &visit->names[visit->next], n,
                            on_known_tag, on_chunk_known, job) != MS_OK)
        store_call_refused(visit);
}

static void on_staged(const struct ms_error *err, void *arg)
{
    struct visit *visit = store_call_ended(arg, err);
    if (visit != NULL)
        end_chunk(visit);
}

static void stage_chunk(struct visit *visit)
{
    struct sync_job *job = visit->job;
    visit->has_staged = true;
    job->store_calls++;
    if (ms_store_stage(job->writer->store, job->writer->term, job->repository, visit->records,
                       visit->n_records, NULL, 0, on_staged, job) != MS_OK)
        store_call_refused(visit);
}

static bool is_one_chunk(const struct visit *visit)
{
    return visit->n_names <= VISIT_CHUNK;
}

static void on_chunk_applied(const struct ms_error *err, const struct ms_apply_result *result,
                             void *arg)
{
    struct visit *visit = store_call_ended(arg, err);
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
        store_call_refused(visit);
}

/* --- publish --- */

static void on_published(const struct ms_error *err, const struct ms_apply_result *result,
                         void *arg)
{
    struct visit *visit = store_call_ended(arg, err);
    if (visit == NULL)
        return;
    visit->report.added += result->tags_changed;
    end_step(visit, VISIT_REMOVED);
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
        store_call_refused(visit);
}

/* --- removed --- */

static void remember_after(struct visit *visit, struct ms_str name)
{
    size_t len = name.len < sizeof(visit->after_text) ? name.len : sizeof(visit->after_text);
    memcpy(visit->after_text, name.ptr, len);
    visit->after = ms_str_n(visit->after_text, len);
}

static void end_removed(struct visit *visit)
{
    bool is_last_page = visit->n_known < VISIT_KNOWN_PAGE;
    if (!is_last_page)
        remember_after(visit, visit->known[visit->n_known - 1].name);
    end_step(visit, is_last_page ? VISIT_FINISHED : VISIT_REMOVED);
}

static void on_removals_held(const struct ms_error *err, void *arg)
{
    struct visit *visit = store_call_ended(arg, err);
    if (visit == NULL)
        return;
    if (visit->phase == VISIT_GONE)
        end_step(visit, VISIT_FINISHED);
    else
        end_removed(visit);
}

static void put_down(struct visit *visit, const struct ms_removal_record *removals, size_t n)
{
    struct sync_job *job = visit->job;
    visit->report.removals += n;
    job->store_calls++;
    if (ms_store_removals_hold(job->writer->store, job->writer->term, job->writer->scan_number,
                               removals, n, on_removals_held, job) != MS_OK)
        store_call_refused(visit);
}

static void on_missing_asked(const struct tags_result *result, void *arg)
{
    struct visit *visit = arg;
    struct ms_removal_record removals[VISIT_KNOWN_PAGE];
    size_t n = 0;
    visit->asking = NULL;
    if (result->err != NULL) {
        fail(visit, result->err);
        return;
    }
    for (size_t i = 0; i < result->n_answers; i++) {
        if (result->answers[i].verdict == TAGS_ABSENT)
            removals[n++] = (struct ms_removal_record){.repository = visit->job->repository,
                                                       .tag = result->answers[i].name};
    }
    if (n > 0)
        put_down(visit, removals, n);
    else
        end_removed(visit);
}

static bool is_listed(const struct visit *visit, struct ms_str name)
{
    return visit->n_names > 0 && bsearch(&name, visit->names, visit->n_names, sizeof(*visit->names),
                                         compare_names) != NULL;
}

static void on_known_page(const struct ms_error *err, void *arg)
{
    struct visit *visit = store_call_ended(arg, err);
    if (visit == NULL)
        return;
    struct tags_question questions[VISIT_KNOWN_PAGE];
    size_t n = 0;
    for (size_t i = 0; i < visit->n_known; i++) {
        if (!is_listed(visit, visit->known[i].name))
            questions[n++] = (struct tags_question){.name = visit->known[i].name};
    }
    if (n > 0)
        visit->asking = tags_start(visit->job->writer, visit->job->repository, REGISTRY_SCAN,
                                   questions, n, on_missing_asked, visit);
    else
        end_removed(visit);
}

static void step_removed(struct visit *visit)
{
    struct sync_job *job = visit->job;
    visit->known = ms_arena_alloc(visit->arena, VISIT_KNOWN_PAGE * sizeof(*visit->known));
    job->store_calls++;
    if (ms_store_tags_after(job->writer->store, job->repository, visit->after, VISIT_KNOWN_PAGE,
                            on_known_tag, on_known_page, job) != MS_OK)
        store_call_refused(visit);
}

/* --- gone --- */

static void ask_next_held(struct visit *visit);

static void on_held_asked(const struct registry_reply *reply, void *arg)
{
    struct visit *visit = arg;
    visit->call = NULL;
    if (reply->outcome == REGISTRY_FAILED || reply->outcome == REGISTRY_CANCELLED) {
        fail(visit, reply->error);
    } else if (reply->outcome != REGISTRY_ABSENT) {
        end_step(visit, VISIT_REMOVED); /* it lives, without tags */
    } else {
        visit->n_asked++;
        ask_next_held(visit);
    }
}

static void ask_next_held(struct visit *visit)
{
    struct sync_job *job = visit->job;
    char reference[MS_DIGEST_TEXT_MAX];
    if (visit->n_asked == visit->n_held) {
        struct ms_removal_record removal = {.repository = job->repository, .tag = MS_STR("")};
        put_down(visit, &removal, 1);
        return;
    }
    visit->call = registry_get_manifest(
        job->writer->registry, REGISTRY_SCAN, job->repository,
        ms_str(ms_digest_format(reference, &visit->held[visit->n_asked])), on_held_asked, visit);
}

static void on_held_digest(const struct ms_digest *digest, void *arg)
{
    struct sync_job *job = arg;
    if (job->cancelled)
        return;
    struct visit *visit = job->visit;
    if (visit->n_held == visit->held_capacity) {
        visit->held_capacity = visit->held_capacity == 0 ? 64 : visit->held_capacity * 2;
        struct ms_digest *held = realloc(visit->held, visit->held_capacity * sizeof(*held));
        if (held == NULL)
            abort();
        visit->held = held;
    }
    visit->held[visit->n_held++] = *digest;
}

static void on_held_listed(const struct ms_error *err, void *arg)
{
    struct visit *visit = store_call_ended(arg, err);
    if (visit == NULL)
        return;
    if (visit->n_held == 0)
        end_step(visit, VISIT_REMOVED); /* never known, or tags only: each is asked for by itself */
    else
        ask_next_held(visit);
}

static void step_gone(struct visit *visit)
{
    struct sync_job *job = visit->job;
    visit->n_held = visit->n_asked = 0;
    job->store_calls++;
    if (ms_store_held_digests(job->writer->store, job->repository, VISIT_GONE_MAX, on_held_digest,
                              on_held_listed, job) != MS_OK)
        store_call_refused(visit);
}

/* --- the visit --- */

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
        step_removed(visit);
        break;
    case VISIT_GONE:
        step_gone(visit);
        break;
    case VISIT_FINISHED:
        break;
    }
}

struct visit *visit_new(struct sync_job *job)
{
    struct visit *visit = calloc(1, sizeof(*visit));
    if (visit == NULL)
        abort();
    visit->job = job;
    visit->after = MS_STR("");
    visit->names_arena = ms_arena_new(VISIT_NAMES_ARENA_MAX);
    return visit;
}

void visit_free(struct visit *visit)
{
    if (visit == NULL)
        return;
    struct ms_loop *loop = visit->job->writer->loop;
    tags_cancel(visit->asking);
    content_cancel(visit->content);
    if (visit->call != NULL)
        registry_call_cancel(visit->call);
    ms_arena_free(visit->arena);
    ms_arena_free(visit->names_arena);
    free(visit->held);
    ms_loop_defer_free(loop, visit);
}
