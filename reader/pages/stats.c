/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page /stats.
 */
#include "reader/pages/stats.h"

#include "reader/pages/page.h"
#include "reader/pages/pages.h"

enum { ROWS_MAX = 20, UNREADABLE_MAX = 50, PLATFORMS_MAX = 20 };

static struct stats_namespace *read_sizes(struct page *page, struct ms_str array, size_t *out_n)
{
    struct ms_str rest = array, row;
    struct stats_namespace *rows = page_array(page, array, sizeof(*rows), ROWS_MAX, out_n);
    for (size_t i = 0; i < *out_n && json_next(NULL, &row, &rest); i++)
        rows[i] =
            (struct stats_namespace){page_text(page, row, "name"), page_number(row, "repositories"),
                                     page_number(row, "size")};
    return rows;
}

static struct view_counts read_platforms(struct page *page, struct ms_str array)
{
    struct ms_str rest = array, row;
    size_t n;
    struct view_count *rows = page_array(page, array, sizeof(*rows), PLATFORMS_MAX, &n);
    for (size_t i = 0; i < n && json_next(NULL, &row, &rest); i++)
        rows[i] = (struct view_count){page_text(page, row, "value"), page_number(row, "images")};
    return (struct view_counts){rows, n};
}

static struct stats_unreadable *read_unreadable(struct page *page, struct ms_str array,
                                                size_t *out_n)
{
    struct ms_str rest = array, row;
    struct stats_unreadable *rows = page_array(page, array, sizeof(*rows), UNREADABLE_MAX, out_n);
    for (size_t i = 0; i < *out_n && json_next(NULL, &row, &rest); i++)
        rows[i] = (struct stats_unreadable){
            .repository = page_text(page, row, "repository"),
            .reference = page_text(page, row, "reference"),
            .reason = page_text(page, row, "reason"),
            .since = page_text(page, row, "since"),
        };
    return rows;
}

static void build(struct ms_buf *out, struct page *page)
{
    struct ms_str body = page->columns[0], totals = json_get(body, "stats");
    struct stats data = {
        .repositories = page_number(totals, "repositories"),
        .tags = page_number(totals, "tags"),
        .manifests = page_number(totals, "manifests"),
        .images = page_number(totals, "images"),
        .indexes = page_number(totals, "indexes"),
        .artifacts = page_number(totals, "artifacts"),
        .unreadable = page_number(totals, "unreadable"),
        .untagged = page_number(totals, "untagged"),
        .bytes = page_number(totals, "size"),
        .pulls = page_number(totals, "pulls"),
        .platforms = read_platforms(page, json_get(totals, "platforms")),
        .activity = page_activity(page, json_get(body, "activity")),
        .doubled_refs = page_number(body, "doubled_refs"),
    };
    data.namespaces = read_sizes(page, json_get(body, "namespaces"), &data.n_namespaces);
    data.largest = read_sizes(page, json_get(body, "largest"), &data.n_largest);
    data.unreadable_rows =
        read_unreadable(page, json_get(body, "unreadable"), &data.n_unreadable_rows);
    view_stats(out, &page->frame, &data);
}

static const enum ms_read_query STATEMENT = MS_READ_PAGE_STATS;

static const struct page_kind KIND = {
    .statements = &STATEMENT, .shows_counts = true, .build = build};

void pages_stats(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct page_ask ask;
    if (!page_ask_begin(&ask, &KIND, request, match, arg))
        return;
    page_ask_add(&ask, MS_STR_ABSENT);
    page_ask_add(&ask, MS_STR("90")); /* days of activity */
    page_ask_serve(&ask, MS_STR_ABSENT);
}
