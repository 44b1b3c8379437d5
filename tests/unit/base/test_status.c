/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/status.c: names of outcomes, and error texts that are one line and always terminated.
 */
#include "common/base/status.h"
#include "common/base/str.h"
#include "tests/support/check_main.h"

#include <string.h>

START_TEST(fills_the_error_and_returns_the_status)
{
    struct ms_error err;
    ck_assert_int_eq(ms_error_set(&err, MS_TIMEOUT, "after %d s", 30), MS_TIMEOUT);
    ck_assert_int_eq(err.status, MS_TIMEOUT);
    ck_assert_str_eq(err.text, "after 30 s");
}
END_TEST

START_TEST(takes_null)
{
    ck_assert_int_eq(ms_error_set(NULL, MS_IO, "%s", "lost"), MS_IO);
}
END_TEST

START_TEST(wraps_its_own_text)
{
    struct ms_error err;
    ms_error_set(&err, MS_IO, "inner");
    ms_error_set(&err, MS_UNAVAILABLE, "outer: %s", err.text);
    ck_assert_int_eq(err.status, MS_UNAVAILABLE);
    ck_assert_str_eq(err.text, "outer: inner");
}
END_TEST

START_TEST(replaces_control_characters)
{
    struct ms_error err;
    ms_error_set(&err, MS_INVALID, "a\nb\tc\x7f\x1b[0m é");
    ck_assert_str_eq(err.text, "a?b?c??[0m é");
}
END_TEST

START_TEST(cuts_long_texts)
{
    char text[2 * MS_ERROR_TEXT_MAX];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    struct ms_error err;
    ms_error_set(&err, MS_INVALID, "%s", text);
    ck_assert_uint_eq(strlen(err.text), MS_ERROR_TEXT_MAX - 1);
}
END_TEST

/* Whatever the place of the cut, sequences of two, three and four bytes stay whole. */
START_TEST(never_cuts_a_utf8_sequence)
{
    static const char *const CHARACTERS[] = {"é", "€", "😀"};
    for (size_t i = 0; i < sizeof(CHARACTERS) / sizeof(CHARACTERS[0]); i++) {
        for (size_t shift = 0; shift < 4; shift++) {
            char text[2 * MS_ERROR_TEXT_MAX] = "";
            memset(text, 'x', shift);
            size_t length = strlen(CHARACTERS[i]);
            for (size_t at = shift; at + length < sizeof(text); at += length)
                memcpy(text + at, CHARACTERS[i], length + 1);
            struct ms_error err;
            ms_error_set(&err, MS_INVALID, "%s", text);
            ck_assert(ms_str_is_utf8(ms_str(err.text)));
            ck_assert_uint_gt(strlen(err.text), MS_ERROR_TEXT_MAX - 1 - 4);
        }
    }
}
END_TEST

START_TEST(every_status_has_a_name_of_its_own)
{
    for (int a = MS_OK; a <= MS_IO; a++) {
        ck_assert_str_ne(ms_status_name((enum ms_status)a), "unknown");
        for (int b = MS_OK; b < a; b++)
            ck_assert_str_ne(ms_status_name((enum ms_status)a), ms_status_name((enum ms_status)b));
    }
    ck_assert_str_eq(ms_status_name((enum ms_status)99), "unknown");
    ck_assert_str_eq(ms_status_name(MS_TOO_LARGE), "too-large");
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("status");
    tcase_add_test(tests, fills_the_error_and_returns_the_status);
    tcase_add_test(tests, takes_null);
    tcase_add_test(tests, wraps_its_own_text);
    tcase_add_test(tests, replaces_control_characters);
    tcase_add_test(tests, cuts_long_texts);
    tcase_add_test(tests, never_cuts_a_utf8_sequence);
    tcase_add_test(tests, every_status_has_a_name_of_its_own);
    Suite *suite = suite_create("status");
    suite_add_tcase(suite, tests);
    return suite;
}
