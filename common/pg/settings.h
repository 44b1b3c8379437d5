/* SPDX-License-Identifier: Apache-2.0 */
/* What a pooled connection sets for its session, as tickets of the connection's own. Internal to
 * pg/conn.c. */
#ifndef MS_PG_SETTINGS_H
#define MS_PG_SETTINGS_H

#include "common/pg/cancel.h"
#include "common/pg/ticket.h"

/* All settings, before anything else. Its rows name the backend. */
struct ms_pg_ticket *ms_pg_settings_ticket(uint64_t statement_timeout_ms, bool read_only,
                                           ms_pg_row_call *on_row, ms_pg_done_call *on_done,
                                           void *arg);
void ms_pg_settings_backend(struct ms_pg_backend *out, const struct ms_pg_row *row);

/* Another time limit, for what is sent behind it. */
struct ms_pg_ticket *ms_pg_settings_timeout_ticket(uint64_t statement_timeout_ms,
                                                   ms_pg_done_call *on_done, void *arg);

#endif
