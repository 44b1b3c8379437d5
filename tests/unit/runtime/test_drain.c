/* SPDX-License-Identifier: Apache-2.0 */
/* common/runtime/drain.c: phases in order, steps that take their time, and the time-out. */
#include "common/runtime/loop.h"
#include "tests/support/check_main.h"

#include <string.h>

enum { LONG_MS = 60000 };

static struct ms_loop *loop;
static char trace[100];

static void begin(void)
{
    loop = ms_loop_new();
    trace[0] = '\0';
}

static void end(void)
{
    ms_loop_free(loop);
}

static void note(char letter)
{
    size_t len = strlen(trace);
    ck_assert_uint_lt(len, sizeof(trace) - 1);
    trace[len] = letter;
    trace[len + 1] = '\0';
}

/* A part of a program: notes its letter when its step begins, the capital when it is done. */
struct part {
    struct ms_drain *drain;
    struct ms_timer *timer;
    char letter;
};

static void finish_part(struct part *part)
{
    note((char)(part->letter - 'a' + 'A'));
    ms_drain_done(part->drain);
}

static void on_begin_at_once(void *arg)
{
    struct part *part = arg;
    note(part->letter);
    finish_part(part);
}

static void on_part_timer(void *arg)
{
    finish_part(arg);
}

static void on_begin_slowly(void *arg)
{
    struct part *part = arg;
    note(part->letter);
    part->timer = ms_timer_new(loop, on_part_timer, part);
    ms_timer_start(part->timer, 10);
}

static void on_begin_never(void *arg)
{
    const struct part *part = arg;
    note(part->letter);
}

static void add(struct part *part, enum ms_drain_phase phase, ms_loop_call *on_begin)
{
    part->drain = ms_drain_register(loop, phase, "part", on_begin, part);
}

START_TEST(nothing_to_drain_ends_at_once)
{
    ck_assert(!ms_loop_is_draining(loop));
    ms_loop_drain(loop, LONG_MS);
    ck_assert(ms_loop_is_draining(loop));
    ms_loop_run(loop);
    ck_assert(ms_loop_drained(loop));
    ck_assert_ptr_null(ms_loop_drain_waits_for(loop));
}
END_TEST

START_TEST(phases_come_in_order)
{
    struct part a = {.letter = 'a'}, b = {.letter = 'b'}, c = {.letter = 'c'}, d = {.letter = 'd'};
    add(&d, MS_DRAIN_STORAGE, on_begin_at_once);
    add(&b, MS_DRAIN_WORK, on_begin_slowly);
    add(&c, MS_DRAIN_WORK, on_begin_at_once);
    add(&a, MS_DRAIN_INTAKE, on_begin_slowly);
    ms_loop_drain(loop, LONG_MS);
    ck_assert_str_eq(trace, "");
    ms_loop_drain(loop, 0); /* a second one changes nothing */
    ms_loop_run(loop);
    ck_assert_str_eq(trace, "aAbcCBdD");
    ck_assert(ms_loop_drained(loop));
    ms_timer_free(a.timer);
    ms_timer_free(b.timer);
    ms_drain_unregister(a.drain);
    ms_drain_unregister(d.drain);
    ms_drain_unregister(NULL);
}
END_TEST

START_TEST(the_time_out_ends_it)
{
    struct part a = {.letter = 'a'}, b = {.letter = 'b'};
    a.drain = ms_drain_register(loop, MS_DRAIN_INTAKE, "listener", on_begin_never, &a);
    add(&b, MS_DRAIN_WORK, on_begin_at_once);
    ms_loop_drain(loop, 20);
    ms_loop_run(loop);
    ck_assert_str_eq(trace, "a");
    ck_assert(!ms_loop_drained(loop));
    ck_assert_str_eq(ms_loop_drain_waits_for(loop), "listener");
    /* Too late: no further phase begins. */
    ms_drain_done(a.drain);
    ck_assert_str_eq(trace, "a");
    ck_assert(!ms_loop_drained(loop));
}
END_TEST

START_TEST(a_stop_is_no_drain)
{
    ms_loop_stop(loop);
    ms_loop_run(loop);
    ck_assert(!ms_loop_drained(loop));
    ck_assert(!ms_loop_is_draining(loop));
}
END_TEST

START_TEST(done_before_the_beginning_is_ignored)
{
    struct part a = {.letter = 'a'};
    add(&a, MS_DRAIN_WORK, on_begin_at_once);
    ms_drain_done(a.drain);
    ms_loop_drain(loop, LONG_MS);
    ms_drain_done(a.drain);
    ms_loop_run(loop);
    ck_assert_str_eq(trace, "aA");
}
END_TEST

static struct part leaving = {.letter = 'l'};

static void on_leave(void *arg)
{
    (void)arg;
    note('!');
    ms_drain_unregister(leaving.drain);
    leaving.drain = NULL;
}

static void on_begin_leave_later(void *arg)
{
    const struct part *part = arg;
    note(part->letter);
    ms_loop_defer(loop, on_leave, NULL);
}

START_TEST(leaving_counts_as_done)
{
    struct part b = {.letter = 'b'};
    add(&leaving, MS_DRAIN_INTAKE, on_begin_leave_later);
    add(&b, MS_DRAIN_WORK, on_begin_at_once);
    ms_loop_drain(loop, LONG_MS);
    ms_loop_run(loop);
    ck_assert_str_eq(trace, "l!bB");
    ck_assert(ms_loop_drained(loop));
}
END_TEST

static struct part late[2] = {{.letter = 'x'}, {.letter = 'y'}};

static void on_begin_change_others(void *arg)
{
    struct part *part = arg;
    note(part->letter);
    ms_drain_unregister(leaving.drain);
    leaving.drain = NULL;
    add(&late[0], MS_DRAIN_WORK, on_begin_at_once);
    add(&late[1], MS_DRAIN_INTAKE, on_begin_slowly); /* its phase is over: at once */
    finish_part(part);
}

START_TEST(steps_come_and_go_while_a_phase_begins)
{
    struct part a = {.letter = 'a'}, z = {.letter = 'z'};
    add(&a, MS_DRAIN_WORK, on_begin_change_others);
    add(&leaving, MS_DRAIN_WORK, on_begin_at_once);
    add(&z, MS_DRAIN_STORAGE, on_begin_at_once);
    ms_loop_drain(loop, LONG_MS);
    ms_loop_run(loop);
    ck_assert_str_eq(trace, "aAxXyYzZ");
    ck_assert(ms_loop_drained(loop));
    ms_timer_free(late[1].timer);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("loop_drain");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, nothing_to_drain_ends_at_once);
    tcase_add_test(tests, phases_come_in_order);
    tcase_add_test(tests, the_time_out_ends_it);
    tcase_add_test(tests, a_stop_is_no_drain);
    tcase_add_test(tests, done_before_the_beginning_is_ignored);
    tcase_add_test(tests, leaving_counts_as_done);
    tcase_add_test(tests, steps_come_and_go_while_a_phase_begins);
    Suite *suite = suite_create("loop_drain");
    suite_add_tcase(suite, tests);
    return suite;
}
