/* SPDX-License-Identifier: Apache-2.0 */
/* reader/answer/flight.c and fill.c: large answers, from disk. */
#include "tests/component/answer/answer_fixture.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ms_str quarter_mebibyte(void)
{
    static char bytes[MIB / 4];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)('a' + i % 23);
    return ms_str_n(bytes, sizeof(bytes));
}

static void rows(size_t n, const char *generation, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        row(n, generation, quarter_mebibyte());
}

START_TEST(a_large_answer_goes_to_disk_and_is_kept_there)
{
    size_t a = ask(_i == 0 ? "/large" : "/unexpectedly");
    await(has_reads, 1);
    rows(0, "100", 12);
    ck_assert_uint_gt(spool_bytes(answers.caches.spool), MIB);
    done(0);
    await(is_over, a);
    ck_assert(says(a, "HTTP/1.1 200 ") && says(a, "Content-Length: 3145728\r\n"));
    ck_assert_uint_eq(body(a).len, 3 * MIB);
    for (unsigned i = 0; i < 12; i++)
        ck_assert(ms_str_equal(ms_str_slice(body(a), i * MIB / 4, (i + 1) * MIB / 4),
                               quarter_mebibyte()));
    size_t b = ask(_i == 0 ? "/large" : "/unexpectedly");
    await(is_over, b);
    ck_assert(ms_str_equal(body(a), body(b)));
    ck_assert_uint_eq(fake_store.n_reads, 1);
    touch(101, "any");
    tracker_refresh(&answers.tracker);
    ck_assert_uint_eq(cache_bytes(answers.caches.files), 0);
}
END_TEST

START_TEST(a_large_answer_is_gzipped_for_who_wants_it)
{
    size_t plain = ask("/large");
    size_t packed = ask_with("/large", "Accept-Encoding: gzip\r\n");
    await(has_reads, 1);
    await(all_arrived, 2);
    rows(0, "100", 12);
    done(0);
    await(is_over, plain);
    await(is_over, packed);
    ck_assert(!says(plain, "Content-Encoding") && says(plain, "Vary: Accept-Encoding\r\n"));
    ck_assert(says(packed, "Content-Encoding: gzip\r\n"));
    ck_assert(says(packed, "-gzip\"\r\n") && says(packed, "Vary: Accept-Encoding\r\n"));
    ck_assert(says(packed, "X-Metastore-Generation: 100\r\n"));
    ck_assert_uint_lt(body(packed).len, MIB / 4);
    size_t again = ask_with("/large", "Accept-Encoding: gzip\r\n");
    await(is_over, again);
    ck_assert(ms_str_equal(body(packed), body(again)));
    ck_assert_uint_eq(fake_store.n_reads, 1);
    ck_assert_uint_ge(cache_bytes(answers.caches.files), spool_bytes(answers.caches.spool));
}
END_TEST

START_TEST(gzip_on_demand_of_a_kept_file)
{
    size_t plain = ask("/large");
    await(has_reads, 1);
    rows(0, "100", 12);
    done(0);
    await(is_over, plain);
    touch(101, "any");
    freshness_reset(shared, 101);
    plain = ask("/large");
    await(has_reads, 2);
    rows(1, "101", 12);
    done(1);
    await(is_over, plain);
    size_t a = ask_with("/large", "Accept-Encoding: gzip\r\n");
    size_t b = ask_with("/large", "Accept-Encoding: gzip\r\n");
    await(is_over, a);
    await(is_over, b);
    ck_assert(says(a, "Content-Encoding: gzip\r\n") && says(a, "X-Metastore-Generation: 101\r\n"));
    ck_assert(ms_str_equal(body(a), body(b)));
    ck_assert_uint_eq(fake_store.n_reads, 2);
}
END_TEST

/* The n-th query's rows, made at some time. */
static void rows_made_at(size_t n, const char *generation, const char *time)
{
    row(n, generation, ms_str(time));
    rows(n, generation, 12);
    done(n);
}

START_TEST(when_it_was_made_is_no_part_of_the_tag)
{
    size_t a = ask("/large");
    await(has_reads, 1);
    rows_made_at(0, "100", "made at 12:00");
    await(is_over, a);
    touch(101, "any");
    size_t b = ask_with("/large", if_not(a, "", ""));
    await(has_reads, 2);
    rows_made_at(1, "101", "made at 12:01");
    expect(b, "304", "101", "");
}
END_TEST

/* Whether it has the plain variant, or the other one, which was made elsewhere. */
START_TEST(who_has_it_does_not_wait_for_gzip)
{
    size_t a = ask("/large");
    await(has_reads, 1);
    rows(0, "100", 12);
    done(0);
    await(is_over, a);
    const char *suffix = _i == 0 ? "" : "-gzip";
    size_t b = ask_with("/large", if_not(a, "Accept-Encoding: gzip\r\n", suffix));
    expect(b, "304", "100", "");
    ck_assert(says(b, "Vary: Accept-Encoding\r\n") && says(b, "Cache-Control: no-cache\r\n"));
    ck_assert(says(b, "-gzip\"\r\n") == (_i == 1));
    ck_assert_uint_eq(spool_bytes(answers.caches.spool), 3 * MIB); /* nothing was compressed */
}
END_TEST

START_TEST(several_are_compressed_in_turn)
{
    enum { SEVERAL = 5 };
    size_t askers[SEVERAL];
    for (size_t i = 0; i < SEVERAL; i++) {
        char path[32];
        snprintf(path, sizeof(path), "/large%zu", i);
        askers[i] = ask_with(path, "Accept-Encoding: gzip\r\n");
        await(has_reads, i + 1);
    }
    for (size_t i = 0; i < SEVERAL; i++) {
        rows(i, "100", 12);
        done(i);
    }
    leave(askers[0]); /* the one whose turn it is */
    for (size_t i = 1; i < SEVERAL; i++) {
        await(is_over, askers[i]);
        ck_assert(says(askers[i], "Content-Encoding: gzip\r\n"));
    }
}
END_TEST

