/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that speaks bytes, not HTTP: for tests of servers, which must be able to send what no
 * library would. Header only, included by the tests of the HTTP server and of the daemons. Every
 * wait that hangs ends after minutes, as a failure.
 */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

enum { PEER_PATIENCE_MS = 4 * 60 * 1000, PEER_HEAD_MAX = 16 * 1024 };

struct response {
    int status;
    char head[PEER_HEAD_MAX]; /* with the empty line, terminated */
    char *body;               /* terminated, freed by response_free */
    size_t body_len;
};

static inline long long peer_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static inline int peer_dial(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    struct timeval patience = {.tv_sec = PEER_PATIENCE_MS / 1000};
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static inline void peer_send_n(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        ck_assert_msg(n > 0, "send: %s", strerror(errno));
        bytes += n;
        len -= (size_t)n;
    }
}

static inline void peer_send(int fd, const char *bytes)
{
    peer_send_n(fd, bytes, strlen(bytes));
}

/* "GET <target>" with what every request needs. */
static inline void peer_get(int fd, const char *target)
{
    char request[1024];
    (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
    peer_send(fd, request);
}

/* The value of a header, or NULL; valid until the next call. */
static inline const char *response_header(const struct response *response, const char *name)
{
    static char value[1024];
    size_t len = strlen(name);
    for (const char *line = strstr(response->head, "\r\n"); line != NULL;
         line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, len) != 0 || line[len] != ':')
            continue;
        const char *end = strstr(line, "\r\n");
        (void)snprintf(value, sizeof(value), "%.*s", (int)(end - line - (long)len - 2),
                       line + len + 2);
        return value;
    }
    return NULL;
}

static inline void response_free(struct response *response)
{
    free(response->body);
    response->body = NULL;
}

static inline bool peer_read_head(int fd, struct response *response)
{
    size_t len = 0;
    memset(response, 0, sizeof(*response));
    while (strstr(response->head, "\r\n\r\n") == NULL) {
        ck_assert_uint_lt(len, sizeof(response->head) - 1);
        ssize_t n = recv(fd, response->head + len, 1, 0);
        if (n == 0 || (n < 0 && errno == ECONNRESET && len == 0))
            return false;
        ck_assert_msg(n > 0, "recv: %s after '%s'", strerror(errno), response->head);
        len += (size_t)n;
    }
    ck_assert_int_eq(strncmp(response->head, "HTTP/1.1 ", 9), 0);
    response->status = (int)strtol(response->head + 9, NULL, 10);
    return true;
}

/* Reads one response. `has_body` is false for HEAD. False: the server has closed instead. */
static inline bool peer_try_read(int fd, struct response *response, bool has_body)
{
    if (!peer_read_head(fd, response))
        return false;
    const char *length = response_header(response, "Content-Length");
    response->body_len = has_body && length != NULL ? strtoul(length, NULL, 10) : 0;
    response->body = calloc(1, response->body_len + 1);
    ck_assert_ptr_nonnull(response->body);
    for (size_t len = 0; len < response->body_len;) {
        ssize_t n = recv(fd, response->body + len, response->body_len - len, 0);
        ck_assert_msg(n > 0, "body cut after %zu of %zu bytes", len, response->body_len);
        len += (size_t)n;
    }
    return true;
}

static inline void peer_read(int fd, struct response *response)
{
    ck_assert_msg(peer_try_read(fd, response, true), "closed instead of answered");
}

static inline void peer_expect_status(int fd, int status)
{
    struct response response;
    peer_read(fd, &response);
    ck_assert_msg(response.status == status, "%d instead of %d: %s%s", response.status, status,
                  response.head, response.body);
    response_free(&response);
}

/* The server sends nothing more and closes, by FIN or by RST. */
static inline void peer_expect_closed(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);
    ck_assert_msg(n == 0 || (n < 0 && errno == ECONNRESET), "not closed");
}

/* Nothing arrives within that time. */
static inline void peer_expect_silence(int fd, int for_ms)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&readable, 1, for_ms), 0);
}

/* One request on a connection of its own; the body as a string that the caller frees. */
static inline char *peer_fetch(int port, const char *target)
{
    int fd = peer_dial(port);
    struct response response;
    peer_get(fd, target);
    peer_read(fd, &response);
    close(fd);
    return response.body;
}

#endif
