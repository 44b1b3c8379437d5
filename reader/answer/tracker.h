/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows what the watcher process writes into shared memory: keeps this worker's timeline up to
 * date, and tells those who subscribed what was touched, and when everything is to be forgotten.
 */
#ifndef TRACKER_H
#define TRACKER_H

#include "reader/answer/timeline.h"

#include <stddef.h>

struct freshness;

enum { TRACKER_SUBSCRIBERS_MAX = 8 };

/* Called inside tracker_refresh(), in the order of subscription; each may be NULL. They answer no
 * request. */
struct tracker_subscriber {
    void (*on_touched)(uint64_t generation, uint64_t repository_hash, void *arg);
    void (*on_forget)(void *arg);  /* a new epoch: nothing that was known is worth anything */
    void (*on_changed)(void *arg); /* the generation is another one; after the calls above */
    void *arg;
};

struct tracker {
    struct freshness *freshness;
    struct timeline now; /* as tracker_refresh() found it */
    struct tracker_subscriber subscribers[TRACKER_SUBSCRIBERS_MAX];
    size_t n_subscribers;
};

void tracker_init(struct tracker *tracker, struct freshness *freshness);
/* At wiring only. */
void tracker_subscribe(struct tracker *tracker, const struct tracker_subscriber *subscriber);
/* Looks at shared memory, which costs nothing: at each request, and whenever something has come. */
void tracker_refresh(struct tracker *tracker);

#endif
