/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the HTTP server share. Only they include it.
 *
 * A connection is in one state, and stands in the list of that state, ordered by the time at which
 * it came there. So a time limit is a look at the head of a list, however many connections there
 * are, and no byte that a client sends now and then can put it off. One request of a connection is
 * under way at a time; the next one is read when its answer has left.
 *
 * The files, from the bottom up: each calls those before it in this list, and those behind it only
 * through the pointers of struct ms_http_server.
 *
 *   head.c body.c   bytes -> checked head, bytes -> body       (pure, as text.c and query.c)
 *   file.c          bytes to send -> socket
 *   guard.c         the lists, the time limits
 *   request.c       what a handler sees
 *   conn.c          the connection: reading, the steps of a request, writing, closing
 *   reply.c         reply -> head, bytes to send
 *   response.c      what a handler answers -> reply
 *   accept.c        listener -> connection; stops at the limit and without descriptors
 *   server.c        puts it together; drains
 */
#ifndef MS_HTTP_INTERNAL_H
#define MS_HTTP_INTERNAL_H

#include "common/http/body.h"
#include "common/http/head.h"
#include "common/http/response.h"
#include "common/http/server.h"
#include "common/http/text.h"

#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <event2/event_struct.h>

enum {
    HTTP_READ_BYTES = 64 * 1024,      /* for one read */
    HTTP_REPLY_HEAD_MAX = 128 * 1024, /* a Link may repeat a whole target, escaped */
    HTTP_REQUEST_ARENA_MAX = 1024 * 1024,
    HTTP_LINGER_MS = 2000,       /* how long a refused client may go on sending */
    HTTP_HURRIED_HEAD_MS = 2000, /* header_timeout at most, while draining or full */
    HTTP_SWEEP_MS = 500,
    HTTP_PAUSE_ACCEPT_MS = 1000, /* after running out of descriptors */
    HTTP_ACCEPTS_PER_TURN = 64,
    HTTP_SURPLUS_MAX = 64,     /* connections beyond the limit, to get a place or a 503 */
    HTTP_STEPS_PER_TURN = 256, /* of one connection: some 60 pipelined requests */
    HTTP_FILE_PIECE_BYTES = 1024 * 1024,
    HTTP_PEER_MAX = 64
};

enum ms_http_state {
    CONN_IDLE, /* between requests */
    CONN_HEAD, /* since the first byte of a head, or since it was accepted */
    CONN_BODY,
    CONN_HANDLING,  /* the handler has it */
    CONN_WRITING,   /* since the client last took a byte */
    CONN_LINGERING, /* answered and refused: what it still sends is thrown away */
    CONN_CLOSED     /* freed in the loop's next turn */
};
enum { CONN_STATES = CONN_CLOSED };

/* An answer on its way to the client: a head, then a document or a part of a file. */
struct ms_http_out {
    struct ms_buf head;
    size_t head_sent;
    struct ms_doc *doc; /* owned reference; NULL: none */
    int fd;             /* when `release` is set */
    uint64_t body_sent;
    uint64_t body_bytes;   /* to send: 0 for HEAD */
    ms_loop_call *release; /* NULL: no file */
    void *release_arg;
    bool is_interim; /* 100 Continue: the request goes on afterwards */
};

enum ms_http_sent { HTTP_SENT_ALL, HTTP_SENT_SOME, HTTP_SENT_NOTHING, HTTP_SEND_FAILED };

void ms_http_out_init(struct ms_http_out *out);
/* Writes what the socket takes now. */
enum ms_http_sent ms_http_out_write(struct ms_http_out *out, int socket) MS_CHECKED;
/* Lets go of what it refers to; usable again afterwards. */
void ms_http_out_reset(struct ms_http_out *out);

struct ms_http_conn {
    TAILQ_ENTRY(ms_http_conn) link; /* in the list of its state */
    struct ms_http_server *server;
    int64_t since_ms; /* when it came to its place in that list */
    struct event io;
    int fd;
    short interest; /* EV_READ, EV_WRITE or both; 0: not in the loop */
    enum ms_http_state state;
    bool is_running; /* inside ms_http_conn_run */
    bool at_end;     /* the client sends no more */
    bool must_close; /* after the present answer */
    bool is_surplus; /* came when all places were taken, and has not been served since */
    bool may_linger; /* because of a refusal: it may still be sending */
    struct ms_buf input;
    size_t consumed; /* of input */
    size_t scanned;  /* of what is behind that: no end of head in there */
    struct ms_http_body framing;
    struct ms_http_request *request; /* from its head until its answer has left */
    struct ms_http_out out;
    int unacknowledged_bytes; /* of the answer, at the last look; INT_MAX: there was none */
    char peer[HTTP_PEER_MAX];
};

