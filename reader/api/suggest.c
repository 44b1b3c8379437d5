/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/suggest, /api/v1/activity and /api/v1/namespaces: what search boxes and pages ask beside
 * the lists.
 */
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_list.h"
#include "reader/api/rest_question.h"

#include <assert.h>

enum { WORD_MAX = 255, ACTIVITY_DAYS = 90, ACTIVITY_DAYS_MAX = 400 };

static void on_finish(struct answer_result *result, void *arg)
{
    (void)arg;
    if (result->status == 200)
        answer_result_end_object(result);
}

/* --- suggestions --- */

static const struct query_param SUGGEST_TABLE[] = {{"q", QUERY_PLAIN}};

static void on_suggestions(struct answer_result *result, const struct ms_str *columns,
                           size_t n_columns, void *arg)
{
    (void)arg;
    assert(n_columns == 1);
    ms_buf_append(&result->body, columns[0]);
}

void api_suggest(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_question question;
    struct ms_str word, key;
    struct ms_buf like;
    (void)match;
    if (!rest_question_read(&question, request, SUGGEST_TABLE, 1) ||
        !rest_question_value(&word, &question, "q") || !rest_question_key(&key, &question))
        return;
    if (word.len == 0 || word.len > WORD_MAX) {
        rest_question_refuse(&question, "q", " is empty or too long");
        return;
    }
    ms_buf_init(&like, 2 * WORD_MAX);
    query_append_like_literal(&like, word);
    const struct ms_str params[] = {word, ms_buf_view(&like)};
    answer_serve(arg, request,
                 &(struct answer_query){
                     .key = key,
                     .statement = MS_READ_SUGGEST,
                     .params = params,
                     .n_params = sizeof(params) / sizeof(params[0]),
                     .shows_counts = true,
                     .content_type = "application/json",
                     .on_row = on_suggestions,
                     .on_finish = on_finish,
                 },
                 NULL);
    ms_buf_free(&like);
}

/* --- activity --- */

enum { COLUMN_IS_KNOWN, COLUMN_BODY, COLUMN_COUNT };

static const struct query_param ACTIVITY_TABLE[] = {{"days", QUERY_PLAIN},
                                                    {"repository", QUERY_PLAIN}};

static void on_activity(struct answer_result *result, const struct ms_str *columns,
                        size_t n_columns, void *arg)
{
    (void)arg;
    assert(n_columns == COLUMN_COUNT);
    if (ms_str_equal(columns[COLUMN_IS_KNOWN], MS_STR("t")))
        ms_buf_append(&result->body, columns[COLUMN_BODY]);
    else
        rest_write_problem(result, 404, "about:blank",
                           MS_STR("no repository of this name is known"), NULL, 0);
}

void api_activity(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_question question;
    struct ms_str repository, key;
    uint64_t days = ACTIVITY_DAYS;
    (void)match;
    if (!rest_question_read(&question, request, ACTIVITY_TABLE, 2) ||
        !rest_question_value(&repository, &question, "repository") ||
        !rest_question_number(&days, &question, "days", 1, ACTIVITY_DAYS_MAX) ||
        !rest_question_key(&key, &question))
        return;
    const struct ms_str params[] = {repository, rest_number_text(question.arena, days)};
    answer_serve(arg, request,
                 &(struct answer_query){
                     .key = key,
                     .statement = MS_READ_ACTIVITY,
                     .params = params,
                     .n_params = sizeof(params) / sizeof(params[0]),
                     .repository = repository,
                     .shows_counts = true,
                     .content_type = "application/json",
                     .on_row = on_activity,
                     .on_finish = on_finish,
                 },
                 NULL);
}

/* --- namespaces --- */

static const struct query_param NAMESPACES_TABLE[] = {
    {"cursor", QUERY_PLAIN}, {"n", QUERY_PLAIN},     {"prefix", QUERY_PLAIN},
    {"sort", QUERY_PLAIN},   {"total", QUERY_PLAIN},
};

static const struct paging_sort NAMESPACES_SORTS[] = {
    {"name", false}, {"repositories", true}, {"size", true}, {"updated", true}};

static const enum ms_read_query NAMESPACES_STATEMENTS[] = {
    MS_READ_NAMESPACES_BY_NAME, MS_READ_NAMESPACES_BY_REPOSITORIES, MS_READ_NAMESPACES_BY_SIZE,
    MS_READ_NAMESPACES_BY_UPDATED};

static const struct rest_list_kind NAMESPACES = {
    .table = NAMESPACES_TABLE,
    .n_table = sizeof(NAMESPACES_TABLE) / sizeof(NAMESPACES_TABLE[0]),
    .sorts = NAMESPACES_SORTS,
    .n_sorts = sizeof(NAMESPACES_SORTS) / sizeof(NAMESPACES_SORTS[0]),
    .statements = NAMESPACES_STATEMENTS,
    .shows_counts = true,
    .member = "namespaces",
};

void api_namespaces(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_list list;
    struct ms_str prefix;
    (void)match;
    if (!rest_list_begin(&list, &NAMESPACES, request))
        return;
    enum ms_status status =
        paging_value(&prefix, &list.query, NAMESPACES_TABLE, "prefix", list.arena, &list.fault);
    if (status == MS_OK && prefix.len > 0 && !ms_str_ends_with(prefix, MS_STR("/")))
        status = paging_fail(&list.fault, list.arena, "prefix", " does not end with a slash");
    if (status == MS_OK)
        rest_list_add(&list, ms_str_is_absent(prefix) ? MS_STR("") : prefix);
    rest_list_end(&list, status, arg);
}
