/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry's notifications of our own requests. Each manifest that it gives us makes it notify
 * us of a pull, and its notifications wait in one queue, each for the answer to the one before: a
 * scan at full speed would put thousands of them in front of the notification of somebody's push.
 * So a scan asks no faster than the notifications of its requests arrive.
 */
#ifndef REGISTRY_OWN_NOTIFICATIONS_H
#define REGISTRY_OWN_NOTIFICATIONS_H

#include "writer/registry/queue.h"
#include "writer/registry/timing.h"

enum {
    /* Notifications of our own requests that may wait in the registry before a scan waits for them.
     * A push waits behind so many: at 1,000 a second for 64 ms. */
    OWN_NOTIFICATIONS_WINDOW_MIN = 64,
    OWN_NOTIFICATIONS_WINDOW_MAX = 1024 * 1024
};

struct registry_own_notifications;

/* From now on it decides when scans may ask. */
struct registry_own_notifications *
registry_own_notifications_new(struct ms_loop *loop, struct registry_queue *queue,
                               const struct registry_timing *timing);
void registry_own_notifications_free(struct registry_own_notifications *own); /* NULL is fine */

/* The registry gave us a manifest, or its head. */
void registry_own_notifications_expect(struct registry_own_notifications *own);
/* So many came. One may be here before the answer that it tells of. */
void registry_own_notifications_arrived(struct registry_own_notifications *own, size_t n);
int64_t registry_own_notifications_n_missing(const struct registry_own_notifications *own);
int64_t registry_own_notifications_window(const struct registry_own_notifications *own);
/* A scan begins: whether, and how fast, they come is learnt anew. */
void registry_own_notifications_forget(struct registry_own_notifications *own);

#endif
