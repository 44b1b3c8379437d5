/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leadership and migrations: one leads, another takes over within five seconds when the leader is
 * killed, stopped or cut off, also in the middle of a transaction; a newer database is left alone.
 * Other leaders are processes of their own, which tell by a pipe what became of them.
 */
#include "tests/component/store/store_fixture.h"
#include "tests/support/tcp_proxy.h"

#include <signal.h>
#include <sys/wait.h>

/* --- what a leader is told --- */

static int leader_calls, follower_calls, lost_calls, failed_calls, impossible_calls;
static uint64_t led_term;
static struct ms_store_leader_info told_leader;

static void on_leader(uint64_t new_term, void *arg)
{
    (void)arg;
    led_term = new_term;
    leader_calls++;
    ms_loop_stop(loop);
}

static void on_follower(const struct ms_store_leader_info *leader, void *arg)
{
    (void)arg;
    told_leader = *leader;
    follower_calls++;
    ms_loop_stop(loop);
}

static void on_lost(const struct ms_error *err, void *arg)
{
    (void)arg;
    ck_assert_ptr_nonnull(err);
    lost_calls++;
    ms_loop_stop(loop);
}

static void on_failed(const struct ms_error *err, void *arg)
{
    (void)arg;
    last_err = *err;
    failed_calls++;
    ms_loop_stop(loop);
}

static void on_impossible(const struct ms_error *err, void *arg)
{
    (void)arg;
    last_err = *err;
    impossible_calls++;
    ms_loop_stop(loop);
}

static const struct ms_store_lead_events LEAD_EVENTS = {.on_leader = on_leader,
                                                        .on_follower = on_follower,
                                                        .on_lost = on_lost,
                                                        .on_failed = on_failed,
                                                        .on_impossible = on_impossible};

static struct ms_store_lead *new_lead(const char *url, const char *host, int pid)
{
    struct ms_store_options options = store_options(url);
    return ms_store_lead_new(loop, &options, host, pid, &LEAD_EVENTS, NULL);
}

static void run_until(const int *calls)
{
    while (*calls == 0)
        ms_loop_run(loop);
}

/* --- a leader in a process of its own --- */

struct other {
    pid_t pid;
    int pipe; /* 'L': leads, 'X': lost it */
};

static void lead_for_ever(const char *url, int out)
{
    loop = ms_loop_new();
    (void)new_lead(url, "other", 4711);
    for (int told_leading = 0, told_lost = 0;;) {
        ms_loop_run(loop);
        if (leader_calls > told_leading && write(out, "L", 1) == 1)
            told_leading = leader_calls;
        if (lost_calls > told_lost && write(out, "X", 1) == 1)
            told_lost = lost_calls;
    }
}

static char next_news(const struct other *other)
{
    char news = '\0';
    ck_assert_int_eq(read(other->pipe, &news, 1), 1);
    return news;
}

static struct other start_other(const char *url)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct other other = {.pid = fork(), .pipe = ends[0]};
    if (other.pid == 0) {
        (void)close(ends[0]);
        lead_for_ever(url, ends[1]);
    }
    (void)close(ends[1]);
    ck_assert_int_eq(next_news(&other), 'L');
    return other;
}

static void end_other(struct other *other)
{
    (void)kill(other->pid, SIGCONT);
    (void)kill(other->pid, SIGKILL);
    (void)waitpid(other->pid, NULL, 0);
    (void)close(other->pipe);
}

/* Follows, until `stop` has been done to the other; then leads, with the next term. */
static void take_over_after(void (*stop)(struct other *other), struct other *other)
{
    struct ms_store_lead *lead = new_lead(conninfo, "host's", 99);
    run_until(&follower_calls);
    ck_assert_str_eq(told_leader.host, "other");
    ck_assert_int_eq(told_leader.pid, 4711);
    ck_assert_uint_eq(told_leader.term, 1);
    ck_assert_int_gt(told_leader.since_ms, 1600000000000);
    stop(other);
    run_until(&leader_calls);
    ck_assert_uint_eq(led_term, 2);
    ck_assert_str_eq(sql("SELECT leader_host || leader_pid || term FROM state"), "host's992");
    ms_store_lead_free(lead);
}

static void set_up_lead(void)
{
    make_empty_database();
}

static void tear_down_lead(void)
{
    ms_loop_free(loop);
    PQfinish(eye);
    administer("DROP DATABASE", "WITH (FORCE)");
}

