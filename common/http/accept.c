/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepts connections. A few more than the limit are accepted, so that their requests can take the
 * places of idle ones, or be answered with 503. When these places are taken as well, and for a
 * second when descriptors run out, the listeners leave the loop: clients wait in the kernel's
 * queue, and a level-triggered listener that cannot be served does not spin. While draining, what
 * waits in the kernel's queue is accepted, and then nobody listens any more: who comes later is
 * refused, and asks another server.
 */
#include "common/base/alloc.h"
#include "common/http/internal.h"

#include <errno.h>
#include <unistd.h>

struct ms_http_listener {
    SLIST_ENTRY(ms_http_listener) link;
    struct ms_http_server *server;
    struct event *event;
    int fd;
};

static bool is_out_of_descriptors(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* False: there is no more to accept for now. */
static bool accept_one(struct ms_http_server *server, int listener)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(address);
    int fd = accept4(listener, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        ms_http_conn_new(server, fd, (const struct sockaddr *)&address);
        return true;
    }
    if (is_out_of_descriptors(errno)) {
        ms_limit_reached(MS_LIMIT_DESCRIPTORS);
        ms_timer_start(server->accept_again, HTTP_PAUSE_ACCEPT_MS);
        ms_http_accept_update(server);
        return false;
    }
    return errno == EINTR || errno == ECONNABORTED; /* that client has gone, another may wait */
}

static bool has_room(const struct ms_http_server *server)
{
    return server->n_connections < server->limits.max_connections + HTTP_SURPLUS_MAX;
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct ms_http_listener *listener = arg;
    struct ms_http_server *server = listener->server;
    for (int i = 0; i < HTTP_ACCEPTS_PER_TURN; i++) {
        if (!has_room(server)) {
            ms_limit_reached(MS_LIMIT_CONNECTIONS);
            ms_http_accept_update(server);
            return;
        }
        if (!accept_one(server, fd))
            return;
    }
}

void ms_http_accept_update(struct ms_http_server *server)
{
    bool wanted =
        !server->is_draining && !ms_timer_is_running(server->accept_again) && has_room(server);
    if (wanted == server->is_accepting)
        return;
    server->is_accepting = wanted;
    struct ms_http_listener *listener;
    for (listener = SLIST_FIRST(&server->listeners); listener != NULL;
         listener = SLIST_NEXT(listener, link)) {
        if ((wanted ? event_add(listener->event, NULL) : event_del(listener->event)) != 0)
            abort();
    }
}

void ms_http_accept_on_pause_over(void *arg)
{
    ms_http_accept_update(arg);
}

void ms_http_server_add_listener(struct ms_http_server *server, int fd)
{
    struct ms_http_listener *listener = ms_alloc(sizeof(*listener));
    listener->server = server;
    listener->fd = fd;
    listener->event =
        event_new(ms_loop_base(server->loop), fd, EV_READ | EV_PERSIST, on_acceptable, listener);
    if (listener->event == NULL || (server->is_accepting && event_add(listener->event, NULL) != 0))
        abort();
    SLIST_INSERT_HEAD(&server->listeners, listener, link);
}

void ms_http_accept_close(struct ms_http_server *server)
{
    struct ms_http_listener *listener;
    while ((listener = SLIST_FIRST(&server->listeners)) != NULL) {
        SLIST_REMOVE_HEAD(&server->listeners, link);
        event_free(listener->event);
        close(listener->fd);
        free(listener);
    }
}

void ms_http_accept_finish(struct ms_http_server *server)
{
    struct ms_http_listener *listener;
    SLIST_FOREACH(listener, &server->listeners, link)
        while (has_room(server) && accept_one(server, listener->fd))
            continue;
    server->is_accepting = false;
    ms_http_accept_close(server);
}
