/* SPDX-License-Identifier: Apache-2.0 */
/* writer/registry/own_notifications.c, queue.c: a scan asks no faster than the registry notifies us
 * of its requests, and is never held back for good. */
#include "tests/support/registry_fixture.h"

enum { N_CALLS = 4 * OWN_NOTIFICATIONS_WINDOW_MIN, AN_HOUR_MS = 3600 * 1000 };

static size_t n_ended;

static void on_call_ended(const struct registry_reply *reply, void *arg)
{
    struct fixture *f = arg;
    ck_assert_int_eq(reply->outcome, REGISTRY_FOUND);
    n_ended++;
    if (n_ended % OWN_NOTIFICATIONS_WINDOW_MIN == 0)
        ms_loop_stop(f->loop);
}

static void start_calls(struct fixture *f, uint64_t wait_ms)
{
    fixture_init(f);
    f->timing.own_notifications_ms = wait_ms;
    fixture_connect(f);
    fake_do(&f->fake, "{\"content\":{\"a/b\":{\"1\":{}}}}");
    n_ended = 0;
    for (size_t i = 0; i < N_CALLS; i++)
        registry_head_manifest(f->client, REGISTRY_SCAN, MS_STR("a/b"), MS_STR("1"), on_call_ended,
                               f);
}

static void run_until(struct fixture *f, size_t n)
{
    ms_timer_start(f->watchdog, FIXTURE_PATIENCE_MS);
    while (n_ended < n)
        ms_loop_run(f->loop);
    ms_timer_stop(f->watchdog);
}

START_TEST(a_registry_that_never_notifies_holds_nothing_back)
{
    struct fixture f;
    start_calls(&f, AN_HOUR_MS);
    run_until(&f, N_CALLS);
    fixture_stop(&f);
}
END_TEST

START_TEST(a_scan_waits_for_its_notifications)
{
    struct fixture f;
    start_calls(&f, AN_HOUR_MS);
    registry_client_note_own_notifications(f.client, 1); /* before its answer */
    run_until_idle(&f);
    ck_assert_uint_le(n_ended, OWN_NOTIFICATIONS_WINDOW_MIN);
    ck_assert_uint_gt(n_ended, OWN_NOTIFICATIONS_WINDOW_MIN - f.config.registry.concurrency);
    size_t before = n_ended;
    registry_client_note_own_notifications(f.client, 10);
    run_until_idle(&f);
    ck_assert_uint_eq(n_ended, before + 10);
    fixture_stop(&f);
}
END_TEST

START_TEST(events_do_not_wait)
{
    struct fixture f;
    start_calls(&f, AN_HOUR_MS);
    registry_client_note_own_notifications(f.client, 1);
    run_until_idle(&f);
    size_t before = n_ended;
    expect(get_manifest(&f, "a/b", "1"), REGISTRY_FOUND);
    ck_assert_uint_le(n_ended, before);
    fixture_stop(&f);
}
END_TEST

static struct registry_health health_of(const struct fixture *f)
{
    struct registry_health health;
    registry_client_health(&health, f->client);
    return health;
}

START_TEST(a_scan_goes_on_when_none_comes_for_long)
{
    struct fixture f;
    start_calls(&f, 20);
    registry_client_note_own_notifications(f.client, 1);
    run_until(&f, N_CALLS);
    ck_assert_int_gt(health_of(&f).own_notifications_window, OWN_NOTIFICATIONS_WINDOW_MIN);
    ck_assert_int_gt(health_of(&f).own_notifications_missing, OWN_NOTIFICATIONS_WINDOW_MIN);
    fixture_stop(&f);
}
END_TEST

struct trickle {
    struct fixture *f;
    struct ms_timer *timer;
};

static void on_one_more(void *arg)
{
    struct trickle *trickle = arg;
    registry_client_note_own_notifications(trickle->f->client, 1);
    ms_timer_start(trickle->timer, 2);
}

/* A registry that is starved of processor time notifies slowly, one after the other. */
START_TEST(slow_ones_are_waited_for)
{
    struct fixture f;
    struct trickle trickle = {.f = &f};
    start_calls(&f, 5000); /* far more than the pause between two of them */
    trickle.timer = ms_timer_new(f.loop, on_one_more, &trickle);
    registry_client_note_own_notifications(f.client, 1);
    ms_timer_start(trickle.timer, 2);
    run_until(&f, N_CALLS);
    ck_assert_int_eq(health_of(&f).own_notifications_window, OWN_NOTIFICATIONS_WINDOW_MIN);
    ms_timer_free(trickle.timer);
    fixture_stop(&f);
}
END_TEST

START_TEST(the_window_narrows_when_they_come_after_all)
{
    struct fixture f;
    start_calls(&f, 20);
    registry_client_note_own_notifications(f.client, 1);
    run_until(&f, N_CALLS);
    struct registry_health wide = health_of(&f);
    registry_client_note_own_notifications(f.client, 1); /* most may be lost all the same */
    ck_assert_int_eq(health_of(&f).own_notifications_window, wide.own_notifications_window);
    registry_client_note_own_notifications(f.client, (size_t)wide.own_notifications_missing - 1);
    ck_assert_int_eq(health_of(&f).own_notifications_missing, 0);
    ck_assert_int_eq(health_of(&f).own_notifications_window, OWN_NOTIFICATIONS_WINDOW_MIN);
    fixture_stop(&f);
}
END_TEST

START_TEST(a_new_scan_learns_anew)
{
    struct fixture f;
    start_calls(&f, AN_HOUR_MS);
    registry_client_note_own_notifications(f.client, 1);
    run_until_idle(&f);
    registry_client_forget_own_notifications(f.client);
    registry_client_note_own_notifications(f.client, 1);
    size_t before = n_ended;
    run_until_idle(&f);
    ck_assert_uint_gt(n_ended, before + OWN_NOTIFICATIONS_WINDOW_MIN / 2);
    ck_assert_uint_le(n_ended, before + OWN_NOTIFICATIONS_WINDOW_MIN + 1);
    fixture_stop(&f);
}
END_TEST

START_TEST(what_is_hurried_goes_first)
{
    struct fixture f;
    start_calls(&f, AN_HOUR_MS);
    registry_client_note_own_notifications(f.client, 1);
    run_until_idle(&f);
    struct ended ended = {.fixture = &f};
    struct registry_call *call = registry_get_manifest(f.client, REGISTRY_SCAN, MS_STR("a/b"),
                                                       MS_STR("1"), on_ended, &ended);
    size_t before = n_ended;
    registry_call_hurry(call);
    await(&ended);
    ck_assert_uint_eq(n_ended, before);
    expect(ended, REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("registry_own_notifications");
    TCase *tests = tcase_create("own_notifications");
    tcase_set_timeout(tests, FIXTURE_CASE_TIMEOUT_S);
    tcase_add_test(tests, a_registry_that_never_notifies_holds_nothing_back);
    tcase_add_test(tests, a_scan_waits_for_its_notifications);
    tcase_add_test(tests, events_do_not_wait);
    tcase_add_test(tests, what_is_hurried_goes_first);
    tcase_add_test(tests, a_scan_goes_on_when_none_comes_for_long);
    tcase_add_test(tests, slow_ones_are_waited_for);
    tcase_add_test(tests, the_window_narrows_when_they_come_after_all);
    tcase_add_test(tests, a_new_scan_learns_anew);
    suite_add_tcase(suite, tests);
    return suite;
}
