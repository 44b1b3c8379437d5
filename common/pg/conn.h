/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pooled connection in pipeline mode. Internal: pg/pool.c decides which ticket goes to which
 * connection; this sends it and takes its results.
 */
#ifndef MS_PG_CONN_H
#define MS_PG_CONN_H

#include "common/pg/cancel.h"
#include "common/pg/ticket.h"

struct ms_pg_conn;

struct ms_pg_conn_options {
    const char *conninfo;
    const char *application_name;
    uint64_t connect_timeout_ms;   /* until the session's settings are in force */
    uint64_t statement_timeout_ms; /* 0: the server's */
    bool read_only;
    struct ms_pg_pool *canceller; /* of ms_pg_conn_cancel() */
};

struct ms_pg_conn_events {
    void (*on_ready)(struct ms_pg_conn *conn, void *arg); /* batches may be submitted */
    /* The ticket is off the connection. `err` NULL: success. `sqlstate` "": the connection failed.
     */
    void (*on_end)(struct ms_pg_ticket *ticket, const struct ms_error *err, const char *sqlstate,
                   void *arg);
    void (*on_drained)(struct ms_pg_conn *conn, void *arg); /* all that had come was taken */
    /* After the end of each of its tickets; the owner frees the connection. At most once. */
    void (*on_lost)(struct ms_pg_conn *conn, const struct ms_error *err, void *arg);
};

/* `events` must outlive the connection. Any callback may free it. */
struct ms_pg_conn *ms_pg_conn_new(struct ms_loop *loop, const struct ms_pg_conn_options *options,
                                  const struct ms_pg_conn_events *events, void *arg);
void ms_pg_conn_free(struct ms_pg_conn *conn); /* and its tickets, without callbacks */

/* Takes the ticket over until on_end. Never calls back before it returns. */
void ms_pg_conn_submit(struct ms_pg_conn *conn, struct ms_pg_ticket *ticket);

/* Cancels on the server what is in flight, for which nobody waits. Until that has had its effect,
 * the connection is not ready; then on_drained comes. May be called again meanwhile: a signal ends
 * one statement, and others may have been sent behind it. False: nothing is left to cancel, but a
 * signal may still come, so the connection cannot be used any more. */
bool ms_pg_conn_cancel(struct ms_pg_conn *conn);
/* For how long it has been waiting for that; 0: it is not. */
int64_t ms_pg_conn_cancelling_us(const struct ms_pg_conn *conn, int64_t now_us);

bool ms_pg_conn_is_ready(const struct ms_pg_conn *conn);
bool ms_pg_conn_is_opening(const struct ms_pg_conn *conn);
bool ms_pg_conn_has_worked(const struct ms_pg_conn *conn); /* was ready once */
size_t ms_pg_conn_in_flight(const struct ms_pg_conn *conn);
/* What was sent last is exclusive: nothing may be sent behind it. */
bool ms_pg_conn_is_exclusive(const struct ms_pg_conn *conn);
/* Something is in flight, and nobody waits for any of it. */
bool ms_pg_conn_is_unawaited(const struct ms_pg_conn *conn);

/* For how long the server has been at work on the first ticket; 0 when idle. */
int64_t ms_pg_conn_busy_us(const struct ms_pg_conn *conn, int64_t now_us);
/* For how long the server has sent nothing although it owes an answer; 0 when idle. */
int64_t ms_pg_conn_silent_us(const struct ms_pg_conn *conn, int64_t now_us);
/* The limit of the statements sent last; 0: the server's. */
uint64_t ms_pg_conn_statement_timeout_ms(const struct ms_pg_conn *conn);
/* The same as if it had failed, because the server is silent: calls back. What runs is cancelled on
 * the server, if it can be reached otherwise. */
void ms_pg_conn_give_up(struct ms_pg_conn *conn);

/* Nothing is sent on it any more; `elsewhere`: see ms_pg_link_leave_host. */
void ms_pg_conn_outdate(struct ms_pg_conn *conn, bool elsewhere);
bool ms_pg_conn_is_outdated(const struct ms_pg_conn *conn);
void ms_pg_conn_replace(struct ms_pg_conn *conn); /* as if it had failed: calls back */

#endif
