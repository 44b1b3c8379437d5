/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cancelling on the server. A role may cancel what it runs itself.
 */
#include "common/pg/cancel.h"

#include <stdio.h>

enum { NUMBER_TEXT_MAX = 24, N_PARAMS = 2 };

static const struct ms_pg_statement CANCEL_STATEMENT = {
    .name = "cancel",
    .sql = "SELECT pg_catalog.pg_cancel_backend(a.pid) FROM pg_catalog.pg_stat_activity AS a"
           " WHERE a.pid = $1::integer"
           " AND (extract(epoch FROM a.backend_start) * 1000000)::bigint = $2::bigint",
};

enum ms_status ms_pg_cancel(struct ms_pg_ticket **out, struct ms_pg_pool *canceller,
                            const struct ms_pg_backend *backend, ms_pg_done_call *on_done,
                            void *arg)
{
    char number[NUMBER_TEXT_MAX], began[NUMBER_TEXT_MAX];
    (void)snprintf(number, sizeof(number), "%lld", (long long)backend->number);
    (void)snprintf(began, sizeof(began), "%lld", (long long)backend->began_us);
    const struct ms_pg_param params[N_PARAMS] = {{.value = ms_str(number)},
                                                 {.value = ms_str(began)}};
    const struct ms_pg_step step = {
        .statement = &CANCEL_STATEMENT, .params = params, .n_params = N_PARAMS};
    const struct ms_pg_batch batch = {
        .steps = &step, .n_steps = 1, .copies_params = true, .on_done = on_done, .arg = arg};
    return ms_pg_pool_run(out, canceller, &batch, NULL);
}
