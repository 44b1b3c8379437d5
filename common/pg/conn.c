/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pooled connection in pipeline mode. Its states, in the order of its life and of this file:
 *
 *   OPENING  connecting, then the session's settings, all within connect_timeout_ms
 *   READY    tickets are sent as they are submitted, and end as their results come; while it is
 *            cancelling, none is: the server's signal may still hit what comes next; nor when
 *            it is to be replaced
 *   LOST     failed: its tickets end, then on_lost
 *
 * What always holds: the server answers in the order of asking, so the first ticket's next reply
 * says what the next result is about. A batch has taken place when the reply to its Sync is there,
 * not before. Callbacks may free the connection: `freed` is looked at after each of them, the
 * memory stays until a later turn.
 */
#include "common/pg/conn.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/pg/link.h"
#include "common/pg/prepared.h"
#include "common/pg/settings.h"

#include <string.h>

enum conn_state { OPENING, READY, LOST };

struct ms_pg_conn {
    struct ms_loop *loop;
    enum conn_state state;
    bool worked; /* was READY */
    bool freed;
    struct ms_pg_link *link;
    struct ms_timer *deadline; /* of OPENING */
    uint64_t statement_timeout_ms;
    uint64_t timeout_in_force_ms; /* for what is sent from now on */
    bool read_only;
    struct ms_pg_tickets tickets; /* in the order of their answers */
    size_t in_flight;
    int64_t began_us; /* when the first ticket became the first */
    int64_t heard_us; /* when the server last sent something, or began to owe an answer */
    struct ms_pg_prepared_set prepared;
    struct ms_pg_backend backend;
    struct ms_pg_pool *canceller;
    struct ms_pg_ticket *cancel; /* on the canceller; NULL: none is under way */
    int64_t cancelling_since_us; /* 0: all is as usual */
    bool is_outdated;            /* to be replaced: nothing is sent any more */
    bool may_be_hit; /* an attempt to cancel failed: the connection is not used any more */
    struct ms_str *columns;
    size_t columns_capacity;
    const struct ms_pg_conn_events *events;
    void *arg;
};

static void on_open(void *arg);
static void on_input(void *arg);
static void on_failed(const struct ms_error *err, void *arg);
static void on_deadline(void *arg);
static void submit(struct ms_pg_conn *conn, struct ms_pg_ticket *ticket);
static void end_cancelling(struct ms_pg_conn *conn);
static void lose(struct ms_pg_conn *conn, const struct ms_error *err);
static void lose_because(struct ms_pg_conn *conn, const char *why);

static const struct ms_pg_link_events LINK_EVENTS = {
    .on_open = on_open,
    .on_input = on_input,
    .on_failed = on_failed,
};

struct ms_pg_conn *ms_pg_conn_new(struct ms_loop *loop, const struct ms_pg_conn_options *options,
                                  const struct ms_pg_conn_events *events, void *arg)
{
    struct ms_pg_conn *conn = ms_alloc(sizeof(*conn));
    *conn = (struct ms_pg_conn){
        .loop = loop,
        .state = OPENING,
        .deadline = ms_timer_new(loop, on_deadline, conn),
        .statement_timeout_ms = options->statement_timeout_ms,
        .timeout_in_force_ms = options->statement_timeout_ms,
        .read_only = options->read_only,
        .canceller = options->canceller,
        .events = events,
        .arg = arg,
    };
    TAILQ_INIT(&conn->tickets);
    conn->link =
        ms_pg_link_new(loop, options->conninfo, options->application_name, &LINK_EVENTS, conn);
    ms_timer_start(conn->deadline, options->connect_timeout_ms);
    return conn;
}

/* --- opening --- */

static void on_settings_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    (void)statement;
    struct ms_pg_conn *conn = arg;
    ms_pg_settings_backend(&conn->backend, row);
}

static void on_settings_done(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_pg_conn *conn = arg;
    if (outcome->err != NULL) {
        lose(conn, outcome->err);
        return;
    }
    ms_timer_stop(conn->deadline);
    conn->state = READY;
    conn->worked = true;
    conn->events->on_ready(conn, conn->arg);
}

static void on_open(void *arg)
{
    struct ms_pg_conn *conn = arg;
    if (PQenterPipelineMode(ms_pg_link_pq(conn->link)) != 1) {
        ms_pg_link_fail(conn->link);
        return;
    }
    submit(conn, ms_pg_settings_ticket(conn->statement_timeout_ms, conn->read_only, on_settings_row,
                                       on_settings_done, conn));
}

/* --- sending --- */

