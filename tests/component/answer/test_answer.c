/* SPDX-License-Identifier: Apache-2.0 */
/* The files of reader/answer together: sharing, keeping, never going back, failures. */
#include "tests/component/answer/answer_fixture.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- sharing and keeping --- */

START_TEST(equal_requests_share_a_query_and_then_the_cache)
{
    size_t a = ask("/x"), b = ask("/x"), c = ask("/y");
    await(has_reads, 2);
    await(all_arrived, 3);
    finish(0, "100", "one");
    finish(1, "100", "two");
    expect(a, "200", "100", "one");
    expect(b, "200", "100", "one");
    expect(c, "200", "100", "two");
    expect(ask("/x"), "200", "100", "one");
    ck_assert_uint_eq(fake_store.n_reads, 2);
}
END_TEST

static char long_text[5000 + 1];

/* Whether it was among those who waited for the query, or is served from the cache. */
START_TEST(gzip_is_made_once_and_counted)
{
    bool is_first = _i == 0;
    memset(long_text, 'x', sizeof(long_text) - 1);
    size_t plain = ask("/x");
    size_t packed = is_first ? ask_with("/x", "Accept-Encoding: gzip\r\n") : 0;
    await(has_reads, 1);
    await(all_arrived, is_first ? 2 : 1);
    finish(0, "100", long_text);
    expect(plain, "200", "100", long_text);
    uint64_t before = cache_bytes(answers.caches.memory);
    if (!is_first)
        packed = ask_with("/x", "Accept-Encoding: gzip\r\n");
    await(is_over, packed);
    ck_assert(says(packed, "Content-Encoding: gzip\r\n") && body(packed).len < 1000);
    uint64_t grown = is_first ? 0 : body(packed).len;
    ck_assert_uint_eq(cache_bytes(answers.caches.memory), before + grown);
    size_t again = ask_with("/x", "Accept-Encoding: gzip\r\n");
    await(is_over, again);
    ck_assert(ms_str_equal(body(again), body(packed)));
    ck_assert_uint_eq(cache_bytes(answers.caches.memory), before + grown);
}
END_TEST

START_TEST(who_has_the_answer_costs_no_gzip)
{
    memset(long_text, 'x', sizeof(long_text) - 1);
    size_t plain = ask("/x");
    await(has_reads, 1);
    finish(0, "100", long_text);
    expect(plain, "200", "100", long_text);
    uint64_t bytes = cache_bytes(answers.caches.memory);
    for (int i = 0; i < 2; i++) {
        size_t n =
            ask_with("/x", if_not(plain, "Accept-Encoding: gzip\r\n", i == 0 ? "" : "-gzip"));
        await(is_over, n);
        ck_assert(says(n, "HTTP/1.1 304 ") && says(n, "Vary: Accept-Encoding\r\n"));
    }
    ck_assert_uint_eq(cache_bytes(answers.caches.memory), bytes);
}
END_TEST

START_TEST(a_later_generation_shares_no_earlier_query)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    touch(101, "any");
    size_t b = ask("/x");
    await(has_reads, 2);
    finish(0, "100", "old");
    finish(1, "101", "new");
    expect(a, "200", "100", "old");
    expect(b, "200", "101", "new");
    expect(ask("/x"), "200", "101", "new");
    ck_assert_uint_eq(fake_store.n_reads, 2);
}
END_TEST

START_TEST(what_was_touched_meanwhile_is_sent_but_not_kept)
{
    size_t a = ask("/r/lib");
    await(has_reads, 1);
    touch(101, "lib");
    finish(0, "100", "old");
    expect(a, "200", "100", "old");
    ask("/r/lib");
    await(has_reads, 2);
}
END_TEST

START_TEST(what_a_snapshot_already_holds_is_kept)
{
    size_t a = ask("/r/lib");
    await(has_reads, 1);
    touch(101, "lib"); /* the query began before, but saw it */
    finish(0, "101", "new");
    expect(a, "200", "101", "new");
    expect(ask("/r/lib"), "200", "101", "new");
    ck_assert_uint_eq(fake_store.n_reads, 1);
}
END_TEST

