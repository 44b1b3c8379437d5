/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main function of every check program: define `static Suite *make_suite(void)`, then include.
 * Time limits are for tests that hang: five minutes, and five times what a case asks for.
 */
#ifndef CHECK_MAIN_H
#define CHECK_MAIN_H

#include <stdlib.h>

#include <check.h>

static Suite *make_suite(void);

int main(void)
{
    (void)setenv("CK_DEFAULT_TIMEOUT", "60", 0);
    (void)setenv("CK_TIMEOUT_MULTIPLIER", "5", 0);
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
