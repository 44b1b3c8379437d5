/* SPDX-License-Identifier: Apache-2.0 */
/* reader/shared/freshness.c: what a worker learns from shared memory, also while it is being
 * written. */
#include "reader/shared/freshness.h"
#include "tests/support/check_main.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct freshness_shared *shared;
static struct freshness worker;
static unsigned n_touched, n_resets;
static uint64_t last_generation, last_hash;

static void begin(void)
{
    shared = mmap(NULL, freshness_shared_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                  -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    freshness_init(&worker, shared);
    n_touched = n_resets = 0;
}

static void end(void)
{
    munmap(shared, freshness_shared_size());
}

static void on_touched(uint64_t generation, uint64_t repository_hash, void *arg)
{
    (void)arg;
    n_touched++;
    last_generation = generation;
    last_hash = repository_hash;
}

static void on_reset(void *arg)
{
    (void)arg;
    n_resets++;
}

static void update(void)
{
    freshness_update(&worker, on_touched, on_reset, NULL);
}

START_TEST(nothing_seen_yet)
{
    update();
    ck_assert_uint_eq(n_touched + n_resets, 0);
    ck_assert(!freshness_is_known(&worker));
    ck_assert_uint_eq(freshness_age_ms(&worker), UINT64_MAX);
    ck_assert_uint_eq(freshness_stale_seconds(&worker), 0);
    ck_assert_ptr_null(freshness_schema_problem(&worker));
}
END_TEST

START_TEST(the_first_sight_begins_an_epoch)
{
    freshness_reset(shared, 100);
    freshness_seen(shared, true, 20, FRESHNESS_SCHEMA_OK);
    update();
    ck_assert_uint_eq(n_resets, 1);
    ck_assert_uint_eq(freshness_generation(&worker), 100);
    ck_assert(freshness_is_known(&worker));
    ck_assert_uint_eq(freshness_stale_seconds(&worker), 0);
    ck_assert(freshness_is_standby(&worker));
    ck_assert_int_eq(freshness_replay_lag_ms(&worker), 20);
    update();
    ck_assert_uint_eq(n_resets, 1);
}
END_TEST

START_TEST(touches_come_in_order_and_once)
{
    freshness_reset(shared, 100);
    update();
    freshness_touch(shared, 101, 0xa);
    update();
    ck_assert_uint_eq(last_generation, 101);
    ck_assert_uint_eq(last_hash, 0xa);
    freshness_touch(shared, 102, 0xb);
    freshness_touch(shared, 103, 0xc);
    update();
    update();
    ck_assert_uint_eq(n_touched, 3);
    ck_assert_uint_eq(last_hash, 0xc);
    ck_assert_uint_eq(freshness_generation(&worker), 103);
    ck_assert_uint_eq(n_resets, 1);
}
END_TEST

START_TEST(a_whole_ring_behind_is_caught_up)
{
    freshness_reset(shared, 0);
    update();
    for (uint64_t g = 1; g <= FRESHNESS_RING; g++)
        freshness_touch(shared, g, g);
    update();
    ck_assert_uint_eq(n_touched, FRESHNESS_RING);
    ck_assert_uint_eq(n_resets, 1);
}
END_TEST

START_TEST(more_than_a_ring_behind_forgets_all)
{
    freshness_reset(shared, 0);
    update();
    for (uint64_t g = 1; g <= FRESHNESS_RING + 1; g++)
        freshness_touch(shared, g, g);
    update();
    ck_assert_uint_eq(n_touched, 0);
    ck_assert_uint_eq(n_resets, 2);
    ck_assert_uint_eq(freshness_generation(&worker), FRESHNESS_RING + 1);
}
END_TEST

START_TEST(going_back_and_the_same_numbers_again_forget_all)
{
    freshness_reset(shared, 100);
    freshness_touch(shared, 101, 1);
    update();
    freshness_reset(shared, 100); /* restored, then another 101 */
    freshness_touch(shared, 101, 2);
    update();
    ck_assert_uint_eq(n_resets, 2);
    ck_assert_uint_eq(freshness_generation(&worker), 101);
    freshness_reset(shared, 50);
    update();
    ck_assert_uint_eq(n_resets, 3);
    ck_assert_uint_eq(freshness_generation(&worker), 50);
}
END_TEST

START_TEST(schema_problems_are_told)
{
    freshness_seen(shared, false, -1, FRESHNESS_SCHEMA_MISSING);
    ck_assert_ptr_nonnull(freshness_schema_problem(&worker));
    freshness_seen(shared, false, -1, FRESHNESS_SCHEMA_OLD);
    ck_assert_ptr_nonnull(freshness_schema_problem(&worker));
    freshness_seen(shared, false, -1, FRESHNESS_SCHEMA_NEW);
    ck_assert_ptr_nonnull(freshness_schema_problem(&worker));
    freshness_seen(shared, false, -1, FRESHNESS_SCHEMA_OK);
    ck_assert_ptr_null(freshness_schema_problem(&worker));
}
END_TEST

/* Each generation's hash is a function of it: a torn slot would show. */
static uint64_t hash_of(uint64_t generation)
{
    return generation * UINT64_C(0x9e3779b97f4a7c15);
}

static void on_touched_checked(uint64_t generation, uint64_t repository_hash, void *arg)
{
    on_touched(generation, repository_hash, arg);
    ck_assert_uint_eq(repository_hash, hash_of(generation));
}

START_TEST(a_writer_at_full_speed_is_never_misread)
{
    enum { LAST = 3000000 };
    freshness_reset(shared, 0);
    update();
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        for (uint64_t g = 1; g <= LAST; g++)
            freshness_touch(shared, g, hash_of(g));
        _exit(0);
    }
    uint64_t before = 0;
    while (freshness_generation(&worker) < LAST) {
        freshness_update(&worker, on_touched_checked, on_reset, NULL);
        ck_assert_uint_ge(freshness_generation(&worker), before);
        before = freshness_generation(&worker);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("freshness");
    TCase *tcase = tcase_create("freshness");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, nothing_seen_yet);
    tcase_add_test(tcase, the_first_sight_begins_an_epoch);
    tcase_add_test(tcase, touches_come_in_order_and_once);
    tcase_add_test(tcase, a_whole_ring_behind_is_caught_up);
    tcase_add_test(tcase, more_than_a_ring_behind_forgets_all);
    tcase_add_test(tcase, going_back_and_the_same_numbers_again_forget_all);
    tcase_add_test(tcase, schema_problems_are_told);
    tcase_add_test(tcase, a_writer_at_full_speed_is_never_misread);
    suite_add_tcase(suite, tcase);
    return suite;
}
