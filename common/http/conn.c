/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection, from accept to close. Its states, in the order of its life, each with one step
 * function below:
 *
 *   HEAD       reads a head, checks it, makes the request of it
 *   BODY       reads the body, if there is one
 *   HANDLING   the handler has the request, and answers now or later
 *   WRITING    the answer leaves
 *   IDLE       waits for the next request; back to HEAD
 *   LINGERING  after a refusal: what the client still sends is thrown away
 *   CLOSED     ms_http_conn_close, the only exit, from any state
 *
 * Always holds: one request at a time, so that memory is bounded by limits, and a client that does
 * not read is not read from. The struct lives until the loop's next turn.
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/http/internal.h"
#include "common/runtime/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void on_io(evutil_socket_t fd, short what, void *arg);

/* --- the beginning --- */

static void format_peer(char out[static HTTP_PEER_MAX], const struct sockaddr *address)
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
        (void)snprintf(out, HTTP_PEER_MAX, "%s:%u", host, (unsigned)ntohs(v4.sin_port));
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        bool is_mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
        if (is_mapped)
            inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], host, sizeof(host));
        else
            inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
        (void)snprintf(out, HTTP_PEER_MAX, is_mapped ? "%s:%u" : "[%s]:%u", host,
                       (unsigned)ntohs(v6.sin6_port));
    } else {
        (void)snprintf(out, HTTP_PEER_MAX, "unix");
    }
}

static void count_connections(struct ms_http_server *server)
{
    ms_metrics_set(MS_METRIC_HTTP_CONNECTIONS, NULL, NULL, (double)server->n_connections);
}

void ms_http_conn_new(struct ms_http_server *server, int fd, const struct sockaddr *address)
{
    struct ms_http_conn *conn = ms_alloc(sizeof(*conn));
    conn->server = server;
    conn->fd = fd;
    conn->state = CONN_HEAD;
    ms_buf_init(&conn->input, server->limits.max_header_bytes + HTTP_READ_BYTES);
    ms_http_out_init(&conn->out);
    format_peer(conn->peer, address);
    conn->is_surplus = server->n_connections++ >= server->limits.max_connections;
    count_connections(server);
    ms_http_guard_add(conn);
    ms_http_conn_run(conn);
}

/* --- reading --- */

static struct ms_str unread(const struct ms_http_conn *conn)
{
    return ms_str_skip(ms_buf_view(&conn->input), conn->consumed);
}

static void consume(struct ms_http_conn *conn, size_t bytes)
{
    conn->consumed += bytes;
    conn->scanned = 0;
}

/* As the limit was when the connection was made: the buffer has its size from it. */
static size_t max_header_bytes(const struct ms_http_conn *conn)
{
    return conn->input.max - HTTP_READ_BYTES;
}

static void read_input(struct ms_http_conn *conn)
{
    struct ms_http_server *server = conn->server;
    ssize_t n = recv(conn->fd, server->scratch, sizeof(server->scratch), 0);
    if (n > 0 && conn->state != CONN_LINGERING)
        ms_buf_append(&conn->input, ms_str_n(server->scratch, (size_t)n));
    else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        conn->at_end = true;
    if (ms_buf_status(&conn->input) != MS_OK) /* no memory */
        conn->at_end = true;
}

/* Drops what was consumed. A connection without unread input holds no buffer. */
static void compact_input(struct ms_http_conn *conn)
{
    size_t left = conn->input.len - conn->consumed;
    if (left == 0) {
        ms_buf_free(&conn->input);
    } else if (conn->consumed > 0) {
        memmove(conn->input.data, conn->input.data + conn->consumed, left + 1);
        conn->input.len = left;
    }
    conn->consumed = 0;
}

/* --- the steps. Each returns true when the next one can be taken at once --- */

/* The step of a state that can do nothing without more input: HANDLING, LINGERING. */
static bool wait_for_input(struct ms_http_conn *conn)
{
    if (conn->at_end)
        ms_http_conn_close(conn);
    return false;
}

