/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that a registry must not send the writer to, unless it is at one of that kind itself:
 * what listens there trusts this machine. Pure.
 *
 * Private networks (RFC 1918, unique local) are ordinary: blob stores and token servers live there.
 */
#ifndef REGISTRY_ADDRESS_H
#define REGISTRY_ADDRESS_H

struct sockaddr;

enum registry_address_kind {
    REGISTRY_ADDRESS_ORDINARY,
    REGISTRY_ADDRESS_LOOPBACK,   /* this machine; also 0.0.0.0 and ::, which lead there */
    REGISTRY_ADDRESS_LINK_LOCAL, /* also the clouds' metadata services that are elsewhere */
    REGISTRY_ADDRESS_UNKNOWN     /* neither IPv4 nor IPv6 */
};

enum registry_address_kind registry_address_kind(const struct sockaddr *address);
/* "a loopback address" and the like, for messages. */
const char *registry_address_kind_name(enum registry_address_kind kind);

#endif
