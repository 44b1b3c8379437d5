/* SPDX-License-Identifier: Apache-2.0 */
/* The head parser: what is understood, and the list of what must be refused. */
#include "common/http/head.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

#define HOST "Host: h\r\n"

static struct ms_http_fault parse(struct ms_http_head *head, const char *bytes)
{
    size_t len = 0, scanned = 0;
    ck_assert_int_eq(ms_http_head_find(&len, &scanned, ms_str(bytes)), MS_HTTP_HEAD_WHOLE);
    ck_assert_uint_eq(len, strlen(bytes));
    return ms_http_head_parse(head, ms_str(bytes), 64);
}

START_TEST(a_head_is_found_however_it_arrives)
{
    static const char BYTES[] = "GET / HTTP/1.1\r\n" HOST "\r\nrest";
    size_t whole = strlen(BYTES) - 4;
    size_t scanned = 0, len = 0;
    for (size_t n = 0; n < whole; n++)
        ck_assert_int_eq(ms_http_head_find(&len, &scanned, ms_str_n(BYTES, n)),
                         MS_HTTP_HEAD_NEEDS_MORE);
    ck_assert_int_eq(ms_http_head_find(&len, &scanned, ms_str(BYTES)), MS_HTTP_HEAD_WHOLE);
    ck_assert_uint_eq(len, whole);
}
END_TEST

START_TEST(bare_line_feeds_are_refused_at_once)
{
    size_t scanned = 0, len = 0;
    ck_assert_int_eq(ms_http_head_find(&len, &scanned, MS_STR("GET / HTTP/1.1\n")),
                     MS_HTTP_HEAD_MALFORMED);
    scanned = 0;
    ck_assert_int_eq(ms_http_head_find(&len, &scanned, MS_STR("\n")), MS_HTTP_HEAD_MALFORMED);
    scanned = 0;
    ck_assert_int_eq(ms_http_head_find(&len, &scanned, MS_STR("GET / HTTP/1.1\r\nHost: h\n\r\n")),
                     MS_HTTP_HEAD_MALFORMED);
}
END_TEST

START_TEST(a_plain_request)
{
    struct ms_http_head head;
    ck_assert_int_eq(
        parse(&head, "GET /a?b=%20 HTTP/1.1\r\nHost: h:80\r\nX:\t y z \r\n\r\n").status, 0);
    ck_assert_int_eq(head.method, MS_HTTP_GET);
    ck_assert(ms_str_equal(head.target, MS_STR("/a?b=%20")));
    ck_assert(head.keep_alive && !head.is_http_1_0 && !head.is_chunked);
    ck_assert_uint_eq(head.n_fields, 2);
    ck_assert(ms_str_equal(head.fields[1].name, MS_STR("X")));
    ck_assert(ms_str_equal(head.fields[1].value, MS_STR("y z")));
}
END_TEST

static void expect_target(const char *line, const char *target)
{
    struct ms_http_head head;
    char bytes[128];
    (void)snprintf(bytes, sizeof(bytes), "%s HTTP/1.1\r\n" HOST "\r\n", line);
    ck_assert_int_eq(parse(&head, bytes).status, 0);
    ck_assert_msg(ms_str_equal(head.target, ms_str(target)), "%s: %.*s", line, (int)head.target.len,
                  head.target.ptr);
    ck_assert(head.target.ptr >= bytes && head.target.ptr < bytes + sizeof(bytes));
}

START_TEST(an_absolute_form_is_its_path)
{
    expect_target("GET http://h/a?b", "/a?b");
    expect_target("GET HTTPS://other:8088/a/b", "/a/b");
    expect_target("GET http://[::1]:80/", "/");
    expect_target("GET http://h", "/");
    expect_target("OPTIONS *", "*");
}
END_TEST

