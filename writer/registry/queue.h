/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks the registry next: a fixed number of slots, one queue for events and one for scans, and
 * the pauses that the registry asks for. It knows nothing of requests.
 */
#ifndef REGISTRY_QUEUE_H
#define REGISTRY_QUEUE_H

#include "common/runtime/loop.h"
#include "writer/registry/client.h"

#include <sys/queue.h>

struct registry_queue;

/* Embedded in whatever wants a slot. */
struct registry_waiter {
    TAILQ_ENTRY(registry_waiter) link;
    enum registry_priority priority;
    bool is_waiting;
    ms_loop_call *on_slot; /* it has a slot from now on, until registry_queue_release */
    void *arg;
};

struct registry_queue *registry_queue_new(struct ms_loop *loop, size_t n_slots);
/* Nobody gets a slot any more; its memory goes in a later turn. NULL is fine. */
void registry_queue_free(struct registry_queue *queue);
void registry_queue_set_slots(struct registry_queue *queue, size_t n_slots);

/* Behind the others of its priority; `is_first`: before them. The slot comes in a later turn. */
void registry_queue_wait(struct registry_queue *queue, struct registry_waiter *waiter,
                         bool is_first);
/* It no longer waits; without effect when it does not. */
void registry_queue_leave(struct registry_queue *queue, struct registry_waiter *waiter);
/* From now on it has the priority of an event, whether it waits or not. */
void registry_queue_hurry(struct registry_queue *queue, struct registry_waiter *waiter);
/* A slot is free again. */
void registry_queue_release(struct registry_queue *queue);

/* Nobody gets a slot for so long. A pause that ends later than the present one replaces it. */
void registry_queue_pause(struct registry_queue *queue, uint64_t pause_ms);
/* While this is on, slots, pauses and `may_scan` do not count: the registry is away, and what waits
 * shall fail at once. */
void registry_queue_let_all_begin(struct registry_queue *queue, bool is_on);
bool registry_queue_lets_all_begin(const struct registry_queue *queue);

/* Asked before a scan gets a slot; when the answer may have changed: registry_queue_look. */
typedef bool registry_queue_may_scan(void *arg);
void registry_queue_ask_before_scans(struct registry_queue *queue,
                                     registry_queue_may_scan *may_scan, void *arg);
/* Gives out the slots that can be given, in a later turn. */
void registry_queue_look(struct registry_queue *queue);

size_t registry_queue_n_taken(const struct registry_queue *queue);
/* Nothing is under way, and nothing can begin at present. */
bool registry_queue_is_idle(const struct registry_queue *queue);

#endif
