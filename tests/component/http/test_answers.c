/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the HTTP server answers and in which order: validators, variants, HEAD, errors, files;
 * keep-alive, pipelining, clients that leave, drain, listening addresses, the access log.
 */
#include "tests/support/check_main.h"
#include "tests/support/http_app.h"

#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

#define H "Host: h\r\n"

static struct response response;

/* One request on a connection; the answer is in `response`. */
static void ask(int fd, const char *method, const char *target, const char *headers)
{
    char request[2048];
    response_free(&response);
    (void)snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\n" H "%s\r\n", method, target,
                   headers);
    peer_send(fd, request);
    ck_assert(peer_try_read(fd, &response, strcmp(method, "HEAD") != 0));
}

static void expect_header(const char *name, const char *value)
{
    const char *got = response_header(&response, name);
    ck_assert_msg((got == NULL) == (value == NULL), "%s: %s", name, response.head);
    if (value != NULL)
        ck_assert_msg(strcmp(got, value) == 0, "%s: %s instead of %s", name, got, value);
}

enum { TAG_MAX = 64 };

static void copy_etag(char out[static TAG_MAX])
{
    const char *tag = response_header(&response, "ETag");
    ck_assert(tag != NULL && strlen(tag) < TAG_MAX);
    memcpy(out, tag, strlen(tag) + 1);
}

static int client;

static void start(void)
{
    app_start_default();
    client = peer_dial(app.port);
}

static void end(void)
{
    close(client);
    response_free(&response);
    app_end();
}

/* --- answers --- */

START_TEST(every_answer_has_its_headers)
{
    ask(client, "GET", "/hello", "");
    ck_assert_int_eq(strncmp(response.head, "HTTP/1.1 200 OK\r\n", 17), 0);
    expect_header("Content-Type", "text/plain");
    expect_header("Content-Length", "5");
    expect_header("Cache-Control", "no-cache");
    expect_header("Access-Control-Allow-Origin", "*");
    expect_header("Connection", NULL);
    const char *date = response_header(&response, "Date");
    ck_assert_ptr_nonnull(date);
    ck_assert_ptr_nonnull(strstr(date, " GMT"));
    ck_assert_str_eq(response.body, "hello");
}
END_TEST

START_TEST(head_has_a_length_and_no_body)
{
    static const char *const TARGETS[] = {"/hello", "/entity/3000", "/file", "/problem",
                                          "/nowhere"};
    for (size_t i = 0; i < sizeof(TARGETS) / sizeof(TARGETS[0]); i++) {
        char length[32];
        ask(client, "GET", TARGETS[i], "");
        (void)snprintf(length, sizeof(length), "%zu", response.body_len);
        ask(client, "HEAD", TARGETS[i], "");
        expect_header("Content-Length", length);
    }
    ask(client, "GET", "/hello", ""); /* no stray byte came between */
}
END_TEST

START_TEST(validators_are_understood)
{
    char tag[TAG_MAX], request[256];
    ask(client, "GET", "/entity/10", "");
    ck_assert_int_eq(response.status, 200);
    copy_etag(tag);
    ck_assert_uint_eq(strlen(tag), 34);
    const char *forms[] = {"If-None-Match: ", "If-None-Match: W/",
                           "if-none-match: *\r\nX: ", "If-None-Match: \"x\", ",
                           "If-None-Match: \"x\"\r\nIf-None-Match: "};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        (void)snprintf(request, sizeof(request), "%s%s\r\n", forms[i], tag);
        ask(client, "GET", "/entity/10", request);
        ck_assert_msg(response.status == 304, "%s", request);
        expect_header("ETag", tag);
        expect_header("Cache-Control", "max-age=5");
        expect_header("X-Evil", "a??Set-Cookie: b");
        expect_header("Content-Length", NULL);
    }
    ask(client, "GET", "/entity/11", request);
    ck_assert_int_eq(response.status, 200);
    ask(client, "GET", "/missing/10", "If-None-Match: *\r\n");
    ck_assert_int_eq(response.status, 404);
    expect_header("ETag", NULL);
}
END_TEST

