/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listen addresses. libevent reads the host; the port is read here, because libevent takes none for
 * 0, refuses 0, and ignores what follows the digits.
 */
#include "common/runtime/address.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <event2/util.h>

enum { HOST_MAX = 64 };

static enum ms_status parse_unix(struct ms_address *out, struct ms_str path, struct ms_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!ms_str_starts_with(path, MS_STR("/")))
        return ms_error_set(err, MS_INVALID, "the path of a Unix socket must begin with /");
    if (path.len >= sizeof(address.sun_path))
        return ms_error_set(err, MS_INVALID, "the path of a Unix socket is at most %zu bytes",
                            sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path.ptr, path.len);
    *out = (struct ms_address){.len = sizeof(address)};
    memcpy(&out->socket, &address, sizeof(address));
    return MS_OK;
}

/* "127.0.0.1", "[::1]", or nothing. */
static bool parse_host(struct ms_address *out, struct ms_str host, uint16_t port)
{
    char text[HOST_MAX];
    bool is_bracketed =
        ms_str_starts_with(host, MS_STR("[")) && ms_str_ends_with(host, MS_STR("]"));
    if (host.len >= sizeof(text) || (!is_bracketed && ms_str_contains(host, MS_STR(":"))))
        return false;
    struct ms_address address = {.len = sizeof(address.socket), .port = port};
    address.is_any = host.len == 0;
    (void)snprintf(text, sizeof(text), "%.*s", MS_STR_ARG(address.is_any ? MS_STR("[::]") : host));
    int len = (int)address.len;
    if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&address.socket, &len) != 0)
        return false;
    address.len = (socklen_t)len;
    if (address.socket.ss_family == AF_INET)
        ((struct sockaddr_in *)&address.socket)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)&address.socket)->sin6_port = htons(port);
    *out = address;
    return true;
}

enum ms_status ms_address_parse(struct ms_address *out, struct ms_str text, struct ms_error *err)
{
    static const struct ms_str UNIX = MS_STR_INIT("unix:");
    if (ms_str_starts_with(text, UNIX))
        return parse_unix(out, ms_str_skip(text, UNIX.len), err);
    const char *colon = text.len > 0 ? memrchr(text.ptr, ':', text.len) : NULL;
    size_t host_len = colon != NULL ? (size_t)(colon - text.ptr) : 0;
    struct ms_str digits = ms_str_skip(text, host_len + 1);
    uint64_t port;
    if (colon != NULL && digits.len <= 5 && ms_str_to_u64(&port, digits) == MS_OK &&
        port <= UINT16_MAX && parse_host(out, ms_str_slice(text, 0, host_len), (uint16_t)port))
        return MS_OK;
    return ms_error_set(err, MS_INVALID,
                        "must be an address such as \":8088\", \"127.0.0.1:8088\", "
                        "\"[::1]:8088\" or \"unix:/path\"");
}
