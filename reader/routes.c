/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole URL table of a reader, on one screen. Always: what is not in the table is answered
 * here, in the form that clients of that path read.
 */
#include "reader/routes.h"

#include "common/config/config.h"
#include "common/http/router.h"
#include "common/runtime/metrics.h"
#include "reader/admin.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/pages/pages.h"
#include "reader/store/queries.h"

/* clang-format off */
static const struct ms_route ROUTES[] = {
    {MS_ROUTE_GET, "/index/static",         "index",     api_index_static},
    {MS_ROUTE_GET, "/index/dynamic",        "index",     api_index_dynamic},
    {MS_ROUTE_GET, "/index/flatpakrepo",    "flatpak",   api_flatpak_repo},
    {MS_ROUTE_GET, "/index/icons/{hash}",   "icon",      api_index_icon},
    {MS_ROUTE_GET, "/v1/_ping",             "ping",      api_search_ping},
    {MS_ROUTE_GET, "/v1/search",            "search",    api_search},
    {MS_ROUTE_GET, "/v2/",                  "v2",        api_distribution_base},
    {MS_ROUTE_GET, "/v2",                   "v2",        api_distribution_base},
    {MS_ROUTE_GET, "/v2/_catalog",          "catalog",   api_distribution_catalog},
    {MS_ROUTE_GET, "/v2/{name}/tags/list",  "tags_list", api_distribution_tags_list},
    {MS_ROUTE_GET, "/v2/_oci/ext/discover", "discover",  api_referrers_discover},
    {MS_ROUTE_GET, "/v2/{name}/_oci/ext/discover", "discover", api_referrers_discover},
    {MS_ROUTE_GET, "/v2/{name}/referrers/{digest}", "referrers", api_referrers},
    {MS_ROUTE_GET, "/api/v1/repositories",  "repositories", api_repositories},
    {MS_ROUTE_GET, "/api/v1/repositories/{name}/-/tags", "tags", api_tags},
    {MS_ROUTE_GET, "/api/v1/repositories/{name}/-/tags/{tag}", "tag", api_tag},
    {MS_ROUTE_GET, "/api/v1/repositories/{name}/-/tags/{tag}/history", "history", api_tag_history},
    {MS_ROUTE_GET, "/api/v1/repositories/{name}", "repository", api_repository},
    {MS_ROUTE_GET, "/api/v1/repositories/{name}/-/manifests/{reference}", "manifest", api_manifests},
    {MS_ROUTE_GET, "/api/v1/repositories/{name}/-/manifests/{reference}/-/derived", "derived", api_derived},
    {MS_ROUTE_GET, "/api/v1/repositories/{name}/-/manifests/{reference}/-/packages", "manifest_packages",
     api_manifest_packages},
    {MS_ROUTE_GET, "/api/v1/packages",      "packages",  api_packages},
    {MS_ROUTE_GET, "/api/v1/packages/images", "package_images", api_package_images},
    {MS_ROUTE_GET, "/api/v1/advice",        "advice",    api_advice},
    {MS_ROUTE_GET, "/api/v1/stats",         "stats",     api_stats},
    {MS_ROUTE_GET, "/api/v1/status",        "status",    api_status},
    {MS_ROUTE_GET, "/api/v1/changes",       "changes",   api_changes},
    {MS_ROUTE_GET, "/api/v1/dump",          "dump",      api_dump},
    {MS_ROUTE_GET, "/api/v1/search",        "find",      api_find},
    {MS_ROUTE_GET, "/api/v1/facets",        "facets",    api_facets},
    {MS_ROUTE_GET, "/api/v1/suggest",       "suggest",   api_suggest},
    {MS_ROUTE_GET, "/api/v1/activity",      "activity",  api_activity},
    {MS_ROUTE_GET, "/api/v1/namespaces",    "namespaces", api_namespaces},
    {MS_ROUTE_GET, "/api/v1/openapi.json",  "openapi",   api_openapi},
    {MS_ROUTE_GET, "/",                     "page_home", pages_home},
    {MS_ROUTE_GET, "/feed",                 "page_feed", pages_feed},
    {MS_ROUTE_GET, "/r/{name}/-/feed",      "page_feed", pages_feed},
    {MS_ROUTE_GET, "/r/{name}/-/{reference}", "page_image", pages_image},
    {MS_ROUTE_GET, "/r/{name}/",            "page_repositories", pages_repositories},
    {MS_ROUTE_GET, "/r/",                   "page_repositories", pages_repositories},
    {MS_ROUTE_GET, "/r/{name}",             "page_repository", pages_repository},
    {MS_ROUTE_GET, "/search",               "page_search", pages_search},
    {MS_ROUTE_GET, "/packages",             "page_packages", pages_packages},
    {MS_ROUTE_GET, "/compare",              "page_compare", pages_compare},
    {MS_ROUTE_GET, "/stats",                "page_stats", pages_stats},
    {MS_ROUTE_GET, "/help",                 "page_help", pages_help},
    {MS_ROUTE_GET, "/opensearch.xml",       "page_opensearch", pages_opensearch},
    {MS_ROUTE_GET, "/assets/{file}",        "page_asset", pages_asset},
    /* Below every other path that begins with a name of its own. */
    {MS_ROUTE_GET, "/{name}/index/static",  "index",     api_index_static},
    {MS_ROUTE_GET, "/{name}/index/dynamic", "index",     api_index_dynamic},
    {MS_ROUTE_GET, "/{name}/index/flatpakrepo", "flatpak", api_flatpak_repo},
    {MS_ROUTE_GET, "/{name}/index/flatpakref", "flatpak", api_flatpak_ref},
    {MS_ROUTE_POST, "/assert",              "assert",    api_assert}, /* the last: see routes_handle */
};

