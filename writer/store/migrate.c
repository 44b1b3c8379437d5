/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Migrations: the files of sql/migrations, in order, each in one transaction.
 *
 *   lock      wait for the advisory lock of migrations
 *   look      is there a schema?
 *   version   which one?
 *   apply     (repeated) the next migration
 *
 * The session is closed at the end, and the lock with it. Nothing is ever dropped by us.
 */
#include "writer/store/migrate.h"

#include "common/base/alloc.h"
#include "common/pg/row.h"
#include "common/pg/session.h"

MS_STORE_SQL(0001_initial);

/* sql/migrations, in order: the last is MS_SCHEMA_VERSION. A simple query of several statements is
 * one transaction; each file writes its own row of schema_version. */
static const char *const MIGRATIONS[] = {
    ms_sql_0001_initial,
};
_Static_assert(sizeof(MIGRATIONS) / sizeof(MIGRATIONS[0]) == MS_SCHEMA_VERSION,
               "a migration for each version");

/* For waiting for somebody else's migration, and for one of ours over large tables. */
enum { MIGRATION_TIMEOUT_MS = 3600 * 1000 };

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
    if (ms_store_pg_outcome(&err, outcome) != MS_OK) {
        if (err.status == MS_CONFLICT) /* a deadlock with somebody's query: later it may do */
            err.status = MS_UNAVAILABLE;
        finish(migration, &err);
        return;
    }
    migration->version++;
    apply_next(migration);
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
    } else {
        query(migration, MIGRATIONS[migration->version], NULL, on_applied);
    }
}

static void on_version_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    struct ms_store_migration *migration = arg;
    (void)statement;
    migration->version = ms_store_pg_i64(row, 0);
}

static void on_version(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_migration *migration = arg;
    struct ms_error err;
    if (ms_store_pg_outcome(&err, outcome) != MS_OK)
        finish(migration, &err);
    else
        apply_next(migration);
}

static void on_schema_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    struct ms_store_migration *migration = arg;
    (void)statement;
    migration->has_schema = ms_store_pg_bool(row, 0);
}

static void on_looked(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_migration *migration = arg;
    struct ms_error err;
    if (ms_store_pg_outcome(&err, outcome) != MS_OK)
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
    if (ms_store_pg_outcome(&err, outcome) != MS_OK)
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
