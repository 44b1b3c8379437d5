/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proxy's child process: one poll(2) loop with blocking writes, commands come as bytes on a
 * socket and are answered when they have taken effect. It ends when its parent does.
 */
#include "tests/support/tcp_proxy.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAIRS_MAX = 64, CONTROL = 0, LISTENER = 1, FIRST_END = 2 };

static struct {
    const char *host;
    const char *port;
    bool frozen;
    bool refusing;
    struct pollfd ends[FIRST_END + 2 * PAIRS_MAX]; /* control, listener, then pairs of ends */
    nfds_t n;
} proxy;

static void require(bool condition)
{
    if (!condition)
        abort();
}

static int dial(void)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *to;
    require(getaddrinfo(proxy.host, proxy.port, &hints, &to) == 0);
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(to);
    return fd;
}

static void accept_pair(void)
{
    int client = accept(proxy.ends[LISTENER].fd, NULL, NULL);
    int server = proxy.refusing ? -1 : dial();
    if (server < 0) {
        close(client);
        return;
    }
    require(proxy.n + 2 <= FIRST_END + 2 * PAIRS_MAX);
    proxy.ends[proxy.n++] = (struct pollfd){.fd = client, .events = POLLIN};
    proxy.ends[proxy.n++] = (struct pollfd){.fd = server, .events = POLLIN};
}

static void close_pair(nfds_t at)
{
    nfds_t first = at - (at - FIRST_END) % 2;
    close(proxy.ends[first].fd);
    close(proxy.ends[first + 1].fd);
    proxy.n -= 2;
    proxy.ends[first] = proxy.ends[proxy.n];
    proxy.ends[first + 1] = proxy.ends[proxy.n + 1];
}

static void forward(nfds_t from)
{
    char bytes[65536];
    nfds_t to = (from - FIRST_END) % 2 == 0 ? from + 1 : from - 1;
    /* Another pair may have moved here, whose bytes were forwarded already. */
    ssize_t got = recv(proxy.ends[from].fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return;
    for (ssize_t done = 0; done < got;) {
        ssize_t put = send(proxy.ends[to].fd, bytes + done, (size_t)(got - done), MSG_NOSIGNAL);
        if (put < 0)
            got = -1;
        done += put;
    }
    if (got <= 0)
        close_pair(from);
}

static void obey(void)
{
    char command;
    if (read(proxy.ends[CONTROL].fd, &command, 1) != 1)
        _exit(0);
    proxy.frozen = command == 'f';
    proxy.refusing = command == 'r';
    while ((command == 'c' || command == 'r') && proxy.n > FIRST_END)
        close_pair(FIRST_END);
    require(write(proxy.ends[CONTROL].fd, &command, 1) == 1);
}

static _Noreturn void serve(void)
{
    for (;;) {
        require(poll(proxy.ends, proxy.frozen ? 1 : proxy.n, -1) > 0);
        nfds_t n = proxy.frozen ? 1 : proxy.n;
        for (nfds_t i = n; i-- > FIRST_END;)
            if (i < proxy.n && proxy.ends[i].revents != 0)
                forward(i);
        if (n > LISTENER && proxy.ends[LISTENER].revents != 0)
            accept_pair();
        if (proxy.ends[CONTROL].revents != 0)
            obey();
    }
}

struct tcp_proxy tcp_proxy_start(const char *host, const char *port)
{
    int control[2];
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) == 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 64) == 0);
    require(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    pid_t pid = fork();
    require(pid >= 0);
    if (pid == 0) {
        close(control[0]);
        proxy.host = host;
        proxy.port = port;
        proxy.ends[CONTROL] = (struct pollfd){.fd = control[1], .events = POLLIN};
        proxy.ends[LISTENER] = (struct pollfd){.fd = listener, .events = POLLIN};
        proxy.n = FIRST_END;
        serve();
    }
    close(control[1]);
    close(listener);
    return (struct tcp_proxy){.pid = pid, .control = control[0], .port = ntohs(address.sin_port)};
}

static void command(struct tcp_proxy *told, char what)
{
    char answer;
    require(write(told->control, &what, 1) == 1 && read(told->control, &answer, 1) == 1);
}

void tcp_proxy_cut(struct tcp_proxy *told)
{
    command(told, 'c');
}

void tcp_proxy_freeze(struct tcp_proxy *told)
{
    command(told, 'f');
}

void tcp_proxy_thaw(struct tcp_proxy *told)
{
    command(told, 't');
}

void tcp_proxy_refuse(struct tcp_proxy *told)
{
    command(told, 'r');
}

void tcp_proxy_stop(struct tcp_proxy *told)
{
    close(told->control);
    (void)waitpid(told->pid, NULL, 0);
}
