/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket under a PostgreSQL connection: connecting, readiness, flushing. Internal: pg/conn.c
 * (pipelines) and pg/session.c (simple queries) build on it and talk to libpq about queries.
 */
#ifndef MS_PG_LINK_H
#define MS_PG_LINK_H

#include "common/runtime/loop.h"

#include <libpq-fe.h>

struct ms_pg_link;

struct ms_pg_link_events {
    void (*on_open)(void *arg);  /* connected, libpq is in nonblocking mode */
    void (*on_input)(void *arg); /* take results until PQisBusy */
    /* Connecting failed or the connection ended. At most once, nothing comes after it. */
    void (*on_failed)(const struct ms_error *err, void *arg);
};

/* Begins to connect, in the loop's next turn. `events` must outlive the link, the strings not. Any
 * callback may free the link. Deadlines are the owner's. */
struct ms_pg_link *ms_pg_link_new(struct ms_loop *loop, const char *conninfo,
                                  const char *application_name,
                                  const struct ms_pg_link_events *events, void *arg);
void ms_pg_link_free(struct ms_pg_link *link); /* no callbacks any more; NULL is fine */

/* It was silent for too long, or its server is not the right one any more: where the conninfo has a
 * list of hosts, connections that begin from now on, of this process, begin with the next one. */
void ms_pg_link_leave_host(struct ms_pg_link *link);

PGconn *ms_pg_link_pq(struct ms_pg_link *link); /* from on_open to on_failed; borrowed */
/* Open, and no failure is known. */
bool ms_pg_link_is_usable(const struct ms_pg_link *link);
/* After something was given to libpq to send. */
void ms_pg_link_flush(struct ms_pg_link *link);
/* libpq refused a call: on_failed comes in a later turn. */
void ms_pg_link_fail(struct ms_pg_link *link);

/* A copy of a conninfo, which may hold a password: freed with ms_alloc_wipe. NULL gives "". */
char *ms_pg_secret_copy(const char *s);

/* The first line of libpq's last error message as an MS_UNAVAILABLE. */
void ms_pg_link_error(struct ms_error *out, const PGconn *pq);

#endif
