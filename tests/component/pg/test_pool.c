/* SPDX-License-Identifier: Apache-2.0 */
/* Asynchronous PostgreSQL while all is well: batches, streams, limits, sessions. */
#include "tests/component/pg/pg_fixture.h"

#include <unistd.h>

START_TEST(one_value)
{
    begin_usual();
    ck_assert_str_eq(ask_text("one", "SELECT $1::int + 1", "41"), "42");
    ck_assert_int_eq(state_changes, 1);
    ck_assert(ms_pg_pool_is_connected(pool));
    end();
}
END_TEST

START_TEST(null_empty_text_and_binary)
{
    begin_usual();
    ck_assert(ask_once("null", "SELECT NULL::text", NULL)->first_absent);
    struct ask *empty = ask_once("empty", "SELECT ''::text, 2, 3", NULL);
    ck_assert(!empty->first_absent && empty->first_len == 0 && empty->last_columns == 3);
    ck_assert_str_eq(ask_text("utf8", "SELECT upper($1::text)", "h\xc3\xa9"), "H\xc3\x89");

    static struct ask bytes;
    ask_add(&bytes, "bytes", "SELECT $1::bytea || '\\x00ff'::bytea", "x");
    bytes.params[0] = (struct ms_pg_param){.value = MS_STR("a\0b"), .binary = true};
    bytes.batch.binary_results = true;
    ask_wait(&bytes);
    ck_assert(bytes.ok);
    ck_assert_uint_eq(bytes.first_len, 5);
    ck_assert_str_eq(bytes.first, "a"); /* the NUL came through */

    static struct ask absent;
    ask_add(&absent, "absent", "SELECT coalesce($1, 'nothing')", "x");
    absent.params[0].value = MS_STR_ABSENT;
    ask_wait(&absent);
    ck_assert_str_eq(absent.first, "nothing");
    end();
}
END_TEST

START_TEST(refused_before_anything_starts)
{
    begin_usual();
    struct ms_pg_ticket *ticket = NULL;
    struct ask nul = {0};
    ask_add(&nul, "nul", "SELECT $1::text", "x");
    nul.params[0].value = MS_STR("a\0b");
    ck_assert_int_eq(ms_pg_pool_run(&ticket, pool, &nul.batch, NULL), MS_INVALID);
    nul.params[0].value = ms_str_n("", MS_ERROR_TEXT_MAX);
    nul.params[0].value.len = (size_t)1 << 30;
    ck_assert_int_eq(ms_pg_pool_run(&ticket, pool, &nul.batch, NULL), MS_TOO_LARGE);
    struct ask two = {0};
    ask_add(&two, "s1", "SELECT 1", NULL);
    ask_add(&two, "s2", "SELECT 2", NULL);
    two.batch.row_by_row = true;
    ck_assert_int_eq(ms_pg_pool_run(&ticket, pool, &two.batch, NULL), MS_INVALID);
    two.batch.n_steps = 0;
    ck_assert_int_eq(ms_pg_pool_run(&ticket, pool, &two.batch, NULL), MS_INVALID);
    ck_assert_ptr_null(ticket);
    end();
}
END_TEST

START_TEST(many_in_flight_end_in_their_own_way)
{
    enum { MANY = 5000 };
    begin_usual();
    struct ask *asks = calloc(MANY, sizeof(*asks));
    char(*numbers)[12] = calloc(MANY, sizeof(*numbers));
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(numbers[i], sizeof(numbers[i]), "%d", i);
        /* Every seventh fails in the middle of the others. */
        ask_add(&asks[i], i % 7 == 0 ? "divide" : "number",
                i % 7 == 0 ? "SELECT 1 / ($1::int - $1::int)" : "SELECT $1::int", numbers[i]);
        ask_start(&asks[i]);
    }
    await(MANY);
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(asks[i].ok, i % 7 != 0);
        if (i % 7 == 0)
            ck_assert_str_eq(asks[i].sqlstate, "22012");
        else
            ck_assert_str_eq(asks[i].first, numbers[i]);
    }
    end();
    free(numbers);
    free(asks);
}
END_TEST

