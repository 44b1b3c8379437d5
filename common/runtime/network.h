/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of hosts and networks of them, as they are written: "127.0.0.1", "::1", "10.0.0.0/8",
 * "fd00::/8". Pure.
 */
#ifndef MS_NETWORK_H
#define MS_NETWORK_H

#include "common/base/status.h"
#include "common/base/str.h"

enum { MS_IP_BYTES = 16 };

/* IPv4 is ::ffff:a.b.c.d. */
struct ms_ip {
    uint8_t bytes[MS_IP_BYTES];
};

struct ms_network {
    struct ms_ip ip;
    unsigned bits; /* of it that count */
};

/* Without a port; IPv6 may stand in brackets. */
enum ms_status ms_ip_parse(struct ms_ip *out, struct ms_str text) MS_CHECKED;
bool ms_ip_is_v4(const struct ms_ip *ip);
void ms_ip_mask(struct ms_ip *ip, unsigned bits); /* clears all behind them */

/* An address, or with "/" and the number of bits. */
enum ms_status ms_network_parse(struct ms_network *out, struct ms_str text) MS_CHECKED;
bool ms_network_contains(const struct ms_network *network, const struct ms_ip *ip);

#endif
