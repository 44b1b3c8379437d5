/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page /.
 */
#include "reader/pages/home.h"

#include "reader/pages/page.h"
#include "reader/pages/pages.h"

enum { ROWS_MAX = 10 };

static struct home_repository *read_rows(struct page *page, struct ms_str array, size_t *out_n)
{
    struct ms_str rest = array, row;
    struct home_repository *rows = page_array(page, array, sizeof(*rows), ROWS_MAX, out_n);
    for (size_t i = 0; i < *out_n && json_next(NULL, &row, &rest); i++)
        rows[i] = (struct home_repository){
            .name = page_text(page, row, "name"),
            .updated = page_text(page, row, "updated"),
            .tags = page_number(row, "tags"),
            .pulls = page_number(row, "pulls"),
        };
    return rows;
}

static struct home_namespace *read_namespaces(struct page *page, struct ms_str array, size_t *out_n)
{
    struct ms_str rest = array, row;
    struct home_namespace *rows = page_array(page, array, sizeof(*rows), ROWS_MAX, out_n);
    for (size_t i = 0; i < *out_n && json_next(NULL, &row, &rest); i++)
        rows[i] = (struct home_namespace){
            .name = page_text(page, row, "name"),
            .repositories = page_number(row, "repositories"),
            .bytes = page_number(row, "size"),
        };
    return rows;
}

static struct home_troubles read_troubles(struct page *page, struct ms_str troubles)
{
    return (struct home_troubles){
        .scan_failed = json_is_true(json_get(troubles, "scan_failed")),
        .scan_ended = page_text(page, troubles, "scan_ended"),
        .oldest_event_seconds = page_number(troubles, "oldest_event_seconds"),
        .held_tags = page_number(troubles, "held_tags"),
        .held_repositories = page_number(troubles, "held_repositories"),
        .unreadable = page_number(troubles, "unreadable"),
        .dead_letters = page_number(troubles, "dead_letters"),
        .doubled_refs = page_number(troubles, "doubled_refs"),
    };
}

static void build(struct ms_buf *out, struct page *page)
{
    struct ms_str body = page->columns[0];
    struct home home = {
        .repositories = page_number(body, "repositories"),
        .tags = page_number(body, "tags"),
        .images = page_number(body, "images"),
        .bytes = page_number(body, "size"),
        .troubles = read_troubles(page, json_get(body, "troubles")),
        .all_namespaces = page_number(body, "all_namespaces"),
    };
    struct view_strings examples = page_strings(page, json_get(body, "examples"), HOME_EXAMPLES);
    size_t n = 0;
    for (size_t i = 0; i < examples.n; i++)
        if (examples.items[i].len > 0)
            home.examples[n++] = examples.items[i];
    home.pushed = read_rows(page, json_get(body, "pushed"), &home.n_pushed);
    home.pulled = read_rows(page, json_get(body, "pulled"), &home.n_pulled);
    home.namespaces = read_namespaces(page, json_get(body, "namespaces"), &home.n_namespaces);
    view_home(out, &page->frame, &home);
}

static const enum ms_read_query STATEMENT = MS_READ_PAGE_HOME;

static const struct page_kind HOME = {
    .statements = &STATEMENT, .shows_counts = true, .build = build};

void pages_home(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct page_ask ask;
    if (page_ask_begin(&ask, &HOME, request, match, arg))
        page_ask_serve(&ask, MS_STR_ABSENT);
}
