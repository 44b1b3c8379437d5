/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a spec to an answer: what the cache has and may still say, else a query (flight.c). Always:
 * an answer carries the generation at which it is known to be true, and within one epoch of the
 * database a worker never answers a later request from before a generation that it has shown
 * (reader->highest).
 */
#include "reader/answer/answer.h"

#include "common/base/clock.h"
#include "common/base/json_write.h"
#include "common/runtime/metrics.h"
#include "reader/answer/cache.h"
#include "reader/answer/flight.h"
#include "reader/answer/parking.h"
#include "reader/reader.h"

#include <stdio.h>
#include <string.h>

enum { OWN_HEADERS_MAX = 4, NUMBER_MAX = 24, ERROR_BODY_MAX = 64 * 1024 };

#define RETRY_AFTER MS_STR("2")

/* --- freshness --- */

static void on_touched(uint64_t generation, uint64_t repository_hash, void *arg)
{
    struct reader *reader = arg;
    cache_invalidate(reader->cache, repository_hash, generation);
    cache_invalidate(reader->large, repository_hash, generation);
    flights_touched(reader->flights, repository_hash, generation);
}

static void on_forget(void *arg)
{
    struct reader *reader = arg;
    cache_clear(reader->cache);
    cache_clear(reader->large);
    reader->epoch++;
    reader->highest = 0;
}

void answer_refresh(struct reader *reader)
{
    uint64_t seen = freshness_generation(&reader->freshness);
    freshness_update(&reader->freshness, on_touched, on_forget, reader);
    if (freshness_generation(&reader->freshness) != seen)
        parking_wake(reader->parking);
}

/* --- a spec, divided into what is the query's and what is the request's --- */

static enum ms_status copy_params(struct answer_spec *copy, struct ms_arena *arena,
                                  const struct answer_spec *spec)
{
    struct ms_str *params = ms_arena_try_array(arena, spec->n_params + 1, sizeof(struct ms_str));
    if (params == NULL)
        return MS_TOO_LARGE;
    for (size_t i = 0; i < spec->n_params; i++) {
        if (ms_arena_copy(&params[i], arena, spec->params[i]) != MS_OK)
            return MS_TOO_LARGE;
    }
    copy->params = params;
    copy->n_params = spec->n_params;
    return MS_OK;
}

static void copy_state(struct answer_spec *copy, struct ms_arena *arena,
                       const struct answer_spec *spec)
{
    if (spec->state_bytes == 0)
        return;
    void *state = ms_arena_alloc(arena, spec->state_bytes);
    memcpy(state, spec->state, spec->state_bytes);
    copy->state = state;
    copy->state_bytes = spec->state_bytes;
}

enum ms_status answer_spec_copy(struct answer_spec *out, struct ms_arena *arena,
                                const struct answer_spec *spec)
{
    struct answer_spec copy = {.query = spec->query,
                               .shows_counts = spec->shows_counts,
                               .is_momentary = spec->is_momentary,
                               .is_large = spec->is_large,
                               .content_type = spec->content_type,
                               .on_row = spec->on_row,
                               .on_finish = spec->on_finish};
    if (ms_arena_copy(&copy.key, arena, spec->key) != MS_OK ||
        copy_params(&copy, arena, spec) != MS_OK)
        return MS_TOO_LARGE;
    copy_state(&copy, arena, spec);
    *out = copy;
    return MS_OK;
}

void answer_dress_init(struct answer_dress *dress, const struct answer_spec *spec)
{
    *dress = (struct answer_dress){.has_cache_control = spec->cache_control != NULL,
                                   .on_nothing = spec->on_nothing,
                                   .on_nothing_arg = spec->on_nothing_arg};
    if (spec->cache_control != NULL)
        snprintf(dress->cache_control, sizeof(dress->cache_control), "%s", spec->cache_control);
    dress->n_headers =
        spec->n_headers < ANSWER_HEADERS_MAX ? spec->n_headers : (size_t)ANSWER_HEADERS_MAX;
    for (size_t i = 0; i < dress->n_headers; i++)
        dress->headers[i] = spec->headers[i];
}

/* --- sending --- */

static struct ms_str format_number(char out[static NUMBER_MAX], uint64_t value)
{
    return ms_str_n(out, (size_t)snprintf(out, NUMBER_MAX, "%llu", (unsigned long long)value));
}

