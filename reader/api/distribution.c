/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /v2/, /v2/_catalog and tag lists, as the OCI distribution specification has them. A page is asked
 * for with one row more than it shows: that row says that there is a next one, whose link is made
 * from the last name shown, so a link always gets on.
 */
#include "common/base/json_write.h"
#include "common/base/refname.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/query/query.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_MAX = 10000, KEY_MAX = 64 * 1024 };
static const uint64_t NO_LIMIT = UINT64_MAX;

static const struct ms_http_header HEADERS[] = {
    {"Docker-Distribution-Api-Version", MS_STR_INIT("registry/2.0")},
};
enum { N_HEADERS = sizeof(HEADERS) / sizeof(HEADERS[0]) };

void api_distribution_base(struct ms_http_request *request, const struct ms_route_match *match,
                           void *arg)
{
    static struct ms_http_entity kept;
    (void)match;
    (void)arg;
    send_fixed(request, &kept, MS_STR("{}"), HEADERS, N_HEADERS);
}

/* --- A page of names --- */

/* What the client asked for. */
struct page {
    uint64_t limit; /* NO_LIMIT: everything */
    struct ms_str last;
};

/* The state of the builders of both lists. */
struct list_state {
    char repository[MS_REPOSITORY_NAME_MAX + 1]; /* of a tag list; empty: the catalog */
    uint64_t limit;
    uint64_t n_names;
    bool has_more;
    bool is_unknown;                       /* the repository */
    char last[MS_REPOSITORY_NAME_MAX + 1]; /* the last name shown */
    size_t last_len;
};

/* Digits only; more than PAGE_MAX, how many digits whatever, is PAGE_MAX. */
static enum ms_status read_limit(uint64_t *out, struct ms_str text)
{
    if (ms_str_is_absent(text)) {
        *out = NO_LIMIT;
        return MS_OK;
    }
    if (text.len == 0)
        return MS_INVALID;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return MS_INVALID;
    uint64_t number;
    if (ms_str_to_u64(&number, text) != MS_OK || number > PAGE_MAX)
        number = PAGE_MAX;
    *out = number;
    return MS_OK;
}

/* False: the request has been answered with an error. */
static bool read_page(struct page *out, struct ms_http_request *request)
{
    struct ms_arena *arena = ms_http_request_arena(request);
    struct ms_str raw = ms_http_request_query(request);
    struct ms_str n = query_first_value(raw, "n", arena);
    if (read_limit(&out->limit, n) != MS_OK) {
        send_error(request, 400, "PAGINATION_NUMBER_INVALID", MS_STR("n is no number from 0 on"),
                   MS_STR_ABSENT);
        return false;
    }
    out->last = query_first_value(raw, "last", arena);
    if (ms_str_is_absent(out->last))
        out->last = MS_STR("");
    return true;
}

/* The rows to ask for, in `text`; absent for all. */
static struct ms_str rows_to_ask(char text[static MS_STR_NUMBER_MAX], uint64_t limit)
{
    return limit == NO_LIMIT ? MS_STR_ABSENT : ms_str_from_u64(text, limit + 1);
}

static void append_path(struct ms_buf *out, struct ms_str repository)
{
    if (repository.len == 0) {
        ms_buf_append_c(out, "/v2/_catalog");
        return;
    }
    ms_buf_append_c(out, "/v2/");
    ms_http_percent_encode(out, repository, "/");
    ms_buf_append_c(out, "/tags/list");
}

static void append_page(struct ms_buf *out, struct ms_str last, uint64_t limit)
{
    ms_buf_append_c(out, "?last=");
    ms_http_percent_encode(out, last, "");
    if (limit != NO_LIMIT) {
        ms_buf_append_c(out, "&n=");
        ms_buf_append_u64(out, limit);
    }
}

static void add_name(struct answer_result *result, struct list_state *state, struct ms_str name)
{
    if (name.len == 0)
        return;
    if (state->n_names == state->limit) {
        state->has_more = true;
        return;
    }
    if (state->n_names++ > 0)
        ms_buf_append_char(&result->body, ',');
    ms_json_append_string(&result->body, name);
    struct ms_str kept = ms_str_slice(name, 0, sizeof(state->last));
    memcpy(state->last, kept.ptr, kept.len);
    state->last_len = kept.len;
}