START_TEST(changes_of_others_leave_it_and_raise_its_generation)
{
    size_t a = ask("/r/lib");
    await(has_reads, 1);
    touch(101, "other");
    finish(0, "100", "text");
    expect(a, "200", "101", "text");
    touch(102, "other");
    expect(ask("/r/lib"), "200", "102", "text");
    ck_assert_uint_eq(fake_store.n_reads, 1);
    touch(103, "lib");
    ask("/r/lib");
    await(has_reads, 2);
}
END_TEST

START_TEST(a_404_and_a_link_are_kept_alike)
{
    size_t a = ask("/r/none");
    size_t b = ask("/page");
    await(has_reads, 2);
    finish(0, "100", "missing");
    finish(1, "100", "page");
    expect(a, "404", "100", "missing");
    expect(b, "200", "100", "page");
    expect(ask("/r/none"), "404", "100", "missing");
    size_t c = ask("/page");
    expect(c, "200", "100", "page");
    ck_assert(says(b, "\r\nLink: </next>; rel=\"next\"\r\n"));
    ck_assert(says(c, "\r\nLink: </next>; rel=\"next\"\r\n"));
    ck_assert_uint_eq(fake_store.n_reads, 2);
}
END_TEST

START_TEST(an_unmodified_answer_is_304)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    finish(0, "100", "text");
    expect(a, "200", "100", "text");
    touch(101, "any");
    size_t b = ask_with("/x", if_not(a, "", ""));
    await(has_reads, 2);
    finish(1, "101", "text"); /* the same body at another generation */
    expect(b, "304", "101", "");
}
END_TEST

START_TEST(when_it_was_made_is_no_part_of_the_tag)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    row(0, "100", MS_STR("made at 12:00"));
    row(0, "100", MS_STR("text"));
    done(0);
    await(is_over, a);
    touch(101, "any");
    size_t b = ask_with("/x", if_not(a, "", ""));
    await(has_reads, 2);
    row(1, "101", MS_STR("made at 12:01"));
    row(1, "101", MS_STR("text"));
    done(1);
    expect(b, "304", "101", "");
    touch(102, "any");
    size_t c = ask_with("/x", if_not(a, "", ""));
    await(has_reads, 3);
    row(2, "102", MS_STR("made at 12:02"));
    row(2, "102", MS_STR("other"));
    done(2);
    expect(c, "200", "102", "made at 12:02other,\"generation\":102}");
}
END_TEST

/* --- never back in time --- */

START_TEST(a_query_behind_is_asked_again)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    finish(0, "99", "of a standby that lags");
    await(has_reads, 2);
    finish(1, "100", "text");
    expect(a, "200", "100", "text");
}
END_TEST

START_TEST(a_database_that_stays_behind_is_503)
{
    size_t a = ask("/x");
    for (size_t i = 0; i < 21; i++) {
        await(has_reads, i + 1);
        finish(i, "99", "old");
    }
    await(is_over, a);
    ck_assert(says(a, "HTTP/1.1 503 "));
}
END_TEST

static void look(void)
{
    see_database();
    answers_note_look(&answers);
}

START_TEST(an_answer_ahead_waits_for_the_watcher)
{
    size_t a = ask("/r/lib"), b = ask("/x");
    await(has_reads, 2);
    finish(0, "100", "kept");
    expect(a, "200", "100", "kept");
    finish(1, "101", "ahead");
    look(); /* it saw the state before 101 */
    expect(ask("/r/lib"), "200", "100", "kept");
    size_t c = ask("/x"); /* shares what waits */
    settle();
    touch(101, "any");
    look();
    expect(b, "200", "101", "ahead");
    expect(c, "200", "101", "ahead");
    expect(ask("/r/lib"), "200", "101", "kept");
    ck_assert_uint_eq(fake_store.n_reads, 3);
}
END_TEST

