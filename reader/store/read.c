/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader's side of store.h on PostgreSQL: the statements of sql/queries/read_*.sql on a pool of
 * read-only connections. Always: a ms_store_read lives from
 * ms_store_reader_run until its on_done has returned or it was cancelled.
 */
#include "common/base/alloc.h"
#include "common/pg/pool.h"
#include "reader/store/store.h"

#define MS_READ_EXTERN(upper, lower) extern const char ms_sql_read_##lower[];
MS_READ_QUERIES(MS_READ_EXTERN)
#undef MS_READ_EXTERN

static const struct ms_pg_statement STATEMENTS[] = {
#define MS_READ_STATEMENT(upper, lower) {#lower, ms_sql_read_##lower},
    MS_READ_QUERIES(MS_READ_STATEMENT)
#undef MS_READ_STATEMENT
};

enum { PARAMS_MAX = 64 };

/* Streams have connections of their own, unpipelined, and more time: what reads everything takes as
 * long as there is much. Few at once, since each keeps a processor of the database busy; the others
 * wait for as long as the proxies before us usually do. */
enum {
    STREAMS_MAX = 2,
    STREAMS_PART = 2, /* of all connections */
    STREAM_WAIT_MS = 60 * 1000,
    STREAM_TIMEOUT_MS = 30 * 60 * 1000
};

struct ms_store_reader {
    struct ms_loop *loop;
    struct ms_pg_pool *pool;
    struct ms_pg_pool *streams;
};

struct ms_store_read {
    struct ms_loop *loop;
    struct ms_pg_ticket *ticket;
    ms_store_row *on_row;
    ms_store_done *on_done;
    void *arg;
};

/* Never none. */
static size_t count_streams(size_t connections)
{
    size_t part = connections / STREAMS_PART;
    return part > STREAMS_MAX ? STREAMS_MAX : part > 0 ? part : 1;
}

struct ms_store_reader *ms_store_reader_new(struct ms_loop *loop,
                                            const struct ms_store_options *options)
{
    struct ms_store_reader *store = ms_alloc(sizeof(*store));
    size_t n_streams = count_streams(options->connections);
    struct ms_pg_pool_options pool = {
        .conninfo = options->url,
        .application_name = options->application_name,
        .max_connections = options->connections > n_streams ? options->connections - n_streams : 1,
        .max_waiting = options->max_waiting,
        .statement_timeout_ms = options->statement_timeout_ms,
        .read_only = true,
        .on_state = options->on_state,
        .arg = options->arg,
    };
    store->loop = loop;
    store->pool = ms_pg_pool_new(loop, &pool);
    pool.on_state = NULL;
    pool.max_connections = n_streams;
    pool.pipeline_depth = 1;
    pool.statement_timeout_ms = STREAM_TIMEOUT_MS;
    pool.wait_timeout_ms = STREAM_WAIT_MS;
    store->streams = ms_pg_pool_new(loop, &pool);
    return store;
}

void ms_store_reader_free(struct ms_store_reader *store)
{
    if (store == NULL)
        return;
    ms_pg_pool_free(store->pool);
    ms_pg_pool_free(store->streams);
    ms_loop_defer_free(store->loop, store);
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
    read->on_done(outcome->err, read->arg);
    free(read);
}

enum ms_status ms_store_reader_run(struct ms_store_read **out, struct ms_store_reader *store,
                                   const struct ms_store_query *query, struct ms_error *err)
{
    struct ms_pg_param params[PARAMS_MAX];
    if (query->n_params > PARAMS_MAX)
        return ms_error_set(err, MS_TOO_LARGE, "more than %d parameters of a query", PARAMS_MAX);
    for (size_t i = 0; i < query->n_params; i++)
        params[i] = (struct ms_pg_param){.value = query->params[i]};
    struct ms_pg_step step = {
        .statement = &STATEMENTS[query->query], .params = params, .n_params = query->n_params};
    struct ms_store_read *read = ms_alloc(sizeof(*read));
    *read = (struct ms_store_read){
        .loop = store->loop, .on_row = query->on_row, .on_done = query->on_done, .arg = query->arg};
    struct ms_pg_batch batch = {.steps = &step,
                                .n_steps = 1,
                                .row_by_row = true,
                                .close_on_cancel = query->stream,
                                .on_row = on_row,
                                .on_done = on_done,
                                .arg = read};
    enum ms_status status =
        ms_pg_pool_run(&read->ticket, query->stream ? store->streams : store->pool, &batch, err);
    if (status != MS_OK) {
        free(read);
        return status;
    }
    *out = read;
    return MS_OK;
}

void ms_store_read_cancel(struct ms_store_read *read)
{
    if (read == NULL || read->ticket == NULL)
        return; /* inside its on_done, which frees it */
    ms_pg_ticket_cancel(read->ticket);
    ms_loop_defer_free(read->loop, read); /* we may be inside its on_row */
}
