/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader's side of store.h on PostgreSQL: the statements of sql/queries/read_*.sql on pools of
 * read-only connections. Each class of statements has a pool, or shares one with others when there
 * are not enough connections. Always: a ms_store_read lives from ms_store_reader_run until its
 * on_done has returned or it was cancelled.
 */
#include "common/base/alloc.h"
#include "common/pg/pool.h"
#include "common/runtime/metrics.h"
#include "reader/store/store.h"

#include <string.h>

#define MS_READ_EXTERN(upper, lower, class) extern const char ms_sql_read_##lower[];
MS_READ_QUERIES(MS_READ_EXTERN)
#undef MS_READ_EXTERN

static const struct ms_pg_statement STATEMENTS[] = {
#define MS_READ_STATEMENT(upper, lower, class) {#lower, ms_sql_read_##lower},
    MS_READ_QUERIES(MS_READ_STATEMENT)
#undef MS_READ_STATEMENT
};

enum {
    PARAMS_MAX = 64,
    /* Lists in flight on one connection: the server has the next when one is done, and a cheap list
     * comes behind one other at most that may have much to tell. */
    LISTS_DEPTH = 2,
    POOLS_MAX = MS_CLASS_COUNT,
    /* Of statement_timeout. What is cheap has less of it, so that a connection is soon free again;
     * what reads everything takes as long as there is much. */
    LOOKUP_TIMEOUT_DIVISOR = 3,
    WALK_TIMEOUT_FACTOR = 40,
    CANCEL_TIMEOUT_MS = 2000,
    LONG_WAIT_MS = 60 * 1000 /* as long as the proxies before us usually wait */
};

struct ms_store_reader {
    struct ms_loop *loop;
    struct ms_pg_pool *pools[POOLS_MAX];
    size_t n_pools;
    struct ms_pg_pool *canceller;
    const unsigned char *pool_of; /* by class */
    uint64_t timeouts_ms[MS_CLASS_COUNT];
    size_t n_running[MS_CLASS_COUNT];
    ms_loop_call *on_room;
    void *on_room_arg;
};

struct ms_store_read {
    struct ms_store_reader *store;
    struct ms_pg_ticket *ticket;
    enum ms_read_class class;
    ms_store_row *on_row;
    ms_store_done *on_done;
    void *arg;
};

/* --- shares --- */

/*
 * Which pool a class has, by the number of connections (from 6 on: its own). The first to be kept
 * apart are the lookups, then the walks; a dump is in nobody's way from three connections on.
 *
 * Lookups and lists, which end soon, also use a connection of a class that costs more, while
 * nothing of that class is under way there or waits. So they have nearly all connections when
 * nobody asks for more, and what costs more waits for what is in flight on one of them at worst,
 * never the other way round.
 */
static const unsigned char POOL_OF[POOLS_MAX][MS_CLASS_COUNT] = {
    {0, 0, 0, 0, 0, 0}, {0, 1, 1, 1, 1, 1}, {0, 1, 1, 1, 1, 2},
    {0, 1, 2, 2, 2, 3}, {0, 1, 2, 3, 3, 4}, {0, 1, 2, 3, 4, 5},
};

/* Who gets the seventh connection, the eighth and so on. */
static const enum ms_read_class MORE[] = {MS_CLASS_WORDS, MS_CLASS_LOOKUP, MS_CLASS_SEARCH,
                                          MS_CLASS_LIST, MS_CLASS_WALK};

static void share_out(size_t shares[static POOLS_MAX], size_t connections)
{
    size_t n = connections < POOLS_MAX ? connections : POOLS_MAX;
    for (size_t i = 0; i < n; i++)
        shares[i] = 1;
    for (size_t i = n; i < connections; i++)
        shares[POOL_OF[POOLS_MAX - 1][MORE[(i - n) % (sizeof(MORE) / sizeof(MORE[0]))]]]++;
}

