/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader/answer.c, flight.c and fill.c behind a real HTTP server, with a store that the test plays:
 * when rows come, of which generation, and how queries end. Requests to /r/NAME depend on a
 * repository, /large is streamed, all others depend on everything.
 */
#include "common/clock.h"
#include "reader/answer.h"
#include "reader/cache.h"
#include "reader/flight.h"
#include "reader/reader.h"
#include "reader/spool.h"
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
static void row(size_t n, const char *generation, struct ms_str text)
{
    ck_assert_uint_lt(n, n_reads);
    ck_assert(!reads[n].is_cancelled && !reads[n].is_done);
    struct ms_str columns[] = {ms_str(generation), text};
    reads[n].query.on_row(columns, 2, reads[n].query.arg);
}

static void done(size_t n)
{
    reads[n].is_done = true;
    reads[n].query.on_done(NULL, reads[n].query.arg);
}

static void break_off(size_t n, enum ms_status status)
{
    struct ms_error err;
    (void)ms_error_set(&err, status, "played");
    reads[n].is_done = true;
    reads[n].query.on_done(&err, reads[n].query.arg);
}

static void finish(size_t n, const char *generation, const char *text)
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

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *state)
{
    (void)state;
    ck_assert_uint_eq(n_columns, 1);
    ms_buf_append(&result->body, columns[0]);
    if (ms_str_equal(columns[0], MS_STR("missing")))
        result->status = 404;
    if (ms_str_equal(columns[0], MS_STR("page")))
        ms_buf_append_c(&result->link, "</next>; rel=\"next\"");
}

static void on_request(struct ms_http_request *request, void *arg)
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

static void touch(uint64_t generation, const char *repository)
{
    freshness_touch(shared, generation, ms_str_hash(ms_str(repository)));
}

static void see_database(void)
{
    freshness_seen(shared, false, -1, FRESHNESS_SCHEMA_OK);
}

static void open_server(void)
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

static void begin_with(uint64_t spool_bytes_max)
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

static void begin(void)
{
    begin_with(64 * MIB);
}

static void end_worker(void)
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
static size_t ask_with(const char *path, const char *header)
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

static void leave(size_t n)
{
    ms_watch_free(clients[n].watch);
    clients[n].watch = NULL;
    close(clients[n].fd);
    clients[n].fd = -1;
}

static void end(void)
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
        ms_loop_stop(reader.loop);
    else
        ms_timer_start(tick, TICK_MS);
}

static void await(bool (*condition)(size_t), size_t n)
{
    awaited = condition;
    awaited_n = n;
    limit_ms = ms_clock_mono_ms() + WAIT_MS;
    tick = ms_timer_new(reader.loop, on_tick, NULL);
    ms_timer_start(tick, 0);
    ms_loop_run(reader.loop);
    ms_timer_free(tick);
}

static bool has_reads(size_t n)
{
    return n_reads == n;
}

static bool is_over(size_t n)
{
    return clients[n].is_over;
}

static bool is_cancelled(size_t n)
{
    return reads[n].is_cancelled;
}

static bool all_arrived(size_t n)
{
    return ms_http_server_connections(reader.server) == n;
}

/* The request has reached its flight: another one behind it has been answered. */
static void settle(void)
{
    static unsigned number;
    char path[32];
    snprintf(path, sizeof(path), "/settle%u", number++);
    size_t before = n_reads;
    ask_with(path, "");
    await(has_reads, before + 1);
}

static size_t ask(const char *path)
{
    return ask_with(path, "");
}

/* --- answers --- */

static bool says(size_t n, const char *line)
{
    return ms_str_contains(ms_buf_view(&clients[n].answer), ms_str(line));
}

static struct ms_str body(size_t n)
{
    const char *empty_line = strstr(clients[n].answer.data, "\r\n\r\n");
    ck_assert_ptr_nonnull(empty_line);
    struct ms_str all = ms_buf_view(&clients[n].answer);
    return ms_str_skip(all, (size_t)(empty_line - clients[n].answer.data) + 4);
}

static void expect(size_t n, const char *status, const char *generation, const char *text)
{
    char line[64];
    await(is_over, n);
    snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
    ck_assert_msg(says(n, line), "%s", clients[n].answer.data);
    snprintf(line, sizeof(line), "\r\nX-Metastore-Generation: %s\r\n", generation);
    ck_assert_msg(generation == NULL || says(n, line), "%s", clients[n].answer.data);
    ck_assert_msg(ms_str_equal(body(n), ms_str(text)), "%s", clients[n].answer.data);
}

/* --- sharing and keeping --- */