uint64_t answer_floor(const struct reader *reader)
{
    uint64_t seen = freshness_generation(&reader->freshness);
    return seen > reader->highest ? seen : reader->highest;
}

void answer_said(struct reader *reader, uint64_t generation)
{
    if (reader->highest < generation)
        reader->highest = generation;
}

void answer_send(struct ms_http_request *request, const struct cache_entry *entry,
                 uint64_t generation, uint64_t stale_seconds, const struct answer_dress *dress)
{
    struct ms_http_header headers[ANSWER_HEADERS_MAX + OWN_HEADERS_MAX];
    char generation_text[NUMBER_MAX], stale_text[NUMBER_MAX];
    size_t n = dress->n_headers;
    if (entry->is_nothing && dress->on_nothing != NULL &&
        dress->on_nothing(request, generation, dress->on_nothing_arg))
        return;
    memcpy(headers, dress->headers, n * sizeof(headers[0]));
    headers[n++] = (struct ms_http_header){"X-Metastore-Generation",
                                           format_number(generation_text, generation)};
    if (stale_seconds > 0)
        headers[n++] =
            (struct ms_http_header){"X-Metastore-Stale", format_number(stale_text, stale_seconds)};
    if (entry->link != NULL)
        headers[n++] = (struct ms_http_header){"Link", ms_doc_view(entry->link)};
    if (entry->file != NULL && spool_file_lacks_gzip(entry->file)) /* it may still be made */
        headers[n++] = (struct ms_http_header){"Vary", MS_STR("Accept-Encoding")};
    const char *cache_control = dress->has_cache_control ? dress->cache_control : NULL;
    if (entry->file != NULL)
        spool_file_send(request, entry->file, cache_control, headers, n);
    else
        ms_http_send_entity(request, &entry->entity, cache_control, headers, n);
}

/* --- the cache --- */

static const struct cache_entry *find_kept(struct reader *reader, struct ms_str key)
{
    const struct cache_entry *entry = cache_find(reader->cache, key);
    return entry != NULL ? entry : cache_find(reader->large, key);
}

/* It survived everything up to the present generation, or was made after it. */
static uint64_t true_at(const struct reader *reader, const struct cache_entry *entry)
{
    uint64_t seen = freshness_generation(&reader->freshness);
    return entry->generation > seen ? entry->generation : seen;
}

/* A query may have shown, before the watcher lost sight, what came after all that we keep. */
static bool would_go_back(const struct reader *reader, const struct cache_entry *entry)
{
    return true_at(reader, entry) < reader->highest;
}

/* While freshness is unknown we serve what we have, whatever its age. */
static bool may_serve(const struct reader *reader, const struct cache_entry *entry,
                      uint64_t stale_seconds)
{
    bool has_expired = entry->expires_ms != 0 && entry->expires_ms <= ms_clock_mono_ms();
    return (stale_seconds > 0 || !has_expired) && !would_go_back(reader, entry);
}

static void send_kept(struct reader *reader, struct ms_http_request *request, struct ms_str key,
                      const struct cache_entry *entry, uint64_t generation, uint64_t stale_seconds,
                      const struct answer_dress *dress)
{
    size_t bytes = ms_http_entity_bytes(&entry->entity);
    answer_send(request, entry, generation, stale_seconds, dress);
    if (ms_http_entity_bytes(&entry->entity) != bytes) /* the first who wants gzip */
        cache_recount(reader->cache, key);
}

static void serve_kept(struct reader *reader, struct ms_http_request *request,
                       const struct answer_spec *spec, const struct cache_entry *entry,
                       uint64_t stale_seconds)
{
    uint64_t generation = true_at(reader, entry);
    answer_said(reader, generation);
    if (entry->file != NULL && spool_file_awaits_gzip(entry->file, request)) {
        flight_serve_gzip(reader->flights, request, spec, entry, generation, stale_seconds);
        return;
    }
    struct answer_dress dress;
    answer_dress_init(&dress, spec);
    send_kept(reader, request, spec->key, entry, generation, stale_seconds, &dress);
}