START_TEST(framing_is_read)
{
    struct ms_http_head head;
    ck_assert_int_eq(parse(&head, "POST / HTTP/1.1\r\n" HOST "content-length: 12\r\n\r\n").status,
                     0);
    ck_assert_uint_eq(head.content_length, 12);
    ck_assert_int_eq(
        parse(&head, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n").status, 0);
    ck_assert(head.is_chunked);
    ck_assert_int_eq(parse(&head, "POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n").status,
                     0);
    ck_assert(head.expects_continue);
    ck_assert_int_eq(parse(&head, "GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n").status, 0);
    ck_assert_int_eq(parse(&head, "BREW / HTTP/1.1\r\n" HOST "\r\n").status, 0);
    ck_assert_int_eq(head.method, MS_HTTP_OTHER);
    ck_assert_int_eq(parse(&head, "get / HTTP/1.1\r\n" HOST "\r\n").status, 0);
    ck_assert_int_eq(head.method, MS_HTTP_OTHER);
}
END_TEST

START_TEST(connections_are_kept_or_closed)
{
    struct ms_http_head head;
    ck_assert_int_eq(parse(&head, "GET / HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n").status,
                     0);
    ck_assert(!head.keep_alive);
    ck_assert_int_eq(parse(&head, "GET / HTTP/1.0\r\n\r\n").status, 0);
    ck_assert(!head.keep_alive && head.is_http_1_0);
    ck_assert_int_eq(parse(&head, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").status, 0);
    ck_assert(head.keep_alive);
}
END_TEST

START_TEST(repeated_lists_are_noticed)
{
    struct ms_http_head head;
    const char *twice =
        "GET / HTTP/1.1\r\n" HOST "If-None-Match: \"a\"\r\nif-none-match: \"b\"\r\n\r\n";
    ck_assert_int_eq(parse(&head, twice).status, 0);
    ck_assert(head.has_split_lists);
    twice = "GET / HTTP/1.1\r\n" HOST "X-Forwarded-For: a\r\nX-Forwarded-For: b\r\n\r\n";
    ck_assert_int_eq(parse(&head, twice).status, 0);
    ck_assert(head.has_split_lists);
}
END_TEST

static const struct {
    int status;
    const char *bytes;
} REFUSED[] = {
    {400, "\r\n\r\n"},
    {400, "GET\r\n\r\n"},
    {400, "GET /\r\n\r\n"},
    {400, "GET / \r\n\r\n"},
    {400, "GET  / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /  HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET / HTTP/1.1 \r\n" HOST "\r\n"},
    {400, " GET / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET / http/1.1\r\n" HOST "\r\n"},
    {400, "GET / HTTP/1.11\r\n" HOST "\r\n"},
    {400, "GET / HTTP/1\r\n" HOST "\r\n"},
    {400, "GET\t/\tHTTP/1.1\r\n" HOST "\r\n"},
    {400, "G(T / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n" HOST "\r\n"},
    {505, "GET / HTTP/2.0\r\n" HOST "\r\n"},
    {505, "PRI * HTTP/2.0\r\n\r\n"},
    {505, "GET / HTTP/0.9\r\n\r\n"},
    {400, "GET http:///x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET http://u@h/ HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET http://h?x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET http://h//x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET http:/h/x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET ftp://h/ HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET http://h/ HTTP/1.1\r\n\r\n"},
    {400, "GET //h/x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET * HTTP/1.1\r\n" HOST "\r\n"},
    {400, "OPTIONS ** HTTP/1.1\r\n" HOST "\r\n"},
    {400, "CONNECT h:80 HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a\x01 HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a\x7f HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a\rb HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /#x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /\xff HTTP/1.1\r\n" HOST "\r\n"},
    {414, "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n" HOST
          "\r\n"},
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {400, "GET / HTTP/1.0\r\n" HOST HOST "\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "\tfolded\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "Bad Name: x\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "Bad : x\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "nocolon\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "X: a\r\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3 3\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551616\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400,
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"},
    {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n"},
    {400, "HEAD / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"},
    {417, "POST / HTTP/1.1\r\n" HOST "Expect: cake\r\n\r\n"},
};

START_TEST(refused)
{
    struct ms_http_head head;
    struct ms_http_fault fault = ms_http_head_parse(&head, ms_str(REFUSED[_i].bytes), 64);
    ck_assert_msg(fault.status == REFUSED[_i].status, "%d instead of %d: %s", fault.status,
                  REFUSED[_i].status, REFUSED[_i].bytes);
    ck_assert_ptr_nonnull(fault.detail);
}
END_TEST

START_TEST(a_path_is_read_from_what_is_refused)
{
    static const struct {
        const char *input;
        const char *path;
    } CASES[] = {
        {"GET /v2/x?y=1 HTTP/1.1\r\n", "/v2/x"},
        {"GET /v2/x", "/v2/x"},
        {"? /v2/%00 x y\n", "/v2/%00"},
        {"GET /v2/", "/v2/"},
        {"GET\n/v2/ ", ""},
        {"GET v2/ HTTP/1.1\r\n", ""},
        {"GET", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct ms_str path = ms_http_head_path(ms_str(CASES[i].input));
        ck_assert_msg(ms_str_equal(path, ms_str(CASES[i].path)), "%s", CASES[i].input);
    }
}
END_TEST

START_TEST(nul_bytes_are_refused)
{
    struct ms_http_head head;
    struct ms_str in_target = MS_STR("GET /a\0b HTTP/1.1\r\n" HOST "\r\n");
    struct ms_str in_value = MS_STR("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n");
    struct ms_str in_name = MS_STR("GET / HTTP/1.1\r\n" HOST "X\0: a\r\n\r\n");
    ck_assert_int_eq(ms_http_head_parse(&head, in_target, 64).status, 400);
    ck_assert_int_eq(ms_http_head_parse(&head, in_value, 64).status, 400);
    ck_assert_int_eq(ms_http_head_parse(&head, in_name, 64).status, 400);
}
END_TEST

START_TEST(lines_are_counted)
{
    struct ms_buf bytes;
    ms_buf_init(&bytes, 4096);
    ms_buf_append_c(&bytes, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 1; i < MS_HTTP_FIELDS_MAX; i++)
        ms_buf_append_c(&bytes, "a: b\r\n");
    struct ms_buf more;
    ms_buf_init(&more, 4096);
    ms_buf_append(&more, ms_buf_view(&bytes));
    ms_buf_append_c(&bytes, "\r\n");
    ms_buf_append_c(&more, "a: b\r\n\r\n");
    struct ms_http_head head;
    ck_assert_int_eq(ms_http_head_parse(&head, ms_buf_view(&bytes), 64).status, 0);
    struct ms_http_fault fault = ms_http_head_parse(&head, ms_buf_view(&more), 64);
    ck_assert_int_eq(fault.status, 431);
    ck_assert_int_eq(fault.limit, MS_LIMIT_HEADERS);
    ms_buf_free(&bytes);
    ms_buf_free(&more);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *head = tcase_create("head");
    tcase_add_test(head, a_head_is_found_however_it_arrives);
    tcase_add_test(head, bare_line_feeds_are_refused_at_once);
    tcase_add_test(head, a_plain_request);
    tcase_add_test(head, an_absolute_form_is_its_path);
    tcase_add_test(head, framing_is_read);
    tcase_add_test(head, connections_are_kept_or_closed);
    tcase_add_test(head, repeated_lists_are_noticed);
    tcase_add_loop_test(head, refused, 0, sizeof(REFUSED) / sizeof(REFUSED[0]));
    tcase_add_test(head, a_path_is_read_from_what_is_refused);
    tcase_add_test(head, nul_bytes_are_refused);
    tcase_add_test(head, lines_are_counted);
    Suite *suite = suite_create("http_head");
    suite_add_tcase(suite, head);
    return suite;
}
