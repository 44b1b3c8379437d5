/* SPDX-License-Identifier: Apache-2.0 */
/* See admin.h. */
#include "writer/admin.h"

#include "common/http/response.h"
#include "common/http/router.h"
#include "common/runtime/metrics.h"
#include "writer/access.h"
#include "writer/intake/webhook.h"
#include "writer/scan/scan.h"
#include "writer/status.h"
#include "writer/writer.h"

enum {
    METRICS_MAX = 4 * 1024 * 1024,
    CONNECTIONS_MAX = 1000,
    BODY_MAX = 64 * 1024 * 1024, /* beyond it: 413 */
};

/* --- /scan --- */

/* False when the query was answered with a 400: a typing error must not start the wrong scan. */
static bool parse_scan_query(bool *out_accept_removals, struct ms_http_request *request)
{
    struct ms_str rest = ms_http_request_query(request);
    struct ms_http_param param;
    bool accept_removals = false;
    enum ms_http_query_found found;
    while ((found = ms_http_query_next(&param, &rest, ms_http_request_arena(request))) ==
           MS_HTTP_QUERY_PARAM) {
        bool is_known = ms_str_equal(param.name, MS_STR("accept-removals"));
        if (!is_known || !ms_str_equal(param.value, MS_STR("1"))) {
            ms_http_send_problem(request, 400,
                                 is_known ? MS_STR("the only value of accept-removals is 1")
                                          : MS_STR("unknown parameter"),
                                 param.name, NULL, 0);
            return false;
        }
        accept_removals = true;
    }
    if (found != MS_HTTP_QUERY_END) {
        ms_http_send_problem(request, 400, MS_STR("the query cannot be decoded"), MS_STR_ABSENT,
                             NULL, 0);
        return false;
    }
    *out_accept_removals = accept_removals;
    return true;
}

static void on_scan(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct writer *writer = arg;
    bool accept_removals;
    (void)match;
    if (!access_authorize(request, writer->env.config->events.token) ||
        !parse_scan_query(&accept_removals, request) || !access_require_leader(request, writer))
        return;
    enum ms_status status = scan_start(writer->scan, accept_removals);
    const struct ms_http_header retry_after = {"Retry-After", MS_STR("1")};
    if (status == MS_OK)
        ms_http_send(request, 202, NULL, MS_STR_ABSENT, NULL, 0);
    else if (status == MS_CONFLICT)
        ms_http_send_problem(request, 409, MS_STR("a scan is running"), MS_STR_ABSENT, NULL, 0);
    else
        ms_http_send_problem(request, 503, MS_STR("the scan could not be started"), MS_STR_ABSENT,
                             &retry_after, 1);
}

/* --- the rest of the table --- */

static void on_events(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg)
{
    struct writer *writer = arg;
    (void)match;
    if (access_authorize(request, writer->env.config->events.token) &&
        access_require_leader(request, writer))
        webhook_handle(writer->webhook, request);
}

static void on_status(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg)
{
    struct writer *writer = arg;
    (void)match;
    status_answer(writer->status, request);
}

static void send_text(struct ms_http_request *request, struct ms_str text)
{
    const struct ms_http_header no_store = {"Cache-Control", MS_STR("no-store")};
    ms_http_send(request, 200, "text/plain; charset=utf-8", text, &no_store, 1);
}

static void on_healthz(struct ms_http_request *request, const struct ms_route_match *match,
                       void *arg)
{
    (void)match;
    (void)arg;
    send_text(request, MS_STR("alive\n"));
}

static void on_readyz(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg)
{
    (void)match;
    if (access_require_leader(request, arg))
        send_text(request, MS_STR("ready\n"));
}

static void on_metrics(struct ms_http_request *request, const struct ms_route_match *match,
                       void *arg)
{
    struct writer *writer = arg;
    struct scan_progress progress;
    (void)match;
    scan_get_progress(&progress, writer->scan);
    if (progress.is_running) {
        ms_metrics_set(MS_METRIC_SCAN_REPOSITORIES, "done", NULL,
                       (double)progress.repositories_done);
        ms_metrics_set(MS_METRIC_SCAN_REPOSITORIES, "total", NULL,
                       (double)progress.repositories_total);
    }
    struct ms_buf body;
    ms_buf_init(&body, METRICS_MAX);
    ms_metrics_render_own(&body, true);
    ms_http_send(request, 200, "text/plain; version=0.0.4; charset=utf-8", ms_buf_view(&body), NULL,
                 0);
    ms_buf_free(&body);
}

static const struct ms_route ROUTES[] = {
    {MS_ROUTE_POST, "/events", "/events", on_events},
    {MS_ROUTE_POST, "/scan", "/scan", on_scan},
    {MS_ROUTE_GET, "/status", "/status", on_status},
    {MS_ROUTE_GET, "/healthz", "/healthz", on_healthz},
    {MS_ROUTE_GET, "/readyz", "/readyz", on_readyz},
    {MS_ROUTE_GET, "/metrics", "/metrics", on_metrics},
};
enum { N_ROUTES = sizeof(ROUTES) / sizeof(ROUTES[0]) };

static void on_not_found(struct ms_http_request *request, void *arg)
{
    (void)arg;
    ms_http_send_problem(request, 404, MS_STR("the writer serves nothing here"), MS_STR_ABSENT,
                         NULL, 0);
}

void admin_handle(struct ms_http_request *request, void *arg)
{
    static const struct ms_router ROUTER = {
        .routes = ROUTES, .n_routes = N_ROUTES, .not_found = on_not_found};
    ms_router_dispatch(&ROUTER, request, arg);
}

void admin_fill_limits(struct ms_http_limits *out, const struct ms_config *config)
{
    ms_http_limits_default(out);
    out->max_connections = CONNECTIONS_MAX;
    out->max_body_bytes = BODY_MAX;
    out->max_kept_body_bytes = (size_t)config->events.max_body_bytes;
}

void admin_set_metric_labels(void)
{
    static const char *labels[N_ROUTES];
    for (size_t i = 0; i < N_ROUTES; i++)
        labels[i] = ROUTES[i].label;
    ms_metrics_set_labels(MS_LABEL_ROUTE, labels, N_ROUTES);
    size_t n_queries = 0;
    const char *const *queries = ms_store_writer_query_names(&n_queries);
    ms_metrics_set_labels(MS_LABEL_QUERY, queries, n_queries);
}
