/* SPDX-License-Identifier: Apache-2.0 */
/* writer/parse/json.c: what is JSON and what only looks like it; getters that never convert. */
#include "common/base/buf.h"
#include "tests/support/check_main.h"
#include "writer/parse/json.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { DEPTH = 8, VALUES = 100 };

static enum ms_status parse(struct json_object **out, struct ms_str text)
{
    struct ms_error err;
    return json_parse(out, text, DEPTH, VALUES, &err);
}

static struct json_object *must_parse(const char *text)
{
    struct json_object *value = NULL;
    ck_assert_msg(parse(&value, ms_str(text)) == MS_OK, "refused: %s", text);
    return value;
}

static void assert_refused(struct ms_str text)
{
    static int untouched;
    struct json_object *value = (struct json_object *)(void *)&untouched;
    ck_assert_msg(parse(&value, text) == MS_INVALID, "accepted: %.*s", MS_STR_ARG(text));
    ck_assert_ptr_eq(value, &untouched);
}

START_TEST(takes_json)
{
    static const char *const GOOD[] = {"{}",
                                       "[]",
                                       " \t\r\n{} \n",
                                       "{\"a\":[1,-2,3.5e10,true,false,null,\"x\"]}",
                                       "12",
                                       "\"text\"",
                                       "true",
                                       "null",
                                       "[0,0.5]",
                                       "[-0.5E-7]",
                                       "[1e+400]",
                                       "[18446744073709551616]",
                                       "[\"\xc3\xa4\xe2\x82\xac\"]",
                                       "{\"\xc3\xa4\":1}\r\n"};
    for (size_t i = 0; i < COUNT(GOOD); i++)
        json_release(must_parse(GOOD[i]));
}
END_TEST

START_TEST(refuses_what_is_none)
{
    static const char *const BAD[] = {"",
                                      " ",
                                      "{",
                                      "{}{}",
                                      "{} x",
                                      "1 2",
                                      "[1,]",
                                      "{\"a\":1 , }",
                                      "[01]",
                                      "[-01]",
                                      "[1.]",
                                      "[1e]",
                                      "[1.5.5]",
                                      "[-]",
                                      "[truE]",
                                      "[nulll]",
                                      "[nul",
                                      "{\"a\":}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "[NaN]",
                                      "[Infinity]",
                                      "[-Infinity]",
                                      "[nan]",
                                      "[TRUE]",
                                      "/* */ {}",
                                      "{} // end",
                                      "[\"a\nb\"]",
                                      "[\"a\tb\"]",
                                      "\"open",
                                      "[\"\\x\"]",
                                      "[\f]",
                                      "[\v1]",
                                      "tru",
                                      "[1 2]",
                                      "]",
                                      "{\"a\" 1}",
                                      "\xff",
                                      "\xef\xbb\xbf{}",
                                      "[\"\\\xc3\xa9\"]",
                                      "[\"\\\xff\"]"};
    for (size_t i = 0; i < COUNT(BAD); i++)
        assert_refused(ms_str(BAD[i]));
    assert_refused(MS_STR("{}\0"));
    assert_refused(MS_STR("[\"a\0b\"]"));
    assert_refused(MS_STR_ABSENT);
}
END_TEST

static void assert_read_as(const char *text, const char *expected)
{
    struct json_object *root = must_parse(text);
    struct ms_buf again;
    ms_buf_init(&again, 4096);
    json_text(&again, root);
    ck_assert_str_eq(again.data, expected);
    ms_buf_free(&again);
    json_release(root);
}