START_TEST(equal_requests_share_a_query_and_then_the_cache)
{
    size_t a = ask("/x"), b = ask("/x"), c = ask("/y");
    await(has_reads, 2);
    await(all_arrived, 3);
    finish(0, "100", "one");
    finish(1, "100", "two");
    expect(a, "200", "100", "one");
    expect(b, "200", "100", "one");
    expect(c, "200", "100", "two");
    expect(ask("/x"), "200", "100", "one");
    ck_assert_uint_eq(n_reads, 2);
}
END_TEST

START_TEST(a_later_generation_shares_no_earlier_query)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    touch(101, "any");
    size_t b = ask("/x");
    await(has_reads, 2);
    finish(0, "100", "old");
    finish(1, "101", "new");
    expect(a, "200", "100", "old");
    expect(b, "200", "101", "new");
    expect(ask("/x"), "200", "101", "new");
    ck_assert_uint_eq(n_reads, 2);
}
END_TEST

START_TEST(what_was_touched_meanwhile_is_sent_but_not_kept)
{
    size_t a = ask("/r/lib");
    await(has_reads, 1);
    touch(101, "lib");
    finish(0, "100", "old");
    expect(a, "200", "100", "old");
    ask("/r/lib");
    await(has_reads, 2);
}
END_TEST

START_TEST(what_a_snapshot_already_holds_is_kept)
{
    size_t a = ask("/r/lib");
    await(has_reads, 1);
    touch(101, "lib"); /* the query began before, but saw it */
    finish(0, "101", "new");
    expect(a, "200", "101", "new");
    expect(ask("/r/lib"), "200", "101", "new");
    ck_assert_uint_eq(n_reads, 1);
}
END_TEST

START_TEST(changes_of_others_leave_it_and_raise_its_generation)
{
    size_t a = ask("/r/lib");
    await(has_reads, 1);
    touch(101, "other");
    finish(0, "100", "text");
    expect(a, "200", "101", "text");
    touch(102, "other");
    expect(ask("/r/lib"), "200", "102", "text");
    ck_assert_uint_eq(n_reads, 1);
    touch(103, "lib");
    ask("/r/lib");
    await(has_reads, 2);
}
END_TEST

START_TEST(a_404_and_a_link_are_kept_alike)
{
    size_t a = ask("/r/none");
    size_t b = ask("/page");
    await(has_reads, 2);
    finish(0, "100", "missing");
    finish(1, "100", "page");
    expect(a, "404", "100", "missing");
    expect(b, "200", "100", "page");
    expect(ask("/r/none"), "404", "100", "missing");
    size_t c = ask("/page");
    expect(c, "200", "100", "page");
    ck_assert(says(b, "\r\nLink: </next>; rel=\"next\"\r\n"));
    ck_assert(says(c, "\r\nLink: </next>; rel=\"next\"\r\n"));
    ck_assert_uint_eq(n_reads, 2);
}
END_TEST

START_TEST(a_new_epoch_forgets_all)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    finish(0, "100", "old");
    expect(a, "200", "100", "old");
    size_t b = ask("/y");
    await(has_reads, 2);
    freshness_reset(shared, 2, 50);
    size_t c = ask("/x");
    await(has_reads, 3);
    finish(1, "50", "under way");
    finish(2, "50", "new");
    expect(b, "200", "50", "under way");
    expect(c, "200", "50", "new");
}
END_TEST

START_TEST(an_unmodified_answer_is_304)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    finish(0, "100", "text");
    expect(a, "200", "100", "text");
    const char *etag = strstr(clients[a].answer.data, "ETag: ");
    ck_assert_ptr_nonnull(etag);
    char header[128];
    snprintf(header, sizeof(header), "If-None-Match: %.34s\r\n", etag + 6);
    touch(101, "any");
    size_t b = ask_with("/x", header);
    await(has_reads, 2);
    finish(1, "101", "text"); /* the same body at another generation */
    expect(b, "304", "101", "");
}
END_TEST

/* --- never back in time --- */

START_TEST(a_query_behind_is_asked_again)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    finish(0, "99", "of a standby that lags");
    await(has_reads, 2);
    finish(1, "100", "text");
    expect(a, "200", "100", "text");
}
END_TEST

START_TEST(a_database_that_stays_behind_is_503)
{
    size_t a = ask("/x");
    for (size_t i = 0; i < 21; i++) {
        await(has_reads, i + 1);
        finish(i, "99", "old");
    }
    await(is_over, a);
    ck_assert(says(a, "HTTP/1.1 503 "));
}
END_TEST

START_TEST(the_cache_does_not_answer_from_before_what_was_shown)
{
    size_t a = ask("/r/lib");
    await(has_reads, 1);
    finish(0, "100", "old");
    expect(a, "200", "100", "old");
    size_t b = ask("/x");
    await(has_reads, 2);
    finish(1, "105", "ahead of the watcher");
    expect(b, "200", "105", "ahead of the watcher");
    size_t c = ask("/r/lib"); /* 101 … 105 may have touched it */
    await(has_reads, 3);
    finish(2, "105", "new");
    expect(c, "200", "105", "new");
}
END_TEST

