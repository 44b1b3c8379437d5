/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader's side of common/store.h against a real PostgreSQL: queries (store/read.c) and the
 * watch (store/watch.c). The tables are made in a schema of the test's own; changes
 * are made beside it by plain libpq, with the same functions as a writer uses.
 */
#include "common/base/clock.h"
#include "reader/store/store.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

extern const char ms_sql_schema[];

enum { TOUCHED_MAX = 8192, TICK_MS = 5, WAIT_MS = 5 * 60 * 1000, HOUR_MS = 60 * 60 * 1000 };

static PGconn *admin;
static struct ms_loop *loop;
static struct ms_store_watch *watch;
static struct ms_timer *tick;
static bool (*awaited)(void);
static int64_t await_limit_ms;

/* What the watch told. */
static struct {
    size_t n_touched;
    uint64_t generations[TOUCHED_MAX];
    char last_repository[256];
    unsigned gaps, long_gaps, states, losses;
    struct ms_store_watch_state state;
} told;

static uint64_t wanted_generation;
static unsigned wanted_losses;
static uint64_t look_ms; /* of the watch that is started next */

/* --- the database --- */

static const char *database(void)
{
    const char *conninfo = getenv("METASTORE_TEST_DATABASE");
    ck_assert_msg(conninfo != NULL, "METASTORE_TEST_DATABASE is not set");
    return conninfo;
}

static void sql(const char *text)
{
    PGresult *result = PQexec(admin, text);
    ExecStatusType status = PQresultStatus(result);
    ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", text,
                  PQerrorMessage(admin));
    PQclear(result);
}

static uint64_t publish(const char *repository)
{
    char text[256];
    snprintf(text, sizeof(text), "SELECT publish(1, '%s')", repository);
    PGresult *result = PQexec(admin, text);
    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(admin));
    uint64_t generation = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return generation;
}

static void make_schema(void)
{
    sql("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public");
    sql(ms_sql_schema);
    sql("UPDATE state SET term = 1");
}

static void on_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

/* --- the loop --- */

static void on_tick(void *arg)
{
    (void)arg;
    ck_assert_msg(ms_clock_mono_ms() < await_limit_ms, "waited in vain");
    if (awaited())
        ms_loop_stop(loop);
    else
        ms_timer_start(tick, TICK_MS);
}

static void await(bool (*condition)(void))
{
    awaited = condition;
    await_limit_ms = ms_clock_mono_ms() + WAIT_MS;
    ms_timer_start(tick, 0);
    ms_loop_run(loop);
}

static void begin(void)
{
    setenv("PGOPTIONS", "-c search_path=ms_store_read,public", 1);
    look_ms = 1000;
    memset(&told, 0, sizeof(told));
    admin = PQconnectdb(database());
    ck_assert_msg(PQstatus(admin) == CONNECTION_OK, "%s", PQerrorMessage(admin));
    PQsetNoticeReceiver(admin, on_notice, NULL);
    sql("DROP SCHEMA IF EXISTS ms_store_read CASCADE; CREATE SCHEMA ms_store_read");
    loop = ms_loop_new();
    tick = ms_timer_new(loop, on_tick, NULL);
}

static void end(void)
{
    ms_store_watch_free(watch);
    watch = NULL;
    ms_timer_free(tick);
    ms_loop_free(loop);
    sql("DROP SCHEMA IF EXISTS ms_store_read CASCADE");
    PQfinish(admin);
}

/* --- the watch --- */

static void on_touched(uint64_t generation, struct ms_str repository, void *arg)
{
    (void)arg;
    ck_assert_uint_lt(told.n_touched, TOUCHED_MAX);
    told.generations[told.n_touched++] = generation;
    snprintf(told.last_repository, sizeof(told.last_repository), "%.*s", MS_STR_ARG(repository));
}

static void on_gap(bool is_too_long, void *arg)
{
    (void)arg;
    told.gaps++;
    told.long_gaps += is_too_long;
}

static void on_state(const struct ms_store_watch_state *state, void *arg)
{
    (void)arg;
    told.states++;
    told.state = *state;
}

