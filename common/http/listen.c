/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens listening sockets: TCP on one or all addresses, unix. Own sockets and not the library's,
 * for their backlog and SO_REUSEPORT.
 */
#include "common/http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static enum ms_status fail(struct ms_error *err, const char *address, const char *what)
{
    int error = errno;
    return ms_error_set(err, error == EADDRINUSE ? MS_CONFLICT : MS_IO, "%s: %s: %s", address, what,
                        strerror(error));
}

static void close_keeping_errno(int fd)
{
    int error = errno;
    close(fd);
    errno = error;
}

static int open_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static bool set_flag(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

/* -1 and errno when anything fails. */
static int open_tcp(const struct sockaddr *address, socklen_t len, bool reuse_port)
{
    int fd = open_socket(address->sa_family);
    if (fd < 0)
        return -1;
    bool ready = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
                 (!reuse_port || set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
                 (address->sa_family != AF_INET6 || set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
                 bind(fd, address, len) == 0 && listen(fd, BACKLOG) == 0;
    if (ready)
        return fd;
    close_keeping_errno(fd);
    return -1;
}

/* ":8088": IPv6 that takes IPv4 as well, or IPv4 alone where there is no IPv6. */
static int open_any(uint16_t port, bool reuse_port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    int fd = open_tcp((const struct sockaddr *)&v6, sizeof(v6), reuse_port);
    if (fd >= 0 || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
        return fd;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    return open_tcp((const struct sockaddr *)&v4, sizeof(v4), reuse_port);
}

static void describe_bound(char out[static MS_LISTEN_ADDRESS_MAX], int fd)
{
    struct sockaddr_storage bound = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(bound);
    char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == 0)
        (void)getnameinfo((struct sockaddr *)&bound, len, host, sizeof(host), port, sizeof(port),
                          NI_NUMERICHOST | NI_NUMERICSERV);
    (void)snprintf(out, MS_LISTEN_ADDRESS_MAX,
                   bound.ss_family == AF_INET6 ? "[%.80s]:%s" : "%.80s:%s", host, port);
}

/* Cuts "host:port" and "[host]:port"; the host may be empty. */
static bool split_host_port(char *out_host, size_t host_size, uint16_t *out_port,
                            struct ms_str address)
{
    size_t colon = address.len;
    while (colon > 0 && address.ptr[colon - 1] != ':')
        colon--;
    uint64_t port;
    if (colon == 0 || ms_str_to_u64(&port, ms_str_skip(address, colon)) != MS_OK || port > 65535)
        return false;
    struct ms_str host = ms_str_slice(address, 0, colon - 1);
    if (ms_str_starts_with(host, MS_STR("[")) && ms_str_ends_with(host, MS_STR("]")))
        host = ms_str_slice(host, 1, host.len - 1);
    else if (ms_str_contains(host, MS_STR(":")))
        return false;
    if (host.len >= host_size)
        return false;
    memcpy(out_host, host.ptr, host.len);
    out_host[host.len] = '\0';
    *out_port = (uint16_t)port;
    return true;
}

/* -1 and errno; EINVAL for what is no address. */
static int open_on(const char *host, uint16_t port, bool reuse_port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
        return open_tcp((const struct sockaddr *)&v4, sizeof(v4), reuse_port);
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1)
        return open_tcp((const struct sockaddr *)&v6, sizeof(v6), reuse_port);
    errno = EINVAL;
    return -1;
}

static enum ms_status listen_tcp(int *out_fd, char out_address[static MS_LISTEN_ADDRESS_MAX],
                                 const char *address, bool reuse_port, struct ms_error *err)
{
    char host[INET6_ADDRSTRLEN];
    uint16_t port;
    if (!split_host_port(host, sizeof(host), &port, ms_str(address)))
        return ms_error_set(err, MS_INVALID, "%s: no listen address", address);
    int fd = host[0] == '\0' ? open_any(port, reuse_port) : open_on(host, port, reuse_port);
    if (fd < 0)
        return fail(err, address, "cannot listen");
    describe_bound(out_address, fd);
    *out_fd = fd;
    return MS_OK;
}

/* A socket file that nobody listens behind is left over from a crash. Anything else stays. */
static enum ms_status remove_old_socket(const char *address, const struct sockaddr_un *path,
                                        struct ms_error *err)
{
    struct stat info;
    if (lstat(path->sun_path, &info) != 0)
        return errno == ENOENT ? MS_OK : fail(err, address, "cannot look at the path");
    if (!S_ISSOCK(info.st_mode))
        return ms_error_set(err, MS_CONFLICT, "%s: exists and is no socket", address);
    int probe = open_socket(AF_UNIX);
    if (probe < 0)
        return fail(err, address, "cannot make a socket");
    bool is_dead =
        connect(probe, (const struct sockaddr *)path, sizeof(*path)) != 0 && errno == ECONNREFUSED;
    close(probe);
    if (!is_dead)
        return ms_error_set(err, MS_CONFLICT, "%s: somebody listens there", address);
    return unlink(path->sun_path) == 0 ? MS_OK : fail(err, address, "cannot remove the old socket");
}

static enum ms_status listen_unix(int *out_fd, char out_address[static MS_LISTEN_ADDRESS_MAX],
                                  const char *address, struct ms_error *err)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct ms_str name = ms_str_skip(ms_str(address), sizeof("unix:") - 1);
    if (name.len == 0 || name.ptr[0] != '/' || name.len >= sizeof(path.sun_path))
        return ms_error_set(err, MS_INVALID, "%s: not an absolute path of at most %zu bytes",
                            address, sizeof(path.sun_path) - 1);
    memcpy(path.sun_path, name.ptr, name.len);
    enum ms_status status = remove_old_socket(address, &path, err);
    if (status != MS_OK)
        return status;
    int fd = open_socket(AF_UNIX);
    if (fd < 0)
        return fail(err, address, "cannot make a socket");
    if (bind(fd, (const struct sockaddr *)&path, sizeof(path)) != 0 || listen(fd, BACKLOG) != 0) {
        close_keeping_errno(fd);
        return fail(err, address, "cannot listen");
    }
    (void)snprintf(out_address, MS_LISTEN_ADDRESS_MAX, "%s", address);
    *out_fd = fd;
    return MS_OK;
}

enum ms_status ms_listen(int *out_fd, char out_address[static MS_LISTEN_ADDRESS_MAX],
                         const char *address, bool reuse_port, struct ms_error *err)
{
    if (ms_str_starts_with(ms_str(address), MS_STR("unix:")))
        return listen_unix(out_fd, out_address, address, err);
    return listen_tcp(out_fd, out_address, address, reuse_port, err);
}
