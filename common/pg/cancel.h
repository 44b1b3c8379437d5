/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cancelling on the server, without blocking: by a statement on another connection. (PQcancel
 * waits for the network, and the library's own asynchronous way came with version 17.)
 */
#ifndef MS_PG_CANCEL_H
#define MS_PG_CANCEL_H

#include "common/pg/pool.h"

/* Which of the server's processes serves a connection. The number alone may be another's soon, and
 * on another server it is another's. */
struct ms_pg_backend {
    int64_t number;   /* 0: not known */
    int64_t began_us; /* since 1970, by the server's clock */
};

/* Runs on the pool `canceller`, as ms_pg_pool_run(). Success means: the process has been signalled,
 * or is no more. A process that runs nothing ignores the signal; what it is sent after on_done is
 * not hit by it. */
enum ms_status ms_pg_cancel(struct ms_pg_ticket **out, struct ms_pg_pool *canceller,
                            const struct ms_pg_backend *backend, ms_pg_done_call *on_done,
                            void *arg) MS_CHECKED;

#endif
