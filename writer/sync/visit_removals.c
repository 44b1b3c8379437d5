/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a visit: what is known and the registry's tag list lacks.
 *
 *   removed   (repeated) a page of known tags: those that are not listed are asked for by GET
 *   gone      no tag list at all (NAME_UNKNOWN): are the known manifests gone too?
 *
 * Nothing is removed here: removals are put down for the end of the scan (scan/removals.c).
 */
#include "common/base/alloc.h"
#include "writer/sync/visit_internal.h"

#include <stdlib.h>
#include <string.h>

enum { VISIT_GONE_MAX = 100000 }; /* known manifests asked for before a repository is called gone */

/* --- removed --- */

static void remember_after(struct visit *visit, struct ms_str name)
{
    size_t len = name.len < sizeof(visit->after_text) ? name.len : sizeof(visit->after_text);
    memcpy(visit->after_text, name.ptr, len);
    visit->after = ms_str_n(visit->after_text, len);
}

static void end_removed(struct visit *visit)
{
    bool is_last_page = visit->n_known < visit->page_max;
    visit->page_max =
        visit->page_max * 2 < VISIT_KNOWN_PAGE ? visit->page_max * 2 : VISIT_KNOWN_PAGE;
    if (!is_last_page)
        remember_after(visit, visit->known[visit->n_known - 1].name);
    visit_end_step(visit, is_last_page ? VISIT_FINISHED : VISIT_REMOVED);
}

static void on_removals_held(const struct ms_error *err, void *arg)
{
    struct visit *visit = visit_store_call_ended(arg, err);
    if (visit == NULL)
        return;
    if (visit->phase == VISIT_GONE)
        visit_end_step(visit, VISIT_FINISHED);
    else
        end_removed(visit);
}

static void put_down(struct visit *visit, const struct ms_removal_record *removals, size_t n)
{
    struct sync_job *job = visit->job;
    visit->report.removals += n;
    job->store_calls++;
    if (ms_store_removals_hold(job->env->store, job->env->term, job->options.scan_id, removals, n,
                               on_removals_held, job) != MS_OK)
        visit_store_call_refused(visit);
}

static void on_missing_asked(const struct tags_result *result, void *arg)
{
    struct visit *visit = arg;
    struct ms_removal_record removals[VISIT_KNOWN_PAGE];
    size_t n = 0;
    visit->asking = NULL;
    if (result->err != NULL) {
        visit_fail(visit, result->err);
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

static void put_down_repository(struct visit *visit)
{
    struct ms_removal_record removal = {.repository = visit->job->repository, .tag = MS_STR("")};
    put_down(visit, &removal, 1);
}

static void on_known_page(const struct ms_error *err, void *arg)
{
    struct visit *visit = visit_store_call_ended(arg, err);
    if (visit == NULL)
        return;
    if (visit->is_without_manifests && visit->n_known == 0 && visit->after.len == 0) {
        put_down_repository(visit);
        return;
    }
    struct tags_question questions[VISIT_KNOWN_PAGE];
    size_t n = 0;
    for (size_t i = 0; i < visit->n_known; i++) {
        if (visit_find_name(visit, visit->known[i].name) == NULL)
            questions[n++] = (struct tags_question){.name = visit->known[i].name};
    }
    if (n > 0)
        visit->asking = tags_start(visit->job->env, visit->job->repository, REGISTRY_SCAN,
                                   questions, n, on_missing_asked, visit);
    else
        end_removed(visit);
}

void visit_step_removed(struct visit *visit)
{
    struct sync_job *job = visit->job;
    visit->known = ms_arena_alloc(visit->arena, VISIT_KNOWN_PAGE * sizeof(*visit->known));
    job->store_calls++;
    if (ms_store_tags_after(job->env->store, job->repository, visit->after, visit->page_max,
                            visit_note_known, on_known_page, job) != MS_OK)
        visit_store_call_refused(visit);
}

/* --- gone --- */

static void ask_next_held(struct visit *visit);

static void on_held_asked(const struct registry_reply *reply, void *arg)
{
    struct visit *visit = arg;
    visit->call = NULL;
    if (reply->outcome == REGISTRY_FAILED || reply->outcome == REGISTRY_CANCELLED) {
        visit_fail(visit, reply->error);
    } else if (reply->outcome != REGISTRY_ABSENT) {
        visit_end_step(visit, VISIT_REMOVED); /* it lives, without tags */
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
        put_down_repository(visit);
        return;
    }
    visit->call = registry_get_manifest(
        job->env->registry, REGISTRY_SCAN, job->repository,
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
        visit->held = ms_alloc_resize(visit->held, visit->held_capacity, sizeof(*visit->held));
    }
    visit->held[visit->n_held++] = *digest;
}

static void on_held_listed(const struct ms_error *err, void *arg)
{
    struct visit *visit = visit_store_call_ended(arg, err);
    if (visit == NULL)
        return;
    visit->is_without_manifests = visit->n_held == 0;
    if (visit->is_without_manifests)
        visit_end_step(visit, VISIT_REMOVED); /* its tags, if any, are asked for first */
    else
        ask_next_held(visit);
}

void visit_step_gone(struct visit *visit)
{
    struct sync_job *job = visit->job;
    visit->n_held = visit->n_asked = 0;
    job->store_calls++;
    if (ms_store_held_digests(job->env->store, job->repository, VISIT_GONE_MAX, on_held_digest,
                              on_held_listed, job) != MS_OK)
        visit_store_call_refused(visit);
}
