/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server: limits, listeners, drain. It puts together the files that internal.h lists.
 *
 * Why not evhttp: it lacks strict framing, limits on time and number, back-pressure, and notice of
 * a client that has gone. Adding them would take a second parser in front of it, which finds the
 * end of every head and body by itself, and a guard that manages evhttp's connections from outside.
 * With that parser written, evhttp adds only risk. So the connection layer is our own: a pure,
 * fuzzed parser, and a state machine over plain events of libevent.
 */
#include "common/http/server.h"

#include "common/base/alloc.h"
#include "common/http/internal.h"

#include <assert.h>

void ms_http_limits_default(struct ms_http_limits *limits)
{
    *limits = (struct ms_http_limits){
        .max_connections = 10000,
        .header_timeout_ms = 10 * 1000,
        .body_timeout_ms = 30 * 1000,
        .idle_timeout_ms = 75 * 1000,
        .write_timeout_ms = 30 * 1000,
        .max_header_bytes = 48 * 1024,
        .max_body_bytes = 1024 * 1024,
        .max_kept_body_bytes = 0,
        .max_bodies_bytes = 128 * 1024 * 1024,
        .max_target_bytes = 32 * 1024,
    };
}

static void check_limits(const struct ms_http_limits *limits)
{
    assert(limits->max_connections > 0 && limits->max_header_bytes > 0);
    assert(limits->max_bodies_bytes > 0 && limits->max_target_bytes > 0);
    assert(limits->header_timeout_ms > 0 && limits->body_timeout_ms > 0);
    assert(limits->idle_timeout_ms > 0 && limits->write_timeout_ms > 0);
}

static void refuse_with_problem(struct ms_http_request *request, int status, struct ms_str detail)
{
    struct ms_http_header again = {"Retry-After", MS_STR("1")};
    ms_http_send_problem(request, status, detail, MS_STR_ABSENT, &again, status == 503 ? 1 : 0);
}

static void tell_when_idle(struct ms_http_server *server)
{
    if (!server->is_draining || server->n_connections > 0 || server->on_idle == NULL)
        return;
    ms_loop_defer(server->loop, server->on_idle, server->idle_arg);
    server->on_idle = NULL; /* once */
}

static void on_conn_closed(struct ms_http_server *server)
{
    ms_http_accept_update(server);
    tell_when_idle(server);
}

struct ms_http_server *ms_http_server_new(struct ms_loop *loop, const struct ms_http_limits *limits,
                                          ms_http_handler *handler, void *arg)
{
    check_limits(limits);
    struct ms_http_server *server = ms_alloc(sizeof(*server));
    server->loop = loop;
    server->limits = *limits;
    server->handler = handler;
    server->arg = arg;
    server->refuse = refuse_with_problem;
    server->on_late = ms_http_conn_expire;
    server->on_lost = ms_http_conn_close;
    server->on_conn_closed = on_conn_closed;
    server->is_accepting = true;
    SLIST_INIT(&server->listeners);
    ms_http_guard_init(server);
    server->sweep = ms_timer_new(loop, ms_http_guard_on_sweep, server);
    server->accept_again = ms_timer_new(loop, ms_http_accept_on_pause_over, server);
    return server;
}

void ms_http_server_set_limits(struct ms_http_server *server, const struct ms_http_limits *limits)
{
    check_limits(limits);
    server->limits = *limits;
    ms_http_accept_update(server);
}

void ms_http_server_set_access_log(struct ms_http_server *server, bool enabled)
{
    server->access_log = enabled;
}

void ms_http_server_set_headers(struct ms_http_server *server, const struct ms_http_header *headers,
                                size_t n_headers)
{
    server->headers = headers;
    server->n_headers = n_headers;
}

void ms_http_server_set_refuser(struct ms_http_server *server, ms_http_refuser *refuse)
{
    server->refuse = refuse;
}

size_t ms_http_server_connections(const struct ms_http_server *server)
{
    return server->n_connections;
}

void ms_http_server_drain(struct ms_http_server *server, ms_loop_call *on_idle, void *arg)
{
    assert(!server->is_draining);
    server->is_draining = true;
    server->on_idle = on_idle;
    server->idle_arg = arg;
    ms_http_accept_finish(server);
    struct ms_http_conn *conn, *next;
    for (conn = TAILQ_FIRST(&server->lists[CONN_IDLE]); conn != NULL; conn = next) {
        next = TAILQ_NEXT(conn, link);
        ms_http_conn_hang_up(conn);
    }
    tell_when_idle(server);
}

void ms_http_server_free(struct ms_http_server *server)
{
    if (server == NULL)
        return;
    server->on_idle = NULL;
    server->is_draining = true;
    ms_http_accept_close(server);
    for (int state = 0; state < CONN_STATES; state++) {
        struct ms_http_conn *conn;
        while ((conn = TAILQ_FIRST(&server->lists[state])) != NULL)
            ms_http_conn_close(conn);
    }
    ms_timer_free(server->sweep);
    ms_timer_free(server->accept_again);
    ms_loop_defer_free(server->loop, server);
}
