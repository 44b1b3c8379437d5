/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server in a process of its own, with a handler for everything that a test wants to see: answers
 * at once and later, bodies, entities, files, and what the server has counted. Header only,
 * included by the component tests of the HTTP layer. SIGTERM ends it; it exits 0 only when nothing
 * leaked.
 */
#ifndef HTTP_APP_H
#define HTTP_APP_H

#include "common/http/response.h"
#include "common/http/router.h"
#include "common/http/server.h"
#include "common/runtime/metrics.h"
#include "tests/support/http_peer.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { APP_FILE_BYTES = 20 * 1024 * 1024, APP_FDS_MAX = 1024 };

static struct {
    pid_t pid;
    int port;
} app;

/* The rest lives in the child. */
static struct ms_loop *app_loop;
static struct ms_http_server *app_server;
static struct ms_http_request *app_waiting;
static int app_file = -1;
static unsigned app_gone, app_released, app_handled;

#define APP_HANDLER(name)                                                                          \
    static void name(struct ms_http_request *request, const struct ms_route_match *match, void *arg)

static void app_on_gone(void *arg)
{
    (void)arg;
    app_gone++;
    app_waiting = NULL;
}

static void app_on_released(void *arg)
{
    (void)arg;
    app_released++;
}

static void app_answer_later(void *arg)
{
    struct ms_http_request *request = arg;
    ms_http_send(request, 200, "text/plain", ms_http_request_query(request), NULL, 0);
}

APP_HANDLER(app_hello)
{
    (void)match;
    (void)arg;
    app_handled++;
    ms_http_send(request, 200, "text/plain", MS_STR("hello"), NULL, 0);
}

/* Answers in a later turn, with its query. */
APP_HANDLER(app_later)
{
    (void)match;
    (void)arg;
    ms_http_request_on_gone(request, app_on_gone, NULL);
    ms_loop_defer(app_loop, app_answer_later, request);
}

/* Waits until /go, or until the client goes. */
APP_HANDLER(app_wait)
{
    (void)match;
    (void)arg;
    app_waiting = request;
    ms_http_request_on_gone(request, app_on_gone, NULL);
}

/* Waits likewise, but does not want to know. */
APP_HANDLER(app_wait_blindly)
{
    (void)match;
    (void)arg;
    app_waiting = request;
}

APP_HANDLER(app_go)
{
    (void)match;
    (void)arg;
    bool was_waiting = app_waiting != NULL;
    if (was_waiting)
        ms_http_send(app_waiting, 200, "text/plain", MS_STR("gone on"), NULL, 0);
    app_waiting = NULL;
    ms_http_send(request, was_waiting ? 200 : 404, NULL, MS_STR_ABSENT, NULL, 0);
}

APP_HANDLER(app_echo)
{
    (void)match;
    (void)arg;
    char length[32];
    (void)snprintf(length, sizeof(length), "%llu",
                   (unsigned long long)ms_http_request_body_bytes(request));
    bool is_kept = !ms_str_is_absent(ms_http_request_body(request));
    struct ms_http_header headers[] = {
        {"X-Length", ms_str(length)},
        {"X-Kept", is_kept ? MS_STR("yes") : MS_STR("no")},
    };
    ms_http_send(request, 200, "text/plain", ms_http_request_body(request), headers, 2);
}

/* /entity/N: N bytes that can be compressed; with status 404 for /missing/N. */
APP_HANDLER(app_entity)
{
    int status = ms_str_starts_with(ms_http_request_path(request), MS_STR("/missing")) ? 404 : 200;
    uint64_t n = 0;
    (void)arg;
    ck_assert_int_eq(ms_str_to_u64(&n, match->captures[0]), MS_OK);
    char *bytes = malloc(n + 1);
    memset(bytes, 'x', n);
    struct ms_http_entity entity;
    struct ms_http_header header = {"X-Evil", MS_STR("a\r\nSet-Cookie: b")};
    ms_http_entity_init(&entity, status, "text/plain", ms_doc_copy(ms_str_n(bytes, n)));
    ms_http_send_entity(request, &entity, "max-age=5", &header, 1);
    ms_http_entity_release(&entity);
    free(bytes);
}

APP_HANDLER(app_send_file)
{
    (void)match;
    (void)arg;
    struct ms_http_file_entity entity = {
        .content_type = "application/x-ndjson",
        .fd = app_file,
        .length = APP_FILE_BYTES,
        .gzip_fd = app_file,
        .gzip_length = 5000,
        .etag = "\"file\"",
    };
    ms_http_send_file(request, &entity, NULL, NULL, 0, app_on_released, NULL);
}

