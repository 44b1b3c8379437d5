/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics: totals, where the bytes are, what kinds of images there are, what happens a day, and
 * what cannot be read.
 */
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/html/table.h"
#include "reader/pages/stats.h"

enum { REASON_MAX = 400 };

static void write_total(struct ms_buf *out, const char *term, int64_t number, const char *what)
{
    part_term(out, term);
    format_number(out, number);
    html_raw(out, what);
    part_term_end(out);
}

static void write_totals(struct ms_buf *out, const struct stats *page)
{
    html_raw(out, "<dl class=\"totals\">");
    write_total(out, "Repositories", page->repositories, "");
    write_total(out, "Tags", page->tags, "");
    write_total(out, "Manifests", page->manifests, ", of every kind, each digest once");
    write_total(out, "Images", page->images, ", that a tag shows, itself or through an index");
    write_total(out, "Indexes", page->indexes, ", that a tag shows");
    write_total(out, "Artifacts", page->artifacts, ", such as signatures and SBOMs");
    write_total(out, "Untagged", page->untagged, " manifests that no tag leads to");
    write_total(out, "Unreadable", page->unreadable, " manifests and tags");
    part_term(out, "Size");
    format_size(out, page->bytes);
    html_raw(out, " with each blob counted once");
    if (page->grown_since.len > 0) {
        html_raw(out, ", ");
        format_size_change(out, page->grown_bytes);
        html_raw(out, " since ");
        format_day(out, page->grown_since);
    }
    part_term_end(out);
    write_total(out, "Pulls", page->pulls, ", up to a minute old");
    html_raw(out, "</dl>\n");
}

static void write_evidence(struct ms_buf *out, const struct stats *page)
{
    const struct {
        const char *term, *query;
        int64_t number;
    } rows[] = {{"Signed", "is:signed", page->is_signed},
                {"SBOM", "has:sbom", page->have_sbom},
                {"Provenance", "has:provenance", page->have_provenance}};
    int64_t all = page->images + page->indexes;
    html_raw(out, "<dl class=\"totals\">");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link link = link_to_search(ms_str(rows[i].query));
        part_term(out, rows[i].term);
        link_open(out, &link);
        format_number(out, rows[i].number);
        html_raw(out, "</a> of ");
        format_number(out, all);
        html_raw(out, " images and indexes");
        if (all > 0 && rows[i].number >= 0)
            ms_buf_printf(out, ", %.3g %%", 100.0 * (double)rows[i].number / (double)all);
        part_term_end(out);
    }
    part_term(out, "Base");
    html_raw(out, "<a href=\"/search?kind=image&amp;q=is:outdated\">Images whose base has "
                  "moved</a>");
    part_term_end(out);
    html_raw(out, "</dl>\n<p class=\"subtle\">Present, not verified; up to ten minutes old.</p>\n");
}

static void write_share(struct ms_buf *out, const struct table *table, size_t column, int64_t value,
                        int64_t max)
{
    table_cell(out, table, column);
    chart_bar(out, value, max, "");
    table_cell_end(out, table, column);
    table_row_end(out);
}

/* How a program gets what stands below it. */
static void write_api(struct ms_buf *out, const char *path, const char *sort)
{
    struct link api = link_to(path);
    link_set(&api, "sort", sort == NULL ? MS_STR_ABSENT : ms_str(sort));
    view_curl(out, &api);
}