START_TEST(nobody_waits_behind_another_while_there_may_be_more_connections)
{
    begin_usual();
    (void)ask_text("one", "SELECT 1", NULL); /* there is one connection */
    static struct ask slow, quick;
    ask_add(&slow, "slow", "SELECT pg_sleep(60)", NULL);
    ask_add(&quick, "one", "SELECT 1", NULL);
    ask_start(&slow);
    ask_wait(&quick);
    ck_assert(quick.ok && !slow.done);
    end();
}
END_TEST

START_TEST(an_error_rolls_the_batch_back)
{
    begin_usual();
    (void)ask_text("drop", "DROP TABLE IF EXISTS pg_test_rollback", NULL);
    (void)ask_text("create", "CREATE TABLE pg_test_rollback (n int PRIMARY KEY)", NULL);
    static struct ask good;
    ask_add(&good, "insert", "INSERT INTO pg_test_rollback SELECT generate_series(1, $1::int)",
            "3");
    ask_add(&good, "count", "SELECT count(*) FROM pg_test_rollback", NULL);
    ask_wait(&good);
    ck_assert(good.ok && good.affected[0] == 3 && good.affected[1] == 1);
    ck_assert_uint_eq(good.last_step, 1);
    ck_assert_str_eq(good.first, "3"); /* a batch sees its own changes */

    static struct ask bad;
    ask_add(&bad, "insert4", "INSERT INTO pg_test_rollback VALUES (4)", NULL);
    ask_add(&bad, "insert1", "INSERT INTO pg_test_rollback VALUES (1)", NULL);
    ask_add(&bad, "never", "INSERT INTO pg_test_rollback VALUES (5)", NULL);
    ask_wait(&bad);
    ck_assert_str_eq(bad.sqlstate, "23505");
    ck_assert_int_eq(bad.status, MS_INVALID);
    ck_assert_ptr_nonnull(strstr(bad.text, "insert1"));
    ck_assert_str_eq(ask_text("count", "SELECT count(*) FROM pg_test_rollback", NULL), "3");
    (void)ask_text("drop", "DROP TABLE pg_test_rollback", NULL);
    end();
}
END_TEST

START_TEST(an_error_at_commit_is_an_error)
{
    begin_usual();
    (void)ask_text("drop", "DROP TABLE IF EXISTS pg_test_deferred", NULL);
    (void)ask_text("create",
                   "CREATE TABLE pg_test_deferred (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
                   NULL);
    struct ask *twice = ask_once("twice", "INSERT INTO pg_test_deferred VALUES (1), (1)", NULL);
    ck_assert_str_eq(twice->sqlstate, "23505");
    ck_assert_str_eq(ask_text("count", "SELECT count(*) FROM pg_test_deferred", NULL), "0");
    (void)ask_text("drop", "DROP TABLE pg_test_deferred", NULL);
    end();
}
END_TEST

START_TEST(failures_have_a_meaning)
{
    static const struct {
        const char *name;
        const char *sql;
        const char *sqlstate;
        enum ms_status status;
    } CASES[] = {
        {"c1", "SELECT * FROM pg_test_no_such_table", "42P01", MS_NOT_FOUND},
        {"c2", "SELEC", "42601", MS_PROTOCOL},
        {"c3", "DO $$BEGIN RAISE SQLSTATE 'MS001'; END$$", "MS001", MS_DEPOSED},
        {"c4", "DO $$BEGIN RAISE SQLSTATE '40001'; END$$", "40001", MS_CONFLICT},
        {"c5", "DO $$BEGIN RAISE SQLSTATE '53100'; END$$", "53100", MS_UNAVAILABLE},
        {"c6", "SELECT '{\"a\":\"\\u0000\"}'::jsonb", "22P05", MS_INVALID},
    };
    begin_usual();
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct ask *ask = ask_once(CASES[i].name, CASES[i].sql, NULL);
        ck_assert_str_eq(ask->sqlstate, CASES[i].sqlstate);
        ck_assert_int_eq(ask->status, CASES[i].status);
    }
    end();
}
END_TEST

