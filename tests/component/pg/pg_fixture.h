/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the component tests of common/pg share: a loop, a pool, and asks (a batch with what came
 * of it). Waiting is done by running the loop until a counter says so; check's time limit is the
 * end of a test that waits in vain.
 */
#ifndef PG_FIXTURE_H
#define PG_FIXTURE_H

#include "common/base/clock.h"
#include "common/pg/pool.h"
#include "common/pg/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

static struct ms_loop *loop;
static struct ms_pg_pool *pool;
static size_t awaited; /* callbacks until the loop is stopped */
static int state_changes;
static bool last_state;

static inline void arrived(void)
{
    if (awaited > 0 && --awaited == 0)
        ms_loop_stop(loop);
}

static inline void await(size_t callbacks)
{
    awaited = callbacks;
    if (callbacks > 0)
        ms_loop_run(loop);
}

static inline const char *database(void)
{
    const char *conninfo = getenv("METASTORE_TEST_DATABASE");
    ck_assert_msg(conninfo != NULL, "METASTORE_TEST_DATABASE is not set");
    return conninfo;
}

static inline void on_pool_state(bool connected, const struct ms_error *err, void *arg)
{
    (void)arg;
    ck_assert(connected == (err == NULL));
    state_changes++;
    last_state = connected;
}

static inline struct ms_pg_pool_options usual_options(void)
{
    return (struct ms_pg_pool_options){
        .conninfo = database(),
        .application_name = "metastore-test",
        .max_connections = 2,
        .max_waiting = 100000,
        .wait_timeout_ms = 20000,
        .connect_timeout_ms = 10000,
        .pipeline_depth = 32,
        .on_state = on_pool_state,
    };
}

static inline void begin(struct ms_pg_pool_options options)
{
    loop = ms_loop_new();
    state_changes = 0;
    pool = ms_pg_pool_new(loop, &options);
}

static inline void begin_usual(void)
{
    begin(usual_options());
}

static inline void end(void)
{
    ms_pg_pool_free(pool);
    ms_loop_free(loop);
}

/* A batch of up to four statements and what came of it. */
enum { ASK_STEPS = 4, ASK_TEXT = 128 };
struct ask {
    struct ms_pg_statement statements[ASK_STEPS];
    struct ms_pg_param params[ASK_STEPS];
    struct ms_pg_step steps[ASK_STEPS];
    struct ms_pg_batch batch;
    struct ms_pg_ticket *ticket;
    size_t rows;
    size_t last_step;
    size_t last_columns;
    bool first_absent; /* of the last row's first column */
    size_t first_len;
    char first[ASK_TEXT];
    bool done;
    bool ok;
    bool was_silent;
    enum ms_status status;
    char sqlstate[6];
    char text[MS_ERROR_TEXT_MAX];
    uint64_t affected[ASK_STEPS];
};

static inline void on_ask_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    struct ask *ask = arg;
    ck_assert(!ask->done);
    ask->rows++;
    ask->last_step = statement;
    ask->last_columns = row->n_columns;
    ask->first_absent = ms_str_is_absent(row->columns[0]);
    ask->first_len = row->columns[0].len;
    (void)snprintf(ask->first, sizeof(ask->first), "%.*s", MS_STR_ARG(row->columns[0]));
}

static inline void on_ask_done(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ask *ask = arg;
    ck_assert(!ask->done);
    ask->done = true;
    ask->ok = outcome->err == NULL;
    ask->was_silent = outcome->was_silent;
    ask->status = outcome->err != NULL ? outcome->err->status : MS_OK;
    memcpy(ask->sqlstate, outcome->sqlstate, sizeof(ask->sqlstate));
    if (outcome->err != NULL)
        (void)snprintf(ask->text, sizeof(ask->text), "%s", outcome->err->text);
    if (ask->batch.n_steps <= ASK_STEPS)
        memcpy(ask->affected, outcome->affected, ask->batch.n_steps * sizeof(uint64_t));
    arrived();
}

/* Adds a statement; `param` may be NULL. */
static inline void ask_add(struct ask *ask, const char *name, const char *sql, const char *param)
{
    size_t i = ask->batch.n_steps++;
    ck_assert_uint_lt(i, ASK_STEPS);
    ask->statements[i] = (struct ms_pg_statement){.name = name, .sql = sql};
    ask->params[i] = (struct ms_pg_param){.value = ms_str(param)};
    ask->steps[i] = (struct ms_pg_step){.statement = &ask->statements[i],
                                        .params = &ask->params[i],
                                        .n_params = param != NULL ? 1 : 0};
    ask->batch.steps = ask->steps;
    ask->batch.on_row = on_ask_row;
    ask->batch.on_done = on_ask_done;
    ask->batch.arg = ask;
}

static inline void ask_start(struct ask *ask)
{
    struct ms_error err = {.text = ""};
    ck_assert_msg(ms_pg_pool_run(&ask->ticket, pool, &ask->batch, &err) == MS_OK, "%s", err.text);
    ck_assert_msg(!ask->done, "called back before the start had returned");
}

static inline void ask_wait(struct ask *ask)
{
    ask_start(ask);
    await(1);
    ck_assert(ask->done);
}

/* One statement, to its end. The strings must be literals: connections remember them. */
static inline struct ask *ask_once(const char *name, const char *sql, const char *param)
{
    static struct ask asks[64]; /* statements live as long as the process */
    static size_t n;
    ck_assert_uint_lt(n, 64);
    struct ask *ask = &asks[n++];
    ask_add(ask, name, sql, param);
    ask_wait(ask);
    return ask;
}

/* The same, which must succeed; its last row's first column. */
static inline const char *ask_text(const char *name, const char *sql, const char *param)
{
    struct ask *ask = ask_once(name, sql, param);
    ck_assert_msg(ask->ok, "%s", ask->text);
    return ask->first;
}

#endif
