/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's answers for tests: reader/answer/answer.c, flight.c and fill.c behind a real HTTP
 * server, with a store that the test plays: when rows come, of which generation, and how queries
 * end. Requests to /r/NAME depend on a repository, /large is streamed, all others depend on
 * everything. Included by one program each.
 */
#ifndef ANSWER_FIXTURE_H
#define ANSWER_FIXTURE_H

#include "common/base/clock.h"
#include "reader/answer/answer.h"
#include "reader/answer/cache.h"
#include "reader/answer/flight.h"
#include "reader/answer/spool.h"
#include "reader/reader.h"
#include "tests/support/check_main.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICK_MS = 2, WAIT_MS = 20000, QUERIES_MAX = 32, CLIENTS_MAX = 32, MIB = 1024 * 1024 };

/* --- the store that the test plays --- */

struct ms_store_read {
    struct ms_store_query query;
    bool is_cancelled;
    bool is_done;
};

static struct ms_store_read reads[QUERIES_MAX];
static size_t n_reads;
static enum ms_status refusal; /* of the next queries; MS_OK: none */

enum ms_status ms_store_reader_run(struct ms_store_read **out, struct ms_store_reader *store,
                                   const struct ms_store_query *query, struct ms_error *err)
{
    (void)store;
    if (refusal != MS_OK)
        return ms_error_set(err, refusal, "refused");
    ck_assert_uint_lt(n_reads, QUERIES_MAX);
    reads[n_reads] = (struct ms_store_read){.query = *query};
    *out = &reads[n_reads++];
    return MS_OK;
}

void ms_store_read_cancel(struct ms_store_read *read)
{
    if (read == NULL || read->is_done)
        return;
    read->is_cancelled = true;
}

/* A row of the n-th query: a generation and a text. */
static inline void row(size_t n, const char *generation, struct ms_str text)
{
    ck_assert_uint_lt(n, n_reads);
    ck_assert(!reads[n].is_cancelled && !reads[n].is_done);
    struct ms_str columns[] = {ms_str(generation), text};
    reads[n].query.on_row(columns, 2, reads[n].query.arg);
}

static inline void done(size_t n)
{
    reads[n].is_done = true;
    reads[n].query.on_done(NULL, reads[n].query.arg);
}

static inline void break_off(size_t n, enum ms_status status)
{
    struct ms_error err;
    (void)ms_error_set(&err, status, "played");
    reads[n].is_done = true;
    reads[n].query.on_done(&err, reads[n].query.arg);
}

static inline void finish(size_t n, const char *generation, const char *text)
{
    row(n, generation, ms_str(text));
    done(n);
}

/* --- the worker --- */

static struct reader reader;
static struct ms_config config;
static struct freshness_shared *shared;
static _Atomic uint64_t spool_used[1];
static uint16_t port;
static bool counts; /* the next specs show counts */

static inline void on_row(struct answer_result *result, const struct ms_str *columns,
                          size_t n_columns, void *state)
{
    (void)state;
    ck_assert_uint_eq(n_columns, 1);
    ms_buf_append(&result->body, columns[0]);
    if (ms_str_starts_with(columns[0], MS_STR("made at")))
        result->untagged = result->body.len;
    if (ms_str_equal(columns[0], MS_STR("missing")))
        result->status = 404;
    if (ms_str_equal(columns[0], MS_STR("page")))
        ms_buf_append_c(&result->link, "</next>; rel=\"next\"");
}

static inline void on_request(struct ms_http_request *request, void *arg)
{
    struct ms_str path = ms_http_request_path(request);
    struct answer_spec spec = {.key = path,
                               .query = MS_READ_TAGS_LIST,
                               .is_large = ms_str_starts_with(path, MS_STR("/large")),
                               .shows_counts = counts,
                               .content_type = "text/plain",
                               .on_row = on_row};
    if (ms_str_starts_with(path, MS_STR("/r/")))
        spec.repository = ms_str_skip(path, 3);
    answer_serve(arg, request, &spec);
}

static inline void touch(uint64_t generation, const char *repository)
{
    freshness_touch(shared, generation, ms_str_hash(ms_str(repository)));
}

static inline void see_database(void)
{
    freshness_seen(shared, false, -1, FRESHNESS_SCHEMA_OK);
}

static inline void open_server(void)
{
    struct ms_http_limits limits;
    char address[MS_LISTEN_ADDRESS_MAX];
    int fd;
    ms_http_limits_default(&limits);
    ck_assert_int_eq(ms_listen(&fd, address, "127.0.0.1:0", false, NULL), MS_OK);
    port = (uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10);
    reader.server = ms_http_server_new(reader.loop, &limits, on_request, &reader);
    ms_http_server_add_listener(reader.server, fd);
}

static inline void begin_with(uint64_t spool_bytes_max)
{
    n_reads = 0;
    refusal = MS_OK;
    counts = false;
    shared = calloc(1, freshness_shared_size());
    reader = (struct reader){.loop = ms_loop_new(), .config = &config};
    freshness_init(&reader.freshness, shared);
    reader.cache = cache_new(MIB, MIB);
    reader.large = cache_new(spool_bytes_max, spool_bytes_max);
    reader.spool = spool_new(&(struct spool_options){
        .dir = "/tmp", .max_bytes = spool_bytes_max, .used = spool_used, .n_used = 1});
    reader.flights = flights_new(&reader);
    open_server();
    freshness_reset(shared, 1, 100);
    see_database();
}

