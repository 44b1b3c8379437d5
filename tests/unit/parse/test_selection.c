/* SPDX-License-Identifier: Apache-2.0 */
/* writer/parse/selection.c: which repositories are kept. */
#include "tests/support/check_main.h"
#include "writer/parse/selection.h"

START_TEST(include_and_exclude)
{
    static char globs[][16] = {"team/*", "lib?", "*/keep", "team/secret*", "*/tmp"};
    char *include[] = {globs[0], globs[1], globs[2]};
    char *exclude[] = {globs[3], globs[4]};
    struct ms_config config = {.registry = {.include = {.items = include, .count = 3},
                                            .exclude = {.items = exclude, .count = 2}}};
    static const struct {
        const char *name;
        bool is_kept;
    } CASES[] = {
        {"team/app", true},      {"team/a/b", true},    {"team", false},   {"team/secret", false},
        {"team/secrets", false}, {"team/x/tmp", false}, {"liba", true},    {"lib", false},
        {"other", false},        {"other/keep", true},  {"team/A", false}, {"", false},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        ck_assert_msg(selection_has(&config, ms_str(CASES[i].name)) == CASES[i].is_kept, "%s",
                      CASES[i].name);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("selection");
    tcase_add_test(tests, include_and_exclude);
    Suite *suite = suite_create("selection");
    suite_add_tcase(suite, tests);
    return suite;
}
