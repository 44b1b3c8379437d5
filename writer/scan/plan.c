/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the next scan starts: interval.fetch_all after the last complete one, soon after a failure,
 * on request (scan_request: a registry instance never seen before, an envelope that was not read).
 *
 * Always holds: a request is forgotten only when a scan that began after it is complete. The plan
 * itself is made anew from the database at the beginning of each term: whoever requests a scan has
 * committed there why, so that a crash between a request and its scan forgets nothing.
 */
#include "common/base/clock.h"
#include "common/runtime/log.h"
#include "writer/scan/internal.h"

enum {
    PLAN_REQUEST_PAUSE_MS = 60 * 1000, /* requests start at most one scan in this time */
    PLAN_RETRY_MS = 30 * 1000,         /* after an incomplete one; then 60 s, 120 s … */
    PLAN_STORE_PAUSE_MS = 1000         /* the database is away */
};

static int64_t request_due_ms(const struct scan_plan *plan)
{
    return plan->last_met_ms == 0 ? plan->requested_ms : plan->last_met_ms + PLAN_REQUEST_PAUSE_MS;
}

/* Starts the timer for whatever comes first. */
static void arm(struct scan *scan)
{
    struct scan_plan *plan = &scan->plan;
    int64_t next_ms = plan->due_ms;
    if (scan->env->term == 0 || scan->is_running || !plan->is_ready)
        return;
    if (plan->requested_ms != 0 && (next_ms == 0 || request_due_ms(plan) < next_ms))
        next_ms = request_due_ms(plan);
    ms_timer_stop(plan->timer);
    if (next_ms == 0)
        return;
    int64_t wait_ms = next_ms - ms_clock_mono_ms();
    ms_timer_start(plan->timer, wait_ms > 0 ? (uint64_t)wait_ms : 0);
}

static void note_request(struct scan *scan)
{
    scan->plan.requested_ms = ms_clock_mono_ms();
    arm(scan);
}

void scan_request(struct scan *scan, const char *why)
{
    if (scan->env->term == 0)
        return;
    ms_log(MS_LOG_INFO, "scan requested", MS_FIELDS(ms_field_c("why", why)));
    note_request(scan);
}

void scan_plan_started(struct scan *scan)
{
    struct scan_plan *plan = &scan->plan;
    ms_timer_stop(plan->timer);
    plan->started_ms = ms_clock_mono_ms();
    if (plan->requested_ms != 0)
        plan->last_met_ms = plan->started_ms;
}

/* Growing, up to the interval: one repository that always fails must not mean scans without end. */
static int64_t retry_pause_ms(struct scan_plan *plan, int64_t interval_ms)
{
    plan->retry.base_ms = PLAN_RETRY_MS;
    plan->retry.max_ms = (uint64_t)interval_ms;
    return (int64_t)ms_backoff_next_ms(&plan->retry);
}

void scan_plan_after(struct scan *scan, enum scan_end how)
{
    struct scan_plan *plan = &scan->plan;
    int64_t now_ms = ms_clock_mono_ms();
    int64_t interval_ms = (int64_t)scan->env->config->interval.fetch_all_ms;
    plan->due_ms = interval_ms > 0 ? now_ms + interval_ms : 0;
    if (how == SCAN_COMPLETE)
        ms_backoff_reset(&plan->retry);
    if (how == SCAN_NOT_BEGUN)
        plan->due_ms = now_ms + PLAN_STORE_PAUSE_MS;
    else if (how == SCAN_INCOMPLETE && interval_ms > PLAN_RETRY_MS)
        plan->due_ms = now_ms + retry_pause_ms(plan, interval_ms);
    else if (how == SCAN_COMPLETE && plan->requested_ms <= plan->started_ms)
        plan->requested_ms = 0;
    arm(scan);
}

/* --- the beginning of a term --- */

static void on_status(const struct ms_error *err, const struct ms_store_status *status, void *arg)
{
    struct scan *scan = arg;
    struct scan_plan *plan = &scan->plan;
    int64_t interval_ms = (int64_t)scan->env->config->interval.fetch_all_ms;
    if (scan->env->term == 0 || plan->is_ready)
        return;
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
        note_request(scan);
    arm(scan);
}

static void ask_database(struct scan *scan)
{
    if (ms_store_status(scan->env->store, on_status, scan) != MS_OK)
        ms_timer_start(scan->plan.timer, PLAN_STORE_PAUSE_MS);
}

void scan_begin_term(struct scan *scan)
{
    ask_database(scan);
}

/* The database knows when the last complete scan was: the plan is made anew. */
void scan_reload(struct scan *scan)
{
    struct scan_plan *plan = &scan->plan;
    if (!plan->is_ready || plan->interval_ms == scan->env->config->interval.fetch_all_ms)
        return;
    plan->is_ready = false;
    ms_timer_stop(plan->timer);
    ask_database(scan);
}

void scan_plan_end_term(struct scan *scan)
{
    ms_timer_stop(scan->plan.timer);
    scan->plan.is_ready = false;
}

static void on_timer(void *arg)
{
    struct scan *scan = arg;
    if (!scan->plan.is_ready)
        ask_database(scan);
    else if (scan_start(scan, false) == MS_UNAVAILABLE)
        ms_timer_start(scan->plan.timer, PLAN_STORE_PAUSE_MS);
}

void scan_plan_init(struct scan *scan)
{
    scan->plan.timer = ms_timer_new(scan->env->loop, on_timer, scan);
}