static inline void begin(void)
{
    begin_with(64 * MIB);
}

static inline void end_worker(void)
{
    ms_http_server_free(reader.server);
    flights_free(reader.flights);
    cache_free(reader.cache);
    cache_free(reader.large);
    ms_loop_free(reader.loop);
    ck_assert_uint_eq(spool_bytes(reader.spool), 0);
    spool_free(reader.spool);
    free(shared);
}

/* --- clients --- */

static struct client {
    int fd;
    struct ms_watch *watch;
    struct ms_buf answer;
    bool is_over;
} clients[CLIENTS_MAX];
static size_t n_clients;

static inline void on_readable(int fd, int ready, void *arg)
{
    (void)ready;
    struct client *client = arg;
    static char bytes[64 * 1024];
    ssize_t got = read(fd, bytes, sizeof(bytes));
    if (got > 0) {
        ms_buf_append(&client->answer, ms_str_n(bytes, (size_t)got));
    } else {
        client->is_over = true;
        ms_watch_set(client->watch, 0);
    }
}

/* Sends a request; its number. */
static inline size_t ask_with(const char *path, const char *header)
{
    ck_assert_uint_lt(n_clients, CLIENTS_MAX);
    struct client *client = &clients[n_clients];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(client->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_gt(dprintf(client->fd,
                             "GET %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n%s\r\n", path,
                             header),
                     0);
    client->is_over = false;
    ms_buf_init(&client->answer, 64 * MIB);
    client->watch = ms_watch_new(reader.loop, client->fd, on_readable, client);
    ms_watch_set(client->watch, MS_READABLE);
    return n_clients++;
}

static inline void leave(size_t n)
{
    ms_watch_free(clients[n].watch);
    clients[n].watch = NULL;
    close(clients[n].fd);
    clients[n].fd = -1;
}

static inline void end(void)
{
    for (size_t i = 0; i < n_clients; i++) {
        if (clients[i].fd >= 0)
            leave(i);
        ms_buf_free(&clients[i].answer);
    }
    n_clients = 0;
    end_worker();
}

/* --- waiting --- */

static bool (*awaited)(size_t n);
static size_t awaited_n;
static struct ms_timer *tick;
static int64_t limit_ms;

static inline void on_tick(void *arg)
{
    (void)arg;
    ck_assert_msg(ms_clock_mono_ms() < limit_ms, "waited in vain");
    if (awaited(awaited_n))
        ms_loop_stop(reader.loop);
    else
        ms_timer_start(tick, TICK_MS);
}

static inline void await(bool (*condition)(size_t), size_t n)
{
    awaited = condition;
    awaited_n = n;
    limit_ms = ms_clock_mono_ms() + WAIT_MS;
    tick = ms_timer_new(reader.loop, on_tick, NULL);
    ms_timer_start(tick, 0);
    ms_loop_run(reader.loop);
    ms_timer_free(tick);
}

static inline bool has_reads(size_t n)
{
    return n_reads == n;
}

static inline bool is_over(size_t n)
{
    return clients[n].is_over;
}

static inline bool is_cancelled(size_t n)
{
    return reads[n].is_cancelled;
}

static inline bool all_arrived(size_t n)
{
    return ms_http_server_connections(reader.server) == n;
}

/* The request has reached its flight: another one behind it has been answered. */
static inline void settle(void)
{
    static unsigned number;
    char path[32];
    snprintf(path, sizeof(path), "/settle%u", number++);
    size_t before = n_reads;
    ask_with(path, "");
    await(has_reads, before + 1);
}

static inline size_t ask(const char *path)
{
    return ask_with(path, "");
}

/* --- answers --- */

static inline bool says(size_t n, const char *line)
{
    return ms_str_contains(ms_buf_view(&clients[n].answer), ms_str(line));
}

static inline struct ms_str body(size_t n)
{
    const char *empty_line = strstr(clients[n].answer.data, "\r\n\r\n");
    ck_assert_ptr_nonnull(empty_line);
    struct ms_str all = ms_buf_view(&clients[n].answer);
    return ms_str_skip(all, (size_t)(empty_line - clients[n].answer.data) + 4);
}

/* A header by which a client says that it has the n-th answer. */
static inline const char *if_not(size_t n, const char *more, const char *suffix)
{
    static char header[256];
    const char *etag = strstr(clients[n].answer.data, "\r\nETag: \"");
    ck_assert_ptr_nonnull(etag);
    etag += strlen("\r\nETag: \"");
    snprintf(header, sizeof(header), "%sIf-None-Match: \"%.*s%s\"\r\n", more,
             (int)strcspn(etag, "\""), etag, suffix);
    return header;
}

static inline void expect(size_t n, const char *status, const char *generation, const char *text)
{
    char line[64];
    await(is_over, n);
    snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
    ck_assert_msg(says(n, line), "%s", clients[n].answer.data);
    snprintf(line, sizeof(line), "\r\nX-Metastore-Generation: %s\r\n", generation);
    ck_assert_msg(generation == NULL || says(n, line), "%s", clients[n].answer.data);
    ck_assert_msg(ms_str_equal(body(n), ms_str(text)), "%s", clients[n].answer.data);
}

#endif