START_TEST(an_answer_ahead_of_a_new_epoch_is_asked_again)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    finish(0, "101", "of a database that is no more");
    freshness_reset(shared, 50);
    look();
    await(has_reads, 2);
    finish(1, "50", "restored");
    expect(a, "200", "50", "restored");
}
END_TEST

/* Else nothing else could be answered until the database comes up to it. */
START_TEST(a_generation_that_the_database_has_not_reached_is_503)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    finish(0, "105", "of a server that is the primary no more");
    for (unsigned i = 0; i < 3; i++)
        look();
    await(is_over, a);
    ck_assert(says(a, "HTTP/1.1 503 ") && !says(a, "no more"));
    size_t b = ask("/x");
    await(has_reads, 2);
    finish(1, "100", "text");
    expect(b, "200", "100", "text");
}
END_TEST

/* Without the watcher nothing waits for it. Then 101 … 105 may have touched what is kept. */
static void lose_sight_and_show_what_is_ahead(void)
{
    size_t a = ask("/r/lib");
    await(has_reads, 1);
    finish(0, "100", "old");
    expect(a, "200", "100", "old");
    freshness_lost(shared, MS_UNAVAILABLE);
    size_t b = ask("/x");
    await(has_reads, 2);
    finish(1, "105", "ahead of the watcher");
    expect(b, "200", "105", "ahead of the watcher");
}

START_TEST(the_cache_does_not_answer_from_before_what_was_shown)
{
    lose_sight_and_show_what_is_ahead();
    size_t a = ask("/r/lib");
    await(has_reads, 3);
    finish(2, "105", "new");
    expect(a, "200", "105", "new");
}
END_TEST

START_TEST(nor_when_the_query_fails)
{
    lose_sight_and_show_what_is_ahead();
    size_t a = ask("/r/lib");
    await(has_reads, 3);
    break_off(2, MS_TIMEOUT);
    await(is_over, a);
    ck_assert(says(a, "HTTP/1.1 503 "));
}
END_TEST

/* --- epochs --- */

/* Asks once more and answers of the new epoch. */
static void expect_new_epoch(size_t client, size_t query, const char *path)
{
    await(has_reads, query + 1);
    finish(query, "50", "restored");
    expect(client, "200", "50", "restored");
    expect(ask(path), "200", "50", "restored");
    ck_assert_uint_eq(fake_store.n_reads, query + 1);
}

START_TEST(a_new_epoch_forgets_all)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    finish(0, "100", "old");
    expect(a, "200", "100", "old");
    freshness_reset(shared, 50);
    expect_new_epoch(ask("/x"), 1, "/x");
}
END_TEST

/* Else its generation would be one that no later answer comes up to. */
START_TEST(an_answer_from_before_the_epoch_is_asked_again)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    freshness_reset(shared, 50);
    finish(0, "100", "of a database that is no more");
    expect_new_epoch(a, 1, "/x");
    size_t b = ask("/y");
    await(has_reads, 3);
    finish(2, "51", "later");
    expect(b, "200", "51", "later");
}
END_TEST

START_TEST(a_query_from_before_the_epoch_is_not_shared)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    freshness_reset(shared, 50);
    size_t b = ask("/x");
    await(has_reads, 2);
    finish(1, "50", "restored");
    expect(b, "200", "50", "restored");
    finish(0, "100", "of a database that is no more");
    expect_new_epoch(a, 2, "/x");
}
END_TEST

/* A worker that was asleep while the ring went round cannot tell what was touched meanwhile. */
START_TEST(what_a_lost_ring_may_have_touched_is_not_kept)
{
    size_t a = ask("/r/lib");
    await(has_reads, 1);
    for (uint64_t i = 1; i <= FRESHNESS_RING + 1; i++)
        touch(100 + i, "lib");
    finish(0, "100", "old");
    await(has_reads, 2);
    char generation[32];
    snprintf(generation, sizeof(generation), "%d", 101 + FRESHNESS_RING);
    finish(1, generation, "new");
    expect(a, "200", generation, "new");
}
END_TEST