START_TEST(gzip_is_a_variant_of_its_own)
{
    char plain[TAG_MAX], gzip[TAG_MAX], request[256];
    ask(client, "GET", "/entity/1024", "Accept-Encoding: gzip\r\n");
    expect_header("Content-Encoding", NULL);
    expect_header("Vary", NULL);
    ask(client, "GET", "/entity/5000", "");
    expect_header("Content-Encoding", NULL);
    expect_header("Vary", "Accept-Encoding");
    copy_etag(plain);
    ask(client, "GET", "/entity/5000", "Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n");
    expect_header("Content-Encoding", "gzip");
    expect_header("Vary", "Accept-Encoding");
    ck_assert_uint_lt(response.body_len, 5000);
    ck_assert_int_eq(memcmp(response.body, "\x1f\x8b", 2), 0);
    copy_etag(gzip);
    ck_assert_int_eq(strncmp(plain, gzip, strlen(plain) - 1), 0);
    ck_assert_str_eq(gzip + strlen(plain) - 1, "-gzip\"");

    (void)snprintf(request, sizeof(request), "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n",
                   gzip);
    ask(client, "GET", "/entity/5000", request);
    ck_assert_int_eq(response.status, 304);
    expect_header("ETag", gzip);
    expect_header("Vary", "Accept-Encoding");
    (void)snprintf(request, sizeof(request), "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n",
                   plain);
    ask(client, "GET", "/entity/5000", request);
    ck_assert_int_eq(response.status, 304);
    expect_header("ETag", plain);
    /* A cache that holds gzip must not give it to one who cannot read it. */
    (void)snprintf(request, sizeof(request), "If-None-Match: %s\r\n", gzip);
    ask(client, "GET", "/entity/5000", request);
    ck_assert_int_eq(response.status, 200);
    ask(client, "GET", "/entity/5000", "Accept-Encoding: gzip;q=0\r\n");
    expect_header("Content-Encoding", NULL);
}
END_TEST

START_TEST(errors_have_their_form)
{
    ask(client, "GET", "/problem", "");
    ck_assert_int_eq(response.status, 400);
    expect_header("Content-Type", "application/problem+json");
    ck_assert_str_eq(response.body,
                     "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
                     "\"detail\":\"unknown \\\"<x>\\\"\",\"parameter\":\"q\\u0001\"}");
    ask(client, "GET", "/nowhere%22", "");
    ck_assert_int_eq(response.status, 404);
    ck_assert_ptr_nonnull(strstr(response.body, "\"/nowhere\\\"\""));
}
END_TEST

START_TEST(a_head_that_grew_too_large_is_a_500)
{
    ask(client, "GET", "/overflow", "");
    ck_assert_int_eq(response.status, 500);
    peer_expect_closed(client);
}
END_TEST

/* The end of each would come 40 ms later if Nagle's algorithm waited for a delayed acknowledgement.
 */
START_TEST(large_answers_leave_at_once)
{
    for (int i = 0; i < 50; i++) {
        ask(client, "GET", "/entity/184320", "");
        ck_assert_uint_eq(response.body_len, 184320);
    }
    ask(client, "GET", "/nagle", "");
    ck_assert_str_eq(response.body, "at once=1 later=0");
}
END_TEST

START_TEST(files_are_sent_whole)
{
    ask(client, "GET", "/file", "");
    ck_assert_uint_eq(response.body_len, APP_FILE_BYTES);
    for (size_t i = 0; i < response.body_len; i += 4093)
        ck_assert_int_eq(response.body[i], 'y');
    ask(client, "GET", "/file", "Accept-Encoding: gzip\r\n");
    expect_header("Content-Encoding", "gzip");
    expect_header("ETag", "\"file-gzip\"");
    ck_assert_uint_eq(response.body_len, 5000);
    ask(client, "GET", "/file", "If-None-Match: \"file\"\r\n");
    ck_assert_int_eq(response.status, 304);
    ask(client, "HEAD", "/file", "");
    ask(client, "GET", "/counts", "");
    ck_assert_str_eq(response.body, "gone=0 released=4 handled=0");
}
END_TEST

START_TEST(a_file_that_ends_early_is_a_cut_and_no_end)
{
    char piece[65536];
    peer_get(client, "/short-file");
    ck_assert(peer_read_head(client, &response));
    size_t total = 0;
    ssize_t n;
    while ((n = recv(client, piece, sizeof(piece), 0)) > 0)
        total += (size_t)n;
    ck_assert_uint_eq(total, APP_FILE_BYTES);
    app_await("/counts", "gone=0 released=1 handled=0");
}
END_TEST

/* --- order --- */