/* `query` lacks what is the same for both lists. */
static void serve_list(struct answers *answers, struct ms_http_request *request,
                       struct answer_query *query, const struct list_state *state,
                       const struct page *page)
{
    struct ms_buf key;
    ms_buf_init(&key, KEY_MAX);
    append_path(&key, ms_str(state->repository));
    append_page(&key, page->last, page->limit);
    if (ms_buf_status(&key) != MS_OK) {
        send_error(request, 414, "UNSUPPORTED", MS_STR("the query is too long"), MS_STR_ABSENT);
    } else {
        query->key = ms_buf_view(&key);
        query->content_type = "application/json";
        query->state = state;
        query->state_bytes = sizeof(*state);
        answer_serve(answers, request, query,
                     &(struct answer_reply){.headers = HEADERS, .n_headers = N_HEADERS});
    }
    ms_buf_free(&key);
}

/* --- the catalog --- */

static void on_repository(struct answer_result *result, const struct ms_str *columns,
                          size_t n_columns, void *arg)
{
    assert(n_columns == 1);
    if (columns[0].len == 0)
        ms_buf_append_c(&result->body, "{\"repositories\":[");
    add_name(result, arg, columns[0]);
}

static void on_end(struct answer_result *result, void *arg)
{
    const struct list_state *state = arg;
    ms_buf_append_c(&result->body, "]}");
    if (!state->has_more || state->limit == 0)
        return;
    ms_buf_append_char(&result->link, '<');
    append_path(&result->link, ms_str(state->repository));
    append_page(&result->link, ms_str_n(state->last, state->last_len), state->limit);
    ms_buf_append_c(&result->link, ">; rel=\"next\"");
}

void api_distribution_catalog(struct ms_http_request *request, const struct ms_route_match *match,
                              void *arg)
{
    struct page page;
    char rows[MS_STR_NUMBER_MAX];
    (void)match;
    if (!read_page(&page, request))
        return;
    const struct ms_str params[] = {page.last, rows_to_ask(rows, page.limit)};
    const struct list_state state = {.limit = page.limit};
    struct answer_query query = {
        .statement = MS_READ_CATALOG,
        .params = params,
        .n_params = sizeof(params) / sizeof(params[0]),
        .on_row = on_repository,
        .on_finish = on_end,
    };
    serve_list(arg, request, &query, &state, &page);
}

/* --- tag lists --- */

static void on_tag(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    struct list_state *state = arg;
    assert(n_columns == 2);
    if (columns[1].len > 0) {
        add_name(result, state, columns[1]);
    } else if (ms_str_equal(columns[0], MS_STR("t"))) {
        ms_buf_append_c(&result->body, "{\"name\":");
        ms_json_append_string(&result->body, ms_str(state->repository));
        ms_buf_append_c(&result->body, ",\"tags\":[");
    } else {
        state->is_unknown = true;
    }
}

static void on_tags_end(struct answer_result *result, void *arg)
{
    const struct list_state *state = arg;
    if (!state->is_unknown) {
        on_end(result, arg);
        return;
    }
    result->status = 404;
    ms_buf_append_c(
        &result->body,
        "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"repository name not known "
        "to registry\",\"detail\":{\"name\":");
    ms_json_append_string(&result->body, ms_str(state->repository));
    ms_buf_append_c(&result->body, "}}]}");
}

void api_distribution_tags_list(struct ms_http_request *request, const struct ms_route_match *match,
                                void *arg)
{
    struct page page;
    char rows[MS_STR_NUMBER_MAX];
    struct ms_str name = match->captures[0];
    if (!ms_refname_is_repository(name)) {
        send_error(request, 400, "NAME_INVALID", MS_STR("no possible name of a repository"),
                   MS_STR_ABSENT);
        return;
    }
    if (!read_page(&page, request))
        return;
    const struct ms_str params[] = {name, page.last, rows_to_ask(rows, page.limit)};
    struct list_state state = {.limit = page.limit};
    memcpy(state.repository, name.ptr, name.len);
    struct answer_query query = {
        .statement = MS_READ_TAGS_LIST,
        .params = params,
        .n_params = sizeof(params) / sizeof(params[0]),
        .repository = name,
        .on_row = on_tag,
        .on_finish = on_tags_end,
    };
    serve_list(arg, request, &query, &state, &page);
}
