/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's store: its statements, and the life of a call. */
#include "tests/component/store/store_fixture.h"

#include <glob.h>

/* --- the statements --- */

START_TEST(every_statement_can_be_prepared)
{
    glob_t files;
    ck_assert_int_eq(glob(METASTORE_SOURCE_DIR "/sql/queries/write_*.sql", 0, NULL, &files), 0);
    ck_assert_uint_gt(files.gl_pathc, 30);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char *text = read_file(files.gl_pathv[i]);
        PGresult *result = PQprepare(eye, "", text, 0, NULL);
        ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK, "%s: %s", files.gl_pathv[i],
                      PQerrorMessage(eye));
        PQclear(result);
        free(text);
    }
    globfree(&files);
}
END_TEST

static void stop_loop(void *arg)
{
    (void)arg;
    ms_loop_stop(loop);
}

static void restart_store(const char *url, size_t max_waiting)
{
    ms_store_writer_free(store);
    struct ms_store_options options = store_options(url);
    options.connections = 1;
    options.max_waiting = max_waiting;
    store = ms_store_writer_new(loop, &options);
}

static unsigned n_told;
static struct ms_error told[4];

static void on_each_done(const struct ms_error *err, void *arg)
{
    (void)arg;
    ck_assert_uint_lt(n_told, 4);
    told[n_told++] = err != NULL ? *err : (struct ms_error){.status = MS_OK};
}

static void run_until_told(unsigned n)
{
    while (n_told < n) {
        struct ms_timer *timer = ms_timer_new(loop, stop_loop, NULL);
        ms_timer_start(timer, 1);
        ms_loop_run(loop);
        ms_timer_free(timer);
    }
}

static struct ms_store_call *prune(void)
{
    return ms_store_prune(store, term, 0, 0, on_each_done, NULL);
}

START_TEST(a_call_that_is_refused_tells_why_in_a_later_turn)
{
    restart_store(conninfo, 1); /* not connected yet: calls wait */
    (void)prune();
    (void)prune();
    ck_assert_uint_eq(n_told, 0);
    run_until_told(2);
    ck_assert_int_eq(told[0].status, MS_BUSY);
    ck_assert_ptr_nonnull(strstr(told[0].text, "1 batches wait"));
    ck_assert_int_eq(told[1].status, MS_OK);
    restart_store("host=/nowhere", 1);
    (void)prune(); /* it waits for the outcome of connecting */
    run_until_told(3);
    (void)prune();
    run_until_told(4);
    ck_assert_int_eq(told[2].status, MS_UNAVAILABLE);
    ck_assert_int_eq(told[3].status, MS_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(told[3].text, "/nowhere"));
}
END_TEST

START_TEST(a_call_that_is_cancelled_tells_nothing)
{
    ms_store_call_cancel(NULL);
    restart_store(conninfo, 1);
    struct ms_store_call *waits = prune(), *is_refused = prune();
    ms_store_call_cancel(waits);
    ms_store_call_cancel(is_refused);
    (void)prune(); /* there is room again */
    run_until_told(1);
    ck_assert_int_eq(told[0].status, MS_OK);
    ms_store_call_cancel(prune()); /* in flight */
    (void)prune();
    run_until_told(2);
    ck_assert_int_eq(told[1].status, MS_OK);
    (void)prune();
    (void)prune(); /* whatever becomes of them: nobody hears of it */
    ms_store_writer_free(store);
    store = ms_store_writer_new(loop, &(struct ms_store_options){.url = conninfo});
    ck_assert_uint_eq(n_told, 2);
}
END_TEST

static void on_idle(void *arg)
{
    (void)arg;
    ms_loop_stop(loop);
}

START_TEST(idle_is_told_when_nothing_is_in_flight)
{
    ms_store_writer_on_idle(store, on_idle, NULL);
    ms_loop_run(loop); /* at once: it is */
    (void)prune();
    struct ms_tag_record tag = {.name = MS_STR("t"), .unreadable = MS_STR("who knows")};
    struct ms_apply change = {
        .term = term, .repository = MS_STR("idle/app"), .tags = &tag, .n_tags = 1};
    ms_store_call_cancel(ms_store_apply(store, &change, on_applied, NULL));
    ms_store_writer_on_idle(store, on_idle, NULL);
    ms_loop_run(loop);
    ck_assert_uint_eq(n_told, 1);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store_call");
    TCase *tcase = tcase_create("statements and calls");
    tcase_add_unchecked_fixture(tcase, make_template, NULL);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_call_that_is_refused_tells_why_in_a_later_turn);
    tcase_add_test(tcase, a_call_that_is_cancelled_tells_nothing);
    tcase_add_test(tcase, idle_is_told_when_nothing_is_in_flight);
    tcase_add_test(tcase, every_statement_can_be_prepared);
    suite_add_tcase(suite, tcase);
    return suite;
}

#include "tests/support/check_main.h"
