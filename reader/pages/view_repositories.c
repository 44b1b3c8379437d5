/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A namespace: the namespaces below it, then its repositories.
 */
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/html/table.h"
#include "reader/pages/repositories.h"

enum { DESCRIPTION_MAX = 140, PLATFORMS_SHOWN = 3 };

static struct link link_to_page(const struct repositories *page)
{
    struct link link = {.base = "/r/", .name = page->prefix};
    link_set(&link, "all", page->is_flat ? MS_STR("1") : MS_STR_ABSENT);
    link_set(&link, "ns", page->ns);
    link_set(&link, "q", page->q);
    link_set(&link, "sort", page->sort);
    return link;
}

static void write_namespace_link(struct ms_buf *out, const struct link *page_link,
                                 struct ms_str cursor, const char *rel, const char *text)
{
    struct link link = *page_link;
    if (cursor.len == 0)
        return;
    link_set(&link, "ns", cursor);
    link_open_with(out, &link, rel);
    html_raw(out, text);
    html_raw(out, "</a> ");
}

/* Where among all namespaces those above are, and the way to the others. */
static void write_namespace_pages(struct ms_buf *out, const struct repositories *page,
                                  const struct link *link)
{
    struct view_cursors cursors = page->namespace_cursors;
    if (page->all_namespaces <= (int64_t)page->n_namespaces)
        return;
    html_raw(out, "<p>");
    if (cursors.prev.len == 0) {
        html_raw(out, "These are the ");
        format_count(out, (int64_t)page->n_namespaces, "largest", "largest");
    } else {
        html_raw(out, "These are ");
        format_number(out, (int64_t)page->n_namespaces);
    }
    html_raw(out, " of ");
    format_count(out, page->all_namespaces, "namespace", "namespaces");
    html_raw(out, cursors.prev.len == 0 ? ".</p>\n" : ", the largest first.</p>\n");
    html_raw(out, "<nav class=\"pages\" aria-label=\"Pages of namespaces\">");
    write_namespace_link(out, link, cursors.prev, " rel=\"prev\"", "← Larger namespaces");
    write_namespace_link(out, link, cursors.next, " rel=\"next\"", "Smaller namespaces →");
    html_raw(out, "</nav>\n");
}

/* Of a cursor behind which nothing is left. */
static void write_no_namespaces(struct ms_buf *out, const struct repositories *page,
                                const struct link *page_link)
{
    struct link link = *page_link;
    link_set(&link, "ns", MS_STR_ABSENT);
    html_raw(out, "<p>This page of namespaces is empty now: ");
    link_open(out, &link);
    html_raw(out, "the largest of ");
    format_count(out, page->all_namespaces, "namespace", "namespaces");
    html_raw(out, "</a>.</p>\n");
}

static void write_namespaces(struct ms_buf *out, const struct repositories *page,
                             const struct link *page_link)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Namespace", .is_row_header = true, .is_wide = true},
        {.title = "Repositories", .is_number = true},
        {.title = "Tags", .is_number = true},
        {.title = "Size", .is_number = true},
        {.title = "Updated", .is_number = true},
    };
    const struct table table = {.id = "namespaces-table",
                                .caption = "Namespaces. Size: a sum over its repositories, each "
                                           "with its blobs once",
                                .columns = COLUMNS,
                                .n_columns = 5};
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_namespaces; i++) {
        const struct repositories_namespace *row = &page->namespaces[i];
        struct link link = {.base = "/r/", .name = row->name, .middle = "/"};
        table_row(out);
        table_cell(out, &table, 0);
        link_open(out, &link);
        html_name(out, ms_str_skip(row->name, page->prefix.len));
        html_raw(out, "/</a>");
        table_cell_end(out, &table, 0);
        const int64_t numbers[] = {row->repositories, row->tags};
        for (size_t n = 0; n < 2; n++) {
            table_number(out, &table, n + 1, numbers[n]);
        }
        table_size(out, &table, 3, row->bytes);
        table_time(out, &table, 4, row->updated);
        table_row_end(out);
    }
    table_end(out);
    write_namespace_pages(out, page, page_link);
}

static void write_name(struct ms_buf *out, const struct repositories_row *row)
{
    view_repository_link(out, row->name);
    html_raw(out, " ");
    if (row->is_official)
        part_mark(out, "good", "official");
    struct ms_str about = row->description.len > 0 ? row->description : row->title;
    if (about.len == 0)
        return;
    html_raw(out, "<span class=\"subtle\"><bdi>");
    html_text_at_most(out, about, DESCRIPTION_MAX);
    html_raw(out, "</bdi></span>");
}

