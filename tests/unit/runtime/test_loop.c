/* SPDX-License-Identifier: Apache-2.0 */
/* common/runtime/loop.c: deferred calls, timers, descriptors, signals, pauses. Loops are made
 * inside the tests, after check's fork. */
#include "common/base/clock.h"
#include "common/runtime/loop.h"
#include "tests/support/check_main.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Timers read the coarse clock: they may expire a tick early. */
enum { TICK_MS = 10 };

static struct ms_loop *loop;
static char trace[100]; /* a letter a call, in order */

static void begin(void)
{
    loop = ms_loop_new();
    trace[0] = '\0';
}

static void end(void)
{
    ms_loop_free(loop);
    loop = NULL;
}

static void note(char letter)
{
    size_t len = strlen(trace);
    ck_assert_uint_lt(len, sizeof(trace) - 1);
    trace[len] = letter;
    trace[len + 1] = '\0';
}

static void on_letter(void *arg)
{
    const char *letter = arg;
    note(*letter);
}

static void on_stop(void *arg)
{
    note('.');
    ms_loop_stop(arg);
}

static char letters[] = "abcdefghijklmnopqrstuvwxyz";

/* --- deferred calls --- */

START_TEST(deferred_calls_come_later_and_in_order)
{
    ms_loop_defer(loop, on_letter, &letters[0]);
    ms_loop_defer(loop, on_letter, &letters[1]);
    ms_loop_defer(loop, on_stop, loop);
    ms_loop_defer(loop, on_letter, &letters[2]);
    ck_assert_str_eq(trace, "");
    ms_loop_run(loop);
    ck_assert_str_eq(trace, "ab.c");
}
END_TEST

static void on_first(void *arg)
{
    note('1');
    ms_loop_defer(loop, on_letter, arg);
    ms_loop_defer(loop, on_stop, loop);
}

START_TEST(what_a_deferred_call_defers_waits_for_the_next_turn)
{
    ms_loop_defer(loop, on_first, &letters[0]);
    ms_loop_defer(loop, on_letter, &letters[1]);
    ms_loop_run(loop);
    ck_assert_str_eq(trace, "1ba.");
}
END_TEST

static void on_again(void *arg)
{
    ms_loop_defer(arg, on_again, arg);
}

static void on_readable_stop(int fd, int ready, void *arg)
{
    (void)arg;
    char byte;
    ck_assert_int_eq(ready, MS_READABLE);
    ck_assert_int_eq(read(fd, &byte, 1), 1);
    ms_loop_stop(loop);
}

static void on_end_of_chain(void *arg)
{
    unsigned *left = arg;
    if (--*left > 0)
        ms_loop_defer(loop, on_end_of_chain, arg);
}

static void on_again_until_stopped(void *arg)
{
    const bool *stop = arg;
    if (!*stop)
        ms_loop_defer(loop, on_again_until_stopped, arg);
}