START_TEST(what_is_too_deep_is_null)
{
    assert_read_as("[[[[[[[[1]]]]]]]]", "[[[[[[[[1]]]]]]]]");
    assert_read_as("[[[[[[[[[]]]]]]]]]", "[[[[[[[[null]]]]]]]]");
    assert_read_as("[[[[[[[[1,{\"a\":[2],\"b\":\"]}\\\"\"},3]]]]]]],{\"c\":4}]",
                   "[[[[[[[[1,null,3]]]]]]],{\"c\":4}]");
    assert_read_as("{\"a\":\"[[[[[[[[[[[[\\\"[[[[[[\"}", "{\"a\":\"[[[[[[[[[[[[\\\"[[[[[[\"}");
    assert_refused(MS_STR("[[[[[[[[[[]]]]]]]]"));
    assert_refused(MS_STR("[[[[[[[[[[\"]]]]]]]]]]"));
    assert_refused(MS_STR("[[[[[[[[[[x]]]]]]]]]]"));
}
END_TEST

START_TEST(depth_costs_nothing)
{
    enum { HOW_DEEP = 1000000 };
    struct ms_buf text;
    struct json_object *root = NULL;
    int64_t number = 0;
    ms_buf_init(&text, 10 * HOW_DEEP);
    ms_buf_append_c(&text, "{\"before\":1,\"deep\":");
    for (int i = 0; i < HOW_DEEP; i++)
        ms_buf_append_c(&text, i % 2 == 0 ? "[" : "{\"a\":");
    for (int i = 0; i < HOW_DEEP; i++)
        ms_buf_append_c(&text, i % 2 == 0 ? "}" : "]");
    ms_buf_append_c(&text, ",\"behind\":2}");
    ck_assert_int_eq(parse(&root, ms_buf_view(&text)), MS_OK);
    ck_assert_int_eq(json_get_i64(&number, root, "behind"), MS_OK);
    ck_assert_int_eq(number, 2);
    json_release(root);
    ms_buf_free(&text);
}
END_TEST

START_TEST(bytes_that_are_no_utf8_are_replaced_one_by_one)
{
    assert_read_as("[\"a\xffz\"]", "[\"a\uFFFDz\"]");
    assert_read_as("[\"\xc0\xaf\",\"\xed\xa0\x80\"]", "[\"\uFFFD\uFFFD\",\"\uFFFD\uFFFD\uFFFD\"]");
    assert_read_as("{\"k\xe4se\":\"\xc3\"}", "{\"k\uFFFDse\":\"\uFFFD\"}");
    assert_read_as("[\"\xf0\x9f\xa6\x86\xf0\x9f\xa6\"]",
                   "[\"\xf0\x9f\xa6\x86\uFFFD\uFFFD\uFFFD\"]");
    assert_read_as("[\"\\ud800\",\"\\udc00x\"]", "[\"\uFFFD\",\"\uFFFDx\"]");
}
END_TEST

START_TEST(keys_are_found_without_regard_to_case)
{
    struct json_object *root = must_parse(
        "{\"rootfS\":1,\"OS\":2,\"os\":3,\"Os\":4,\"cOnfig\":5,\"Config\":6,\"empty\":null,"
        "\"EMPTY\":7}");
    int64_t number = 0;
    ck_assert_int_eq(json_get_i64(&number, root, "rootfs"), MS_OK);
    ck_assert_int_eq(number, 1);
    ck_assert_int_eq(json_get_i64(&number, root, "os"), MS_OK); /* there is an exact one */
    ck_assert_int_eq(number, 3);
    ck_assert_int_eq(json_get_i64(&number, root, "config"), MS_OK); /* the last */
    ck_assert_int_eq(number, 6);
    ck_assert_ptr_null(json_member(root, "empty"));
    ck_assert(json_has_member(root, "ROOTFS"));
    ck_assert(!json_has_member(root, "rootf"));
    json_release(root);
}
END_TEST

START_TEST(limits_values_before_parsing)
{
    struct ms_buf text;
    struct json_object *value;
    ms_buf_init(&text, 1024 * 1024 + 16);
    ms_buf_append_char(&text, '[');
    for (int i = 0; i < 300000; i++)
        ms_buf_append_c(&text, "{},");
    ms_buf_append_c(&text, "{}]");
    ck_assert_int_eq(parse(&value, ms_buf_view(&text)), MS_TOO_LARGE);
    ms_buf_free(&text);
}
END_TEST

