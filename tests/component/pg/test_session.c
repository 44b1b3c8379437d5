/* SPDX-License-Identifier: Apache-2.0 */
/* A PostgreSQL session of one's own: queries, notifications, its end. */
#include "tests/component/pg/pg_fixture.h"

/* A session and what it told. The ask's fields take what came of its last query. */
struct peer {
    struct ms_pg_session *session;
    struct ask ask;
    bool ready;
    int lost;
    char lost_text[MS_ERROR_TEXT_MAX];
    size_t notes;
    char note[64]; /* "channel:payload" */
};

static void on_ready(void *arg)
{
    ((struct peer *)arg)->ready = true;
    arrived();
}

static void on_lost(const struct ms_error *err, void *arg)
{
    struct peer *peer = arg;
    peer->lost++;
    (void)snprintf(peer->lost_text, sizeof(peer->lost_text), "%s", err->text);
    arrived();
}

static void on_notify(struct ms_str channel, struct ms_str payload, void *arg)
{
    struct peer *peer = arg;
    peer->notes++;
    (void)snprintf(peer->note, sizeof(peer->note), "%.*s:%.*s", MS_STR_ARG(channel),
                   MS_STR_ARG(payload));
    arrived();
}

static const struct ms_pg_session_events PEER_EVENTS = {
    .on_ready = on_ready,
    .on_lost = on_lost,
    .on_notify = on_notify,
};

static void begin_peer(struct peer *peer, const char *conninfo, uint64_t timeout_ms)
{
    peer->session =
        ms_pg_session_new(loop, conninfo, "metastore-test", timeout_ms, &PEER_EVENTS, peer);
    ck_assert_int_eq(ms_pg_session_query(peer->session, "SELECT 1", NULL, NULL, NULL),
                     MS_UNAVAILABLE);
    await(1);
    ck_assert(!peer->ready || peer->lost == 0);
}

/* The same, with a limit that connecting may exceed. */
static void begin_impatient_peer(struct peer *peer)
{
    begin_peer(peer, database(), 2000);
    while (!peer->ready) {
        ms_pg_session_free(peer->session);
        *peer = (struct peer){.session = NULL};
        begin_peer(peer, database(), 2000);
    }
}

static void start_query(struct peer *peer, const char *sql)
{
    peer->ask = (struct ask){.batch.n_steps = ASK_STEPS};
    ck_assert_int_eq(ms_pg_session_query(peer->session, sql, on_ask_row, on_ask_done, &peer->ask),
                     MS_OK);
    ck_assert(!peer->ask.done);
}

static void query(struct peer *peer, const char *sql)
{
    start_query(peer, sql);
    await(1);
    ck_assert(peer->ask.done);
}

static void begin_loop(void)
{
    loop = ms_loop_new();
}

static void end_peer(struct peer *peer)
{
    ms_pg_session_free(peer->session);
    ms_loop_free(loop);
}

START_TEST(several_statements_in_one_query)
{
    static struct peer peer;
    begin_loop();
    begin_peer(&peer, database(), 10000);
    query(&peer, "CREATE TEMPORARY TABLE t (n int); INSERT INTO t VALUES (1), (2), (3);"
                 "SELECT count(*) FROM t; DELETE FROM t WHERE n < 3");
    ck_assert_msg(peer.ask.ok, "%s", peer.ask.text);
    ck_assert_str_eq(peer.ask.first, "3");
    ck_assert_uint_eq(peer.ask.last_step, 2);
    ck_assert_uint_eq(peer.ask.affected[1], 3);
    ck_assert_uint_eq(peer.ask.affected[3], 2);
    query(&peer, "DELETE FROM t; SELECT 1 / 0; DROP TABLE t"); /* one transaction */
    ck_assert_str_eq(peer.ask.sqlstate, "22012");
    query(&peer, "SELECT count(*) FROM t");
    ck_assert_str_eq(peer.ask.first, "1");
    query(&peer, "");
    ck_assert(peer.ask.ok);
    end_peer(&peer);
}
END_TEST

START_TEST(one_query_at_a_time)
{
    static struct peer peer;
    begin_loop();
    begin_peer(&peer, database(), 10000);
    start_query(&peer, "SELECT 1");
    ck_assert_int_eq(ms_pg_session_query(peer.session, "SELECT 2", NULL, NULL, NULL), MS_BUSY);
    await(1);
    ck_assert(peer.ask.ok);
    end_peer(&peer);
}
END_TEST

