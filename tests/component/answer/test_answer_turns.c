/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for the database: whose turn it is, who is refused. Clients are told apart by what the
 * proxy, which is the test, says. */
#include "common/runtime/metrics.h"
#include "reader/answer/flight.h"
#include "tests/component/answer/answer_fixture.h"
#include "tests/support/check_main.h"

#include <stdio.h>

static size_t ask_as(const char *client, const char *path)
{
    char header[64];
    (void)snprintf(header, sizeof(header), "X-Forwarded-For: %s\r\n", client);
    return ask_with(path, header);
}

static double waiting(void)
{
    flights_update_gauges(answers.flights);
    return ms_metrics_get(MS_METRIC_STATEMENTS_WAITING, "list", NULL);
}

static bool has_waiting(size_t n)
{
    return waiting() >= (double)n && waiting() <= (double)n;
}

static void fill_connections(void)
{
    fake_store.is_full[MS_CLASS_LIST] = true;
}

START_TEST(turns_go_round_the_clients)
{
    fill_connections();
    size_t a1 = ask_as("192.0.2.1", "/a1");
    await(has_waiting, 1);
    size_t a2 = ask_as("192.0.2.1", "/a2");
    await(has_waiting, 2);
    size_t b1 = ask_as("192.0.2.2", "/b1");
    await(has_waiting, 3);
    ck_assert_uint_eq(fake_store.n_reads, 0);
    fake_store_make_room(MS_CLASS_LIST);
    ck_assert_uint_eq(fake_store.n_reads, 3);
    finish(0, "100", "first");
    finish(1, "100", "second");
    finish(2, "100", "third");
    expect(a1, "200", "100", "first");
    expect(b1, "200", "100", "second");
    expect(a2, "200", "100", "third");
}
END_TEST

START_TEST(equal_requests_wait_together)
{
    fill_connections();
    size_t a1 = ask_as("192.0.2.1", "/x");
    await(has_waiting, 1);
    size_t a2 = ask_as("192.0.2.1", "/y");
    await(has_waiting, 2);
    size_t b = ask_as("192.0.2.2", "/y");
    await(all_arrived, 3);
    leave(a1);
    await(has_waiting, 1);
    leave(a2);
    await(all_arrived, 1);
    ck_assert(has_waiting(1)); /* b still waits for it */
    fake_store_make_room(MS_CLASS_LIST);
    ck_assert_uint_eq(fake_store.n_reads, 1);
    finish(0, "100", "text");
    expect(b, "200", "100", "text");
}
END_TEST

START_TEST(what_was_not_sent_is_forgotten_with_its_client)
{
    fill_connections();
    size_t a = ask("/x");
    await(has_waiting, 1);
    leave(a);
    await(has_waiting, 0);
    fake_store_make_room(MS_CLASS_LIST);
    ck_assert_uint_eq(fake_store.n_reads, 0);
}
END_TEST

/* The queue holds 20, as the fixture's configuration says. */
START_TEST(a_full_queue_makes_room_for_others)
{
    size_t crowd[20];
    char path[16];
    fill_connections();
    for (size_t i = 0; i < 20; i++) {
        (void)snprintf(path, sizeof(path), "/%s%zu", i < 10 ? "v2/" : "", i);
        crowd[i] = ask_as("192.0.2.1", path);
        await(has_waiting, i + 1);
    }
    size_t more = ask_as("192.0.2.1", "/more"); /* nobody else waits: all is full */
    await(is_over, more);
    ck_assert(says(more, "HTTP/1.1 503 ") && says(more, "Retry-After: 2\r\n"));
    size_t other = ask_as("192.0.2.2", "/other");
    await(is_over, crowd[19]);
    ck_assert(says(crowd[19], "HTTP/1.1 429 ") && says(crowd[19], "Retry-After: 2\r\n"));
    ck_assert(says(crowd[19], "problem+json"));
    ck_assert(has_waiting(20));
    for (size_t i = 10; i < 19; i++) {
        leave(crowd[i]);
        await(has_waiting, 19 + 10 - i);
    }
    fake_store_make_room(MS_CLASS_LIST);
    ck_assert_uint_eq(fake_store.n_reads, 11);
    finish(1, "100", "the second turn is the other's");
    expect(other, "200", "100", "the second turn is the other's");
}
END_TEST

static bool answer_at_once(struct ms_http_request *request, void *arg)
{
    ms_http_send(request, 200, "text/plain", ms_str(arg), NULL, 0);
    return true;
}

static void fill_queue(void)
{
    char path[16];
    for (size_t i = 0; i < 20; i++) {
        (void)snprintf(path, sizeof(path), "/%zu", i);
        ask_as("192.0.2.1", path);
        await(has_waiting, i + 1);
    }
}

