/* SPDX-License-Identifier: Apache-2.0 */
/* Which answers are marked stale: those from before a change that their client may have seen. */
#include "tests/component/answer/answer_fixture.h"
#include "tests/support/check_main.h"

static bool is_stale(size_t seconds)
{
    return freshness_stale_seconds(env.freshness) >= seconds;
}

static void expect_text(size_t n, bool is_marked)
{
    expect(n, "200", "100", "text");
    ck_assert(says(n, "\r\nX-Metastore-Stale: ") == is_marked);
}

/* The watcher does not see the database, and does again before all answers are there. */
START_TEST(who_joins_a_query_unwatched_may_have_come_after_a_change)
{
    freshness_lost(shared, MS_UNAVAILABLE);
    await(is_stale, 1);
    size_t unwatched = ask("/a");
    await(has_reads, 1);
    finish(0, "100", "text");
    expect_text(unwatched, true);
    fake_store.is_full[MS_CLASS_LIST] = true;
    size_t queued = ask("/x"), queued_too = ask("/x");
    ask("/large"); /* behind them */
    await(has_reads, 2);
    fake_store_make_room(MS_CLASS_LIST);
    await(has_reads, 3);
    size_t joined = ask("/x"), lost = ask("/y");
    await(has_reads, 4);
    size_t joined_lost = ask("/y");
    settle();
    see_database();
    finish(2, "100", "text");
    expect_text(queued, false);
    expect_text(queued_too, false);
    expect_text(joined, true);
    break_off(3, MS_UNAVAILABLE); /* it is asked again after both have come */
    await(has_reads, 6);
    finish(5, "100", "text");
    expect_text(lost, false);
    expect_text(joined_lost, false);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("answer_stale");
    TCase *tcase = tcase_create("answer_stale");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, who_joins_a_query_unwatched_may_have_come_after_a_change);
    suite_add_tcase(suite, tcase);
    return suite;
}
