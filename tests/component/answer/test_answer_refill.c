/* SPDX-License-Identifier: Apache-2.0 */
/* The index is made again after a change, before anybody asks; what cannot be made in time is
 * served as it was. */
#include "tests/component/answer/answer_fixture.h"
#include "tests/support/check_main.h"

#include <string.h>

static void change(uint64_t generation)
{
    touch(generation, "any");
    see_database();
    answers_note_look(&answers);
}

static void ask_once(void)
{
    size_t a = ask("/index");
    await(has_reads, 1);
    finish(0, "100", "old");
    expect(a, "200", "100", "old");
}

START_TEST(after_a_change_it_is_made_again)
{
    ask_once();
    change(101);
    await(has_reads, 2);
    finish(1, "101", "new");
    expect(ask("/index"), "200", "101", "new");
    ck_assert_uint_eq(fake_store.n_reads, 2);
}
END_TEST

START_TEST(in_a_new_epoch_of_the_same_generation_too)
{
    ask_once();
    freshness_reset(shared, 100);
    answers_note_look(&answers);
    await(has_reads, 2);
    finish(1, "100", "again");
    expect(ask("/index"), "200", "100", "again");
    ck_assert_uint_eq(fake_store.n_reads, 2);
}
END_TEST

START_TEST(who_comes_meanwhile_shares_it)
{
    ask_once();
    change(101);
    await(has_reads, 2);
    size_t a = ask("/index");
    await(all_arrived, 1);
    size_t other = ask("/x");
    await(has_reads, 3);
    finish(1, "101", "new");
    expect(a, "200", "101", "new");
    finish(2, "101", "other");
    expect(other, "200", "101", "other");
    ck_assert_uint_eq(fake_store.n_reads, 3);
}
END_TEST

START_TEST(another_change_makes_it_worthless)
{
    ask_once();
    change(101);
    await(has_reads, 2);
    change(102);
    await(is_cancelled, 1);
    size_t a = ask("/index"); /* never what is from before it */
    await(has_reads, 3);
    finish(2, "102", "newer");
    expect(a, "200", "102", "newer");
}
END_TEST

START_TEST(who_leaves_does_not_end_it)
{
    ask_once();
    change(101);
    await(has_reads, 2);
    size_t a = ask("/index");
    settle();
    leave(a);
    await(all_arrived, 1);
    finish(1, "101", "new");
    expect(ask("/index"), "200", "101", "new");
}
END_TEST

START_TEST(nothing_else_is_made_again)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    finish(0, "100", "old");
    expect(a, "200", "100", "old");
    change(101);
    settle();
    ck_assert_uint_eq(fake_store.n_reads, 2);
}
END_TEST

/* Of more than a MiB: it goes to disk. */
static void finish_large(size_t n, const char *generation)
{
    static char bytes[MIB];
    memset(bytes, 'x', sizeof(bytes));
    row(n, generation, ms_str_n(bytes, sizeof(bytes)));
    row(n, generation, MS_STR("and more"));
    done(n);
}

/* Another query is asked again so often that the next attempt at the index would have come. */
static void expect_no_other_attempt(size_t n_reads)
{
    enum { TIMES = 8 };
    size_t a = ask("/x");
    for (size_t i = 0; i < TIMES; i++) {
        await(has_reads, n_reads + i + 1);
        ck_assert_int_eq(fake_store.reads[n_reads + i].query.query, MS_READ_TAGS_LIST);
        finish(n_reads + i, "1", "of a standby that lags");
    }
    leave(a);
    await(all_arrived, 0);
}

START_TEST(what_is_too_large_to_be_kept_is_not_made_over_and_over)
{
    end();
    begin_with_share(4 * MIB, MIB);
    size_t a = ask("/index");
    await(has_reads, 1);
    finish_large(0, "100");
    await(is_over, a);
    change(101);
    await(has_reads, 2);
    finish_large(1, "101");
    expect_no_other_attempt(2);
    size_t n_reads = fake_store.n_reads;
    change(102); /* by which it may have become smaller */
    await(has_reads, n_reads + 1);
    finish(n_reads, "102", "small");
    expect(ask("/index"), "200", "102", "small");
    ck_assert_uint_eq(fake_store.n_reads, n_reads + 1);
}
END_TEST

/* The database is frozen, or only slow; it need not be known yet. */
START_TEST(what_has_expired_is_served_while_the_database_is_silent)
{
    counts = true;
    size_t a = ask("/x");
    await(has_reads, 1);
    finish(0, "100", "counts");
    expect(a, "200", "100", "counts");
    expire("/x");
    if (_i == 1)
        fake_store.is_full[MS_CLASS_LIST] = true;
    size_t b = ask("/x"), c = ask("/x");
    expect(b, "200", "100", "counts");
    expect(c, "200", "100", "counts");
    ck_assert(says(b, "\r\nX-Metastore-Stale: "));
    if (_i == 1)
        return;
    leave(b); /* all were served, and it goes on: or a slow one would never be made again */
    see_database();
    finish(1, "100", "newer");
    expect(ask("/x"), "200", "100", "newer");
    ck_assert_uint_eq(fake_store.n_reads, 2);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("answer_refill");
    TCase *tcase = tcase_create("answer_refill");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, after_a_change_it_is_made_again);
    tcase_add_test(tcase, in_a_new_epoch_of_the_same_generation_too);
    tcase_add_test(tcase, who_comes_meanwhile_shares_it);
    tcase_add_test(tcase, another_change_makes_it_worthless);
    tcase_add_test(tcase, who_leaves_does_not_end_it);
    tcase_add_test(tcase, nothing_else_is_made_again);
    tcase_add_test(tcase, what_is_too_large_to_be_kept_is_not_made_over_and_over);
    tcase_add_loop_test(tcase, what_has_expired_is_served_while_the_database_is_silent, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
