/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-coding: pairs of a query, paths, encoding. */
#include "common/http/request.h"
#include "common/http/text.h"
#include "tests/support/check_main.h"

#include <string.h>

static struct ms_arena *arena;

static void make_arena(void)
{
    arena = ms_arena_new(64 * 1024);
}

static void free_arena(void)
{
    ms_arena_free(arena);
}

static void expect_pair(struct ms_str *rest, const char *name, const char *value)
{
    struct ms_http_param param;
    ck_assert_int_eq(ms_http_query_next(&param, rest, arena), MS_HTTP_QUERY_PARAM);
    ck_assert(ms_str_equal(param.name, ms_str(name)));
    ck_assert(ms_str_is_absent(param.value) == (value == NULL));
    ck_assert(value == NULL || ms_str_equal(param.value, ms_str(value)));
}

START_TEST(pairs_come_in_order)
{
    struct ms_str rest = MS_STR("tag=a&&label%3Aorg.x%3aexists=1&q=a+b%20c&flag&empty=&x=a=b&");
    expect_pair(&rest, "tag", "a");
    expect_pair(&rest, "label:org.x:exists", "1");
    expect_pair(&rest, "q", "a b c");
    expect_pair(&rest, "flag", NULL);
    expect_pair(&rest, "empty", "");
    expect_pair(&rest, "x", "a=b");
    struct ms_http_param param;
    ck_assert_int_eq(ms_http_query_next(&param, &rest, arena), MS_HTTP_QUERY_END);
}
END_TEST

START_TEST(escapes_are_undone_once)
{
    struct ms_str rest = MS_STR("a=%2525&%C3%A4=%2B+");
    expect_pair(&rest, "a", "%25");
    expect_pair(&rest, "\xc3\xa4", "+ ");
}
END_TEST

START_TEST(nothing_gives_nothing)
{
    struct ms_http_param param;
    struct ms_str empty = MS_STR(""), absent = MS_STR_ABSENT, only = MS_STR("&&&");
    ck_assert_int_eq(ms_http_query_next(&param, &empty, arena), MS_HTTP_QUERY_END);
    ck_assert_int_eq(ms_http_query_next(&param, &absent, arena), MS_HTTP_QUERY_END);
    ck_assert_int_eq(ms_http_query_next(&param, &only, arena), MS_HTTP_QUERY_END);
}
END_TEST

static const char *const BAD_PAIRS[] = {"a=%",   "a=%4",  "a=%zz", "%g0=1",
                                        "a=%00", "a=%ff", "\xff=1"};

START_TEST(a_bad_pair_is_shown_undecoded)
{
    struct ms_str rest = ms_str(BAD_PAIRS[_i]);
    struct ms_http_param param;
    ck_assert_int_eq(ms_http_query_next(&param, &rest, arena), MS_HTTP_QUERY_MALFORMED);
    ck_assert(ms_str_starts_with(ms_str(BAD_PAIRS[_i]), param.name));
    ck_assert(ms_str_ends_with(ms_str(BAD_PAIRS[_i]), param.value));
}
END_TEST

START_TEST(a_full_arena_is_no_crash)
{
    static char query[200 * 1024];
    memset(query, '+', sizeof(query));
    struct ms_str rest = ms_str_n(query, sizeof(query));
    struct ms_http_param param;
    ck_assert_int_eq(ms_http_query_next(&param, &rest, arena), MS_HTTP_QUERY_TOO_LARGE);
}
END_TEST

START_TEST(encoding)
{
    struct ms_buf out;
    ms_buf_init(&out, 100);
    ms_http_percent_encode(&out, MS_STR("a/b:c d\xc3\xa4\0~"), "/:");
    ck_assert(ms_str_equal(ms_buf_view(&out), MS_STR("a/b:c%20d%C3%A4%00~")));
    ms_buf_clear(&out);
    ms_http_percent_encode(&out, MS_STR("/"), NULL);
    ck_assert(ms_str_equal(ms_buf_view(&out), MS_STR("%2F")));
    ms_buf_free(&out);
}
END_TEST

static const struct {
    struct ms_str raw;
    const char *path; /* NULL: refused */
} PATHS[] = {
    {MS_STR_INIT("/"), "/"},         {MS_STR_INIT("/a%20b/%C3%A4+"), "/a b/\xc3\xa4+"},
    {MS_STR_INIT("/a//b"), "/a//b"}, {MS_STR_INIT("/%2525"), "/%25"},
    {MS_STR_INIT(""), NULL},         {MS_STR_INIT("a"), NULL},
    {MS_STR_INIT("//a"), NULL},      {MS_STR_INIT("/%2Fa"), NULL},
    {MS_STR_INIT("/a%00b"), NULL},   {MS_STR_INIT("/a%0Ab"), NULL},
    {MS_STR_INIT("/a%7f"), NULL},    {MS_STR_INIT("/%"), NULL},
    {MS_STR_INIT("/%4"), NULL},      {MS_STR_INIT("/%c3"), NULL},
    {MS_STR_INIT("/%c0%af"), NULL},
};

START_TEST(paths)
{
    char buffer[64];
    struct ms_str path = MS_STR("untouched");
    enum ms_status status = ms_http_path_decode(&path, buffer, PATHS[_i].raw);
    ck_assert_int_eq(status, PATHS[_i].path != NULL ? MS_OK : MS_INVALID);
    ck_assert(ms_str_equal(path, ms_str(PATHS[_i].path != NULL ? PATHS[_i].path : "untouched")));
}
END_TEST

static Suite *make_suite(void)
{
    TCase *query = tcase_create("query");
    tcase_add_checked_fixture(query, make_arena, free_arena);
    tcase_add_test(query, pairs_come_in_order);
    tcase_add_test(query, escapes_are_undone_once);
    tcase_add_test(query, nothing_gives_nothing);
    tcase_add_loop_test(query, a_bad_pair_is_shown_undecoded, 0,
                        sizeof(BAD_PAIRS) / sizeof(BAD_PAIRS[0]));
    tcase_add_test(query, a_full_arena_is_no_crash);
    TCase *paths_case = tcase_create("paths");
    tcase_add_test(paths_case, encoding);
    tcase_add_loop_test(paths_case, paths, 0, sizeof(PATHS) / sizeof(PATHS[0]));
    Suite *suite = suite_create("http_query");
    suite_add_tcase(suite, query);
    suite_add_tcase(suite, paths_case);
    return suite;
}