START_TEST(old_clients_get_a_length_and_a_close)
{
    peer_send(client, "GET /entity/5000 HTTP/1.0\r\n\r\n");
    peer_read(client, &response);
    ck_assert_uint_eq(response.body_len, 5000);
    expect_header("Connection", "close");
    expect_header("Transfer-Encoding", NULL);
    peer_expect_closed(client);
    close(client);
    client = peer_dial(app.port);
    peer_send(client, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    response_free(&response);
    peer_read(client, &response);
    expect_header("Connection", "keep-alive");
    ask(client, "GET", "/hello", "Connection: close\r\n");
    expect_header("Connection", "close");
    peer_expect_closed(client);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    enum { REQUESTS = 500 };
    static char bytes[REQUESTS * 64];
    size_t len = 0;
    for (int i = 0; i < REQUESTS; i++)
        len += (size_t)snprintf(bytes + len, sizeof(bytes) - len,
                                "GET /%s?%d HTTP/1.1\r\n" H "\r\n", i % 7 ? "hello" : "later", i);
    peer_send_n(client, bytes, len);
    for (int i = 0; i < REQUESTS; i++) {
        char wanted[16];
        (void)snprintf(wanted, sizeof(wanted), "%d", i);
        peer_read(client, &response);
        ck_assert_str_eq(response.body, i % 7 ? "hello" : wanted);
        response_free(&response);
    }
    ask(client, "GET", "/hello", "");
}
END_TEST

/* The second request must not hear of the first one's wish. */
START_TEST(nobody_is_gone_after_the_answer)
{
    ask(client, "GET", "/later?x", "");
    ask(client, "GET", "/hello", "");
    close(client);
    client = peer_dial(app.port);
    app_await("/counts", "gone=0 released=0 handled=1");
}
END_TEST

/* A close by RST: a FIN would wait behind what the server does not read. */
static void reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    close(fd);
}

START_TEST(a_client_that_leaves_is_noticed)
{
    peer_get(client, "/wait");
    close(client);
    app_await("/counts", "gone=1 released=0 handled=0");
    client = peer_dial(app.port);
    ask(client, "GET", "/go", "");
    ck_assert_int_eq(response.status, 404); /* nothing waits */
    peer_get(client, "/wait");
    reset(client);
    app_await("/counts", "gone=2 released=0 handled=0");
    client = peer_dial(app.port);
}
END_TEST

START_TEST(an_answer_to_nobody_is_harmless)
{
    peer_get(client, "/wait-blindly");
    close(client);
    client = peer_dial(app.port);
    ask(client, "GET", "/go", ""); /* answers both orders of events: gone, or still there */
    ck_assert_int_eq(response.status, 200);
    ask(client, "GET", "/hello", "");
}
END_TEST

