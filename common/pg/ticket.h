/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch under way: what was asked, the replies that it waits for, what came of it.
 * Internal to pg/pool.c (which owns it while it waits) and pg/conn.c (while it is in flight).
 */
#ifndef MS_PG_TICKET_H
#define MS_PG_TICKET_H

#include "common/pg/pg.h"

#include <sys/queue.h>

enum {
    MS_PG_BATCH_STEPS_MAX = 4096,
    MS_PG_BATCH_BYTES_MAX = 256 * 1024 * 1024,
    MS_PG_STEP_PARAMS_MAX = 65535 /* the protocol's */
};

/* One statement, its parameters in libpq's form. */
struct ms_pg_command {
    const struct ms_pg_statement *statement;
    int n_params;
    const char **values; /* the caller's */
    int *lengths;
    int *formats;
    unsigned serial; /* of the prepared statement that was used */
};

/* The replies that the server will send, in this order. Each first use is a Parse with a Sync of
 * its own, so that a failure in one batch does not take the statement away from the next. */
enum ms_pg_reply_kind {
    MS_PG_REPLY_PREPARE,
    MS_PG_REPLY_PREPARE_SYNC,
    MS_PG_REPLY_EXECUTE,
    MS_PG_REPLY_SYNC /* the end: committed or rolled back */
};

struct ms_pg_reply {
    enum ms_pg_reply_kind kind;
    size_t step;
};

struct ms_pg_pool;
struct ms_pg_conn;

struct ms_pg_ticket {
    TAILQ_ENTRY(ms_pg_ticket) next;
    struct ms_pg_pool *pool; /* NULL: a connection's own setup */
    struct ms_pg_conn *conn; /* NULL: waiting */
    ms_pg_row_call *on_row;
    ms_pg_done_call *on_done;
    void *arg;
    int64_t started_us;            /* monotonic */
    uint64_t statement_timeout_ms; /* 0: the connection's */
    bool binary_results;
    bool row_by_row;
    bool close_on_cancel;
    bool is_exclusive;
    bool cancelled; /* no callback any more */
    bool was_silent;
    bool rows_seen; /* at least one was delivered */
    bool retried;
    bool stale;      /* failed because a prepared statement was forgotten or outdated */
    bool single_row; /* was switched on for the reply at the head */
    bool null_seen;  /* while a Sync's reply was expected */
    size_t n_commands;
    size_t n_replies;
    size_t reply; /* index of the one that comes next */
    struct ms_pg_command *commands;
    struct ms_pg_reply *replies;
    uint64_t *affected;
    struct ms_error err; /* of the first failure; MS_OK: none yet */
    char sqlstate[6];
};

TAILQ_HEAD(ms_pg_tickets, ms_pg_ticket);

/* One block, freed with free(). The limits are those of ms_pg_pool_run. */
enum ms_status ms_pg_ticket_new(struct ms_pg_ticket **out, const struct ms_pg_batch *batch,
                                struct ms_error *err) MS_CHECKED;
/* Back to the state before it was sent. */
void ms_pg_ticket_rewind(struct ms_pg_ticket *ticket);
/* Calls on_done unless cancelled, then frees the ticket. `err` NULL: success. */
void ms_pg_ticket_finish(struct ms_pg_ticket *ticket, const struct ms_error *err,
                         const char *sqlstate);

#endif