static struct ms_pg_prepared *prepared_of(struct ms_pg_conn *conn,
                                          const struct ms_pg_command *command)
{
    return ms_pg_prepared_get(&conn->prepared, command->statement);
}

static void expect(struct ms_pg_ticket *ticket, enum ms_pg_reply_kind kind, size_t step)
{
    ticket->replies[ticket->n_replies++] = (struct ms_pg_reply){.kind = kind, .step = step};
}

/* False: libpq refused. */
static bool send_ticket(struct ms_pg_conn *conn, struct ms_pg_ticket *ticket)
{
    PGconn *pq = ms_pg_link_pq(conn->link);
    /* First what this connection has not prepared yet. Other tickets use a statement as soon as its
     * Parse is sent. When that fails, they fail with it for no reason of their own: they are sent
     * again with a Parse of their own, whose error is the true one. */
    for (size_t i = 0; i < ticket->n_commands; i++) {
        struct ms_pg_command *command = &ticket->commands[i];
        struct ms_pg_prepared *prepared = prepared_of(conn, command);
        if (!prepared->usable || (ticket->retried && !prepared->confirmed)) {
            ms_pg_prepared_renew(&conn->prepared, prepared);
            expect(ticket, MS_PG_REPLY_PREPARE, i);
            expect(ticket, MS_PG_REPLY_PREPARE_SYNC, i);
            if (PQsendPrepare(pq, prepared->wire_name, command->statement->sql, 0, NULL) != 1 ||
                PQpipelineSync(pq) != 1)
                return false;
        }
        command->serial = prepared->serial;
    }
    /* Then all statements up to one Sync: one transaction. */
    for (size_t i = 0; i < ticket->n_commands; i++) {
        const struct ms_pg_command *command = &ticket->commands[i];
        expect(ticket, MS_PG_REPLY_EXECUTE, i);
        if (PQsendQueryPrepared(pq, prepared_of(conn, command)->wire_name, command->n_params,
                                command->values, command->lengths, command->formats,
                                ticket->binary_results ? 1 : 0) != 1)
            return false;
    }
    expect(ticket, MS_PG_REPLY_SYNC, 0);
    return PQpipelineSync(pq) == 1;
}

/* PQpipelineSync has written to the socket already; the flush is for what did not fit. */
static void submit(struct ms_pg_conn *conn, struct ms_pg_ticket *ticket)
{
    if (conn->in_flight == 0)
        conn->began_us = conn->heard_us = ms_clock_mono_us();
    ticket->conn = conn;
    TAILQ_INSERT_TAIL(&conn->tickets, ticket, next);
    conn->in_flight++;
    if (!send_ticket(conn, ticket)) {
        ms_pg_link_fail(conn->link);
        return;
    }
    ms_pg_link_flush(conn->link);
}

static void on_timeout_changed(const struct ms_pg_outcome *outcome, void *arg)
{
    if (outcome->err != NULL)
        lose(arg, outcome->err); /* what was sent behind it has the wrong limit */
}

void ms_pg_conn_submit(struct ms_pg_conn *conn, struct ms_pg_ticket *ticket)
{
    uint64_t timeout_ms = ticket->statement_timeout_ms > 0 ? ticket->statement_timeout_ms
                                                           : conn->statement_timeout_ms;
    if (timeout_ms != conn->timeout_in_force_ms) {
        submit(conn, ms_pg_settings_timeout_ticket(timeout_ms, on_timeout_changed, conn));
        conn->timeout_in_force_ms = timeout_ms;
    }
    submit(conn, ticket);
}

/* --- taking results --- */

static struct ms_pg_ticket *pop_ticket(struct ms_pg_conn *conn)
{
    struct ms_pg_ticket *ticket = TAILQ_FIRST(&conn->tickets);
    TAILQ_REMOVE(&conn->tickets, ticket, next);
    conn->in_flight--;
    conn->began_us = ms_clock_mono_us();
    ticket->conn = NULL;
    return ticket;
}

static void end_ticket(struct ms_pg_conn *conn)
{
    struct ms_pg_ticket *ticket = pop_ticket(conn);
    const struct ms_error *err = ticket->err.status == MS_OK ? NULL : &ticket->err;
    if (ticket->pool == NULL)
        ms_pg_ticket_finish(ticket, err, ticket->sqlstate);
    else
        conn->events->on_end(ticket, err, ticket->sqlstate, conn->arg);
}

/* A result that libpq made up itself has no SQLSTATE; after FATAL the server closes. */
static bool ends_connection(const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL ||
           (severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0));
}

