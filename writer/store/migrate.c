/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings a database to the present schema.
 *
 *   lock      wait for the advisory lock of migrations
 *   look      is there a schema?
 *   version   which one?
 *   apply     none: the whole of sql/schema.sql; an older one: (repeated) the next file of
 *             sql/migrations, and with the last one all functions anew
 *
 * Each step is one transaction, which writes its own row of schema_version: an interrupted
 * migration leaves the version before it. The session is closed at the end, and the lock with it.
 * Nothing that holds data is ever dropped.
 */
#include "writer/store/migrate.h"

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/pg/session.h"
#include "writer/store/row.h"

#include <assert.h>
#include <stdlib.h>

MS_STORE_SQL(schema);
MS_STORE_SQL(functions);
MS_STORE_SQL(0002_sizes_variants_hidden_tags);
MS_STORE_SQL(0003_bounded_questions);
MS_STORE_SQL(0004_chains);
MS_STORE_SQL(0005_packages);
MS_STORE_SQL(0006_icons);
MS_STORE_SQL(0007_materials);
MS_STORE_SQL(0008_near_names);
MS_STORE_SQL(0009_functions_that_tell_more);
MS_STORE_SQL(0010_days);
MS_STORE_SQL(0011_sorted_tags);
MS_STORE_SQL(0012_functions_against_races);
MS_STORE_SQL(0013_collected_and_back);

/* Where a migration begins: [n] leads from schema n to n + 1. A database without a schema needs
 * none. */
static const char *const MIGRATIONS[] = {
    [1] = ms_sql_0002_sizes_variants_hidden_tags,
    [2] = ms_sql_0003_bounded_questions,
    [3] = ms_sql_0004_chains,
    [4] = ms_sql_0005_packages,
    [5] = ms_sql_0006_icons,
    [6] = ms_sql_0007_materials,
    [7] = ms_sql_0008_near_names,
    [8] = ms_sql_0009_functions_that_tell_more,
    [9] = ms_sql_0010_days,
    [10] = ms_sql_0011_sorted_tags,
    [11] = ms_sql_0012_functions_against_races,
    [12] = ms_sql_0013_collected_and_back,
};
static_assert(sizeof(MIGRATIONS) / sizeof(MIGRATIONS[0]) == MS_SCHEMA_VERSION,
              "a migration leads to the present schema");

/* For waiting for somebody else's migration, and for one of ours over large tables. */
enum { MIGRATION_TIMEOUT_MS = 3600 * 1000, MIGRATION_BYTES_MAX = 1024 * 1024 };

struct ms_store_migration {
    struct ms_loop *loop;
    struct ms_pg_session *session;
    ms_store_done *on_done; /* NULL: told already */
    void *arg;
    int64_t version;
    bool has_schema;
};

static void finish(struct ms_store_migration *migration, const struct ms_error *err)
{
    ms_store_done *on_done = migration->on_done;
    void *arg = migration->arg;
    struct ms_error copy;
    if (err != NULL)
        copy = *err;
    ms_store_migration_cancel(migration);
    on_done(err == NULL ? NULL : &copy, arg);
}

void ms_store_migration_cancel(struct ms_store_migration *migration)
{
    if (migration == NULL || migration->on_done == NULL)
        return;
    migration->on_done = NULL;
    ms_pg_session_free(migration->session);
    ms_loop_defer_free(migration->loop, migration);
}

static void query(struct ms_store_migration *migration, const char *sql, ms_pg_row_call *on_row,
                  ms_pg_done_call *on_done)
{
    if (ms_pg_session_query(migration->session, sql, on_row, on_done, migration) == MS_OK)
        return;
    struct ms_error err = {.status = MS_UNAVAILABLE, .text = "the connection was lost"};
    finish(migration, &err);
}

static void apply_next(struct ms_store_migration *migration);

