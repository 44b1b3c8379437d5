/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of addresses: a table of prefixes. IPv4 is looked up as IPv6 (::ffff:a.b.c.d), so that an
 * IPv4 address in IPv6's clothes is the same. */
#include "writer/registry/address.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define MAPPED 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff

static const struct {
    uint8_t prefix[16];
    unsigned bits;
    enum registry_address_kind kind;
} KINDS[] = {
    {{MAPPED, 127}, 104, REGISTRY_ADDRESS_LOOPBACK},
    {{MAPPED, 0}, 104, REGISTRY_ADDRESS_LOOPBACK},
    {{0}, 128, REGISTRY_ADDRESS_LOOPBACK},
    {{[15] = 1}, 128, REGISTRY_ADDRESS_LOOPBACK},
    {{MAPPED, 169, 254}, 112, REGISTRY_ADDRESS_LINK_LOCAL},
    {{0xfe, 0x80}, 10, REGISTRY_ADDRESS_LINK_LOCAL},
    {{MAPPED, 100, 100, 100, 200}, 128, REGISTRY_ADDRESS_LINK_LOCAL},                /* Alibaba */
    {{0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54}, 128, REGISTRY_ADDRESS_LINK_LOCAL}, /* AWS */
    {{0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54}, 128, REGISTRY_ADDRESS_LINK_LOCAL}, /* Google */
};

static bool has_prefix(const uint8_t bytes[static 16], const uint8_t prefix[static 16],
                       unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    if (memcmp(bytes, prefix, whole) != 0)
        return false;
    return rest == 0 || ((bytes[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

/* As 16 bytes; false: neither IPv4 nor IPv6. */
static bool get_bytes(uint8_t out[static 16], const struct sockaddr *address)
{
    static const uint8_t MAPPED_PREFIX[12] = {MAPPED};
    static const uint8_t NAT64_PREFIX[12] = {0x00, 0x64, 0xff, 0x9b};
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        memcpy(out, MAPPED_PREFIX, sizeof(MAPPED_PREFIX));
        memcpy(out + sizeof(MAPPED_PREFIX), &v4.sin_addr, sizeof(v4.sin_addr));
        return true;
    }
    if (address->sa_family != AF_INET6)
        return false;
    memcpy(&v6, address, sizeof(v6));
    memcpy(out, &v6.sin6_addr, sizeof(v6.sin6_addr));
    if (memcmp(out, NAT64_PREFIX, sizeof(NAT64_PREFIX)) == 0) /* leads to the IPv4 address in it */
        memcpy(out, MAPPED_PREFIX, sizeof(MAPPED_PREFIX));
    return true;
}

enum registry_address_kind registry_address_kind(const struct sockaddr *address)
{
    uint8_t bytes[16];
    if (!get_bytes(bytes, address))
        return REGISTRY_ADDRESS_UNKNOWN;
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        if (has_prefix(bytes, KINDS[i].prefix, KINDS[i].bits))
            return KINDS[i].kind;
    }
    return REGISTRY_ADDRESS_ORDINARY;
}

const char *registry_address_kind_name(enum registry_address_kind kind)
{
    static const char *const NAMES[] = {
        [REGISTRY_ADDRESS_ORDINARY] = "an ordinary address",
        [REGISTRY_ADDRESS_LOOPBACK] = "a loopback address",
        [REGISTRY_ADDRESS_LINK_LOCAL] = "a link-local address",
        [REGISTRY_ADDRESS_UNKNOWN] = "no internet address",
    };
    return NAMES[kind];
}
