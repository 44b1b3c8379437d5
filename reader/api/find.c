/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/search and /api/v1/facets: what is found with the language of search_query.h, and what
 * there is to ask for next.
 */
#include "common/base/json_write.h"
#include "common/runtime/limit.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_list.h"
#include "reader/api/rest_question.h"
#include "reader/query/search_plan.h"

#include <assert.h>

enum { DETAIL_MAX = 256 };

/* MS_INVALID: `fault` points at the character. */
static enum ms_status read_plan(struct search_plan *out, struct ms_str text, struct ms_arena *arena,
                                struct query_fault *fault)
{
    struct search_query query;
    struct search_fault where;
    struct ms_buf detail;
    if (search_query_parse(&query, text, &where) == MS_OK)
        return search_plan_make(out, &query, arena);
    ms_buf_init(&detail, DETAIL_MAX);
    ms_buf_printf(&detail, "q, character %zu: %s", where.character, where.what);
    *fault = (struct query_fault){ms_arena_dup(arena, ms_buf_view(&detail)), MS_STR("q")};
    ms_buf_free(&detail);
    return MS_INVALID;
}

/* --- search --- */

static const struct query_param SEARCH_TABLE[] = {
    {"cursor", QUERY_PLAIN}, {"kind", QUERY_PLAIN}, {"n", QUERY_PLAIN},
    {"q", QUERY_PLAIN},      {"sort", QUERY_PLAIN}, {"total", QUERY_PLAIN},
};

static const struct paging_sort SEARCH_SORTS[] = {
    {"score", false}, {"name", false}, {"pulls", true}, {"size", true}, {"updated", true},
};

static const enum ms_read_query SEARCH_STATEMENTS[] = {MS_READ_FIND, MS_READ_FIND_BY_NAME,
                                                       MS_READ_FIND_BY_PULLS, MS_READ_FIND_BY_SIZE,
                                                       MS_READ_FIND_BY_UPDATED};

static const struct rest_list_kind SEARCH = {
    .table = SEARCH_TABLE,
    .n_table = sizeof(SEARCH_TABLE) / sizeof(SEARCH_TABLE[0]),
    .sorts = SEARCH_SORTS,
    .n_sorts = sizeof(SEARCH_SORTS) / sizeof(SEARCH_SORTS[0]),
    .statements = SEARCH_STATEMENTS,
    .shows_counts = true,
    .member = "results",
};

static enum ms_status add_kind(struct rest_list *list)
{
    static const char *const KINDS[] = {"repository", "image", "index", "artifact"};
    struct ms_str kind;
    enum ms_status status = rest_list_value(&kind, list, "kind");
    if (status != MS_OK)
        return status;
    bool is_known = ms_str_is_absent(kind);
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
        is_known = is_known || ms_str_equal(kind, ms_str(KINDS[i]));
    if (!is_known)
        return query_fail(&list->fault, list->arena, "kind",
                          " is none of repository, image, index, artifact");
    rest_list_add(list, kind);
    return MS_OK;
}

static enum ms_status add_plan(struct rest_list *list)
{
    struct search_plan plan;
    struct ms_str text;
    enum ms_status status = rest_list_value(&text, list, "q");
    if (status == MS_OK && ms_str_is_absent(text))
        text = MS_STR("");
    if (status == MS_OK)
        status = read_plan(&plan, text, list->arena, &list->fault);
    if (status != MS_OK)
        return status;
    if (list->statement == MS_READ_FIND && !ms_str_is_absent(plan.package.name)) {
        list->statement = MS_READ_FIND_PACKAGE;
        rest_list_add(list, plan.package.name);
        rest_list_add(list, MS_STR_ABSENT); /* its URL */
        rest_list_add(list, plan.package.comparison);
        rest_list_add(list, plan.package.version);
    } else {
        for (size_t i = 0; i < SEARCH_PLAN_PARAMS; i++)
            rest_list_add(list, plan.params[i]);
    }
    ms_buf_append_c(&list->head, "\"query\":");
    ms_json_append_string(&list->head, text);
    ms_buf_append_char(&list->head, ',');
    return MS_OK;
}

void api_find(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_list list;
    (void)match;
    if (!rest_list_begin(&list, &SEARCH, request))
        return;
    enum ms_status status = add_plan(&list);
    if (status == MS_OK)
        status = add_kind(&list);
    rest_list_end(&list, status, arg);
}

/* --- facets --- */

static const struct query_param FACETS_TABLE[] = {{"key", QUERY_PLAIN}, {"q", QUERY_PLAIN}};

static void on_facets(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                      void *arg)
{
    (void)arg;
    assert(n_columns == 1);
    if (ms_str_ends_with(columns[0], MS_STR(REST_LIST_TRUNCATED)))
        ms_limit_reached(MS_LIMIT_SEARCH_CANDIDATES);
    ms_buf_append(&result->body, columns[0]);
}

static void on_facets_end(struct answer_result *result, void *arg)
{
    (void)arg;
    answer_result_end_object(result);
}

static void serve_facets(struct answers *answers, struct rest_question *question,
                         const struct search_plan *plan, struct ms_str label)
{
    struct ms_str params[SEARCH_PLAN_PARAMS + 1];
    struct ms_str key;
    if (!rest_question_key(&key, question))
        return;
    for (size_t i = 0; i < SEARCH_PLAN_PARAMS; i++)
        params[i] = plan->params[i];
    params[SEARCH_PLAN_PARAMS] = label;
    answer_serve(answers, question->request,
                 &(struct answer_query){
                     .key = key,
                     .statement = MS_READ_FACETS,
                     .params = params,
                     .n_params = sizeof(params) / sizeof(params[0]),
                     .content_type = "application/json",
                     .on_row = on_facets,
                     .on_finish = on_facets_end,
                 },
                 NULL);
}

void api_facets(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_question question;
    struct search_plan plan;
    struct ms_str text, label;
    (void)match;
    if (!rest_question_read(&question, request, FACETS_TABLE,
                            sizeof(FACETS_TABLE) / sizeof(FACETS_TABLE[0])) ||
        !rest_question_value(&text, &question, "q") ||
        !rest_question_value(&label, &question, "key"))
        return;
    if (ms_str_is_absent(text))
        text = MS_STR("");
    enum ms_status status = read_plan(&plan, text, question.arena, &question.fault);
    if (status == MS_OK)
        serve_facets(arg, &question, &plan, label);
    else if (status == MS_INVALID)
        send_error(request, 400, NULL, question.fault.detail, question.fault.parameter);
    else
        send_error(request, 400, NULL, MS_STR("the query is too long"), MS_STR("q"));
}