/* "cached plan must not change result type" has no code of its own; its text is translated. */
static bool is_stale_plan(const PGresult *result, const char *sqlstate)
{
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    return strcmp(sqlstate, "26000") == 0 || (strcmp(sqlstate, "0A000") == 0 && function != NULL &&
                                              strcmp(function, "RevalidateCachedQuery") == 0);
}

/* The first failure of a batch is its error. */
static void note_failure(struct ms_pg_ticket *ticket, const struct ms_pg_reply *reply,
                         const PGresult *result)
{
    if (ticket->err.status != MS_OK)
        return;
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    size_t step = reply->kind == MS_PG_REPLY_SYNC ? ticket->n_commands - 1 : reply->step;
    ticket->stale = reply->kind == MS_PG_REPLY_EXECUTE && is_stale_plan(result, sqlstate);
    memcpy(ticket->sqlstate, sqlstate, strnlen(sqlstate, sizeof(ticket->sqlstate) - 1));
    (void)ms_error_set(&ticket->err, ticket->stale ? MS_UNAVAILABLE : ms_pg_status_of(sqlstate),
                       "%s: %s (%s)", ticket->commands[step].statement->name,
                       message != NULL ? message : "no message", sqlstate);
}

static void take_failure(struct ms_pg_conn *conn, struct ms_pg_ticket *ticket,
                         const struct ms_pg_reply *reply, const PGresult *result)
{
    if (ends_connection(result)) {
        struct ms_str message = ms_str(PQresultErrorMessage(result));
        struct ms_str line = ms_str_next(&message, '\n');
        struct ms_error err;
        (void)ms_error_set(&err, MS_UNAVAILABLE, "%.*s", MS_STR_ARG(line));
        lose(conn, &err);
        return;
    }
    note_failure(ticket, reply, result);
    if (reply->kind == MS_PG_REPLY_PREPARE ||
        (reply->kind == MS_PG_REPLY_EXECUTE && ticket->stale)) {
        const struct ms_pg_command *command = &ticket->commands[reply->step];
        ms_pg_prepared_forget(prepared_of(conn, command), command->serial);
    }
}

static void take_rows(struct ms_pg_conn *conn, struct ms_pg_ticket *ticket, size_t step,
                      const PGresult *result)
{
    int n_rows = PQntuples(result);
    int n_columns = PQnfields(result);
    if (ticket->on_row == NULL || n_rows == 0)
        return;
    /* At most 1664, the server's limit. */
    conn->columns = ms_alloc_grow(conn->columns, &conn->columns_capacity, (size_t)n_columns,
                                  sizeof(*conn->columns));
    struct ms_pg_row row = {.columns = conn->columns, .n_columns = (size_t)n_columns};
    for (int i = 0; i < n_rows && !ticket->cancelled; i++) {
        for (int c = 0; c < n_columns; c++)
            conn->columns[c] =
                PQgetisnull(result, i, c) != 0
                    ? MS_STR_ABSENT
                    : ms_str_n(PQgetvalue(result, i, c), (size_t)PQgetlength(result, i, c));
        ticket->rows_seen = true;
        ticket->on_row(step, &row, ticket->arg);
    }
}

static void take_success(struct ms_pg_conn *conn, struct ms_pg_ticket *ticket,
                         const struct ms_pg_reply *reply, PGresult *result)
{
    if (reply->kind == MS_PG_REPLY_PREPARE) {
        const struct ms_pg_command *command = &ticket->commands[reply->step];
        ms_pg_prepared_confirm(prepared_of(conn, command), command->serial);
        return;
    }
    uint64_t affected;
    if (ms_str_to_u64(&affected, ms_str(PQcmdTuples(result))) == MS_OK)
        ticket->affected[reply->step] = affected;
    take_rows(conn, ticket, reply->step, result);
}

/* The NULL that ends the results of one command. A Sync has none of its own, but one can come after
 * an error that the commit raised; more would mean that libpq and we disagree about what is asked.
 */
static void take_end_of_command(struct ms_pg_conn *conn, struct ms_pg_ticket *ticket,
                                const struct ms_pg_reply *reply)
{
    if (reply->kind == MS_PG_REPLY_PREPARE || reply->kind == MS_PG_REPLY_EXECUTE) {
        ticket->reply++;
        ticket->single_row = false;
    } else if (ticket->null_seen) {
        lose_because(conn, "a result is missing");
    } else {
        ticket->null_seen = true;
    }
}

