/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See plan.h. Whoever requests a scan has committed to the database why, so that a crash between a
 * request and its scan forgets nothing: the plan is made anew from there in each term.
 *
 * Always holds: a request is forgotten only when a scan that began after it is complete. Such a
 * scan that is incomplete delays the request like any retry; a newer request does not wait for
 * that.
 */
#include "writer/scan/plan.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/config/config.h"
#include "writer/env.h"
#include "writer/store/store.h"

#include <stdlib.h>

enum {
    PLAN_REQUEST_PAUSE_MS = 60 * 1000, /* requests start at most one scan in this time */
    PLAN_RETRY_MS = 30 * 1000,         /* after an incomplete one; then 60 s, 120 s … */
    PLAN_RETRY_MAX_MS = 3600 * 1000,   /* when no interval bounds it */
    PLAN_STORE_PAUSE_MS = 1000         /* the database is away */
};

/* Times are monotonic; 0: never. */
struct scan_plan {
    const struct env *env;
    void (*on_due)(void *arg);
    void *arg;
    struct ms_timer *timer;
    struct ms_store_call *asking; /* the database is asked when the last scan was; or NULL */
    bool is_ready;                /* it has told */
    bool is_scanning;
    int64_t due_ms;          /* when the interval, or a failure, wants the next one */
    uint64_t interval_ms;    /* interval.fetch_all, as planned with */
    int64_t requested_ms;    /* the latest request that no complete scan has met; 0: none waits */
    int64_t last_met_ms;     /* when a scan last started because of a request */
    int64_t started_ms;      /* the running or last scan */
    int64_t not_before_ms;   /* no request from before an incomplete scan starts one earlier */
    struct ms_backoff retry; /* after incomplete ones */
};

/* Starts the timer for whatever comes first. */
static void arm(struct scan_plan *plan)
{
    int64_t next_ms = plan->due_ms;
    if (plan->is_scanning || !plan->is_ready)
        return;
    if (plan->requested_ms != 0) {
        int64_t request_due_ms =
            plan->last_met_ms == 0 ? plan->requested_ms : plan->last_met_ms + PLAN_REQUEST_PAUSE_MS;
        bool is_retry = plan->requested_ms <= plan->started_ms;
        if (is_retry && request_due_ms < plan->not_before_ms)
            request_due_ms = plan->not_before_ms;
        if (next_ms == 0 || request_due_ms < next_ms)
            next_ms = request_due_ms;
    }
    ms_timer_stop(plan->timer);
    if (next_ms == 0)
        return;
    int64_t wait_ms = next_ms - ms_clock_mono_ms();
    ms_timer_start(plan->timer, wait_ms > 0 ? (uint64_t)wait_ms : 0);
}

void scan_plan_request(struct scan_plan *plan)
{
    plan->requested_ms = ms_clock_mono_ms();
    arm(plan);
}

void scan_plan_note_start(struct scan_plan *plan)
{
    ms_timer_stop(plan->timer);
    plan->is_scanning = true;
    plan->started_ms = ms_clock_mono_ms();
    if (plan->requested_ms != 0)
        plan->last_met_ms = plan->started_ms;
}

void scan_plan_note_end(struct scan_plan *plan, enum scan_end how)
{
    int64_t now_ms = ms_clock_mono_ms();
    int64_t interval_ms = (int64_t)plan->env->config->interval.fetch_all_ms;
    plan->is_scanning = false;
    plan->due_ms = interval_ms > 0 ? now_ms + interval_ms : 0;
    plan->not_before_ms = 0;
    if (how == SCAN_COMPLETE)
        ms_backoff_reset(&plan->retry);
    if (how == SCAN_NOT_BEGUN) {
        plan->due_ms = now_ms + PLAN_STORE_PAUSE_MS;
    } else if (how == SCAN_INCOMPLETE) {
        /* Growing, up to the interval: one repository that always fails must not mean scans without
         * end. */
        bool is_bounded = interval_ms > PLAN_RETRY_MS;
        plan->retry.base_ms = PLAN_RETRY_MS;
        plan->retry.max_ms = is_bounded ? (uint64_t)interval_ms : PLAN_RETRY_MAX_MS;
        plan->not_before_ms = now_ms + (int64_t)ms_backoff_next_ms(&plan->retry);
        if (is_bounded)
            plan->due_ms = plan->not_before_ms;
    } else if (how == SCAN_COMPLETE && plan->requested_ms <= plan->started_ms) {
        plan->requested_ms = 0;
    }
    arm(plan);
}

/* --- the beginning of a term --- */

static void on_status(const struct ms_error *err, const struct ms_store_status *status, void *arg)
{
    struct scan_plan *plan = arg;
    int64_t interval_ms = (int64_t)plan->env->config->interval.fetch_all_ms;
    plan->asking = NULL;
    if (err != NULL) {
        ms_timer_start(plan->timer, PLAN_STORE_PAUSE_MS);
        return;
    }
    int64_t wait_ms = interval_ms - (ms_clock_wall_ms() - status->last_complete_scan_ms);
    if (wait_ms < 0 || wait_ms > interval_ms) /* late, or the clock was set back */
        wait_ms = 0;
    plan->is_ready = true;
    plan->interval_ms = (uint64_t)interval_ms;
    plan->due_ms = interval_ms > 0 ? ms_clock_mono_ms() + wait_ms : 0;
    if (status->wants_scan)
        plan->requested_ms = ms_clock_mono_ms();
    arm(plan);
}

static void ask_database(struct scan_plan *plan)
{
    plan->is_ready = false;
    ms_timer_stop(plan->timer);
    ms_store_call_cancel(plan->asking);
    plan->asking = ms_store_status(plan->env->store, on_status, plan);
}

void scan_plan_begin_term(struct scan_plan *plan)
{
    ask_database(plan);
}

void scan_plan_end_term(struct scan_plan *plan)
{
    ms_timer_stop(plan->timer);
    ms_store_call_cancel(plan->asking);
    plan->asking = NULL;
    plan->is_ready = plan->is_scanning = false;
}

/* The database knows when the last complete scan was: the plan is made anew. */
void scan_plan_reload(struct scan_plan *plan)
{
    if (plan->is_ready && plan->interval_ms != plan->env->config->interval.fetch_all_ms)
        ask_database(plan);
}

static void on_timer(void *arg)
{
    struct scan_plan *plan = arg;
    if (plan->is_ready)
        plan->on_due(plan->arg);
    else
        ask_database(plan);
}

struct scan_plan *scan_plan_new(const struct env *env, void (*on_due)(void *arg), void *arg)
{
    struct scan_plan *plan = ms_alloc(sizeof(*plan));
    *plan = (struct scan_plan){.env = env, .on_due = on_due, .arg = arg};
    plan->timer = ms_timer_new(env->loop, on_timer, plan);
    return plan;
}

void scan_plan_free(struct scan_plan *plan)
{
    if (plan == NULL)
        return;
    scan_plan_end_term(plan);
    ms_timer_free(plan->timer);
    free(plan);
}
