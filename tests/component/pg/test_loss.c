/* SPDX-License-Identifier: Apache-2.0 */
/* Asynchronous PostgreSQL when connections fail: killed backends, a network that cuts or freezes.
 */
#include "tests/component/pg/pg_fixture.h"
#include "tests/support/tcp_proxy.h"

#include <libpq-fe.h>

static struct tcp_proxy proxy;
static char through_proxy[1024]; /* the database's conninfo with the proxy's address */

enum { PARAMETER_MAX = 256 };

/* A parameter of the database's conninfo; `otherwise` when it has none. */
static void parameter(char out[static PARAMETER_MAX], const char *keyword, const char *otherwise)
{
    PQconninfoOption *options = PQconninfoParse(database(), NULL);
    ck_assert_ptr_nonnull(options);
    for (PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (strcmp(option->keyword, keyword) == 0 && option->val != NULL)
            otherwise = option->val;
    (void)snprintf(out, PARAMETER_MAX, "%s", otherwise);
    PQconninfoFree(options);
}

static void on_poll(void *arg)
{
    (void)arg;
    ms_loop_stop(loop);
}

/* Runs the loop until the pool is, or is no more, connected. */
static void await_state(bool connected)
{
    struct ms_timer *poll = ms_timer_new(loop, on_poll, NULL);
    while (ms_pg_pool_is_connected(pool) != connected) {
        ms_timer_start(poll, 10);
        ms_loop_run(loop);
    }
    ms_timer_free(poll);
}

/* The pool is connected then, however often it had to try. */
static void begin_proxied(struct ms_pg_pool_options options)
{
    char host[PARAMETER_MAX], port[PARAMETER_MAX], user[PARAMETER_MAX], dbname[PARAMETER_MAX];
    parameter(host, "host", "127.0.0.1");
    parameter(port, "port", "5432");
    parameter(user, "user", "postgres");
    parameter(dbname, "dbname", "postgres");
    ck_assert_msg(host[0] != '/', "METASTORE_TEST_DATABASE must name a TCP address");
    proxy = tcp_proxy_start(host, port);
    (void)snprintf(through_proxy, sizeof(through_proxy),
                   "host=127.0.0.1 port=%d user=%s dbname=%s sslmode=disable", (int)proxy.port,
                   user, dbname);
    options.conninfo = through_proxy;
    begin(options);
    await_state(true);
}

static void end_proxied(void)
{
    end();
    tcp_proxy_stop(&proxy);
}

static void check_lost_in_flight(const struct ask *ask)
{
    ck_assert(ask->done && !ask->ok);
    ck_assert_int_eq(ask->status, MS_UNAVAILABLE);
    ck_assert_str_eq(ask->sqlstate, "");
}

/* Kills the backend that runs `like`, as soon as there is one. Other tests have databases of their
 * own here. */
static void kill_backend(const char *like)
{
    PGconn *pq = PQconnectdb(database());
    ck_assert_int_eq(PQstatus(pq), CONNECTION_OK);
    bool killed = false;
    while (!killed) {
        PGresult *result =
            PQexecParams(pq,
                         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         " WHERE query LIKE $1 AND pid <> pg_backend_pid() AND state = 'active'"
                         " AND datname = current_database()",
                         1, NULL, &like, NULL, NULL, 0);
        ck_assert_int_eq(PQresultStatus(result), PGRES_TUPLES_OK);
        killed = PQntuples(result) > 0;
        PQclear(result);
    }
    PQfinish(pq);
}

START_TEST(a_killed_backend)
{
    begin_usual();
    (void)ask_text("one", "SELECT 1", NULL);
    static struct ask slow;
    ask_add(&slow, "slow", "SELECT pg_sleep(59)", NULL);
    ask_start(&slow);
    kill_backend("%pg_sleep(59)%");
    await(1);
    check_lost_in_flight(&slow);
    ck_assert_ptr_nonnull(strstr(slow.text, "terminating connection"));
    for (int i = 0; i < 3; i++) /* and life goes on */
        ck_assert_str_eq(ask_text("one", "SELECT 1", NULL), "1");
    end();
}
END_TEST

START_TEST(a_cut_connection)
{
    struct ms_pg_pool_options options = usual_options();
    options.max_connections = 1; /* all that is asked is in flight on it */
    begin_proxied(options);
    static struct ask asks[20];
    for (int i = 0; i < 20; i++) {
        ask_add(&asks[i], "slow", "SELECT pg_sleep(60)", NULL);
        ask_start(&asks[i]);
    }
    tcp_proxy_cut(&proxy);
    await(20);
    for (int i = 0; i < 20; i++)
        check_lost_in_flight(&asks[i]);
    ck_assert_ptr_nonnull(strstr(asks[0].text, "closed the connection"));
    await_state(true);
    ck_assert_str_eq(ask_text("one", "SELECT 1", NULL), "1");
    ck_assert_int_ge(state_changes, 3); /* connected, lost, connected */
    end_proxied();
}
END_TEST

START_TEST(an_idle_loss_is_noticed_and_repaired)
{
    begin_proxied(usual_options());
    tcp_proxy_refuse(&proxy);
    await_state(false);
    struct ms_pg_ticket *ticket;
    static struct ask refused;
    ask_add(&refused, "one", "SELECT 1", NULL);
    for (enum ms_status status = MS_OK; status != MS_UNAVAILABLE;) {
        refused.done = false;
        status = ms_pg_pool_run(&ticket, pool, &refused.batch, NULL);
        ck_assert(status == MS_OK || status == MS_UNAVAILABLE);
        if (status == MS_OK)
            await(1); /* it waited for the attempt that then failed */
        ck_assert(!refused.ok);
    }
    tcp_proxy_thaw(&proxy);
    await_state(true);
    ck_assert_str_eq(ask_text("one", "SELECT 1", NULL), "1");
    end_proxied();
}
END_TEST

START_TEST(a_frozen_network_is_given_up)
{
    struct ms_pg_pool_options options = usual_options();
    options.max_connections = 1;
    options.statement_timeout_ms = 2000;
    options.connect_timeout_ms = 300;
    begin_proxied(options);
    tcp_proxy_freeze(&proxy);
    static struct ask asks[3];
    for (int i = 0; i < 3; i++) {
        ask_add(&asks[i], "one", "SELECT 1", NULL);
        ask_start(&asks[i]);
    }
    await(3);
    for (int i = 0; i < 3; i++)
        check_lost_in_flight(&asks[i]);
    struct ask *late = ask_once("late", "SELECT 1", NULL); /* waits, and nobody answers */
    ck_assert(late->status == MS_UNAVAILABLE);
    tcp_proxy_thaw(&proxy);
    await_state(true);
    ck_assert_str_eq(ask_text("one", "SELECT 1", NULL), "1");
    end_proxied();
}
END_TEST

START_TEST(a_stream_that_is_cut)
{
    begin_proxied(usual_options());
    static struct ask stream;
    ask_add(&stream, "stream", "SELECT generate_series(1, 5), pg_sleep(0.5)", NULL);
    stream.batch.row_by_row = true;
    stream.batch.close_on_cancel = true;
    ask_start(&stream);
    tcp_proxy_cut(&proxy);
    await(1);
    check_lost_in_flight(&stream);
    end_proxied();
}
END_TEST

/* Whatever happens when: each batch that was started ends once (on_ask_done checks it), and those
 * that succeeded have taken place. */
START_TEST(every_batch_ends_under_a_bad_network)
{
    enum { ROUNDS = 30, MANY = 100 };
    begin_proxied(usual_options());
    static struct ask asks[ROUNDS][MANY];
    size_t succeeded = 0;
    for (int round = 0; round < ROUNDS; round++) {
        size_t started = 0;
        await_state(true);
        for (int i = 0; i < MANY; i++) {
            ask_add(&asks[round][i], "series", "SELECT generate_series(1, 50)", NULL);
            asks[round][i].batch.close_on_cancel = i % 10 == 0;
            ask_start(&asks[round][i]);
            started++;
            if (i % 7 == 0) {
                ms_pg_ticket_cancel(asks[round][i].ticket);
                started--;
            }
            if (i == round * 3)
                tcp_proxy_cut(&proxy);
        }
        await(started);
        for (int i = 0; i < MANY; i++) {
            ck_assert_int_eq(asks[round][i].done, i % 7 != 0);
            ck_assert(!asks[round][i].ok || asks[round][i].rows == 50);
            succeeded += asks[round][i].ok ? 1 : 0;
        }
    }
    ck_assert_uint_gt(succeeded, 0);
    ck_assert_uint_lt(succeeded, ROUNDS * MANY);
    await_state(true);
    ck_assert_str_eq(ask_text("one", "SELECT 1", NULL), "1");
    end_proxied();
}
END_TEST

/* As a machine that lost its power: it takes no connection, and refuses none. */
START_TEST(a_silent_host_does_not_hide_the_next)
{
    begin_proxied(usual_options());
    end();
    tcp_proxy_freeze(&proxy);
    char host[PARAMETER_MAX], port[PARAMETER_MAX], user[PARAMETER_MAX], dbname[PARAMETER_MAX];
    parameter(host, "host", "127.0.0.1");
    parameter(port, "port", "5432");
    parameter(user, "user", "postgres");
    parameter(dbname, "dbname", "postgres");
    char conninfo[2048];
    (void)snprintf(conninfo, sizeof(conninfo),
                   "host=127.0.0.1,%s port=%d,%s user=%s dbname=%s sslmode=disable", host,
                   (int)proxy.port, port, user, dbname);
    struct ms_pg_pool_options options = usual_options();
    options.conninfo = conninfo;
    options.connect_timeout_ms = 300;
    begin(options);
    await_state(true);
    ck_assert_str_eq(ask_text("one", "SELECT 1", NULL), "1");
    end_proxied();
}
END_TEST

START_TEST(a_renewed_pool_uses_no_connection_of_before)
{
    begin_usual();
    char before[ASK_TEXT];
    (void)snprintf(before, sizeof(before), "%s", ask_text("pid", "SELECT pg_backend_pid()", NULL));
    ms_pg_pool_renew(pool, false);
    ck_assert_str_ne(ask_text("pid", "SELECT pg_backend_pid()", NULL), before);
    end();
}
END_TEST

START_TEST(nobody_there)
{
    struct ms_pg_pool_options options = usual_options();
    options.conninfo = "host=127.0.0.1 port=1 dbname=none";
    begin(options);
    struct ask *ask = ask_once("one", "SELECT 1", NULL);
    ck_assert(ask->status == MS_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(ask->text, "refused"));
    ck_assert_int_eq(state_changes, 1); /* told, though nothing changed */
    struct ms_pg_ticket *ticket;
    struct ms_error err;
    ck_assert_int_eq(ms_pg_pool_run(&ticket, pool, &ask->batch, &err), MS_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.text, "refused"));
    end();
}
END_TEST

