/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches over the connections: a list for each state, and twice a second a look for those that
 * have been in their state for too long, or whose client has gone. Always holds: a list is ordered
 * by since_ms, every open connection is in exactly one.
 */
#include "common/base/clock.h"
#include "common/http/internal.h"

#include <poll.h>

void ms_http_guard_init(struct ms_http_server *server)
{
    for (int state = 0; state < CONN_STATES; state++)
        TAILQ_INIT(&server->lists[state]);
}

void ms_http_guard_add(struct ms_http_conn *conn)
{
    struct ms_http_server *server = conn->server;
    conn->since_ms = ms_clock_mono_ms();
    TAILQ_INSERT_TAIL(&server->lists[conn->state], conn, link);
    if (!ms_timer_is_running(server->sweep))
        ms_timer_start(server->sweep, HTTP_SWEEP_MS);
}

void ms_http_guard_remove(struct ms_http_conn *conn)
{
    TAILQ_REMOVE(&conn->server->lists[conn->state], conn, link);
}

void ms_http_guard_move(struct ms_http_conn *conn, enum ms_http_state state)
{
    ms_http_guard_remove(conn);
    conn->state = state;
    conn->since_ms = ms_clock_mono_ms();
    TAILQ_INSERT_TAIL(&conn->server->lists[state], conn, link);
}

static int64_t limit_ms(const struct ms_http_server *server, enum ms_http_state state)
{
    const struct ms_http_limits *limits = &server->limits;
    uint64_t ms = UINT64_MAX; /* a handler has limits of its own */
    if (state == CONN_IDLE)
        ms = limits->idle_timeout_ms;
    else if (state == CONN_HEAD)
        ms = limits->header_timeout_ms;
    else if (state == CONN_BODY)
        ms = limits->body_timeout_ms;
    else if (state == CONN_WRITING)
        ms = limits->write_timeout_ms;
    else if (state == CONN_LINGERING)
        ms = HTTP_LINGER_MS;
    bool is_hurried = server->is_draining || server->n_connections > limits->max_connections;
    if (state == CONN_HEAD && is_hurried && ms > HTTP_HURRIED_HEAD_MS)
        ms = HTTP_HURRIED_HEAD_MS;
    return ms < INT64_MAX ? (int64_t)ms : INT64_MAX;
}

void ms_http_guard_on_sweep(void *arg)
{
    struct ms_http_server *server = arg;
    int64_t now_ms = ms_clock_mono_ms();
    struct ms_http_conn *conn, *next;
    for (int state = 0; state < CONN_STATES; state++) {
        int64_t limit = limit_ms(server, (enum ms_http_state)state);
        /* on_late takes the connection out of this list, or to its end. */
        while ((conn = TAILQ_FIRST(&server->lists[state])) != NULL &&
               now_ms - conn->since_ms >= limit)
            server->on_late(conn);
    }
    /* A client whose input we have stopped reading gives no EOF event: poll for it. */
    for (conn = TAILQ_FIRST(&server->lists[CONN_HANDLING]); conn != NULL; conn = next) {
        next = TAILQ_NEXT(conn, link);
        struct pollfd peer = {.fd = conn->fd, .events = POLLRDHUP};
        if (conn->interest == 0 && poll(&peer, 1, 0) > 0)
            server->on_lost(conn);
    }
    if (server->n_connections > 0)
        ms_timer_start(server->sweep, HTTP_SWEEP_MS);
}
