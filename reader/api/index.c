/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /index/static and /index/dynamic: the index that Flatpak reads; below a prefix that of a remote
 * with a path.
 */
#include "common/base/refname.h"
#include "common/config/config.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/index_body.h"
#include "reader/query/index_query.h"

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

static void serve(struct answers *answers, struct ms_http_request *request,
                  const struct ms_route_match *match, const struct answer_reply *reply)
{
    struct ms_str prefix = match->n_captures > 0 ? match->captures[0] : MS_STR_ABSENT;
    struct index_query query;
    struct query_fault fault;
    if (!ms_str_is_absent(prefix) && !ms_refname_is_repository(prefix)) {
        send_error(request, 404, NULL, MS_STR("no name can begin like this"), MS_STR_ABSENT);
        return;
    }
    enum ms_status status = index_query_parse_below(&query, prefix, ms_http_request_query(request),
                                                    ms_http_request_arena(request), &fault);
    if (status != MS_OK) {
        send_error(request, 400, NULL, fault.detail, fault.parameter);
        return;
    }
    const struct index_body state = {.config = answers->env->config};
    answer_serve(answers, request,
                 &(struct answer_query){
                     .key = query.key,
                     .statement = query.statement,
                     .params = query.params,
                     .n_params = query.n_params,
                     .repository = query.repository,
                     .is_large = query.is_large,
                     .content_type = "application/json",
                     .on_row = on_row,
                     .on_finish = on_finish,
                     .state = &state,
                     .state_bytes = sizeof(state),
                 },
                 reply);
}

void api_index_static(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg)
{
    struct answers *answers = arg;
    struct answer_reply reply = {.n_headers = 0};
    uint64_t seconds = answers->env->config->cache.max_age_index_ms / 1000;
    (void)snprintf(reply.cache_control, sizeof(reply.cache_control), "max-age=%llu",
                   (unsigned long long)seconds);
    serve(answers, request, match, &reply);
}

void api_index_dynamic(struct ms_http_request *request, const struct ms_route_match *match,
                       void *arg)
{
    serve(arg, request, match, NULL);
}
