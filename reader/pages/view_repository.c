/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A repository: what it is, how to pull it, its tags, what happened to it, what its images share.
 */
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/html/table.h"
#include "reader/pages/repository.h"

#include <string.h>

enum { DESCRIPTION_MAX = 1000, VALUE_MAX = 400, ALIASES_SHOWN = 3, PLATFORMS_SHOWN = 3 };

static struct link link_to_page(const struct repository *page)
{
    struct link link = link_to_repository(page->name);
    link_set(&link, "all", page->is_all ? MS_STR("1") : MS_STR_ABSENT);
    link_set(&link, "q", page->q);
    link_set(&link, "sort", page->sort);
    return link;
}

/* --- what it is --- */

static void write_fact(struct ms_buf *out, int64_t number, const char *one, const char *many)
{
    html_raw(out, "<span>");
    format_count(out, number, one, many);
    html_raw(out, "</span>");
}

static void write_facts(struct ms_buf *out, const struct repository *page)
{
    html_raw(out, "<p class=\"facts\">");
    write_fact(out, page->tags, "tag", "tags");
    write_fact(out, page->images, "image", "images");
    if (page->artifacts > 0)
        write_fact(out, page->artifacts, "artifact", "artifacts");
    html_raw(out, "<span>");
    format_size(out, page->bytes);
    html_raw(out, ", each blob once</span>");
    write_fact(out, page->pulls, "pull", "pulls");
    html_raw(out, "<span>updated ");
    format_time(out, page->updated);
    html_raw(out, "</span><span>since ");
    format_day(out, page->created);
    html_raw(out, "</span></p>\n");
}

static void write_head(struct ms_buf *out, const struct repository *page)
{
    html_raw(out, "<h1>");
    html_name(out, page->name);
    html_raw(out, "</h1>\n");
    if (page->is_official || page->title.len > 0) {
        html_raw(out, "<p>");
        if (page->is_official)
            part_mark(out, "good", "official");
        html_raw(out, "<strong><bdi>");
        html_text_at_most(out, page->title, VALUE_MAX);
        html_raw(out, "</bdi></strong></p>\n");
    }
    if (page->description.len > 0) {
        html_raw(out, "<p><bdi>");
        html_text_at_most(out, page->description, DESCRIPTION_MAX);
        html_raw(out, "</bdi></p>\n");
    }
    write_facts(out, page);
    if (page->unreadable > 0) {
        html_raw(out, "<p class=\"notice alert\">");
        format_count(out, page->unreadable, "manifest", "manifests");
        html_raw(out, " of this repository cannot be read from the registry. "
                      "Tags that are among them say why; <a href=\"/stats#unreadable\">the "
                      "newest reasons</a> of the registry.</p>\n");
    }
}

/* --- how to pull it --- */

static void write_reference(struct ms_buf *out, const struct view_frame *frame,
                            const struct repository *page, bool by_digest)
{
    view_registry(out, frame);
    html_raw(out, "/");
    html_text(out, page->name);
    html_raw(out, by_digest ? "@" : ":");
    html_text(out, by_digest ? page->pull_digest : page->pull_tag);
}

static void write_flatpak(struct ms_buf *out, const struct repository *page)
{
    /* Flatpak asks for this tag and for no other. */
    if (!view_is_plain_word(page->flatpak_ref) || !ms_str_equal(page->pull_tag, MS_STR("latest")))
        return;
    part_command(out, "flatpak, once");
    html_raw(out, "flatpak remote-add --if-not-exists apps oci+"
                  "<span class=\"origin\">$METASTORE</span>");
    part_command_end(out);
    part_command(out, "flatpak");
    html_raw(out, "flatpak install apps ");
    html_text(out, page->flatpak_ref);
    part_command_end(out);
}

