/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/repositories: the list, and one. The objects are made by the statements.
 */
#include "common/base/refname.h"
#include "common/config/config.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/official.h"
#include "reader/api/rest_list.h"
#include "reader/api/rest_question.h"

#include <assert.h>

#define UNKNOWN MS_STR("no repository of this name is known")

/* --- the list --- */

static const struct query_param LIST_TABLE[] = {
    {"cursor", QUERY_PLAIN}, {"direct", QUERY_PLAIN}, {"n", QUERY_PLAIN},
    {"prefix", QUERY_PLAIN}, {"q", QUERY_PLAIN},      {"sort", QUERY_PLAIN},
    {"total", QUERY_PLAIN},
};

static const struct paging_sort LIST_SORTS[] = {
    {"name", false}, {"pulls", true}, {"size", true}, {"tags", true}, {"updated", true},
};

static const enum ms_read_query LIST_STATEMENTS[] = {
    MS_READ_REPOSITORIES_BY_NAME, MS_READ_REPOSITORIES_BY_PULLS,   MS_READ_REPOSITORIES_BY_SIZE,
    MS_READ_REPOSITORIES_BY_TAGS, MS_READ_REPOSITORIES_BY_UPDATED,
};

static const struct rest_list_kind LIST = {
    .table = LIST_TABLE,
    .n_table = sizeof(LIST_TABLE) / sizeof(LIST_TABLE[0]),
    .sorts = LIST_SORTS,
    .n_sorts = sizeof(LIST_SORTS) / sizeof(LIST_SORTS[0]),
    .statements = LIST_STATEMENTS,
    .shows_counts = true,
    .member = "repositories",
};

void api_repositories(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg)
{
    struct answers *answers = arg;
    struct rest_list list;
    struct ms_str prefix, official;
    bool is_direct = false;
    (void)match;
    if (!rest_list_begin(&list, &LIST, request))
        return;
    enum ms_status status = rest_list_add_pattern(&list, "q");
    if (status == MS_OK)
        status = rest_list_value(&prefix, &list, "prefix");
    if (status == MS_OK) {
        rest_list_add(&list, prefix);
        status = official_patterns(&official, answers->env->config, list.arena);
    }
    if (status == MS_OK) {
        rest_list_add(&list, official);
        status =
            query_switch(&is_direct, &list.query, LIST_TABLE, "direct", list.arena, &list.fault);
    }
    rest_list_add(&list, is_direct ? MS_STR("t") : MS_STR("f"));
    rest_list_add(&list, MS_STR("t")); /* with the base, and what is attached to images */
    rest_list_end(&list, status, answers);
}

/* --- one --- */

static void on_repository(struct answer_result *result, const struct ms_str *columns,
                          size_t n_columns, void *arg)
{
    (void)arg;
    assert(n_columns == 1);
    if (ms_str_is_absent(columns[0]))
        rest_write_problem(result, 404, UNKNOWN);
    else
        ms_buf_append(&result->body, columns[0]);
}

static void on_repository_end(struct answer_result *result, void *arg)
{
    (void)arg;
    if (result->status == 200)
        answer_result_end_object(result);
}

static void serve_one(struct answers *answers, struct ms_http_request *request, struct ms_str name,
                      struct ms_str key)
{
    struct ms_str official;
    if (official_patterns(&official, answers->env->config, ms_http_request_arena(request)) !=
        MS_OK) {
        send_error(request, 500, NULL, MS_STR("search.official is too long"), MS_STR_ABSENT);
        return;
    }
    const struct ms_str params[] = {name, official};
    answer_serve(answers, request,
                 &(struct answer_query){
                     .key = key,
                     .statement = MS_READ_REPOSITORY,
                     .params = params,
                     .n_params = sizeof(params) / sizeof(params[0]),
                     .repository = name,
                     .shows_counts = true,
                     .content_type = "application/json",
                     .on_row = on_repository,
                     .on_finish = on_repository_end,
                 },
                 NULL);
}

void api_repository(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    static const struct query_param NONE[] = {{"", QUERY_PLAIN}};
    struct ms_str name = match->captures[0];
    struct rest_question question;
    struct ms_str key;
    if (!rest_question_read(&question, request, NONE, 0) || !rest_question_key(&key, &question))
        return;
    if (ms_refname_is_repository(name))
        serve_one(arg, request, name, key);
    else
        send_error(request, 404, NULL, UNKNOWN, MS_STR_ABSENT);
}
