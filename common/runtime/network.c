/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and networks. Always: an IPv4 address lies in the range of IPv6 that stands for it, so
 * that there is one kind to compare.
 */
#include "common/runtime/network.h"

#include <arpa/inet.h>
#include <string.h>

enum { BITS_OF_V4 = 32, BITS = 128, BYTES_BEFORE_V4 = 12 };

static const uint8_t V4_PREFIX[BYTES_BEFORE_V4] = {[10] = 0xff, [11] = 0xff};

enum ms_status ms_ip_parse(struct ms_ip *out, struct ms_str text)
{
    char copy[INET6_ADDRSTRLEN];
    struct ms_ip ip;
    bool is_bracketed =
        ms_str_starts_with(text, MS_STR("[")) && ms_str_ends_with(text, MS_STR("]"));
    if (is_bracketed)
        text = ms_str_slice(text, 1, text.len - 1);
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL)
        return MS_INVALID;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    memcpy(ip.bytes, V4_PREFIX, sizeof(V4_PREFIX));
    if ((is_bracketed || inet_pton(AF_INET, copy, ip.bytes + BYTES_BEFORE_V4) != 1) &&
        inet_pton(AF_INET6, copy, ip.bytes) != 1)
        return MS_INVALID;
    *out = ip;
    return MS_OK;
}

bool ms_ip_is_v4(const struct ms_ip *ip)
{
    return memcmp(ip->bytes, V4_PREFIX, sizeof(V4_PREFIX)) == 0;
}

void ms_ip_mask(struct ms_ip *ip, unsigned bits)
{
    for (unsigned i = 0; i < MS_IP_BYTES; i++) {
        unsigned left = bits > i * 8 ? bits - i * 8 : 0;
        if (left < 8)
            ip->bytes[i] &= (uint8_t)(0xff00U >> left);
    }
}

enum ms_status ms_network_parse(struct ms_network *out, struct ms_str text)
{
    struct ms_network network;
    struct ms_str rest = text;
    uint64_t bits;
    if (ms_ip_parse(&network.ip, ms_str_next(&rest, '/')) != MS_OK)
        return MS_INVALID;
    unsigned before = ms_ip_is_v4(&network.ip) ? BITS - BITS_OF_V4 : 0;
    network.bits = BITS;
    if (!ms_str_is_absent(rest)) {
        if (rest.len > 3 || ms_str_to_u64(&bits, rest) != MS_OK || bits > BITS - before)
            return MS_INVALID;
        network.bits = before + (unsigned)bits;
    }
    ms_ip_mask(&network.ip, network.bits);
    *out = network;
    return MS_OK;
}

bool ms_network_contains(const struct ms_network *network, const struct ms_ip *ip)
{
    struct ms_ip masked = *ip;
    ms_ip_mask(&masked, network->bits);
    return memcmp(masked.bytes, network->ip.bytes, sizeof(masked.bytes)) == 0;
}