static void on_lost(const struct ms_error *err, void *arg)
{
    (void)arg;
    ck_assert_str_ne(err->text, "");
    told.losses++;
}

static void start_watch_at(const char *url)
{
    static const struct ms_store_watch_events EVENTS = {
        .on_touched = on_touched, .on_gap = on_gap, .on_state = on_state, .on_lost = on_lost};
    watch = ms_store_watch_new(
        loop, &(struct ms_store_options){.url = url, .application_name = "metastore-test-watch"},
        look_ms, &EVENTS, NULL);
    ck_assert_uint_eq(told.states, 0); /* never from inside the start */
}

static bool has_state(void)
{
    return told.states > 0;
}

static bool has_wanted_generation(void)
{
    return told.state.generation == wanted_generation;
}

static bool has_wanted_losses(void)
{
    return told.losses == wanted_losses;
}

static void await_generation(uint64_t generation)
{
    wanted_generation = generation;
    await(has_wanted_generation);
}

static void watch_schema(void)
{
    make_schema();
    start_watch_at(database());
    await(has_state);
}

START_TEST(the_first_state_has_no_history)
{
    make_schema();
    publish("library/old");
    uint64_t generation = publish("library/old");
    start_watch_at(database());
    await(has_state);
    ck_assert_uint_eq(told.state.generation, generation);
    ck_assert_uint_eq(told.state.term, 1);
    ck_assert_int_eq(told.state.schema_version, MS_SCHEMA_VERSION);
    ck_assert_int_eq(told.state.min_reader_version, 1);
    ck_assert(!told.state.standby);
    ck_assert_int_eq(told.state.replay_lag_ms, -1);
    ck_assert_uint_eq(told.n_touched + told.gaps + told.losses, 0);
}
END_TEST

START_TEST(a_change_is_told_at_once)
{
    look_ms = HOUR_MS; /* by notification, then */
    watch_schema();
    for (int i = 0; i < 10; i++)
        await_generation(publish("library/postgres"));
    ck_assert_str_eq(told.last_repository, "library/postgres");
    ck_assert_uint_eq(told.n_touched, 10);
    ck_assert_uint_eq(told.gaps, 0);
}
END_TEST

START_TEST(many_changes_come_in_order_and_each_once)
{
    enum { MANY = 3000 };
    watch_schema();
    uint64_t first = told.state.generation + 1;
    sql("DO $$ BEGIN FOR i IN 1..2999 LOOP PERFORM publish(1, 'r' || i); COMMIT; END LOOP; END $$");
    await_generation(publish("last"));
    ck_assert_uint_eq(told.n_touched, MANY);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_uint_eq(told.generations[i], first + i);
    ck_assert_str_eq(told.last_repository, "last");
    ck_assert_uint_eq(told.gaps, 0);
}
END_TEST

START_TEST(rows_that_are_missing_are_a_gap)
{
    watch_schema();
    sql("BEGIN");
    publish("a");
    uint64_t generation = publish("b");
    sql("DELETE FROM touched WHERE repository = 'a'");
    sql("COMMIT");
    await_generation(generation);
    ck_assert_uint_eq(told.gaps, 1);
    await_generation(publish("c")); /* and from there it goes on */
    ck_assert_uint_eq(told.gaps, 1);
    ck_assert_str_eq(told.last_repository, "c");
    ck_assert_uint_eq(told.long_gaps, 0);
}
END_TEST

START_TEST(more_than_a_ring_is_a_gap)
{
    watch_schema();
    sql("BEGIN");
    sql("SELECT count(publish(1, 'r' || i)) FROM generate_series(1, 5000) i");
    sql("COMMIT");
    await_generation(5000);
    ck_assert_uint_eq(told.gaps, 1);
    ck_assert_uint_eq(told.n_touched, 0);
    ck_assert_uint_eq(told.long_gaps, 1);
}
END_TEST

