/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection of one's own with the simple protocol: the leader's lock, the watcher's LISTEN,
 * migrations. It builds on pg/link.c. A session is
 *
 *   OPENING  until on_ready
 *   IDLE     waiting for a query
 *   ASKING   a query is under way
 *   LOST     on_lost was called; only freeing is left
 *
 * One timer guards OPENING and ASKING. Callbacks may free the session: `freed` is looked at after
 * each of them, the memory stays until a later turn.
 */
#include "common/pg/session.h"

#include "common/base/alloc.h"
#include "common/pg/link.h"

#include <string.h>

enum session_state { OPENING, IDLE, ASKING, LOST };
enum { RESULTS_MAX = 1024 }; /* of one query, whose counts of rows are kept */

struct ms_pg_session {
    struct ms_loop *loop;
    enum session_state state;
    bool freed;
    struct ms_pg_link *link;
    struct ms_timer *deadline;
    uint64_t timeout_ms;
    struct ms_pg_session_events events;
    void *arg;
    /* The query under way. */
    ms_pg_row_call *on_row;
    ms_pg_done_call *on_done;
    void *query_arg;
    size_t n_results;
    uint64_t affected[RESULTS_MAX];
    struct ms_error err; /* its first failure */
    char sqlstate[6];
};

static void on_open(void *arg);
static void on_input(void *arg);
static void on_failed(const struct ms_error *err, void *arg);
static void on_deadline(void *arg);

static const struct ms_pg_link_events LINK_EVENTS = {
    .on_open = on_open,
    .on_input = on_input,
    .on_failed = on_failed,
};

static void start_deadline(struct ms_pg_session *session)
{
    if (session->timeout_ms > 0)
        ms_timer_start(session->deadline, session->timeout_ms);
}

struct ms_pg_session *ms_pg_session_new(struct ms_loop *loop, const char *conninfo,
                                        const char *application_name, uint64_t timeout_ms,
                                        const struct ms_pg_session_events *events, void *arg)
{
    struct ms_pg_session *session = ms_alloc(sizeof(*session));
    session->loop = loop;
    session->deadline = ms_timer_new(loop, on_deadline, session);
    session->timeout_ms = timeout_ms;
    session->events = *events;
    session->arg = arg;
    session->link = ms_pg_link_new(loop, conninfo, application_name, &LINK_EVENTS, session);
    start_deadline(session);
    return session;
}

void ms_pg_session_free(struct ms_pg_session *session)
{
    if (session == NULL)
        return;
    session->freed = true;
    ms_pg_link_free(session->link);
    ms_timer_free(session->deadline);
    ms_loop_defer_free(session->loop, session); /* we may be inside one of its callbacks */
}

static void end_query(struct ms_pg_session *session, enum session_state next,
                      const struct ms_error *err)
{
    struct ms_pg_outcome outcome = {
        .err = err,
        .affected = session->affected,
    };
    if (next == IDLE)
        memcpy(outcome.sqlstate, session->sqlstate, sizeof(outcome.sqlstate));
    session->state = next;
    ms_timer_stop(session->deadline);
    session->on_done(&outcome, session->query_arg);
}

/* The end of a session: the only way to LOST. */
static void lose(struct ms_pg_session *session, const struct ms_error *err)
{
    if (session->state == LOST)
        return;
    enum session_state before = session->state;
    session->state = LOST;
    ms_timer_stop(session->deadline);
    ms_pg_link_free(session->link);
    session->link = NULL;
    if (before == ASKING)
        end_query(session, LOST, err);
    if (!session->freed && session->events.on_lost != NULL)
        session->events.on_lost(err, session->arg);
}

static void on_failed(const struct ms_error *err, void *arg)
{
    lose(arg, err);
}

static void give_up(struct ms_pg_session *session, const char *what)
{
    struct ms_error err;
    (void)ms_error_set(&err, MS_UNAVAILABLE, "connection given up: %s", what);
    lose(session, &err);
}

static void on_deadline(void *arg)
{
    struct ms_pg_session *session = arg;
    ms_pg_link_leave_host(session->link);
    give_up(session, "the database has not answered in time");
}

static void on_open(void *arg)
{
    struct ms_pg_session *session = arg;
    session->state = IDLE;
    ms_timer_stop(session->deadline);
    if (session->events.on_ready != NULL)
        session->events.on_ready(session->arg);
}