START_TEST(settings_are_in_force)
{
    struct ms_pg_pool_options options = usual_options();
    options.statement_timeout_ms = 2000;
    options.read_only = true;
    begin(options);
    struct ask *slow = ask_once("slow", "SELECT pg_sleep(30)", NULL);
    ck_assert_str_eq(slow->sqlstate, "57014");
    ck_assert_int_eq(slow->status, MS_TIMEOUT);
    ck_assert_str_eq(ask_once("write", "CREATE TABLE pg_test_read_only ()", NULL)->sqlstate,
                     "25006");
    ck_assert_str_eq(ask_text("encoding", "SHOW client_encoding", NULL), "UTF8");
    ck_assert_str_eq(ask_text("name", "SHOW application_name", NULL), "metastore-test");
    ck_assert_str_eq(ask_text("interval", "SHOW client_connection_check_interval", NULL), "1s");
    end();
}
END_TEST

START_TEST(a_batch_may_have_a_time_limit_of_its_own)
{
    static const char *const SQL = "SELECT current_setting('statement_timeout')";
    static const struct {
        uint64_t limit_ms;
        const char *shown;
    } CASES[] = {{0, "20s"}, {1500, "1500ms"}, {1500, "1500ms"}, {3000, "3s"}, {0, "20s"}};
    enum { N_CASES = sizeof(CASES) / sizeof(CASES[0]) };
    struct ms_pg_pool_options options = usual_options();
    options.max_connections = 1;
    options.statement_timeout_ms = 20000;
    begin(options);
    static struct ask asks[N_CASES];
    for (size_t i = 0; i < N_CASES; i++) { /* all in flight at once */
        ask_add(&asks[i], "limit", SQL, NULL);
        asks[i].batch.statement_timeout_ms = CASES[i].limit_ms;
        ask_start(&asks[i]);
    }
    await(N_CASES);
    for (size_t i = 0; i < N_CASES; i++)
        ck_assert_str_eq(asks[i].first, CASES[i].shown);
    static struct ask slow;
    ask_add(&slow, "slow", "SELECT pg_sleep(30)", NULL);
    slow.batch.statement_timeout_ms = 100;
    ask_wait(&slow);
    ck_assert_int_eq(slow.status, MS_TIMEOUT);
    end();
}
END_TEST

/* Prepared statements that the server has forgotten, or whose plans no longer fit. */
START_TEST(prepared_statements_heal)
{
    struct ms_pg_pool_options options = usual_options();
    options.max_connections = 1;
    begin(options);
    (void)ask_text("drop", "DROP TABLE IF EXISTS pg_test_plan", NULL);
    struct ask *early = ask_once("plan", "SELECT * FROM pg_test_plan", NULL);
    ck_assert_str_eq(early->sqlstate, "42P01"); /* the prepare failed */
    (void)ask_text("create", "CREATE TABLE pg_test_plan AS SELECT 1 AS n", NULL);
    ck_assert_str_eq(ask_text("plan", "SELECT * FROM pg_test_plan", NULL), "1");
    (void)ask_text("alter", "ALTER TABLE pg_test_plan ALTER n TYPE text USING 'new'", NULL);
    ck_assert_str_eq(ask_text("plan", "SELECT * FROM pg_test_plan", NULL), "new");
    (void)ask_text("discard", "DEALLOCATE ALL", NULL);
    ck_assert_str_eq(ask_text("plan", "SELECT * FROM pg_test_plan", NULL), "new");
    (void)ask_text("drop", "DROP TABLE pg_test_plan", NULL);
    end();
}
END_TEST

