/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of /api/v1. Rows are ready pieces of JSON; here they get their frame.
 */
#include "reader/api/rest_list.h"

#include "common/base/json_write.h"
#include "common/runtime/limit.h"
#include "reader/answer/answer.h"
#include "reader/api/rest_question.h"

#include <assert.h>
#include <string.h>

enum { KEY_MAX = 16 * 1024, PATTERN_MAX = 16 * 1024, TOTAL_MAX = 160 };

enum {
    COLUMN_PLACE,
    COLUMN_FOUND,
    COLUMN_HAS_MORE,
    COLUMN_NUMBER,
    COLUMN_TEXT,
    COLUMN_BODY,
    COLUMN_COUNT
};

/* The builder's state. */
struct state {
    struct paging_page page;
    const struct rest_list_kind *kind;
    char head[REST_LIST_HEAD_MAX];
    size_t head_len;
    char total[TOTAL_MAX]; /* the members behind the array; empty: none */
    size_t total_len;
    bool is_unknown;
    bool has_rows;
};

/* --- the body --- */

static bool is_true(struct ms_str column)
{
    return ms_str_equal(column, MS_STR("t"));
}

static void take_head(struct answer_result *result, struct state *state,
                      const struct ms_str *columns)
{
    state->is_unknown = !is_true(columns[COLUMN_FOUND]);
    state->page.has_more = is_true(columns[COLUMN_HAS_MORE]);
    struct ms_str total = ms_str_slice(columns[COLUMN_BODY], 0, sizeof(state->total));
    if (total.len > 0)
        memcpy(state->total, total.ptr, total.len);
    state->total_len = total.len;
    if (ms_str_ends_with(total, MS_STR(REST_LIST_TRUNCATED)))
        ms_limit_reached(MS_LIMIT_SEARCH_CANDIDATES);
    if (state->is_unknown)
        return;
    ms_buf_append_char(&result->body, '{');
    ms_buf_append(&result->body, ms_str_n(state->head, state->head_len));
    ms_json_append_string(&result->body, ms_str(state->kind->member));
    ms_buf_append_c(&result->body, ":[");
}

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    struct state *state = arg;
    assert(n_columns == COLUMN_COUNT);
    if (ms_str_is_absent(columns[COLUMN_PLACE])) {
        take_head(result, state, columns);
        return;
    }
    if (state->has_rows)
        ms_buf_append_char(&result->body, ',');
    state->has_rows = true;
    ms_buf_append(&result->body, columns[COLUMN_BODY]);
    paging_page_note(&state->page, columns[COLUMN_NUMBER], columns[COLUMN_TEXT]);
}

static void on_finish(struct answer_result *result, void *arg)
{
    const struct state *state = arg;
    if (state->is_unknown) {
        int status = state->kind->unknown_status != 0 ? state->kind->unknown_status : 404;
        rest_write_problem(result, status, ms_str(state->kind->unknown));
        return;
    }
    ms_buf_append_char(&result->body, ']');
    if (state->total_len > 0)
        ms_buf_append_char(&result->body, ',');
    ms_buf_append(&result->body, ms_str_n(state->total, state->total_len));
    answer_result_end_object(result);
    paging_page_append_links(&result->link, &state->page);
}

/* --- the question --- */

void rest_list_add(struct rest_list *list, struct ms_str param)
{
    assert(list->n_params < REST_LIST_PARAMS_MAX);
    list->params[list->n_params++] = param;
}

enum ms_status rest_list_value(struct ms_str *out, struct rest_list *list, const char *name)
{
    return query_value(out, &list->query, list->kind->table, name, list->arena, &list->fault);
}

