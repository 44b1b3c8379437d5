/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's answers behind a real HTTP server, without a database.
 */
#include "tests/component/answer/answer_fixture.h"

#include "common/base/clock.h"
#include "common/config/config.h"
#include "common/http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <check.h>

enum { TICK_MS = 2, WAIT_MS = 5 * 60 * 1000, CLIENTS_MAX = 32 };

/* --- the store --- */

/* A row of the n-th query: a generation and a text. */
void row(size_t n, const char *generation, struct ms_str text)
{
    const struct ms_str columns[] = {ms_str(generation), text};
    fake_store_row(n, columns, 2);
}

void done(size_t n)
{
    fake_store_end(n, MS_OK);
}

void break_off(size_t n, enum ms_status status)
{
    fake_store_end(n, status);
}

void finish(size_t n, const char *generation, const char *text)
{
    row(n, generation, ms_str(text));
    done(n);
}

/* --- the worker --- */

struct env env;
struct answers answers;
struct freshness_shared *shared;
bool counts;
struct answer_reply reply;

static struct freshness freshness;
static struct ms_config config;
static char *proxies[] = {(char[]){"127.0.0.1"}}; /* so that a client is who he says */
static struct spool *spool;
static _Atomic uint64_t spool_used[1];
static uint16_t port;

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *state)
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

/* What says when it was made at its start says so at its end, too. */
static void on_finish(struct answer_result *result, void *state)
{
    (void)state;
    if (result->untagged > 0)
        answer_result_end_object(result);
}

static void on_request(struct ms_http_request *request, void *arg)
{
    struct ms_str path = ms_http_request_path(request);
    struct answer_query query = {.key = path,
                                 .statement = MS_READ_TAGS_LIST,
                                 .shows_counts = counts,
                                 .content_type = "text/plain",
                                 .on_row = on_row,
                                 .on_finish = on_finish};
    if (ms_str_starts_with(path, MS_STR("/index")))
        query.statement = MS_READ_INDEX_WHOLE;
    if (ms_str_starts_with(path, MS_STR("/index/one")))
        query.statement = MS_READ_INDEX_REPOSITORY;
    if (ms_str_starts_with(path, MS_STR("/large"))) {
        query.statement = MS_READ_DUMP;
        query.is_large = true;
    }
    if (ms_str_starts_with(path, MS_STR("/r/")))
        query.repository = ms_str_skip(path, 3);
    answer_serve(arg, request, &query, &reply);
}

void touch(uint64_t generation, const char *repository)
{
    freshness_touch(shared, generation, ms_str_hash(ms_str(repository)));
}

void see_database(void)
{
    freshness_seen(shared, false, -1, FRESHNESS_SCHEMA_OK);
}

void expire(const char *key)
{
    struct ms_str path = ms_str(key);
    uint64_t hash = ms_str_starts_with(path, MS_STR("/r/")) ? ms_str_hash(ms_str_skip(path, 3)) : 0;
    struct cache_entry entry = {0};
    cache_entry_copy(&entry, cache_find(answers.caches.memory, path));
    ck_assert_int_gt(entry.expires_ms, ms_clock_mono_ms());
    entry.expires_ms = 1;
    cache_put(answers.caches.memory, path, hash, &entry);
    cache_entry_release(&entry);
}

static void open_server(void)
{
    struct ms_http_limits limits;
    char address[MS_LISTEN_ADDRESS_MAX];
    int fd;
    ms_http_limits_default(&limits);
    ck_assert_int_eq(ms_listen(&fd, address, "127.0.0.1:0", false, NULL), MS_OK);
    port = (uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10);
    env.server = ms_http_server_new(env.loop, &limits, on_request, &answers);
    ms_http_server_add_listener(env.server, fd);
}

void begin_with_share(uint64_t spool_bytes_max, uint64_t share_bytes)
{
    fake_store_reset();
    counts = false;
    reply = (struct answer_reply){0};
    shared = calloc(1, freshness_shared_size());
    freshness_init(&freshness, shared);
    config.reader.max_waiting = 20;
    config.reader.trusted_proxies = (struct ms_string_list){.items = proxies, .count = 1};
    env = (struct env){.loop = ms_loop_new(), .config = &config, .freshness = &freshness};
    spool = spool_new(&(struct spool_options){
        .dir = "/tmp", .max_bytes = spool_bytes_max, .used = spool_used, .n_used = 1});
    answers_init(&answers, &env,
                 &(struct answers_options){
                     .memory_bytes = 4 * MIB, .files_bytes = share_bytes, .spool = spool});
    open_server();
    freshness_reset(shared, 100);
    see_database();
}

