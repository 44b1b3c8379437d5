/* SPDX-License-Identifier: Apache-2.0 */
/* Connection strings of libpq: is it one, and how to show it without its passwords. */
#ifndef MS_PG_CONNINFO_H
#define MS_PG_CONNINFO_H

#include "common/base/buf.h"
#include "common/base/status.h"
#include "common/base/str.h"

/* A URI, not a keyword string. */
bool ms_pg_conninfo_is_uri(struct ms_str conninfo);

/* Reads `conninfo` (a URI or keyword string) as libpq will, without connecting. MS_INVALID: `err`
 * says what is wrong in libpq's words, and quotes nothing of it: it may hold a password. */
enum ms_status ms_pg_conninfo_check(struct ms_str conninfo, struct ms_error *err) MS_CHECKED;

/* Appends it with "****" in place of what libpq calls a secret. A keyword string comes in libpq's
 * order. Of one that libpq cannot read, and of a URI whose password looks as if it had not been
 * escaped, nothing else is shown. Libpq can read the result. */
void ms_pg_conninfo_mask(struct ms_buf *out, struct ms_str conninfo);

/* The list that it, or else the environment, has for `keyword` ("host", "hostaddr", "port"), begun
 * with its element `first` (which may be beyond its end: counting goes round); what stands before
 * that comes last. NULL when it is no list of several. Free with free(). */
char *ms_pg_conninfo_list_from(struct ms_str conninfo, const char *keyword, size_t first);

/* Does it, with the environment, name a host that may be another machine, and is nothing said of
 * TLS (by sslmode, or by a service, which may)? Sockets, localhost and loopback addresses are this
 * machine. False when libpq cannot read it. */
bool ms_pg_conninfo_leaves_tls_open(struct ms_str conninfo);

/* Which file of authorities it or the environment names (sslrootcert). */
bool ms_pg_conninfo_names_authorities(struct ms_str conninfo);

#endif
