/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /v2/<name>/referrers/<digest>, /v2/_oci/ext/discover and /v2/<name>/_oci/ext/discover, as OCI
 * distribution 1.1 has them. A page is asked for with one row more than it shows, as in
 * api/distribution.c.
 */
#include "common/base/digest.h"
#include "common/base/refname.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/query/query.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_SIZE = 1000, BASE_MAX = 8 * 1024, KEY_MAX = BASE_MAX + 256 };

#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define NO_NAME MS_STR("no possible name of a repository")

static const struct ms_http_header HEADERS[] = {
    {"Docker-Distribution-Api-Version", MS_STR_INIT("registry/2.0")},
    {"OCI-Filters-Applied", MS_STR_INIT("artifactType")}, /* when there is a filter */
};
enum { N_HEADERS_ALWAYS = 1, N_HEADERS_FILTERED = 2 };

/* --- extensions --- */

void api_referrers_discover(struct ms_http_request *request, const struct ms_route_match *match,
                            void *arg)
{
    static const struct ms_str BODY = MS_STR_INIT(
        "{\"extensions\":["
        "{\"name\":\"_oci\","
        "\"url\":\"https://github.com/opencontainers/distribution-spec/blob/main/extensions/"
        "_oci.md\","
        "\"description\":\"what is offered beside the distribution API\","
        "\"endpoints\":[\"/v2/_oci/ext/discover\",\"/v2/<name>/_oci/ext/discover\"]},"
        "{\"name\":\"_metastore\","
        "\"url\":\"/api/v1/openapi.json\","
        "\"description\":\"indexes, search and metadata of everything in the registry\","
        "\"endpoints\":[\"/api/v1\",\"/index/static\",\"/index/dynamic\",\"/v1/search\"]}"
        "]}");
    static struct ms_http_entity kept;
    struct ms_str repository = match->captures[0]; /* absent: of the whole registry */
    (void)arg;
    if (!ms_str_is_absent(repository) && !ms_refname_is_repository(repository))
        send_error(request, 400, "NAME_INVALID", NO_NAME, MS_STR_ABSENT);
    else
        send_fixed(request, &kept, BODY, HEADERS, N_HEADERS_ALWAYS);
}

/* --- referrers --- */

/* What the client asked for. */
struct question {
    struct ms_str repository;
    struct ms_str digest;
    struct ms_str artifact_type; /* absent: any */
    struct ms_str last;          /* the last digest of the page before; absent: from the first */
};

/* The builder's. */
struct state {
    char base[BASE_MAX]; /* of the link to the next page, up to its digest */
    size_t n_shown;
    bool has_more;
    char last[MS_DIGEST_TEXT_MAX]; /* the last digest shown */
};

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    struct state *state = arg;
    assert(n_columns == 2);
    if (ms_str_is_absent(columns[0])) {
        ms_buf_append_c(&result->body,
                        "{\"schemaVersion\":2,\"mediaType\":\"" INDEX_TYPE "\",\"manifests\":[");
        return;
    }
    if (state->n_shown == PAGE_SIZE) {
        state->has_more = true;
        return;
    }
    if (state->n_shown++ > 0)
        ms_buf_append_char(&result->body, ',');
    ms_buf_append(&result->body, columns[1]);
    (void)snprintf(state->last, sizeof(state->last), "%.*s", MS_STR_ARG(columns[0]));
}

static void on_finish(struct answer_result *result, void *arg)
{
    const struct state *state = arg;
    ms_buf_append_c(&result->body, "]}");
    if (!state->has_more)
        return;
    ms_buf_append_char(&result->link, '<');
    ms_buf_append_c(&result->link, state->base);
    ms_buf_append_c(&result->link, state->last);
    ms_buf_append_c(&result->link, ">; rel=\"next\"");
}

/* `path?artifactType=…&last=` */
static enum ms_status write_base(char out[static BASE_MAX], const struct question *question)
{
    struct ms_buf base;
    ms_buf_init(&base, BASE_MAX - 1);
    ms_buf_append_c(&base, "/v2/");
    ms_http_percent_encode(&base, question->repository, "/");
    ms_buf_append_c(&base, "/referrers/");
    ms_http_percent_encode(&base, question->digest, ":");
    ms_buf_append_char(&base, '?');
    if (!ms_str_is_absent(question->artifact_type)) {
        ms_buf_append_c(&base, "artifactType=");
        ms_http_percent_encode(&base, question->artifact_type, "/");
        ms_buf_append_char(&base, '&');
    }
    ms_buf_append_c(&base, "last=");
    enum ms_status status = ms_buf_status(&base);
    if (status == MS_OK)
        memcpy(out, base.data, base.len + 1);
    ms_buf_free(&base);
    return status;
}

/* False: the request has been answered with an error. */
static bool read_question(struct question *out, struct ms_http_request *request,
                          const struct ms_route_match *match)
{
    struct ms_arena *arena = ms_http_request_arena(request);
    struct ms_str raw = ms_http_request_query(request);
    struct ms_digest digest;
    *out = (struct question){match->captures[0], match->captures[1],
                             query_first_media_type(raw, "artifactType", arena),
                             query_first_value(raw, "last", arena)};
    if (out->artifact_type.len == 0)
        out->artifact_type = MS_STR_ABSENT;
    if (!ms_refname_is_repository(out->repository)) {
        send_error(request, 400, "NAME_INVALID", NO_NAME, MS_STR_ABSENT);
        return false;
    }
    bool has_last = !ms_str_is_absent(out->last);
    if (ms_digest_parse(&digest, out->digest) != MS_OK ||
        (has_last && ms_digest_parse(&digest, out->last) != MS_OK)) {
        send_error(request, 400, "DIGEST_INVALID", MS_STR("no digest that is understood here"),
                   MS_STR_ABSENT);
        return false;
    }
    return true;
}

static void serve(struct answers *answers, struct ms_http_request *request,
                  const struct question *question, const struct state *state)
{
    char rows[MS_STR_NUMBER_MAX];
    const struct ms_str params[] = {question->repository, question->digest, question->artifact_type,
                                    question->last, ms_str_from_u64(rows, PAGE_SIZE + 1)};
    struct ms_buf key;
    ms_buf_init(&key, KEY_MAX);
    ms_buf_append_c(&key, state->base);
    ms_buf_append(&key, question->last);
    bool is_filtered = !ms_str_is_absent(question->artifact_type);
    answer_serve(answers, request,
                 &(struct answer_query){
                     .key = ms_buf_view(&key),
                     .statement = MS_READ_REFERRERS,
                     .params = params,
                     .n_params = sizeof(params) / sizeof(params[0]),
                     .repository = question->repository,
                     .content_type = INDEX_TYPE,
                     .on_row = on_row,
                     .on_finish = on_finish,
                     .state = state,
                     .state_bytes = sizeof(*state),
                 },
                 &(struct answer_reply){
                     .headers = HEADERS,
                     .n_headers = is_filtered ? N_HEADERS_FILTERED : N_HEADERS_ALWAYS,
                 });
    ms_buf_free(&key);
}

void api_referrers(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct question question;
    struct state state = {.n_shown = 0};
    if (!read_question(&question, request, match))
        return;
    if (write_base(state.base, &question) != MS_OK)
        send_error(request, 414, "UNSUPPORTED", MS_STR("the query is too long"), MS_STR_ABSENT);
    else
        serve(arg, request, &question, &state);
}
