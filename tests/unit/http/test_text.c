/* SPDX-License-Identifier: Apache-2.0 */
/* Header values: tokens, lists, entity tags, accepted codings, dates, reasons. */
#include "common/http/response.h"
#include "common/http/text.h"
#include "tests/support/check_main.h"

START_TEST(reasons_exist_for_what_we_send)
{
    ck_assert_str_eq(ms_http_reason(200), "OK");
    ck_assert_str_eq(ms_http_reason(307), "Temporary Redirect");
    ck_assert_str_eq(ms_http_reason(308), "Permanent Redirect");
    ck_assert_str_eq(ms_http_reason(429), "Too Many Requests");
    ck_assert_str_eq(ms_http_reason(431), "Request Header Fields Too Large");
    ck_assert_str_eq(ms_http_reason(299), "Unknown");
    ck_assert_str_eq(ms_http_code(404), "404");
    ck_assert_str_eq(ms_http_code(299), "other");
}
END_TEST

START_TEST(characters)
{
    ck_assert(ms_http_is_token(MS_STR("X-Foo_1~")));
    ck_assert(!ms_http_is_token(MS_STR("")));
    ck_assert(!ms_http_is_token(MS_STR("a b")));
    ck_assert(!ms_http_is_token(MS_STR("a:")));
    ck_assert(!ms_http_is_token(MS_STR("a\0b")));
    ck_assert(!ms_http_is_token(MS_STR("\xc3\xa4")));
    ck_assert(ms_http_is_field_value(MS_STR("a\tb \xc3\xa4")));
    ck_assert(!ms_http_is_field_value(MS_STR("a\rb")));
    ck_assert(!ms_http_is_field_value(MS_STR("a\0b")));
    ck_assert(!ms_http_is_field_value(MS_STR("\x7f")));
    ck_assert(ms_http_is_host(MS_STR("registry.example.com:5000")));
    ck_assert(ms_http_is_host(MS_STR("[::1]:80")));
    ck_assert(ms_http_is_host(MS_STR("")));
    ck_assert(!ms_http_is_host(MS_STR("a/b")));
    ck_assert(!ms_http_is_host(MS_STR("user@host")));
    ck_assert(!ms_http_is_host(MS_STR("a, b")));
}
END_TEST

START_TEST(lists)
{
    struct ms_str rest = MS_STR(" a ,, b,\t");
    ck_assert(ms_str_equal(ms_http_list_next(&rest), MS_STR("a")));
    ck_assert(ms_str_equal(ms_http_list_next(&rest), MS_STR("b")));
    ck_assert(ms_str_is_absent(ms_http_list_next(&rest)));
    ck_assert(ms_http_list_has(MS_STR("Upgrade, Keep-Alive"), "keep-alive"));
    ck_assert(!ms_http_list_has(MS_STR("keep-alive-not"), "keep-alive"));
    ck_assert(!ms_http_list_has(MS_STR_ABSENT, "close"));
}
END_TEST

static const struct {
    const char *list;
    bool listed;
} TAG_LISTS[] = {
    {"\"a\"", true},
    {"W/\"a\"", true},
    {"*", true},
    {" * ", true},
    {"\"b\", \"a\"", true},
    {"\"b\",W/\"a\"", true},
    {"\"b,c\", \"a\"", true},
    {"junk, \"a\"", true},
    {"\"b\"", false},
    {"a", false},
    {"\"a", false},
    {"", false},
    {"\"x,\"a\"\"", false},
    {"w/\"a\"", false},
    {"\"A\"", false},
    {"\"b\", *", false},
};

START_TEST(entity_tags)
{
    ck_assert_msg(ms_http_etag_listed(ms_str(TAG_LISTS[_i].list), MS_STR("\"a\"")) ==
                      TAG_LISTS[_i].listed,
                  "%s", TAG_LISTS[_i].list);
}
END_TEST

static const struct {
    const char *header; /* NULL: absent */
    bool accepted;
} CODINGS[] = {
    {"gzip", true},          {"GZIP", true},
    {"x-gzip", true},        {"deflate, gzip;q=0.5, br", true},
    {"gzip ; q = 1", true},  {"*", true},
    {"gzip;q=0.001", true},  {"br;q=1.0, gzip;q=1.000", true},
    {NULL, false},           {"", false},
    {"identity", false},     {"gzip;q=0", false},
    {"gzip;q=0.000", false}, {"gzip;q=0.", false},
    {"gzip;q=", false},      {"gzip;q=x", false},
    {"gzip;q=0,*", false},   {"*;q=0", false},
    {"*, gzip;q=0", false},  {"gzipped", false},
};

START_TEST(accepted_codings)
{
    ck_assert_msg(ms_http_gzip_acceptable(ms_str(CODINGS[_i].header)) == CODINGS[_i].accepted, "%s",
                  CODINGS[_i].header);
}
END_TEST

START_TEST(dates)
{
    char date[MS_HTTP_DATE_MAX];
    ms_http_format_date(date, INT64_C(784111777000));
    ck_assert_str_eq(date, "Sun, 06 Nov 1994 08:49:37 GMT");
    ms_http_format_date(date, INT64_C(1709210096999));
    ck_assert_str_eq(date, "Thu, 29 Feb 2024 12:34:56 GMT");
}
END_TEST

static Suite *make_suite(void)
{
    TCase *text = tcase_create("text");
    tcase_add_test(text, reasons_exist_for_what_we_send);
    tcase_add_test(text, characters);
    tcase_add_test(text, lists);
    tcase_add_loop_test(text, entity_tags, 0, sizeof(TAG_LISTS) / sizeof(TAG_LISTS[0]));
    tcase_add_loop_test(text, accepted_codings, 0, sizeof(CODINGS) / sizeof(CODINGS[0]));
    tcase_add_test(text, dates);
    Suite *suite = suite_create("http_text");
    suite_add_tcase(suite, text);
    return suite;
}
