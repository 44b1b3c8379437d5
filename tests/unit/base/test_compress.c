/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/compress.c: what zlib reads back, whole and in pieces, and the limit of the buffer.
 */
#include "common/base/compress.h"
#include "tests/support/check_main.h"

#include <string.h>

#include <zlib.h>

enum { SIZE = 300000 };

static char plain[SIZE];
static char back[SIZE + 1];

static void fill_plain(void)
{
    uint32_t state = 1;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1664525 + 1013904223;
        plain[i] = (char)(i % 1000 < 500 ? state >> 24 : 'a'); /* half noise, half runs */
    }
}

static void assert_unpacks(struct ms_str packed, struct ms_str expected)
{
    static char input[2 * SIZE];
    ck_assert_uint_le(packed.len, sizeof(input));
    memcpy(input, packed.ptr, packed.len);
    z_stream stream = {.next_in = (Bytef *)input,
                       .avail_in = (uInt)packed.len,
                       .next_out = (Bytef *)back,
                       .avail_out = sizeof(back)};
    ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
    ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
    ck_assert_uint_eq(stream.avail_in, 0);
    ck_assert_uint_eq(stream.total_out, expected.len);
    ck_assert(memcmp(back, expected.ptr, expected.len) == 0);
    inflateEnd(&stream);
}

START_TEST(packs_bodies)
{
    static const size_t SIZES[] = {0, 1, 1024, 16384, SIZE};
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        struct ms_doc *doc = NULL;
        ck_assert_int_eq(ms_compress_gzip(&doc, ms_str_n(plain, SIZES[i])), MS_OK);
        assert_unpacks(ms_doc_view(doc), ms_str_n(plain, SIZES[i]));
        ms_doc_unref(doc);
    }
}
END_TEST

START_TEST(is_the_same_every_time)
{
    struct ms_doc *first;
    struct ms_doc *second;
    ck_assert_int_eq(ms_compress_gzip(&first, MS_STR("body")), MS_OK);
    ck_assert_int_eq(ms_compress_gzip(&second, MS_STR("body")), MS_OK);
    ck_assert(ms_str_equal(ms_doc_view(first), ms_doc_view(second)));
    /* RFC 1952: the time is in bytes 4 to 7, the flags (name, comment) in byte 3. */
    ck_assert_mem_eq(ms_doc_view(first).ptr, "\x1f\x8b\x08\0\0\0\0\0", 8);
    ms_doc_unref(first);
    ms_doc_unref(second);
}
END_TEST

START_TEST(packs_piece_by_piece)
{
    struct ms_str rest = ms_str_n(plain, SIZE);
    struct ms_buf out;
    ms_buf_init(&out, 2 * SIZE);
    struct ms_gzip *gzip = ms_gzip_new();
    for (size_t piece = 0; rest.len > 0; piece += 113) {
        ck_assert_int_eq(ms_gzip_write(gzip, &out, ms_str_slice(rest, 0, piece), false), MS_OK);
        rest = ms_str_skip(rest, piece);
    }
    ck_assert_int_eq(ms_gzip_write(gzip, &out, MS_STR_ABSENT, true), MS_OK);
    assert_unpacks(ms_buf_view(&out), ms_str_n(plain, SIZE));
    ms_gzip_free(gzip);
    ms_buf_free(&out);
}
END_TEST

START_TEST(tells_when_the_buffer_is_full)
{
    struct ms_buf out;
    ms_buf_init(&out, 1000);
    struct ms_gzip *gzip = ms_gzip_new();
    ck_assert_int_eq(ms_gzip_write(gzip, &out, ms_str_n(plain, SIZE), true), MS_TOO_LARGE);
    ck_assert_uint_le(out.len, 1000);
    ms_gzip_free(gzip);
    ms_buf_free(&out);
}
END_TEST

START_TEST(is_given_up_without_an_end)
{
    struct ms_buf out;
    ms_buf_init(&out, 1000);
    struct ms_gzip *gzip = ms_gzip_new();
    ck_assert_int_eq(ms_gzip_write(gzip, &out, MS_STR("abc"), false), MS_OK);
    ms_gzip_free(gzip);
    ms_gzip_free(NULL);
    ms_buf_free(&out);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("compress");
    tcase_add_checked_fixture(tests, fill_plain, NULL);
    tcase_add_test(tests, packs_bodies);
    tcase_add_test(tests, is_the_same_every_time);
    tcase_add_test(tests, packs_piece_by_piece);
    tcase_add_test(tests, tells_when_the_buffer_is_full);
    tcase_add_test(tests, is_given_up_without_an_end);
    Suite *suite = suite_create("compress");
    suite_add_tcase(suite, tests);
    return suite;
}
