/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packages: a form, and a table of names with their versions, each a link to the images that hold
 * it.
 */
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/html/table.h"
#include "reader/pages/packages.h"

enum { TERM_MAX = 2048, VERSIONS_SHOWN = 12 };

static struct link link_to_page(const struct packages *page)
{
    struct link link = link_to("/packages");
    link_set(&link, "q", page->q);
    link_set(&link, "type", page->type);
    return link;
}

/* The search for the images that hold it. False: it cannot be asked for, with a quotation mark in
 * it. The link holds a view into `term`. */
static bool link_images(struct link *out, struct ms_buf *term, struct ms_str name,
                        struct ms_str version)
{
    ms_buf_clear(term);
    ms_buf_append_c(term, "package:\"");
    ms_buf_append(term, name);
    if (version.len > 0)
        ms_buf_append_char(term, '@');
    ms_buf_append(term, version);
    ms_buf_append_char(term, '"');
    *out = link_to_search(ms_buf_view(term));
    return !ms_str_contains(name, MS_STR("\"")) && !ms_str_contains(version, MS_STR("\"")) &&
           ms_buf_status(term) == MS_OK;
}

static void write_versions(struct ms_buf *out, struct ms_buf *term, const struct packages_row *row)
{
    size_t first = row->versions.n > VERSIONS_SHOWN ? row->versions.n - VERSIONS_SHOWN : 0;
    if (first > 0)
        html_raw(out, "… ");
    for (size_t i = first; i < row->versions.n; i++) {
        const struct view_count *version = &row->versions.items[i];
        struct link link;
        html_raw(out, i > first ? ", " : "");
        if (version->name.len == 0) {
            html_raw(out, "unknown");
        } else if (link_images(&link, term, row->name, version->name)) {
            link_open(out, &link);
            html_name(out, version->name);
            html_raw(out, "</a>");
        } else {
            html_name(out, version->name);
        }
        html_raw(out, " (");
        format_number(out, version->number);
        html_raw(out, ")");
    }
}

static void write_rows(struct ms_buf *out, const struct packages *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Package", .is_row_header = true},
        {.title = "Type"},
        {.title = "Versions, and how many images hold each", .is_wide = true},
        {.title = "Images", .is_number = true},
    };
    const struct table table = {.id = "packages-table",
                                .caption = "As the SBOMs in the registry name them. Images: "
                                           "reachable from a tag, seconds behind the tags",
                                .columns = COLUMNS,
                                .n_columns = 4};
    struct ms_buf term;
    struct link link;
    ms_buf_init(&term, TERM_MAX);
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_rows; i++) {
        const struct packages_row *row = &page->rows[i];
        table_row(out);
        table_cell(out, &table, 0);
        bool is_link = link_images(&link, &term, row->name, MS_STR_ABSENT);
        if (is_link)
            link_open(out, &link);
        html_name(out, row->name);
        html_raw(out, is_link ? "</a>" : "");
        table_cell_end(out, &table, 0);
        table_cell(out, &table, 1);
        if (row->type.len > 0)
            html_name(out, row->type);
        else
            html_raw(out, "unknown");
        table_cell_end(out, &table, 1);
        table_cell(out, &table, 2);
        write_versions(out, &term, row);
        table_cell_end(out, &table, 2);
        table_number(out, &table, 3, row->images);
        table_row_end(out);
    }
    table_end(out);
    ms_buf_free(&term);
}

static void write_filter(struct ms_buf *out, const struct packages *page)
{
    html_raw(out, "<div class=\"tools\"><form class=\"filter\" action=\"/packages\" method=\"get\">"
                  "<label for=\"filter\">Names with</label> <input id=\"filter\" name=\"q\" "
                  "maxlength=\"255\" value=\"");
    html_attribute(out, page->q);
    html_raw(out, "\"> <label for=\"type\">of type</label> <input id=\"type\" name=\"type\" "
                  "maxlength=\"64\" value=\"");
    html_attribute(out, page->type);
    html_raw(out, "\"> <button>Filter</button></form></div>\n");
}

void view_packages(struct ms_buf *out, const struct view_frame *frame, const struct packages *page)
{
    struct link link = link_to_page(page), json = link_to("/api/v1/packages");
    struct view_pages pages;
    link_set(&json, "q", page->q);
    link_set(&json, "type", page->type);
    view_pages_init(&pages, &link, page->cursors);
    const struct layout layout = {
        .site = &frame->site,
        .truth = frame->truth,
        .title = MS_STR("Packages"),
        .canonical = link,
        .prev = pages.has_prev ? &pages.prev : NULL,
        .next = pages.has_next ? &pages.next : NULL,
        .json = &json,
    };
    layout_begin(out, &layout);
    html_raw(out, "<h1>Packages</h1>\n");
    write_filter(out, page);
    if (page->n_rows > 0)
        write_rows(out, page);
    else
        html_raw(out, "<p>No SBOM in the registry names such a package.</p>\n");
    table_pages(out, pages.has_prev ? &pages.prev : NULL, pages.has_next ? &pages.next : NULL);
    view_curl(out, &json);
    layout_end(out, &layout);
}