enum ms_status ms_pg_session_query(struct ms_pg_session *session, const char *sql,
                                   ms_pg_row_call *on_row, ms_pg_done_call *on_done, void *arg)
{
    if (session->state == ASKING)
        return MS_BUSY;
    if (session->state != IDLE)
        return MS_UNAVAILABLE;
    session->state = ASKING;
    session->on_row = on_row;
    session->on_done = on_done;
    session->query_arg = arg;
    session->n_results = 0;
    memset(session->affected, 0, sizeof(session->affected));
    session->err.status = MS_OK;
    session->sqlstate[0] = '\0';
    start_deadline(session);
    if (PQsendQuery(ms_pg_link_pq(session->link), sql) == 1)
        ms_pg_link_flush(session->link);
    else
        ms_pg_link_fail(session->link);
    return MS_OK;
}

/* --- taking results --- */

static bool is_over(const struct ms_pg_session *session)
{
    return session->freed || session->state == LOST;
}

static void take_failure(struct ms_pg_session *session, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (sqlstate == NULL) { /* made up by libpq */
        give_up(session, "libpq could not read an answer");
        return;
    }
    if (session->err.status != MS_OK)
        return;
    memcpy(session->sqlstate, sqlstate, strnlen(sqlstate, sizeof(session->sqlstate) - 1));
    (void)ms_error_set(&session->err, ms_pg_status_of(sqlstate), "%s (%s)",
                       message != NULL ? message : "no message", sqlstate);
}

static void take_rows(struct ms_pg_session *session, const PGresult *result)
{
    int n_columns = PQnfields(result);
    int n_rows = PQntuples(result);
    if (session->on_row == NULL || n_rows == 0)
        return;
    struct ms_str *columns = ms_alloc((size_t)n_columns * sizeof(*columns));
    struct ms_pg_row row = {.columns = columns, .n_columns = (size_t)n_columns};
    for (int r = 0; r < n_rows && !session->freed; r++) {
        for (int c = 0; c < n_columns; c++)
            columns[c] =
                PQgetisnull(result, r, c) != 0
                    ? MS_STR_ABSENT
                    : ms_str_n(PQgetvalue(result, r, c), (size_t)PQgetlength(result, r, c));
        session->on_row(session->n_results, &row, session->query_arg);
    }
    free(columns);
}

static void take_answer(struct ms_pg_session *session, PGresult *result)
{
    uint64_t affected;
    if (session->n_results < RESULTS_MAX &&
        ms_str_to_u64(&affected, ms_str(PQcmdTuples(result))) == MS_OK)
        session->affected[session->n_results] = affected;
    take_rows(session, result);
    session->n_results++;
}

static void take_result(struct ms_pg_session *session, PGresult *result)
{
    switch ((int)PQresultStatus(result)) { /* newer versions of libpq have more of them */
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        take_answer(session, result);
        break;
    case PGRES_FATAL_ERROR:
        take_failure(session, result);
        break;
    case PGRES_EMPTY_QUERY:
    case PGRES_NONFATAL_ERROR:
        break;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
    case PGRES_SINGLE_TUPLE:
    case PGRES_PIPELINE_SYNC:
    case PGRES_PIPELINE_ABORTED:
    case PGRES_BAD_RESPONSE:
    default:
        give_up(session, "unexpected kind of result");
        break;
    }
}

static void take_results(struct ms_pg_session *session)
{
    PGconn *pq = ms_pg_link_pq(session->link);
    while (!is_over(session) && PQisBusy(pq) == 0 && session->state == ASKING) {
        PGresult *result = PQgetResult(pq);
        if (result != NULL)
            take_result(session, result);
        else if (PQstatus(pq) == CONNECTION_OK)
            end_query(session, IDLE, session->err.status == MS_OK ? NULL : &session->err);
        else
            break; /* the link reports it, and that the query's fate is unknown */
        PQclear(result);
    }
}

static void take_notifications(struct ms_pg_session *session)
{
    PGnotify *notify;
    while (!is_over(session) && (notify = PQnotifies(ms_pg_link_pq(session->link))) != NULL) {
        if (session->events.on_notify != NULL)
            session->events.on_notify(ms_str(notify->relname), ms_str(notify->extra), session->arg);
        PQfreemem(notify);
    }
}

static void on_input(void *arg)
{
    struct ms_pg_session *session = arg;
    take_results(session);
    take_notifications(session);
}