/* Announces more than there is. */
APP_HANDLER(app_send_short_file)
{
    (void)match;
    (void)arg;
    struct ms_http_file_entity entity = {
        .fd = app_file, .length = APP_FILE_BYTES + 1, .gzip_fd = -1, .etag = "\"short\""};
    ms_http_send_file(request, &entity, NULL, NULL, 0, app_on_released, NULL);
}

/* A header value larger than any head. */
APP_HANDLER(app_overflow)
{
    (void)match;
    (void)arg;
    static char value[200000];
    memset(value, 'a', sizeof(value));
    struct ms_http_header header = {"X-Large", ms_str_n(value, sizeof(value))};
    ms_http_send(request, 200, "text/plain", MS_STR("body"), &header, 1);
}

APP_HANDLER(app_problem)
{
    (void)match;
    (void)arg;
    ms_http_send_problem(request, 400, MS_STR("unknown \"<x>\""), MS_STR("q\x01"), NULL, 0);
}

APP_HANDLER(app_counts)
{
    (void)match;
    (void)arg;
    char text[128];
    (void)snprintf(text, sizeof(text), "gone=%u released=%u handled=%u", app_gone, app_released,
                   app_handled);
    ms_http_send(request, 200, "text/plain", ms_str(text), NULL, 0);
}

APP_HANDLER(app_limit)
{
    (void)arg;
    char name[64], text[64];
    (void)snprintf(name, sizeof(name), "%.*s", MS_STR_ARG(match->captures[0]));
    (void)snprintf(text, sizeof(text), "%g", ms_metrics_get(MS_METRIC_LIMIT_REACHED, name, NULL));
    ms_http_send(request, 200, "text/plain", ms_str(text), NULL, 0);
}

/* /requests/ROUTE/CODE */
APP_HANDLER(app_requests)
{
    (void)arg;
    char route[64], code[64], text[64];
    (void)snprintf(route, sizeof(route), "%.*s", MS_STR_ARG(match->captures[0]));
    (void)snprintf(code, sizeof(code), "%.*s", MS_STR_ARG(match->captures[1]));
    (void)snprintf(text, sizeof(text), "%g", ms_metrics_get(MS_METRIC_HTTP_REQUESTS, route, code));
    ms_http_send(request, 200, "text/plain", ms_str(text), NULL, 0);
}

/* How many connected sockets of this process send at once, without Nagle's algorithm, and how many
 * do not. */
APP_HANDLER(app_nagle)
{
    (void)match;
    (void)arg;
    unsigned n_at_once = 0, n_later = 0;
    for (int fd = 0; fd < APP_FDS_MAX; fd++) {
        struct sockaddr_in peer;
        socklen_t len = sizeof(peer);
        if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0 || peer.sin_family != AF_INET)
            continue;
        int is_at_once = 0;
        len = sizeof(is_at_once);
        ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &is_at_once, &len), 0);
        n_at_once += is_at_once != 0;
        n_later += is_at_once == 0;
    }
    char text[64];
    (void)snprintf(text, sizeof(text), "at once=%u later=%u", n_at_once, n_later);
    ms_http_send(request, 200, "text/plain", ms_str(text), NULL, 0);
}

static void app_stop(void *arg)
{
    (void)arg;
    ms_loop_stop(app_loop);
}

APP_HANDLER(app_drain)
{
    (void)match;
    (void)arg;
    ms_http_server_drain(app_server, app_stop, NULL);
    ms_http_send(request, 200, NULL, MS_STR_ABSENT, NULL, 0);
}

static void app_not_found(struct ms_http_request *request, void *arg)
{
    (void)arg;
    ms_http_send_problem(request, 404, ms_http_request_path(request), MS_STR_ABSENT, NULL, 0);
}

static const struct ms_route APP_ROUTES[] = {
    {MS_ROUTE_GET, "/hello", "hello", app_hello},
    {MS_ROUTE_GET, "/later", "later", app_later},
    {MS_ROUTE_GET, "/wait", "wait", app_wait},
    {MS_ROUTE_GET, "/wait-blindly", "wait", app_wait_blindly},
    {MS_ROUTE_GET, "/go", "go", app_go},
    {MS_ROUTE_POST, "/echo", "echo", app_echo},
    {MS_ROUTE_GET, "/entity/{n}", "entity", app_entity},
    {MS_ROUTE_GET, "/missing/{n}", "entity", app_entity},
    {MS_ROUTE_GET, "/file", "file", app_send_file},
    {MS_ROUTE_GET, "/short-file", "file", app_send_short_file},
    {MS_ROUTE_GET, "/overflow", "overflow", app_overflow},
    {MS_ROUTE_GET, "/problem", "problem", app_problem},
    {MS_ROUTE_GET, "/counts", "counts", app_counts},
    {MS_ROUTE_GET, "/limit/{x}", "limit", app_limit},
    {MS_ROUTE_GET, "/requests/{route}/{code}", "requests", app_requests},
    {MS_ROUTE_GET, "/nagle", "nagle", app_nagle},
    {MS_ROUTE_GET, "/drain", "drain", app_drain},
};

