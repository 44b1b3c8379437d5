/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits for the database: whose turn it is, and who is refused, counted.
 */
#ifndef FLIGHT_QUEUE_H
#define FLIGHT_QUEUE_H

#include "common/base/status.h"
#include "common/runtime/limit.h"
#include "reader/answer/turns.h"
#include "reader/store/store.h"

struct flight_queue;

struct flight_queue_events {
    /* A connection is free for what waited; it does not wait any more. Comes inside
     * flight_queue_pump(), or when a connection becomes free. */
    void (*on_turn)(struct turns_item *item);
    /* There is no place for what should wait, or somebody else has it now. Comes inside
     * flight_queue_refuse() and, for another item, flight_queue_join(). MS_LIMIT_CLIENT_WAITING:
     * because its client has too many that wait. */
    void (*on_refused)(struct turns_item *item, enum ms_limit limit, const struct ms_error *err);
};

/* In front of `store`; at most `max_items` wait. Items are made by turns_item_init() with their
 * class of statements. */
struct flight_queue *flight_queue_new(struct ms_store_reader *store, size_t max_items,
                                      const struct flight_queue_events *events);
void flight_queue_free(struct flight_queue *queue); /* nothing may wait; NULL is fine */

/* The client waits for the item, if there is a place for it: one of somebody who has more of them
 * is taken, but not for what the reader itself asks (CLIENT_OWN). What waits already takes
 * everybody. */
enum turns_verdict flight_queue_join(struct flight_queue *queue, struct turns_item *item,
                                     const struct client *client);
/* No client of the item got a place: calls on_refused. */
void flight_queue_refuse(struct flight_queue *queue, struct turns_item *item,
                         enum turns_verdict verdict);
/* A request of the client does not wait for the item any more. */
void flight_queue_leave(struct flight_queue *queue, struct turns_item *item,
                        const struct client *client);
/* Nobody waits for it any more. */
void flight_queue_remove(struct flight_queue *queue, struct turns_item *item);

/* What had its turn was asked, and is no longer: its client's account has what that took. Without a
 * turn since then it does nothing. */
void flight_queue_charge(struct flight_queue *queue, struct turns_item *item);

/* So long what belongs to the class may wait, which is for the caller to see to. Then it does not
 * wait any more, and fails with `out`. */
uint64_t flight_queue_longest_ms(enum ms_read_class class);
void flight_queue_expire(struct ms_error *out, struct flight_queue *queue, struct turns_item *item,
                         bool is_watched);

/* Calls on_turn for as many as there are connections. */
void flight_queue_pump(struct flight_queue *queue);

/* The classes (1 << class) of which anything waits. */
unsigned flight_queue_classes(const struct flight_queue *queue);
size_t flight_queue_count(const struct flight_queue *queue, enum ms_read_class class);

#endif
