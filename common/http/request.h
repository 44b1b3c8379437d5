/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request as a handler sees it. Views are valid until the answer has been started.
 */
#ifndef MS_HTTP_REQUEST_H
#define MS_HTTP_REQUEST_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/runtime/loop.h"

struct ms_http_request;

enum ms_http_method {
    MS_HTTP_GET,
    MS_HTTP_HEAD,
    MS_HTTP_POST,
    MS_HTTP_PUT,
    MS_HTTP_DELETE,
    MS_HTTP_OPTIONS,
    MS_HTTP_PATCH,
    MS_HTTP_OTHER
};

enum ms_http_method ms_http_request_method(const struct ms_http_request *request);
/* The path percent-decoded once (no NUL, valid UTF-8, no control bytes, begins with one slash). */
struct ms_str ms_http_request_path(const struct ms_http_request *request);
/* Behind the '?', raw; empty without one. */
struct ms_str ms_http_request_query(const struct ms_http_request *request);
/* The first header of that name (ASCII case ignored), trimmed; absent when there is none. Lines of
 * If-None-Match, Accept-Encoding and X-Forwarded-For are joined with ", " as RFC 9110 5.3 says. */
struct ms_str ms_http_request_header(const struct ms_http_request *request, const char *name);
/* "https" where a proxy says so in X-Forwarded-Proto, else "http". */
const char *ms_http_request_scheme(const struct ms_http_request *request);
/* The whole body; empty without one. Absent when it was longer than max_kept_body_bytes: then it
 * has been read and thrown away, and only its length is known. */
struct ms_str ms_http_request_body(const struct ms_http_request *request);
uint64_t ms_http_request_body_bytes(const struct ms_http_request *request);
/* For logs: "127.0.0.1:41234" or "unix". */
const char *ms_http_request_peer(const struct ms_http_request *request);
/* Memory that lives as long as the request (limit 1 MiB). */
struct ms_arena *ms_http_request_arena(struct ms_http_request *request);

/* The route's label for metrics and the access log; set by the router. Static string. */
void ms_http_request_set_route(struct ms_http_request *request, const char *route);

/* A handler that answers later asks to be told, at most once, that the client has gone. From then
 * on the request must not be touched. Not called any more once the answer has been started. A
 * client that closes its sending side counts as gone while a handler waits (as with nginx and Go);
 * a handler that has not asked answers into the void, which is harmless. */
void ms_http_request_on_gone(struct ms_http_request *request, ms_loop_call *on_gone, void *arg);

/* Query parameters: `name=value&…`, percent-decoded, `+` is a space. Yields them in order; a
 * parameter without `=` has an absent value. Empty pairs (`a&&b`) are skipped. `rest` is absent or
 * ms_http_request_query() at first. */
struct ms_http_param {
    struct ms_str name;
    struct ms_str value;
};
enum ms_http_query_found {
    MS_HTTP_QUERY_PARAM,
    MS_HTTP_QUERY_END,       /* there was no more */
    MS_HTTP_QUERY_MALFORMED, /* bad escape, NUL or invalid UTF-8: `out` is undecoded, to be named */
    MS_HTTP_QUERY_TOO_LARGE, /* for the arena */
};
enum ms_http_query_found ms_http_query_next(struct ms_http_param *out, struct ms_str *rest,
                                            struct ms_arena *arena) MS_CHECKED;
/* Appends percent-encoded; RFC 3986 unreserved bytes and those in `keep` stay. */
void ms_http_percent_encode(struct ms_buf *out, struct ms_str s, const char *keep);

#endif
