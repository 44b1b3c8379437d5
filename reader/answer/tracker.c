/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's timeline, from shared memory. Always: whoever subscribed knows of a change before
 * tracker->now shows it to anybody else.
 */
#include "reader/answer/tracker.h"

#include "reader/shared/freshness.h"

#include <assert.h>

void tracker_init(struct tracker *tracker, struct freshness *freshness)
{
    *tracker = (struct tracker){.freshness = freshness};
    tracker->now.seen = freshness_generation(freshness);
}

void tracker_subscribe(struct tracker *tracker, const struct tracker_subscriber *subscriber)
{
    assert(tracker->n_subscribers < TRACKER_SUBSCRIBERS_MAX);
    tracker->subscribers[tracker->n_subscribers++] = *subscriber;
}

static void on_touched(uint64_t generation, uint64_t repository_hash, void *arg)
{
    const struct tracker *tracker = arg;
    for (size_t i = 0; i < tracker->n_subscribers; i++) {
        const struct tracker_subscriber *subscriber = &tracker->subscribers[i];
        if (subscriber->on_touched != NULL)
            subscriber->on_touched(generation, repository_hash, subscriber->arg);
    }
}

static void on_forget(void *arg)
{
    struct tracker *tracker = arg;
    timeline_begin_epoch(&tracker->now);
    for (size_t i = 0; i < tracker->n_subscribers; i++) {
        const struct tracker_subscriber *subscriber = &tracker->subscribers[i];
        if (subscriber->on_forget != NULL)
            subscriber->on_forget(subscriber->arg);
    }
}

void tracker_refresh(struct tracker *tracker)
{
    struct timeline *now = &tracker->now;
    uint64_t before = now->seen;
    freshness_update(tracker->freshness, on_touched, on_forget, tracker);
    now->seen = freshness_generation(tracker->freshness);
    now->is_known = freshness_is_known(tracker->freshness);
    now->is_lost = freshness_loss(tracker->freshness) != NULL;
    now->stale_seconds = freshness_stale_seconds(tracker->freshness);
    for (size_t i = 0; i < tracker->n_subscribers && now->seen != before; i++) {
        const struct tracker_subscriber *subscriber = &tracker->subscribers[i];
        if (subscriber->on_changed != NULL)
            subscriber->on_changed(subscriber->arg);
    }
}