static void write_rows(struct ms_buf *out, const struct repositories *page, const struct link *link)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Repository", .sort = "name", .is_row_header = true, .is_wide = true},
        {.title = "Platforms"},
        {.title = "Tags", .sort = "-tags", .is_number = true},
        {.title = "Size", .sort = "-size", .is_number = true},
        {.title = "Pulls", .sort = "-pulls", .is_number = true},
        {.title = "Updated", .sort = "-updated", .is_number = true},
    };
    const struct table table = {.id = "repositories-table",
                                .caption =
                                    "Repositories. Size: each of its blobs once. Pulls are up to a "
                                    "minute old",
                                .columns = COLUMNS,
                                .n_columns = 6,
                                .link = link,
                                .sort = page->sort.len > 0 ? page->sort : MS_STR("name")};
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_rows; i++) {
        const struct repositories_row *row = &page->rows[i];
        table_row(out);
        table_cell(out, &table, 0);
        write_name(out, row);
        table_cell_end(out, &table, 0);
        table_cell(out, &table, 1);
        view_platforms(out, row->platforms, PLATFORMS_SHOWN);
        table_cell_end(out, &table, 1);
        table_number(out, &table, 2, row->tags);
        table_size(out, &table, 3, row->bytes);
        table_number(out, &table, 4, row->pulls);
        table_time(out, &table, 5, row->updated);
        table_row_end(out);
    }
    table_end(out);
}

static void write_filter(struct ms_buf *out, const struct repositories *page)
{
    struct link action = {.base = "/r/", .name = page->prefix};
    html_raw(out, "<form class=\"filter\" action=\"");
    link_write(out, &action);
    html_raw(out, "\" method=\"get\"><label for=\"filter\">Names with</label> <input id=\"filter\" "
                  "name=\"q\" maxlength=\"255\" value=\"");
    html_attribute(out, page->q);
    html_raw(out, "\">");
    if (page->is_flat)
        html_raw(out, "<input type=\"hidden\" name=\"all\" value=\"1\">");
    if (page->sort.len > 0) {
        html_raw(out, "<input type=\"hidden\" name=\"sort\" value=\"");
        html_attribute(out, page->sort);
        html_raw(out, "\">");
    }
    html_raw(out, " <button>Filter</button></form>\n");
}

static void write_list(struct ms_buf *out, const struct repositories *page, const struct link *link,
                       const struct view_pages *pages)
{
    struct link other = *link;
    link_set(&other, "all", page->is_flat ? MS_STR_ABSENT : MS_STR("1"));
    link_set(&other, "ns", MS_STR_ABSENT);
    html_raw(out, "<div class=\"tools\">");
    write_filter(out, page);
    html_raw(out, "<p>");
    format_count(out, page->total, "repository", "repositories");
    html_raw(out, page->is_flat ? " in all namespaces below" : " directly here");
    if (page->q.len > 0) {
        html_raw(out, " with ");
        html_name(out, page->q);
        html_raw(out, " in the name");
    }
    html_raw(out, ". ");
    if (page->is_flat || page->all_below > page->total) {
        link_open(out, &other);
        html_raw(out, page->is_flat ? "By namespace" : "All below, in one list");
        html_raw(out, "</a>");
    }
    html_raw(out, "</p></div>\n");
    html_raw(out, "<div class=\"named\">");
    if (page->n_rows > 0)
        write_rows(out, page, link);
    html_raw(out, "</div>\n");
    table_pages(out, pages->has_prev ? &pages->prev : NULL, pages->has_next ? &pages->next : NULL);
}

void view_repositories(struct ms_buf *out, const struct view_frame *frame,
                       const struct repositories *page)
{
    struct link link = link_to_page(page), list = link, json = link_to("/api/v1/repositories");
    struct link atom = link_to("/feed");
    struct view_pages pages;
    link_set(&json, "direct", page->is_flat ? MS_STR_ABSENT : MS_STR("1"));
    link_set(&json, "prefix", page->prefix);
    link_set(&atom, "prefix", page->prefix);
    link_set(&json, "q", page->q);
    link_set(&json, "sort", page->sort);
    link_set(&list, "ns", MS_STR_ABSENT); /* further pages of repositories show no namespaces */
    view_pages_init(&pages, &list, page->cursors);
    struct ms_str name =
        ms_str_slice(page->prefix, 0, page->prefix.len > 0 ? page->prefix.len - 1 : 0);
    struct layout layout = {
        .site = &frame->site,
        .truth = frame->truth,
        .title = name.len > 0 ? page->prefix : MS_STR("Repositories"),
        .place = name.len > 0 ? LAYOUT_ELSEWHERE : LAYOUT_REPOSITORIES,
        .canonical = link,
        .prev = pages.has_prev ? &pages.prev : NULL,
        .next = pages.has_next ? &pages.next : NULL,
        .json = &json,
        .atom = &atom,
    };
    if (name.len > 0)
        layout_add_repository(&layout, name);
    layout_begin(out, &layout);
    html_raw(out, "<h1>");
    if (name.len > 0)
        html_name(out, page->prefix);
    else
        html_raw(out, "Repositories");
    html_raw(out, "</h1>\n");
    if (page->n_namespaces > 0)
        write_namespaces(out, page, &link);
    else if (page->all_namespaces > 0)
        write_no_namespaces(out, page, &link);
    write_list(out, page, &link, &pages);
    layout_end(out, &layout);
}