static void take_result(struct ms_pg_conn *conn, struct ms_pg_ticket *ticket, PGresult *result)
{
    const struct ms_pg_reply *reply = &ticket->replies[ticket->reply];
    if (result == NULL) {
        take_end_of_command(conn, ticket, reply);
        return;
    }
    switch ((int)PQresultStatus(result)) { /* newer versions of libpq have more of them */
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        take_success(conn, ticket, reply, result);
        break;
    case PGRES_SINGLE_TUPLE:
        take_rows(conn, ticket, reply->step, result);
        break;
    case PGRES_FATAL_ERROR:
        take_failure(conn, ticket, reply, result);
        break;
    case PGRES_PIPELINE_SYNC:
        ticket->null_seen = false;
        if (reply->kind == MS_PG_REPLY_PREPARE_SYNC)
            ticket->reply++;
        else if (reply->kind == MS_PG_REPLY_SYNC)
            end_ticket(conn);
        else
            lose_because(conn, "a transaction ended too early");
        break;
    case PGRES_PIPELINE_ABORTED:
    case PGRES_EMPTY_QUERY:
    case PGRES_NONFATAL_ERROR:
        break;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
    case PGRES_BAD_RESPONSE:
    default:
        lose_because(conn, "unexpected kind of result");
        break;
    }
}

/* Takes one result. False when there is none (yet), or the connection is no more. */
static bool take_next(struct ms_pg_conn *conn)
{
    PGconn *pq = ms_pg_link_pq(conn->link);
    struct ms_pg_ticket *ticket = TAILQ_FIRST(&conn->tickets);
    /* Single-row mode can only be switched on while its query is the one libpq is about to read. */
    if (ticket != NULL && ticket->row_by_row && !ticket->single_row &&
        ticket->replies[ticket->reply].kind == MS_PG_REPLY_EXECUTE) {
        ticket->single_row = true;
        if (PQsetSingleRowMode(pq) != 1) {
            lose_because(conn, "no single-row mode");
            return false;
        }
    }
    /* Also when nothing is expected: it is what makes libpq look at its input. */
    if (PQisBusy(pq) != 0 || ticket == NULL)
        return false;
    PGresult *result = PQgetResult(pq);
    if (result == NULL && PQstatus(pq) != CONNECTION_OK)
        return false; /* there will be no more; the link reports why */
    take_result(conn, ticket, result);
    PQclear(result);
    return !conn->freed && conn->state != LOST;
}

static void on_input(void *arg)
{
    struct ms_pg_conn *conn = arg;
    conn->heard_us = ms_clock_mono_us();
    while (take_next(conn))
        continue;
    if (conn->freed || conn->state != READY)
        return;
    end_cancelling(conn);
    conn->events->on_drained(conn, conn->arg);
}

/* --- cancelling --- */

/* The signal was sent, and what it was meant for is over: it cannot hit what comes now. */
static void end_cancelling(struct ms_pg_conn *conn)
{
    if (conn->cancel == NULL && conn->in_flight == 0 && !conn->may_be_hit)
        conn->cancelling_since_us = 0;
}

/* After a failure nobody knows whether the signal is still to come. */
static void on_cancelled(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_pg_conn *conn = arg;
    conn->cancel = NULL;
    conn->may_be_hit = conn->may_be_hit || outcome->err != NULL;
    end_cancelling(conn);
    if (conn->cancelling_since_us == 0)
        conn->events->on_drained(conn, conn->arg);
}

bool ms_pg_conn_cancel(struct ms_pg_conn *conn)
{
    if (conn->cancelling_since_us == 0)
        conn->cancelling_since_us = ms_clock_mono_us();
    if (conn->cancel == NULL && conn->in_flight > 0 &&
        ms_pg_cancel(&conn->cancel, conn->canceller, &conn->backend, on_cancelled, conn) != MS_OK)
        conn->cancel = NULL; /* it is asked for again */
    return conn->cancel != NULL || conn->in_flight > 0;
}

int64_t ms_pg_conn_cancelling_us(const struct ms_pg_conn *conn, int64_t now_us)
{
    return conn->cancelling_since_us > 0 ? now_us - conn->cancelling_since_us : 0;
}

/* --- the end --- */

void ms_pg_conn_free(struct ms_pg_conn *conn)
{
    if (conn == NULL)
        return;
    conn->freed = true;
    ms_pg_ticket_cancel(conn->cancel);
    while (!TAILQ_EMPTY(&conn->tickets)) {
        struct ms_pg_ticket *ticket = pop_ticket(conn);
        ticket->cancelled = true; /* we may be inside one of its callbacks */
        ms_loop_defer_free(conn->loop, ticket);
    }
    ms_pg_link_free(conn->link);
    ms_timer_free(conn->deadline);
    ms_pg_prepared_set_free(&conn->prepared);
    ms_loop_defer_free(conn->loop, conn->columns);
    ms_loop_defer_free(conn->loop, conn);
}

