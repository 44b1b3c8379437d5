/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/repositories/<name>/-/manifests/<tag or digest>: everything known of a manifest, or its
 * own bytes (raw=1). The document is one column, made by the statement, but for its end; bytes come
 * as PostgreSQL's hexadecimal text.
 */
#include "common/base/digest.h"
#include "common/base/refname.h"
#include "reader/answer/answer.h"
#include "reader/answer/bytea.h"
#include "reader/api/api.h"
#include "reader/api/rest_question.h"

#include <assert.h>
#include <stdio.h>

enum { COLUMN_IS_KNOWN, COLUMN_BODY, COLUMN_MEDIA_TYPE, COLUMN_COUNT };

#define UNKNOWN_REPOSITORY MS_STR("no repository of this name is known")
#define UNKNOWN_MANIFEST MS_STR("the repository has no manifest of this tag or digest")
#define UNREAD_MANIFEST MS_STR("the manifest could not be read, there are no bytes of it")

static const struct query_param TABLE[] = {{"raw", QUERY_PLAIN}};

static bool is_missing(const struct ms_str *columns)
{
    return ms_str_is_absent(columns[COLUMN_BODY]);
}

static void write_missing(struct answer_result *result, const struct ms_str *columns)
{
    bool is_known = ms_str_equal(columns[COLUMN_IS_KNOWN], MS_STR("t"));
    rest_write_problem(result, 404, is_known ? UNKNOWN_MANIFEST : UNKNOWN_REPOSITORY);
}

static void on_document(struct answer_result *result, const struct ms_str *columns,
                        size_t n_columns, void *arg)
{
    (void)arg;
    assert(n_columns == COLUMN_MEDIA_TYPE);
    if (is_missing(columns))
        write_missing(result, columns);
    else
        ms_buf_append(&result->body, columns[COLUMN_BODY]);
}

static void on_document_end(struct answer_result *result, void *arg)
{
    (void)arg;
    if (result->status == 200)
        answer_result_end_object(result);
}

/* --- its own bytes --- */

/* A manifest's media type is its author's word: only these are passed on, so that nobody can push a
 * page with scripts and have it served from here. */
static const char *known_media_type(struct ms_str type)
{
    static const char *const KNOWN[] = {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/vnd.docker.distribution.manifest.v1+json",
    };
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++)
        if (ms_str_equal(type, ms_str(KNOWN[i])))
            return KNOWN[i];
    return "application/octet-stream";
}

static void on_raw(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    (void)arg;
    assert(n_columns == COLUMN_COUNT);
    if (is_missing(columns)) {
        write_missing(result, columns);
        return;
    }
    bytea_append(&result->body, columns[COLUMN_BODY]);
    if (result->body.len == 0) {
        rest_write_problem(result, 404, UNREAD_MANIFEST);
        return;
    }
    result->content_type = known_media_type(columns[COLUMN_MEDIA_TYPE]);
}

/* --- the question --- */

static void serve(struct answers *answers, struct ms_http_request *request, struct ms_str key,
                  const struct ms_route_match *match, bool is_raw)
{
    static const struct ms_http_header NO_GUESSING[] = {
        {"X-Content-Type-Options", MS_STR_INIT("nosniff")}};
    struct ms_digest digest;
    struct ms_str reference = match->captures[1];
    bool is_digest = ms_digest_parse(&digest, reference) == MS_OK;
    const struct ms_str params[] = {match->captures[0], is_digest ? MS_STR_ABSENT : reference,
                                    is_digest ? reference : MS_STR_ABSENT};
    struct answer_reply reply = {.headers = NO_GUESSING, .n_headers = is_raw ? 1 : 0};
    if (is_raw && is_digest) /* never other bytes; not for caches that several clients share */
        (void)snprintf(reply.cache_control, sizeof(reply.cache_control),
                       "private, max-age=31536000, immutable");
    answer_serve(answers, request,
                 &(struct answer_query){
                     .key = key,
                     .statement = is_raw ? MS_READ_MANIFEST_RAW : MS_READ_MANIFEST,
                     .params = params,
                     .n_params = sizeof(params) / sizeof(params[0]),
                     /* the document names other repositories that have it */
                     .repository = is_raw ? match->captures[0] : MS_STR_ABSENT,
                     .shows_counts = !is_raw,
                     .content_type = "application/json",
                     .on_row = is_raw ? on_raw : on_document,
                     .on_finish = is_raw ? NULL : on_document_end,
                 },
                 &reply);
}

void api_manifests(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_question question;
    struct ms_str key;
    bool is_raw = false;
    if (!rest_question_read(&question, request, TABLE, sizeof(TABLE) / sizeof(TABLE[0])) ||
        !rest_question_switch(&is_raw, &question, "raw") || !rest_question_key(&key, &question))
        return;
    serve(arg, request, key, match, is_raw);
}
