/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows what the watcher process writes into shared memory: keeps this worker's timeline up to
 * date, and tells what was touched, and when everything is to be forgotten.
 */
#ifndef TRACKER_H
#define TRACKER_H

#include "reader/answer/timeline.h"

struct freshness;

/* Called inside tracker_refresh(). They answer no request. */
struct tracker_events {
    void (*on_touched)(uint64_t generation, uint64_t repository_hash, void *arg);
    void (*on_forget)(void *arg);  /* a new epoch: nothing that was known is worth anything */
    void (*on_changed)(void *arg); /* the generation is another one; after the calls above */
};

struct tracker {
    struct freshness *freshness;
    struct timeline now; /* as tracker_refresh() found it */
    struct tracker_events events;
    void *arg;
};

void tracker_init(struct tracker *tracker, struct freshness *freshness,
                  const struct tracker_events *events, void *arg);
/* Looks at shared memory, which costs nothing: at each request, and whenever something has come. */
void tracker_refresh(struct tracker *tracker);

#endif
