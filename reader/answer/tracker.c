/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's timeline, from shared memory. Always: what was touched is told before tracker->now
 * shows the change to anybody.
 */
#include "reader/answer/tracker.h"

#include "reader/shared/freshness.h"

void tracker_init(struct tracker *tracker, struct freshness *freshness,
                  const struct tracker_events *events, void *arg)
{
    *tracker = (struct tracker){.freshness = freshness, .events = *events, .arg = arg};
    tracker->now.seen = freshness_generation(freshness);
}

static void on_forget(void *arg)
{
    struct tracker *tracker = arg;
    timeline_begin_epoch(&tracker->now);
    tracker->events.on_forget(tracker->arg);
}

static void on_touched(uint64_t generation, uint64_t repository_hash, void *arg)
{
    const struct tracker *tracker = arg;
    tracker->events.on_touched(generation, repository_hash, tracker->arg);
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
    if (now->seen != before)
        tracker->events.on_changed(tracker->arg);
}
