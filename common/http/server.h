/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP/1.1 server. How it reads and writes stays behind this header (http/internal.h).
 *
 * What reaches a handler is well framed: one request line in origin form, one Host, no conflicting
 * or malformed lengths, no body on GET and HEAD, a path of printable bytes. All else was
 * answered (400, 408, 413, 414, 417, 431, 501, 503, 505) and counted before.
 */
#ifndef MS_HTTP_SERVER_H
#define MS_HTTP_SERVER_H

#include "common/http/response.h"
#include "common/runtime/loop.h"

struct ms_http_server;

/* Times in milliseconds; 0 is not allowed. */
struct ms_http_limits {
    /* Beyond it a few more are accepted; their requests take the places of connections that are
     * idle, or are answered 503. */
    uint64_t max_connections;
    uint64_t header_timeout_ms;
    uint64_t body_timeout_ms;
    uint64_t idle_timeout_ms;
    uint64_t write_timeout_ms; /* without any progress */
    size_t max_header_bytes;
    size_t max_body_bytes;      /* beyond it: 413 */
    size_t max_kept_body_bytes; /* a longer body is read and thrown away; 0: no such limit */
    size_t max_bodies_bytes;    /* kept for all requests together; beyond it: 503 */
    size_t max_target_bytes;
};

/* Sensible values for everything: the daemons overwrite what their configuration says. */
void ms_http_limits_default(struct ms_http_limits *limits);

/* Called once for each request, in the loop. The handler answers at once or later, exactly once,
 * with a function of http/response.h. */
typedef void ms_http_handler(struct ms_http_request *request, void *arg);

struct ms_http_server *ms_http_server_new(struct ms_loop *loop, const struct ms_http_limits *limits,
                                          ms_http_handler *handler, void *arg);
void ms_http_server_set_limits(struct ms_http_server *server, const struct ms_http_limits *limits);
void ms_http_server_set_access_log(struct ms_http_server *server, bool enabled);
/* Headers of every answer, errors included (CORS). The array and its strings stay the caller's and
 * live as long as the server. */
void ms_http_server_set_headers(struct ms_http_server *server, const struct ms_http_header *headers,
                                size_t n_headers);

/* Answers, at once, a request that never reaches the handler, in a form of the daemon's own; its
 * path is as the client sent it, as far as it could be read. Without one: problem details. */
typedef void ms_http_refuser(struct ms_http_request *request, int status, struct ms_str detail);
void ms_http_server_set_refuser(struct ms_http_server *server, ms_http_refuser *refuse);

/* Serves a listening, non-blocking socket; takes it over (closed by free). May be called again. */
void ms_http_server_add_listener(struct ms_http_server *server, int fd);

/* Accepts the connections that wait in the kernel's queue, and closes the listening sockets, so
 * that clients who come later are refused rather than kept waiting (unless another process holds
 * the socket, too). Idle connections are closed at once, answers to requests under way carry
 * `Connection: close`. `on_idle` is called, from the loop, when the last connection has ended. */
void ms_http_server_drain(struct ms_http_server *server, ms_loop_call *on_idle, void *arg);
size_t ms_http_server_connections(const struct ms_http_server *server);
/* Closes all connections; handlers that wait learn that their client has gone. Not from inside a
 * handler. */
void ms_http_server_free(struct ms_http_server *server); /* NULL is fine */

/* Opens a listening socket: ":8088" (IPv6 with IPv4, else IPv4), "127.0.0.1:8088", "[::1]:8088",
 * "unix:/path" (an old socket file is removed if nobody listens behind it). Backlog 4096.
 * `reuse_port`: SO_REUSEPORT, for one socket a worker. `out_address` receives what was bound,
 * with the real port: "0.0.0.0:41234", for the log. */
enum { MS_LISTEN_ADDRESS_MAX = 128 };
enum ms_status ms_listen(int *out_fd, char out_address[static MS_LISTEN_ADDRESS_MAX],
                         const char *address, bool reuse_port, struct ms_error *err) MS_CHECKED;

#endif
