/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/siphash.c against the example of the paper that describes it. */
#include "common/base/siphash.h"
#include "tests/support/check_main.h"

START_TEST(the_example_of_the_paper)
{
    static const char BYTES[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    const struct ms_siphash_key key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    ck_assert(ms_siphash(key, ms_str_n(BYTES, sizeof(BYTES))) == UINT64_C(0xa129ca6149be45e5));
    ck_assert(ms_siphash(key, MS_STR_ABSENT) == UINT64_C(0x726fdb47dd0e0e31));
    ck_assert(ms_siphash(key, ms_str_n(BYTES, 8)) != ms_siphash(key, ms_str_n(BYTES, 9)));
}
END_TEST

START_TEST(a_process_keeps_its_own_key)
{
    const struct ms_siphash_key key = {1, 2};
    ck_assert(ms_siphash_own(MS_STR("name")) == ms_siphash_own(MS_STR("name")));
    ck_assert(ms_siphash_own(MS_STR("name")) != ms_siphash_own(MS_STR("nam")));
    ck_assert(ms_siphash_own(MS_STR("name")) != ms_siphash(key, MS_STR("name")));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("siphash");
    TCase *test = tcase_create("siphash");
    tcase_add_test(test, the_example_of_the_paper);
    tcase_add_test(test, a_process_keeps_its_own_key);
    suite_add_tcase(suite, test);
    return suite;
}
