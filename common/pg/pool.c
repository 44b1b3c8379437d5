/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: decides which batch goes to which connection, and when there is one more.
 *
 * A batch goes to an idle connection, if need be to a new one; when there can be no more, to the
 * one with the fewest in flight, up to pipeline_depth (one that a slow query blocks comes last); or
 * it waits its turn in the queue.
 *
 * What always holds: every ticket is in exactly one place, the queue or a connection; no ticket
 * waits longer than wait_timeout_ms; `away` is true from a failed attempt to connect until the next
 * success (of a lazy pool until the pause is over: its next batch is the next attempt), and while
 * it is, nothing waits at all. Callbacks may free the pool: `closed` is looked at after them, the
 * memory stays until a later turn.
 */
#include "common/pg/pool.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/pg/conn.h"
#include "common/pg/link.h"
#include "common/runtime/limit.h"
#include "common/runtime/metrics.h"

enum {
    WAIT_TIMEOUT_MS = 5000,
    CONNECT_TIMEOUT_MS = 5000,
    PIPELINE_DEPTH = 16,
    SILENCE_GRACE_MS = 5000, /* after statement_timeout: then the server itself is stuck */
    CANCEL_LIMIT_MS = 5000,  /* then the connection is closed */
    SWEEP_EVERY_MS = 100,
    SLOW_US = 20000, /* a ticket at work for so long: better not queue behind it */
    RETRY_BASE_MS = 100,
    RETRY_MAX_MS = 1000 /* batches are refused meanwhile: not longer */
};

struct ms_pg_pool {
    struct ms_loop *loop;
    struct ms_pg_pool_options options; /* but for the strings: */
    char *conninfo;
    char *application_name;
    struct ms_pg_conn **conns;
    size_t n_conns;
    struct ms_pg_tickets queue;
    size_t waiting;         /* in the queue */
    struct ms_timer *retry; /* no connection is opened while it runs */
    struct ms_backoff backoff;
    struct ms_timer *room;  /* on_room, in the next turn */
    struct ms_timer *sweep; /* runs while something waits or is in flight */
    struct ms_timer *renew; /* while outdated connections are there */
    bool state_was_told;    /* once at least */
    bool connected;         /* as it was told */
    bool away;
    struct ms_error why_away;
    ms_loop_call *on_idle; /* NULL: nobody waits for it */
    void *idle_arg;
    bool closed;
};

static void on_conn_ready(struct ms_pg_conn *conn, void *arg);
static void on_ticket_end(struct ms_pg_ticket *ticket, const struct ms_error *err,
                          const char *sqlstate, void *arg);
static void on_conn_drained(struct ms_pg_conn *conn, void *arg);
static void on_conn_lost(struct ms_pg_conn *conn, const struct ms_error *err, void *arg);
static void on_retry(void *arg);
static void on_room(void *arg);
static void on_sweep(void *arg);
static void on_renew(void *arg);

static const struct ms_pg_conn_events CONN_EVENTS = {
    .on_ready = on_conn_ready,
    .on_end = on_ticket_end,
    .on_drained = on_conn_drained,
    .on_lost = on_conn_lost,
};

/* --- connections --- */

static void open_conn(struct ms_pg_pool *pool)
{
    const struct ms_pg_conn_options options = {
        .conninfo = pool->conninfo,
        .application_name = pool->application_name,
        .connect_timeout_ms = pool->options.connect_timeout_ms,
        .statement_timeout_ms = pool->options.statement_timeout_ms,
        .read_only = pool->options.read_only,
        .canceller = pool->options.canceller,
    };
    pool->conns[pool->n_conns++] = ms_pg_conn_new(pool->loop, &options, &CONN_EVENTS, pool);
}

static bool may_open(const struct ms_pg_pool *pool)
{
    return pool->n_conns < pool->options.max_connections && !ms_timer_is_running(pool->retry);
}

static bool is_opening(const struct ms_pg_pool *pool)
{
    for (size_t i = 0; i < pool->n_conns; i++)
        if (ms_pg_conn_is_opening(pool->conns[i]))
            return true;
    return false;
}