/* The end of a connection: the only way to LOST. */
static void lose(struct ms_pg_conn *conn, const struct ms_error *err)
{
    if (conn->state == LOST)
        return;
    conn->state = LOST;
    ms_timer_stop(conn->deadline);
    ms_pg_link_free(conn->link);
    conn->link = NULL;
    ms_pg_ticket_cancel(conn->cancel);
    conn->cancel = NULL;
    while (!conn->freed && !TAILQ_EMPTY(&conn->tickets)) {
        struct ms_pg_ticket *ticket = pop_ticket(conn);
        if (ticket->pool == NULL)
            free(ticket); /* the session's settings */
        else
            conn->events->on_end(ticket, err, "", conn->arg);
    }
    if (!conn->freed)
        conn->events->on_lost(conn, err, conn->arg);
}

static void on_failed(const struct ms_error *err, void *arg)
{
    lose(arg, err);
}

static void on_deadline(void *arg)
{
    struct ms_pg_conn *conn = arg;
    struct ms_error err;
    ms_pg_link_leave_host(conn->link);
    (void)ms_error_set(&err, MS_UNAVAILABLE, "no connection to the database in time");
    lose(conn, &err);
}

static void lose_because(struct ms_pg_conn *conn, const char *why)
{
    struct ms_error err;
    (void)ms_error_set(&err, MS_UNAVAILABLE, "connection given up: %s", why);
    lose(conn, &err);
}

static void on_nothing(const struct ms_pg_outcome *outcome, void *arg)
{
    (void)outcome; /* the server looks itself whether its client is still there */
    (void)arg;
}

void ms_pg_conn_give_up(struct ms_pg_conn *conn)
{
    struct ms_pg_ticket *ticket = TAILQ_FIRST(&conn->tickets), *cancel;
    enum ms_status status = MS_OK;
    while (ticket != NULL && ticket->pool == NULL) /* the connection's own */
        ticket = TAILQ_NEXT(ticket, next);
    if (ticket != NULL)
        ticket->was_silent = true; /* the others only stood behind it */
    if (conn->canceller != NULL)
        status = ms_pg_cancel(&cancel, conn->canceller, &conn->backend, on_nothing, NULL);
    lose_because(conn, status == MS_OK ? "the database has not answered in time"
                                       : "the database does not answer at all");
}

void ms_pg_conn_outdate(struct ms_pg_conn *conn, bool elsewhere)
{
    conn->is_outdated = true;
    if (elsewhere && conn->state != LOST)
        ms_pg_link_leave_host(conn->link);
}

bool ms_pg_conn_is_outdated(const struct ms_pg_conn *conn)
{
    return conn->is_outdated;
}

void ms_pg_conn_replace(struct ms_pg_conn *conn)
{
    lose_because(conn, "another server may be the right one now");
}

/* --- what the pool asks --- */

bool ms_pg_conn_is_ready(const struct ms_pg_conn *conn)
{
    return conn->state == READY && conn->cancelling_since_us == 0 && !conn->is_outdated &&
           ms_pg_link_is_usable(conn->link);
}

bool ms_pg_conn_is_opening(const struct ms_pg_conn *conn)
{
    return conn->state == OPENING;
}

bool ms_pg_conn_has_worked(const struct ms_pg_conn *conn)
{
    return conn->worked;
}

size_t ms_pg_conn_in_flight(const struct ms_pg_conn *conn)
{
    return conn->in_flight;
}

bool ms_pg_conn_is_exclusive(const struct ms_pg_conn *conn)
{
    const struct ms_pg_ticket *last = TAILQ_LAST(&conn->tickets, ms_pg_tickets);
    return last != NULL && last->is_exclusive;
}

bool ms_pg_conn_is_unawaited(const struct ms_pg_conn *conn)
{
    struct ms_pg_ticket *ticket;
    TAILQ_FOREACH(ticket, &conn->tickets, next) {
        if (!ticket->cancelled && ticket->pool != NULL)
            return false;
    }
    return conn->state == READY && conn->in_flight > 0;
}

int64_t ms_pg_conn_busy_us(const struct ms_pg_conn *conn, int64_t now_us)
{
    return conn->in_flight > 0 ? now_us - conn->began_us : 0;
}

int64_t ms_pg_conn_silent_us(const struct ms_pg_conn *conn, int64_t now_us)
{
    bool owes = conn->state == READY && conn->in_flight > 0;
    return owes ? now_us - conn->heard_us : 0;
}

uint64_t ms_pg_conn_statement_timeout_ms(const struct ms_pg_conn *conn)
{
    return conn->timeout_in_force_ms;
}
