/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait: woken by a change, by time or by the end, forgotten when they have gone. The
 * requests are played: all that longpoll does with one is to be told that its client has gone, and
 * to refuse it.
 */
#include "common/runtime/loop.h"
#include "common/runtime/metrics.h"
#include "reader/answer/longpoll.h"
#include "reader/answer/send.h"
#include "tests/support/check_main.h"

enum { LONG_MS = 60 * 1000, SHORT_MS = 5, REQUESTS = 3, WOKEN_MAX = 8 };

struct ms_http_request {
    ms_loop_call *on_gone;
    void *gone_arg;
    unsigned n_woken;
    int status; /* of the answer; 0: none */
};

static struct env env;
static struct longpoll *longpoll;
static struct ms_http_request requests[REQUESTS];
static unsigned n_woken;
static const struct ms_http_request *woken[WOKEN_MAX]; /* in this order */
static unsigned n_wanted;                              /* the loop ends when as many were woken */

void ms_http_request_on_gone(struct ms_http_request *request, ms_loop_call *on_gone, void *arg)
{
    request->on_gone = on_gone;
    request->gone_arg = arg;
}

void send_error(struct ms_http_request *request, int status, const char *code, struct ms_str detail,
                struct ms_str parameter)
{
    (void)code, (void)detail, (void)parameter;
    request->status = status;
}

static void on_wake(struct ms_http_request *request, void *arg)
{
    ck_assert_ptr_eq(arg, request);
    ck_assert_uint_lt(n_woken, WOKEN_MAX);
    woken[n_woken] = request;
    request->n_woken++;
    if (++n_woken == n_wanted)
        ms_loop_stop(env.loop);
}

static void begin(void)
{
    env = (struct env){.loop = ms_loop_new()};
    longpoll = longpoll_new(&env);
}

static void end(void)
{
    longpoll_free(longpoll);
    ms_loop_free(env.loop);
}

static void wait_for(size_t i, uint64_t at_most_ms)
{
    longpoll_wait(longpoll, &requests[i], 0, at_most_ms, on_wake, &requests[i]);
}

static void run_until_woken(unsigned n)
{
    n_wanted = n;
    ms_loop_run(env.loop);
    ck_assert_uint_eq(n_woken, n);
}

START_TEST(a_change_wakes_all_once)
{
    for (size_t i = 0; i < REQUESTS; i++)
        wait_for(i, LONG_MS);
    longpoll_wake(longpoll);
    ck_assert_uint_eq(n_woken, 0); /* in turns of their own */
    longpoll_wake(longpoll);
    run_until_woken(REQUESTS);
    for (size_t i = 0; i < REQUESTS; i++)
        ck_assert_uint_eq(requests[i].n_woken, 1);
}
END_TEST

/* Those who wait for one repository are left alone by changes of others, and by the news that there
 * was any. */
START_TEST(a_repository_wakes_its_own)
{
    static const uint64_t HASHES[REQUESTS] = {11, 22, 11};
    for (size_t i = 0; i < REQUESTS; i++)
        longpoll_wait(longpoll, &requests[i], HASHES[i], LONG_MS, on_wake, &requests[i]);
    longpoll_wake_for(longpoll, 33);
    longpoll_wake_for(longpoll, 0);
    longpoll_wake_for(longpoll, 11);
    run_until_woken(2);
    ck_assert_uint_eq(requests[1].n_woken, 0);
    longpoll_wake(longpoll);
    run_until_woken(REQUESTS);
}
END_TEST

START_TEST(any_change_wakes_who_waits_for_any)
{
    wait_for(0, LONG_MS);
    longpoll_wake_for(longpoll, 11); /* told again for all, when all are known */
    longpoll_wake_for(longpoll, 0);
    run_until_woken(1);
}
END_TEST

START_TEST(time_wakes_one)
{
    wait_for(0, LONG_MS);
    wait_for(1, SHORT_MS);
    run_until_woken(1);
    ck_assert_uint_eq(requests[1].n_woken, 1);
}
END_TEST