/* A refused request is answered like any other; then the connection ends. */
static bool refuse(struct ms_http_conn *conn, int status, const char *detail, enum ms_limit limit)
{
    if (limit != MS_LIMIT_NONE)
        ms_limit_reached(limit);
    conn->must_close = true;
    conn->may_linger = true;
    if (conn->request == NULL)
        conn->request = ms_http_request_new_refused(conn, unread(conn));
    if (conn->state != CONN_HANDLING)
        ms_http_guard_move(conn, CONN_HANDLING);
    conn->server->refuse(conn->request, status, ms_str(detail));
    return true;
}

/* All places are taken, and here is a request: of the connections without one, that which has been
 * idle for longest gives up its place. False: there is none. */
static bool make_place(struct ms_http_server *server)
{
    struct ms_http_conn *idle, *next;
    for (idle = TAILQ_FIRST(&server->lists[CONN_IDLE]); idle != NULL; idle = next) {
        next = TAILQ_NEXT(idle, link);
        ms_http_conn_hang_up(idle);
        if (idle->state == CONN_CLOSED) {
            ms_limit_reached(MS_LIMIT_CONNECTIONS);
            return true;
        }
    }
    return false;
}

static bool dispatch(struct ms_http_conn *conn)
{
    struct ms_http_server *server = conn->server;
    ms_http_guard_move(conn, CONN_HANDLING);
    conn->request->is_dispatched = true;
    server->handler(conn->request, server->arg);
    return true;
}

static bool step_head(struct ms_http_conn *conn)
{
    struct ms_http_server *server = conn->server;
    /* Empty lines before a request are ignored (RFC 9112 2.2); they are part of no other. */
    while (ms_str_starts_with(unread(conn), MS_STR("\r\n")))
        consume(conn, 2);

    struct ms_str input = unread(conn);
    size_t max = max_header_bytes(conn);
    size_t len = 0;
    enum ms_http_head_found found = ms_http_head_find(&len, &conn->scanned, input);
    if (found == MS_HTTP_HEAD_MALFORMED)
        return refuse(conn, 400, "line feed without carriage return", MS_LIMIT_NONE);
    if (found == MS_HTTP_HEAD_WHOLE ? len > max : input.len > max) {
        bool is_in_first_line = input.len == 0 || memchr(input.ptr, '\n', input.len) == NULL;
        if (is_in_first_line)
            return refuse(conn, 414, "the request target is too long", MS_LIMIT_TARGET);
        return refuse(conn, 431, "the request header is too long", MS_LIMIT_HEADERS);
    }
    if (found == MS_HTTP_HEAD_NEEDS_MORE)
        return wait_for_input(conn);

    struct ms_str bytes = ms_str_slice(input, 0, len);
    struct ms_http_head head;
    struct ms_http_fault fault = ms_http_head_parse(&head, bytes, server->limits.max_target_bytes);
    if (fault.status != 0)
        return refuse(conn, fault.status, fault.detail, fault.limit);
    if (head.content_length > server->limits.max_body_bytes)
        return refuse(conn, 413, "the body is too large", MS_LIMIT_BODY);
    if (conn->is_surplus && server->n_connections > server->limits.max_connections &&
        !make_place(server))
        return refuse(conn, 503, "too many connections at once", MS_LIMIT_CONNECTIONS);
    conn->request = ms_http_request_new(conn, &head, bytes);
    if (conn->request == NULL)
        return refuse(conn, 400, "the path cannot be decoded", MS_LIMIT_NONE);

    consume(conn, len);
    conn->is_surplus = false;
    conn->must_close = !head.keep_alive;
    ms_http_body_begin(&conn->framing, head.is_chunked, head.content_length);
    if (!head.is_chunked && head.content_length == 0)
        return dispatch(conn);
    ms_http_guard_move(conn, CONN_BODY);
    if (head.expects_continue && unread(conn).len == 0) {
        ms_buf_append(&conn->out.head, MS_STR("HTTP/1.1 100 Continue\r\n\r\n"));
        conn->out.is_interim = true;
        ms_http_guard_move(conn, CONN_WRITING);
    }
    return true;
}