static void on_applied(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_migration *migration = arg;
    struct ms_error err;
    if (row_status(&err, outcome) != MS_OK) {
        if (err.status == MS_CONFLICT) /* a deadlock with somebody's query: later it may do */
            err.status = MS_UNAVAILABLE;
        finish(migration, &err);
        return;
    }
    migration->version = migration->has_schema ? migration->version + 1 : MS_SCHEMA_VERSION;
    apply_next(migration);
}

/* A simple query of several statements is one transaction. */
static void run_next(struct ms_store_migration *migration)
{
    if (!migration->has_schema) {
        query(migration, ms_sql_schema, NULL, on_applied);
        return;
    }
    struct ms_buf sql;
    ms_buf_init(&sql, MIGRATION_BYTES_MAX);
    ms_buf_append_c(&sql, MIGRATIONS[migration->version]);
    if (migration->version + 1 == MS_SCHEMA_VERSION)
        ms_buf_append_c(&sql, ms_sql_functions);
    if (ms_buf_status(&sql) != MS_OK)
        abort(); /* our own text */
    query(migration, sql.data, NULL, on_applied);
    ms_buf_free(&sql);
}

static void apply_next(struct ms_store_migration *migration)
{
    struct ms_error err;
    if (migration->version > MS_SCHEMA_VERSION) {
        (void)ms_error_set(&err, MS_CONFLICT,
                           "the database has schema %lld, this program knows schemas up to %d: "
                           "a newer program is needed",
                           (long long)migration->version, MS_SCHEMA_VERSION);
        finish(migration, &err);
    } else if (migration->version == MS_SCHEMA_VERSION) {
        finish(migration, NULL);
    } else if (migration->has_schema && migration->version < 1) {
        (void)ms_error_set(&err, MS_CONFLICT, "the table schema_version is empty or is not ours");
        finish(migration, &err);
    } else {
        run_next(migration);
    }
}

static void on_version_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    struct ms_store_migration *migration = arg;
    (void)statement;
    migration->version = row_i64(row, 0);
}

static void on_version(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_migration *migration = arg;
    struct ms_error err;
    if (row_status(&err, outcome) != MS_OK)
        finish(migration, &err);
    else
        apply_next(migration);
}

static void on_schema_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    struct ms_store_migration *migration = arg;
    (void)statement;
    migration->has_schema = row_bool(row, 0);
}

static void on_looked(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_migration *migration = arg;
    struct ms_error err;
    if (row_status(&err, outcome) != MS_OK)
        finish(migration, &err);
    else if (migration->has_schema)
        query(migration, "SELECT coalesce(max(version), 0) FROM schema_version", on_version_row,
              on_version);
    else
        apply_next(migration);
}

static void on_locked(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_migration *migration = arg;
    struct ms_error err;
    if (row_status(&err, outcome) != MS_OK)
        finish(migration, &err);
    else
        query(migration, "SELECT to_regclass('schema_version') IS NOT NULL", on_schema_row,
              on_looked);
}

static void on_ready(void *arg)
{
    query(arg,
          "SET client_min_messages = warning;"
          "SELECT pg_advisory_lock(" MS_STORE_LOCK_MIGRATION ")",
          NULL, on_locked);
}

static void on_lost(const struct ms_error *err, void *arg)
{
    finish(arg, err);
}

struct ms_store_migration *ms_store_migration_start(struct ms_loop *loop, const char *conninfo,
                                                    const char *application_name,
                                                    ms_store_done *on_done, void *arg)
{
    static const struct ms_pg_session_events EVENTS = {.on_ready = on_ready, .on_lost = on_lost};
    struct ms_store_migration *migration = ms_alloc(sizeof(*migration));
    migration->loop = loop;
    migration->on_done = on_done;
    migration->arg = arg;
    migration->session = ms_pg_session_new(loop, conninfo, application_name, MIGRATION_TIMEOUT_MS,
                                           &EVENTS, migration);
    return migration;
}
