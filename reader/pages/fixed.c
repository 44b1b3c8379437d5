/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What needs no database: help, the style sheet and the script, the description of the search for
 * browsers, and the page for a path that there is not.
 */
#include "common/config/config.h"
#include "reader/assets/assets.h"
#include "reader/html/html.h"
#include "reader/pages/page.h"
#include "reader/pages/pages.h"

#include <stdio.h>

enum { HELP_MAX = 64 * 1024, DESCRIPTION_MAX = 4096 };

static const struct page_kind HELP = {.n_table = 0};

void pages_help(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    static struct ms_http_entity kept; /* made once a worker: public_url changes at restarts only */
    struct page_ask ask;
    char cache_control[ANSWER_CACHE_CONTROL_MAX];
    if (!page_ask_begin(&ask, &HELP, request, match, arg))
        return;
    if (kept.body == NULL) {
        const struct view_frame frame = {.site = page_site(ask.answers->env)};
        struct ms_buf html;
        ms_buf_init(&html, HELP_MAX);
        view_help(&html, &frame);
        ms_http_entity_init(&kept, 200, PAGE_CONTENT_TYPE, ms_doc_take(&html));
    }
    snprintf(cache_control, sizeof(cache_control), "max-age=%llu",
             (unsigned long long)(ask.answers->env->config->cache.max_age_html_ms / 1000));
    ms_http_send_entity(request, &kept, cache_control, PAGE_HEADERS, PAGE_N_HEADERS);
}

void pages_asset(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    static struct ms_http_entity sheet, script;
    struct page_ask ask;
    if (!page_ask_begin(&ask, &HELP, request, match, arg))
        return;
    const struct asset *asset = assets_find(ms_http_request_path(request));
    if (asset == NULL) {
        page_fail(request, arg, 404, MS_STR("There is no such file, or not any more."));
        return;
    }
    struct ms_http_entity *kept = asset == assets_sheet() ? &sheet : &script;
    if (kept->body == NULL)
        ms_http_entity_init(kept, 200, asset->content_type, ms_doc_static(asset->bytes));
    ms_http_send_entity(request, kept, "max-age=31536000, immutable", PAGE_HEADERS, PAGE_N_HEADERS);
}

/* URLs in it must be absolute: they are made of what the client called us. */
void pages_opensearch(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg)
{
    static const struct ms_http_header VARY[] = {
        {"Vary", MS_STR_INIT("Host, X-Forwarded-Proto")},
        {"X-Content-Type-Options", MS_STR_INIT("nosniff")},
    };
    struct page_ask ask;
    struct ms_buf xml;
    if (!page_ask_begin(&ask, &HELP, request, match, arg))
        return;
    ms_buf_init(&xml, DESCRIPTION_MAX);
    html_raw(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OpenSearchDescription "
                   "xmlns=\"http://a9.com/-/spec/opensearch/1.1/\"><ShortName>metastore</ShortName>"
                   "<Description>Images of a registry</Description><InputEncoding>UTF-8"
                   "</InputEncoding><Url type=\"text/html\" template=\"");
    html_raw(&xml, ms_http_request_scheme(request));
    html_raw(&xml, "://");
    html_attribute(&xml, ms_http_request_header(request, "Host"));
    html_raw(&xml, "/search?q={searchTerms}\"/></OpenSearchDescription>\n");
    ms_http_send(request, 200, "application/opensearchdescription+xml", ms_buf_view(&xml), VARY, 2);
    ms_buf_free(&xml);
}

bool pages_not_found(struct ms_http_request *request, void *arg)
{
    static const char *const OF_PROGRAMS[] = {"/v1/", "/v2/", "/api/", "/index/"};
    const struct answers *answers = arg;
    struct ms_str path = ms_http_request_path(request);
    struct ms_str accept = ms_http_request_header(request, "Accept");
    for (size_t i = 0; i < sizeof(OF_PROGRAMS) / sizeof(OF_PROGRAMS[0]); i++) {
        if (ms_str_starts_with(path, ms_str(OF_PROGRAMS[i])))
            return false;
    }
    if (!answers->env->config->components.web_ui ||
        !ms_str_contains(ms_str_is_absent(accept) ? MS_STR("") : accept, MS_STR("text/html")))
        return false;
    page_fail(request, arg, 404, MS_STR("There is nothing at this path."));
    return true;
}
