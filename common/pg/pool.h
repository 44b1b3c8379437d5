/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: batches on a bounded number of pipelined connections.
 *
 * The first connection is opened at once and kept; more are opened when all are at work.
 * Connections that are lost or refused are tried again with growing pauses.
 */
#ifndef MS_PG_POOL_H
#define MS_PG_POOL_H

#include "common/pg/pg.h"

struct ms_pg_pool;
struct ms_pg_ticket; /* a batch under way; gone after on_done */

struct ms_pg_pool_options {
    const char *conninfo; /* libpq URI or keyword string; NULL or "": the PG* environment */
    const char *application_name;
    size_t max_connections;
    size_t max_waiting;          /* batches waiting for a connection; beyond: MS_BUSY */
    uint64_t wait_timeout_ms;    /* then MS_BUSY, or MS_UNAVAILABLE when none works; 0: 5 s */
    uint64_t connect_timeout_ms; /* 0: 5 s; names are resolved synchronously, in addition */
    /* 0: the server's. A server that stays silent for 5 s longer is given up. */
    uint64_t statement_timeout_ms;
    bool read_only; /* default_transaction_read_only = on */
    /* Batches in flight on one connection; 1: no pipelining, so that no batch waits behind another
     * while a connection is to be had later; 0: 16. */
    size_t pipeline_depth;
    /* connected: at least one connection works. Told at the first outcome and at each change; `err`
     * is NULL when connected. May be NULL. */
    void (*on_state)(bool connected, const struct ms_error *err, void *arg);
    void *arg;
    /* Told, in a turn of its own, when ms_pg_pool_make_room() may have become true. May be NULL. */
    ms_loop_call *on_room;
    void *on_room_arg;
    bool is_lazy; /* the first connection is opened when it is needed, and a lost one likewise */
    /* Cancels on the server what was cancelled here, or was given up; borrowed, freed after this
     * pool. NULL: it runs to its end. */
    struct ms_pg_pool *canceller;
};

/* Copies the options and their strings. */
struct ms_pg_pool *ms_pg_pool_new(struct ms_loop *loop, const struct ms_pg_pool_options *options);
void ms_pg_pool_free(struct ms_pg_pool *pool); /* cancels what is under way without callbacks */
bool ms_pg_pool_is_connected(const struct ms_pg_pool *pool);
/* In a later turn every connection that is there now is replaced: it may lead to a server that
 * leads no more. What is in flight on them ends as when a connection is lost. `elsewhere`: of a
 * list of hosts, begin with the next. */
void ms_pg_pool_renew(struct ms_pg_pool *pool, bool elsewhere);
/* Calls back once, in a later turn, when no batch waits or is in flight any more, cancelled ones
 * included. */
void ms_pg_pool_on_idle(struct ms_pg_pool *pool, ms_loop_call *on_idle, void *arg);

/* Starts a batch. MS_BUSY: the queue is full; MS_UNAVAILABLE: no connection works and the last
 * attempt at one failed (the pool tries again with growing pauses); MS_TOO_LARGE: more than 256 MiB
 * or 4096 statements; MS_INVALID: no statement, several row by row, a NUL in a text parameter. On
 * failure nothing was started and no callback comes. A batch that met a forgotten or outdated
 * prepared statement before it had delivered a row is run once more by itself. */
enum ms_status ms_pg_pool_run(struct ms_pg_ticket **out, struct ms_pg_pool *pool,
                              const struct ms_pg_batch *batch, struct ms_error *err) MS_CHECKED;
/* A batch would be sent at once, or fail at once: then ms_pg_pool_run() need not let it wait, and
 * who has a queue of his own can decide late who is next. False: another connection is opened if
 * one may be, and on_room comes. */
bool ms_pg_pool_make_room(struct ms_pg_pool *pool, bool is_exclusive);
/* How many batches a new one would come behind on its connection: 0 on an idle one; SIZE_MAX: it
 * would wait for a connection, or none works. Opens nothing. */
size_t ms_pg_pool_ahead(const struct ms_pg_pool *pool, bool is_exclusive);
/* No callback comes any more. What was not sent is forgotten. What is on the wire is cancelled on
 * the server, if the pool has a canceller, as soon as nobody waits for anything else on its
 * connection, which is not used again before that has had its effect (and closed when that takes
 * too long). Without a canceller it runs to its end, unobserved; with close_on_cancel, the
 * connection is then closed instead when nothing else is in flight on it (always so with a
 * pipeline_depth of 1): to read the rest would take longer than to connect anew. NULL is fine. */
void ms_pg_ticket_cancel(struct ms_pg_ticket *ticket);

#endif