START_TEST(a_small_one_is_compressed_before_a_large_one_that_came_first)
{
    size_t large = ask_with("/large1", "Accept-Encoding: gzip\r\n");
    await(has_reads, 1);
    size_t small = ask_with("/large2", "Accept-Encoding: gzip\r\n");
    await(has_reads, 2);
    rows(0, "100", 64);
    done(0);
    rows(1, "100", 4);
    done(1);
    await(is_over, small);
    ck_assert(says(small, "Content-Encoding: gzip\r\n") && !is_over(large));
    await(is_over, large);
    ck_assert(says(large, "Content-Encoding: gzip\r\n"));
}
END_TEST

/* Bytes that gzip makes no smaller. */
static void incompressible_rows(size_t n, const char *generation, unsigned count)
{
    static char bytes[MIB / 4];
    uint32_t state = 1;
    for (unsigned i = 0; i < count; i++) {
        for (size_t j = 0; j < sizeof(bytes); j++) {
            state = state * 1664525 + 1013904223;
            bytes[j] = (char)(state >> 24);
        }
        row(n, generation, ms_str_n(bytes, sizeof(bytes)));
    }
}

/* Whether it is the spool that would have no room for the variant, or the worker's share of it. */
START_TEST(a_variant_that_is_too_large_costs_no_kept_file)
{
    end();
    begin_with_share(_i == 0 ? 4 * MIB : 64 * MIB, 4 * MIB);
    size_t small = ask("/large1");
    await(has_reads, 1);
    rows(0, "100", 4);
    done(0);
    await(is_over, small);
    size_t large = ask_with("/large2", "Accept-Encoding: gzip\r\n");
    await(has_reads, 2);
    incompressible_rows(1, "100", _i == 0 ? 12 : 11);
    done(1);
    await(is_over, large);
    ck_assert(says(large, "HTTP/1.1 200 ") && !says(large, "Content-Encoding"));
    size_t again = ask_with("/large2", "Accept-Encoding: gzip\r\n");
    await(is_over, again);
    ck_assert(ms_str_equal(body(again), body(large)));
    if (_i == 1)
        await(is_over, ask("/large1"));
    ck_assert_uint_eq(fake_store.n_reads, 2);
}
END_TEST

START_TEST(a_full_spool_drops_the_oldest_then_refuses)
{
    end();
    begin_with(4 * MIB);
    size_t a = ask("/large1");
    await(has_reads, 1);
    rows(0, "100", 8);
    done(0);
    await(is_over, a);
    size_t b = ask("/large2"); /* needs the room of the first */
    await(has_reads, 2);
    rows(1, "100", 12);
    done(1);
    await(is_over, b);
    ck_assert_uint_eq(body(b).len, 3 * MIB);
    size_t c = ask("/large3"); /* more than there is */
    await(has_reads, 3);
    while (!fake_store.reads[2].is_cancelled)
        rows(2, "100", 1);
    await(is_over, c);
    ck_assert(says(c, "HTTP/1.1 503 "));
}
END_TEST

START_TEST(a_full_spool_is_told_before_the_query_is_run)
{
    end();
    begin_with(4 * MIB);
    size_t a = ask("/large1");
    await(has_reads, 1);
    rows(0, "100", 13); /* which nobody can drop: it is being made */
    size_t b = ask("/large2");
    await(is_over, b);
    ck_assert(says(b, "HTTP/1.1 503 ") && says(b, "too large at present"));
    ck_assert_uint_eq(fake_store.n_reads, 1);
    done(0);
    await(is_over, a);
    size_t c = ask("/large3"); /* needs the room of the first, which is only kept */
    await(has_reads, 2);
    finish(1, "100", "and then is small");
    expect(c, "200", "100", "and then is small");
    ck_assert_uint_eq(spool_bytes(answers.caches.spool), 0);
}
END_TEST

START_TEST(who_leaves_a_large_answer_frees_the_disk)
{
    size_t a = ask("/large");
    await(has_reads, 1);
    rows(0, "100", 12);
    leave(a);
    await(is_cancelled, 0);
    ck_assert_uint_eq(spool_bytes(answers.caches.spool), 0);
    settle();
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("answer_large");
    TCase *tcase = tcase_create("answer_large");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_large_answer_goes_to_disk_and_is_kept_there, 0, 2);
    tcase_add_test(tcase, a_large_answer_is_gzipped_for_who_wants_it);
    tcase_add_test(tcase, gzip_on_demand_of_a_kept_file);
    tcase_add_test(tcase, when_it_was_made_is_no_part_of_the_tag);
    tcase_add_loop_test(tcase, who_has_it_does_not_wait_for_gzip, 0, 2);
    tcase_add_test(tcase, several_are_compressed_in_turn);
    tcase_add_test(tcase, a_small_one_is_compressed_before_a_large_one_that_came_first);
    tcase_add_loop_test(tcase, a_variant_that_is_too_large_costs_no_kept_file, 0, 2);
    tcase_add_test(tcase, a_full_spool_drops_the_oldest_then_refuses);
    tcase_add_test(tcase, a_full_spool_is_told_before_the_query_is_run);
    tcase_add_test(tcase, who_leaves_a_large_answer_frees_the_disk);
    suite_add_tcase(suite, tcase);
    return suite;
}
