/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/json_write.c: escaping, commas, numbers, and what absent things become. */
#include "common/base/json_write.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <signal.h>

static struct ms_buf buf;
static struct ms_json_writer json;

static void begin(void)
{
    ms_buf_init(&buf, 10000);
    ms_json_begin(&json, &buf);
}

static void end(void)
{
    ms_buf_free(&buf);
}

static void assert_string(struct ms_str s, const char *expected)
{
    ms_buf_clear(&buf);
    ms_json_append_string(&buf, s);
    ck_assert_str_eq(buf.data, expected);
}

START_TEST(escapes)
{
    assert_string(MS_STR(""), "\"\"");
    assert_string(MS_STR_ABSENT, "\"\"");
    assert_string(MS_STR("plain <a href='&'> \x7f"), "\"plain <a href='&'> \x7f\"");
    assert_string(MS_STR("\"\\/"), "\"\\\"\\\\/\"");
    assert_string(MS_STR("\b\f\n\r\t\x01\x1f"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\"");
    assert_string(MS_STR("aé€😀z"), "\"aé€😀z\"");
}
END_TEST

START_TEST(replaces_what_postgresql_refuses)
{
    assert_string(MS_STR("a\0b"), "\"a\xef\xbf\xbd"
                                  "b\"");
    assert_string(MS_STR("\xff"), "\"\xef\xbf\xbd\"");
    assert_string(MS_STR("\xc3(\xc3"), "\"\xef\xbf\xbd(\xef\xbf\xbd\"");
    assert_string(MS_STR("\xed\xa0\x80!"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!\"");
}
END_TEST

START_TEST(every_string_is_written_as_utf8)
{
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            char bytes[] = {(char)first, (char)second, 'z'};
            ms_buf_clear(&buf);
            ms_json_append_string(&buf, ms_str_n(bytes, sizeof(bytes)));
            bool sound = ms_str_is_utf8(ms_buf_view(&buf));
            for (size_t i = 0; i < buf.len; i++)
                sound = sound && (unsigned char)buf.data[i] >= 0x20;
            ck_assert_msg(sound, "%02x %02x", first, second);
        }
    }
}
END_TEST

START_TEST(puts_commas)
{
    ms_json_object(&json);
    ms_json_key(&json, "empty");
    ms_json_array(&json);
    ms_json_end_array(&json);
    ms_json_key_str(&json, MS_STR("list"));
    ms_json_array(&json);
    ms_json_u64(&json, 1);
    ms_json_object(&json);
    ms_json_end_object(&json);
    ms_json_object(&json);
    ms_json_key(&json, "a\"");
    ms_json_bool(&json, true);
    ms_json_end_object(&json);
    ms_json_raw(&json, MS_STR("{\"raw\":[]}"));
    ms_json_end_array(&json);
    ms_json_key(&json, "last");
    ms_json_bool(&json, false);
    ms_json_end_object(&json);
    ck_assert_str_eq(buf.data, "{\"empty\":[],\"list\":[1,{},{\"a\\\"\":true},{\"raw\":[]}],"
                               "\"last\":false}");
}
END_TEST

START_TEST(writes_several_values_without_commas_at_the_top)
{
    ms_json_u64(&json, 1);
    ms_buf_append_char(&buf, '\n');
    ms_json_u64(&json, 2);
    ck_assert_str_eq(buf.data, "1\n2");
}
END_TEST

START_TEST(absent_is_null)
{
    ms_json_array(&json);
    ms_json_string(&json, MS_STR_ABSENT);
    ms_json_string_c(&json, NULL);
    ms_json_raw(&json, MS_STR_ABSENT);
    ms_json_null(&json);
    ms_json_string(&json, MS_STR(""));
    ms_json_string_c(&json, "x");
    ms_json_end_array(&json);
    ck_assert_str_eq(buf.data, "[null,null,null,null,\"\",\"x\"]");
}
END_TEST

START_TEST(writes_numbers)
{
    ms_json_array(&json);
    ms_json_u64(&json, UINT64_MAX);
    ms_json_i64(&json, INT64_MIN);
    ms_json_f64(&json, 0.1);
    ms_json_f64(&json, -2.0);
    ms_json_f64(&json, 1.0 / 3.0);
    ms_json_f64(&json, 1e300);
    ms_json_f64(&json, (double)NAN);
    ms_json_f64(&json, (double)INFINITY);
    ms_json_end_array(&json);
    ck_assert_str_eq(buf.data, "[18446744073709551615,-9223372036854775808,0.1,-2,"
                               "0.3333333333333333,1e+300,null,null]");
}
END_TEST

START_TEST(nests_to_its_limit)
{
    for (int depth = 0; depth < 32; depth++)
        ms_json_array(&json);
    ms_json_null(&json);
    ms_json_null(&json);
    for (int depth = 0; depth < 32; depth++)
        ms_json_end_array(&json);
    ck_assert_str_eq(buf.data,
                     "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[null,null]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
}
END_TEST

START_TEST(aborts_beyond_its_limit)
{
    for (int depth = 0; depth < 33; depth++)
        ms_json_array(&json);
}
END_TEST

START_TEST(overflow_is_told_by_the_buffer)
{
    ms_buf_free(&buf);
    ms_buf_init(&buf, 10);
    ms_json_append_string(&buf, MS_STR("0123456789"));
    ck_assert_int_eq(ms_buf_status(&buf), MS_TOO_LARGE);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("json_write");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, escapes);
    tcase_add_test(tests, replaces_what_postgresql_refuses);
    tcase_add_test(tests, every_string_is_written_as_utf8);
    tcase_add_test(tests, puts_commas);
    tcase_add_test(tests, writes_several_values_without_commas_at_the_top);
    tcase_add_test(tests, absent_is_null);
    tcase_add_test(tests, writes_numbers);
    tcase_add_test(tests, nests_to_its_limit);
    tcase_add_test_raise_signal(tests, aborts_beyond_its_limit, SIGABRT);
    tcase_add_test(tests, overflow_is_told_by_the_buffer);
    Suite *suite = suite_create("json_write");
    suite_add_tcase(suite, tests);
    return suite;
}