/* --- failures --- */

START_TEST(without_the_database_and_the_cache_503)
{
    refusal = MS_UNAVAILABLE;
    size_t a = ask("/x"), b = ask("/v2/x");
    await(is_over, a);
    await(is_over, b);
    ck_assert(says(a, "HTTP/1.1 503 ") && says(a, "Retry-After: ") && says(a, "problem+json"));
    ck_assert(says(b, "HTTP/1.1 503 ") && says(b, "Retry-After: "));
    ck_assert(says(b, "{\"errors\":[{\"code\":\"UNAVAILABLE\""));
    ck_assert(says(b, "Docker-Distribution-Api-Version: registry/2.0"));
}
END_TEST

START_TEST(a_failure_falls_back_to_what_is_kept)
{
    counts = true;
    size_t a = ask("/r/lib");
    await(has_reads, 1);
    finish(0, "100", "text");
    expect(a, "200", "100", "text");
    size_t b = ask("/x");
    await(has_reads, 2);
    finish(1, "105", "ahead");
    expect(b, "200", "105", "ahead");
    size_t c = ask("/r/lib");
    await(has_reads, 3);
    break_off(2, MS_UNAVAILABLE);
    expect(c, "200", "100", "text");
    ck_assert(says(c, "\r\nX-Metastore-Stale: 1\r\n"));
}
END_TEST

START_TEST(time_outs_and_faults_have_their_status)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    break_off(0, MS_TIMEOUT);
    size_t b = ask("/y");
    await(has_reads, 2);
    break_off(1, MS_INVALID);
    size_t c = ask("/z");
    await(has_reads, 3);
    done(2); /* no row */
    await(is_over, a);
    await(is_over, b);
    await(is_over, c);
    ck_assert(says(a, "HTTP/1.1 503 "));
    ck_assert(says(b, "HTTP/1.1 500 "));
    ck_assert(says(c, "HTTP/1.1 500 "));
}
END_TEST

START_TEST(a_schema_that_is_not_understood_is_503)
{
    freshness_seen(shared, false, -1, FRESHNESS_SCHEMA_NEW);
    size_t a = ask("/x");
    await(is_over, a);
    ck_assert(says(a, "HTTP/1.1 503 ") && says(a, "newer than this reader"));
    ck_assert_uint_eq(n_reads, 0);
}
END_TEST

START_TEST(the_last_client_to_leave_cancels)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    size_t b = ask("/x");
    await(all_arrived, 2);
    leave(a);
    await(all_arrived, 1);
    ck_assert(!reads[0].is_cancelled);
    leave(b);
    await(is_cancelled, 0);
}
END_TEST

/* --- large answers --- */

static struct ms_str quarter_mebibyte(void)
{
    static char bytes[MIB / 4];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)('a' + i % 23);
    return ms_str_n(bytes, sizeof(bytes));
}

static void rows(size_t n, const char *generation, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        row(n, generation, quarter_mebibyte());
}

START_TEST(a_large_answer_goes_to_disk_and_is_kept_there)
{
    size_t a = ask(_i == 0 ? "/large" : "/unexpectedly");
    await(has_reads, 1);
    ck_assert(reads[0].query.stream == (_i == 0));
    rows(0, "100", 12);
    ck_assert_uint_gt(spool_bytes(reader.spool), MIB);
    done(0);
    await(is_over, a);
    ck_assert(says(a, "HTTP/1.1 200 ") && says(a, "Content-Length: 3145728\r\n"));
    ck_assert_uint_eq(body(a).len, 3 * MIB);
    for (unsigned i = 0; i < 12; i++)
        ck_assert(ms_str_equal(ms_str_slice(body(a), i * MIB / 4, (i + 1) * MIB / 4),
                               quarter_mebibyte()));
    size_t b = ask(_i == 0 ? "/large" : "/unexpectedly");
    await(is_over, b);
    ck_assert(ms_str_equal(body(a), body(b)));
    ck_assert_uint_eq(n_reads, 1);
    touch(101, "any");
    answer_refresh(&reader);
    ck_assert_uint_eq(cache_bytes(reader.large), 0);
}
END_TEST

START_TEST(a_large_answer_is_gzipped_for_who_wants_it)
{
    size_t plain = ask("/large");
    size_t packed = ask_with("/large", "Accept-Encoding: gzip\r\n");
    await(has_reads, 1);
    await(all_arrived, 2);
    rows(0, "100", 12);
    done(0);
    await(is_over, plain);
    await(is_over, packed);
    ck_assert(!says(plain, "Content-Encoding") && says(plain, "Vary: Accept-Encoding\r\n"));
    ck_assert(says(packed, "Content-Encoding: gzip\r\n"));
    ck_assert(says(packed, "-gzip\"\r\n") && says(packed, "Vary: Accept-Encoding\r\n"));
    ck_assert(says(packed, "X-Metastore-Generation: 100\r\n"));
    ck_assert_uint_lt(body(packed).len, MIB / 4);
    size_t again = ask_with("/large", "Accept-Encoding: gzip\r\n");
    await(is_over, again);
    ck_assert(ms_str_equal(body(packed), body(again)));
    ck_assert_uint_eq(n_reads, 1);
}
END_TEST