/* On reader.admin_listen; where there is none, beside the others. */
static const struct ms_route ADMIN_ROUTES[] = {
    {MS_ROUTE_GET, "/healthz",              "healthz",   admin_healthz},
    {MS_ROUTE_GET, "/readyz",               "readyz",    admin_readyz},
    {MS_ROUTE_GET, "/metrics",              "metrics",   admin_metrics},
};
/* clang-format on */
enum {
    N_ROUTES = sizeof(ROUTES) / sizeof(ROUTES[0]),
    N_ADMIN_ROUTES = sizeof(ADMIN_ROUTES) / sizeof(ADMIN_ROUTES[0])
};

void routes_set_metric_labels(void)
{
    static const char *routes[N_ROUTES + N_ADMIN_ROUTES];
    static const char *const QUERIES[] = {
#define QUERY_LABEL(upper, lower, class) #lower,
        MS_READ_QUERIES(QUERY_LABEL)
#undef QUERY_LABEL
    };
    size_t n_routes = 0;
    for (size_t i = 0; i < N_ROUTES; i++) {
        if (n_routes == 0 || routes[n_routes - 1] != ROUTES[i].label)
            routes[n_routes++] = ROUTES[i].label;
    }
    for (size_t i = 0; i < N_ADMIN_ROUTES; i++)
        routes[n_routes++] = ADMIN_ROUTES[i].label;
    ms_metrics_set_labels(MS_LABEL_ROUTE, routes, n_routes);
    ms_metrics_set_labels(MS_LABEL_QUERY, QUERIES, MS_READ_QUERY_COUNT);
}

static void not_found(struct ms_http_request *request, void *arg)
{
    if (!pages_not_found(request, arg))
        send_error(request, 404, "UNSUPPORTED", MS_STR("there is nothing at this path"),
                   MS_STR_ABSENT);
}

static void not_allowed(struct ms_http_request *request, struct ms_str allow, void *arg)
{
    (void)arg;
    struct ms_http_header header = {"Allow", allow};
    send_error_with(request, 405, "UNSUPPORTED",
                    MS_STR("readers only read: the method is not known here"), MS_STR_ABSENT,
                    &header, 1);
}

void routes_handle_admin(struct ms_http_request *request, void *arg)
{
    const struct ms_router router = {
        .routes = ADMIN_ROUTES,
        .n_routes = N_ADMIN_ROUTES,
        .not_found = not_found,
        .not_allowed = not_allowed,
    };
    ms_router_dispatch(&router, request, arg);
}

void routes_handle(struct ms_http_request *request, void *arg)
{
    const struct ms_config *config = ((const struct answers *)arg)->env->config;
    struct ms_router router = {
        .routes = ROUTES,
        .n_routes = config->components.assert_endpoint ? N_ROUTES : N_ROUTES - 1,
        .not_found = config->reader.admin_listen == NULL ? routes_handle_admin : not_found,
        .not_allowed = not_allowed,
        .cors = config->reader.cors_origin != NULL,
    };
    ms_router_dispatch(&router, request, arg);
}
