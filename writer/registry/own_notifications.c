/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many notifications of our own requests are missing, and whether a scan must wait for them.
 *
 * Always holds: a registry that sends no such notifications never holds a scan back. One that loses
 * some does so only for a time: when a scan waits and not one has come for long, the window is
 * doubled. A registry that is merely slow is waited for, and the window halves again as those that
 * were missing come.
 */
#include "writer/registry/own_notifications.h"

#include "common/base/alloc.h"
#include "common/runtime/limit.h"
#include "common/runtime/log.h"

struct registry_own_notifications {
    struct registry_queue *queue;
    const struct registry_timing *timing;
    int64_t n_missing; /* pulls that were answered and not notified of; below 0: notified first */
    int64_t window;    /* so many may be missing */
    bool is_notified;  /* the registry does notify us of them */
    struct ms_timer *silence; /* running: a scan waits; started anew by each that comes */
};

/* Requests that are under way may add to those that are missing. */
static bool is_window_full(const struct registry_own_notifications *own)
{
    return own->is_notified &&
           own->n_missing + (int64_t)registry_queue_n_taken(own->queue) >= own->window;
}

static bool may_scan(void *arg)
{
    struct registry_own_notifications *own = arg;
    if (!is_window_full(own))
        return true;
    if (!ms_timer_is_running(own->silence))
        ms_timer_start(own->silence, own->timing->own_notifications_ms);
    return false;
}

static void on_silence(void *arg)
{
    struct registry_own_notifications *own = arg;
    if (!is_window_full(own) || registry_queue_lets_all_begin(own->queue))
        return;
    if (own->window < OWN_NOTIFICATIONS_WINDOW_MAX)
        own->window *= 2;
    ms_limit_reached(MS_LIMIT_REGISTRY_OWN_NOTIFICATIONS);
    ms_log(MS_LOG_INFO, "notifications of the scan's own requests do not come: it goes on",
           MS_FIELDS(ms_field_i64("missing", own->n_missing), ms_field_i64("window", own->window)));
    registry_queue_look(own->queue);
}

void registry_own_notifications_expect(struct registry_own_notifications *own)
{
    own->n_missing++;
}

void registry_own_notifications_arrived(struct registry_own_notifications *own, size_t n)
{
    int64_t least = -(int64_t)registry_queue_n_taken(own->queue);
    if (n == 0)
        return;
    own->is_notified = true;
    own->n_missing -= (int64_t)n;
    if (own->n_missing < least)
        own->n_missing = least;
    while (own->window > OWN_NOTIFICATIONS_WINDOW_MIN && own->n_missing < own->window / 4)
        own->window /= 2;
    if (ms_timer_is_running(own->silence))
        ms_timer_start(own->silence, own->timing->own_notifications_ms);
    registry_queue_look(own->queue);
}

int64_t registry_own_notifications_n_missing(const struct registry_own_notifications *own)
{
    return own->n_missing > 0 ? own->n_missing : 0;
}

int64_t registry_own_notifications_window(const struct registry_own_notifications *own)
{
    return own->window;
}

void registry_own_notifications_forget(struct registry_own_notifications *own)
{
    own->n_missing = 0;
    own->window = OWN_NOTIFICATIONS_WINDOW_MIN;
    own->is_notified = false;
    registry_queue_look(own->queue);
}

struct registry_own_notifications *
registry_own_notifications_new(struct ms_loop *loop, struct registry_queue *queue,
                               const struct registry_timing *timing)
{
    struct registry_own_notifications *own = ms_alloc(sizeof(*own));
    own->queue = queue;
    own->timing = timing;
    own->window = OWN_NOTIFICATIONS_WINDOW_MIN;
    own->silence = ms_timer_new(loop, on_silence, own);
    registry_queue_ask_before_scans(queue, may_scan, own);
    return own;
}

void registry_own_notifications_free(struct registry_own_notifications *own)
{
    if (own == NULL)
        return;
    registry_queue_ask_before_scans(own->queue, NULL, NULL);
    ms_timer_free(own->silence);
    free(own);
}