START_TEST(a_generation_that_went_back_is_a_gap)
{
    watch_schema();
    publish("a");
    await_generation(publish("b"));
    sql("DELETE FROM touched; UPDATE state SET generation = 1; NOTIFY metastore");
    await_generation(1);
    ck_assert_uint_eq(told.gaps, 1);
    ck_assert_uint_eq(told.long_gaps, 0);
}
END_TEST

START_TEST(a_new_term_is_told_without_a_notification)
{
    watch_schema();
    sql("UPDATE state SET term = 7");
    unsigned before = told.states;
    wanted_generation = told.state.generation;
    while (told.state.term != 7) {
        told.states = 0;
        await(has_state); /* every second */
    }
    ck_assert_uint_gt(told.states + before, before);
    ck_assert_uint_eq(told.gaps, 0);
}
END_TEST

START_TEST(a_lost_connection_is_replaced_and_nothing_missed)
{
    look_ms = HOUR_MS;
    watch_schema();
    sql("BEGIN"); /* what is published becomes visible while the watch is away */
    uint64_t generation = publish("meanwhile");
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'metastore-test-watch' AND datname = current_database()");
    wanted_losses = 1;
    await(has_wanted_losses);
    sql("COMMIT");
    await_generation(generation);
    ck_assert_uint_eq(told.losses, 1);
    ck_assert_uint_eq(told.gaps, 0);
    ck_assert_uint_eq(told.n_touched, 1);
    ck_assert_str_eq(told.last_repository, "meanwhile");
    for (int i = 0; i < 10; i++)
        await_generation(publish("after")); /* it listens again */
}
END_TEST

START_TEST(a_database_that_is_not_there_is_lost_once)
{
    make_schema();
    start_watch_at("host=127.0.0.1 port=1 connect_timeout=1");
    wanted_losses = 1;
    await(has_wanted_losses);
    int64_t until_ms = ms_clock_mono_ms() + 500; /* some more attempts */
    while (ms_clock_mono_ms() < until_ms)
        await(has_wanted_losses);
    ck_assert_uint_eq(told.losses, 1);
    ck_assert_uint_eq(told.states, 0);
}
END_TEST

START_TEST(no_schema_is_version_0_until_it_is_made)
{
    start_watch_at(database());
    await(has_state);
    ck_assert_int_eq(told.state.schema_version, 0);
    ck_assert_uint_eq(told.losses, 0);
    make_schema();
    publish("a");
    await_generation(publish("b"));
    ck_assert_int_eq(told.state.schema_version, MS_SCHEMA_VERSION);
}
END_TEST

START_TEST(rights_to_write_are_told)
{
    make_schema();
    sql("DROP ROLE IF EXISTS ms_test_reader");
    sql("CREATE ROLE ms_test_reader LOGIN");
    sql("GRANT USAGE ON SCHEMA ms_store_read TO ms_test_reader;"
        "GRANT SELECT ON ALL TABLES IN SCHEMA ms_store_read TO ms_test_reader");
    setenv("PGOPTIONS", "-c search_path=ms_store_read,public -c role=ms_test_reader", 1);
    start_watch_at(database());
    await(has_state);
    ck_assert(!told.state.can_write);
    sql("GRANT UPDATE ON state TO ms_test_reader");
    told.states = 0;
    await(has_state);
    ck_assert(told.state.can_write);
    sql("DROP OWNED BY ms_test_reader; DROP ROLE ms_test_reader");
}
END_TEST

/* --- queries --- */

static struct {
    bool done;
    bool ok;
    enum ms_status status;
    size_t rows;
    size_t n_columns;
    uint64_t generation;
} answer;

static void on_row(const struct ms_str *columns, size_t n_columns, void *arg)
{
    ck_assert_ptr_eq(arg, &answer);
    answer.rows++;
    answer.n_columns = n_columns;
    ck_assert_int_eq(ms_str_to_u64(&answer.generation, columns[0]), MS_OK);
}

static void on_done(const struct ms_error *err, void *arg)
{
    ck_assert_ptr_eq(arg, &answer);
    ck_assert(!answer.done);
    answer.done = true;
    answer.ok = err == NULL;
    answer.status = err == NULL ? MS_OK : err->status;
}