START_TEST(getters_check_types)
{
    struct json_object *root =
        must_parse("{\"s\":\"x\",\"n\":12,\"t\":\"12abc\",\"f\":1.5,\"b\":true,\"z\":null}");
    struct ms_str text = MS_STR("before");
    int64_t number = 77;
    bool boolean = false;
    ck_assert_int_eq(json_get_i64(&number, root, "t"), MS_INVALID);
    ck_assert_int_eq(json_get_i64(&number, root, "f"), MS_INVALID);
    ck_assert_int_eq(json_get_i64(&number, root, "b"), MS_INVALID);
    ck_assert_int_eq(json_get_i64(&number, root, "z"), MS_NOT_FOUND);
    ck_assert_int_eq(json_get_i64(&number, root, "missing"), MS_NOT_FOUND);
    ck_assert_int_eq(number, 77);
    ck_assert_int_eq(json_get_i64(&number, root, "n"), MS_OK);
    ck_assert_int_eq(number, 12);
    ck_assert_int_eq(json_get_string(&text, root, "n"), MS_INVALID);
    ck_assert(ms_str_equal(text, MS_STR("before")));
    ck_assert_int_eq(json_get_string(&text, root, "s"), MS_OK);
    ck_assert(ms_str_equal(text, MS_STR("x")));
    ck_assert_int_eq(json_get_bool(&boolean, root, "n"), MS_INVALID);
    ck_assert_int_eq(json_get_bool(&boolean, root, "b"), MS_OK);
    ck_assert(boolean);
    json_release(root);
}
END_TEST

START_TEST(integers_out_of_range_are_no_integers)
{
    struct json_object *root = must_parse("{\"big\":9223372036854775806,\"over\":"
                                          "9223372036854775808,\"huge\":99999999999999999999999,"
                                          "\"low\":-99999999999999999999999}");
    int64_t number = 0;
    ck_assert_int_eq(json_get_i64(&number, root, "big"), MS_OK);
    ck_assert_int_eq(number, INT64_C(9223372036854775806));
    ck_assert_int_eq(json_get_i64(&number, root, "over"), MS_INVALID);
    ck_assert_int_eq(json_get_i64(&number, root, "huge"), MS_INVALID);
    ck_assert_int_eq(json_get_i64(&number, root, "low"), MS_INVALID);
    json_release(root);
}
END_TEST

START_TEST(any_number_is_a_double)
{
    struct json_object *root = must_parse("{\"i\":-3,\"f\":1.5,\"huge\":99999999999999999999999,"
                                          "\"low\":-1e400,\"s\":\"1\"}");
    double number = 0;
    ck_assert_int_eq(json_get_f64(&number, root, "i"), MS_OK);
    ck_assert(number < -2.9 && number > -3.1);
    ck_assert_int_eq(json_get_f64(&number, root, "f"), MS_OK);
    ck_assert(number > 1.4 && number < 1.6);
    ck_assert_int_eq(json_get_f64(&number, root, "huge"), MS_OK);
    ck_assert(number > 9e18);
    ck_assert_int_eq(json_get_f64(&number, root, "low"), MS_OK);
    ck_assert(number < -9e18);
    ck_assert_int_eq(json_get_f64(&number, root, "s"), MS_INVALID);
    ck_assert_int_eq(json_get_f64(&number, root, "none"), MS_NOT_FOUND);
    json_release(root);
}
END_TEST

START_TEST(getters_take_anything)
{
    struct json_object *array = must_parse("[1]");
    struct ms_str text;
    ck_assert_ptr_null(json_member(NULL, "a"));
    ck_assert_ptr_null(json_member(array, "a"));
    ck_assert_uint_eq(json_array_length(NULL), 0);
    ck_assert_ptr_null(json_array_at(array, 1));
    ck_assert_ptr_nonnull(json_array_at(array, 0));
    ck_assert_int_eq(json_string_value(&text, NULL), MS_NOT_FOUND);
    ck_assert(!json_is_object(NULL) && !json_is_array(NULL) && !json_is_string(NULL));
    json_release(array);
    json_release(NULL);
}
END_TEST