START_TEST(notifications)
{
    static struct peer listener, sender;
    begin_loop();
    begin_peer(&listener, database(), 10000);
    begin_peer(&sender, database(), 10000);
    query(&listener, "LISTEN pg_test_channel");
    start_query(&sender, "BEGIN; NOTIFY pg_test_channel, 'lost'; ROLLBACK;"
                         "NOTIFY pg_test_channel, 'hello'");
    await(2);
    ck_assert(sender.ask.ok);
    ck_assert_uint_eq(listener.notes, 1);
    ck_assert_str_eq(listener.note, "pg_test_channel:hello");
    ms_pg_session_free(sender.session);
    end_peer(&listener);
}
END_TEST

START_TEST(no_answer_in_time)
{
    static struct peer peer;
    begin_loop();
    begin_impatient_peer(&peer);
    start_query(&peer, "SELECT pg_sleep(60)");
    await(2); /* the query's end, then the session's */
    ck_assert(peer.ask.done && !peer.ask.ok && peer.ask.status == MS_UNAVAILABLE);
    ck_assert_str_eq(peer.ask.sqlstate, "");
    ck_assert_int_eq(peer.lost, 1);
    ck_assert_int_eq(ms_pg_session_query(peer.session, "SELECT 1", NULL, NULL, NULL),
                     MS_UNAVAILABLE);
    end_peer(&peer);
}
END_TEST

START_TEST(idleness_is_no_silence)
{
    static struct peer idle, slow;
    begin_loop();
    begin_impatient_peer(&idle);
    begin_peer(&slow, database(), 10000);
    query(&slow, "SELECT pg_sleep(3)");
    query(&idle, "SELECT 1");
    ck_assert(idle.ask.ok && idle.lost == 0);
    ms_pg_session_free(slow.session);
    end_peer(&idle);
}
END_TEST

START_TEST(killed)
{
    static struct peer victim, killer;
    char sql[ASK_TEXT + 64];
    begin_loop();
    begin_peer(&victim, database(), 10000);
    begin_peer(&killer, database(), 10000);
    query(&victim, "SELECT pg_backend_pid()");
    (void)snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%s)", victim.ask.first);
    start_query(&killer, sql);
    await(2);
    ck_assert(killer.ask.ok);
    ck_assert_int_eq(victim.lost, 1);
    ms_pg_session_free(killer.session);
    end_peer(&victim);
}
END_TEST

START_TEST(copy_is_refused)
{
    static struct peer peer;
    begin_loop();
    begin_peer(&peer, database(), 10000);
    start_query(&peer, "COPY (SELECT 1) TO STDOUT");
    await(2);
    ck_assert(!peer.ask.ok);
    ck_assert_int_eq(peer.lost, 1);
    end_peer(&peer);
}
END_TEST

START_TEST(nobody_there)
{
    static struct peer peer;
    begin_loop();
    begin_peer(&peer, "host=127.0.0.1 port=1", 10000);
    ck_assert(!peer.ready);
    ck_assert_int_eq(peer.lost, 1);
    ck_assert_ptr_nonnull(strstr(peer.lost_text, "refused"));
    end_peer(&peer);
}
END_TEST

static void on_row_frees(size_t statement, const struct ms_pg_row *row, void *arg)
{
    (void)statement;
    (void)row;
    struct peer *peer = arg;
    ms_pg_session_free(peer->session);
    peer->session = NULL;
    arrived();
}

static void on_never(const struct ms_pg_outcome *outcome, void *arg)
{
    (void)outcome;
    (void)arg;
    ck_abort_msg("called back after free");
}

START_TEST(freed_in_its_own_callback)
{
    static struct peer peer;
    begin_loop();
    begin_peer(&peer, database(), 10000);
    ck_assert_int_eq(ms_pg_session_query(peer.session, "SELECT generate_series(1, 10)",
                                         on_row_frees, on_never, &peer),
                     MS_OK);
    await(1);
    end_peer(&peer);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("pg_session");
    TCase *session = tcase_create("session");
    tcase_set_timeout(session, 30);
    tcase_add_test(session, several_statements_in_one_query);
    tcase_add_test(session, one_query_at_a_time);
    tcase_add_test(session, notifications);
    tcase_add_test(session, no_answer_in_time);
    tcase_add_test(session, idleness_is_no_silence);
    tcase_add_test(session, killed);
    tcase_add_test(session, copy_is_refused);
    tcase_add_test(session, nobody_there);
    tcase_add_test(session, freed_in_its_own_callback);
    suite_add_tcase(suite, session);
    return suite;
}

#include "tests/support/check_main.h"