static void write_namespaces(struct ms_buf *out, const struct stats *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Namespace", .is_row_header = true},
        {.title = "Repositories", .is_number = true},
        {.title = "Size", .is_number = true},
        {.title = "Growth", .is_number = true},
        {.title = "<span class=\"away\">Share</span>", .is_wide = true},
    };
    const struct table table = {
        .id = "namespaces-table",
        .caption = page->grown_since.len > 0
                       ? "Size: a sum over its repositories, each with its blobs once. Growth: of "
                         "30 days, or since the first day that is known"
                       : "Size: a sum over its repositories, each with its blobs once. Growth is "
                         "known from the second day on",
        .columns = COLUMNS,
        .n_columns = 5};
    part_heading(out, "namespaces", "Bytes by namespace");
    write_api(out, "/api/v1/namespaces", "-size");
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_namespaces; i++) {
        const struct stats_size *row = &page->namespaces[i];
        struct link link = link_to_repository(row->name);
        link.middle = "/";
        table_row(out);
        table_cell(out, &table, 0);
        link_open(out, &link);
        html_name(out, row->name);
        html_raw(out, "/</a>");
        table_cell_end(out, &table, 0);
        table_number(out, &table, 1, row->count);
        table_size(out, &table, 2, row->bytes);
        table_cell(out, &table, 3);
        if (page->grown_since.len > 0)
            format_size_change(out, row->grown_bytes);
        else
            html_raw(out, "unknown");
        table_cell_end(out, &table, 3);
        write_share(out, &table, 4, row->bytes, page->namespaces[0].bytes);
    }
    table_end(out);
    if (page->all_namespaces > (int64_t)page->n_namespaces) {
        ms_buf_printf(out, "<p>The largest %zu of ", page->n_namespaces);
        format_count(out, page->all_namespaces, "namespace", "namespaces");
        html_raw(out, "; <a href=\"/r/\">all of them</a>.</p>\n");
    }
}

static void write_largest(struct ms_buf *out, const struct stats *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Repository", .is_row_header = true, .is_wide = true},
        {.title = "Tags", .is_number = true},
        {.title = "Size", .is_number = true},
        {.title = "Shared", .is_number = true},
        {.title = "Only here", .is_number = true},
        {.title = "<span class=\"away\">Share</span>"},
    };
    const struct table table = {.id = "largest-table",
                                .caption = "Size: each of its blobs once. Shared: other "
                                           "repositories have it, too, up to ten minutes old. Only "
                                           "here: what would be freed without it",
                                .columns = COLUMNS,
                                .n_columns = 6};
    part_heading(out, "largest", "Largest repositories");
    write_api(out, "/api/v1/repositories", "-size");
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_largest; i++) {
        const struct stats_size *row = &page->largest[i];
        bool is_known = row->bytes >= 0 && row->shared_bytes >= 0;
        table_row(out);
        table_cell(out, &table, 0);
        view_repository_link(out, row->name);
        table_cell_end(out, &table, 0);
        table_number(out, &table, 1, row->count);
        table_size(out, &table, 2, row->bytes);
        table_size(out, &table, 3, row->shared_bytes);
        table_size(out, &table, 4, is_known ? row->bytes - row->shared_bytes : FORMAT_UNKNOWN);
        write_share(out, &table, 5, row->bytes, page->largest[0].bytes);
    }
    table_end(out);
    html_raw(out, "<p><a href=\"/r/?all=1&amp;sort=-size\">All, by size</a></p>\n");
}

static void write_counts(struct ms_buf *out, const char *id, const char *title, const char *heading,
                         const char *caption, struct view_counts counts)
{
    const struct table_column columns[] = {
        {.title = title, .is_row_header = true},
        {.title = "Number", .is_number = true},
        {.title = "<span class=\"away\">Share</span>", .is_wide = true},
    };
    const struct table table = {.id = id, .caption = caption, .columns = columns, .n_columns = 3};
    if (counts.n == 0)
        return;
    html_raw(out, "<h2>");
    html_raw(out, heading);
    html_raw(out, "</h2>\n");
    table_begin(out, &table);
    for (size_t i = 0; i < counts.n; i++) {
        table_row(out);
        table_cell(out, &table, 0);
        html_name(out, counts.items[i].name);
        table_cell_end(out, &table, 0);
        table_number(out, &table, 1, counts.items[i].number);
        write_share(out, &table, 2, counts.items[i].number, counts.items[0].number);
    }
    table_end(out);
}