START_TEST(nul_is_replaced)
{
    assert_read_as("{\"s\":\"a\\u0000b\"}", "{\"s\":\"a\uFFFDb\"}");
    assert_read_as("[\"\\\\u0000\",\"\\\\\\u0000\\u0000\"]",
                   "[\"\\\\u0000\",\"\\\\\uFFFD\uFFFD\"]");
}
END_TEST

START_TEST(the_last_of_two_keys_wins)
{
    struct json_object *root = must_parse("{\"a\":1,\"a\":2}");
    int64_t number;
    ck_assert_int_eq(json_get_i64(&number, root, "a"), MS_OK);
    ck_assert_int_eq(number, 2);
    json_release(root);
}
END_TEST

static bool collect(struct ms_str key, struct json_object *value, void *arg)
{
    (void)value;
    ms_buf_append(arg, key);
    return !ms_str_equal(key, MS_STR("c"));
}

START_TEST(walks_members_in_order)
{
    struct json_object *root = must_parse("{\"b\":1,\"a\":null,\"c\":3,\"d\":4}");
    struct ms_buf keys;
    ms_buf_init(&keys, 100);
    json_each_member(root, collect, &keys);
    ck_assert_str_eq(keys.data, "bac");
    json_each_member(NULL, collect, &keys);
    ck_assert_str_eq(keys.data, "bac");
    ms_buf_free(&keys);
    json_release(root);
}
END_TEST

START_TEST(nul_in_a_key_is_replaced)
{
    struct json_object *root =
        must_parse("{\"a\\u0000b\":\"x\\u0000\",\"\\\\u0000\":1,\"\\\\\\u0000\\u0000\" :2}");
    struct ms_buf keys;
    struct ms_str value;
    ms_buf_init(&keys, 100);
    json_each_member(root, collect, &keys);
    ck_assert_str_eq(keys.data, "a\uFFFDb"
                                "\\u0000"
                                "\\\uFFFD\uFFFD");
    ck_assert_int_eq(json_get_string(&value, root, "a\uFFFDb"), MS_OK);
    ck_assert(ms_str_equal(value, ms_str("x\uFFFD")));
    ms_buf_free(&keys);
    json_release(root);
}
END_TEST

START_TEST(writes_text_again)
{
    struct json_object *root =
        must_parse("{ \"a\" : [ 1.50, \"x/y\\u0000\\u00e4\" ] , \"b\":null}");
    struct ms_buf text;
    ms_buf_init(&text, 100);
    json_text(&text, root);
    ck_assert_str_eq(text.data, "{\"a\":[1.50,\"x/y\uFFFDä\"],\"b\":null}");
    ms_buf_free(&text);
    json_release(root);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("json");
    tcase_add_test(tests, takes_json);
    tcase_add_test(tests, nul_in_a_key_is_replaced);
    tcase_add_test(tests, refuses_what_is_none);
    tcase_add_test(tests, what_is_too_deep_is_null);
    tcase_add_test(tests, depth_costs_nothing);
    tcase_add_test(tests, bytes_that_are_no_utf8_are_replaced_one_by_one);
    tcase_add_test(tests, keys_are_found_without_regard_to_case);
    tcase_add_test(tests, any_number_is_a_double);
    tcase_add_test(tests, limits_values_before_parsing);
    tcase_add_test(tests, getters_check_types);
    tcase_add_test(tests, integers_out_of_range_are_no_integers);
    tcase_add_test(tests, getters_take_anything);
    tcase_add_test(tests, nul_is_replaced);
    tcase_add_test(tests, the_last_of_two_keys_wins);
    tcase_add_test(tests, walks_members_in_order);
    tcase_add_test(tests, writes_text_again);
    Suite *suite = suite_create("json");
    suite_add_tcase(suite, tests);
    return suite;
}