/* All of these ride on one failing Parse; each must get its real error. */
START_TEST(a_failing_prepare_is_told_to_everybody)
{
    enum { MANY = 20 };
    struct ms_pg_pool_options options = usual_options();
    options.max_connections = 1;
    begin(options);
    (void)ask_text("one", "SELECT 1", NULL);
    static struct ask asks[MANY];
    for (int i = 0; i < MANY; i++) {
        ask_add(&asks[i], "typo", "SELECT nonsense", NULL);
        ask_start(&asks[i]);
    }
    await(MANY);
    for (int i = 0; i < MANY; i++)
        ck_assert_str_eq(asks[i].sqlstate, "42703");
    end();
}
END_TEST

START_TEST(a_full_queue_says_so)
{
    struct ms_pg_pool_options options = usual_options();
    options.max_connections = 1;
    options.pipeline_depth = 2;
    options.max_waiting = 3;
    options.wait_timeout_ms = 300;
    begin(options);
    /* The connection is open, which may take longer than a question may wait. */
    while (!ask_once("one", "SELECT 1", NULL)->ok)
        continue;
    static struct ask asks[5];
    for (int i = 0; i < 5; i++) { /* two in flight, three waiting */
        ask_add(&asks[i], "sleep", "SELECT pg_sleep(3)", NULL);
        ask_start(&asks[i]);
    }
    struct ms_pg_ticket *ticket;
    ck_assert_int_eq(ms_pg_pool_run(&ticket, pool, &asks[0].batch, NULL), MS_BUSY);
    await(5);
    for (int i = 0; i < 5; i++) { /* nobody waits longer than allowed */
        ck_assert_int_eq(asks[i].ok, i < 2);
        ck_assert_int_eq(asks[i].status, i < 2 ? MS_OK : MS_BUSY);
    }
    end();
}
END_TEST

static void on_cancelled_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    (void)statement;
    (void)row;
    struct ask *ask = arg;
    ck_assert_msg(ask->rows == 0, "a row after cancel");
    ask->rows++;
    ms_pg_ticket_cancel(ask->ticket);
    arrived();
}

static void on_never(const struct ms_pg_outcome *outcome, void *arg)
{
    (void)outcome;
    (void)arg;
    ck_abort_msg("called back after cancel");
}

START_TEST(cancelled_tickets_are_silent)
{
    struct ms_pg_pool_options options = usual_options();
    options.max_connections = 1;
    options.pipeline_depth = 2;
    begin(options);
    (void)ask_text("one", "SELECT 1", NULL);
    static struct ask asks[4];
    for (int i = 0; i < 4; i++) { /* in flight: 0, 1; waiting: 2, 3 */
        ask_add(&asks[i], "rows", "SELECT generate_series(1, 100)", NULL);
        if (i < 3)
            asks[i].batch.on_done = on_never;
        if (i == 1)
            asks[i].batch.on_row = on_cancelled_row; /* cancels in its first row */
        ask_start(&asks[i]);
    }
    ms_pg_ticket_cancel(asks[0].ticket);
    ms_pg_ticket_cancel(asks[2].ticket);
    await(2);
    ck_assert(asks[3].ok && asks[3].rows == 100);
    ck_assert_uint_eq(asks[0].rows + asks[2].rows, 0);
    ms_pg_ticket_cancel(NULL);

    static struct ask stream;
    ask_add(&stream, "stream", "SELECT generate_series(1, 10000000)", NULL);
    stream.batch.row_by_row = true;
    stream.batch.close_on_cancel = true;
    stream.batch.on_row = on_cancelled_row;
    stream.batch.on_done = on_never;
    ask_start(&stream);
    await(1);
    ck_assert_str_eq(ask_text("one", "SELECT 1", NULL), "1"); /* on a new connection */
    ck_assert_int_eq(state_changes, 1);                       /* nothing was lost */
    end();
}
END_TEST

