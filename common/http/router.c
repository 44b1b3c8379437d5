/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From path and method to a handler. A path without a route is answered by the daemon, a method
 * that the path does not have by the daemon or here. Unknown methods come this far and no further.
 */
#include "common/http/router.h"

#include "common/http/response.h"

enum { ALLOW_MAX = 64 };

static int method_bit(enum ms_http_method method)
{
    if (method == MS_HTTP_GET || method == MS_HTTP_HEAD)
        return MS_ROUTE_GET;
    return method == MS_HTTP_POST ? MS_ROUTE_POST : 0;
}

static void append_method(struct ms_buf *allow, const char *name)
{
    if (allow->len > 0)
        ms_buf_append(allow, MS_STR(", "));
    ms_buf_append_c(allow, name);
}

/* The path is there, the method is not among its own. */
static void answer_other_method(const struct ms_router *router, struct ms_http_request *request,
                                int methods, void *arg)
{
    struct ms_buf names;
    ms_buf_init(&names, ALLOW_MAX);
    if (methods & MS_ROUTE_GET)
        append_method(&names, "GET, HEAD");
    if (methods & MS_ROUTE_POST)
        append_method(&names, "POST");
    if (router->cors)
        append_method(&names, "OPTIONS");
    struct ms_str allow = ms_buf_view(&names);
    if (router->cors && ms_http_request_method(request) == MS_HTTP_OPTIONS) {
        const struct ms_http_header headers[] = {
            {"Allow", allow},
            {"Access-Control-Allow-Methods", allow},
            {"Access-Control-Allow-Headers", MS_STR("Content-Type, If-None-Match")},
            {"Access-Control-Max-Age", MS_STR("600")},
        };
        ms_http_send(request, 204, NULL, MS_STR_ABSENT, headers,
                     sizeof(headers) / sizeof(headers[0]));
    } else if (router->not_allowed != NULL) {
        router->not_allowed(request, allow, arg);
    } else {
        const struct ms_http_header header = {"Allow", allow};
        ms_http_send_problem(request, 405, MS_STR("this resource does not know the method"),
                             MS_STR_ABSENT, &header, 1);
    }
    ms_buf_free(&names);
}

void ms_router_dispatch(const struct ms_router *router, struct ms_http_request *request, void *arg)
{
    int wanted = method_bit(ms_http_request_method(request));
    int methods_of_path = 0;
    struct ms_route_match match;
    /* OPTIONS of the server as a whole: what any of its paths knows. */
    if (ms_str_equal(ms_http_request_path(request), MS_STR("*"))) {
        for (size_t i = 0; i < router->n_routes; i++)
            methods_of_path |= router->routes[i].methods;
    }
    for (size_t i = 0; i < router->n_routes; i++) {
        const struct ms_route *route = &router->routes[i];
        if (!ms_route_matches(&match, route->pattern, ms_http_request_path(request)))
            continue;
        if (methods_of_path == 0)
            ms_http_request_set_route(request, route->label);
        methods_of_path |= route->methods;
        if (route->methods & wanted) {
            ms_http_request_set_route(request, route->label);
            route->handle(request, &match, arg);
            return;
        }
    }
    if (methods_of_path != 0)
        answer_other_method(router, request, methods_of_path, arg);
    else
        router->not_found(request, arg);
}