static uint64_t timeout_of(enum ms_read_class class, uint64_t statement_timeout_ms)
{
    switch (class) {
    case MS_CLASS_LOOKUP:
    case MS_CLASS_LIST:
        return (statement_timeout_ms + LOOKUP_TIMEOUT_DIVISOR - 1) / LOOKUP_TIMEOUT_DIVISOR;
    case MS_CLASS_INDEX:
    case MS_CLASS_WALK:
        return statement_timeout_ms * WALK_TIMEOUT_FACTOR;
    case MS_CLASS_WORDS:
    case MS_CLASS_SEARCH:
    case MS_CLASS_COUNT:
        break;
    }
    return statement_timeout_ms;
}

static void on_pool_room(void *arg)
{
    const struct ms_store_reader *store = arg;
    if (store->on_room != NULL)
        store->on_room(store->on_room_arg);
}

struct ms_store_reader *ms_store_reader_new(struct ms_loop *loop,
                                            const struct ms_store_options *options)
{
    struct ms_store_reader *store = ms_alloc(sizeof(*store));
    size_t connections = options->connections > 0 ? options->connections : 1;
    size_t shares[POOLS_MAX] = {0};
    share_out(shares, connections);
    store->loop = loop;
    store->n_pools = connections < POOLS_MAX ? connections : POOLS_MAX;
    store->pool_of = POOL_OF[store->n_pools - 1];
    for (size_t i = 0; i < MS_CLASS_COUNT; i++)
        store->timeouts_ms[i] = timeout_of((enum ms_read_class)i, options->statement_timeout_ms);
    store->canceller = ms_pg_pool_new(
        loop, &(struct ms_pg_pool_options){.conninfo = options->url,
                                           .application_name = options->application_name,
                                           .max_connections = 1,
                                           .max_waiting = connections,
                                           .wait_timeout_ms = CANCEL_TIMEOUT_MS,
                                           .connect_timeout_ms = CANCEL_TIMEOUT_MS,
                                           .statement_timeout_ms = CANCEL_TIMEOUT_MS,
                                           .read_only = true,
                                           .is_lazy = true});
    for (size_t i = 0; i < store->n_pools; i++) {
        bool is_for_lookups = i == store->pool_of[MS_CLASS_LOOKUP];
        store->pools[i] = ms_pg_pool_new(
            loop, &(struct ms_pg_pool_options){
                      .conninfo = options->url,
                      .application_name = options->application_name,
                      .max_connections = shares[i],
                      .max_waiting = options->max_waiting,
                      .wait_timeout_ms = is_for_lookups ? 0 : LONG_WAIT_MS,
                      .statement_timeout_ms = options->statement_timeout_ms,
                      .read_only = true,
                      .pipeline_depth = is_for_lookups && store->n_pools > 1 ? 0 : LISTS_DEPTH,
                      .on_state = is_for_lookups ? options->on_state : NULL,
                      .arg = options->arg,
                      .canceller = store->canceller,
                      .on_room = on_pool_room,
                      .on_room_arg = store,
                  });
    }
    return store;
}

void ms_store_reader_free(struct ms_store_reader *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->n_pools; i++)
        ms_pg_pool_free(store->pools[i]);
    ms_pg_pool_free(store->canceller);
    ms_loop_defer_free(store->loop, store);
}

/* --- queries --- */

void ms_store_reader_on_room(struct ms_store_reader *store, ms_loop_call *on_room, void *arg)
{
    store->on_room = on_room;
    store->on_room_arg = arg;
}

static bool is_waited_for(const struct ms_store_reader *store, size_t pool, unsigned waiting)
{
    for (size_t class = 0; class < MS_CLASS_COUNT; class += 1)
        if (store->pool_of[class] == pool && (waiting & 1U << class) != 0)
            return true;
    return false;
}

static const unsigned EXPENSIVE_CLASSES =
    1U << MS_CLASS_WORDS | 1U << MS_CLASS_SEARCH | 1U << MS_CLASS_INDEX | 1U << MS_CLASS_WALK;

static bool is_cheap(enum ms_read_class class)
{
    return class == MS_CLASS_LOOKUP || class == MS_CLASS_LIST;
}

/* Where a query would not wait for a connection, behind as few others as may be; a lookup behind
 * other lookups only, where they have a pool of their own. What shares a pool with classes that
 * cost more goes behind nothing there while one of them waits: so the connection becomes idle, and
 * they take turns. NULL: nowhere. */