/* --- failures --- */

START_TEST(without_the_database_and_the_cache_503)
{
    fake_store.refusal = MS_UNAVAILABLE;
    size_t a = ask("/x"), b = ask("/v2/x"); /* which the watcher still sees: they wait a while */
    await(is_over, a);
    await(is_over, b);
    ck_assert(says(a, "HTTP/1.1 503 ") && says(a, "Retry-After: ") && says(a, "problem+json"));
    ck_assert(says(b, "HTTP/1.1 503 ") && says(b, "Retry-After: "));
    ck_assert(says(b, "{\"errors\":[{\"code\":\"UNAVAILABLE\""));
    ck_assert(says(b, "Docker-Distribution-Api-Version: registry/2.0"));
}
END_TEST

START_TEST(a_short_loss_is_waited_out)
{
    fake_store.refusal = MS_UNAVAILABLE;
    size_t a = ask("/x");
    await(all_arrived, 1);
    fake_store.refusal = MS_OK;
    await(has_reads, 1);
    break_off(0, MS_UNAVAILABLE);
    await(has_reads, 2);
    finish(1, "100", "text");
    expect(a, "200", "100", "text");
}
END_TEST

static bool was_refused(size_t n)
{
    see_database(); /* as the watcher does all the time */
    return fake_store.n_refused >= n;
}

START_TEST(a_loss_leaves_a_database_that_is_behind_its_time)
{
    fake_store.refusal = MS_UNAVAILABLE;
    size_t a = ask("/x");
    await(was_refused, 21); /* as often as it is asked of one that is behind */
    fake_store.refusal = MS_OK;
    await(has_reads, 1);
    finish(0, "99", "of a standby that lags");
    await(has_reads, 2);
    finish(1, "100", "text");
    expect(a, "200", "100", "text");
}
END_TEST

START_TEST(a_failure_falls_back_to_what_is_kept)
{
    counts = true;
    size_t a = ask("/r/lib");
    await(has_reads, 1);
    finish(0, "100", "text");
    expect(a, "200", "100", "text");
    expire("/r/lib");
    size_t b = ask("/r/lib");
    await(has_reads, 2);
    break_off(1, MS_TIMEOUT);
    expect(b, "200", "100", "text");
    ck_assert(says(b, "\r\nX-Metastore-Stale: "));
}
END_TEST

START_TEST(time_outs_and_faults_have_their_status)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    break_off(0, MS_TIMEOUT);
    size_t b = ask("/y");
    await(has_reads, 2);
    break_off(1, MS_INVALID);
    size_t c = ask("/z");
    await(has_reads, 3);
    done(2); /* no row */
    await(is_over, a);
    await(is_over, b);
    await(is_over, c);
    ck_assert(says(a, "HTTP/1.1 503 "));
    ck_assert(says(b, "HTTP/1.1 500 "));
    ck_assert(says(c, "HTTP/1.1 500 "));
}
END_TEST

START_TEST(what_took_too_long_is_not_asked_again_for_a_minute)
{
    size_t a = ask("/x"), b = ask("/v2/x");
    await(has_reads, 2);
    break_off(0, MS_TIMEOUT);
    break_off(1, MS_TIMEOUT);
    await(is_over, a);
    ck_assert(says(a, "HTTP/1.1 503 ") && says(a, "Retry-After: 60\r\n"));
    await(is_over, b);
    ck_assert(says(b, "HTTP/1.1 503 ") && says(b, "Retry-After: 60\r\n"));
    a = ask("/x");
    await(is_over, a);
    ck_assert(says(a, "HTTP/1.1 503 ") && says(a, "took too long"));
    settle(); /* others are asked */
    ck_assert_uint_eq(fake_store.n_reads, 3);
    freshness_reset(shared, 50); /* of another database nothing is known */
    a = ask("/x");
    await(has_reads, 4);
    finish(3, "50", "text");
    expect(a, "200", "50", "text");
}
END_TEST