static void write_pull(struct ms_buf *out, const struct view_frame *frame,
                       const struct repository *page)
{
    static const struct {
        const char *label, *command;
        bool by_digest, is_of_artifacts;
    } COMMANDS[] = {{"docker", "docker pull ", false, false},
                    {"podman", "podman pull ", false, false},
                    {"skopeo", "skopeo inspect docker://", false, false},
                    {"skopeo", "skopeo inspect --raw docker://", false, true},
                    {"by digest", "docker pull ", true, false}};
    bool is_artifact = strcmp(page->pull_kind, "artifact") == 0;
    if (page->pull_tag.len == 0 || strcmp(page->pull_kind, "unreadable") == 0)
        return;
    part_heading(out, "pull", "Pull");
    write_flatpak(out, page);
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++) {
        if (COMMANDS[i].is_of_artifacts != is_artifact)
            continue;
        part_command(out, COMMANDS[i].label);
        html_raw(out, COMMANDS[i].command);
        write_reference(out, frame, page, COMMANDS[i].by_digest);
        part_command_end(out);
    }
}

/* --- its tags --- */

static void write_tag_name(struct ms_buf *out, const struct repository *page,
                           const struct repository_tag *row)
{
    size_t shown = row->aliases.n <= ALIASES_SHOWN + 1 ? row->aliases.n : ALIASES_SHOWN;
    view_tag_link(out, page->name, row->name);
    for (size_t i = 0; i < shown; i++) {
        html_raw(out, " = ");
        view_tag_link(out, page->name, row->aliases.items[i]);
    }
    if (shown < row->aliases.n)
        ms_buf_printf(out, " and %zu more", row->aliases.n - shown);
}

static void write_about(struct ms_buf *out, const struct repository_tag *row)
{
    if (row->unreadable.len > 0) {
        part_mark(out, "alert", "unreadable");
        html_raw(out, "<bdi>");
        html_text_at_most(out, row->unreadable, VALUE_MAX);
        html_raw(out, "</bdi> ");
    }
    view_evidence(out, row->is_signed, row->has_sbom, row->has_provenance);
    if (row->is_outdated)
        part_mark(out, "warning", "base moved");
}

static void write_tag(struct ms_buf *out, const struct table *table, const struct repository *page,
                      const struct repository_tag *row)
{
    table_row(out);
    table_cell(out, table, 0);
    write_tag_name(out, page, row);
    table_cell_end(out, table, 0);
    table_cell(out, table, 1);
    html_raw(out, row->kind);
    table_cell_end(out, table, 1);
    table_cell(out, table, 2);
    view_platforms(out, row->platforms, PLATFORMS_SHOWN);
    table_cell_end(out, table, 2);
    table_size(out, table, 3, row->bytes);
    table_number(out, table, 4, row->pulls);
    table_time(out, table, 5, row->updated);
    table_cell(out, table, 6);
    view_pusher(out, row->pushed_by);
    table_cell_end(out, table, 6);
    table_cell(out, table, 7);
    if (row->digest.len > 0)
        part_manifest_digest(out, page->name, row->digest);
    table_cell_end(out, table, 7);
    table_cell(out, table, 8);
    write_about(out, row);
    table_cell_end(out, table, 8);
    table_row_end(out);
}

static void write_table(struct ms_buf *out, const struct repository *page, const struct link *link)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Tag", .sort = "-version", .is_row_header = true},
        {.title = "Kind"},
        {.title = "Platforms"},
        {.title = "Size", .sort = "-size", .is_number = true},
        {.title = "Pulls", .sort = "-pulls", .is_number = true},
        {.title = "Pushed", .sort = "-updated", .is_number = true},
        {.title = "By"},
        {.title = "Digest"},
        {.title = "Evidence"},
    };
    const struct table table = {.id = "tags-table",
                                .caption = "Size: what a pull of all platforms fetches. Signed: a "
                                           "signature is there, it was not verified. Pulls are up "
                                           "to a minute old. Pulls and push are those of the first "
                                           "tag in a row",
                                .columns = COLUMNS,
                                .n_columns = sizeof(COLUMNS) / sizeof(COLUMNS[0]),
                                .link = link,
                                .sort = page->sort.len > 0 ? page->sort : MS_STR("-version")};
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_rows; i++)
        write_tag(out, &table, page, &page->rows[i]);
    table_end(out);
}

