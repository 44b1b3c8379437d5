/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/arena.c: alignment, zeroes, the limit, and allocations that do not overlap. */
#include "common/base/arena.h"
#include "tests/support/check_main.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

static struct ms_arena *arena;

static void free_arena(void)
{
    ms_arena_free(arena);
    arena = NULL;
}

static bool is_filled(const unsigned char *memory, size_t bytes, unsigned char with)
{
    for (size_t i = 0; i < bytes; i++) {
        if (memory[i] != with)
            return false;
    }
    return true;
}

/* Sizes from nothing to far above a chunk, so that common and large chunks alternate. */
START_TEST(allocations_are_zero_aligned_and_apart)
{
    enum { COUNT = 400 };
    unsigned char *memory[COUNT];
    size_t sizes[COUNT];
    arena = ms_arena_new(64 << 20);
    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] = i * i * i % 70001 % (i % 7 == 0 ? 70001 : 97);
        memory[i] = ms_arena_alloc(arena, sizes[i]);
        ck_assert_uint_eq((uintptr_t)memory[i] % _Alignof(max_align_t), 0);
        ck_assert(is_filled(memory[i], sizes[i], 0));
        memset(memory[i], (int)(i % 251) + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++)
        ck_assert(is_filled(memory[i], sizes[i], (unsigned char)(i % 251 + 1)));
}
END_TEST

START_TEST(empty_allocations_are_distinct)
{
    arena = ms_arena_new(1024);
    const void *first = ms_arena_alloc(arena, 0);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_ne(first, ms_arena_alloc(arena, 0));
}
END_TEST

START_TEST(refuses_beyond_its_limit)
{
    arena = ms_arena_new(1024);
    ck_assert_ptr_nonnull(ms_arena_try_alloc(arena, 1000));
    ck_assert_ptr_null(ms_arena_try_alloc(arena, 100)); /* which takes nothing */
    ck_assert_ptr_nonnull(ms_arena_try_alloc(arena, 16));
    ck_assert_ptr_null(ms_arena_try_alloc(arena, 1));
}
END_TEST

START_TEST(refuses_sizes_that_overflow)
{
    arena = ms_arena_new(SIZE_MAX);
    ck_assert_ptr_null(ms_arena_try_alloc(arena, SIZE_MAX));
    ck_assert_ptr_null(ms_arena_try_array(arena, SIZE_MAX / 8 + 2, 8));
    ck_assert_ptr_nonnull(ms_arena_try_array(arena, 3, 8));
    ck_assert_ptr_nonnull(ms_arena_try_array(arena, SIZE_MAX, 0));
}
END_TEST

START_TEST(aborts_where_failure_is_a_bug)
{
    arena = ms_arena_new(16);
    ms_arena_alloc(arena, 17);
}
END_TEST

START_TEST(copies_are_terminated)
{
    arena = ms_arena_new(1024);
    struct ms_str copy = MS_STR("untouched");
    const char *source = "abcdef";
    ck_assert_int_eq(ms_arena_copy(&copy, arena, ms_str_n(source, 3)), MS_OK);
    ck_assert_str_eq(copy.ptr, "abc");
    ck_assert_uint_eq(copy.len, 3);
    ck_assert_int_eq(ms_arena_copy(&copy, arena, MS_STR("")), MS_OK);
    ck_assert(!ms_str_is_absent(copy));
    ck_assert_str_eq(copy.ptr, "");
}
END_TEST

START_TEST(absent_stays_absent)
{
    arena = ms_arena_new(1024);
    struct ms_str copy = MS_STR("x");
    ck_assert_int_eq(ms_arena_copy(&copy, arena, MS_STR_ABSENT), MS_OK);
    ck_assert(ms_str_is_absent(copy));
}
END_TEST

START_TEST(a_failed_copy_leaves_its_output)
{
    arena = ms_arena_new(16);
    struct ms_str copy = MS_STR("untouched");
    ck_assert_int_eq(ms_arena_copy(&copy, arena, MS_STR("more than sixteen bytes")), MS_TOO_LARGE);
    ck_assert(ms_str_equal(copy, MS_STR("untouched")));
}
END_TEST

START_TEST(free_takes_null)
{
    ms_arena_free(NULL);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("arena");
    tcase_add_checked_fixture(tests, NULL, free_arena);
    tcase_add_test(tests, allocations_are_zero_aligned_and_apart);
    tcase_add_test(tests, empty_allocations_are_distinct);
    tcase_add_test(tests, refuses_beyond_its_limit);
    tcase_add_test(tests, refuses_sizes_that_overflow);
    tcase_add_test_raise_signal(tests, aborts_where_failure_is_a_bug, SIGABRT);
    tcase_add_test(tests, copies_are_terminated);
    tcase_add_test(tests, absent_stays_absent);
    tcase_add_test(tests, a_failed_copy_leaves_its_output);
    tcase_add_test(tests, free_takes_null);
    Suite *suite = suite_create("arena");
    suite_add_tcase(suite, tests);
    return suite;
}
