/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page /packages: what the SBOMs in the registry name, with the versions that images hold.
 */
#include "reader/pages/packages.h"

#include "reader/pages/page.h"
#include "reader/pages/pages.h"
#include "reader/query/package_pattern.h"

enum { VERSIONS_MAX = 100 };

static const struct query_param TABLE[] = {
    {"cursor", QUERY_PLAIN}, {"q", QUERY_PLAIN}, {"type", QUERY_PLAIN}};

static const struct paging_sort SORTS[] = {{"name", false}};

static struct view_counts read_versions(struct page *page, struct ms_str array)
{
    struct ms_str rest = array, row;
    size_t n;
    struct view_count *rows = page_array(page, array, sizeof(*rows), VERSIONS_MAX, &n);
    for (size_t i = 0; i < n && json_next(NULL, &row, &rest); i++)
        rows[i] = (struct view_count){page_text(page, row, "version"), page_number(row, "images")};
    return (struct view_counts){rows, n};
}

static void build(struct ms_buf *out, struct page *page)
{
    struct page_list list = page_list_read(page, json_get(page->columns[0], "packages"));
    struct packages data = {
        .q = page_value(page, "q"),
        .type = page_value(page, "type"),
        .total = list.total,
        .cursors = list.cursors,
    };
    struct ms_str rest = list.rows, row;
    struct packages_row *rows = page_array(page, rest, sizeof(*rows), PAGE_ROWS, &data.n_rows);
    for (size_t i = 0; i < data.n_rows && json_next(NULL, &row, &rest); i++) {
        struct ms_str body = page_row_body(row);
        rows[i] = (struct packages_row){
            .name = page_text(page, body, "name"),
            .type = page_text(page, body, "type"),
            .versions = read_versions(page, json_get(body, "versions")),
            .images = page_number(body, "images"),
        };
    }
    data.rows = rows;
    view_packages(out, &page->frame, &data);
}

static const enum ms_read_query STATEMENT = MS_READ_PAGE_PACKAGES;

static const struct page_kind KIND = {
    .table = TABLE,
    .n_table = sizeof(TABLE) / sizeof(TABLE[0]),
    .sorts = SORTS,
    .n_sorts = 1,
    .statements = &STATEMENT,
    .build = build,
};

void pages_packages(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct page_ask ask;
    if (!page_ask_begin(&ask, &KIND, request, match, arg))
        return;
    page_ask_add_paging(&ask);
    page_ask_add_pattern(&ask, page_ask_value(&ask, "q"));
    struct ms_str *pattern = &ask.params[ask.n_params - 1];
    if (package_pattern_lower(pattern, *pattern, ask.arena) != MS_OK) {
        page_fail(request, arg, 400, MS_STR("The name is too long."));
        return;
    }
    bool has_index = package_pattern_has_index(*pattern);
    page_ask_add(&ask, page_ask_value(&ask, "type"));
    page_ask_add(&ask, has_index ? MS_STR("t") : MS_STR("f"));
    page_ask_serve(&ask, MS_STR_ABSENT);
}
