/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers without a server: real statements, run by libpq at once.
 */
#include "tests/component/api/fake_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

struct answered answered;
PGconn *connection;

#define STATEMENT_EXTERN(upper, lower, class) extern const char ms_sql_read_##lower[];
MS_READ_QUERIES(STATEMENT_EXTERN)
#undef STATEMENT_EXTERN
static const char *const STATEMENTS[] = {
#define STATEMENT(upper, lower, class) ms_sql_read_##lower,
    MS_READ_QUERIES(STATEMENT)
#undef STATEMENT
};

static void copy(char *out, size_t size, struct ms_str s)
{
    (void)snprintf(out, size, "%.*s", MS_STR_ARG(s));
}

static void copy_headers(const struct ms_http_header *headers, size_t n_headers)
{
    for (size_t i = 0; i < n_headers; i++) {
        size_t len = strlen(answered.headers);
        (void)snprintf(answered.headers + len, sizeof(answered.headers) - len, "%s: %.*s\n",
                       headers[i].name, MS_STR_ARG(headers[i].value));
    }
}

struct ms_str ms_http_request_query(const struct ms_http_request *request)
{
    return request->query;
}

struct ms_arena *ms_http_request_arena(struct ms_http_request *request)
{
    return request->arena;
}

void send_fixed(struct ms_http_request *request, struct ms_http_entity *kept, struct ms_str json,
                const struct ms_http_header *headers, size_t n_headers)
{
    (void)request;
    (void)kept;
    answered.status = 200;
    answered.body = strndup(json.ptr, json.len);
    copy_headers(headers, n_headers);
}

void send_error(struct ms_http_request *request, int status, const char *code, struct ms_str detail,
                struct ms_str parameter)
{
    (void)request;
    answered.status = status;
    (void)snprintf(answered.code, sizeof(answered.code), "%s", code != NULL ? code : "");
    copy(answered.detail, sizeof(answered.detail), detail);
    copy(answered.parameter, sizeof(answered.parameter), parameter);
}

enum { FAKE_PARAMS_MAX = 16 };

static PGresult *run_statement(const struct answer_query *query)
{
    const char *values[FAKE_PARAMS_MAX];
    ck_assert_uint_le(query->n_params, FAKE_PARAMS_MAX);
    for (size_t i = 0; i < query->n_params; i++)
        values[i] = ms_str_is_absent(query->params[i])
                        ? NULL
                        : strndup(query->params[i].ptr, query->params[i].len);
    PGresult *result = PQexecParams(connection, STATEMENTS[query->statement], (int)query->n_params,
                                    NULL, values, NULL, NULL, 0);
    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(connection));
    for (size_t i = 0; i < query->n_params; i++)
        free((char *)(uintptr_t)values[i]);
    return result;
}

static void feed_row(struct answer_result *out, const struct answer_query *query, PGresult *result,
                     int row, void *state)
{
    struct ms_str columns[FAKE_PARAMS_MAX];
    int n = PQnfields(result);
    ck_assert_str_eq(PQgetvalue(result, row, 0), "4711"); /* the generation, in every row */
    for (int i = 1; i < n; i++)
        columns[i - 1] =
            PQgetisnull(result, row, i)
                ? MS_STR_ABSENT
                : ms_str_n(PQgetvalue(result, row, i), (size_t)PQgetlength(result, row, i));
    query->on_row(out, columns, (size_t)(n - 1), state);
}

static void note_query(const struct answer_query *query, const struct answer_reply *reply)
{
    copy(answered.key, sizeof(answered.key), query->key);
    copy(answered.repository, sizeof(answered.repository), query->repository);
    (void)snprintf(answered.cache_control, sizeof(answered.cache_control), "%s",
                   reply != NULL ? reply->cache_control : "");
    if (reply != NULL)
        copy_headers(reply->headers, reply->n_headers);
    ck_assert_str_eq(query->content_type, "application/json");
    answered.query = query->statement;
    answered.is_large = query->is_large;
    answered.shows_counts = query->shows_counts;
    answered.served = true;
}

void answer_serve(struct answers *answers, struct ms_http_request *request,
                  const struct answer_query *query, const struct answer_reply *reply)
{
    struct answer_result out = {.status = 200, .content_type = query->content_type};
    (void)answers;
    (void)request;
    ms_buf_init(&out.body, ANSWER_BODY_MAX);
    ms_buf_init(&out.link, ANSWER_LINK_MAX);
    note_query(query, reply);
    void *state = malloc(query->state_bytes);
    memcpy(state, query->state, query->state_bytes);
    PGresult *result = run_statement(query);
    ck_assert_int_ge(PQntuples(result), 1);
    for (int row = 0; row < PQntuples(result); row++)
        feed_row(&out, query, result, row, state);
    if (query->on_finish != NULL)
        query->on_finish(&out, state);
    PQclear(result);
    free(state);
    ck_assert_int_eq(ms_buf_status(&out.body), MS_OK);
    ck_assert_int_eq(ms_buf_status(&out.link), MS_OK);
    answered.status = out.status;
    answered.body = ms_buf_take(&out.body, &(size_t){0});
    answered.link = out.link.len > 0 ? ms_buf_take(&out.link, &(size_t){0}) : NULL;
    ms_buf_free(&out.body);
    ms_buf_free(&out.link);
}
