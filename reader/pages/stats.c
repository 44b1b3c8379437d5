/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page /stats.
 */
#include "reader/pages/stats.h"

#include "reader/pages/page.h"
#include "reader/pages/pages.h"

enum { ROWS_MAX = 20, UNREADABLE_MAX = 50, COUNTS_MAX = 20 };

static struct stats_size *read_sizes(struct page *page, struct ms_str array, size_t *out_n)
{
    struct ms_str rest = array, row;
    struct stats_size *rows = page_array(page, array, sizeof(*rows), ROWS_MAX, out_n);
    for (size_t i = 0; i < *out_n && json_next(NULL, &row, &rest); i++)
        rows[i] = (struct stats_size){
            .name = page_text(page, row, "name"),
            .count = page_number(row, "repositories"),
            .bytes = page_number(row, "size"),
            .shared_bytes = page_number(row, "shared"),
            .grown_bytes = page_number(row, "growth"),
        };
    return rows;
}

static struct view_counts read_counts(struct page *page, struct ms_str array)
{
    struct ms_str rest = array, row;
    size_t n;
    struct view_count *rows = page_array(page, array, sizeof(*rows), COUNTS_MAX, &n);
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
    struct ms_str body = page->columns[0], evidence = json_get(body, "evidence");
    struct ms_str growth = json_get(body, "growth");
    struct stats data = {
        .repositories = page_number(body, "repositories"),
        .tags = page_number(body, "tags"),
        .manifests = page_number(body, "manifests"),
        .images = page_number(body, "images"),
        .indexes = page_number(body, "indexes"),
        .artifacts = page_number(body, "artifacts"),
        .unreadable = page_number(body, "unreadable_all"),
        .untagged = page_number(body, "untagged"),
        .bytes = page_number(body, "size"),
        .pulls = page_number(body, "pulls"),
        .grown_since = page_text(page, growth, "since"),
        .grown_bytes = page_number(growth, "size"),
        .platforms = read_counts(page, json_get(body, "platforms")),
        .media_types = read_counts(page, json_get(body, "media_types")),
        .is_signed = page_number(evidence, "signed"),
        .have_sbom = page_number(evidence, "sbom"),
        .have_provenance = page_number(evidence, "provenance"),
        .all_namespaces = page_number(body, "all_namespaces"),
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