/* The order in words, and the others as links. */
static void write_order(struct ms_buf *out, const struct repository *page, const struct link *link)
{
    static const struct {
        const char *sort, *text, *reverse, *reverse_text;
    } ORDERS[] = {{"-version", "newest version first", "version", "oldest version first"},
                  {"-updated", "last pushed first", "updated", "longest unchanged first"},
                  {"name", "by name", "-name", "by name, backwards"},
                  {"-size", "largest first", "size", "smallest first"},
                  {"-pulls", "most pulled first", "pulls", "least pulled first"}};
    html_raw(out, "Order: ");
    for (size_t i = 0; i < sizeof(ORDERS) / sizeof(ORDERS[0]); i++) {
        bool is_reversed = ms_str_equal(page->sort, ms_str(ORDERS[i].reverse));
        bool is_present = is_reversed || ms_str_equal(page->sort, ms_str(ORDERS[i].sort)) ||
                          (page->sort.len == 0 && i == 0);
        struct link other = *link;
        link_set(&other, "sort", i == 0 ? MS_STR_ABSENT : ms_str(ORDERS[i].sort));
        html_raw(out, i > 0 ? " · " : "");
        if (!is_present)
            link_open(out, &other);
        html_raw(out, is_present ? "<strong>" : "");
        html_raw(out, is_reversed ? ORDERS[i].reverse_text : ORDERS[i].text);
        html_raw(out, is_present ? "</strong>" : "</a>");
    }
}

static void write_filter(struct ms_buf *out, const struct repository *page)
{
    struct link action = link_to_repository(page->name);
    html_raw(out, "<form class=\"filter\" action=\"");
    link_write(out, &action);
    html_raw(out, "\" method=\"get\"><label for=\"filter\">Tags like</label> <input id=\"filter\" "
                  "name=\"q\" maxlength=\"255\" placeholder=\"18.*\" value=\"");
    html_attribute(out, page->q);
    html_raw(out, "\">");
    if (page->is_all)
        html_raw(out, "<input type=\"hidden\" name=\"all\" value=\"1\">");
    if (page->sort.len > 0) {
        html_raw(out, "<input type=\"hidden\" name=\"sort\" value=\"");
        html_attribute(out, page->sort);
        html_raw(out, "\">");
    }
    html_raw(out, " <button>Filter</button></form>\n");
}

static void write_tags(struct ms_buf *out, const struct repository *page, const struct link *link,
                       const struct view_pages *pages)
{
    struct link api = {.base = "/api/v1/repositories/", .name = page->name, .middle = "/-/tags"};
    link_set(&api, "all", page->is_all ? MS_STR("1") : MS_STR_ABSENT);
    link_set(&api, "q", page->q);
    link_set(&api, "sort", page->sort.len > 0 ? page->sort : MS_STR("-version"));
    part_heading(out, "tags", "Tags");
    html_raw(out, "<div class=\"tools\">");
    write_filter(out, page);
    html_raw(out, "<p>");
    format_count(out, page->total, "tag", "tags");
    if (page->q.len > 0) {
        html_raw(out, " like ");
        html_name(out, page->q);
    } else if (page->tags > page->total && page->total >= 0 && !page->is_all) {
        struct link all = *link;
        link_set(&all, "all", MS_STR("1"));
        html_raw(out, " and ");
        link_open(out, &all);
        format_count(out, page->tags - page->total, "that holds", "that hold");
        html_raw(out, " signatures and the like</a>");
    }
    html_raw(out, ". ");
    write_order(out, page, link);
    html_raw(out, "</p></div>\n");
    view_curl(out, &api);
    if (page->n_rows > 0)
        write_table(out, page, link);
    table_pages(out, pages->has_prev ? &pages->prev : NULL, pages->has_next ? &pages->next : NULL);
}

