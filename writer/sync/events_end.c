/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a pass over events ends: its events are done, stay as they are, wait a while, or die.
 */
#include "common/base/alloc.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "writer/sync/events_internal.h"

/* A pass that failed as a whole is tried again after 1 s, 2 s, 4 s … */
enum { FAILURE_PAUSE_MS = 1000, FAILURE_PAUSE_DOUBLINGS = 6 };

void events_count(const struct event_item *item, const char *result)
{
    static const char *const ACTIONS[] = {
        [EVENT_PUSH] = "push", [EVENT_DELETE] = "delete", [EVENT_OTHER] = "other"};
    ms_metrics_add(MS_METRIC_EVENTS, ACTIONS[item->action], result, 1);
}

static void free_pass(struct events_pass *pass)
{
    struct ms_loop *loop = pass->job->env->loop;
    tags_cancel(pass->asking);
    content_cancel(pass->content);
    if (pass->call != NULL)
        registry_call_cancel(pass->call);
    ms_arena_free(pass->arena);
    ms_loop_defer_free(loop, pass);
}

void events_pass_cancel(struct events_pass *pass)
{
    if (pass != NULL)
        free_pass(pass);
}

void events_pass_end(struct events_pass *pass, bool is_done)
{
    struct sync_job *job = pass->job;
    bool may_be_more = is_done && pass->n_due == pass->load_max;
    free_pass(pass);
    sync_events_ended(job, may_be_more);
}

static void log_failure(const struct events_pass *pass, const struct ms_error *err)
{
    ms_log(MS_LOG_WARN, "events wait: they could not be applied",
           MS_FIELDS(ms_field_str("repository", pass->job->repository),
                     ms_field_u64("events", pass->n_due), ms_field_error(err)));
}

void events_pass_leave(struct events_pass *pass, const struct ms_error *err)
{
    log_failure(pass, err);
    events_pass_end(pass, false);
}

/* What was not postponed is due at once, and found again all the same. */
static void on_failure_recorded(const struct ms_error *err, void *arg)
{
    struct sync_job *job = arg;
    (void)err;
    if (sync_store_call_ended(job))
        events_pass_end(job->events, false);
}

void events_pass_fail(struct events_pass *pass, const struct ms_error *err)
{
    struct sync_job *job = pass->job;
    struct ms_inbox_delay *delays =
        ms_arena_alloc(pass->arena, (pass->n_due + 1) * sizeof(*delays));
    for (size_t i = 0; i < pass->n_due; i++) {
        unsigned looks = pass->items[i].looks;
        unsigned doublings = looks < FAILURE_PAUSE_DOUBLINGS ? looks : FAILURE_PAUSE_DOUBLINGS;
        delays[i] =
            (struct ms_inbox_delay){pass->items[i].id, (uint64_t)FAILURE_PAUSE_MS << doublings};
    }
    log_failure(pass, err);
    job->store_calls++;
    if (ms_store_inbox_postpone(job->env->store, job->env->term, delays, pass->n_due,
                                on_failure_recorded, job) != MS_OK) {
        job->store_calls--;
        events_pass_end(pass, false);
    }
}

static void on_buried(const struct ms_error *err, void *arg)
{
    struct sync_job *job = arg;
    if (!sync_store_call_ended(job))
        return;
    if (err != NULL) {
        events_pass_leave(job->events, err);
        return;
    }
    events_count(&job->events->items[0], "dead");
    events_pass_end(job->events, false);
}

static void bury(struct events_pass *pass, const struct ms_error *why)
{
    struct sync_job *job = pass->job;
    ms_log(MS_LOG_WARN, "an event becomes a dead letter",
           MS_FIELDS(ms_field_str("repository", job->repository), ms_field_error(why)));
    job->store_calls++;
    if (ms_store_inbox_bury(job->env->store, job->env->term, &pass->items[0].id, 1,
                            ms_str(why->text), on_buried, job) != MS_OK) {
        job->store_calls--;
        events_pass_leave(pass, ms_store_writer_refusal(job->env->store));
    }
}

/* The database refuses for good what the pass found. Its events are tried one at a time: the one
 * that is refused alone becomes a dead letter. */
static void refuse(struct events_pass *pass, const struct ms_error *err)
{
    struct sync_job *job = pass->job;
    job->one_by_one = true;
    if (pass->load_max == 1) {
        bury(pass, err);
        return;
    }
    sync_job_wake(job);
    events_pass_end(pass, true);
}

void events_pass_give_up(struct events_pass *pass, const struct ms_error *err)
{
    if (err->status == MS_INVALID || err->status == MS_TOO_LARGE)
        refuse(pass, err);
    else
        events_pass_fail(pass, err);
}
