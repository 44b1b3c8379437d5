/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A database for the tests of the reader's statements.
 */
#include "tests/component/api/read_database.h"

#include "common/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

extern const char ms_sql_schema[];

static char database_name[64];
static struct ms_config config;
static struct env env;
static struct answers answers;

/* --- A database of our own, once for all tests --- */

static PGconn *connect_to(const char *name)
{
    const char *conninfo = getenv("METASTORE_TEST_DATABASE");
    ck_assert_msg(conninfo != NULL, "METASTORE_TEST_DATABASE is not set");
    const char *keywords[] = {"dbname", name != NULL ? "dbname" : NULL, NULL};
    const char *values[] = {conninfo, name, NULL};
    PGconn *conn = PQconnectdbParams(keywords, values, 1);
    ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    return conn;
}

void run(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s",
                  PQerrorMessage(conn));
    PQclear(result);
}

static char *read_text(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_int_gt(getdelim(&text, &size, '\0', file), 0);
    (void)fclose(file);
    return text;
}

/* On the database that METASTORE_TEST_DATABASE names. */
static void administer(const char *before, const char *behind)
{
    char sql[256];
    PGconn *conn = connect_to(NULL);
    (void)snprintf(sql, sizeof(sql), "%s %s %s", before, database_name, behind);
    run(conn, sql);
    PQfinish(conn);
}

void make_database(void)
{
    (void)snprintf(database_name, sizeof(database_name), "metastore_read_%ld", (long)getpid());
    administer("CREATE DATABASE", "TEMPLATE template0 ENCODING 'UTF8'");
    PGconn *conn = connect_to(database_name);
    run(conn, ms_sql_schema);
    char *fixture = read_text(METASTORE_SOURCE_DIR "/tests/component/api/read_queries.sql");
    run(conn, fixture);
    free(fixture);
    PQfinish(conn);
}

void drop_database(void)
{
    administer("DROP DATABASE", "WITH (FORCE)");
}

void begin(void)
{
    static char public_url[] = "https://registry.example.com/\"";
    static char official[] = "library/*";
    static char *officials[] = {official};
    config.registry.public_url = public_url;
    config.cache.max_age_index_ms = 5999;
    config.search.official.items = officials;
    config.search.official.count = 1;
    env.config = &config;
    answers.env = &env;
    connection = connect_to(database_name);
    run(connection,
        "SET default_transaction_read_only = on; SET plan_cache_mode = force_generic_plan;"
        "SET jit = off");
}

static void forget(void)
{
    free(answered.body);
    free(answered.link);
    memset(&answered, 0, sizeof(answered));
}

void end(void)
{
    forget();
    PQfinish(connection);
}

void ask(handler *handle, const char *name, const char *query)
{
    struct ms_http_request request = {ms_str(query), ms_arena_new(1024 * 1024)};
    struct ms_route_match match = {.captures = {ms_str(name)}, .n_captures = name != NULL ? 1 : 0};
    forget();
    handle(&request, &match, &answers);
    ms_arena_free(request.arena);
}

void expect_body(const char *query, const char *body)
{
    ck_assert_int_eq(answered.status, 200);
    ck_assert_msg(strcmp(answered.body, body) == 0, "%s:\n%s\nexpected:\n%s", query, answered.body,
                  body);
}