enum ms_status rest_list_add_pattern(struct rest_list *list, const char *name)
{
    struct ms_str value, pattern = MS_STR_ABSENT;
    struct ms_buf buf;
    enum ms_status status = rest_list_value(&value, list, name);
    if (status != MS_OK)
        return status;
    if (value.len > QUERY_GLOB_MAX) {
        ms_limit_reached(MS_LIMIT_QUERY_GLOB_BYTES);
        return query_fail(&list->fault, list->arena, name, " has more than 256 bytes");
    }
    ms_buf_init(&buf, PATTERN_MAX);
    if (!ms_str_is_absent(value)) {
        query_append_pattern(&buf, value);
        if (ms_buf_status(&buf) != MS_OK ||
            ms_arena_copy(&pattern, list->arena, ms_buf_view(&buf)) != MS_OK)
            status = query_fail(&list->fault, list->arena, name, " is too long");
    }
    ms_buf_free(&buf);
    if (status == MS_OK)
        rest_list_add(list, pattern);
    list->is_filtered = list->is_filtered || !ms_str_is_absent(pattern);
    return status;
}

static void answer_fault(struct rest_list *list)
{
    if (ms_str_is_absent(list->fault.detail))
        list->fault.detail = MS_STR("the query is too long");
    send_error(list->request, 400, NULL, list->fault.detail, list->fault.parameter);
    ms_buf_free(&list->head);
}

bool rest_list_begin(struct rest_list *out, const struct rest_list_kind *kind,
                     struct ms_http_request *request)
{
    *out = (struct rest_list){
        .kind = kind, .request = request, .arena = ms_http_request_arena(request)};
    ms_buf_init(&out->head, REST_LIST_HEAD_MAX);
    enum ms_status status = query_parse(&out->query, ms_http_request_query(request), kind->table,
                                        kind->n_table, out->arena, &out->fault);
    if (status == MS_OK)
        status = paging_read(&out->paging, &out->query, kind->table, kind->sorts, kind->n_sorts,
                             out->arena, &out->fault);
    if (status != MS_OK) {
        answer_fault(out);
        return false;
    }
    out->statement = kind->statements[out->paging.sort - kind->sorts];
    paging_params(out->params, &out->paging, out->arena);
    out->n_params = PAGING_PARAMS;
    return true;
}

/* --- the answer --- */

static void serve(struct rest_list *list, struct answers *answers, const struct state *state,
                  struct ms_str path)
{
    struct ms_buf key;
    ms_buf_init(&key, KEY_MAX); /* twice what the page's URL takes: its cursor is short */
    ms_http_percent_encode(&key, path, "/");
    query_append_key(&key, &list->query, list->kind->table);
    answer_serve(answers, list->request,
                 &(struct answer_query){
                     .key = ms_buf_view(&key),
                     .statement = list->statement,
                     .params = list->params,
                     .n_params = list->n_params,
                     .repository = list->repository,
                     .shows_counts = list->kind->shows_counts,
                     .is_filtered = list->is_filtered,
                     .content_type = "application/json",
                     .on_row = on_row,
                     .on_finish = on_finish,
                     .state = state,
                     .state_bytes = sizeof(*state),
                 },
                 NULL);
    ms_buf_free(&key);
    ms_buf_free(&list->head);
}

void rest_list_end(struct rest_list *list, enum ms_status status, struct answers *answers)
{
    struct state state = {.kind = list->kind, .head_len = list->head.len};
    struct ms_str path = ms_http_request_path(list->request);
    if (status == MS_OK)
        status =
            paging_page_init(&state.page, path, &list->query, list->kind->table, &list->paging);
    if (status == MS_OK)
        status = ms_buf_status(&list->head);
    if (status == MS_OK && list->head.len > 0)
        memcpy(state.head, list->head.data, list->head.len);
    if (status == MS_OK)
        serve(list, answers, &state, path);
    else
        answer_fault(list);
}

void rest_list_not_found(struct rest_list *list)
{
    send_error(list->request, 404, NULL, ms_str(list->kind->unknown), MS_STR_ABSENT);
    ms_buf_free(&list->head);
}
