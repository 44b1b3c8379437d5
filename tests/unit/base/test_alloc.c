/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/alloc.h: arrays that grow. */
#include "common/base/alloc.h"
#include "tests/support/check_main.h"

START_TEST(an_array_doubles)
{
    size_t capacity = 0;
    int *list = NULL;
    size_t changes = 0;
    for (size_t count = 0; count < 1000; count++) {
        size_t before = capacity;
        list = ms_alloc_grow(list, &capacity, count + 1, sizeof(*list));
        changes += capacity != before ? 1 : 0;
        list[count] = (int)count;
    }
    ck_assert_uint_eq(capacity, 1024);
    ck_assert_uint_eq(changes, 7);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(list[i], i);
    free(list);
}
END_TEST

START_TEST(what_is_there_is_enough)
{
    size_t capacity = 0;
    char *list = ms_alloc_grow(NULL, &capacity, 100, 1);
    ck_assert_uint_eq(capacity, 128);
    ck_assert_ptr_eq(ms_alloc_grow(list, &capacity, 128, 1), list);
    ck_assert_uint_eq(capacity, 128);
    free(list);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *alloc = tcase_create("alloc");
    tcase_add_test(alloc, an_array_doubles);
    tcase_add_test(alloc, what_is_there_is_enough);
    Suite *suite = suite_create("alloc");
    suite_add_tcase(suite, alloc);
    return suite;
}
