/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits for the database. The rule who is next is that of turns.c; here it meets the
 * connections that are free.
 */
#include "reader/answer/flight_queue.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"

/* For so long a query waits for its turn: as long as the proxies before us usually do, if it is one
 * that takes its time. */
static const uint64_t LONGEST_MS[MS_CLASS_COUNT] = {
    [MS_CLASS_LOOKUP] = 10 * 1000, [MS_CLASS_LIST] = 10 * 1000,  [MS_CLASS_WORDS] = 10 * 1000,
    [MS_CLASS_SEARCH] = 30 * 1000, [MS_CLASS_INDEX] = 60 * 1000, [MS_CLASS_WALK] = 60 * 1000,
};

struct flight_queue {
    struct ms_store_reader *store;
    struct turns *turns;
    struct flight_queue_events events;
};

/* --- who waits --- */

void flight_queue_refuse(struct flight_queue *queue, struct turns_item *item,
                         enum turns_verdict verdict)
{
    struct ms_error err;
    (void)ms_error_set(&err, MS_BUSY, "too many queries wait for the database");
    queue->events.on_refused(
        item, verdict == TURNS_CLIENT_FULL ? MS_LIMIT_CLIENT_WAITING : MS_LIMIT_PG_WAITING, &err);
}

enum turns_verdict flight_queue_join(struct flight_queue *queue, struct turns_item *item,
                                     const struct client *client)
{
    enum turns_verdict verdict = turns_add(queue->turns, item, client);
    bool may_displace = verdict == TURNS_FULL && client != &CLIENT_OWN;
    struct turns_item *displaced =
        may_displace ? turns_displace(queue->turns, item->class, client) : NULL;
    if (displaced == NULL)
        return verdict;
    flight_queue_refuse(queue, displaced, TURNS_CLIENT_FULL);
    return turns_add(queue->turns, item, client);
}

void flight_queue_leave(struct flight_queue *queue, struct turns_item *item,
                        const struct client *client)
{
    turns_leave(queue->turns, item, client);
}

void flight_queue_remove(struct flight_queue *queue, struct turns_item *item)
{
    turns_remove(queue->turns, item);
}

uint64_t flight_queue_longest_ms(enum ms_read_class class)
{
    return LONGEST_MS[class];
}

void flight_queue_expire(struct ms_error *out, struct flight_queue *queue, struct turns_item *item,
                         bool is_watched)
{
    turns_remove(queue->turns, item);
    (void)ms_error_set(out, is_watched ? MS_BUSY : MS_UNAVAILABLE,
                       "no connection to the database was free in time");
}

size_t flight_queue_count(const struct flight_queue *queue, enum ms_read_class class)
{
    return turns_count(queue->turns, class);
}

unsigned flight_queue_classes(const struct flight_queue *queue)
{
    unsigned classes = 0;
    for (unsigned class = 0; class < MS_CLASS_COUNT; class += 1)
        if (turns_count(queue->turns, class) > 0)
            classes |= 1U << class;
    return classes;
}

/* --- whose turn it is --- */

void flight_queue_pump(struct flight_queue *queue)
{
    struct turns_item *item;
    do {
        unsigned waiting = flight_queue_classes(queue), classes = 0;
        for (unsigned class = 0; class < MS_CLASS_COUNT; class += 1)
            if ((waiting & 1U << class) != 0 &&
                ms_store_reader_make_room(queue->store, class, waiting))
                classes |= 1U << class;
        item = turns_next(queue->turns, classes);
        if (item != NULL) {
            item->taken_us = ms_clock_mono_us();
            queue->events.on_turn(item);
        }
    } while (item != NULL);
}

void flight_queue_charge(struct flight_queue *queue, struct turns_item *item)
{
    if (item->taken_us == 0)
        return;
    turns_charge(queue->turns, item, (uint64_t)(ms_clock_mono_us() - item->taken_us));
    item->taken_us = 0;
}

static void on_room(void *arg)
{
    flight_queue_pump(arg);
}

struct flight_queue *flight_queue_new(struct ms_store_reader *store, size_t max_items,
                                      const struct flight_queue_events *events)
{
    struct flight_queue *queue = ms_alloc(sizeof(*queue));
    queue->store = store;
    queue->turns = turns_new(max_items);
    queue->events = *events;
    ms_store_reader_on_room(store, on_room, queue);
    return queue;
}

void flight_queue_free(struct flight_queue *queue)
{
    if (queue == NULL)
        return;
    ms_store_reader_on_room(queue->store, NULL, NULL);
    turns_free(queue->turns);
    free(queue);
}
