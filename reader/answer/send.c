/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending. Always: an answer carries the generation at which it is known to be true; an error has
 * the form that clients of its path read.
 */
#include "reader/answer/send.h"

#include "common/base/json_write.h"
#include "reader/answer/cache.h"
#include "reader/answer/timeouts.h"
#include "reader/answer/tracker.h"
#include "reader/shared/freshness.h"

#include <stdio.h>
#include <string.h>

enum {
    OWN_HEADERS_MAX = 4,
    ERROR_BODY_MAX = 64 * 1024,
    STALE_NOTICE_MAX = 4096,
    RETRY_SECONDS = 2
};

/* --- answers --- */

/* What says itself that it is stale is another body each second: no validator fits it. */
static void send_stale(struct ms_http_request *request, const struct cache_entry *entry,
                       uint64_t stale_seconds, const struct answer_reply *reply,
                       const struct ms_http_header *headers, size_t n_headers)
{
    struct ms_str body = ms_doc_view(entry->entity.body);
    struct ms_buf stale;
    ms_buf_init(&stale, body.len + STALE_NOTICE_MAX);
    reply->on_stale(&stale, body, stale_seconds);
    bool fits = ms_buf_status(&stale) == MS_OK;
    ms_http_send(request, entry->entity.status, entry->entity.content_type,
                 fits ? ms_buf_view(&stale) : body, headers, n_headers);
    ms_buf_free(&stale);
}

void send_entry(struct ms_http_request *request, const struct cache_entry *entry,
                uint64_t generation, uint64_t stale_seconds, const struct answer_reply *reply)
{
    struct ms_http_header headers[ANSWER_HEADERS_MAX + OWN_HEADERS_MAX];
    char generation_text[MS_STR_NUMBER_MAX], stale_text[MS_STR_NUMBER_MAX];
    size_t n = 0;
    if (entry->is_nothing && reply->on_nothing != NULL &&
        reply->on_nothing(request, generation, reply->hold_arg))
        return;
    while (n < reply->n_headers && n < ANSWER_HEADERS_MAX) {
        headers[n] = reply->headers[n];
        n++;
    }
    headers[n++] = (struct ms_http_header){"X-Metastore-Generation",
                                           ms_str_from_u64(generation_text, generation)};
    if (stale_seconds > 0)
        headers[n++] = (struct ms_http_header){"X-Metastore-Stale",
                                               ms_str_from_u64(stale_text, stale_seconds)};
    if (entry->link != NULL)
        headers[n++] = (struct ms_http_header){"Link", ms_doc_view(entry->link)};
    if (entry->file != NULL && spool_file_lacks_gzip(entry->file)) /* it may still be made */
        headers[n++] = (struct ms_http_header){"Vary", MS_STR("Accept-Encoding")};
    if (stale_seconds > 0 && reply->on_stale != NULL && entry->file == NULL) {
        send_stale(request, entry, stale_seconds, reply, headers, n);
        return;
    }
    bool is_found = entry->file != NULL || entry->entity.status == 200;
    const char *cache_control =
        is_found && reply->cache_control[0] != '\0' ? reply->cache_control : NULL;
    if (entry->file != NULL)
        spool_file_send(request, entry->file, cache_control, headers, n);
    else
        ms_http_send_entity(request, &entry->entity, cache_control, headers, n);
}

void send_kept(struct ms_http_request *request, const struct caches *caches, struct ms_str key,
               const struct cache_entry *entry, uint64_t generation, uint64_t stale_seconds,
               const struct answer_reply *reply)
{
    size_t bytes = ms_http_entity_bytes(&entry->entity);
    send_entry(request, entry, generation, stale_seconds, reply);
    if (ms_http_entity_bytes(&entry->entity) != bytes)
        cache_recount(caches->memory, key);
}

void send_fixed(struct ms_http_request *request, struct ms_http_entity *kept, struct ms_str json,
                const struct ms_http_header *headers, size_t n_headers)
{
    if (kept->body == NULL)
        ms_http_entity_init(kept, 200, "application/json", ms_doc_static(json));
    ms_http_send_entity(request, kept, NULL, headers, n_headers);
}

/* --- failed queries --- */

/* NULL: it is a fault of ours, of which the log says more. */
static const char *describe_outage(enum ms_status status)
{
    switch (status) {
    case MS_UNAUTHORIZED:
        return "the database does not let the reader's role SELECT";
    case MS_UNAVAILABLE:
    case MS_CONFLICT:
    case MS_NOT_FOUND: /* the database itself, or a table of it: not made yet */
        return "the database is away";
    case MS_BUSY:
        return "too many queries at once";
    case MS_TIMEOUT:
        return "the query took too long";
    case MS_IO:
        return "the answer is large and the disk does not take it";
    case MS_TOO_LARGE:
        return "the answer is too large at present";
    case MS_OK:
    case MS_INVALID:
    case MS_PROTOCOL:
    case MS_MISMATCH:
    case MS_DEPOSED:
        break;
    }
    return NULL;
}

/* In the form of the path, or in the one that this answer has for errors. */
static void send_retry(struct ms_http_request *request, int status, const char *code,
                       struct ms_str detail, uint64_t retry_seconds,
                       const struct answer_reply *reply)
{
    char text[MS_STR_NUMBER_MAX];
    struct ms_http_header retry = {"Retry-After", ms_str_from_u64(text, retry_seconds)};
    if (reply != NULL && reply->on_error != NULL)
        reply->on_error(request, status, detail, retry_seconds, reply->on_error_arg);
    else
        send_error_with(request, status, code, detail, MS_STR_ABSENT, &retry,
                        retry_seconds > 0 ? 1 : 0);
}