/* One at a time: the next is opened when this one has turned out not to be enough. */
static void open_more(struct ms_pg_pool *pool)
{
    if (may_open(pool) && !is_opening(pool))
        open_conn(pool);
}

/* One that is cancelling is not ready, and works. */
static bool has_working(const struct ms_pg_pool *pool)
{
    for (size_t i = 0; i < pool->n_conns; i++)
        if (ms_pg_conn_has_worked(pool->conns[i]) && !ms_pg_conn_is_outdated(pool->conns[i]))
            return true;
    return false;
}

static void remove_conn(struct ms_pg_pool *pool, struct ms_pg_conn *conn)
{
    size_t i = 0;
    while (pool->conns[i] != conn)
        i++;
    pool->conns[i] = pool->conns[--pool->n_conns];
    ms_pg_conn_free(conn);
}

/* --- choosing --- */

/* A new ticket waits for all that are in flight; behind a slow query it waits longest. */
static size_t load(const struct ms_pg_pool *pool, const struct ms_pg_conn *conn, int64_t now_us)
{
    bool slow = ms_pg_conn_busy_us(conn, now_us) > SLOW_US;
    return ms_pg_conn_in_flight(conn) + (slow ? pool->options.pipeline_depth : 0);
}

/* NULL: the ticket has to wait. So it does while another connection may open, rather than behind a
 * statement that may itself wait, for a lock. */
static struct ms_pg_conn *choose(const struct ms_pg_pool *pool, bool is_exclusive)
{
    struct ms_pg_conn *best = NULL;
    int64_t now_us = ms_clock_mono_us();
    for (size_t i = 0; i < pool->n_conns; i++) {
        struct ms_pg_conn *conn = pool->conns[i];
        if (!ms_pg_conn_is_ready(conn) || ms_pg_conn_is_exclusive(conn) ||
            ms_pg_conn_in_flight(conn) >= (is_exclusive ? 1 : pool->options.pipeline_depth))
            continue;
        if (best == NULL || load(pool, conn, now_us) < load(pool, best, now_us))
            best = conn;
    }
    bool may_grow = may_open(pool) || is_opening(pool);
    return best != NULL && ms_pg_conn_in_flight(best) > 0 && may_grow ? NULL : best;
}

/* --- waiting --- */

static void keep_sweeping(struct ms_pg_pool *pool)
{
    if (!ms_timer_is_running(pool->sweep))
        ms_timer_start(pool->sweep, SWEEP_EVERY_MS);
}

static void leave_queue(struct ms_pg_pool *pool, struct ms_pg_ticket *ticket)
{
    TAILQ_REMOVE(&pool->queue, ticket, next);
    pool->waiting--;
}

/* Gives out what waits. Never calls back. */
static void pump(struct ms_pg_pool *pool)
{
    struct ms_pg_ticket *ticket;
    struct ms_pg_conn *conn;
    while ((ticket = TAILQ_FIRST(&pool->queue)) != NULL &&
           (conn = choose(pool, ticket->is_exclusive)) != NULL) {
        leave_queue(pool, ticket);
        ms_pg_conn_submit(conn, ticket);
    }
    if (pool->waiting > 0 || (pool->n_conns == 0 && !pool->options.is_lazy))
        open_more(pool);
    if (pool->options.on_room != NULL)
        ms_timer_start(pool->room, 0);
}

static void cancel_if_unawaited(struct ms_pg_pool *pool, struct ms_pg_conn *conn)
{
    if (pool->options.canceller == NULL || !ms_pg_conn_is_unawaited(conn))
        return;
    (void)ms_pg_conn_cancel(conn);
    keep_sweeping(pool);
}

static void end_waiting(struct ms_pg_pool *pool, struct ms_pg_ticket *ticket,
                        const struct ms_error *err)
{
    leave_queue(pool, ticket);
    ms_pg_ticket_finish(ticket, err, "");
}

/* --- what connections say --- */

static void tell_state(struct ms_pg_pool *pool, bool connected, const struct ms_error *err)
{
    if (pool->state_was_told && pool->connected == connected)
        return;
    pool->state_was_told = true;
    pool->connected = connected;
    if (pool->options.on_state != NULL)
        pool->options.on_state(connected, err, pool->options.arg);
}

