/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of routes. The first row that matches path and method wins; a path that matches with
 * another method is answered 405 with `Allow`; no row: `not_found`.
 *
 * Patterns: literal bytes; `{name}` stands for a repository name (one or more components, the
 * longest match that lets the rest of the pattern match; `/-/` ends it; whether it is a possible
 * name is for the handler to say); `{x}` for any other x stands for one path component, not empty.
 * At most four of them in a pattern, at most one `{name}`.
 */
#ifndef MS_HTTP_ROUTER_H
#define MS_HTTP_ROUTER_H

#include "common/http/request.h"

enum { MS_ROUTE_CAPTURES = 4 };

struct ms_route_match {
    struct ms_str
        captures[MS_ROUTE_CAPTURES]; /* in the order of the pattern, views into the path */
    size_t n_captures;
};

enum {
    MS_ROUTE_GET = 1, /* and HEAD */
    MS_ROUTE_POST = 2,
};

struct ms_route {
    int methods;
    const char *pattern;
    const char *label; /* for metrics and the access log */
    void (*handle)(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
};

struct ms_router {
    const struct ms_route *routes;
    size_t n_routes;
    /* No row matched: answers in the form that fits the path. */
    void (*not_found)(struct ms_http_request *request, void *arg);
    /* The path exists, the method does not: `allow` is the header's value. NULL: problem+json. */
    void (*not_allowed)(struct ms_http_request *request, struct ms_str allow, void *arg);
    bool cors; /* OPTIONS is answered 204 with the methods of the path; the origin is one of the
                * headers given to ms_http_server_set_headers */
};

/* Has the shape of ms_http_handler when `router` is bound by the caller. */
void ms_router_dispatch(const struct ms_router *router, struct ms_http_request *request, void *arg);

/* The matcher alone, pure, for tests. */
bool ms_route_matches(struct ms_route_match *out, const char *pattern, struct ms_str path);

#endif
