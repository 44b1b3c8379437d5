/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens listening sockets: TCP on one or all addresses, Unix. libevent's own would set neither the
 * backlog nor SO_REUSEPORT as we need them.
 */
#include "common/http/server.h"
#include "common/runtime/address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

/*
 * -1 and errno when anything fails. Accepted sockets inherit TCP_NODELAY; it is set before anybody
 * can connect, since a connection may wait in the queue long before it is accepted.
 */
static int open_tcp(const struct sockaddr *address, socklen_t len, bool reuse_port)
{
    int fd = open_socket(address->sa_family);
    if (fd < 0)
        return -1;
    bool ready = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
                 (!reuse_port || set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
                 (address->sa_family != AF_INET6 || set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
                 set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1) && bind(fd, address, len) == 0 &&
                 listen(fd, BACKLOG) == 0;
    if (ready)
        return fd;
    close_keeping_errno(fd);
    return -1;
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

static enum ms_status listen_tcp(int *out_fd, char out_address[static MS_LISTEN_ADDRESS_MAX],
                                 const struct ms_address *address, const char *text,
                                 bool reuse_port, struct ms_error *err)
{
    int fd = open_tcp((const struct sockaddr *)&address->socket, address->len, reuse_port);
    if (fd < 0 && address->is_any && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        fd = open_tcp((const struct sockaddr *)&v4, sizeof(v4), reuse_port);
    }
    if (fd < 0)
        return fail(err, text, "cannot listen");
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
                                  const struct ms_address *address, const char *text,
                                  struct ms_error *err)
{
    struct sockaddr_un path;
    memcpy(&path, &address->socket, sizeof(path));
    enum ms_status status = remove_old_socket(text, &path, err);
    if (status != MS_OK)
        return status;
    int fd = open_socket(AF_UNIX);
    if (fd < 0)
        return fail(err, text, "cannot make a socket");
    if (bind(fd, (const struct sockaddr *)&path, sizeof(path)) != 0 || listen(fd, BACKLOG) != 0) {
        close_keeping_errno(fd);
        return fail(err, text, "cannot listen");
    }
    (void)snprintf(out_address, MS_LISTEN_ADDRESS_MAX, "%s", text);
    *out_fd = fd;
    return MS_OK;
}

enum ms_status ms_listen(int *out_fd, char out_address[static MS_LISTEN_ADDRESS_MAX],
                         const char *address, bool reuse_port, struct ms_error *err)
{
    struct ms_address parsed;
    struct ms_error why;
    if (ms_address_parse(&parsed, ms_str(address), &why) != MS_OK)
        return ms_error_set(err, MS_INVALID, "%s: %s", address, why.text);
    if (parsed.socket.ss_family == AF_UNIX)
        return listen_unix(out_fd, out_address, &parsed, address, err);
    return listen_tcp(out_fd, out_address, &parsed, address, reuse_port, err);
}
