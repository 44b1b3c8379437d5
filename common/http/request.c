/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request as a handler sees it. It begins with a checked head, and ends when its answer has
 * left, or when its client has gone and its handler knows that or has answered. Always holds: one
 * block of memory holds the struct, the fields, a copy of the head and the decoded path.
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/http/internal.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"

#include <assert.h>
#include <string.h>

static struct ms_http_request *new_request(struct ms_http_conn *conn, size_t more_bytes)
{
    struct ms_http_request *request = ms_alloc(sizeof(*request) + more_bytes);
    request->conn = conn;
    request->loop = conn->server->loop;
    request->route = "other";
    request->method = MS_HTTP_OTHER;
    request->started_us = ms_clock_mono_us();
    memcpy(request->peer, conn->peer, sizeof(request->peer));
    ms_buf_init(&request->body, conn->server->limits.max_body_bytes);
    return request;
}

struct ms_http_request *ms_http_request_new_refused(struct ms_http_conn *conn, struct ms_str input)
{
    struct ms_str path = ms_http_head_path(input);
    struct ms_http_request *request = new_request(conn, path.len);
    memcpy(request->fields, path.ptr, path.len);
    request->path = ms_str_n((const char *)request->fields, path.len);
    if (ms_str_starts_with(input, MS_STR("HEAD ")))
        request->method = MS_HTTP_HEAD; /* its answer has no body, whatever is wrong with it */
    return request;
}

/* A view of the parsed bytes becomes one of their copy. */
static struct ms_str rebase(struct ms_str view, const char *from, const char *to)
{
    return ms_str_n(to + (view.ptr - from), view.len);
}

/* Lines of the same name become one list, in the first (RFC 9110 5.3). */
static void join_lists(struct ms_http_request *request, const char *name)
{
    struct ms_http_field *first = NULL;
    struct ms_buf joined;
    ms_buf_init(&joined, HTTP_REQUEST_ARENA_MAX / 8);
    for (size_t i = 0; i < request->n_fields; i++) {
        struct ms_http_field *field = &request->fields[i];
        if (!ms_str_equal_ci(field->name, ms_str(name)))
            continue;
        if (first != NULL)
            ms_buf_append_c(&joined, ", ");
        else
            first = field;
        ms_buf_append(&joined, field->value);
    }
    if (first != NULL &&
        ms_arena_copy(&first->value, ms_http_request_arena(request), ms_buf_view(&joined)) != MS_OK)
        first->value = MS_STR(""); /* as if nothing were accepted or known */
    ms_buf_free(&joined);
}

struct ms_http_request *ms_http_request_new(struct ms_http_conn *conn,
                                            const struct ms_http_head *head, struct ms_str bytes)
{
    size_t fields_bytes = head->n_fields * sizeof(head->fields[0]);
    struct ms_http_request *request =
        new_request(conn, fields_bytes + bytes.len + head->target.len);
    char *copy = (char *)(request->fields + head->n_fields);
    memcpy(copy, bytes.ptr, bytes.len);

    request->method = head->method;
    request->is_http_1_0 = head->is_http_1_0;
    request->method_name = rebase(head->method_name, bytes.ptr, copy);
    request->target = rebase(head->target, bytes.ptr, copy);
    request->n_fields = head->n_fields;
    for (size_t i = 0; i < head->n_fields; i++) {
        request->fields[i].name = rebase(head->fields[i].name, bytes.ptr, copy);
        request->fields[i].value = rebase(head->fields[i].value, bytes.ptr, copy);
    }
    struct ms_str query = request->target;
    struct ms_str raw_path = ms_str_next(&query, '?');
    request->query = ms_str_is_absent(query) ? MS_STR("") : query;
    if (ms_http_path_decode(&request->path, copy + bytes.len, raw_path) != MS_OK) {
        free(request);
        return NULL;
    }
    if (head->has_split_lists) {
        join_lists(request, "If-None-Match");
        join_lists(request, "Accept-Encoding");
        join_lists(request, "X-Forwarded-For");
    }
    return request;
}

enum ms_status ms_http_request_add_body(struct ms_http_request *request, struct ms_str bytes)
{
    struct ms_http_server *server = request->conn->server;
    size_t max_kept = server->limits.max_kept_body_bytes;
    request->body_bytes += bytes.len;
    if (max_kept != 0 && request->body_bytes > max_kept) {
        server->kept_body_bytes -= request->body.len;
        ms_buf_free(&request->body);
        request->body_dropped = true;
    }
    if (request->body_dropped)
        return MS_OK;
    size_t before = request->body.len;
    size_t max_bodies = server->limits.max_bodies_bytes;
    if (server->kept_body_bytes > max_bodies || bytes.len > max_bodies - server->kept_body_bytes)
        return MS_TOO_LARGE;
    ms_buf_append(&request->body, bytes);
    server->kept_body_bytes += request->body.len - before;
    return ms_buf_status(&request->body);
}

