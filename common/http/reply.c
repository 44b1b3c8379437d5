/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the head of an answer and hands it, with the body, to the connection. Always holds: every
 * answer has a length (an HTTP/1.0 client could not tell the end from a cut), a Date, a
 * Cache-Control, and no byte of a header value can end its line.
 */
#include "common/base/clock.h"
#include "common/http/internal.h"

#include <assert.h>

static void append_line(struct ms_buf *head, const char *name, struct ms_str value)
{
    ms_buf_append_c(head, name);
    ms_buf_append(head, MS_STR(": "));
    if (ms_http_is_field_value(value)) {
        ms_buf_append(head, value);
    } else {
        for (size_t i = 0; i < value.len; i++)
            ms_buf_append_char(
                head, ms_http_is_field_value(ms_str_n(value.ptr + i, 1)) ? value.ptr[i] : '?');
    }
    ms_buf_append(head, MS_STR("\r\n"));
}

static void append_headers(struct ms_buf *head, const struct ms_http_header *headers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        append_line(head, headers[i].name, headers[i].value);
}

static bool has_header(const struct ms_http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->n_headers; i++) {
        if (ms_str_equal_ci(ms_str(reply->headers[i].name), ms_str(name)))
            return true;
    }
    return false;
}

/* 204 and 304 have no body and announce none (RFC 9110 8.6). */
static bool has_length(int status)
{
    return status != 204 && status != 304;
}

/* Formatted once a second. */
static const char *date_of(struct ms_http_server *server)
{
    int64_t now_ms = ms_clock_wall_ms();
    if (server->date[0] == '\0' || server->date_second != now_ms / 1000) {
        server->date_second = now_ms / 1000;
        ms_http_format_date(server->date, now_ms);
    }
    return server->date;
}

static void write_head(struct ms_buf *head, const struct ms_http_request *request,
                       const struct ms_http_reply *reply)
{
    struct ms_http_server *server = request->conn->server;
    ms_buf_append(head, MS_STR("HTTP/1.1 "));
    ms_buf_append_u64(head, (uint64_t)reply->status);
    ms_buf_append_char(head, ' ');
    ms_buf_append_c(head, ms_http_reason(reply->status));
    ms_buf_append(head, MS_STR("\r\nDate: "));
    ms_buf_append_c(head, date_of(server));
    ms_buf_append(head, MS_STR("\r\n"));
    if (request->conn->must_close)
        ms_buf_append(head, MS_STR("Connection: close\r\n"));
    else if (request->is_http_1_0)
        ms_buf_append(head, MS_STR("Connection: keep-alive\r\n"));
    if (has_length(reply->status)) {
        if (reply->content_type != NULL)
            append_line(head, "Content-Type", ms_str(reply->content_type));
        if (reply->is_gzip)
            ms_buf_append(head, MS_STR("Content-Encoding: gzip\r\n"));
        ms_buf_append(head, MS_STR("Content-Length: "));
        ms_buf_append_u64(head, reply->body_bytes);
        ms_buf_append(head, MS_STR("\r\n"));
    }
    if (!ms_str_is_absent(reply->etag))
        append_line(head, "ETag", reply->etag);
    if (reply->cache_control != NULL || !has_header(reply, "Cache-Control"))
        append_line(head, "Cache-Control",
                    ms_str(reply->cache_control != NULL ? reply->cache_control : "no-cache"));
    if (reply->varies)
        ms_buf_append(head, MS_STR("Vary: Accept-Encoding\r\n"));
    append_headers(head, server->headers, server->n_headers);
    append_headers(head, reply->headers, reply->n_headers);
    ms_buf_append(head, MS_STR("\r\n"));
}

static void release(struct ms_loop *loop, const struct ms_http_reply *reply)
{
    ms_doc_unref(reply->doc);
    if (reply->release != NULL)
        ms_loop_defer(loop, reply->release, reply->release_arg);
}

/* A head beyond its limit is a fault of ours: the client gets a bare 500, not a cut answer. */
static void reply_without_headers(struct ms_http_request *request)
{
    request->status = 0;
    request->conn->must_close = true;
    ms_buf_clear(&request->conn->out.head);
    ms_limit_reached(MS_LIMIT_REPLY_HEAD);
    struct ms_http_reply bare = {.status = 500, .etag = MS_STR_ABSENT};
    ms_http_reply(request, &bare);
}

void ms_http_reply(struct ms_http_request *request, const struct ms_http_reply *reply)
{
    assert(request->status == 0);
    struct ms_http_conn *conn = request->conn;
    if (conn == NULL) { /* the client has gone */
        release(request->loop, reply);
        ms_http_request_drop(request);
        return;
    }
    request->status = reply->status;
    if (conn->server->is_draining)
        conn->must_close = true;
    struct ms_http_out *out = &conn->out;
    write_head(&out->head, request, reply);
    if (ms_buf_status(&out->head) != MS_OK) {
        release(request->loop, reply);
        reply_without_headers(request);
        return;
    }
    bool has_body = request->method != MS_HTTP_HEAD && has_length(reply->status);
    out->body_bytes = has_body ? reply->body_bytes : 0;
    out->doc = reply->doc;
    out->fd = reply->fd;
    out->release = reply->release;
    out->release_arg = reply->release_arg;
    ms_http_conn_answered(conn);
}