static void on_row_frees_pool(size_t statement, const struct ms_pg_row *row, void *arg)
{
    on_ask_row(statement, row, arg);
    ms_pg_pool_free(pool);
    pool = NULL;
    arrived();
}

START_TEST(the_pool_can_be_freed_in_a_callback)
{
    begin_usual();
    static struct ask asks[100];
    for (int i = 0; i < 100; i++) {
        ask_add(&asks[i], "rows", "SELECT generate_series(1, 100)", NULL);
        asks[i].batch.on_row = on_row_frees_pool;
        asks[i].batch.on_done = on_never;
        ask_start(&asks[i]);
    }
    await(1);
    size_t rows = 0;
    for (int i = 0; i < 100; i++)
        rows += asks[i].rows;
    ck_assert_uint_eq(rows, 1);
    end();
}
END_TEST

/* --- streams --- */

enum { STREAM_ROWS = 2000000, SAMPLE_EVERY = 100000 };

/* AddressSanitizer keeps freed memory; that is not what is measured here. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1";
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    ck_assert(file != NULL && fscanf(file, "%*s %ld", &pages) == 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

struct stream {
    struct ask ask;
    long most_kib;
};

static void on_stream_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    struct stream *stream = arg;
    (void)statement;
    if (row->columns[1].len != 200) /* check's assertions write(2) each time */
        ck_abort_msg("a wrong row");
    if (++stream->ask.rows % SAMPLE_EVERY != 0)
        return;
    long kib = resident_kib();
    stream->most_kib = kib > stream->most_kib ? kib : stream->most_kib;
}

/* Unpipelined, or among others. */
static void stream_rows(const char *conninfo, bool alone)
{
    struct ms_pg_pool_options options = usual_options();
    options.conninfo = conninfo;
    options.pipeline_depth = alone ? 1 : options.pipeline_depth;
    begin(options);
    (void)ask_text("one", "SELECT 1", NULL);
    long before_kib = resident_kib();
    static struct stream stream;
    ask_add(&stream.ask, "stream",
            "SELECT n, repeat('x', 200) FROM generate_series(1, $1::int) AS n", "2000000");
    stream.ask.batch.row_by_row = true;
    stream.ask.batch.on_row = on_stream_row;
    ask_start(&stream.ask);
    await(1);
    ck_assert_msg(stream.ask.ok, "%s", stream.ask.text);
    ck_assert_uint_eq(stream.ask.rows, STREAM_ROWS);
    ck_assert_int_lt(stream.most_kib - before_kib, 8 * 1024);
    end();
}

static void stream_with_tls(const char *sslmode, bool alone)
{
    char conninfo[1024];
    char separator = strstr(database(), "://") == NULL ? ' '
                     : strchr(database(), '?') != NULL ? '&'
                                                       : '?';
    (void)snprintf(conninfo, sizeof(conninfo), "%s%csslmode=%s", database(), separator, sslmode);
    stream_rows(conninfo, alone);
}

START_TEST(a_stream_needs_little_memory)
{
    stream_with_tls("disable", _i == 0);
}
END_TEST

/* Decrypted bytes wait where the socket does not show them, which is so with servers from 17 on:
 * older ones write records of 8 KiB, which libpq always takes whole. */
START_TEST(a_stream_over_tls_does_not_stall)
{
    stream_with_tls("require", true);
}
END_TEST

START_TEST(rows_one_by_one_keep_their_place_among_others)
{
    struct ms_pg_pool_options options = usual_options();
    options.max_connections = 1;
    begin(options);
    (void)ask_text("one", "SELECT 1", NULL);
    static struct ask asks[40];
    for (int i = 0; i < 40; i++) { /* every fifth fails after some rows, every third is held */
        ask_add(&asks[i], i % 5 == 0 ? "fail" : "series",
                i % 5 == 0 ? "SELECT 1 / (3 - n) FROM generate_series(1, $1::int) AS n"
                           : "SELECT n FROM generate_series(1, $1::int) AS n",
                "9");
        asks[i].batch.row_by_row = i % 3 != 0;
        ask_start(&asks[i]);
    }
    await(40);
    for (int i = 0; i < 40; i++) {
        ck_assert_int_eq(asks[i].ok, i % 5 != 0);
        ck_assert_uint_eq(asks[i].rows, i % 5 != 0 ? 9 : i % 3 != 0 ? 2 : 0);
    }
    end();
}
END_TEST