static bool is_answered(void)
{
    return answer.done;
}

static struct ms_store_reader *open_reader(const char *url)
{
    memset(&answer, 0, sizeof(answer));
    return ms_store_reader_new(loop,
                               &(struct ms_store_options){.url = url,
                                                          .application_name = "metastore-test",
                                                          .connections = 3,
                                                          .max_waiting = 10,
                                                          .statement_timeout_ms = 5000});
}

/* One of a class that shares a connection with others, and one that has its own. */
static struct ms_store_query tags_query(bool is_walk)
{
    static const struct ms_str PARAMS[] = {MS_STR_INIT("library/none"), MS_STR_INIT(""), {NULL, 0}};
    return (struct ms_store_query){.query = is_walk ? MS_READ_DUMP : MS_READ_TAGS_LIST,
                                   .params = PARAMS,
                                   .n_params = is_walk ? 0 : 3,
                                   .on_row = on_row,
                                   .on_done = on_done,
                                   .arg = &answer};
}

START_TEST(a_query_says_the_generation_of_its_snapshot)
{
    make_schema();
    uint64_t generation = publish("a");
    struct ms_store_reader *store = open_reader(database());
    struct ms_store_query query = tags_query(_i == 1);
    struct ms_store_read *read;
    ck_assert_int_eq(ms_store_reader_run(&read, store, &query, NULL), MS_OK);
    ck_assert(!answer.done);
    await(is_answered);
    ck_assert(answer.ok);
    ck_assert_uint_ge(answer.rows, 1);
    ck_assert_uint_ge(answer.n_columns, 2);
    ck_assert_uint_eq(answer.generation, generation);
    ms_store_reader_free(store);
}
END_TEST

START_TEST(a_missing_table_is_an_error_of_the_query)
{
    struct ms_store_reader *store = open_reader(database());
    struct ms_store_query query = tags_query(false);
    struct ms_store_read *read;
    ck_assert_int_eq(ms_store_reader_run(&read, store, &query, NULL), MS_OK);
    await(is_answered);
    ck_assert_int_eq(answer.status, MS_NOT_FOUND);
    ms_store_reader_free(store);
}
END_TEST

static bool is_second_answered(void)
{
    return answer.rows > 0 && answer.done;
}

START_TEST(no_callback_comes_after_cancel)
{
    make_schema();
    publish("a");
    struct ms_store_reader *store = open_reader(database());
    struct ms_store_query cancelled = tags_query(_i == 1);
    struct ms_store_query query = tags_query(false);
    cancelled.arg = NULL; /* its callbacks would fail the test */
    struct ms_store_read *read;
    ck_assert_int_eq(ms_store_reader_run(&read, store, &cancelled, NULL), MS_OK);
    ms_store_read_cancel(read);
    ck_assert_int_eq(ms_store_reader_run(&read, store, &query, NULL), MS_OK);
    await(is_second_answered);
    ck_assert(answer.ok);
    ms_store_reader_free(store);
}
END_TEST

enum { LISTS_MAX = 4 }; /* two on each of two connections */

static struct ms_store_reader *borrower;
static struct ms_store_read *lists[LISTS_MAX];
static size_t n_lists;

static bool has_all_connections(void)
{
    return ms_store_reader_make_room(borrower, MS_CLASS_LOOKUP, ~0U) && /* one of their own */
           ms_store_reader_make_room(borrower, MS_CLASS_SEARCH, 0) &&
           ms_store_reader_make_room(borrower, MS_CLASS_WALK, 0);
}

static void fill_with_lists(unsigned waiting)
{
    struct ms_store_query query = tags_query(false);
    query.waiting = waiting;
    while (ms_store_reader_make_room(borrower, MS_CLASS_LIST, waiting)) {
        ck_assert_uint_lt(n_lists, LISTS_MAX);
        ck_assert_int_eq(ms_store_reader_run(&lists[n_lists++], borrower, &query, NULL), MS_OK);
    }
}

