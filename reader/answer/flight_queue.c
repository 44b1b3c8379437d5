/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries that wait for the database: whose turn it is, who is refused.
 */
#include "common/runtime/limit.h"
#include "common/runtime/metrics.h"
#include "reader/answer/flight_inner.h"

#include <stddef.h>

/* For so long a query waits for its turn: as long as the proxies before us usually do, if it is one
 * that takes its time. */
static const uint64_t WAITS_MS[MS_CLASS_COUNT] = {
    [MS_CLASS_LOOKUP] = 10 * 1000, [MS_CLASS_LIST] = 10 * 1000, [MS_CLASS_SEARCH] = 30 * 1000,
    [MS_CLASS_INDEX] = 60 * 1000,  [MS_CLASS_WALK] = 60 * 1000,
};

static struct flight *flight_of(struct turns_item *turn)
{
    return (struct flight *)(void *)((char *)turn - offsetof(struct flight, turn));
}

/* Asks for as many as there are connections. */
void flight_queue_pump(void *arg)
{
    struct flights *flights = arg;
    struct turns_item *turn;
    do {
        unsigned classes = 0;
        for (unsigned class = 0; class < MS_CLASS_COUNT; class += 1)
            if (turns_count(flights->turns, class) > 0 &&
                ms_store_reader_has_room(flights->means.env->store, class))
                classes |= 1U << class;
        turn = turns_next(flights->turns, classes);
        if (turn == NULL)
            break;
        struct flight *flight = flight_of(turn);
        struct ms_error err;
        ms_timer_stop(flight->timer);
        if (flight_ask(flight, &err) != MS_OK)
            flight_ask_later(flight, &err);
    } while (turn != NULL);
}

static void refuse(struct flight *flight, enum turns_verdict verdict)
{
    struct ms_error err;
    flight->is_crowded = verdict == TURNS_CLIENT_FULL;
    ms_limit_reached(flight->is_crowded ? MS_LIMIT_CLIENT_WAITING : MS_LIMIT_PG_WAITING);
    ms_metrics_add(MS_METRIC_STATEMENTS_REFUSED, ms_read_class_names[flight->class], NULL, 1);
    (void)ms_error_set(&err, MS_BUSY, "too many queries wait for the database");
    flight_fail_later(flight, &err);
}

static enum turns_verdict join_queue(struct flight *flight, const struct client *client)
{
    struct turns *turns = flight->flights->turns;
    enum turns_verdict verdict = turns_add(turns, &flight->turn, client);
    struct turns_item *displaced =
        verdict == TURNS_FULL ? turns_displace(turns, flight->class, client) : NULL;
    if (displaced == NULL)
        return verdict;
    refuse(flight_of(displaced), TURNS_CLIENT_FULL);
    return turns_add(turns, &flight->turn, client);
}

void flight_queue_up(struct flight *flight)
{
    const struct waiter *waiter;
    enum turns_verdict verdict = TURNS_WAITS;
    flight->state = FLIGHT_WAITING;
    if (flight->is_own)
        verdict = join_queue(flight, &CLIENT_OWN);
    TAILQ_FOREACH(waiter, &flight->waiters, link) {
        if (verdict == TURNS_WAITS)
            verdict = join_queue(flight, &waiter->client);
    }
    if (verdict != TURNS_WAITS) {
        refuse(flight, verdict);
        return;
    }
    ms_timer_start(flight->timer, WAITS_MS[flight->class]);
    flight_queue_pump(flight->flights);
}

void flight_queue_join(struct flight *flight, const struct client *client)
{
    (void)join_queue(flight, client); /* what waits takes everybody */
}

void flight_queue_expire(struct ms_error *out, struct flight *flight)
{
    bool is_watched = timeline_is_watched(&flight->flights->means.tracker->now);
    turns_remove(flight->flights->turns, &flight->turn);
    ms_limit_reached(MS_LIMIT_PG_WAIT_TIMEOUT);
    ms_metrics_add(MS_METRIC_STATEMENTS_REFUSED, ms_read_class_names[flight->class], NULL, 1);
    (void)ms_error_set(out, is_watched ? MS_BUSY : MS_UNAVAILABLE,
                       "no connection to the database was free in time");
}
