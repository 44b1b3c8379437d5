/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sync.h. A job alternates between its two kinds of passes: events whenever some wait, else the
 * next step of the visit, until there is neither. While a visit waits for the tag list, which may
 * take long, passes over events go on beside it.
 */
#include "common/base/alloc.h"
#include "writer/sync/sync_internal.h"

#include <stdlib.h>
#include <string.h>

static void release(struct sync_job *job)
{
    if (job->store_calls > 0)
        return; /* the last store callback comes back here */
    free(job->memory);
    ms_loop_defer_free(job->env->loop, job);
}

bool sync_store_call_ended(struct sync_job *job)
{
    job->store_calls--;
    if (!job->cancelled)
        return true;
    release(job);
    return false;
}

static void end(struct sync_job *job)
{
    job->cancelled = true;
    job->options.on_ended(job, job->options.arg);
    release(job);
}

static void run(struct sync_job *job)
{
    if (job->events != NULL || (job->is_stepping && !visit_only_reads(job->visit)))
        return; /* its end comes back here */
    if (job->has_events) {
        job->has_events = false;
        job->had_events = true;
        job->events = events_pass_start(job);
    } else if (job->is_stepping) {
        return;
    } else if (job->visit != NULL) {
        job->is_stepping = true;
        visit_step(job->visit);
    } else {
        end(job);
    }
}

void sync_events_ended(struct sync_job *job, bool may_be_more)
{
    job->events = NULL;
    job->has_events |= may_be_more;
    run(job);
}

void sync_visit_stepped(struct sync_job *job, const struct sync_report *report, bool is_finished)
{
    job->is_stepping = false;
    if (is_finished) {
        job->options.on_visited(job->repository, report, job->options.visited_arg);
        if (job->cancelled)
            return;
        visit_free(job->visit);
        job->visit = NULL;
    }
    run(job);
}

static void on_begin(void *arg)
{
    struct sync_job *job = arg;
    if (sync_store_call_ended(job))
        run(job);
}

struct sync_job *sync_start(const struct env *env, const struct sync_options *options)
{
    struct sync_job *job = ms_alloc(sizeof(*job));
    job->env = env;
    job->options = *options;
    job->memory = ms_alloc_str(options->repository);
    job->repository = ms_str_n(job->memory, options->repository.len);
    if (options->on_visited != NULL)
        job->visit = visit_new(job);
    else
        job->has_events = true;
    job->store_calls++; /* the deferred beginning counts as one */
    ms_loop_defer(env->loop, on_begin, job);
    return job;
}

struct ms_str sync_job_repository(const struct sync_job *job)
{
    return job->repository;
}

void sync_job_wake(struct sync_job *job)
{
    job->has_events = true;
    if (!job->is_stepping || job->events != NULL)
        return; /* they are next */
    if (visit_only_reads(job->visit))
        run(job);
    else
        visit_yield(job->visit);
}

bool sync_job_had_events(const struct sync_job *job)
{
    return job->had_events;
}

bool sync_job_is_visit(const struct sync_job *job)
{
    return job->visit != NULL;
}

uint64_t sync_job_manifests(const struct sync_job *job)
{
    return visit_manifests(job->visit);
}

void sync_job_cancel(struct sync_job *job)
{
    if (job->cancelled)
        return;
    job->cancelled = true;
    events_pass_cancel(job->events);
    visit_free(job->visit);
    job->events = NULL;
    job->visit = NULL;
    release(job);
}
