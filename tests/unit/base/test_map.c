/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/map.c: putting, getting, removing, growing, and going through all. */
#include "common/base/map.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 5000, NAME_MAX_BYTES = 16 };

START_TEST(an_empty_map_has_nothing)
{
    struct ms_map map = {.slots = NULL};
    ck_assert_ptr_null(ms_map_get(&map, MS_STR("a")));
    ck_assert_ptr_null(ms_map_remove(&map, MS_STR("a")));
    ck_assert_ptr_null(ms_map_next(&map, NULL));
    ms_map_free(&map);
}
END_TEST

START_TEST(a_key_has_one_value)
{
    struct ms_map map = {.slots = NULL};
    int one = 1, two = 2;
    char first_key[] = "key", second_key[] = "key";
    ck_assert_ptr_null(ms_map_put(&map, ms_str(first_key), &one));
    ck_assert_ptr_eq(ms_map_put(&map, ms_str(second_key), &two), &one);
    memset(first_key, 'x', sizeof(first_key)); /* it is no longer looked at */
    ck_assert_ptr_eq(ms_map_get(&map, MS_STR("key")), &two);
    ck_assert_uint_eq(map.count, 1);
    ck_assert_ptr_eq(ms_map_remove(&map, MS_STR("key")), &two);
    ck_assert_ptr_null(ms_map_get(&map, MS_STR("key")));
    ck_assert_uint_eq(map.count, 0);
    ms_map_free(&map);
}
END_TEST

START_TEST(keys_are_bytes)
{
    struct ms_map map = {.slots = NULL};
    int empty = 0, zero = 1, zeros = 2;
    (void)ms_map_put(&map, MS_STR(""), &empty);
    (void)ms_map_put(&map, MS_STR("\0"), &zero);
    (void)ms_map_put(&map, MS_STR("\0\0"), &zeros);
    ck_assert_ptr_eq(ms_map_get(&map, MS_STR("")), &empty);
    ck_assert_ptr_eq(ms_map_get(&map, MS_STR("\0")), &zero);
    ck_assert_ptr_eq(ms_map_get(&map, MS_STR("\0\0")), &zeros);
    ms_map_free(&map);
}
END_TEST

START_TEST(many_come_and_go)
{
    static char names[MANY][NAME_MAX_BYTES];
    struct ms_map map = {.slots = NULL};
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "name-%zu", i);
        ck_assert_ptr_null(ms_map_put(&map, ms_str(names[i]), names[i]));
    }
    for (size_t i = 0; i < MANY; i += 3)
        ck_assert_ptr_eq(ms_map_remove(&map, ms_str(names[i])), names[i]);
    size_t left = 0;
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_ptr_eq(ms_map_get(&map, ms_str(names[i])), i % 3 == 0 ? NULL : names[i]);
        left += i % 3 == 0 ? 0 : 1;
    }
    ck_assert_uint_eq(map.count, left);

    static bool seen[MANY];
    for (const struct ms_map_entry *entry = ms_map_next(&map, NULL); entry != NULL;
         entry = ms_map_next(&map, entry)) {
        size_t i = (size_t)((const char *)entry->value - names[0]) / NAME_MAX_BYTES;
        ck_assert(!seen[i] && i % 3 != 0);
        ck_assert(ms_str_equal(entry->key, ms_str(names[i])));
        seen[i] = true;
        left--;
    }
    ck_assert_uint_eq(left, 0);
    ms_map_free(&map);
    ck_assert_uint_eq(map.count, 0);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *map = tcase_create("map");
    tcase_add_test(map, an_empty_map_has_nothing);
    tcase_add_test(map, a_key_has_one_value);
    tcase_add_test(map, keys_are_bytes);
    tcase_add_test(map, many_come_and_go);
    Suite *suite = suite_create("map");
    suite_add_tcase(suite, map);
    return suite;
}