static void pause_long(size_t i)
{
    unsigned n_pauses = 64;
    longpoll_pause(longpoll, &requests[i], &n_pauses, LONG_MS, on_wake, &requests[i]);
}

static void on_wake_and_wake_all(struct ms_http_request *request, void *arg)
{
    on_wake(request, arg);
    longpoll_wake(longpoll);
    longpoll_wait(longpoll, request, 0, SHORT_MS, on_wake, arg);
}

/* Else all who were too many for one turn would come together again. */
START_TEST(no_change_ends_a_pause)
{
    pause_long(0);
    pause_long(1);
    longpoll_wake_for(longpoll, 0);
    longpoll_wait(longpoll, &requests[2], 0, 0, on_wake_and_wake_all, &requests[2]);
    run_until_woken(4);
    ck_assert_ptr_eq(woken[0], &requests[2]);
    ck_assert_ptr_eq(woken[3], &requests[2]); /* behind the others, when all are woken */
}
END_TEST

START_TEST(pauses_end_and_are_counted)
{
    unsigned n_pauses = 0;
    for (size_t i = 0; i < REQUESTS; i++)
        longpoll_pause(longpoll, &requests[i], &n_pauses, SHORT_MS, on_wake, &requests[i]);
    ck_assert_uint_eq(n_pauses, REQUESTS);
    run_until_woken(REQUESTS);
}
END_TEST

START_TEST(who_has_gone_is_not_woken)
{
    wait_for(0, LONG_MS);
    wait_for(1, LONG_MS);
    requests[0].on_gone(requests[0].gone_arg);
    longpoll_wake(longpoll);
    run_until_woken(1);
    ck_assert_uint_eq(requests[0].n_woken, 0);
}
END_TEST

static void on_wake_and_wait(struct ms_http_request *request, void *arg)
{
    on_wake(request, arg);
    longpoll_wait(longpoll, request, 0, LONG_MS, on_wake, arg);
}

START_TEST(who_was_woken_may_wait_again)
{
    longpoll_wait(longpoll, &requests[0], 0, LONG_MS, on_wake_and_wait, &requests[0]);
    longpoll_wake(longpoll);
    run_until_woken(1);
    longpoll_wake(longpoll);
    run_until_woken(2);
}
END_TEST

START_TEST(the_end_wakes_all)
{
    wait_for(0, LONG_MS);
    wait_for(1, LONG_MS);
    env.is_ending = true;
    longpoll_wake(longpoll);
    run_until_woken(2);
    wait_for(2, LONG_MS); /* nobody waits for long any more */
    run_until_woken(3);
}
END_TEST

START_TEST(there_is_a_limit)
{
    for (size_t i = 0; i < LONGPOLL_MAX; i++)
        wait_for(0, LONG_MS);
    ck_assert_int_eq(requests[0].status, 0);
    wait_for(1, LONG_MS);
    ck_assert_int_eq(requests[1].status, 503);
    ck_assert(requests[1].on_gone == NULL);
    ms_loop_call *on_gone = requests[0].on_gone;
    on_gone(requests[0].gone_arg);
    wait_for(1, LONG_MS);
    ck_assert(requests[1].on_gone != NULL);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("longpoll");
    TCase *test = tcase_create("longpoll");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, a_change_wakes_all_once);
    tcase_add_test(test, a_repository_wakes_its_own);
    tcase_add_test(test, any_change_wakes_who_waits_for_any);
    tcase_add_test(test, time_wakes_one);
    tcase_add_test(test, no_change_ends_a_pause);
    tcase_add_test(test, pauses_end_and_are_counted);
    tcase_add_test(test, who_has_gone_is_not_woken);
    tcase_add_test(test, who_was_woken_may_wait_again);
    tcase_add_test(test, the_end_wakes_all);
    tcase_add_test(test, there_is_a_limit);
    suite_add_tcase(suite, test);
    return suite;
}
