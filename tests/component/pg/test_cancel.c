/* SPDX-License-Identifier: Apache-2.0 */
/* What nobody waits for any more ends on the server, and hits nothing else. */
#include "tests/component/pg/pg_fixture.h"

#include <signal.h>
#include <sys/types.h>

#include <libpq-fe.h>

static struct ms_pg_pool *canceller;

static void begin_cancelling(size_t pipeline_depth, uint64_t statement_timeout_ms)
{
    loop = ms_loop_new();
    struct ms_pg_pool_options options = usual_options();
    options.max_connections = 1;
    options.on_state = NULL;
    options.is_lazy = true;
    canceller = ms_pg_pool_new(loop, &options);
    options.is_lazy = false;
    options.pipeline_depth = pipeline_depth;
    options.statement_timeout_ms = statement_timeout_ms;
    options.canceller = canceller;
    pool = ms_pg_pool_new(loop, &options);
}

static void end_cancelling(void)
{
    ms_pg_pool_free(pool);
    ms_pg_pool_free(canceller);
    ms_loop_free(loop);
}

/* Asked on a connection that is no pool's, so without the loop. */
static long count(const char *condition)
{
    PGconn *pq = PQconnectdb(database());
    char sql[512];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'metastore-test'"
                   " AND datname = current_database() AND %s",
                   condition);
    PGresult *result = PQexec(pq, sql);
    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(pq));
    long n = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(pq);
    return n;
}

static void on_poll(void *arg)
{
    (void)arg;
    ms_loop_stop(loop);
}

/* Runs the loop until so many statements sleep. */
static void await_sleeping(long n)
{
    struct ms_timer *poll = ms_timer_new(loop, on_poll, NULL);
    while (count("state = 'active' AND query LIKE '%pg_sleep(59)%'") != n) {
        ms_timer_start(poll, 10);
        ms_loop_run(loop);
    }
    ms_timer_free(poll);
}

static void on_never(const struct ms_pg_outcome *outcome, void *arg)
{
    (void)outcome;
    (void)arg;
    ck_abort_msg("called back after cancel");
}

static void start_sleeping(struct ask *ask)
{
    ask_add(ask, "sleep", "SELECT pg_sleep(59)", NULL);
    ask->batch.on_done = on_never;
    ask_start(ask);
}

static pid_t backend(void)
{
    return (pid_t)strtol(ask_text("pid", "SELECT pg_backend_pid()", NULL), NULL, 10);
}

/* The connection stays. What is asked meanwhile waits for it. */
START_TEST(what_nobody_waits_for_ends_on_the_server)
{
    begin_cancelling(1, 0);
    pid_t before = backend();
    static struct ask slow;
    start_sleeping(&slow);
    await_sleeping(1);
    ms_pg_ticket_cancel(slow.ticket);
    ck_assert_int_eq(backend(), before);
    await_sleeping(0);
    end_cancelling();
}
END_TEST

START_TEST(all_of_a_pipeline_that_nobody_waits_for_ends)
{
    enum { MANY = 5 };
    begin_cancelling(16, 0);
    pid_t before = backend();
    static struct ask slow[MANY];
    for (int i = 0; i < MANY; i++)
        start_sleeping(&slow[i]);
    await_sleeping(1);
    for (int i = 0; i < MANY; i++)
        ms_pg_ticket_cancel(slow[i].ticket);
    ck_assert_int_eq(backend(), before);
    await_sleeping(0);
    end_cancelling();
}
END_TEST

/* The first waits for a lock that this holds. */
START_TEST(what_somebody_waits_for_goes_on)
{
    begin_cancelling(16, 0);
    PGconn *pq = PQconnectdb(database());
    PQclear(PQexec(pq, "SELECT pg_advisory_lock(7)"));
    (void)backend();
    static struct ask locked, slow;
    ask_add(&locked, "lock", "SELECT pg_advisory_xact_lock(7)", NULL);
    ask_start(&locked);
    start_sleeping(&slow);
    ms_pg_ticket_cancel(slow.ticket);
    static struct ask other;
    ask_add(&other, "one", "SELECT 1", NULL);
    ask_start(&other);
    ck_assert(!locked.done);
    PQfinish(pq); /* releases it */
    await(1);
    ck_assert_msg(locked.ok, "%s", locked.text);
    ms_pg_ticket_cancel(other.ticket); /* else everybody waits for the sleeper */
    await_sleeping(0);
    end_cancelling();
}
END_TEST

/* Statements that end by themselves at about the time at which they are cancelled. */
START_TEST(a_signal_never_hits_what_comes_next)
{
    enum { ROUNDS = 300 };
    begin_cancelling(_i == 0 ? 1 : 16, 0);
    (void)backend();
    static struct ask gone[ROUNDS], next[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        ask_add(&gone[i], "short", "SELECT count(*) FROM generate_series(1, $1::int)",
                i % 3 == 0 ? "1" : "3000");
        gone[i].batch.on_done = on_never;
        ask_start(&gone[i]);
        ms_pg_ticket_cancel(gone[i].ticket);
        ask_add(&next[i], "next", "SELECT 1", NULL);
        ask_wait(&next[i]);
        ck_assert_msg(next[i].ok, "%s", next[i].text);
    }
    end_cancelling();
}
END_TEST

/* A process that takes no signal: its connection is closed after a while, and there is another. */
START_TEST(what_does_not_end_is_closed)
{
    begin_cancelling(1, 0);
    pid_t stuck = backend();
    static struct ask slow;
    start_sleeping(&slow);
    await_sleeping(1);
    ck_assert_int_eq(kill(stuck, SIGSTOP), 0);
    ms_pg_ticket_cancel(slow.ticket);
    ck_assert_int_ne(backend(), stuck);
    ck_assert_int_eq(kill(stuck, SIGCONT), 0);
    await_sleeping(0);
    end_cancelling();
}
END_TEST

START_TEST(what_was_given_up_is_cancelled_too)
{
    begin_cancelling(1, 1000);
    static struct ask slow;
    ask_add(&slow, "sleep", "SELECT pg_sleep(59)", NULL);
    slow.batch.statement_timeout_ms = 90 * 1000;
    ask_start(&slow);
    await_sleeping(1);
    ms_pg_ticket_cancel(slow.ticket); /* with its limit; the next one has the usual */
    await_sleeping(0);
    pid_t stuck = backend(); /* another one, if that took long */
    static struct ask silent;
    ask_add(&silent, "sleep", "SELECT pg_sleep(59)", NULL);
    /* First, while it waits: else the server's own limit may end it, or a lock stay held. */
    ck_assert_int_eq(kill(stuck, SIGSTOP), 0);
    ask_start(&silent);
    await(1);
    ck_assert_int_eq(kill(stuck, SIGCONT), 0);
    ck_assert(silent.was_silent && !silent.ok);
    await_sleeping(0);
    end_cancelling();
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("pg_cancel");
    TCase *tcase = tcase_create("cancel");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, what_nobody_waits_for_ends_on_the_server);
    tcase_add_test(tcase, all_of_a_pipeline_that_nobody_waits_for_ends);
    tcase_add_test(tcase, what_somebody_waits_for_goes_on);
    tcase_add_loop_test(tcase, a_signal_never_hits_what_comes_next, 0, 2);
    tcase_add_test(tcase, what_does_not_end_is_closed);
    tcase_add_test(tcase, what_was_given_up_is_cancelled_too);
    suite_add_tcase(suite, tcase);
    return suite;
}

#include "tests/support/check_main.h"
