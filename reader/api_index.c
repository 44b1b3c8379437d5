/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /index/static and /index/dynamic: the index that Flatpak reads. Called by routes.c; calls
 * index_query.c for the question and answer.c for the rest. Rows are ready pieces of JSON, one an
 * image or list, in the order of the answer; here they get their frame, so that a body of any size
 * needs the memory of one row.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/json_write.h"
#include "common/refname.h"
#include "reader/answer.h"
#include "reader/api.h"
#include "reader/index_query.h"
#include "reader/reader.h"

enum { COLUMN_REPOSITORY, COLUMN_IS_LIST, COLUMN_ENTRY, COLUMN_COUNT };

/* Where in the body we are. */
enum place { AT_START, BETWEEN_REPOSITORIES, IN_IMAGES, IN_LISTS };

struct index_state {
    const struct ms_config *config;
    enum place place;
    size_t n_repositories;
    size_t n_entries;                  /* in the open array */
    char name[MS_REPOSITORY_NAME_MAX]; /* of the open repository, cut */
    size_t name_len;
};

static void open_body(struct ms_buf *body, struct index_state *state)
{
    if (state->place != AT_START)
        return;
    ms_buf_append_c(body, "{\"Registry\":");
    ms_json_append_string(body, ms_str(state->config->registry.public_url));
    ms_buf_append_c(body, ",\"Results\":[");
    state->place = BETWEEN_REPOSITORIES;
}

static void open_lists(struct ms_buf *body, struct index_state *state)
{
    ms_buf_append_c(body, "],\"Lists\":[");
    state->place = IN_LISTS;
    state->n_entries = 0;
}

static void close_repository(struct ms_buf *body, struct index_state *state)
{
    if (state->place == IN_IMAGES)
        open_lists(body, state);
    if (state->place == IN_LISTS)
        ms_buf_append_c(body, "]}");
    state->place = BETWEEN_REPOSITORIES;
}

static bool is_open(const struct index_state *state, struct ms_str name)
{
    struct ms_str cut = ms_str_slice(name, 0, sizeof(state->name));
    return state->place != BETWEEN_REPOSITORIES && state->name_len == name.len &&
           memcmp(state->name, cut.ptr, cut.len) == 0;
}

static void open_repository(struct ms_buf *body, struct index_state *state, struct ms_str name)
{
    if (is_open(state, name))
        return;
    close_repository(body, state);
    ms_buf_append_c(body, state->n_repositories++ > 0 ? ",{\"Name\":" : "{\"Name\":");
    ms_json_append_string(body, name);
    ms_buf_append_c(body, ",\"Images\":[");
    struct ms_str cut = ms_str_slice(name, 0, sizeof(state->name));
    memcpy(state->name, cut.ptr, cut.len);
    state->name_len = name.len;
    state->place = IN_IMAGES;
    state->n_entries = 0;
}

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    struct index_state *state = arg;
    assert(n_columns == COLUMN_COUNT);
    open_body(&result->body, state);
    if (columns[COLUMN_REPOSITORY].len == 0)
        return;
    open_repository(&result->body, state, columns[COLUMN_REPOSITORY]);
    if (state->place == IN_IMAGES && ms_str_equal(columns[COLUMN_IS_LIST], MS_STR("t")))
        open_lists(&result->body, state);
    if (state->n_entries++ > 0)
        ms_buf_append_char(&result->body, ',');
    ms_buf_append(&result->body, columns[COLUMN_ENTRY]);
}

static void on_finish(struct answer_result *result, void *arg)
{
    struct index_state *state = arg;
    open_body(&result->body, state);
    close_repository(&result->body, state);
    ms_buf_append_c(&result->body, "]}");
}

static void serve(struct reader *reader, struct ms_http_request *request, const char *cache_control)
{
    struct index_query query;
    struct query_fault fault;
    enum ms_status status = index_query_parse(&query, ms_http_request_query(request),
                                              ms_http_request_arena(request), &fault);
    if (status != MS_OK) {
        answer_error(request, 400, NULL, fault.detail, fault.parameter);
        return;
    }
    const struct index_state state = {.config = reader->config, .place = AT_START};
    answer_serve(reader, request,
                 &(struct answer_spec){
                     .key = query.key,
                     .query = query.statement,
                     .params = query.params,
                     .n_params = query.n_params,
                     .repository = query.repository,
                     .is_large = query.is_large,
                     .content_type = "application/json",
                     .cache_control = cache_control,
                     .on_row = on_row,
                     .on_finish = on_finish,
                     .state = &state,
                     .state_bytes = sizeof(state),
                 });
}

void api_index_static(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg)
{
    struct reader *reader = arg;
    char cache_control[ANSWER_CACHE_CONTROL_MAX];
    uint64_t seconds = reader->config->cache.max_age_index_ms / 1000;
    (void)match;
    (void)snprintf(cache_control, sizeof(cache_control), "max-age=%llu",
                   (unsigned long long)seconds);
    serve(reader, request, cache_control);
}

void api_index_dynamic(struct ms_http_request *request, const struct ms_route_match *match,
                       void *arg)
{
    (void)match;
    serve(arg, request, NULL);
}