static void stop_loop(void *arg)
{
    (void)arg;
    ms_loop_stop(loop);
}

static void run_for(uint64_t ms)
{
    struct ms_timer *timer = ms_timer_new(loop, stop_loop, NULL);
    ms_timer_start(timer, ms);
    ms_loop_run(loop);
    ms_timer_free(timer);
}

/* --- alone --- */

START_TEST(the_first_migrates_and_leads)
{
    loop = ms_loop_new();
    struct ms_store_lead *lead = new_lead(conninfo, "here", 1);
    run_until(&leader_calls);
    ck_assert_uint_eq(led_term, 1);
    ck_assert_int_eq(atoi(sql("SELECT max(version) FROM schema_version")), MS_SCHEMA_VERSION);
    ms_store_lead_free(lead); /* gives the lock back */
    leader_calls = 0;
    lead = new_lead(conninfo, "there", 2);
    run_until(&leader_calls);
    ck_assert_uint_eq(led_term, 2);
    ck_assert_int_eq(lost_calls, 0);
    ms_store_lead_free(lead);
}
END_TEST

START_TEST(a_leader_keeps_leading)
{
    loop = ms_loop_new();
    struct ms_store_lead *lead = new_lead(conninfo, "here", 1);
    run_until(&leader_calls);
    run_for(4000); /* longer than the server lets a silent session live */
    ck_assert_int_eq(lost_calls, 0);
    ck_assert_str_eq(sql("SELECT term FROM state"), "1");
    (void)sql("SELECT begin_term('thief', 3)");
    run_until(&lost_calls);
    ms_store_lead_free(lead);
}
END_TEST

/* A sequence counts its tries also when they are rolled back. */
START_TEST(a_term_that_cannot_begin_is_told_once)
{
    loop = ms_loop_new();
    struct ms_store_lead *lead = new_lead(conninfo, "here", 1);
    run_until(&leader_calls);
    ms_store_lead_free(lead);
    (void)sql("ALTER FUNCTION begin_term RENAME TO begin_term_well; CREATE SEQUENCE tries;"
              "CREATE FUNCTION begin_term(text, integer) RETURNS bigint LANGUAGE plpgsql AS $$"
              "BEGIN PERFORM nextval('tries'); RAISE 'not today'; END $$");
    leader_calls = 0;
    lead = new_lead(conninfo, "here", 1);
    run_until(&failed_calls);
    ck_assert_ptr_nonnull(strstr(last_err.text, "not today"));
    while (strtol(sql("SELECT last_value FROM tries"), NULL, 10) < 4)
        run_for(50);
    ck_assert_int_eq(failed_calls, 1);
    (void)sql("DROP FUNCTION begin_term; ALTER FUNCTION begin_term_well RENAME TO begin_term");
    run_until(&leader_calls);
    ck_assert_uint_eq(led_term, 2);
    ck_assert_int_eq(failed_calls + lost_calls, 1);
    ms_store_lead_free(lead);
}
END_TEST

START_TEST(a_newer_database_is_left_alone)
{
    loop = ms_loop_new();
    (void)sql("CREATE TABLE schema_version (version integer, min_reader_version integer)");
    (void)sql("INSERT INTO schema_version VALUES (1000, 1000)");
    struct ms_store_lead *lead = new_lead(conninfo, "here", 1);
    run_until(&impossible_calls);
    ck_assert_int_eq(last_err.status, MS_CONFLICT);
    ck_assert_ptr_nonnull(strstr(last_err.text, "schema 1000"));
    ck_assert_str_eq(sql("SELECT count(*) FROM pg_class WHERE relname = 'manifest'"), "0");
    struct ms_store_options options = store_options(conninfo);
    store = ms_store_writer_new(loop, &options);
    ck_assert_int_eq(waited(ms_store_migrate(store, on_done, NULL)), MS_CONFLICT);
    ms_store_writer_free(store);
    ms_store_lead_free(lead);
}
END_TEST

START_TEST(migrating_twice_is_harmless)
{
    start_store();
    ASSERT_OK(ms_store_migrate(store, on_done, NULL));
    ASSERT_OK(ms_store_migrate(store, on_done, NULL));
    (void)ms_store_migrate(store, on_done, NULL);
    ms_store_call_cancel(ms_store_migrate(store, on_done, NULL));
    ms_store_writer_free(store); /* in the middle of it */
    ck_assert_str_eq(sql("SELECT count(*) FROM schema_version"), "1");
}
END_TEST

