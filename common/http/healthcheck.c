/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client for one request, on a blocking socket: connect, send, read the status line. Nothing here
 * waits longer than CHECK_TIMEOUT_S for a step, and an answer has a few steps only.
 */
#include "common/http/healthcheck.h"

#include "common/runtime/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { CHECK_TIMEOUT_S = 3 };

static const char REQUEST[] =
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
static const char HEALTHY[] = "HTTP/1.1 200 ";

/* A program that listens on all addresses is asked on the loopback one. */
static void replace_wildcard(struct ms_address *address)
{
    if (address->is_any) { /* both families, or IPv4 alone where there is no IPv6 */
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        memcpy(&address->socket, &v4, sizeof(v4));
        address->len = sizeof(v4);
    } else if (address->socket.ss_family == AF_INET) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&address->socket;
        if (v4->sin_addr.s_addr == htonl(INADDR_ANY))
            v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else if (address->socket.ss_family == AF_INET6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->socket;
        if (IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
            v6->sin6_addr = in6addr_loopback;
    }
}

static enum ms_status fail(struct ms_error *err, const char *what)
{
    bool is_late = errno == EAGAIN || errno == EINPROGRESS;
    return ms_error_set(err, is_late ? MS_TIMEOUT : MS_UNAVAILABLE, "%s: %s", what,
                        is_late ? "no answer" : strerror(errno));
}

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static enum ms_status ask(int fd, const struct ms_address *address, struct ms_error *err)
{
    const struct timeval limit = {.tv_sec = CHECK_TIMEOUT_S};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0)
        return fail(err, "socket");
    if (connect(fd, (const struct sockaddr *)&address->socket, address->len) != 0)
        return fail(err, "cannot connect");
    if (!send_all(fd, REQUEST, sizeof(REQUEST) - 1))
        return fail(err, "cannot ask");
    char line[sizeof(HEALTHY) - 1];
    ssize_t n_read = recv(fd, line, sizeof(line), MSG_WAITALL);
    if (n_read < 0)
        return fail(err, "cannot read the answer");
    if ((size_t)n_read < sizeof(line) || memcmp(line, HEALTHY, sizeof(line)) != 0)
        return ms_error_set(err, MS_PROTOCOL, "the answer is not 200");
    return MS_OK;
}

enum ms_status ms_healthcheck(const char *listen, struct ms_error *err)
{
    struct ms_address address;
    enum ms_status status = ms_address_parse(&address, ms_str(listen), err);
    if (status != MS_OK)
        return status;
    if (address.socket.ss_family != AF_UNIX && address.port == 0)
        return ms_error_set(err, MS_INVALID, "port 0 is another one at each start");
    replace_wildcard(&address);
    int fd = socket(address.socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(err, "socket");
    status = ask(fd, &address, err);
    close(fd);
    return status;
}
