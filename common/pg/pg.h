/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asynchronous PostgreSQL: the shapes that pg/pool.h (batches on pooled connections), pg/session.h
 * (a connection of one's own) and pg/array.h share.
 *
 * A unit of work is a batch: a list of statements that is one implicit transaction (all up to one
 * Sync; the first failure rolls all of them back). Statements are prepared on first use and
 * remembered by connection. Parameters and results are text, but for columns and parameters marked
 * as binary (bytea as raw bytes).
 *
 * The daemons see their stores (writer/store, reader/store).
 */
#ifndef MS_PG_H
#define MS_PG_H

#include "common/base/str.h"
#include "common/runtime/loop.h"

/* A statement with fixed text; `name` is unique in the program and used for metrics and prepare. It
 * and its strings live as long as the process. */
struct ms_pg_statement {
    const char *name;
    const char *sql;
};

/* The bytes are borrowed until on_done is called or the cancellation has returned, unless the batch
 * copies them. */
struct ms_pg_param {
    struct ms_str value; /* absent: NULL; text is followed by a NUL and holds none */
    bool binary;         /* bytea: raw bytes */
};

struct ms_pg_row {
    const struct ms_str *columns; /* absent: NULL. Valid during the callback */
    size_t n_columns;
};

/* Called for every row of any statement of the batch, `statement` counts from 0. */
typedef void ms_pg_row_call(size_t statement, const struct ms_pg_row *row, void *arg);

/* The end of a batch, exactly once. `err` is NULL on success; else `sqlstate` holds five
 * characters, or "" when the connection failed (then it is unknown whether the batch took place).
 */
struct ms_pg_outcome {
    const struct ms_error *err; /* its status is what ms_pg_status_of() says of the sqlstate */
    bool was_silent; /* the connection was given up because the server did not answer this batch,
                        long after its time limit */
    char sqlstate[6];
    const uint64_t *affected; /* rows affected by each statement, n_statements of them */
};
typedef void ms_pg_done_call(const struct ms_pg_outcome *outcome, void *arg);

/* What a failure means; of five characters, or "". MS_UNAVAILABLE: the connection, a server that
 * shuts down, starts, is a standby or lacks a resource (08, 53, 57P, 58, 25006), a plan that must
 * be made again; MS_CONFLICT: serialization failure, deadlock, lock not available (40, 55);
 * MS_TIMEOUT: 57014 and the session's time limits; MS_INVALID: data and constraints (22, 23);
 * MS_NOT_FOUND: no such table, column, function, database; MS_UNAUTHORIZED: 28, 42501;
 * MS_TOO_LARGE: 54; MS_DEPOSED: MS001, which our functions raise; MS_PROTOCOL: all else, which is
 * the fault of the statement (42601) or of the server (XX) and never of its data. */
enum ms_status ms_pg_status_of(const char *sqlstate);

struct ms_pg_step {
    const struct ms_pg_statement *statement;
    const struct ms_pg_param *params; /* the array may go once the batch is started */
    size_t n_params;
};

struct ms_pg_batch {
    const struct ms_pg_step *steps;
    size_t n_steps;
    bool binary_results; /* all result columns of the batch in binary format */
    bool row_by_row; /* rows are given as they arrive, some perhaps before a failure, and not held
                        until the last; one step only */
    bool copies_params;   /* a few bytes that do not live as long */
    bool close_on_cancel; /* for long results: see ms_pg_ticket_cancel */
    bool is_exclusive; /* it may last: sent on an idle connection only, and nothing is sent behind
                          it */
    uint64_t statement_timeout_ms; /* of each statement; 0: the pool's */
    ms_pg_row_call *on_row;        /* may be NULL */
    ms_pg_done_call *on_done;
    void *arg;
};

#endif