/* As a request does that waits for a change anyway. */
START_TEST(who_can_wait_is_asked_before_he_is_refused)
{
    char text[] = "I wait";
    fill_connections();
    fill_queue();
    reply = (struct answer_reply){.on_busy = answer_at_once, .hold_arg = text};
    expect(ask_as("192.0.2.1", "/more"), "200", NULL, text);
    ck_assert(has_waiting(20));
}
END_TEST

/* For all that is known it is what he waits for. That the queue was full is counted. */
START_TEST(who_can_wait_is_sent_what_is_kept)
{
    char text[] = "I wait";
    counts = true;
    size_t first = ask("/kept");
    await(has_reads, 1);
    finish(0, "100", "kept");
    expect(first, "200", "100", "kept");
    expire("/kept");
    fill_connections();
    fill_queue();
    see_database(); /* or nobody would ask it */
    reply = (struct answer_reply){.on_busy = answer_at_once, .hold_arg = text};
    size_t again = ask_as("192.0.2.1", "/kept");
    expect(again, "200", "100", "kept");
    ck_assert(says(again, "\r\nX-Metastore-Stale: "));
    ck_assert(ms_metrics_get(MS_METRIC_STATEMENTS_REFUSED, "list", NULL) > 0);
}
END_TEST

START_TEST(classes_do_not_wait_for_each_other)
{
    fake_store.is_full[MS_CLASS_WALK] = true;
    size_t walk = ask("/large");
    await(all_arrived, 1);
    size_t list = ask("/x");
    await(has_reads, 1);
    finish(0, "100", "text");
    expect(list, "200", "100", "text");
    fake_store_make_room(MS_CLASS_WALK);
    await(has_reads, 2);
    finish(1, "100", "all");
    expect(walk, "200", "100", "all");
}
END_TEST

/* Its turn among the lists comes when there is room for one. */
START_TEST(what_is_too_large_for_a_lookup_is_asked_as_a_list)
{
    fill_connections();
    size_t client = ask("/index/one");
    await(has_reads, 1);
    ck_assert_int_eq(fake_store.reads[0].query.query, MS_READ_INDEX_REPOSITORY);
    fake_store_end(0, MS_OK);
    ck_assert(has_waiting(1));
    fake_store_make_room(MS_CLASS_LIST);
    await(has_reads, 2);
    ck_assert_int_eq(fake_store.reads[1].query.query, MS_READ_INDEX_REPOSITORY_LARGE);
    finish(1, "100", "much");
    expect(client, "200", "100", "much");
}
END_TEST

/* Somebody who has no place cannot take it away from who waits for the same. */
START_TEST(one_is_not_refused_for_what_another_has)
{
    size_t crowd[20], large = 2;
    char path[16];
    fill_connections();
    for (size_t i = 0; i < 20; i++) {
        (void)snprintf(path, sizeof(path), "/%zu", i);
        crowd[i] = ask_as("192.0.2.1", path);
        await(has_waiting, i + 1);
    }
    size_t same = ask_as("192.0.2.1", "/index/one");
    await(has_reads, 1);
    size_t other = ask_as("192.0.2.2", "/index/one");
    (void)ask_as("192.0.2.3", "/index/two");
    await(has_reads, 2); /* so the one before it has come */
    fake_store_end(0, MS_OK);
    await(is_over, crowd[19]);
    ck_assert(says(crowd[19], "HTTP/1.1 429 "));
    ck_assert(has_waiting(20));
    fake_store_make_room(MS_CLASS_LIST);
    await(has_reads, 22);
    while (fake_store.reads[large].query.query != MS_READ_INDEX_REPOSITORY_LARGE)
        large++;
    finish(large, "100", "much");
    expect(other, "200", "100", "much");
    expect(same, "200", "100", "much");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("answer_turns");
    TCase *tcase = tcase_create("answer_turns");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, turns_go_round_the_clients);
    tcase_add_test(tcase, equal_requests_wait_together);
    tcase_add_test(tcase, what_was_not_sent_is_forgotten_with_its_client);
    tcase_add_test(tcase, a_full_queue_makes_room_for_others);
    tcase_add_test(tcase, who_can_wait_is_asked_before_he_is_refused);
    tcase_add_test(tcase, who_can_wait_is_sent_what_is_kept);
    tcase_add_test(tcase, classes_do_not_wait_for_each_other);
    tcase_add_test(tcase, what_is_too_large_for_a_lookup_is_asked_as_a_list);
    tcase_add_test(tcase, one_is_not_refused_for_what_another_has);
    suite_add_tcase(suite, tcase);
    return suite;
}