static void app_handle(struct ms_http_request *request, void *arg)
{
    static const struct ms_router ROUTER = {
        .routes = APP_ROUTES,
        .n_routes = sizeof(APP_ROUTES) / sizeof(APP_ROUTES[0]),
        .not_found = app_not_found,
        .cors = true,
    };
    ms_router_dispatch(&ROUTER, request, arg);
}

static void app_make_file(void)
{
    static char piece[1024 * 1024];
    app_file = memfd_create("file", MFD_CLOEXEC);
    memset(piece, 'y', sizeof(piece));
    for (size_t n = 0; n < APP_FILE_BYTES; n += sizeof(piece))
        ck_assert_int_eq(write(app_file, piece, sizeof(piece)), sizeof(piece));
}

static void app_on_signal(int number, void *arg)
{
    (void)number;
    (void)arg;
    ms_loop_stop(app_loop);
}

static void app_run(int listener, const struct ms_http_limits *limits, bool access_log)
{
    static const struct ms_http_header COMMON = {"Access-Control-Allow-Origin", MS_STR_INIT("*")};
    static const char *const LABELS[] = {"hello", "entity", "echo"};
    ms_metrics_set_labels(MS_LABEL_ROUTE, LABELS, 3);
    app_make_file();
    app_loop = ms_loop_new();
    struct ms_signal *term = ms_signal_new(app_loop, SIGTERM, app_on_signal, NULL);
    app_server = ms_http_server_new(app_loop, limits, app_handle, NULL);
    ms_http_server_set_headers(app_server, &COMMON, 1);
    ms_http_server_set_access_log(app_server, access_log);
    ms_http_server_add_listener(app_server, listener);
    ms_loop_run(app_loop);

    ms_http_server_free(app_server);
    if (app_waiting != NULL) /* blind to the end: it answers when nobody is left */
        ms_http_send(app_waiting, 200, NULL, MS_STR_ABSENT, NULL, 0);
    ms_signal_free(term);
    ms_loop_free(app_loop);
    close(app_file);
}

static inline void app_limits(struct ms_http_limits *limits)
{
    ms_http_limits_default(limits);
}

/* Forks the server. `log_path` is where its standard error goes, with the access log; NULL:
 * neither. `max_files`: 0 leaves the limit of descriptors. */
static inline void app_start_with(const struct ms_http_limits *limits, const char *log_path,
                                  unsigned max_files)
{
    int listener;
    char address[MS_LISTEN_ADDRESS_MAX];
    struct ms_error err;
    ck_assert_msg(ms_listen(&listener, address, "127.0.0.1:0", true, &err) == MS_OK, "%s",
                  err.text);
    app.port = (int)strtol(strrchr(address, ':') + 1, NULL, 10);
    app.pid = fork();
    ck_assert_int_ge(app.pid, 0);
    if (app.pid == 0) {
        if (log_path != NULL && freopen(log_path, "w", stderr) == NULL)
            abort();
        struct rlimit files = {max_files, max_files};
        if (max_files > 0 && setrlimit(RLIMIT_NOFILE, &files) != 0)
            abort();
        app_run(listener, limits, log_path != NULL);
        exit(EXIT_SUCCESS);
    }
    close(listener);
}

static inline void app_start(const struct ms_http_limits *limits)
{
    app_start_with(limits, NULL, 0);
}

static inline void app_start_default(void)
{
    struct ms_http_limits limits;
    app_limits(&limits);
    app_start(&limits);
}

/* It ends by itself, in order. */
static inline void app_expect_exit(void)
{
    int status = -1;
    ck_assert_int_eq(waitpid(app.pid, &status, 0), app.pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "server ended with %x",
                  (unsigned)status);
    app.pid = 0;
}

static inline void app_end(void)
{
    if (app.pid == 0)
        return;
    kill(app.pid, SIGTERM);
    app_expect_exit();
}

/* Asks until the answer is that one. */
static inline void app_await(const char *target, const char *wanted)
{
    long long until = peer_now_ms() + PEER_PATIENCE_MS;
    for (;;) {
        char *got = peer_fetch(app.port, target);
        bool same = strcmp(got, wanted) == 0;
        ck_assert_msg(same || peer_now_ms() < until, "%s: %s instead of %s", target, got, wanted);
        free(got);
        if (same)
            return;
    }
}

static inline void app_expect_limit(const char *limit, const char *count)
{
    char target[128];
    (void)snprintf(target, sizeof(target), "/limit/%s", limit);
    app_await(target, count);
}

#endif