static bool step_body(struct ms_http_conn *conn)
{
    for (;;) {
        struct ms_str input = unread(conn), piece;
        size_t before = input.len;
        enum ms_http_body_found found = ms_http_body_next(&piece, &conn->framing, &input);
        consume(conn, before - input.len);
        switch (found) {
        case MS_HTTP_BODY_PIECE:
            if (piece.len > conn->server->limits.max_body_bytes - conn->request->body_bytes)
                return refuse(conn, 413, "the body is too large", MS_LIMIT_BODY);
            if (ms_http_request_add_body(conn->request, piece) != MS_OK)
                return refuse(conn, 503, "too many bodies at once", MS_LIMIT_BODIES);
            break;
        case MS_HTTP_BODY_NEEDS_MORE:
            return wait_for_input(conn);
        case MS_HTTP_BODY_END:
            return dispatch(conn);
        case MS_HTTP_BODY_MALFORMED:
            return refuse(conn, 400, "malformed chunked body", MS_LIMIT_NONE);
        case MS_HTTP_BODY_TOO_LONG:
            return refuse(conn, 431, "a chunk header or trailer is too long", MS_LIMIT_HEADERS);
        }
    }
}

/* What the kernel holds and the client has not acknowledged. The kernel takes megabytes before the
 * client has taken the first of them, and tells late that there is room again: only this shows
 * whether the client reads. */
static int unacknowledged_bytes(const struct ms_http_conn *conn)
{
    int bytes = 0;
    return ioctl(conn->fd, SIOCOUTQ, &bytes) == 0 ? bytes : INT_MAX;
}

static bool step_writing(struct ms_http_conn *conn)
{
    switch (ms_http_out_write(&conn->out, conn->fd)) {
    case HTTP_SENT_ALL:
        break;
    case HTTP_SENT_SOME:
        conn->unacknowledged_bytes = unacknowledged_bytes(conn);
        ms_http_guard_move(conn, CONN_WRITING);
        return false;
    case HTTP_SENT_NOTHING:
        return false;
    case HTTP_SEND_FAILED:
        ms_http_conn_close(conn);
        return false;
    }
    bool was_interim = conn->out.is_interim;
    uint64_t sent = conn->out.body_sent;
    ms_http_out_reset(&conn->out);
    if (was_interim) {
        ms_http_guard_move(conn, CONN_BODY);
        return true;
    }
    ms_http_request_finish(conn->request, sent);
    conn->request = NULL;
    if (!conn->must_close) {
        ms_http_guard_move(conn, CONN_IDLE);
        return true;
    }
    /* Closing with unread input would reset the connection, and the client would lose the answer.
     */
    bool client_may_send = conn->may_linger || conn->server->is_draining || unread(conn).len > 0;
    if (conn->at_end || !client_may_send || shutdown(conn->fd, SHUT_WR) != 0) {
        ms_http_conn_close(conn);
        return false;
    }
    consume(conn, unread(conn).len);
    ms_http_guard_move(conn, CONN_LINGERING);
    return true;
}

static bool step_idle(struct ms_http_conn *conn)
{
    if (unread(conn).len > 0) {
        ms_http_guard_move(conn, CONN_HEAD);
        return true;
    }
    if (conn->server->is_draining)
        conn->at_end = true;
    return wait_for_input(conn);
}

/* --- running --- */

/* Beyond the high-water mark nothing is read until the present request is answered. */
static short wanted_events(const struct ms_http_conn *conn)
{
    if (conn->state == CONN_WRITING)
        return EV_WRITE;
    return conn->input.len <= max_header_bytes(conn) ? EV_READ : 0;
}

static void set_interest(struct ms_http_conn *conn, short events)
{
    if (conn->interest == events)
        return;
    if (event_initialized(&conn->io))
        (void)event_del(&conn->io);
    conn->interest = events;
    if (events == 0)
        return;
    struct event_base *base = ms_loop_base(conn->server->loop);
    if (event_assign(&conn->io, base, conn->fd, (short)(events | EV_PERSIST), on_io, conn) != 0 ||
        event_add(&conn->io, NULL) != 0)
        abort();
}