START_TEST(gzip_on_demand_of_a_kept_file)
{
    size_t plain = ask("/large");
    await(has_reads, 1);
    rows(0, "100", 12);
    done(0);
    await(is_over, plain);
    touch(101, "any");
    freshness_reset(shared, 1, 101);
    plain = ask("/large");
    await(has_reads, 2);
    rows(1, "101", 12);
    done(1);
    await(is_over, plain);
    size_t a = ask_with("/large", "Accept-Encoding: gzip\r\n");
    size_t b = ask_with("/large", "Accept-Encoding: gzip\r\n");
    await(is_over, a);
    await(is_over, b);
    ck_assert(says(a, "Content-Encoding: gzip\r\n") && says(a, "X-Metastore-Generation: 101\r\n"));
    ck_assert(ms_str_equal(body(a), body(b)));
    ck_assert_uint_eq(n_reads, 2);
}
END_TEST

START_TEST(few_large_answers_at_once)
{
    ask("/large1");
    ask("/large2");
    await(has_reads, 2);
    size_t c = ask("/large3");
    await(is_over, c);
    ck_assert(says(c, "HTTP/1.1 503 ") && says(c, "Retry-After: "));
    rows(0, "100", 1);
    done(0);
    ask("/large3");
    await(has_reads, 3);
}
END_TEST

START_TEST(a_full_spool_drops_the_oldest_then_refuses)
{
    end();
    begin_with(4 * MIB);
    size_t a = ask("/large1");
    await(has_reads, 1);
    rows(0, "100", 8);
    done(0);
    await(is_over, a);
    size_t b = ask("/large2"); /* needs the room of the first */
    await(has_reads, 2);
    rows(1, "100", 12);
    done(1);
    await(is_over, b);
    ck_assert_uint_eq(body(b).len, 3 * MIB);
    size_t c = ask("/large3"); /* more than there is */
    await(has_reads, 3);
    while (!reads[2].is_cancelled)
        rows(2, "100", 1);
    await(is_over, c);
    ck_assert(says(c, "HTTP/1.1 503 "));
}
END_TEST

START_TEST(who_leaves_a_large_answer_frees_the_disk)
{
    size_t a = ask("/large");
    await(has_reads, 1);
    rows(0, "100", 12);
    leave(a);
    await(is_cancelled, 0);
    ck_assert_uint_eq(spool_bytes(reader.spool), 0);
    settle();
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("answer");
    TCase *tcase = tcase_create("answer");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, equal_requests_share_a_query_and_then_the_cache);
    tcase_add_test(tcase, a_later_generation_shares_no_earlier_query);
    tcase_add_test(tcase, what_was_touched_meanwhile_is_sent_but_not_kept);
    tcase_add_test(tcase, what_a_snapshot_already_holds_is_kept);
    tcase_add_test(tcase, changes_of_others_leave_it_and_raise_its_generation);
    tcase_add_test(tcase, a_404_and_a_link_are_kept_alike);
    tcase_add_test(tcase, a_new_epoch_forgets_all);
    tcase_add_test(tcase, an_unmodified_answer_is_304);
    tcase_add_test(tcase, a_query_behind_is_asked_again);
    tcase_add_test(tcase, a_database_that_stays_behind_is_503);
    tcase_add_test(tcase, the_cache_does_not_answer_from_before_what_was_shown);
    tcase_add_test(tcase, without_the_database_and_the_cache_503);
    tcase_add_test(tcase, a_failure_falls_back_to_what_is_kept);
    tcase_add_test(tcase, time_outs_and_faults_have_their_status);
    tcase_add_test(tcase, a_schema_that_is_not_understood_is_503);
    tcase_add_test(tcase, the_last_client_to_leave_cancels);
    tcase_add_loop_test(tcase, a_large_answer_goes_to_disk_and_is_kept_there, 0, 2);
    tcase_add_test(tcase, a_large_answer_is_gzipped_for_who_wants_it);
    tcase_add_test(tcase, gzip_on_demand_of_a_kept_file);
    tcase_add_test(tcase, few_large_answers_at_once);
    tcase_add_test(tcase, a_full_spool_drops_the_oldest_then_refuses);
    tcase_add_test(tcase, who_leaves_a_large_answer_frees_the_disk);
    suite_add_tcase(suite, tcase);
    return suite;
}
