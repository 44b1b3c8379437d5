/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose request it is, so that each client gets its turn. Pure.
 *
 * The client is the peer, or, where the peer is a trusted proxy, the right-most address of
 * X-Forwarded-For that is none: what stands left of it, anybody may have written. One who has an
 * IPv6 address has the whole /64. Peers of a Unix socket are one client.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "common/config/config.h"
#include "common/runtime/network.h"

struct client {
    struct ms_ip ip; /* of IPv6 the first 64 bits */
};

/* Of a peer on a Unix socket. */
extern const struct client CLIENT_LOCAL;
/* Of the reader's own questions. */
extern const struct client CLIENT_OWN;

/* `peer` as ms_http_request_peer(); `forwarded` is the header's value, may be absent. */
void client_find(struct client *out, struct ms_str peer, struct ms_str forwarded,
                 const struct ms_string_list *trusted_proxies);

#endif