static struct ms_pg_pool *find_room(struct ms_store_reader *store, enum ms_read_class class,
                                    unsigned waiting)
{
    size_t own = store->pool_of[class];
    struct ms_pg_pool *best = store->pools[own];
    bool is_exclusive = !is_cheap(class) || is_waited_for(store, own, waiting & EXPENSIVE_CLASSES);
    size_t least = ms_pg_pool_ahead(best, is_exclusive);
    for (size_t i = own + 1; i < store->n_pools && is_cheap(class); i++) {
        size_t ahead = ms_pg_pool_ahead(store->pools[i], class == MS_CLASS_LOOKUP);
        if (ahead < least && !is_waited_for(store, i, waiting)) {
            best = store->pools[i];
            least = ahead;
        }
    }
    return least != SIZE_MAX || ms_pg_pool_make_room(best, is_exclusive) ? best : NULL;
}

bool ms_store_reader_make_room(struct ms_store_reader *store, enum ms_read_class class,
                               unsigned waiting)
{
    return find_room(store, class, waiting) != NULL;
}

static void count_running(struct ms_store_read *read, size_t before, size_t after)
{
    size_t *n = &read->store->n_running[read->class];
    *n = *n - before + after;
    ms_metrics_set(MS_METRIC_STATEMENTS_RUNNING, QUERIES_CLASS_NAMES[read->class], NULL,
                   (double)*n);
}

static void on_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    (void)statement;
    struct ms_store_read *read = arg;
    read->on_row(row->columns, row->n_columns, read->arg);
}

static void on_done(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_read *read = arg;
    read->ticket = NULL;
    count_running(read, 1, 0);
    const struct ms_error *err = outcome->err;
    struct ms_error silent;
    if (outcome->was_silent) {
        (void)ms_error_set(&silent, MS_TIMEOUT, "%s", err->text);
        err = &silent;
    }
    if (err != NULL && err->status == MS_TIMEOUT)
        ms_metrics_add(MS_METRIC_STATEMENTS_TIMED_OUT, QUERIES_CLASS_NAMES[read->class], NULL, 1);
    read->on_done(err, read->arg);
    free(read);
}

enum ms_status ms_store_reader_run(struct ms_store_read **out, struct ms_store_reader *store,
                                   const struct ms_store_query *query, struct ms_error *err)
{
    struct ms_pg_param params[PARAMS_MAX];
    enum ms_read_class class = queries_class_of(query->query, query->is_filtered);
    if (query->n_params > PARAMS_MAX)
        return ms_error_set(err, MS_TOO_LARGE, "more than %d parameters of a query", PARAMS_MAX);
    for (size_t i = 0; i < query->n_params; i++)
        params[i] = (struct ms_pg_param){.value = query->params[i]};
    struct ms_pg_step step = {
        .statement = &STATEMENTS[query->query], .params = params, .n_params = query->n_params};
    struct ms_store_read *read = ms_alloc(sizeof(*read));
    *read = (struct ms_store_read){.store = store,
                                   .class = class,
                                   .on_row = query->on_row,
                                   .on_done = query->on_done,
                                   .arg = query->arg};
    struct ms_pg_batch batch = {.steps = &step,
                                .n_steps = 1,
                                .row_by_row = true,
                                .is_exclusive = !is_cheap(class),
                                .statement_timeout_ms = store->timeouts_ms[class],
                                .on_row = on_row,
                                .on_done = on_done,
                                .arg = read};
    struct ms_pg_pool *pool = find_room(store, class, query->waiting);
    if (pool == NULL)
        pool = store->pools[store->pool_of[class]];
    enum ms_status status = ms_pg_pool_run(&read->ticket, pool, &batch, err);
    if (status != MS_OK) {
        free(read);
        return status;
    }
    count_running(read, 0, 1);
    *out = read;
    return MS_OK;
}

void ms_store_read_cancel(struct ms_store_read *read)
{
    if (read == NULL || read->ticket == NULL)
        return; /* inside its on_done, which frees it */
    ms_pg_ticket_cancel(read->ticket);
    count_running(read, 1, 0);
    ms_metrics_add(MS_METRIC_STATEMENTS_CANCELLED, QUERIES_CLASS_NAMES[read->class], NULL, 1);
    ms_loop_defer_free(read->store->loop, read); /* we may be inside its on_row */
}