void answer_serve(struct reader *reader, struct ms_http_request *request,
                  const struct answer_spec *spec)
{
    answer_refresh(reader);
    const char *problem = freshness_schema_problem(&reader->freshness);
    if (problem != NULL) {
        answer_error(request, 503, "UNAVAILABLE", ms_str(problem), MS_STR_ABSENT);
        return;
    }
    uint64_t stale_seconds = freshness_stale_seconds(&reader->freshness);
    const struct cache_entry *entry = find_kept(reader, spec->key);
    bool is_hit = entry != NULL && may_serve(reader, entry, stale_seconds);
    ms_metrics_add(is_hit ? MS_METRIC_CACHE_HITS : MS_METRIC_CACHE_MISSES, NULL, NULL, 1);
    if (is_hit)
        serve_kept(reader, request, spec, entry, stale_seconds);
    else
        flight_serve(reader->flights, request, spec);
}

void answer_fixed(struct ms_http_request *request, struct ms_http_entity *kept, struct ms_str json,
                  const struct ms_http_header *headers, size_t n_headers)
{
    if (kept->body == NULL)
        ms_http_entity_init(kept, 200, "application/json", ms_doc_static(json));
    ms_http_send_entity(request, kept, NULL, headers, n_headers);
}

/* --- failures --- */

static void answer_no_query(struct ms_http_request *request, enum ms_status status)
{
    switch (status) {
    case MS_UNAUTHORIZED:
        answer_error(request, 503, "UNAVAILABLE",
                     MS_STR("the database does not let the reader's role SELECT"), MS_STR_ABSENT);
        break;
    case MS_UNAVAILABLE:
    case MS_CONFLICT:
    case MS_NOT_FOUND: /* the database itself, or a table of it: not made yet */
        answer_error(request, 503, "UNAVAILABLE", MS_STR("the database is away"), MS_STR_ABSENT);
        break;
    case MS_BUSY:
        answer_error(request, 503, "UNAVAILABLE", MS_STR("too many queries at once"),
                     MS_STR_ABSENT);
        break;
    case MS_TIMEOUT:
        answer_error(request, 503, "UNAVAILABLE", MS_STR("the query took too long"), MS_STR_ABSENT);
        break;
    case MS_IO:
        answer_error(request, 503, "UNAVAILABLE",
                     MS_STR("the answer is large and the disk does not take it"), MS_STR_ABSENT);
        break;
    case MS_TOO_LARGE:
        answer_error(request, 503, "UNAVAILABLE", MS_STR("the answer is too large at present"),
                     MS_STR_ABSENT);
        break;
    case MS_OK:
    case MS_INVALID:
    case MS_PROTOCOL:
    case MS_MISMATCH:
    case MS_DEPOSED:
    case MS_CANCELLED:
        answer_error(request, 500, "UNKNOWN", MS_STR("the query failed; the log says why"),
                     MS_STR_ABSENT);
        break;
    }
}

void answer_failure(struct reader *reader, struct ms_http_request *request, struct ms_str key,
                    const struct ms_error *err, const struct answer_dress *dress)
{
    const struct cache_entry *entry = find_kept(reader, key);
    if (entry == NULL || would_go_back(reader, entry)) {
        answer_no_query(request, err->status);
        return;
    }
    uint64_t generation = true_at(reader, entry);
    uint64_t age_s = freshness_age_ms(&reader->freshness) / 1000;
    answer_said(reader, generation);
    send_kept(reader, request, key, entry, generation, age_s > 0 ? age_s : 1, dress);
}

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

void answer_error_with(struct ms_http_request *request, int status, const char *code,
                       struct ms_str detail, struct ms_str parameter,
                       const struct ms_http_header *headers, size_t n_headers)
{
    struct ms_http_header all[ANSWER_HEADERS_MAX + OWN_HEADERS_MAX];
    size_t n = n_headers < ANSWER_HEADERS_MAX ? n_headers : (size_t)ANSWER_HEADERS_MAX;
    for (size_t i = 0; i < n; i++)
        all[i] = headers[i];
    if (status == 503)
        all[n++] = (struct ms_http_header){"Retry-After", RETRY_AFTER};
    bool is_v2 = path_begins(request, "/v2");
    if (is_v2)
        all[n++] =
            (struct ms_http_header){"Docker-Distribution-Api-Version", MS_STR("registry/2.0")};
    if (is_v2 || path_begins(request, "/v1"))
        send_registry_error(request, status, code, detail, all, n);
    else
        ms_http_send_problem(request, status, detail, parameter, all, n);
}

void answer_error(struct ms_http_request *request, int status, const char *code,
                  struct ms_str detail, struct ms_str parameter)
{
    answer_error_with(request, status, code, detail, parameter, NULL, 0);
}
