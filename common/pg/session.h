/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of one's own: the leader's lock, LISTEN, migrations. */
#ifndef MS_PG_SESSION_H
#define MS_PG_SESSION_H

#include "common/pg/pg.h"

/* A session of its own, outside any pool: simple queries one after the other, notifications, its
 * life told. It connects once: after on_lost it is dead, its owner frees it and makes another. */
struct ms_pg_session;
struct ms_pg_session_events {
    void (*on_ready)(void *arg);                            /* connected */
    void (*on_lost)(const struct ms_error *err, void *arg); /* connection failed or ended; once */
    void (*on_notify)(struct ms_str channel, struct ms_str payload, void *arg); /* may be NULL */
};
struct ms_pg_session *ms_pg_session_new(struct ms_loop *loop, const char *conninfo,
                                        const char *application_name, uint64_t timeout_ms,
                                        const struct ms_pg_session_events *events, void *arg);
/* Simple protocol; `sql` may hold several statements. One at a time, or MS_BUSY; MS_UNAVAILABLE
 * before on_ready and after on_lost. No answer within the session's timeout is a lost connection
 * (0: no limit). A lost connection ends the query first, then on_lost comes. on_row (may be NULL)
 * sees text columns; `statement` and outcome->affected count results, not the statements of `sql`,
 * and affected holds at most 1024. Results are held whole: not for large ones. No COPY. */
enum ms_status ms_pg_session_query(struct ms_pg_session *session, const char *sql,
                                   ms_pg_row_call *on_row, ms_pg_done_call *on_done,
                                   void *arg) MS_CHECKED;
void ms_pg_session_free(struct ms_pg_session *session); /* no callbacks any more; NULL is fine */

#endif
