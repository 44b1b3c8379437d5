/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher of route patterns. */
#include "common/http/router.h"
#include "tests/support/check_main.h"

#include <string.h>

static const struct {
    const char *pattern;
    const char *path;
    const char *captures; /* joined by '|'; NULL: no match */
} CASES[] = {
    {"/healthz", "/healthz", ""},
    {"/healthz", "/healthz/", NULL},
    {"/healthz", "/health", NULL},
    {"/", "/", ""},
    {"/v2/{name}/tags/list", "/v2/a/tags/list", "a"},
    {"/v2/{name}/tags/list", "/v2/a/b/c/tags/list", "a/b/c"},
    {"/v2/{name}/tags/list", "/v2/tags/list/tags/list", "tags/list"},
    {"/v2/{name}/tags/list", "/v2/tags/list", NULL},
    {"/v2/{name}/tags/list", "/v2//tags/list", NULL},
    {"/v2/{name}/tags/list", "/v2/a//tags/list", NULL},
    {"/v2/{name}/tags/list", "/v2/A b/tags/list", "A b"},
    {"/v2/{name}/referrers/{digest}", "/v2/a/b/referrers/sha256:1", "a/b|sha256:1"},
    {"/v2/{name}/referrers/{digest}", "/v2/a/referrers/b/referrers/c", "a/referrers/b|c"},
    {"/v2/{name}/referrers/{digest}", "/v2/a/referrers/", NULL},
    {"/v2/{name}/referrers/{digest}", "/v2/a/referrers/b/c", NULL},
    {"/r/{name}", "/r/a/b", "a/b"},
    {"/r/{name}", "/r/a/b/", NULL},
    {"/r/{name}", "/r/", NULL},
    {"/r/{name}", "/r/a/-/latest", NULL},
    {"/r/{name}", "/r/-", NULL},
    {"/r/{name}/-/{reference}", "/r/a/b/-/latest", "a/b|latest"},
    {"/r/{name}/-/{reference}", "/r/-/latest", NULL},
    {"/r/{name}/-/{reference}", "/r/a/-/-/x", NULL},
    {"/r/{name}/-/{reference}", "/r/a-/-/-", "a-|-"},
    {"/t/{tag}.json", "/t/a.json", NULL},
    {"/t/{tag}/history", "/t/a/history", "a"},
    {"/{a}/{b}/{c}/{d}", "/1/2/3/4", "1|2|3|4"},
};

START_TEST(patterns)
{
    struct ms_route_match match = {.n_captures = 99};
    bool matched = ms_route_matches(&match, CASES[_i].pattern, ms_str(CASES[_i].path));
    ck_assert_msg(matched == (CASES[_i].captures != NULL), "%s %s", CASES[_i].pattern,
                  CASES[_i].path);
    if (!matched) {
        ck_assert_uint_eq(match.n_captures, 99);
        return;
    }
    struct ms_str expected = ms_str(CASES[_i].captures);
    size_t n = 0;
    while (expected.len > 0 && !ms_str_is_absent(expected)) {
        ck_assert_uint_lt(n, match.n_captures);
        ck_assert(ms_str_equal(match.captures[n++], ms_str_next(&expected, '|')));
    }
    ck_assert_uint_eq(match.n_captures, n);
}
END_TEST

/* 10,000 slashes must not cost 10,000 times the path: check's time limit would end this. */
START_TEST(long_paths_are_cheap)
{
    static char path[20000];
    for (size_t i = 0; i < sizeof(path); i++)
        path[i] = i % 2 ? 'a' : '/';
    memcpy(path, "/v2/", 4);
    struct ms_route_match match;
    for (int i = 0; i < 500; i++)
        ck_assert(!ms_route_matches(&match, "/v2/{name}/referrers/{digest}",
                                    ms_str_n(path, sizeof(path))));
}
END_TEST

static Suite *make_suite(void)
{
    TCase *route = tcase_create("route");
    tcase_add_loop_test(route, patterns, 0, sizeof(CASES) / sizeof(CASES[0]));
    tcase_add_test(route, long_paths_are_cheap);
    Suite *suite = suite_create("http_route");
    suite_add_tcase(suite, route);
    return suite;
}
