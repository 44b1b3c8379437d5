/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/buf.c: growth up to the maximum, and what happens at it. */
#include "common/base/buf.h"
#include "tests/support/check_main.h"

#include <string.h>

static struct ms_buf buf;

static void free_buf(void)
{
    ms_buf_free(&buf);
}

START_TEST(appends_everything_it_can)
{
    ms_buf_init(&buf, 1000);
    ck_assert_ptr_null(buf.data);
    ms_buf_append(&buf, MS_STR("view "));
    ms_buf_append_c(&buf, "text ");
    ms_buf_append_char(&buf, 'c');
    ms_buf_append_u64(&buf, UINT64_MAX);
    ms_buf_append_char(&buf, ' ');
    ms_buf_append_u64(&buf, 0);
    ms_buf_append_i64(&buf, INT64_MIN);
    ms_buf_printf(&buf, " %s-%03d ", "f", 7);
    ms_buf_append_hex(&buf, (const uint8_t[]){0x00, 0xaf, 0x1f}, 3);
    ck_assert_str_eq(buf.data,
                     "view text c18446744073709551615 0-9223372036854775808 f-007 00af1f");
    ck_assert_uint_eq(buf.len, strlen(buf.data));
    ck_assert_int_eq(ms_buf_status(&buf), MS_OK);
}
END_TEST

START_TEST(views_are_never_absent)
{
    ms_buf_init(&buf, 10);
    ck_assert(!ms_str_is_absent(ms_buf_view(&buf)));
    ck_assert_uint_eq(ms_buf_view(&buf).len, 0);
    ms_buf_append(&buf, MS_STR_ABSENT);
    ck_assert(ms_str_equal(ms_buf_view(&buf), MS_STR("")));
    ck_assert_int_eq(ms_buf_status(&buf), MS_OK);
}
END_TEST

START_TEST(takes_exactly_its_maximum)
{
    ms_buf_init(&buf, 5);
    ms_buf_append_c(&buf, "12345");
    ck_assert_int_eq(ms_buf_status(&buf), MS_OK);
    ck_assert_uint_le(buf.capacity, 6);
    ms_buf_append_c(&buf, "");
    ck_assert_int_eq(ms_buf_status(&buf), MS_OK);
    ms_buf_append_char(&buf, '6');
    ck_assert_int_eq(ms_buf_status(&buf), MS_TOO_LARGE);
    ck_assert_str_eq(buf.data, "12345");
}
END_TEST

START_TEST(appends_nothing_after_an_overflow)
{
    ms_buf_init(&buf, 5);
    ms_buf_append_c(&buf, "123");
    ms_buf_append_c(&buf, "456");
    ms_buf_append_char(&buf, '4');
    ms_buf_printf(&buf, "%d", 4);
    ms_buf_append_u64(&buf, 4);
    ms_buf_append_hex(&buf, (const uint8_t[]){4}, 1);
    ck_assert_str_eq(buf.data, "123");
    ck_assert_int_eq(ms_buf_status(&buf), MS_TOO_LARGE);
}
END_TEST

START_TEST(appends_whole_pieces_or_nothing)
{
    ms_buf_init(&buf, 5);
    ms_buf_append_c(&buf, "1234");
    ms_buf_printf(&buf, "%d", 56);
    ck_assert_str_eq(buf.data, "1234");
    ms_buf_clear(&buf);
    ms_buf_append_hex(&buf, (const uint8_t[]){1, 2, 3}, 3);
    ck_assert_uint_eq(buf.len, 0);
    ms_buf_clear(&buf);
    ms_buf_append_i64(&buf, -12345);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_int_eq(ms_buf_status(&buf), MS_TOO_LARGE);
}
END_TEST

START_TEST(refuses_absurd_sizes)
{
    ms_buf_init(&buf, SIZE_MAX);
    ms_buf_append_hex(&buf, (const uint8_t[]){1}, SIZE_MAX / 2 + 1);
    ck_assert_int_eq(ms_buf_status(&buf), MS_TOO_LARGE);
}
END_TEST

START_TEST(clear_forgets_the_overflow_and_keeps_the_memory)
{
    ms_buf_init(&buf, 3);
    ms_buf_append_c(&buf, "abc");
    ms_buf_append_c(&buf, "d");
    const char *memory = buf.data;
    ms_buf_clear(&buf);
    ck_assert_str_eq(buf.data, "");
    ms_buf_append_c(&buf, "xyz");
    ck_assert_ptr_eq(buf.data, memory);
    ck_assert_int_eq(ms_buf_status(&buf), MS_OK);
    ck_assert_str_eq(buf.data, "xyz");
}
END_TEST

START_TEST(is_usable_after_free)
{
    ms_buf_init(&buf, 3);
    ms_buf_append_c(&buf, "abcd");
    ms_buf_free(&buf);
    ck_assert_ptr_null(buf.data);
    ms_buf_append_c(&buf, "abc");
    ck_assert_str_eq(buf.data, "abc");
}
END_TEST

START_TEST(hands_over_its_bytes)
{
    ms_buf_init(&buf, 100);
    ms_buf_append(&buf, MS_STR("a\0b"));
    size_t len = 99;
    char *bytes = ms_buf_take(&buf, &len);
    ck_assert_uint_eq(len, 3);
    ck_assert_mem_eq(bytes, "a\0b", 4);
    free(bytes);
    ck_assert_ptr_null(buf.data);
    bytes = ms_buf_take(&buf, &len);
    ck_assert_uint_eq(len, 0);
    ck_assert_str_eq(bytes, "");
    free(bytes);
}
END_TEST

START_TEST(grows_to_large_sizes)
{
    ms_buf_init(&buf, 1 << 20);
    bool sound = true;
    for (int i = 0; i < 1 << 20; i++) {
        ms_buf_append_char(&buf, (char)('a' + i % 26));
        sound = sound && buf.len < buf.capacity && buf.data[buf.len] == '\0';
    }
    ck_assert(sound);
    ck_assert_int_eq(ms_buf_status(&buf), MS_OK);
    ck_assert_uint_le(buf.capacity, (1 << 20) + 1);
    for (int i = 0; i < 1 << 20; i++)
        sound = sound && buf.data[i] == 'a' + i % 26;
    ck_assert(sound);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("buf");
    tcase_add_checked_fixture(tests, NULL, free_buf);
    tcase_add_test(tests, appends_everything_it_can);
    tcase_add_test(tests, views_are_never_absent);
    tcase_add_test(tests, takes_exactly_its_maximum);
    tcase_add_test(tests, appends_nothing_after_an_overflow);
    tcase_add_test(tests, appends_whole_pieces_or_nothing);
    tcase_add_test(tests, refuses_absurd_sizes);
    tcase_add_test(tests, clear_forgets_the_overflow_and_keeps_the_memory);
    tcase_add_test(tests, is_usable_after_free);
    tcase_add_test(tests, hands_over_its_bytes);
    tcase_add_test(tests, grows_to_large_sizes);
    Suite *suite = suite_create("buf");
    suite_add_tcase(suite, tests);
    return suite;
}