static void write_unreadable(struct ms_buf *out, const struct stats *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Image", .is_row_header = true},
        {.title = "Reason", .is_wide = true},
        {.title = "Since", .is_number = true},
    };
    const struct table table = {.id = "unreadable-table",
                                .caption = "What the registry has and cannot be read",
                                .columns = COLUMNS,
                                .n_columns = 3};
    part_heading(out, "unreadable", "Unreadable");
    if (page->n_unreadable_rows == 0) {
        html_raw(out, "<p>Nothing: all that the registry has can be read.</p>\n");
        return;
    }
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_unreadable_rows; i++) {
        const struct stats_unreadable *row = &page->unreadable_rows[i];
        struct link link = link_to_manifest(row->repository, row->reference);
        bool is_digest = ms_str_contains(row->reference, MS_STR(":"));
        table_row(out);
        table_cell(out, &table, 0);
        link_open(out, &link);
        html_name(out, row->repository);
        html_raw(out, is_digest ? "@" : ":");
        if (is_digest)
            html_digest(out, row->reference);
        else
            html_name(out, row->reference);
        html_raw(out, "</a>");
        table_cell_end(out, &table, 0);
        table_cell(out, &table, 1);
        html_raw(out, "<bdi>");
        html_text_at_most(out, row->reason, REASON_MAX);
        html_raw(out, "</bdi>");
        table_cell_end(out, &table, 1);
        table_time(out, &table, 2, row->since);
        table_row_end(out);
    }
    table_end(out);
    if (page->unreadable > (int64_t)page->n_unreadable_rows)
        ms_buf_printf(out, "<p>These are the newest %zu of them.</p>", page->n_unreadable_rows);
}

/* Questions to begin with; what they give is asked for when somebody wants it. */
static void write_advice(struct ms_buf *out)
{
    static const struct {
        const char *label, *query;
    } RULES[] = {
        {"Untagged for a month", "untagged_for=30d"},
        {"All but the newest five tags that begin with pr-, not pulled for half a year",
         "tags=pr-*&amp;keep_newest=5&amp;not_pulled_for=180d"},
    };
    part_heading(out, "advice", "What could go");
    html_raw(
        out,
        "<p>By rules of yours, with reasons and the bytes that it would free; nothing is deleted "
        "here. What a kept image needs is kept: children, referrers, attestations, the "
        "base that it names.</p>\n");
    for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++) {
        html_raw(out, "<p>");
        html_raw(out, RULES[i].label);
        html_raw(out, ":</p>\n");
        part_command(out, "API");
        html_raw(out, "curl -s &quot;<span class=\"origin\">$METASTORE</span>/api/v1/advice?");
        html_raw(out, RULES[i].query);
        html_raw(out, "&quot;");
        part_command_end(out);
    }
    html_raw(out, "<p>The requests that would delete it, for a registry that allows it:</p>\n");
    part_command(out, "API");
    html_raw(out,
             "curl -s &quot;<span class=\"origin\">$METASTORE</span>/api/v1/advice?untagged_for=30d"
             "&amp;n=1000&quot; | jq -r '.advice[].request'");
    part_command_end(out);
}

void view_stats(struct ms_buf *out, const struct view_frame *frame, const struct stats *page)
{
    struct link json = link_to("/api/v1/stats");
    const struct layout layout = {
        .site = &frame->site,
        .truth = frame->truth,
        .title = MS_STR("Statistics"),
        .place = LAYOUT_STATISTICS,
        .canonical = link_to("/stats"),
        .json = &json,
    };
    layout_begin(out, &layout);
    html_raw(out, "<h1>Statistics</h1>\n");
    write_totals(out, page);
    write_evidence(out, page);
    if (page->n_namespaces > 0)
        write_namespaces(out, page);
    if (page->n_largest > 0)
        write_largest(out, page);
    write_counts(out, "platforms-table", "Platform", "Platforms",
                 "An image that several repositories have counts in each", page->platforms);
    write_counts(out, "media-types-table", "Media type", "Media types",
                 "Of the manifests stored last, 2,000 at most", page->media_types);
    if (page->activity.n > 0) {
        part_heading(out, "activity", "Pulls and pushes");
        write_api(out, "/api/v1/activity", NULL);
        chart_activity(out, &page->activity);
    }
    write_unreadable(out, page);
    if (page->doubled_refs > 0) {
        part_heading(out, "flatpak", "Flatpak");
        html_raw(out, "<p>");
        view_doubled_refs(out, page->doubled_refs);
        html_raw(out, "</p>\n");
    }
    write_advice(out);
    layout_end(out, &layout);
}