struct ms_http_request {
    struct ms_http_conn *conn; /* NULL: the client has gone */
    struct ms_loop *loop;
    struct ms_arena *arena; /* made when first asked for */
    ms_loop_call *on_gone;
    void *gone_arg;
    const char *route;
    enum ms_http_method method;
    bool is_http_1_0;
    struct ms_str method_name;
    struct ms_str target;
    struct ms_str path;
    struct ms_str query;
    struct ms_buf body;
    uint64_t body_bytes;
    bool body_dropped;
    bool is_dispatched; /* the handler has it, or had it */
    int64_t started_us;
    int status; /* of the answer; 0: not answered yet */
    char peer[HTTP_PEER_MAX];
    size_t n_fields;
    struct ms_http_field fields[]; /* followed by the bytes they look into */
};

TAILQ_HEAD(ms_http_conn_list, ms_http_conn);
struct ms_http_listener;

struct ms_http_server {
    struct ms_loop *loop;
    struct ms_http_limits limits;
    ms_http_handler *handler;
    void *arg;
    ms_http_refuser *refuse;
    const struct ms_http_header *headers;
    size_t n_headers;
    bool access_log;

    void (*on_late)(struct ms_http_conn *conn); /* the time for its state is over */
    void (*on_lost)(struct ms_http_conn *conn); /* its client has gone while it was not read from */
    void (*on_conn_closed)(struct ms_http_server *server);

    struct ms_http_conn_list lists[CONN_STATES];
    size_t n_connections;
    size_t kept_body_bytes; /* of all requests together */
    struct ms_timer *sweep;

    SLIST_HEAD(, ms_http_listener) listeners;
    bool is_accepting;
    struct ms_timer *accept_again;

    bool is_draining;
    ms_loop_call *on_idle;
    void *idle_arg;

    int64_t date_second; /* that `date` is the text of */
    char date[MS_HTTP_DATE_MAX];
    char scratch[HTTP_READ_BYTES]; /* what read(2) fills, before it is kept */
};

/* http/guard.c */
void ms_http_guard_init(struct ms_http_server *server);
/* Enters or re-enters a list, at its end. */
void ms_http_guard_move(struct ms_http_conn *conn, enum ms_http_state state);
void ms_http_guard_add(struct ms_http_conn *conn);
void ms_http_guard_remove(struct ms_http_conn *conn);
void ms_http_guard_on_sweep(void *server);

/* http/conn.c */
void ms_http_conn_new(struct ms_http_server *server, int fd, const struct sockaddr *address);
/* Does what can be done now; at its end the loop waits for the right events. */
void ms_http_conn_run(struct ms_http_conn *conn);
/* The one exit. */
void ms_http_conn_close(struct ms_http_conn *conn);
/* The time for its state is over. */
void ms_http_conn_expire(struct ms_http_conn *conn);
/* Closes an idle one, unless its next request has just come. */
void ms_http_conn_hang_up(struct ms_http_conn *conn);
/* `conn->out` is filled: the answer leaves, in the present run or in one that is started. */
void ms_http_conn_answered(struct ms_http_conn *conn);

/* http/request.c */
struct ms_http_request *
ms_http_request_new(struct ms_http_conn *conn, const struct ms_http_head *head,
                    struct ms_str bytes) MS_CHECKED; /* NULL: the path cannot be decoded */
/* One without a head, to answer what could not be read; `input` is what there is of it. */
struct ms_http_request *ms_http_request_new_refused(struct ms_http_conn *conn, struct ms_str input);
/* MS_TOO_LARGE: there is no room for so many bodies at once. */
enum ms_status ms_http_request_add_body(struct ms_http_request *request,
                                        struct ms_str bytes) MS_CHECKED;
/* The end: counts and logs it, frees it. */
void ms_http_request_finish(struct ms_http_request *request, uint64_t sent_bytes);
/* Its handler has answered after the client had gone: frees it. */
void ms_http_request_drop(struct ms_http_request *request);
/* The client has gone before there was an answer: tells the handler, or leaves the request to it.
 */
void ms_http_request_gone(struct ms_http_request *request);

/* http/reply.c: an answer in the terms of the wire. */
struct ms_http_reply {
    int status;
    const char *content_type;  /* NULL: none */
    const char *cache_control; /* NULL: no-cache, unless a header says otherwise */
    struct ms_str etag;        /* absent: none */
    bool varies;               /* Vary: Accept-Encoding */
    bool is_gzip;              /* Content-Encoding */
    const struct ms_http_header *headers;
    size_t n_headers;
    uint64_t body_bytes;
    struct ms_doc *doc; /* takes the reference */
    int fd;             /* with `release` */
    ms_loop_call *release;
    void *release_arg;
};
void ms_http_reply(struct ms_http_request *request, const struct ms_http_reply *reply);

/* http/accept.c: starts or stops accepting, as limit and pause demand. */
void ms_http_accept_update(struct ms_http_server *server);
void ms_http_accept_close(struct ms_http_server *server);
/* Accepts who has come already, as far as there is room, and closes the listeners. */
void ms_http_accept_finish(struct ms_http_server *server);
void ms_http_accept_on_pause_over(void *server);

#endif
