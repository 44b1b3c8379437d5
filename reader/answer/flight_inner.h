/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the queries under way. Internal to flight.c (the life of one) and flight_queue.c
 * (waiting for the database). */
#ifndef FLIGHT_INNER_H
#define FLIGHT_INNER_H

#include "reader/answer/build.h"
#include "reader/answer/flight.h"
#include "reader/answer/turns.h"
#include "reader/store/store.h"

#include <sys/queue.h>

enum flight_state {
    FLIGHT_WAITING,
    FLIGHT_ASKING,
    FLIGHT_PAUSING,
    FLIGHT_AHEAD,
    FLIGHT_ENDING /* being sent, or about to fail: nobody joins any more */
};

struct waiter {
    TAILQ_ENTRY(waiter) link;
    struct flight *flight;
    struct ms_http_request *request;
    struct client client;
    int64_t since_ms;
    struct answer_reply reply;
};
TAILQ_HEAD(waiter_list, waiter);

struct flight {
    TAILQ_ENTRY(flight) link;
    struct flights *flights;
    enum flight_state state;
    struct ms_arena *arena;     /* of the query's copy */
    struct answer_query query;  /* what belongs to a request may be gone long before the flight */
    uint64_t repository_hash;   /* 0: it depends on everything */
    struct ms_store_read *read; /* while ASKING */
    enum ms_read_class class;
    struct turns_item turn; /* while WAITING */
    struct timeline_query asked;
    struct build build;
    unsigned n_pauses;
    unsigned n_losses;      /* of connections that it was asked on */
    struct ms_timer *timer; /* while WAITING, PAUSING, AHEAD, or ENDING with an error */
    struct ms_error err;    /* while ENDING with one */
    bool is_own;            /* asked for nobody: flights_fill() */
    bool is_crowded;        /* the error is that its client has too many of them */
    struct waiter_list waiters;
};
TAILQ_HEAD(flight_list, flight);

struct flights {
    struct flight_means means;
    struct flight_list list;
    struct timeouts *timeouts;
    struct turns *turns;
    struct ms_timer *look; /* for who has waited long: runs while somebody waits */
};

/* --- flight.c --- */

/* Sends the statement. On failure nothing is under way: see flight_ask_later. */
enum ms_status flight_ask(struct flight *flight, struct ms_error *err) MS_CHECKED;
/* It could not be asked: it is tried again after a pause, or fails in a turn of its own. */
void flight_ask_later(struct flight *flight, const struct ms_error *err);
void flight_fail_later(struct flight *flight, const struct ms_error *err);

/* --- flight_queue.c --- */

/* Asks, now or when it is its turn, for all who wait for it. */
void flight_queue_up(struct flight *flight);
/* One more client waits for what waits. */
void flight_queue_join(struct flight *flight, const struct client *client);
/* It has waited long enough: what to tell. */
void flight_queue_expire(struct ms_error *out, struct flight *flight);
/* Asks for as many as there are connections. `arg`: the flights. */
ms_loop_call flight_queue_pump;

#endif