static void write_untagged(struct ms_buf *out, const struct repository *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Digest", .is_row_header = true}, {.title = "Kind"},
        {.title = "What", .is_wide = true},         {.title = "Attached to"},
        {.title = "Size", .is_number = true},       {.title = "First seen", .is_number = true},
    };
    const struct table table = {.id = "untagged-table",
                                .caption = "Untagged manifests and artifacts",
                                .is_caption_hidden = true,
                                .columns = COLUMNS,
                                .n_columns = 6};
    int64_t all = page->untagged + page->hidden;
    if (page->n_untagged_rows == 0)
        return;
    html_raw(out, "<details><summary>");
    format_count(out, page->untagged, "manifest", "manifests");
    html_raw(out, " without a tag");
    if (page->hidden > 0) {
        html_raw(out, ", ");
        format_count(out, page->hidden, "signature or the like", "signatures and the like");
    }
    html_raw(out, "</summary>\n");
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_untagged_rows; i++) {
        const struct repository_untagged *row = &page->untagged_rows[i];
        table_row(out);
        table_cell(out, &table, 0);
        part_manifest_digest(out, page->name, row->digest);
        table_cell_end(out, &table, 0);
        table_cell(out, &table, 1);
        html_raw(out, row->kind);
        table_cell_end(out, &table, 1);
        table_cell(out, &table, 2);
        html_foreign(out, row->what);
        table_cell_end(out, &table, 2);
        table_cell(out, &table, 3);
        if (row->about.len > 0)
            part_manifest_digest(out, page->name, row->about);
        table_cell_end(out, &table, 3);
        table_size(out, &table, 4, row->bytes);
        table_time(out, &table, 5, row->first_seen);
        table_row_end(out);
    }
    table_end(out);
    if (all > (int64_t)page->n_untagged_rows)
        ms_buf_printf(out, "<p>These are the newest %zu of them.</p>", page->n_untagged_rows);
    html_raw(out, "</details>\n");
}

static void write_labels(struct ms_buf *out, const struct repository *page)
{
    if (page->n_labels == 0)
        return;
    part_heading(out, "labels", "Labels that all of its images have");
    html_raw(out, "<dl class=\"keys\">");
    for (size_t i = 0; i < page->n_labels; i++) {
        html_raw(out, "<dt>");
        html_name(out, page->labels[i].key);
        html_raw(out, "</dt><dd>");
        link_foreign(out, page->labels[i].value, VALUE_MAX);
        html_raw(out, "</dd>\n");
    }
    html_raw(out, "</dl>\n");
}

void view_repository(struct ms_buf *out, const struct view_frame *frame,
                     const struct repository *page)
{
    struct link link = link_to_page(page);
    struct link json = {.base = "/api/v1/repositories/", .name = page->name};
    struct link atom = {.base = "/r/", .name = page->name, .middle = "/-/feed"};
    struct view_pages pages;
    view_pages_init(&pages, &link, page->cursors);
    struct layout layout = {
        .site = &frame->site,
        .truth = frame->truth,
        .title = page->name,
        .about = page->description,
        .canonical = link,
        .prev = pages.has_prev ? &pages.prev : NULL,
        .next = pages.has_next ? &pages.next : NULL,
        .json = &json,
        .atom = &atom,
    };
    layout_add_repository(&layout, page->name);
    layout_begin(out, &layout);
    write_head(out, page);
    write_pull(out, frame, page);
    write_tags(out, page, &link, &pages);
    write_untagged(out, page);
    if (page->activity.n > 0) {
        struct link days = link_to("/api/v1/activity");
        link_set(&days, "repository", page->name);
        part_heading(out, "activity", "Pulls and pushes");
        view_curl(out, &days);
        chart_activity(out, &page->activity);
    }
    write_labels(out, page);
    layout_end(out, &layout);
}