/* Its database is made after the first attempt. */
START_TEST(a_lazy_pool_connects_again)
{
    PGconn *pq = PQconnectdb(database());
    PQclear(PQexec(pq, "DROP DATABASE IF EXISTS pg_loss_later"));
    char host[PARAMETER_MAX], port[PARAMETER_MAX], user[PARAMETER_MAX], conninfo[1024];
    parameter(host, "host", "127.0.0.1");
    parameter(port, "port", "5432");
    parameter(user, "user", "postgres");
    (void)snprintf(conninfo, sizeof(conninfo), "host=%s port=%s user=%s dbname=pg_loss_later", host,
                   port, user);
    struct ms_pg_pool_options options = usual_options();
    options.conninfo = conninfo;
    options.is_lazy = true;
    begin(options);
    ck_assert_int_eq(ask_once("one", "SELECT 1", NULL)->status, MS_UNAVAILABLE);
    PGresult *created = PQexec(pq, "CREATE DATABASE pg_loss_later");
    ck_assert_int_eq(PQresultStatus(created), PGRES_COMMAND_OK);
    PQclear(created);
    struct ms_timer *poll = ms_timer_new(loop, on_poll, NULL);
    static struct ask ask;
    struct ms_error err;
    ask_add(&ask, "one", "SELECT 1", NULL);
    while (ms_pg_pool_run(&ask.ticket, pool, &ask.batch, &err) != MS_OK) {
        ms_timer_start(poll, 10);
        ms_loop_run(loop);
    }
    await(1);
    ck_assert_msg(ask.ok, "%s", ask.text);
    ms_timer_free(poll);
    end();
    PQclear(PQexec(pq, "DROP DATABASE pg_loss_later WITH (FORCE)"));
    PQfinish(pq);
}
END_TEST

START_TEST(a_conninfo_that_is_none)
{
    struct ms_pg_pool_options options = usual_options();
    options.conninfo = "postgresql://[broken";
    begin(options);
    ck_assert_int_eq(ask_once("one", "SELECT 1", NULL)->status, MS_UNAVAILABLE);
    end();
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("pg_loss");
    TCase *loss = tcase_create("loss");
    tcase_set_timeout(loss, 60);
    tcase_add_test(loss, a_killed_backend);
    tcase_add_test(loss, a_cut_connection);
    tcase_add_test(loss, an_idle_loss_is_noticed_and_repaired);
    tcase_add_test(loss, a_frozen_network_is_given_up);
    tcase_add_test(loss, a_stream_that_is_cut);
    tcase_add_test(loss, every_batch_ends_under_a_bad_network);
    tcase_add_test(loss, a_silent_host_does_not_hide_the_next);
    tcase_add_test(loss, a_renewed_pool_uses_no_connection_of_before);
    tcase_add_test(loss, nobody_there);
    tcase_add_test(loss, a_lazy_pool_connects_again);
    tcase_add_test(loss, a_conninfo_that_is_none);
    suite_add_tcase(suite, loss);
    return suite;
}

#include "tests/support/check_main.h"
