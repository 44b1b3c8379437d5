/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of a pooled connection's session.
 */
#include "common/pg/settings.h"

#include <stdio.h>
#include <stdlib.h>

/* In milliseconds: the server stops the queries of a client that has gone. Not every server knows
 * the setting. */
#define CHECK_CLIENT_EVERY "1000"

static const struct ms_pg_statement SETTINGS_STATEMENT = {
    .name = "session_settings",
    .sql = "SELECT set_config(s.name, v.setting, false), pg_backend_pid(),"
           " (SELECT (extract(epoch FROM a.backend_start) * 1000000)::bigint"
           " FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = pg_backend_pid())"
           " FROM (VALUES ('statement_timeout', $1::text),"
           " ('default_transaction_read_only', $2::text),"
           " ('client_connection_check_interval', $3::text),"
           /* Statements are few, fixed and prepared: planning each execution anew costs more than
            * most of them, and compiling them always does. */
           " ('plan_cache_mode', 'force_generic_plan'), ('jit', 'off'),"
           /* Days are those of UTC, whatever the server's clock on the wall. */
           " ('TimeZone', 'UTC'),"
           /* One processor a statement: other clients ask as well. */
           " ('max_parallel_workers_per_gather', '0')) AS v(name, setting)"
           " JOIN pg_catalog.pg_settings AS s ON s.name = v.name"
           " WHERE v.setting IS NOT NULL",
};

static const struct ms_pg_statement TIMEOUT_STATEMENT = {
    .name = "statement_timeout",
    .sql = "SELECT set_config('statement_timeout', $1::text, false)",
};

static struct ms_pg_ticket *make_ticket(const struct ms_pg_statement *statement,
                                        const struct ms_pg_param *params, size_t n_params,
                                        ms_pg_row_call *on_row, ms_pg_done_call *on_done, void *arg)
{
    const struct ms_pg_step step = {.statement = statement, .params = params, .n_params = n_params};
    const struct ms_pg_batch batch = {.steps = &step,
                                      .n_steps = 1,
                                      .copies_params = true,
                                      .on_row = on_row,
                                      .on_done = on_done,
                                      .arg = arg};
    struct ms_pg_ticket *ticket;
    if (ms_pg_ticket_new(&ticket, &batch, NULL) != MS_OK)
        abort(); /* out of memory */
    return ticket;
}

struct ms_pg_ticket *ms_pg_settings_ticket(uint64_t statement_timeout_ms, bool read_only,
                                           ms_pg_row_call *on_row, ms_pg_done_call *on_done,
                                           void *arg)
{
    char timeout[MS_STR_NUMBER_MAX];
    struct ms_str text = ms_str_from_u64(timeout, statement_timeout_ms);
    const struct ms_pg_param params[] = {
        {.value = statement_timeout_ms > 0 ? text : MS_STR_ABSENT},
        {.value = read_only ? MS_STR("on") : MS_STR_ABSENT},
        {.value = MS_STR(CHECK_CLIENT_EVERY)},
    };
    return make_ticket(&SETTINGS_STATEMENT, params, sizeof(params) / sizeof(params[0]), on_row,
                       on_done, arg);
}

void ms_pg_settings_backend(struct ms_pg_backend *out, const struct ms_pg_row *row)
{
    enum { SETTING, NUMBER, BEGAN };
    uint64_t number, began_us;
    if (ms_str_to_u64(&number, row->columns[NUMBER]) == MS_OK &&
        ms_str_to_u64(&began_us, row->columns[BEGAN]) == MS_OK)
        *out = (struct ms_pg_backend){.number = (int64_t)number, .began_us = (int64_t)began_us};
}

struct ms_pg_ticket *ms_pg_settings_timeout_ticket(uint64_t statement_timeout_ms,
                                                   ms_pg_done_call *on_done, void *arg)
{
    char timeout[MS_STR_NUMBER_MAX];
    const struct ms_pg_param param = {.value = ms_str_from_u64(timeout, statement_timeout_ms)};
    return make_ticket(&TIMEOUT_STATEMENT, &param, 1, NULL, on_done, arg);
}