START_TEST(a_query_that_costs_connections_is_given_up)
{
    size_t a = ask("/x");
    for (size_t i = 0; i < 3; i++) {
        await(has_reads, i + 1);
        break_off(i, MS_UNAVAILABLE);
    }
    await(is_over, a);
    ck_assert(says(a, "HTTP/1.1 503 "));
    ck_assert_uint_eq(fake_store.n_reads, 3);
}
END_TEST

START_TEST(a_schema_that_is_not_understood_is_503)
{
    freshness_seen(shared, false, -1, FRESHNESS_SCHEMA_NEW);
    size_t a = ask("/x");
    await(is_over, a);
    ck_assert(says(a, "HTTP/1.1 503 ") && says(a, "newer than this reader"));
    ck_assert_uint_eq(fake_store.n_reads, 0);
}
END_TEST

START_TEST(the_last_client_to_leave_cancels)
{
    size_t a = ask("/x");
    await(has_reads, 1);
    size_t b = ask("/x");
    await(all_arrived, 2);
    leave(a);
    await(all_arrived, 1);
    ck_assert(!fake_store.reads[0].is_cancelled);
    leave(b);
    await(is_cancelled, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("answer");
    TCase *tcase = tcase_create("answer");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, equal_requests_share_a_query_and_then_the_cache);
    tcase_add_loop_test(tcase, gzip_is_made_once_and_counted, 0, 2);
    tcase_add_test(tcase, who_has_the_answer_costs_no_gzip);
    tcase_add_test(tcase, a_later_generation_shares_no_earlier_query);
    tcase_add_test(tcase, what_was_touched_meanwhile_is_sent_but_not_kept);
    tcase_add_test(tcase, what_a_snapshot_already_holds_is_kept);
    tcase_add_test(tcase, changes_of_others_leave_it_and_raise_its_generation);
    tcase_add_test(tcase, a_404_and_a_link_are_kept_alike);
    tcase_add_test(tcase, an_unmodified_answer_is_304);
    tcase_add_test(tcase, when_it_was_made_is_no_part_of_the_tag);
    tcase_add_test(tcase, a_query_behind_is_asked_again);
    tcase_add_test(tcase, a_database_that_stays_behind_is_503);
    tcase_add_test(tcase, an_answer_ahead_waits_for_the_watcher);
    tcase_add_test(tcase, an_answer_ahead_of_a_new_epoch_is_asked_again);
    tcase_add_test(tcase, a_generation_that_the_database_has_not_reached_is_503);
    tcase_add_test(tcase, the_cache_does_not_answer_from_before_what_was_shown);
    tcase_add_test(tcase, nor_when_the_query_fails);
    tcase_add_test(tcase, a_new_epoch_forgets_all);
    tcase_add_test(tcase, an_answer_from_before_the_epoch_is_asked_again);
    tcase_add_test(tcase, a_query_from_before_the_epoch_is_not_shared);
    tcase_add_test(tcase, what_a_lost_ring_may_have_touched_is_not_kept);
    tcase_add_test(tcase, without_the_database_and_the_cache_503);
    tcase_add_test(tcase, a_short_loss_is_waited_out);
    tcase_add_test(tcase, a_loss_leaves_a_database_that_is_behind_its_time);
    tcase_add_test(tcase, a_failure_falls_back_to_what_is_kept);
    tcase_add_test(tcase, time_outs_and_faults_have_their_status);
    tcase_add_test(tcase, what_took_too_long_is_not_asked_again_for_a_minute);
    tcase_add_test(tcase, a_query_that_costs_connections_is_given_up);
    tcase_add_test(tcase, a_schema_that_is_not_understood_is_503);
    tcase_add_test(tcase, the_last_client_to_leave_cancels);
    suite_add_tcase(suite, tcase);
    return suite;
}
