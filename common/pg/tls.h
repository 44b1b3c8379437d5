/* SPDX-License-Identifier: Apache-2.0 */
/* The one question that libpq does not answer about its TLS connections. For pg/link.c only. */
#ifndef MS_PG_TLS_H
#define MS_PG_TLS_H

#include <stdbool.h>

#include <libpq-fe.h>

/* True while decrypted bytes wait inside the TLS library, where the socket's readiness does not
 * show them. False without TLS. */
bool ms_pg_tls_has_pending(PGconn *pq);

#endif
