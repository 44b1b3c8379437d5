/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /index/static and /index/dynamic: the index that Flatpak reads.
 */
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/index_body.h"
#include "reader/query/index_query.h"
#include "reader/reader.h"

#include <assert.h>
#include <stdio.h>

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    assert(n_columns == INDEX_COLUMN_COUNT);
    index_body_add(&result->body, arg, columns);
}

static void on_finish(struct answer_result *result, void *arg)
{
    index_body_finish(&result->body, arg);
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
    const struct index_body state = {.config = reader->config};
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