/* On the only connection, the second one is sent behind the first, or waits for its end. */
START_TEST(a_connection_that_is_closed_takes_nobody_along)
{
    struct ms_pg_pool_options options = usual_options();
    options.max_connections = 1;
    options.pipeline_depth = _i == 0 ? 1 : 2;
    begin(options);
    int32_t backend = (int32_t)strtol(ask_text("pid", "SELECT pg_backend_pid()", NULL), NULL, 10);
    static struct ask first, second;
    ask_add(&first, "series", "SELECT generate_series(1, 1000)", NULL);
    first.batch.close_on_cancel = true;
    first.batch.on_row = on_cancelled_row;
    first.batch.on_done = on_never;
    ask_add(&second, "pid", "SELECT pg_backend_pid()", NULL);
    ask_start(&first);
    ask_start(&second);
    await(2);
    ck_assert(second.ok);
    bool is_same = (int32_t)strtol(second.first, NULL, 10) == backend;
    ck_assert_int_eq(is_same, _i != 0);
    end();
}
END_TEST

/* Array literals, as the server reads them. */
START_TEST(arrays_arrive)
{
    begin_usual();
    ck_assert_str_eq(
        ask_text("texts", "SELECT string_agg(coalesce(v, '-'), '|') FROM unnest($1::text[]) AS v",
                 "{\"a\\\"b\",\"\\\\\",NULL,\"NULL\",\"\",\"{,}\"}"),
        "a\"b|\\|-|NULL||{,}");
    ck_assert_str_eq(
        ask_text("bytes", "SELECT string_agg(encode(v, 'hex'), '|') FROM unnest($1::bytea[]) AS v",
                 "{\"\\\\x00ff\",\"\\\\x\"}"),
        "00ff|");
    end();
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("pg");
    TCase *batches = tcase_create("batches");
    tcase_set_timeout(batches, 60);
    tcase_add_test(batches, one_value);
    tcase_add_test(batches, null_empty_text_and_binary);
    tcase_add_test(batches, refused_before_anything_starts);
    tcase_add_test(batches, many_in_flight_end_in_their_own_way);
    tcase_add_test(batches, nobody_waits_behind_another_while_there_may_be_more_connections);
    tcase_add_test(batches, an_error_rolls_the_batch_back);
    tcase_add_test(batches, an_error_at_commit_is_an_error);
    tcase_add_test(batches, failures_have_a_meaning);
    tcase_add_test(batches, settings_are_in_force);
    tcase_add_test(batches, a_batch_may_have_a_time_limit_of_its_own);
    tcase_add_test(batches, prepared_statements_heal);
    tcase_add_test(batches, a_failing_prepare_is_told_to_everybody);
    tcase_add_test(batches, a_full_queue_says_so);
    tcase_add_test(batches, cancelled_tickets_are_silent);
    tcase_add_test(batches, the_pool_can_be_freed_in_a_callback);
    tcase_add_test(batches, arrays_arrive);
    suite_add_tcase(suite, batches);
    TCase *streams = tcase_create("streams");
    tcase_set_timeout(streams, 60);
    tcase_add_loop_test(streams, a_stream_needs_little_memory, 0, 2);
    tcase_add_test(streams, a_stream_over_tls_does_not_stall);
    tcase_add_loop_test(streams, a_connection_that_is_closed_takes_nobody_along, 0, 2);
    tcase_add_test(streams, rows_one_by_one_keep_their_place_among_others);
    suite_add_tcase(suite, streams);
    return suite;
}

#include "tests/support/check_main.h"