void ms_http_conn_run(struct ms_http_conn *conn)
{
    static bool (*const STEPS[CONN_STATES])(struct ms_http_conn *) = {
        [CONN_HEAD] = step_head,       [CONN_BODY] = step_body, [CONN_HANDLING] = wait_for_input,
        [CONN_WRITING] = step_writing, [CONN_IDLE] = step_idle, [CONN_LINGERING] = wait_for_input,
    };
    conn->is_running = true;
    bool more = true;
    for (int left = HTTP_STEPS_PER_TURN; more && left > 0; left--)
        more = STEPS[conn->state](conn);
    conn->is_running = false;
    if (conn->state == CONN_CLOSED)
        return;
    compact_input(conn);
    short events = more ? EV_WRITE : wanted_events(conn); /* out of turns: back after the others */
    if (events == 0 && conn->interest != 0)
        ms_limit_reached(MS_LIMIT_UNREAD_INPUT);
    set_interest(conn, events);
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    struct ms_http_conn *conn = arg;
    if (what & EV_READ)
        read_input(conn);
    ms_http_conn_run(conn);
}

/* --- what others ask of it --- */

void ms_http_conn_answered(struct ms_http_conn *conn)
{
    conn->unacknowledged_bytes = INT_MAX;
    ms_http_guard_move(conn, CONN_WRITING);
    if (!conn->is_running) /* answered later: the run begins when the caller has returned */
        event_active(&conn->io, EV_WRITE, 0);
}

void ms_http_conn_expire(struct ms_http_conn *conn)
{
    bool has_begun = conn->input.len > 0;
    if (conn->state == CONN_BODY) {
        (void)refuse(conn, 408, "the body took too long", MS_LIMIT_BODY_TIME);
        ms_http_conn_run(conn);
        return;
    }
    if (conn->state == CONN_HEAD && has_begun) {
        (void)refuse(conn, 408, "the header took too long", MS_LIMIT_HEADER_TIME);
        ms_http_conn_run(conn);
        return;
    }
    if (conn->state == CONN_WRITING) {
        int before = conn->unacknowledged_bytes;
        conn->unacknowledged_bytes = unacknowledged_bytes(conn);
        if (conn->unacknowledged_bytes < before) {
            ms_http_guard_move(conn, CONN_WRITING);
            return;
        }
    }
    if (conn->state != CONN_LINGERING)
        ms_limit_reached(conn->state == CONN_WRITING ? MS_LIMIT_WRITE_TIME : MS_LIMIT_IDLE_TIME);
    ms_http_conn_close(conn);
}

void ms_http_conn_hang_up(struct ms_http_conn *conn)
{
    if (conn->input.len == 0) /* else it was read from before, and is about to be handled */
        read_input(conn);
    bool request_came_before = conn->input.len > 0 && !conn->at_end;
    if (request_came_before)
        event_active(&conn->io, EV_WRITE, 0); /* handled, but not from here */
    else
        ms_http_conn_close(conn);
}

/* --- the end --- */

void ms_http_conn_close(struct ms_http_conn *conn)
{
    struct ms_http_server *server = conn->server;
    ms_http_guard_remove(conn);
    conn->state = CONN_CLOSED;
    if (event_initialized(&conn->io))
        (void)event_del(&conn->io);
    close(conn->fd);
    server->n_connections--;
    count_connections(server);

    struct ms_http_request *request = conn->request;
    conn->request = NULL;
    uint64_t sent = conn->out.body_sent;
    ms_http_out_reset(&conn->out);
    ms_buf_free(&conn->input);
    ms_loop_defer_free(server->loop, conn);
    if (request != NULL && request->is_dispatched && request->status == 0)
        ms_http_request_gone(request);
    else if (request != NULL)
        ms_http_request_finish(request, sent);
    server->on_conn_closed(server);
}