static size_t resident_bytes(pid_t pid)
{
    char path[64];
    unsigned long pages = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%*u %lu", &pages), 1);
    (void)fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Sends until the server takes no more; what lies in its kernel's buffers is not its memory. */
static void flood(int fd)
{
    static char junk[1024 * 1024];
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    memset(junk, 'j', sizeof(junk));
    size_t total = 0;
    while (poll(&writable, 1, 300) > 0) {
        ssize_t n = send(fd, junk, sizeof(junk), MSG_DONTWAIT | MSG_NOSIGNAL);
        ck_assert_int_gt(n, 0);
        total += (size_t)n;
        ck_assert_uint_lt(total, 64 * sizeof(junk));
    }
}

START_TEST(a_client_that_only_sends_costs_nothing)
{
    static const char *const TARGETS[] = {"/wait", "/file"};
    ask(client, "GET", "/file", "");
    size_t before = resident_bytes(app.pid);
    int fd = peer_dial(app.port);
    peer_get(fd, TARGETS[_i]);
    flood(fd);
    ck_assert_uint_lt(resident_bytes(app.pid), before + 4 * 1024 * 1024);
    reset(fd);
    app_await("/counts", _i == 0 ? "gone=1 released=1 handled=0" : "gone=0 released=2 handled=0");
    if (_i == 0)
        app_expect_limit("unread_input", "1");
}
END_TEST

/* --- drain --- */

START_TEST(drain_ends_in_order)
{
    int idle = peer_dial(app.port), waiting = peer_dial(app.port), asking = peer_dial(app.port);
    ask(idle, "GET", "/hello", "");
    peer_get(waiting, "/wait");
    ask(asking, "GET", "/hello", "");
    peer_send(asking, "GET /go HTTP/1.1\r\n"); /* the header began before */
    ask(client, "GET", "/drain", "");
    expect_header("Connection", "close");
    peer_expect_closed(idle);
    peer_send(asking, H "\r\n");
    peer_expect_status(asking, 200);
    peer_expect_closed(asking);
    response_free(&response);
    peer_read(waiting, &response);
    expect_header("Connection", "close");
    ck_assert_str_eq(response.body, "gone on");
    peer_expect_closed(waiting);
    close(idle);
    close(waiting);
    close(asking);
    close(client);
    client = -1;
    app_expect_exit();
}
END_TEST

/* Who has connected before is answered, who comes later is refused at once. */
START_TEST(a_draining_server_does_not_listen)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)app.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int waiting = peer_dial(app.port), late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int status;
    peer_get(waiting, "/wait");
    ask(client, "GET", "/hello", "");
    kill(app.pid, SIGSTOP);
    ck_assert_int_eq(waitpid(app.pid, &status, WUNTRACED), app.pid);
    peer_get(client, "/drain"); /* which the server reads before it accepts the next one */
    int queued = peer_dial(app.port);
    peer_get(queued, "/hello");
    kill(app.pid, SIGCONT);
    peer_expect_status(client, 200);
    ck_assert_int_ne(connect(late, (const struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(errno, ECONNREFUSED);
    peer_expect_status(queued, 200);
    peer_expect_closed(queued);
    close(waiting);
    close(late);
    close(queued);
    close(client);
    client = -1;
    app_expect_exit();
}
END_TEST

START_TEST(an_idle_server_drains)
{
    ask(client, "GET", "/drain", "");
    peer_expect_closed(client);
    close(client);
    client = -1;
    app_expect_exit();
}
END_TEST

/* --- listening --- */

static enum ms_status try_listen(const char *address, int *out_fd, char *out_address)
{
    struct ms_error err;
    return ms_listen(out_fd, out_address, address, true, &err);
}

START_TEST(addresses)
{
    static const char *const BAD[] = {
        "",      "8088",         ":",     ":x",       ":70000",   "host:80", "::1:80",
        "[::1]", "1.2.3.4.5:80", "unix:", "unix:rel", "[::1]x:80"};
    char address[MS_LISTEN_ADDRESS_MAX], again[MS_LISTEN_ADDRESS_MAX];
    int fd = -1, other = -1, value = 0;
    socklen_t len = sizeof(value);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        ck_assert_msg(try_listen(BAD[i], &fd, address) == MS_INVALID ||
                          try_listen(BAD[i], &fd, address) == MS_IO,
                      "%s", BAD[i]);
    ck_assert_int_eq(try_listen(":0", &fd, address), MS_OK);
    ck_assert(strstr(address, "[::]:") == address || strstr(address, "0.0.0.0:") == address);
    close(fd);
    ck_assert_int_eq(try_listen("127.0.0.1:0", &fd, address), MS_OK);
    ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, &len), 0);
    ck_assert_int_eq(value, 1);
    struct tcp_info info;
    len = sizeof(info);
    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    ck_assert_uint_ge(info.tcpi_sacked, 1024); /* of a listener: its backlog, cut by somaxconn */
    ck_assert_int_eq(try_listen(address, &other, again), MS_OK);
    ck_assert_str_eq(address, again);
    close(other);
    struct ms_error err;
    ck_assert_int_eq(ms_listen(&other, again, address, false, &err), MS_CONFLICT);
    close(fd);
}
END_TEST

