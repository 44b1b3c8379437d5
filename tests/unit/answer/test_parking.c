/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait: woken by a change, by time or by the end, forgotten when they have gone. The
 * requests are played: all that parking knows of one is how to be told that its client has gone. */
#include "common/runtime/metrics.h"
#include "reader/answer/parking.h"
#include "tests/support/check_main.h"

enum { LONG_MS = 60 * 1000, SHORT_MS = 5, REQUESTS = 3 };

struct ms_http_request {
    ms_loop_call *on_gone;
    void *gone_arg;
    unsigned n_woken;
};

static struct ms_loop *loop;
static struct parking *parking;
static struct ms_http_request requests[REQUESTS];
static unsigned n_woken;
static unsigned n_wanted; /* the loop ends when as many were woken */

void ms_http_request_on_gone(struct ms_http_request *request, ms_loop_call *on_gone, void *arg)
{
    request->on_gone = on_gone;
    request->gone_arg = arg;
}

static void on_wake(struct ms_http_request *request, void *arg)
{
    ck_assert_ptr_eq(arg, request);
    request->n_woken++;
    if (++n_woken == n_wanted)
        ms_loop_stop(loop);
}

static void begin(void)
{
    loop = ms_loop_new();
    parking = parking_new(loop);
}

static void end(void)
{
    parking_free(parking);
    ms_loop_free(loop);
}

static void park(size_t i, uint64_t at_most_ms)
{
    ck_assert_int_eq(parking_park(parking, &requests[i], at_most_ms, on_wake, &requests[i]), MS_OK);
}

static void run_until_woken(unsigned n)
{
    n_wanted = n;
    ms_loop_run(loop);
    ck_assert_uint_eq(n_woken, n);
}

START_TEST(a_change_wakes_all_once)
{
    for (size_t i = 0; i < REQUESTS; i++)
        park(i, LONG_MS);
    parking_wake(parking);
    ck_assert_uint_eq(n_woken, 0); /* in turns of their own */
    parking_wake(parking);
    run_until_woken(REQUESTS);
    for (size_t i = 0; i < REQUESTS; i++)
        ck_assert_uint_eq(requests[i].n_woken, 1);
}
END_TEST

START_TEST(time_wakes_one)
{
    park(0, LONG_MS);
    park(1, SHORT_MS);
    run_until_woken(1);
    ck_assert_uint_eq(requests[1].n_woken, 1);
}
END_TEST

START_TEST(who_has_gone_is_not_woken)
{
    park(0, LONG_MS);
    park(1, LONG_MS);
    requests[0].on_gone(requests[0].gone_arg);
    parking_wake(parking);
    run_until_woken(1);
    ck_assert_uint_eq(requests[0].n_woken, 0);
}
END_TEST

static void on_wake_and_park(struct ms_http_request *request, void *arg)
{
    on_wake(request, arg);
    ck_assert_int_eq(parking_park(parking, request, LONG_MS, on_wake, arg), MS_OK);
}

START_TEST(who_was_woken_may_wait_again)
{
    ck_assert_int_eq(parking_park(parking, &requests[0], LONG_MS, on_wake_and_park, &requests[0]),
                     MS_OK);
    parking_wake(parking);
    run_until_woken(1);
    parking_wake(parking);
    run_until_woken(2);
}
END_TEST

START_TEST(the_end_wakes_all)
{
    park(0, LONG_MS);
    park(1, LONG_MS);
    ms_loop_drain(loop, LONG_MS);
    ms_loop_run(loop); /* ends when all phases have */
    while (n_woken < 2)
        run_until_woken(2);
    park(2, LONG_MS); /* nobody waits for long any more */
    run_until_woken(3);
}
END_TEST

START_TEST(there_is_a_limit)
{
    for (size_t i = 0; i < PARKING_MAX; i++)
        park(0, LONG_MS);
    ck_assert_int_eq(parking_park(parking, &requests[1], LONG_MS, on_wake, &requests[1]), MS_BUSY);
    ck_assert(requests[1].on_gone == NULL);
    ms_loop_call *on_gone = requests[0].on_gone;
    on_gone(requests[0].gone_arg);
    park(1, LONG_MS);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("parking");
    TCase *test = tcase_create("parking");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, a_change_wakes_all_once);
    tcase_add_test(test, time_wakes_one);
    tcase_add_test(test, who_has_gone_is_not_woken);
    tcase_add_test(test, who_was_woken_may_wait_again);
    tcase_add_test(test, the_end_wakes_all);
    tcase_add_test(test, there_is_a_limit);
    suite_add_tcase(suite, test);
    return suite;
}