START_TEST(a_chain_of_deferred_calls_does_not_starve_descriptors)
{
    int ends[2];
    static bool stop; /* read once more when the loop is freed */
    ck_assert_int_eq(pipe(ends), 0);
    struct ms_watch *watch = ms_watch_new(loop, ends[0], on_readable_stop, NULL);
    ms_watch_set(watch, MS_READABLE);
    ms_loop_defer(loop, on_again_until_stopped, &stop);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ms_loop_run(loop);
    stop = true;
    ms_watch_free(watch);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(what_is_left_runs_when_the_loop_is_freed)
{
    unsigned left = 5;
    ms_loop_defer_free(loop, malloc(10));
    ms_loop_defer_free(loop, NULL);
    ms_loop_defer(loop, on_end_of_chain, &left);
    ms_loop_free(loop);
    loop = NULL;
    ck_assert_uint_eq(left, 0);
}
END_TEST

START_TEST(an_endless_chain_is_a_bug)
{
    ms_loop_defer(loop, on_again, loop);
    ms_loop_free(loop);
}
END_TEST

static void on_many(void *arg)
{
    unsigned *count = arg;
    ++*count;
}

START_TEST(many_deferred_calls)
{
    unsigned count = 0;
    for (int i = 0; i < 100000; i++)
        ms_loop_defer(loop, on_many, &count);
    ms_loop_defer(loop, on_stop, loop);
    ms_loop_run(loop);
    ck_assert_uint_eq(count, 100000);
}
END_TEST

START_TEST(runs_again_after_a_stop)
{
    ms_loop_defer(loop, on_stop, loop);
    ms_loop_run(loop);
    ms_loop_defer(loop, on_stop, loop);
    ms_loop_run(loop);
    ck_assert_str_eq(trace, "..");
}
END_TEST

/* --- timers --- */

START_TEST(timers_expire_once_and_in_order)
{
    struct ms_timer *late = ms_timer_new(loop, on_letter, &letters[1]);
    struct ms_timer *early = ms_timer_new(loop, on_letter, &letters[0]);
    struct ms_timer *last = ms_timer_new(loop, on_stop, loop);
    int64_t start_ms = ms_clock_mono_ms();
    ms_timer_start(last, 90);
    ms_timer_start(late, 60);
    ms_timer_start(early, 20);
    ck_assert(ms_timer_is_running(early));
    ms_loop_run(loop);
    ck_assert_str_eq(trace, "ab.");
    ck_assert_int_ge(ms_clock_mono_ms() - start_ms, 90 - TICK_MS);
    ck_assert(!ms_timer_is_running(early));
    ms_timer_free(late);
    ms_timer_free(early);
    ms_timer_free(last);
    ms_timer_free(NULL);
}
END_TEST

START_TEST(a_timer_is_moved_and_stopped)
{
    struct ms_timer *moved = ms_timer_new(loop, on_stop, loop);
    struct ms_timer *stopped = ms_timer_new(loop, on_letter, &letters[0]);
    int64_t start_ms = ms_clock_mono_ms();
    ms_timer_start(stopped, 1);
    ms_timer_start(moved, UINT64_MAX);
    ms_timer_start(moved, 40);
    ms_timer_stop(stopped);
    ms_timer_stop(stopped);
    ck_assert(!ms_timer_is_running(stopped));
    ms_loop_run(loop);
    ck_assert_str_eq(trace, ".");
    ck_assert_int_ge(ms_clock_mono_ms() - start_ms, 40 - TICK_MS);
    ms_timer_free(moved);
    ms_timer_free(stopped);
}
END_TEST

static struct ms_timer *pair[2];

static void on_one_of_pair(void *arg)
{
    const size_t *other = arg;
    note('x');
    ms_timer_stop(pair[*other]);
    ms_loop_defer(loop, on_stop, loop);
}

/* Both are due in the same turn: stopping the second has to hold it back all the same. */
START_TEST(a_stopped_timer_never_calls)
{
    static size_t others[] = {1, 0};
    for (size_t i = 0; i < 2; i++) {
        pair[i] = ms_timer_new(loop, on_one_of_pair, &others[i]);
        ms_timer_start(pair[i], 0);
    }
    ms_loop_run(loop);
    ck_assert_str_eq(trace, "x.");
    ms_timer_free(pair[0]);
    ms_timer_free(pair[1]);
}
END_TEST

struct repeated {
    struct ms_timer *timer;
    int times;
};

static void on_repeated(void *arg)
{
    struct repeated *repeated = arg;
    note('r');
    ck_assert(!ms_timer_is_running(repeated->timer));
    if (--repeated->times > 0) {
        ms_timer_start(repeated->timer, 0);
        return;
    }
    ms_timer_free(repeated->timer);
    ms_loop_stop(loop);
}

START_TEST(a_timer_is_started_and_freed_in_its_own_callback)
{
    struct repeated repeated = {.times = 3};
    repeated.timer = ms_timer_new(loop, on_repeated, &repeated);
    ms_timer_start(repeated.timer, 0);
    ms_loop_run(loop);
    ck_assert_str_eq(trace, "rrr");
}
END_TEST

/* --- descriptors --- */

struct watched {
    struct ms_watch *watch;
    int ready;
    int calls;
};

static void on_ready(int fd, int ready, void *arg)
{
    (void)fd;
    struct watched *watched = arg;
    watched->ready |= ready;
    watched->calls++;
    ms_loop_stop(loop);
}

START_TEST(descriptors_are_level_triggered)
{
    int ends[2];
    struct watched watched = {0};
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    watched.watch = ms_watch_new(loop, ends[0], on_ready, &watched);
    ms_watch_set(watched.watch, MS_READABLE);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ms_loop_run(loop);
    ms_loop_run(loop);
    ck_assert_int_eq(watched.calls, 2);
    ck_assert_int_eq(watched.ready, MS_READABLE);
    ms_watch_set(watched.watch, MS_READABLE | MS_WRITABLE);
    ms_loop_run(loop);
    ck_assert_int_eq(watched.ready, MS_READABLE | MS_WRITABLE);
    ms_watch_free(watched.watch);
    ms_watch_free(NULL);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(no_interest_no_call)
{
    int ends[2];
    struct watched watched = {0};
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    watched.watch = ms_watch_new(loop, ends[0], on_ready, &watched);
    ms_watch_set(watched.watch, MS_WRITABLE);
    ms_watch_set(watched.watch, 0);
    struct ms_timer *timer = ms_timer_new(loop, on_stop, loop);
    ms_timer_start(timer, 20);
    ms_loop_run(loop);
    ck_assert_int_eq(watched.calls, 0);
    ms_timer_free(timer);
    ms_watch_free(watched.watch);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

static void on_ready_free(int fd, int ready, void *arg)
{
    (void)ready;
    struct watched *watched = arg;
    watched->calls++;
    ms_watch_free(watched->watch);
    close(fd);
    ms_loop_defer(loop, on_stop, loop);
}

START_TEST(a_watch_is_freed_in_its_own_callback)
{
    int ends[2];
    struct watched watched = {0};
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    watched.watch = ms_watch_new(loop, ends[0], on_ready_free, &watched);
    ms_watch_set(watched.watch, MS_READABLE | MS_WRITABLE);
    ms_loop_run(loop);
    ck_assert_int_eq(watched.calls, 1);
    close(ends[1]);
}
END_TEST

START_TEST(a_peer_that_leaves_is_readable)
{
    int ends[2];
    struct watched watched = {0};
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    watched.watch = ms_watch_new(loop, ends[0], on_ready, &watched);
    ms_watch_set(watched.watch, MS_READABLE);
    close(ends[1]);
    ms_loop_run(loop);
    ck_assert_int_eq(watched.ready, MS_READABLE);
    ms_watch_free(watched.watch);
    close(ends[0]);
}
END_TEST

/* --- signals --- */

static struct ms_signal *handled;

static void on_signal(int signal_number, void *arg)
{
    int *times = arg;
    ck_assert_int_eq(signal_number, SIGUSR1);
    if (++*times == 2) {
        ms_signal_free(handled);
        ms_loop_stop(loop);
        return;
    }
    raise(SIGUSR1);
}

START_TEST(signals_run_in_the_loop_until_freed)
{
    int times = 0;
    handled = ms_signal_new(loop, SIGUSR1, on_signal, &times);
    raise(SIGUSR1);
    ck_assert_int_eq(times, 0);
    ms_loop_run(loop);
    ck_assert_int_eq(times, 2);
    ms_signal_free(NULL);
}
END_TEST

/* --- pauses --- */

START_TEST(pauses_grow_to_their_maximum)
{
    static const uint64_t FULL[] = {100, 200, 400, 800, 1000, 1000, 1000};
    struct ms_backoff backoff = {.base_ms = 100, .max_ms = 1000};
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof(FULL) / sizeof(FULL[0]); i++) {
            uint64_t pause = ms_backoff_next_ms(&backoff);
            ck_assert_uint_le(pause, FULL[i]);
            ck_assert_uint_ge(pause, FULL[i] / 2);
        }
        ms_backoff_reset(&backoff);
    }
}
END_TEST

START_TEST(pauses_differ)
{
    struct ms_backoff backoff = {.base_ms = 1000000, .max_ms = 1000000};
    uint64_t first = ms_backoff_next_ms(&backoff);
    bool differ = false;
    for (int i = 0; i < 20; i++)
        differ = differ || ms_backoff_next_ms(&backoff) != first;
    ck_assert(differ);
}
END_TEST

START_TEST(pauses_never_overflow)
{
    struct ms_backoff largest = {.base_ms = 3, .max_ms = UINT64_MAX};
    for (int i = 0; i < 200; i++)
        ms_backoff_next_ms(&largest);
    ck_assert_uint_ge(ms_backoff_next_ms(&largest), UINT64_MAX / 2);
    struct ms_backoff none = {0};
    ck_assert_uint_eq(ms_backoff_next_ms(&none), 0);
    struct ms_backoff crossed = {.base_ms = 50, .max_ms = 10};
    ck_assert_uint_le(ms_backoff_next_ms(&crossed), 10);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("loop");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, deferred_calls_come_later_and_in_order);
    tcase_add_test(tests, what_a_deferred_call_defers_waits_for_the_next_turn);
    tcase_add_test(tests, a_chain_of_deferred_calls_does_not_starve_descriptors);
    tcase_add_test(tests, what_is_left_runs_when_the_loop_is_freed);
    tcase_add_test_raise_signal(tests, an_endless_chain_is_a_bug, SIGABRT);
    tcase_add_test(tests, many_deferred_calls);
    tcase_add_test(tests, runs_again_after_a_stop);
    tcase_add_test(tests, timers_expire_once_and_in_order);
    tcase_add_test(tests, a_timer_is_moved_and_stopped);
    tcase_add_test(tests, a_stopped_timer_never_calls);
    tcase_add_test(tests, a_timer_is_started_and_freed_in_its_own_callback);
    tcase_add_test(tests, descriptors_are_level_triggered);
    tcase_add_test(tests, no_interest_no_call);
    tcase_add_test(tests, a_watch_is_freed_in_its_own_callback);
    tcase_add_test(tests, a_peer_that_leaves_is_readable);
    tcase_add_test(tests, signals_run_in_the_loop_until_freed);
    tcase_add_test(tests, pauses_grow_to_their_maximum);
    tcase_add_test(tests, pauses_differ);
    tcase_add_test(tests, pauses_never_overflow);
    Suite *suite = suite_create("loop");
    suite_add_tcase(suite, tests);
    return suite;
}