/* --- its end --- */

static void log_access(const struct ms_http_request *request, uint64_t sent_bytes, double seconds)
{
    struct ms_str agent = ms_http_request_header(request, "User-Agent");
    ms_log(
        MS_LOG_INFO, "request",
        MS_FIELDS(ms_field_c("peer", request->peer), ms_field_str("method", request->method_name),
                  ms_field_str("target", request->target), ms_field_i64("status", request->status),
                  ms_field_u64("sent_bytes", sent_bytes), ms_field_f64("seconds", seconds),
                  ms_field_c("route", request->route), ms_field_str("user_agent", agent)));
}

static void free_request(struct ms_http_request *request)
{
    ms_arena_free(request->arena);
    ms_buf_free(&request->body);
    free(request);
}

/* Counts and logs it, and gives back what it took from the server: its connection ends, or goes on
 * without it. */
static void detach(struct ms_http_request *request, uint64_t sent_bytes)
{
    struct ms_http_server *server = request->conn->server;
    double seconds = (double)(ms_clock_mono_us() - request->started_us) / 1e6;
    ms_metrics_add(MS_METRIC_HTTP_REQUESTS, request->route, ms_http_code(request->status), 1);
    ms_metrics_observe(MS_METRIC_HTTP_REQUEST_SECONDS, request->route, seconds);
    if (server->access_log)
        log_access(request, sent_bytes, seconds);
    server->kept_body_bytes -= request->body.len;
    request->conn = NULL;
}

void ms_http_request_finish(struct ms_http_request *request, uint64_t sent_bytes)
{
    if (request->status == 0)
        request->status = 499; /* nginx's number for a client that did not wait */
    detach(request, sent_bytes);
    free_request(request);
}

static void on_dropped(void *request)
{
    free_request(request);
}

void ms_http_request_drop(struct ms_http_request *request)
{
    ms_loop_defer(request->loop, on_dropped, request); /* its handler is still on the stack */
}

void ms_http_request_gone(struct ms_http_request *request)
{
    request->status = 499;
    detach(request, 0);
    request->status = 0;
    if (request->on_gone == NULL)
        return; /* until the handler answers: then it is freed without being sent */
    request->on_gone(request->gone_arg);
    free_request(request);
}

/* --- what a handler asks --- */

enum ms_http_method ms_http_request_method(const struct ms_http_request *request)
{
    return request->method;
}

struct ms_str ms_http_request_path(const struct ms_http_request *request)
{
    return request->path;
}

struct ms_str ms_http_request_query(const struct ms_http_request *request)
{
    return request->query;
}

struct ms_str ms_http_request_header(const struct ms_http_request *request, const char *name)
{
    struct ms_str wanted = ms_str(name);
    for (size_t i = 0; i < request->n_fields; i++) {
        if (ms_str_equal_ci(request->fields[i].name, wanted))
            return request->fields[i].value;
    }
    return MS_STR_ABSENT;
}

const char *ms_http_request_scheme(const struct ms_http_request *request)
{
    struct ms_str proto = ms_http_request_header(request, "X-Forwarded-Proto");
    return ms_str_equal_ci(proto, MS_STR("https")) ? "https" : "http";
}

struct ms_str ms_http_request_body(const struct ms_http_request *request)
{
    return request->body_dropped ? MS_STR_ABSENT : ms_buf_view(&request->body);
}

uint64_t ms_http_request_body_bytes(const struct ms_http_request *request)
{
    return request->body_bytes;
}

const char *ms_http_request_peer(const struct ms_http_request *request)
{
    return request->peer;
}

struct ms_arena *ms_http_request_arena(struct ms_http_request *request)
{
    if (request->arena == NULL)
        request->arena = ms_arena_new(HTTP_REQUEST_ARENA_MAX);
    return request->arena;
}

void ms_http_request_set_route(struct ms_http_request *request, const char *route)
{
    request->route = route;
}

void ms_http_request_on_gone(struct ms_http_request *request, ms_loop_call *on_gone, void *arg)
{
    assert(request->status == 0);
    request->on_gone = on_gone;
    request->gone_arg = arg;
}