/* With three connections lists share one with searches, and walks have their own. */
START_TEST(lists_borrow_what_nobody_waits_for)
{
    struct ms_store_query walk = tags_query(true);
    struct ms_store_read *read;
    make_schema();
    borrower = open_reader(database());
    await(has_all_connections);
    sql("BEGIN; LOCK TABLE tag");
    fill_with_lists(1U << MS_CLASS_WALK | 1U << MS_CLASS_SEARCH | 1U << MS_CLASS_LIST);
    ck_assert_uint_eq(n_lists, 1); /* a search waits for the same connection */
    fill_with_lists(1U << MS_CLASS_WALK | 1U << MS_CLASS_LIST);
    ck_assert_uint_ge(n_lists, 1);
    ck_assert(!ms_store_reader_make_room(borrower, MS_CLASS_SEARCH, 0)); /* it would not be alone */
    ck_assert(ms_store_reader_make_room(borrower, MS_CLASS_WALK, 0));
    fill_with_lists(1U << MS_CLASS_LIST);
    ck_assert_uint_ge(n_lists, 2);
    ck_assert(!ms_store_reader_make_room(borrower, MS_CLASS_WALK, 0));
    ck_assert(ms_store_reader_make_room(borrower, MS_CLASS_LOOKUP, 0)); /* theirs is not lent */
    while (n_lists > 0)
        ms_store_read_cancel(lists[--n_lists]);
    sql("ROLLBACK");
    await(has_all_connections);
    ck_assert_int_eq(ms_store_reader_run(&read, borrower, &walk, NULL), MS_OK);
    fill_with_lists(0);
    ck_assert_uint_le(n_lists, 2); /* none behind the walk */
    while (n_lists > 0)
        ms_store_read_cancel(lists[--n_lists]);
    await(is_answered);
    ck_assert(answer.ok);
    ms_store_reader_free(borrower);
}
END_TEST

START_TEST(too_many_parameters_start_nothing)
{
    static struct ms_str params[65];
    struct ms_store_reader *store = open_reader(database());
    struct ms_store_query query = tags_query(false);
    query.params = params;
    query.n_params = 65;
    struct ms_store_read *read = NULL;
    ck_assert_int_eq(ms_store_reader_run(&read, store, &query, NULL), MS_TOO_LARGE);
    ck_assert_ptr_null(read);
    ms_store_reader_free(store);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store_read");
    TCase *watching = tcase_create("watch");
    tcase_add_checked_fixture(watching, begin, end);
    tcase_set_timeout(watching, 60);
    tcase_add_test(watching, the_first_state_has_no_history);
    tcase_add_test(watching, a_change_is_told_at_once);
    tcase_add_test(watching, many_changes_come_in_order_and_each_once);
    tcase_add_test(watching, rows_that_are_missing_are_a_gap);
    tcase_add_test(watching, more_than_a_ring_is_a_gap);
    tcase_add_test(watching, a_generation_that_went_back_is_a_gap);
    tcase_add_test(watching, a_new_term_is_told_without_a_notification);
    tcase_add_test(watching, a_lost_connection_is_replaced_and_nothing_missed);
    tcase_add_test(watching, a_database_that_is_not_there_is_lost_once);
    tcase_add_test(watching, no_schema_is_version_0_until_it_is_made);
    tcase_add_test(watching, rights_to_write_are_told);
    suite_add_tcase(suite, watching);
    TCase *queries = tcase_create("queries");
    tcase_add_checked_fixture(queries, begin, end);
    tcase_set_timeout(queries, 60);
    tcase_add_loop_test(queries, a_query_says_the_generation_of_its_snapshot, 0, 2);
    tcase_add_test(queries, a_missing_table_is_an_error_of_the_query);
    tcase_add_loop_test(queries, no_callback_comes_after_cancel, 0, 2);
    tcase_add_test(queries, lists_borrow_what_nobody_waits_for);
    tcase_add_test(queries, too_many_parameters_start_nothing);
    suite_add_tcase(suite, queries);
    return suite;
}
