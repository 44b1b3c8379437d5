/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sync.h. A job alternates between its two kinds of passes: events whenever some wait, else the
 * next step of the visit, until there is neither. After some passes in a row the visit has a step,
 * though more events wait: or else a scan would not end while a repository is pushed to all the
 * time. While a visit waits for the tag list, which may take long, passes over events go on beside
 * it.
 */
#include "writer/sync/sync.h"

#include "common/base/alloc.h"
#include "common/runtime/loop.h"
#include "writer/env.h"
#include "writer/sync/events.h"
#include "writer/sync/visit.h"

#include <stdlib.h>

enum { PASSES_IN_A_ROW = 4 };

struct sync_job {
    const struct env *env;
    struct sync_options options; /* the repository is in `memory` */
    char *memory;
    bool has_events;            /* rows may wait in the inbox */
    bool had_events;            /* a pass over events was made */
    bool one_by_one;            /* some event cannot be applied: which? */
    struct events_pass *events; /* the pass under way, or NULL */
    unsigned passes;            /* over events, since a step of the visit was begun */
    struct visit *visit;        /* NULL: no visit, or it has ended */
    bool is_stepping;           /* a step of the visit is under way */
    bool is_cancelled;
};

static void run(struct sync_job *job);

void sync_job_cancel(struct sync_job *job)
{
    job->is_cancelled = true;
    events_pass_cancel(job->events);
    visit_free(job->visit);
    free(job->memory);
    ms_loop_defer_free(job->env->loop, job);
}

static void on_events_ended(enum events_end how, void *arg)
{
    struct sync_job *job = arg;
    job->events = NULL;
    job->one_by_one |= how == EVENTS_REFUSED;
    job->has_events |= how != EVENTS_DONE;
    run(job);
}

static void on_stepped(const struct sync_report *report, bool is_finished, void *arg)
{
    struct sync_job *job = arg;
    job->is_stepping = false;
    if (is_finished) {
        struct visit *visit = job->visit;
        job->visit = NULL;
        job->options.on_visited(job->options.repository, report, job->options.visited_arg);
        visit_free(visit);
        if (job->is_cancelled)
            return;
    }
    run(job);
}

/* Starts what comes next, if it may start now; ends the job when there is nothing left. */
static void run(struct sync_job *job)
{
    bool may_have_events = job->visit == NULL || !job->is_stepping || visit_only_reads(job->visit);
    if (job->events != NULL || !may_have_events)
        return; /* its end comes back here */
    bool is_steps_turn = job->visit != NULL && !job->is_stepping && job->passes >= PASSES_IN_A_ROW;
    if (job->has_events && !is_steps_turn) {
        job->passes++;
        job->has_events = false;
        job->had_events = true;
        job->events = events_pass_start(
            job->env, &(struct events_options){.repository = job->options.repository,
                                               .one_by_one = job->one_by_one,
                                               .on_scan_wanted = job->options.on_scan_wanted,
                                               .scan_wanted_arg = job->options.scan_wanted_arg,
                                               .on_ended = on_events_ended,
                                               .arg = job});
    } else if (job->visit == NULL) {
        job->options.on_ended(job, job->options.arg);
        sync_job_cancel(job);
    } else if (!job->is_stepping) {
        job->is_stepping = true;
        job->passes = 0;
        visit_step(job->visit);
    }
}

struct sync_job *sync_start(const struct env *env, const struct sync_options *options)
{
    struct sync_job *job = ms_alloc(sizeof(*job));
    job->env = env;
    job->options = *options;
    job->memory = ms_alloc_str(options->repository);
    job->options.repository = ms_str_n(job->memory, options->repository.len);
    if (options->on_visited != NULL)
        job->visit = visit_new(env, job->options.repository, options->scan_id, on_stepped, job);
    else
        job->has_events = true;
    run(job);
    return job;
}

struct ms_str sync_job_repository(const struct sync_job *job)
{
    return job->options.repository;
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
