/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/doc.c: who owns the bytes, and when they go (AddressSanitizer is the judge of that).
 */
#include "common/base/doc.h"
#include "tests/support/check_main.h"

START_TEST(copies)
{
    char source[] = "abc";
    struct ms_doc *doc = ms_doc_copy(ms_str(source));
    source[0] = 'x';
    ck_assert(ms_str_equal(ms_doc_view(doc), MS_STR("abc")));
    ms_doc_unref(doc);
}
END_TEST

START_TEST(is_empty_but_never_absent)
{
    struct ms_doc *copy = ms_doc_copy(MS_STR_ABSENT);
    struct ms_doc *borrowed = ms_doc_static(MS_STR_ABSENT);
    struct ms_buf buf;
    ms_buf_init(&buf, 10);
    struct ms_doc *taken = ms_doc_take(&buf);
    ck_assert(!ms_str_is_absent(ms_doc_view(copy)));
    ck_assert(!ms_str_is_absent(ms_doc_view(borrowed)));
    ck_assert(!ms_str_is_absent(ms_doc_view(taken)));
    ms_doc_unref(copy);
    ms_doc_unref(borrowed);
    ms_doc_unref(taken);
}
END_TEST

START_TEST(takes_the_bytes_of_a_buffer)
{
    struct ms_buf buf;
    ms_buf_init(&buf, 10);
    ms_buf_append_c(&buf, "abc");
    const char *bytes = buf.data;
    struct ms_doc *doc = ms_doc_take(&buf);
    ck_assert_ptr_eq(ms_doc_view(doc).ptr, bytes);
    ck_assert_ptr_null(buf.data);
    ms_doc_unref(doc);
}
END_TEST

START_TEST(borrows)
{
    static const char BYTES[] = "for ever";
    struct ms_doc *doc = ms_doc_static(ms_str(BYTES));
    ck_assert_ptr_eq(ms_doc_view(doc).ptr, BYTES);
    ms_doc_unref(doc);
    ck_assert_str_eq(BYTES, "for ever");
}
END_TEST

START_TEST(lives_until_its_last_reference)
{
    struct ms_doc *doc = ms_doc_copy(MS_STR("abc"));
    ck_assert_ptr_eq(ms_doc_ref(doc), doc);
    ms_doc_unref(doc);
    ck_assert(ms_str_equal(ms_doc_view(doc), MS_STR("abc")));
    ms_doc_unref(doc);
    ms_doc_unref(NULL);
}
END_TEST

START_TEST(keeps_another_form_as_long_as_itself)
{
    struct ms_doc *doc = ms_doc_copy(MS_STR("abc"));
    ck_assert_ptr_null(ms_doc_form(doc));
    ms_doc_set_form(doc, ms_doc_copy(MS_STR("z")));
    struct ms_doc *form = ms_doc_ref(ms_doc_form(doc));
    ms_doc_unref(doc);
    ck_assert(ms_str_equal(ms_doc_view(form), MS_STR("z")));
    ms_doc_unref(form);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("doc");
    tcase_add_test(tests, copies);
    tcase_add_test(tests, is_empty_but_never_absent);
    tcase_add_test(tests, takes_the_bytes_of_a_buffer);
    tcase_add_test(tests, borrows);
    tcase_add_test(tests, lives_until_its_last_reference);
    tcase_add_test(tests, keeps_another_form_as_long_as_itself);
    Suite *suite = suite_create("doc");
    suite_add_tcase(suite, tests);
    return suite;
}
