/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses to listen on, as they are written: ":8088", "127.0.0.1:8088", "[::1]:8088",
 * "unix:/path". Port 0: a free one.
 */
#ifndef MS_ADDRESS_H
#define MS_ADDRESS_H

#include "common/base/str.h"

#include <sys/socket.h>

struct ms_address {
    struct sockaddr_storage socket;
    socklen_t len;
    uint16_t port; /* 0 of a Unix socket */
    bool is_any;   /* without a host: `socket` is IPv6's "::", IPv4 is meant as well */
};

/* MS_INVALID: `err` says what an address looks like, or what is wrong with the path. */
enum ms_status ms_address_parse(struct ms_address *out, struct ms_str text,
                                struct ms_error *err) MS_CHECKED;

#endif