void begin_with(uint64_t spool_bytes_max)
{
    begin_with_share(spool_bytes_max, spool_bytes_max);
}

void begin(void)
{
    begin_with(64 * MIB);
}

static void end_worker(void)
{
    ms_http_server_free(env.server);
    answers_release(&answers);
    ms_loop_free(env.loop);
    ck_assert_uint_eq(spool_bytes(spool), 0);
    spool_free(spool);
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

static void on_readable(int fd, int ready, void *arg)
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
size_t ask_with(const char *path, const char *header)
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
    client->watch = ms_watch_new(env.loop, client->fd, on_readable, client);
    ms_watch_set(client->watch, MS_READABLE);
    return n_clients++;
}

void leave(size_t n)
{
    ms_watch_free(clients[n].watch);
    clients[n].watch = NULL;
    close(clients[n].fd);
    clients[n].fd = -1;
}

void end(void)
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

static void on_tick(void *arg)
{
    (void)arg;
    ck_assert_msg(ms_clock_mono_ms() < limit_ms, "waited in vain");
    if (awaited(awaited_n))
        ms_loop_stop(env.loop);
    else
        ms_timer_start(tick, TICK_MS);
}

void await(bool (*condition)(size_t), size_t n)
{
    awaited = condition;
    awaited_n = n;
    limit_ms = ms_clock_mono_ms() + WAIT_MS;
    tick = ms_timer_new(env.loop, on_tick, NULL);
    ms_timer_start(tick, 0);
    ms_loop_run(env.loop);
    ms_timer_free(tick);
}

bool has_reads(size_t n)
{
    return fake_store.n_reads == n;
}

bool is_over(size_t n)
{
    return clients[n].is_over;
}

bool is_cancelled(size_t n)
{
    return fake_store.reads[n].is_cancelled;
}

bool all_arrived(size_t n)
{
    return ms_http_server_connections(env.server) == n;
}

/* The request has reached its flight: another one behind it has been answered. */
void settle(void)
{
    static unsigned number;
    char path[32];
    snprintf(path, sizeof(path), "/settle%u", number++);
    size_t before = fake_store.n_reads;
    ask_with(path, "");
    await(has_reads, before + 1);
}

size_t ask(const char *path)
{
    return ask_with(path, "");
}

/* --- answers --- */

bool says(size_t n, const char *line)
{
    return ms_str_contains(ms_buf_view(&clients[n].answer), ms_str(line));
}

struct ms_str body(size_t n)
{
    const char *empty_line = strstr(clients[n].answer.data, "\r\n\r\n");
    ck_assert_ptr_nonnull(empty_line);
    struct ms_str all = ms_buf_view(&clients[n].answer);
    return ms_str_skip(all, (size_t)(empty_line - clients[n].answer.data) + 4);
}

/* A header by which a client says that it has the n-th answer. */
const char *if_not(size_t n, const char *more, const char *suffix)
{
    static char header[256];
    const char *etag = strstr(clients[n].answer.data, "\r\nETag: \"");
    ck_assert_ptr_nonnull(etag);
    etag += strlen("\r\nETag: \"");
    snprintf(header, sizeof(header), "%sIf-None-Match: \"%.*s%s\"\r\n", more,
             (int)strcspn(etag, "\""), etag, suffix);
    return header;
}

void expect(size_t n, const char *status, const char *generation, const char *text)
{
    char line[64];
    await(is_over, n);
    snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
    ck_assert_msg(says(n, line), "%s", clients[n].answer.data);
    if (generation != NULL) {
        snprintf(line, sizeof(line), "\r\nX-Metastore-Generation: %s\r\n", generation);
        ck_assert_msg(says(n, line), "%s", clients[n].answer.data);
    }
    ck_assert_msg(ms_str_equal(body(n), ms_str(text)), "%s", clients[n].answer.data);
}
