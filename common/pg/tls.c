/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TLS record holds up to 16 KiB; libpq reads into whatever room its buffer has, at least 8 KiB.
 * The rest of the record then waits inside OpenSSL while the socket is quiet, and an event loop
 * would wait for ever for what has already arrived. pg/link.c asks here after every read. libpq
 * gives away its SSL object for such uses (PQsslStruct).
 */
#include "common/pg/tls.h"

#include <openssl/ssl.h>

bool ms_pg_tls_has_pending(PGconn *pq)
{
    const SSL *ssl = PQsslStruct(pq, "OpenSSL");
    return ssl != NULL && SSL_pending(ssl) > 0;
}