static void on_conn_ready(struct ms_pg_conn *conn, void *arg)
{
    (void)conn; /* on_drained comes next and gives out what waits */
    struct ms_pg_pool *pool = arg;
    pool->away = false;
    ms_backoff_reset(&pool->backoff);
    tell_state(pool, true, NULL);
}

static void on_conn_drained(struct ms_pg_conn *conn, void *arg)
{
    struct ms_pg_pool *pool = arg;
    cancel_if_unawaited(pool, conn);
    pump(pool);
    if (pool->on_idle != NULL)
        ms_timer_start(pool->sweep, 0);
}

static void on_ticket_end(struct ms_pg_ticket *ticket, const struct ms_error *err,
                          const char *sqlstate, void *arg)
{
    struct ms_pg_pool *pool = arg;
    /* A prepared statement was forgotten or is outdated: as long as no row was delivered, its owner
     * need not know. */
    if (ticket->stale && !ticket->retried && !ticket->rows_seen && !ticket->cancelled) {
        ms_pg_ticket_rewind(ticket);
        ticket->retried = true;
        TAILQ_INSERT_HEAD(&pool->queue, ticket, next);
        pool->waiting++;
        return; /* on_drained or on_lost comes next and gives it out */
    }
    if (((err != NULL && err->status == MS_TIMEOUT) || ticket->was_silent) && !ticket->cancelled)
        ms_limit_reached(MS_LIMIT_STATEMENT_TIME);
    ms_metrics_observe(MS_METRIC_QUERY_SECONDS, ticket->commands[0].statement->name,
                       (double)(ms_clock_mono_us() - ticket->started_us) / 1e6);
    ms_pg_ticket_finish(ticket, err, sqlstate);
}

/* What waits ends when no connection can be opened, not when one had worked or was let go because
 * another server may be the right one. There is a pause also then: a server that crashes on our
 * statements must not be asked in a tight loop. */
static void on_conn_lost(struct ms_pg_conn *conn, const struct ms_error *err, void *arg)
{
    struct ms_pg_pool *pool = arg;
    struct ms_error why = *err; /* the connection's, perhaps */
    struct ms_pg_ticket *ticket;
    bool is_blameless = ms_pg_conn_has_worked(conn) || ms_pg_conn_is_outdated(conn);
    remove_conn(pool, conn);
    if (!ms_timer_is_running(pool->retry))
        ms_timer_start(pool->retry, ms_backoff_next_ms(&pool->backoff));
    if (!has_working(pool)) {
        if (!is_blameless) {
            pool->away = true;
            pool->why_away = why;
            while (!pool->closed && (ticket = TAILQ_FIRST(&pool->queue)) != NULL)
                end_waiting(pool, ticket, &why);
        }
        if (!pool->closed)
            tell_state(pool, false, &why);
    }
    if (!pool->closed)
        pump(pool);
}

static void on_room(void *arg)
{
    const struct ms_pg_pool *pool = arg;
    pool->options.on_room(pool->options.on_room_arg);
}

static void on_retry(void *arg)
{
    struct ms_pg_pool *pool = arg;
    if (pool->options.is_lazy)
        pool->away = false;
    pump(pool);
}

void ms_pg_pool_renew(struct ms_pg_pool *pool, bool elsewhere)
{
    for (size_t i = 0; i < pool->n_conns; i++)
        ms_pg_conn_outdate(pool->conns[i], elsewhere);
    ms_timer_start(pool->renew, 0);
}

/* One connection a turn, because it calls back. */
static void on_renew(void *arg)
{
    struct ms_pg_pool *pool = arg;
    for (size_t i = 0; i < pool->n_conns; i++) {
        if (!ms_pg_conn_is_outdated(pool->conns[i]))
            continue;
        ms_timer_start(pool->renew, 0);
        ms_pg_conn_replace(pool->conns[i]);
        return;
    }
}

/* --- time limits --- */