START_TEST(a_role_without_rights_is_told)
{
    loop = ms_loop_new();
    char statement[256];
    (void)snprintf(
        statement, sizeof(statement),
        "DROP ROLE IF EXISTS metastore_test_nobody; CREATE ROLE metastore_test_nobody LOGIN; "
        "ALTER ROLE metastore_test_nobody IN DATABASE %s SET search_path = 'nowhere'",
        database);
    (void)sql(statement);
    char url[1200];
    (void)snprintf(url, sizeof(url), "%s user=metastore_test_nobody", conninfo);
    struct ms_store_lead *lead = new_lead(url, "here", 1);
    run_until(&impossible_calls);
    ms_store_lead_free(lead);
    (void)snprintf(statement, sizeof(statement), "DROP ROLE metastore_test_nobody");
    ms_loop_free(loop);
    loop = NULL;
    (void)sql(statement);
}
END_TEST

/* --- take-over --- */

static void kill_it(struct other *other)
{
    (void)kill(other->pid, SIGKILL);
}

static void stop_it(struct other *other)
{
    (void)kill(other->pid, SIGSTOP);
}

START_TEST(a_killed_leader_is_replaced)
{
    struct other other = start_other(conninfo);
    loop = ms_loop_new();
    take_over_after(kill_it, &other);
    end_other(&other);
}
END_TEST

START_TEST(a_stopped_leader_is_replaced_and_learns_of_it)
{
    struct other other = start_other(conninfo);
    loop = ms_loop_new();
    take_over_after(stop_it, &other);
    (void)kill(other.pid, SIGCONT);
    ck_assert_int_eq(next_news(&other), 'X');
    end_other(&other);
}
END_TEST

/* The stopped leader had begun a transaction, as it is between two parts of a batch. */
START_TEST(a_transaction_of_a_stopped_leader_is_ended)
{
    struct other other = start_other(conninfo);
    loop = ms_loop_new();
    PGconn *half = connect_to(database);
    PQclear(PQexec(half, "BEGIN"));
    PGresult *result = PQexec(half, "SELECT publish(1, 'app')");
    ck_assert_int_eq(PQresultStatus(result), PGRES_TUPLES_OK);
    PQclear(result);
    take_over_after(stop_it, &other);
    result = PQexec(half, "COMMIT");
    ck_assert_int_eq(PQresultStatus(result), PGRES_FATAL_ERROR);
    PQclear(result);
    PQfinish(half);
    ck_assert_str_eq(sql("SELECT generation FROM state"), "0");
    end_other(&other);
}
END_TEST

static struct tcp_proxy proxy;

static void cut_it_off(struct other *other)
{
    (void)other;
    tcp_proxy_freeze(&proxy);
}

START_TEST(a_leader_that_is_cut_off_is_replaced_and_learns_of_it)
{
    const char *port = PQport(eye);
    proxy = tcp_proxy_start(PQhostaddr(eye)[0] != '\0' ? PQhostaddr(eye) : "127.0.0.1", port);
    char proxy_port[16];
    char url[1024];
    (void)snprintf(proxy_port, sizeof(proxy_port), "%u", (unsigned)proxy.port);
    make_conninfo(url, sizeof(url), "127.0.0.1", proxy_port);
    struct other other = start_other(url);
    loop = ms_loop_new();
    take_over_after(cut_it_off, &other);
    ck_assert_int_eq(next_news(&other), 'X');
    end_other(&other);
    tcp_proxy_stop(&proxy);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store_lead");
    TCase *tcase = tcase_create("leadership");
    tcase_add_checked_fixture(tcase, set_up_lead, tear_down_lead);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_first_migrates_and_leads);
    tcase_add_test(tcase, a_leader_keeps_leading);
    tcase_add_test(tcase, a_term_that_cannot_begin_is_told_once);
    tcase_add_test(tcase, a_newer_database_is_left_alone);
    tcase_add_test(tcase, migrating_twice_is_harmless);
    tcase_add_test(tcase, a_role_without_rights_is_told);
    tcase_add_test(tcase, a_killed_leader_is_replaced);
    tcase_add_test(tcase, a_stopped_leader_is_replaced_and_learns_of_it);
    tcase_add_test(tcase, a_transaction_of_a_stopped_leader_is_ended);
    tcase_add_test(tcase, a_leader_that_is_cut_off_is_replaced_and_learns_of_it);
    suite_add_tcase(suite, tcase);
    return suite;
}

#include "tests/support/check_main.h"