static void send_own_error(struct ms_http_request *request, enum ms_status status,
                           const struct answer_reply *reply)
{
    const char *outage = describe_outage(status);
    if (outage == NULL)
        send_retry(request, 500, "UNKNOWN", MS_STR("the query failed; the log says why"), 0, reply);
    else
        send_retry(request, 503, "UNAVAILABLE", ms_str(outage),
                   status == MS_TIMEOUT ? TIMEOUTS_LIVE_MS / 1000 : RETRY_SECONDS, reply);
}

void send_query_error(struct ms_http_request *request, enum ms_status status)
{
    send_own_error(request, status, NULL);
}

static bool send_what_is_kept(struct ms_http_request *request, const struct caches *caches,
                              struct tracker *tracker, struct ms_str key,
                              const struct answer_reply *reply)
{
    const struct cache_entry *entry = caches_find(caches, key);
    if (entry == NULL || !timeline_may_show(entry->generation, &tracker->now))
        return false;
    uint64_t generation = timeline_kept_generation(entry->generation, &tracker->now);
    uint64_t age_seconds = freshness_age_ms(tracker->freshness) / 1000;
    timeline_note_shown(&tracker->now, generation);
    send_kept(request, caches, key, entry, generation, age_seconds > 0 ? age_seconds : 1, reply);
    return true;
}

static bool is_held_while_busy(struct ms_http_request *request, const struct answer_reply *reply)
{
    return reply->on_busy != NULL && reply->on_busy(request, reply->hold_arg);
}

bool send_failure(struct ms_http_request *request, const struct caches *caches,
                  struct tracker *tracker, struct ms_str key, const struct ms_error *err,
                  const struct answer_reply *reply)
{
    if (send_what_is_kept(request, caches, tracker, key, reply))
        return true;
    if (err->status == MS_BUSY && is_held_while_busy(request, reply))
        return false;
    send_own_error(request, err->status, reply);
    return true;
}

bool send_crowded(struct ms_http_request *request, const struct caches *caches,
                  struct tracker *tracker, struct ms_str key, const struct answer_reply *reply)
{
    if (send_what_is_kept(request, caches, tracker, key, reply))
        return true;
    if (is_held_while_busy(request, reply))
        return false;
    send_retry(request, 429, "TOOMANYREQUESTS",
               MS_STR("too many of your requests wait for the database, and others wait too"),
               RETRY_SECONDS, reply);
    return true;
}

/* --- errors --- */

static bool path_begins(const struct ms_http_request *request, const char *prefix)
{
    struct ms_str path = ms_http_request_path(request);
    struct ms_str rest = ms_str_skip(path, strlen(prefix));
    return ms_str_starts_with(path, ms_str(prefix)) && (rest.len == 0 || rest.ptr[0] == '/');
}

/* {"errors":[{"code","message","detail"}]}, as docker/distribution's clients read it. */
static void send_registry_error(struct ms_http_request *request, int status, const char *code,
                                struct ms_str message, const struct ms_http_header *headers,
                                size_t n_headers)
{
    struct ms_buf body;
    struct ms_json_writer json;
    ms_buf_init(&body, ERROR_BODY_MAX);
    ms_json_begin(&json, &body);
    ms_json_object(&json);
    ms_json_key(&json, "errors");
    ms_json_array(&json);
    ms_json_object(&json);
    ms_json_key(&json, "code");
    ms_json_string_c(&json, code);
    ms_json_key(&json, "message");
    ms_json_string(&json, message);
    ms_json_key(&json, "detail");
    ms_json_null(&json);
    ms_json_end_object(&json);
    ms_json_end_array(&json);
    ms_json_end_object(&json);
    bool fits = ms_buf_status(&body) == MS_OK;
    ms_http_send(request, status, "application/json",
                 fits ? ms_buf_view(&body) : MS_STR("{\"errors\":[]}"), headers, n_headers);
    ms_buf_free(&body);
}

void send_error_with(struct ms_http_request *request, int status, const char *code,
                     struct ms_str detail, struct ms_str parameter,
                     const struct ms_http_header *headers, size_t n_headers)
{
    struct ms_http_header all[ANSWER_HEADERS_MAX + OWN_HEADERS_MAX];
    char retry[MS_STR_NUMBER_MAX];
    bool says_when = false;
    size_t n = n_headers < ANSWER_HEADERS_MAX ? n_headers : (size_t)ANSWER_HEADERS_MAX;
    for (size_t i = 0; i < n; i++)
        all[i] = headers[i];
    for (size_t i = 0; i < n; i++)
        says_when = says_when || strcmp(all[i].name, "Retry-After") == 0;
    if (status == 503 && !says_when)
        all[n++] = (struct ms_http_header){"Retry-After", ms_str_from_u64(retry, RETRY_SECONDS)};
    bool is_v2 = path_begins(request, "/v2");
    if (is_v2)
        all[n++] =
            (struct ms_http_header){"Docker-Distribution-Api-Version", MS_STR("registry/2.0")};
    if (is_v2 || path_begins(request, "/v1"))
        send_registry_error(request, status, code, detail, all, n);
    else
        ms_http_send_problem(request, status, detail, parameter, all, n);
}

void send_error(struct ms_http_request *request, int status, const char *code, struct ms_str detail,
                struct ms_str parameter)
{
    send_error_with(request, status, code, detail, parameter, NULL, 0);
}