static void expire_queue(struct ms_pg_pool *pool, int64_t now_us)
{
    int64_t limit_us = (int64_t)pool->options.wait_timeout_ms * 1000;
    struct ms_error err;
    (void)ms_error_set(&err, has_working(pool) ? MS_BUSY : MS_UNAVAILABLE,
                       "no connection to the database was free in time");
    struct ms_pg_ticket *ticket;
    while (!pool->closed && (ticket = TAILQ_FIRST(&pool->queue)) != NULL &&
           now_us - ticket->started_us > limit_us) {
        ms_limit_reached(MS_LIMIT_PG_WAIT_TIMEOUT);
        end_waiting(pool, ticket, &err);
    }
}

/* True when something is in flight. One connection a sweep at most is given up, because doing so
 * calls back. */
static bool give_up_stuck(struct ms_pg_pool *pool, int64_t now_us)
{
    bool busy = false;
    struct ms_pg_conn *stuck = NULL;
    for (size_t i = 0; i < pool->n_conns; i++) {
        struct ms_pg_conn *conn = pool->conns[i];
        busy = busy || ms_pg_conn_in_flight(conn) > 0 || ms_pg_conn_cancelling_us(conn, now_us) > 0;
        uint64_t limit_ms = ms_pg_conn_statement_timeout_ms(conn);
        if (limit_ms > 0 &&
            ms_pg_conn_silent_us(conn, now_us) > (int64_t)(limit_ms + SILENCE_GRACE_MS) * 1000)
            stuck = conn;
    }
    if (stuck != NULL)
        ms_pg_conn_give_up(stuck);
    return busy;
}

/* Asks again for what is to be cancelled, and closes what does not end. Never calls back. */
static void expire_cancelling(struct ms_pg_pool *pool, int64_t now_us)
{
    for (size_t i = pool->n_conns; i-- > 0;) { /* the last one takes the place of a removed one */
        struct ms_pg_conn *conn = pool->conns[i];
        int64_t since_us = ms_pg_conn_cancelling_us(conn, now_us);
        bool is_late = since_us > (int64_t)CANCEL_LIMIT_MS * 1000;
        if (is_late)
            ms_limit_reached(MS_LIMIT_PG_CANCEL_TIME);
        if (is_late || (since_us > 0 && !ms_pg_conn_cancel(conn))) {
            remove_conn(pool, conn);
            pump(pool);
        }
    }
}

static void on_sweep(void *arg)
{
    struct ms_pg_pool *pool = arg;
    int64_t now_us = ms_clock_mono_us();
    expire_cancelling(pool, now_us);
    expire_queue(pool, now_us);
    bool busy = !pool->closed && give_up_stuck(pool, now_us);
    if (pool->closed)
        return;
    if (busy || pool->waiting > 0) {
        keep_sweeping(pool);
    } else if (pool->on_idle != NULL) {
        ms_loop_call *on_idle = pool->on_idle;
        pool->on_idle = NULL;
        on_idle(pool->idle_arg);
    }
}

/* --- the interface --- */

static struct ms_pg_pool_options complete(const struct ms_pg_pool_options *options)
{
    struct ms_pg_pool_options full = *options;
    if (full.max_connections == 0)
        full.max_connections = 1;
    if (full.wait_timeout_ms == 0)
        full.wait_timeout_ms = WAIT_TIMEOUT_MS;
    if (full.connect_timeout_ms == 0)
        full.connect_timeout_ms = CONNECT_TIMEOUT_MS;
    if (full.pipeline_depth == 0)
        full.pipeline_depth = PIPELINE_DEPTH;
    return full;
}

struct ms_pg_pool *ms_pg_pool_new(struct ms_loop *loop, const struct ms_pg_pool_options *options)
{
    struct ms_pg_pool *pool = ms_alloc(sizeof(*pool));
    pool->loop = loop;
    pool->options = complete(options);
    pool->conninfo = ms_pg_secret_copy(options->conninfo);
    pool->application_name = ms_pg_secret_copy(options->application_name);
    pool->conns = ms_alloc(pool->options.max_connections * sizeof(struct ms_pg_conn *));
    TAILQ_INIT(&pool->queue);
    pool->retry = ms_timer_new(loop, on_retry, pool);
    pool->sweep = ms_timer_new(loop, on_sweep, pool);
    pool->renew = ms_timer_new(loop, on_renew, pool);
    pool->room = ms_timer_new(loop, on_room, pool);
    pool->backoff = (struct ms_backoff){.base_ms = RETRY_BASE_MS, .max_ms = RETRY_MAX_MS};
    if (!pool->options.is_lazy)
        open_conn(pool);
    return pool;
}

