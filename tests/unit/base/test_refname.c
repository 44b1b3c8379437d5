/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/refname.c: names of repositories and tags, and globs. */
#include "common/base/refname.h"
#include "tests/support/check_main.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(repository_names)
{
    static const char *const GOOD[] = {
        "a",    "0",   "library/alpine", "a.b",     "a_b",
        "a__b", "a-b", "a-----b",        "a/b/c/d", "a.b_c__d---e/f0"};
    static const char *const BAD[] = {"",    "/",   "a/",  "/a", "a//b", "A",     "a.",    ".a",
                                      "-a",  "a-",  "_a",  "a_", "a..b", "a___b", "a._b",  "a.-b",
                                      "a b", "a:b", "a@b", "ä",  "a/B",  "a\n",   "a/../b"};
    for (size_t i = 0; i < COUNT(GOOD); i++)
        ck_assert_msg(ms_refname_is_repository(ms_str(GOOD[i])), "refused '%s'", GOOD[i]);
    for (size_t i = 0; i < COUNT(BAD); i++)
        ck_assert_msg(!ms_refname_is_repository(ms_str(BAD[i])), "accepted '%s'", BAD[i]);
    ck_assert(!ms_refname_is_repository(MS_STR("a\0b")));
    ck_assert(!ms_refname_is_repository(MS_STR_ABSENT));
}
END_TEST

START_TEST(tag_names)
{
    static const char *const GOOD[] = {"latest", "1.0", "_", "A", "v1.2.3-rc.1", "a-", "a.", "__"};
    static const char *const BAD[] = {"", ".a", "-a", "a b", "a:b", "a/b", "a+b", "ä", "a\n"};
    for (size_t i = 0; i < COUNT(GOOD); i++)
        ck_assert_msg(ms_refname_is_tag(ms_str(GOOD[i])), "refused '%s'", GOOD[i]);
    for (size_t i = 0; i < COUNT(BAD); i++)
        ck_assert_msg(!ms_refname_is_tag(ms_str(BAD[i])), "accepted '%s'", BAD[i]);
}
END_TEST

START_TEST(names_have_limits)
{
    char name[300];
    memset(name, 'a', sizeof(name));
    ck_assert(ms_refname_is_repository(ms_str_n(name, 255)));
    ck_assert(!ms_refname_is_repository(ms_str_n(name, 256)));
    ck_assert(ms_refname_is_tag(ms_str_n(name, 128)));
    ck_assert(!ms_refname_is_tag(ms_str_n(name, 129)));
}
END_TEST

START_TEST(globs)
{
    static const struct {
        const char *pattern;
        const char *value;
        bool matches;
    } CASES[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "a/b c", true},
        {"**", "", true},
        {"?", "", false},
        {"?", "a", true},
        {"?", "ab", false},
        {"a", "a", true},
        {"a", "b", false},
        {"a", "ab", false},
        {"ab", "a", false},
        {"a*", "a", true},
        {"a*", "abc", true},
        {"*a", "bca", true},
        {"*a", "bcab", false},
        {"a*b*c", "abc", true},
        {"a*b*c", "axxbxxc", true},
        {"a*b*c", "acb", false},
        {"*ab*", "xaab", true},
        {"*aab", "aaaab", true},
        {"a?c*", "abcd", true},
        {"*?", "", false},
        {"*??*", "a", false},
        {"*??*", "ab", true},
        {"[ab]", "a", false},
        {"[ab]", "[ab]", true},
        {"\\*", "*", false},
        {"\\*", "\\x", true},
        {"%", "a", false},
        {"_", "a", false},
        {"?", "*", true},
        {"A", "a", false},
        {"team/*", "team/", true},
        {"team/*", "team", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++)
        ck_assert_msg(ms_refname_glob_match(ms_str(CASES[i].pattern), ms_str(CASES[i].value)) ==
                          CASES[i].matches,
                      "'%s' on '%s'", CASES[i].pattern, CASES[i].value);
    ck_assert(ms_refname_glob_match(MS_STR("a?b"), MS_STR("a\0b")));
    ck_assert(ms_refname_glob_match(MS_STR_ABSENT, MS_STR_ABSENT));
}
END_TEST

START_TEST(a_question_mark_is_one_character)
{
    ck_assert(ms_refname_glob_match(MS_STR("?"), MS_STR("é")));
    ck_assert(ms_refname_glob_match(MS_STR("a?b"), MS_STR("a😀b")));
    ck_assert(!ms_refname_glob_match(MS_STR("??"), MS_STR("é")));
    ck_assert(!ms_refname_glob_match(MS_STR("*??"), MS_STR("é")));
    ck_assert(ms_refname_glob_match(MS_STR("é*"), MS_STR("éa")));
    /* Bytes that are no UTF-8 count one by one. */
    ck_assert(ms_refname_glob_match(MS_STR("??"), MS_STR("\xff\xfe")));
    ck_assert(ms_refname_glob_match(MS_STR("\xff*"), MS_STR("\xff\xfe")));
}
END_TEST

/* A matcher that tries every star again would not end before the time limit of the test. */
START_TEST(is_never_exponential)
{
    enum { STARS = 60, LENGTH = 20000 };
    char pattern[3 * STARS + 1];
    static char value[LENGTH];
    for (size_t i = 0; i < STARS; i++)
        memcpy(pattern + 3 * i, "a*a", 3);
    pattern[3 * STARS] = 'b';
    memset(value, 'a', sizeof(value));
    ck_assert(
        !ms_refname_glob_match(ms_str_n(pattern, sizeof(pattern)), ms_str_n(value, sizeof(value))));
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("refname");
    tcase_add_test(tests, repository_names);
    tcase_add_test(tests, tag_names);
    tcase_add_test(tests, names_have_limits);
    tcase_add_test(tests, globs);
    tcase_add_test(tests, a_question_mark_is_one_character);
    tcase_add_test(tests, is_never_exponential);
    Suite *suite = suite_create("refname");
    suite_add_tcase(suite, tests);
    return suite;
}
