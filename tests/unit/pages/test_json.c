/* SPDX-License-Identifier: Apache-2.0 */
/* reader/pages/json.c: members, elements, strings and numbers, and what is none of them. */
#include "reader/pages/json.h"
#include "tests/support/check_main.h"

static struct ms_arena *arena;

static void begin(void)
{
    arena = ms_arena_new(10000);
}

static void end(void)
{
    ms_arena_free(arena);
}

static void assert_text(struct ms_str json, struct ms_str expected)
{
    struct ms_str text = json_text(json, arena);
    ck_assert_msg(ms_str_equal(text, expected), "%.*s", MS_STR_ARG(text));
}

START_TEST(members_are_found_at_their_own_level)
{
    struct ms_str object =
        MS_STR("{\"a\" : {\"b\":1,\"c\":\"}\"} , \"b\":[2,{\"b\":3}],\"n\":null,\"ab\":4}");
    ck_assert(ms_str_equal(json_get(object, "a"), MS_STR("{\"b\":1,\"c\":\"}\"}")));
    ck_assert(ms_str_equal(json_get(object, "b"), MS_STR("[2,{\"b\":3}]")));
    ck_assert_int_eq(json_number(json_get(object, "ab")), 4);
    ck_assert(ms_str_is_absent(json_get(object, "n")));
    ck_assert(ms_str_is_absent(json_get(object, "c")));
    ck_assert(ms_str_is_absent(json_get(MS_STR("[1]"), "c")));
    ck_assert(ms_str_is_absent(json_get(MS_STR_ABSENT, "c")));
    ck_assert_int_eq(json_number(json_get(MS_STR("{\"a\":1,\"b\":2"), "b")),
                     2); /* without its end */
}
END_TEST

START_TEST(elements_come_in_order)
{
    struct ms_str rest = MS_STR(" [1, \"a,]\" ,[2,[3]],{}] "), element;
    static const char *const EXPECTED[] = {"1", "\"a,]\"", "[2,[3]]", "{}"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert(json_next(NULL, &element, &rest));
        ck_assert_msg(ms_str_equal(element, ms_str(EXPECTED[i])), "%.*s", MS_STR_ARG(element));
    }
    ck_assert(!json_next(NULL, &element, &rest));
    ck_assert_uint_eq(json_count(MS_STR("[]"), 9), 0);
    ck_assert_uint_eq(json_count(MS_STR("[[],[],3]"), 9), 3);
    ck_assert_uint_eq(json_count(MS_STR("[1,2,3]"), 2), 2);
    ck_assert_uint_eq(json_count(MS_STR("{\"a\":1,\"b\":2}"), 9), 2);
}
END_TEST

START_TEST(strings_lose_their_escapes)
{
    assert_text(MS_STR("\"plain é\""), MS_STR("plain é"));
    assert_text(MS_STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), MS_STR("\"\\/\b\f\n\r\t"));
    assert_text(MS_STR("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\""), MS_STR("Aé€😀"));
    assert_text(MS_STR("\"\\ud83d\\u0041\""), MS_STR("\xef\xbf\xbd"
                                                     "A"));
    assert_text(MS_STR("\"\\u12\""), MS_STR("\xef\xbf\xbd"));
    assert_text(MS_STR("\"\""), MS_STR(""));
    ck_assert(ms_str_is_absent(json_text(MS_STR("12"), arena)));
    ck_assert(ms_str_is_absent(json_text(MS_STR("\""), arena)));
}
END_TEST

START_TEST(numbers_are_whole_or_unknown)
{
    ck_assert_int_eq(json_number(MS_STR("0")), 0);
    ck_assert_int_eq(json_number(MS_STR("9223372036854775807")), INT64_MAX);
    ck_assert_int_eq(json_number(MS_STR("9223372036854775808")), -1);
    ck_assert_int_eq(json_number(MS_STR("-1")), -1);
    ck_assert_int_eq(json_number(MS_STR("1.5")), -1);
    ck_assert_int_eq(json_number(MS_STR_ABSENT), -1);
    ck_assert(json_is_true(MS_STR("true")));
    ck_assert(!json_is_true(MS_STR("false")));
    ck_assert(!json_is_true(MS_STR_ABSENT));
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("json");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, members_are_found_at_their_own_level);
    tcase_add_test(tests, elements_come_in_order);
    tcase_add_test(tests, strings_lose_their_escapes);
    tcase_add_test(tests, numbers_are_whole_or_unknown);
    Suite *suite = suite_create("json");
    suite_add_tcase(suite, tests);
    return suite;
}