void ms_pg_pool_free(struct ms_pg_pool *pool)
{
    if (pool == NULL)
        return;
    pool->closed = true;
    struct ms_pg_ticket *ticket;
    while ((ticket = TAILQ_FIRST(&pool->queue)) != NULL) {
        leave_queue(pool, ticket);
        free(ticket);
    }
    while (pool->n_conns > 0)
        ms_pg_conn_free(pool->conns[--pool->n_conns]);
    ms_timer_free(pool->retry);
    ms_timer_free(pool->sweep);
    ms_timer_free(pool->renew);
    ms_timer_free(pool->room);
    free(pool->conns);
    ms_alloc_wipe(pool->conninfo);
    ms_alloc_wipe(pool->application_name);
    ms_loop_defer_free(pool->loop, pool); /* we may be inside one of its callbacks */
}

bool ms_pg_pool_is_connected(const struct ms_pg_pool *pool)
{
    return pool->connected;
}

void ms_pg_pool_on_idle(struct ms_pg_pool *pool, ms_loop_call *on_idle, void *arg)
{
    pool->on_idle = on_idle;
    pool->idle_arg = arg;
    ms_timer_start(pool->sweep, 0);
}

bool ms_pg_pool_make_room(struct ms_pg_pool *pool, bool is_exclusive)
{
    if (pool->away)
        return true;
    if (!TAILQ_EMPTY(&pool->queue))
        return false;
    if (choose(pool, is_exclusive) != NULL)
        return true;
    open_more(pool);
    return false;
}

size_t ms_pg_pool_ahead(const struct ms_pg_pool *pool, bool is_exclusive)
{
    const struct ms_pg_conn *conn = TAILQ_EMPTY(&pool->queue) ? choose(pool, is_exclusive) : NULL;
    return conn != NULL ? ms_pg_conn_in_flight(conn) : SIZE_MAX;
}

enum ms_status ms_pg_pool_run(struct ms_pg_ticket **out, struct ms_pg_pool *pool,
                              const struct ms_pg_batch *batch, struct ms_error *err)
{
    if (pool->away)
        return ms_error_set(err, MS_UNAVAILABLE, "%s", pool->why_away.text);
    struct ms_pg_conn *conn = TAILQ_EMPTY(&pool->queue) ? choose(pool, batch->is_exclusive) : NULL;
    if (conn == NULL && pool->waiting >= pool->options.max_waiting) {
        ms_limit_reached(MS_LIMIT_PG_WAITING);
        return ms_error_set(err, MS_BUSY, "%zu batches wait for the database", pool->waiting);
    }
    struct ms_pg_ticket *ticket;
    enum ms_status status = ms_pg_ticket_new(&ticket, batch, err);
    if (status == MS_TOO_LARGE)
        ms_limit_reached(MS_LIMIT_PG_BATCH);
    if (status != MS_OK)
        return status;
    ticket->pool = pool;
    ticket->started_us = ms_clock_mono_us();
    if (conn != NULL) {
        ms_pg_conn_submit(conn, ticket);
    } else {
        TAILQ_INSERT_TAIL(&pool->queue, ticket, next);
        pool->waiting++;
        open_more(pool);
    }
    keep_sweeping(pool);
    *out = ticket;
    return MS_OK;
}

void ms_pg_ticket_cancel(struct ms_pg_ticket *ticket)
{
    if (ticket == NULL || ticket->cancelled)
        return;
    ticket->cancelled = true;
    struct ms_pg_pool *pool = ticket->pool;
    if (ticket->conn == NULL) {
        leave_queue(pool, ticket);
        free(ticket);
        pump(pool);
    } else if (pool->options.canceller != NULL) {
        cancel_if_unawaited(pool, ticket->conn);
    } else if (ticket->close_on_cancel && ms_pg_conn_in_flight(ticket->conn) == 1) {
        remove_conn(pool, ticket->conn);
        pump(pool);
    }
}
