/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server against clients that are wrong, slow, greedy or gone: framing, limits, time
 * limits, pipelining, drain. What the answers say is http/test_answers.c's matter.
 */
#include "tests/support/check_main.h"
#include "tests/support/http_app.h"

#define H "Host: h\r\n"

/* --- framing --- */

static const struct {
    int status;
    const char *bytes;
} MALFORMED[] = {
    {400, "GET / HTTP/1.1\n" H "\r\n"},
    {400, "\n"},
    {400, "GET /hello HTTP/1.1\r\n\r\n"},
    {400, "GET /hello HTTP/1.1\r\n" H H "\r\n"},
    {400, "GET ftp://h/hello HTTP/1.1\r\n" H "\r\n"},
    {400, "GET //h/hello HTTP/1.1\r\n" H "\r\n"},
    {400, "GET /%2Fhello HTTP/1.1\r\n" H "\r\n"},
    {400, "GET /hel%00lo HTTP/1.1\r\n" H "\r\n"},
    {400, "GET /hello%0d%0a HTTP/1.1\r\n" H "\r\n"},
    {400, "GET /%ff HTTP/1.1\r\n" H "\r\n"},
    {400, "GET /%zz HTTP/1.1\r\n" H "\r\n"},
    {400, "GET /hel\x01lo HTTP/1.1\r\n" H "\r\n"},
    {400, "GET * HTTP/1.1\r\n" H "\r\n"},
    {400, "GET /hello HTTP/1.1\r\n" H " folded\r\n\r\n"},
    {400, "GET /hello HTTP/1.1\r\n" H "X : y\r\n\r\n"},
    {400, "GET /hello HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello"},
    {400, "POST /echo HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
    {400, "POST /echo HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\nabc"},
    {400, "POST /echo HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\nabc"},
    {400, "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"},
    {400, "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n"},
    {400, "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n"},
    {400, "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {501, "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n"},
    {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {417, "POST /echo HTTP/1.1\r\n" H "Expect: cake\r\nContent-Length: 3\r\n\r\n"},
    {400, "\x16\x03\x01\x02\n"}, /* TLS, as far as a line feed */
};

/* Refused once, then closed; nothing behind it is taken for a request. */
START_TEST(malformed_requests_are_refused)
{
    app_start_default();
    int fd = peer_dial(app.port);
    peer_send(fd, MALFORMED[_i].bytes);
    (void)send(fd, "GET /hello HTTP/1.1\r\n" H "\r\n", 30, MSG_NOSIGNAL);
    struct response response;
    peer_read(fd, &response);
    ck_assert_msg(response.status == MALFORMED[_i].status, "%d: %s", response.status,
                  MALFORMED[_i].bytes);
    ck_assert_str_eq(response_header(&response, "Connection"), "close");
    ck_assert_str_eq(response_header(&response, "Content-Type"), "application/problem+json");
    ck_assert_str_eq(response_header(&response, "Access-Control-Allow-Origin"), "*");
    response_free(&response);
    peer_expect_closed(fd);
    close(fd);
    app_await("/counts", "gone=0 released=0 handled=0");
}
END_TEST

START_TEST(a_refused_head_has_no_body)
{
    static const char *const REQUESTS[] = {"HEAD /hello HTTP/1.1\r\n" H
                                           "Content-Length: 5\r\n\r\nhello",
                                           "HEAD /%zz HTTP/1.1\r\n" H "\r\n"};
    app_start_default();
    for (size_t i = 0; i < sizeof(REQUESTS) / sizeof(REQUESTS[0]); i++) {
        int fd = peer_dial(app.port);
        struct response response;
        peer_send(fd, REQUESTS[i]);
        ck_assert(peer_try_read(fd, &response, false));
        ck_assert_int_eq(response.status, 400);
        ck_assert_ptr_nonnull(response_header(&response, "Content-Length"));
        response_free(&response);
        peer_expect_closed(fd);
        close(fd);
    }
}
END_TEST

START_TEST(odd_but_right_requests_are_answered)
{
    static const char *const REQUESTS[] = {
        "\r\n\r\nGET /hello HTTP/1.1\r\n" H "\r\n",
        "GET /hello?x HTTP/1.1\r\nhOST:h\r\n\r\n",
        "GET /%68ello HTTP/1.1\r\n" H "\r\n",
        "GET http://other:8088/hello?x HTTP/1.1\r\n" H "\r\n",
        "GET http://other:8088/hello?x HTTP/1.1\r\n" H "\r\n",
        "GET /hello HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost:\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    };
    app_start_default();
    int fd = peer_dial(app.port);
    for (size_t i = 0; i < sizeof(REQUESTS) / sizeof(REQUESTS[0]); i++) {
        peer_send(fd, REQUESTS[i]);
        peer_expect_status(fd, 200);
    }
    close(fd);
}
END_TEST

START_TEST(unknown_methods_get_405)
{
    app_start_default();
    int fd = peer_dial(app.port);
    struct response response;
    peer_send(fd, "BREW /hello HTTP/1.1\r\n" H "\r\nPOST /hello HTTP/1.1\r\n" H
                  "Content-Length: 3\r\n\r\nabc");
    for (int i = 0; i < 2; i++) {
        peer_read(fd, &response);
        ck_assert_int_eq(response.status, 405);
        ck_assert_str_eq(response_header(&response, "Allow"), "GET, HEAD, OPTIONS");
        response_free(&response);
    }
    peer_send(fd, "BREW /nowhere HTTP/1.1\r\n" H "\r\n");
    peer_expect_status(fd, 404);
    peer_send(fd, "OPTIONS * HTTP/1.1\r\n" H "\r\n");
    peer_read(fd, &response);
    ck_assert_int_eq(response.status, 204);
    ck_assert_str_eq(response_header(&response, "Allow"), "GET, HEAD, POST, OPTIONS");
    response_free(&response);
    peer_send(fd, "OPTIONS /echo HTTP/1.1\r\n" H "\r\n");
    peer_read(fd, &response);
    ck_assert_int_eq(response.status, 204);
    ck_assert_str_eq(response_header(&response, "Access-Control-Allow-Methods"), "POST, OPTIONS");
    ck_assert_ptr_null(response_header(&response, "Content-Length"));
    response_free(&response);
    close(fd);
}
END_TEST

/* Bytes one by one, and two requests in the middle of a packet. */
START_TEST(packets_mean_nothing)
{
    static const char BYTES[] = "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                                "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n";
    app_start_default();
    int fd = peer_dial(app.port);
    int on = 1;
    ck_assert_int_eq(setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on)), 0);
    for (size_t i = 0; i < sizeof(BYTES) - 1; i++)
        peer_send_n(fd, BYTES + i, 1);
    struct response response;
    peer_read(fd, &response);
    ck_assert_str_eq(response.body, "abcde");
    response_free(&response);
    close(fd);
}
END_TEST

/* --- limits on size --- */

START_TEST(long_targets_and_headers_are_refused)
{
    static char bytes[160 * 1024];
    app_start_default();
    const struct {
        int status;
        const char *start;
        size_t length;
        const char *limit;
    } cases[] = {
        {414, "GET /", 33 * 1024, "target"},
        {414, "GET /", 150 * 1024, "target"},
        {431, "GET / HTTP/1.1\r\n" H "X: ", 60 * 1024, "headers"},
    };
    for (size_t i = 0; i < 3; i++) {
        memset(bytes, 'a', sizeof(bytes));
        memcpy(bytes, cases[i].start, strlen(cases[i].start));
        int fd = peer_dial(app.port);
        peer_send_n(fd, bytes, cases[i].length);
        peer_send(fd, " HTTP/1.1\r\n" H "\r\n");
        peer_expect_status(fd, cases[i].status);
        peer_expect_closed(fd);
        close(fd);
    }
    app_expect_limit("target", "2");
    app_expect_limit("headers", "1");
}
END_TEST

static void start_with_bodies(size_t max, size_t kept, size_t all)
{
    struct ms_http_limits limits;
    app_limits(&limits);
    limits.max_body_bytes = max;
    limits.max_kept_body_bytes = kept;
    limits.max_bodies_bytes = all;
    app_start(&limits);
}

START_TEST(large_bodies_are_refused)
{
    start_with_bodies(1000, 0, 100000);
    int fd = peer_dial(app.port);
    peer_send(fd,
              "POST /echo HTTP/1.1\r\n" H "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
    peer_expect_status(fd, 413);
    peer_expect_closed(fd);
    close(fd);

    static char chunk[1000];
    fd = peer_dial(app.port);
    peer_send(fd, "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3e8\r\n");
    peer_send_n(fd, chunk, sizeof(chunk));
    peer_send(fd, "\r\n1\r\nx\r\n0\r\n\r\n");
    peer_expect_status(fd, 413);
    close(fd);
    app_expect_limit("body", "2");
}
END_TEST

/* It goes on sending, as curl does; a reset would take the answer away from it. */
START_TEST(a_refused_client_can_still_read_why)
{
    static char body[200000];
    app_start_default();
    int fd = peer_dial(app.port);
    peer_send(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 99999999\r\n\r\n");
    struct pollfd answered = {.fd = fd, .events = POLLRDHUP};
    ck_assert_int_eq(poll(&answered, 1, PEER_PATIENCE_MS), 1);
    for (int i = 0; i < 10; i++)
        peer_send_n(fd, body, sizeof(body));
    peer_expect_status(fd, 413);
    peer_expect_closed(fd);
    close(fd);
}
END_TEST

START_TEST(a_body_beyond_what_is_kept_is_read_and_dropped)
{
    static char body[900];
    start_with_bodies(1000, 100, 100000);
    int fd = peer_dial(app.port);
    struct response response;
    peer_send(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 900\r\n\r\n");
    peer_send_n(fd, body, sizeof(body));
    peer_read(fd, &response);
    ck_assert_str_eq(response_header(&response, "X-Length"), "900");
    ck_assert_str_eq(response_header(&response, "X-Kept"), "no");
    response_free(&response);
    peer_send(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc");
    peer_read(fd, &response);
    ck_assert_str_eq(response_header(&response, "X-Kept"), "yes");
    ck_assert_str_eq(response.body, "abc");
    response_free(&response);
    close(fd);
}
END_TEST

/* Memory is bounded for all of them together, and comes back. */
START_TEST(too_many_bodies_at_once_are_refused)
{
    static char body[900];
    start_with_bodies(1000, 0, 2000);
    int fds[3];
    for (int i = 0; i < 2; i++) {
        fds[i] = peer_dial(app.port);
        peer_send(fds[i], "POST /echo HTTP/1.1\r\n" H
                          "Expect: 100-continue\r\nContent-Length: 901\r\n\r\n");
        peer_expect_status(fds[i], 100);
        peer_send_n(fds[i], body, sizeof(body));
    }
    fds[2] = peer_dial(app.port);
    peer_send(fds[2], "POST /echo HTTP/1.1\r\n" H "Content-Length: 900\r\n\r\n");
    peer_send_n(fds[2], body, sizeof(body));
    struct response response;
    peer_read(fds[2], &response);
    ck_assert_int_eq(response.status, 503);
    ck_assert_ptr_nonnull(response_header(&response, "Retry-After"));
    response_free(&response);
    close(fds[2]);
    close(fds[1]);
    peer_send(fds[0], "x");
    peer_expect_status(fds[0], 200);
    peer_send(fds[0], "POST /echo HTTP/1.1\r\n" H "Content-Length: 900\r\n\r\n");
    peer_send_n(fds[0], body, sizeof(body));
    peer_expect_status(fds[0], 200);
    close(fds[0]);
}
END_TEST

START_TEST(continue_is_said_when_the_body_is_awaited)
{
    app_start_default();
    int fd = peer_dial(app.port);
    peer_send(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    peer_expect_status(fd, 100);
    peer_send(fd, "abc");
    peer_expect_status(fd, 200);
    /* It is here already. */
    peer_send(fd,
              "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
    peer_expect_status(fd, 200);
    close(fd);
}
END_TEST

/* --- limits on time --- */

static void start_with_times(uint64_t header, uint64_t body, uint64_t idle, uint64_t write)
{
    struct ms_http_limits limits;
    app_limits(&limits);
    limits.header_timeout_ms = header;
    limits.body_timeout_ms = body;
    limits.idle_timeout_ms = idle;
    limits.write_timeout_ms = write;
    app_start(&limits);
}

/* A header and a body, of which one has much more time than the other. */
START_TEST(a_dripping_client_is_cut)
{
    static const char *const BEGINNINGS[] = {"GET /", "POST /echo HTTP/1.1\r\n" H
                                                      "Content-Length: 100000\r\n\r\n"};
    bool is_header = _i == 0;
    start_with_times(is_header ? 1500 : 600000, is_header ? 600000 : 1500, 60000, 60000);
    int spared = peer_dial(app.port);
    peer_send(spared, BEGINNINGS[1 - _i]);
    int cut = peer_dial(app.port);
    peer_send(cut, BEGINNINGS[_i]);
    struct pollfd readable = {.fd = cut, .events = POLLIN};
    while (poll(&readable, 1, 20) == 0) {
        peer_send(cut, "a");
        peer_send(spared, "a");
    }
    peer_expect_status(cut, 408);
    peer_expect_silence(spared, 0);
    close(cut);
    close(spared);
    app_expect_limit("header_time", is_header ? "1" : "0");
    app_expect_limit("body_time", is_header ? "0" : "1");
}
END_TEST

START_TEST(silent_clients_are_closed)
{
    start_with_times(2000, 60000, 2000, 60000);
    int fresh = peer_dial(app.port);
    int idle = peer_dial(app.port);
    peer_get(idle, "/hello");
    peer_expect_status(idle, 200);
    peer_expect_closed(fresh);
    peer_expect_closed(idle);
    close(fresh);
    close(idle);
    app_expect_limit("header_time", "0"); /* nobody began a header */
}
END_TEST

/* A waiting handler is no idle connection. */
START_TEST(handlers_may_take_their_time)
{
    start_with_times(60000, 60000, 200, 200);
    int fd = peer_dial(app.port);
    peer_get(fd, "/wait");
    peer_expect_silence(fd, 1200);
    free(peer_fetch(app.port, "/go"));
    peer_expect_status(fd, 200);
    close(fd);
}
END_TEST

static int dial_with_small_window(void)
{
    int fd = peer_dial(app.port);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){16384}, sizeof(int)), 0);
    return fd;
}

/* 20 MB in many times the write time-out, but never without progress for so long. */
START_TEST(a_slow_reader_gets_everything)
{
    start_with_times(60000, 60000, 60000, 1000);
    int fd = dial_with_small_window();
    peer_get(fd, "/file");
    struct response response;
    ck_assert(peer_read_head(fd, &response));
    static char piece[1024 * 1024];
    size_t total = 0;
    long long start = peer_now_ms();
    while (total < APP_FILE_BYTES) {
        ssize_t n = recv(fd, piece, sizeof(piece), MSG_WAITALL);
        ck_assert_msg(n > 0, "cut after %zu", total);
        total += (size_t)n;
        if (peer_now_ms() - start < 3000)
            (void)poll(NULL, 0, 150); /* it is slow */
    }
    ck_assert_uint_eq(total, APP_FILE_BYTES);
    ck_assert_int_ge(peer_now_ms() - start, 2000);
    close(fd);
    app_await("/counts", "gone=0 released=1 handled=0");
}
END_TEST

START_TEST(a_client_that_does_not_read_is_cut)
{
    start_with_times(60000, 60000, 60000, 300);
    int fd = dial_with_small_window();
    peer_get(fd, "/file");
    app_expect_limit("write_time", "1");
    app_await("/counts", "gone=0 released=1 handled=0");
    close(fd);
}
END_TEST

/* --- limits on number --- */

static void start_with_places(uint64_t max)
{
    struct ms_http_limits limits;
    app_limits(&limits);
    limits.max_connections = max;
    app_start(&limits);
}

/* A request whose end does not come: so the connection is not idle. */
static void keep_busy(int fd)
{
    peer_send(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhell");
}

static void expect_count(int fd, const char *target, const char *count)
{
    struct response response;
    peer_get(fd, target);
    peer_read(fd, &response);
    ck_assert_str_eq(response.body, count);
    response_free(&response);
}

START_TEST(an_idle_connection_gives_up_its_place)
{
    start_with_places(2);
    int first = peer_dial(app.port), second = peer_dial(app.port);
    peer_get(first, "/hello");
    peer_expect_status(first, 200);
    peer_get(second, "/hello");
    peer_expect_status(second, 200);
    int silent = peer_dial(app.port), third = peer_dial(app.port);
    peer_get(third, "/hello");
    peer_expect_status(third, 200);
    peer_expect_closed(first); /* which was idle for longest */
    peer_get(second, "/hello");
    peer_expect_status(second, 200);
    expect_count(third, "/limit/connections", "1");
    close(first);
    close(second);
    close(silent);
    close(third);
}
END_TEST

START_TEST(connections_beyond_the_limit_are_refused)
{
    start_with_places(2);
    int first = peer_dial(app.port), second = peer_dial(app.port);
    peer_get(first, "/hello");
    peer_expect_status(first, 200);
    keep_busy(first);
    keep_busy(second);
    int third = peer_dial(app.port), fourth = peer_dial(app.port);
    struct response response;
    peer_get(third, "/hello");
    peer_read(third, &response);
    ck_assert_int_eq(response.status, 503);
    ck_assert_str_eq(response_header(&response, "Connection"), "close");
    ck_assert_ptr_nonnull(response_header(&response, "Retry-After"));
    response_free(&response);
    peer_expect_closed(third);
    close(third);
    close(first);
    peer_get(fourth, "/hello"); /* there is a place now */
    peer_expect_status(fourth, 200);
    peer_get(fourth, "/hello");
    peer_expect_status(fourth, 200);
    expect_count(fourth, "/limit/connections", "1");
    close(second);
    close(fourth);
}
END_TEST

START_TEST(far_beyond_the_limit_they_wait)
{
    enum { REFUSED = 64 };
    int fds[REFUSED];
    start_with_places(1);
    int first = peer_dial(app.port);
    keep_busy(first);
    for (size_t i = 0; i < REFUSED; i++)
        fds[i] = peer_dial(app.port);
    int last = peer_dial(app.port); /* into the kernel's queue */
    peer_get(last, "/hello");
    peer_get(fds[0], "/hello");
    peer_expect_status(fds[0], 503); /* though it asked later */
    peer_expect_silence(last, 20);
    close(fds[0]);
    peer_expect_status(last, 503);
    peer_expect_closed(fds[1]); /* who does not ask does not keep a place */
    for (size_t i = 1; i < REFUSED; i++)
        close(fds[i]);
    close(last);
    close(first);
}
END_TEST

static unsigned long cpu_ticks(pid_t pid)
{
    char path[64];
    unsigned long user = 0, system = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(
        fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system),
        2);
    (void)fclose(file);
    return user + system;
}

START_TEST(running_out_of_descriptors_is_survived)
{
    enum { CLIENTS = 60 };
    int fds[CLIENTS];
    struct ms_http_limits limits;
    app_limits(&limits);
    app_start_with(&limits, NULL, 40);
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = peer_dial(app.port);
    peer_get(fds[0], "/hello");
    peer_expect_status(fds[0], 200);
    unsigned long before = cpu_ticks(app.pid);
    peer_expect_silence(fds[CLIENTS - 1], 700);
    ck_assert_uint_lt(cpu_ticks(app.pid) - before, 20); /* of the 70 that a spinning loop takes */
    for (int i = 0; i < CLIENTS - 1; i++)
        close(fds[i]);
    peer_get(fds[CLIENTS - 1], "/hello");
    peer_expect_status(fds[CLIENTS - 1], 200);
    close(fds[CLIENTS - 1]);
    char *count = peer_fetch(app.port, "/limit/descriptors");
    ck_assert_int_ge(strtol(count, NULL, 10), 1);
    free(count);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *framing = tcase_create("framing");
    tcase_add_checked_fixture(framing, NULL, app_end);
    tcase_add_loop_test(framing, malformed_requests_are_refused, 0,
                        sizeof(MALFORMED) / sizeof(MALFORMED[0]));
    tcase_add_test(framing, a_refused_head_has_no_body);
    tcase_add_test(framing, odd_but_right_requests_are_answered);
    tcase_add_test(framing, unknown_methods_get_405);
    tcase_add_test(framing, packets_mean_nothing);
    TCase *sizes = tcase_create("sizes");
    tcase_add_checked_fixture(sizes, NULL, app_end);
    tcase_add_test(sizes, long_targets_and_headers_are_refused);
    tcase_add_test(sizes, large_bodies_are_refused);
    tcase_add_test(sizes, a_refused_client_can_still_read_why);
    tcase_add_test(sizes, a_body_beyond_what_is_kept_is_read_and_dropped);
    tcase_add_test(sizes, too_many_bodies_at_once_are_refused);
    tcase_add_test(sizes, continue_is_said_when_the_body_is_awaited);
    TCase *times = tcase_create("times");
    tcase_set_timeout(times, 30);
    tcase_add_checked_fixture(times, NULL, app_end);
    tcase_add_loop_test(times, a_dripping_client_is_cut, 0, 2);
    tcase_add_test(times, silent_clients_are_closed);
    tcase_add_test(times, handlers_may_take_their_time);
    tcase_add_test(times, a_slow_reader_gets_everything);
    tcase_add_test(times, a_client_that_does_not_read_is_cut);
    TCase *numbers = tcase_create("numbers");
    tcase_set_timeout(numbers, 30);
    tcase_add_checked_fixture(numbers, NULL, app_end);
    tcase_add_test(numbers, an_idle_connection_gives_up_its_place);
    tcase_add_test(numbers, connections_beyond_the_limit_are_refused);
    tcase_add_test(numbers, far_beyond_the_limit_they_wait);
    tcase_add_test(numbers, running_out_of_descriptors_is_survived);
    Suite *suite = suite_create("http_server");
    suite_add_tcase(suite, framing);
    suite_add_tcase(suite, sizes);
    suite_add_tcase(suite, times);
    suite_add_tcase(suite, numbers);
    return suite;
}
