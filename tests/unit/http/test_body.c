/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of bodies: lengths, chunks, and what breaks them. */
#include "common/base/buf.h"
#include "common/http/body.h"
#include "tests/support/check_main.h"

#include <string.h>

/* Feeds `bytes` in pieces of `step`; returns how it ended, the data and what was left over. */
static enum ms_http_body_found decode(struct ms_buf *data, size_t *out_left,
                                      struct ms_http_body *body, const char *bytes, size_t step)
{
    size_t len = strlen(bytes);
    enum ms_http_body_found found = MS_HTTP_BODY_NEEDS_MORE;
    for (size_t at = 0; at < len && found == MS_HTTP_BODY_NEEDS_MORE; at += step) {
        struct ms_str in = ms_str_n(bytes + at, len - at < step ? len - at : step);
        struct ms_str piece;
        while ((found = ms_http_body_next(&piece, body, &in)) == MS_HTTP_BODY_PIECE) {
            ck_assert_uint_gt(piece.len, 0);
            ms_buf_append(data, piece);
        }
        *out_left = in.len + (len - at < step ? 0 : len - at - step);
    }
    return found;
}

START_TEST(a_length_is_kept)
{
    struct ms_buf data;
    ms_buf_init(&data, 100);
    struct ms_http_body body;
    size_t left = 0;
    ms_http_body_begin(&body, false, 5);
    ck_assert_int_eq(decode(&data, &left, &body, "helloGET", 100), MS_HTTP_BODY_END);
    ck_assert(ms_str_equal(ms_buf_view(&data), MS_STR("hello")));
    ck_assert_uint_eq(left, 3);
    ms_buf_free(&data);

    struct ms_str nothing = MS_STR(""), piece;
    ms_http_body_begin(&body, false, 0);
    ck_assert_int_eq(ms_http_body_next(&piece, &body, &nothing), MS_HTTP_BODY_END);
}
END_TEST

static const struct {
    enum ms_http_body_found found;
    const char *bytes;
    const char *data;
} CHUNKS[] = {
    {MS_HTTP_BODY_END, "5\r\nhello\r\n0\r\n\r\n", "hello"},
    {MS_HTTP_BODY_END, "5;a=b\r\nhello\r\n6\r\n world\r\n0;x\r\n\r\n", "hello world"},
    {MS_HTTP_BODY_END, "00a\r\n0123456789\r\n000\r\n\r\n", "0123456789"},
    {MS_HTTP_BODY_END, "A\r\n0123456789\r\n0\r\nTrailer: x\r\nB: y\r\n\r\n", "0123456789"},
    {MS_HTTP_BODY_NEEDS_MORE, "5\r\nhel", "hel"},
    {MS_HTTP_BODY_NEEDS_MORE, "5\r\nhello\r\n0\r\n", "hello"},
    {MS_HTTP_BODY_MALFORMED, "\r\n", ""},
    {MS_HTTP_BODY_MALFORMED, "x\r\n", ""},
    {MS_HTTP_BODY_MALFORMED, "+5\r\nhello", ""},
    {MS_HTTP_BODY_MALFORMED, " 5\r\nhello", ""},
    {MS_HTTP_BODY_MALFORMED, "5 \r\nhello", ""},
    {MS_HTTP_BODY_MALFORMED, "0x5\r\nhello", ""},
    {MS_HTTP_BODY_MALFORMED, "5\nhello", ""},
    {MS_HTTP_BODY_MALFORMED, "5\r\nhelloX", "hello"},
    {MS_HTTP_BODY_MALFORMED, "5\r\nhello\n", "hello"},
    {MS_HTTP_BODY_MALFORMED, "5\r\nhello\r\n0\r\n\n", "hello"},
    {MS_HTTP_BODY_MALFORMED, "5\r\nhello\r\n0\r\n folded\r\n\r\n", "hello"},
    {MS_HTTP_BODY_MALFORMED, "5\r\nhello\r\n0\r\nA: \x01\r\n\r\n", "hello"},
    {MS_HTTP_BODY_MALFORMED, "5;a\nb\r\nhello", ""},
    {MS_HTTP_BODY_MALFORMED, "-1\r\n", ""},
    {MS_HTTP_BODY_MALFORMED, "ffffffffffffffff\r\n", ""},
};

START_TEST(chunks)
{
    for (size_t step = 1; step < 70; step += 3) {
        struct ms_buf data;
        ms_buf_init(&data, 100);
        struct ms_http_body body;
        size_t left = 0;
        ms_http_body_begin(&body, true, 0);
        ck_assert_msg(decode(&data, &left, &body, CHUNKS[_i].bytes, step) == CHUNKS[_i].found, "%s",
                      CHUNKS[_i].bytes);
        ck_assert(ms_str_equal(ms_buf_view(&data), ms_str(CHUNKS[_i].data)));
        ms_buf_free(&data);
    }
}
END_TEST

START_TEST(lines_have_limits)
{
    static char bytes[MS_HTTP_TRAILER_MAX * 2];
    memset(bytes, 'a', sizeof(bytes));
    struct ms_http_body body;
    struct ms_str piece, extension = ms_str_n(bytes, sizeof(bytes)), zero = MS_STR("0\r\n");
    bytes[0] = '1';
    bytes[1] = ';';
    ms_http_body_begin(&body, true, 0);
    ck_assert_int_eq(ms_http_body_next(&piece, &body, &extension), MS_HTTP_BODY_TOO_LONG);
    struct ms_str trailers = ms_str_n(bytes + 2, sizeof(bytes) - 2);
    ms_http_body_begin(&body, true, 0);
    ck_assert_int_eq(ms_http_body_next(&piece, &body, &zero), MS_HTTP_BODY_NEEDS_MORE);
    ck_assert_int_eq(ms_http_body_next(&piece, &body, &trailers), MS_HTTP_BODY_TOO_LONG);

    /* Many zeros are a long line as well. */
    memset(bytes, '0', sizeof(bytes));
    struct ms_str zeros = ms_str_n(bytes, sizeof(bytes));
    ms_http_body_begin(&body, true, 0);
    ck_assert_int_eq(ms_http_body_next(&piece, &body, &zeros), MS_HTTP_BODY_TOO_LONG);
}
END_TEST

START_TEST(many_chunks_are_no_long_line)
{
    struct ms_http_body body;
    ms_http_body_begin(&body, true, 0);
    size_t total = 0;
    for (int i = 0; i < 10000; i++) {
        struct ms_str in = MS_STR("1\r\nx\r\n"), piece;
        ck_assert_int_eq(ms_http_body_next(&piece, &body, &in), MS_HTTP_BODY_PIECE);
        total += piece.len;
        ck_assert_int_eq(ms_http_body_next(&piece, &body, &in), MS_HTTP_BODY_NEEDS_MORE);
    }
    ck_assert_uint_eq(total, 10000);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *body = tcase_create("body");
    tcase_add_test(body, a_length_is_kept);
    tcase_add_loop_test(body, chunks, 0, sizeof(CHUNKS) / sizeof(CHUNKS[0]));
    tcase_add_test(body, lines_have_limits);
    tcase_add_test(body, many_chunks_are_no_long_line);
    Suite *suite = suite_create("http_body");
    suite_add_tcase(suite, body);
    return suite;
}