START_TEST(unix_sockets)
{
    char path[64], address[80], bound[MS_LISTEN_ADDRESS_MAX];
    (void)snprintf(path, sizeof(path), "/tmp/ms-test-%d.sock", (int)getpid());
    (void)snprintf(address, sizeof(address), "unix:%s", path);
    int fd = -1, other = -1;
    ck_assert_int_eq(try_listen(address, &fd, bound), MS_OK);
    ck_assert_str_eq(bound, address);
    ck_assert_int_eq(try_listen(address, &other, bound), MS_CONFLICT); /* it lives */
    close(fd);
    ck_assert_int_eq(try_listen(address, &fd, bound), MS_OK); /* it was dead */
    close(fd);
    ck_assert_int_eq(unlink(path), 0);
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ck_assert_int_eq(try_listen(address, &fd, bound), MS_CONFLICT); /* not ours to remove */
    close(file);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(servers_need_their_limits)
{
    struct ms_http_limits limits;
    app_limits(&limits);
    limits.idle_timeout_ms = 0;
    (void)ms_http_server_new(ms_loop_new(), &limits, app_handle, NULL);
}
END_TEST

/* Answers larger than a segment would otherwise wait for an acknowledgement. */
START_TEST(nagle_is_off)
{
    char address[MS_LISTEN_ADDRESS_MAX];
    struct ms_http_limits limits;
    int fd = -1, value = 0;
    socklen_t len = sizeof(value);
    app_limits(&limits);
    ck_assert_int_eq(try_listen("127.0.0.1:0", &fd, address), MS_OK);
    struct ms_loop *loop = ms_loop_new();
    struct ms_http_server *server = ms_http_server_new(loop, &limits, app_handle, NULL);
    ms_http_server_add_listener(server, fd);
    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
    ck_assert_int_eq(value, 1); /* and what it accepts inherits it */
    ms_http_server_free(server);
    ms_loop_free(loop);
}
END_TEST

/* --- counting --- */

START_TEST(requests_are_counted)
{
    ask(client, "GET", "/hello", "");
    ask(client, "GET", "/entity/9", "");
    ask(client, "GET", "/entity/9", "If-None-Match: *\r\n");
    ask(client, "DELETE", "/hello", "");
    ask(client, "GET", "/nowhere", "");
    app_await("/requests/hello/200", "1");
    app_await("/requests/hello/405", "1");
    app_await("/requests/entity/200", "1");
    app_await("/requests/entity/304", "1");
    app_await("/requests/other/404", "1");
    app_await("/requests/echo/200", "0");
}
END_TEST

/* --- the access log --- */

START_TEST(requests_are_logged)
{
    char path[64], line[1024] = "";
    (void)snprintf(path, sizeof(path), "/tmp/ms-test-%d.log", (int)getpid());
    struct ms_http_limits limits;
    app_limits(&limits);
    app_start_with(&limits, path, 0);
    int fd = peer_dial(app.port);
    ask(fd, "GET", "/hello?a=%22", "User-Agent: \"me\"\r\n");
    close(fd);
    app_end();
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (strstr(line, "msg=request") == NULL)
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
    (void)fclose(file);
    ck_assert_int_eq(unlink(path), 0);
    static const char *const PARTS[] = {
        "peer=127.0.0.1:", "method=GET",         "target=", "status=200", "sent_bytes=5",
        "route=hello",     "user_agent=\"\\\"me"};
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++)
        ck_assert_msg(strstr(line, PARTS[i]) != NULL, "%s not in %s", PARTS[i], line);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *answers = tcase_create("answers");
    tcase_add_checked_fixture(answers, start, end);
    tcase_add_test(answers, every_answer_has_its_headers);
    tcase_add_test(answers, head_has_a_length_and_no_body);
    tcase_add_test(answers, validators_are_understood);
    tcase_add_test(answers, gzip_is_a_variant_of_its_own);
    tcase_add_test(answers, errors_have_their_form);
    tcase_add_test(answers, a_head_that_grew_too_large_is_a_500);
    tcase_add_test(answers, large_answers_leave_at_once);
    tcase_add_test(answers, files_are_sent_whole);
    tcase_add_test(answers, a_file_that_ends_early_is_a_cut_and_no_end);
    TCase *order = tcase_create("order");
    tcase_set_timeout(order, 20);
    tcase_add_checked_fixture(order, start, end);
    tcase_add_test(order, old_clients_get_a_length_and_a_close);
    tcase_add_test(order, pipelined_requests_are_answered_in_order);
    tcase_add_test(order, nobody_is_gone_after_the_answer);
    tcase_add_test(order, a_client_that_leaves_is_noticed);
    tcase_add_test(order, an_answer_to_nobody_is_harmless);
    tcase_add_loop_test(order, a_client_that_only_sends_costs_nothing, 0, 2);
    tcase_add_test(order, requests_are_counted);
    tcase_add_test(order, drain_ends_in_order);
    tcase_add_test(order, a_draining_server_does_not_listen);
    tcase_add_test(order, an_idle_server_drains);
    TCase *rest = tcase_create("rest");
    tcase_add_test(rest, addresses);
    tcase_add_test(rest, unix_sockets);
    tcase_add_test(rest, nagle_is_off);
    tcase_add_test_raise_signal(rest, servers_need_their_limits, SIGABRT);
    tcase_add_test(rest, requests_are_logged);
    Suite *suite = suite_create("http_answers");
    suite_add_tcase(suite, answers);
    suite_add_tcase(suite, order);
    suite_add_tcase(suite, rest);
    return suite;
}
