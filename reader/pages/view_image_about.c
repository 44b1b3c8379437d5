/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said about an image: labels and annotations, packages, referrers, images built on it, and
 * the history of the tag.
 */
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/html/table.h"
#include "reader/pages/view_image_parts.h"

enum { KEY_MAX = 300, VALUE_MAX = 1000 };

/* The call of the API that gives what stands below it; `tail` and `end` are the last of its path.
 */
static void write_api(struct ms_buf *out, const char *base, const struct image *page,
                      const char *middle, struct ms_str tail, const char *end)
{
    struct ms_buf path;
    ms_buf_init(&path, 4096);
    ms_buf_printf(&path, "%.*s%s", MS_STR_ARG(tail), end);
    struct link api = {
        .base = base, .name = page->repository, .middle = middle, .tail = ms_buf_view(&path)};
    view_curl(out, &api);
    ms_buf_free(&path);
}

static void write_api_of_manifest(struct ms_buf *out, const struct image *page, const char *end)
{
    write_api(out, "/api/v1/repositories/", page, "/-/manifests/", page->reference, end);
}

void view_image_labels(struct ms_buf *out, const struct image *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Key", .is_row_header = true},
        {.title = "Value", .is_widest = true},
        {.title = "Origin"},
    };
    const struct table table = {.id = "labels-table",
                                .caption = "Labels and annotations",
                                .is_caption_hidden = true,
                                .columns = COLUMNS,
                                .n_columns = 3};
    if (page->n_labels == 0)
        return;
    part_heading(out, "labels", "Labels and annotations");
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_labels; i++) {
        const struct image_label *row = &page->labels[i];
        table_row(out);
        table_cell(out, &table, 0);
        if (row->key.len <= KEY_MAX) {
            html_name(out, row->key);
        } else {
            html_raw(out, "<bdi class=\"name\">");
            html_text_at_most(out, row->key, KEY_MAX);
            html_raw(out, "</bdi>");
        }
        table_cell_end(out, &table, 0);
        table_cell(out, &table, 1);
        link_foreign(out, row->value, VALUE_MAX);
        table_cell_end(out, &table, 1);
        table_cell(out, &table, 2);
        html_raw(out, row->origin);
        table_cell_end(out, &table, 2);
        table_row_end(out);
    }
    table_end(out);
}

/* The end of a paragraph: where the whole list stands. */
static void write_all(struct ms_buf *out, const struct link *all)
{
    link_open(out, all);
    html_raw(out, "all of them</a> as JSON.</p>\n");
}

static struct link link_to_list(const struct image *page, const char *list)
{
    return (struct link){.base = "/api/v1/repositories/",
                         .name = page->repository,
                         .middle = "/-/manifests/",
                         .tail = page->digest,
                         .end = list};
}

static void write_package_filter(struct ms_buf *out, const struct image *page)
{
    struct link action = link_to_manifest(page->repository, page->reference);
    html_raw(out, "<form class=\"filter\" action=\"");
    link_write(out, &action);
    html_raw(out, "#packages\" method=\"get\"><label for=\"package\">Names with</label> <input "
                  "id=\"package\" name=\"package\" maxlength=\"255\" value=\"");
    html_attribute(out, page->package);
    html_raw(out, "\"> <button>Filter</button></form>\n");
}

void view_image_packages(struct ms_buf *out, const struct image *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Package", .is_row_header = true, .is_wide = true},
        {.title = "Version"},
        {.title = "Type"},
    };
    const struct table table = {.id = "packages-table",
                                .caption = "As its SBOM names them",
                                .columns = COLUMNS,
                                .n_columns = 3};
    if (page->n_packages == 0 && page->package.len == 0)
        return;
    part_heading(out, "packages", "Packages");
    if (page->all_packages > (int64_t)page->n_packages || page->package.len > 0)
        write_package_filter(out, page);
    if (page->n_packages == 0) {
        html_raw(out, page->has_packages ? "<p>No package has this in its name.</p>\n"
                                         : "<p>No SBOM of it was read.</p>\n");
        return;
    }
    write_api_of_manifest(out, page, "/-/packages");
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_packages; i++) {
        const struct ms_str cells[] = {page->packages[i].name, page->packages[i].version,
                                       page->packages[i].type};
        struct link images = link_to("/packages");
        link_set(&images, "q", page->packages[i].name);
        table_row(out);
        for (size_t c = 0; c < 3; c++) {
            table_cell(out, &table, c);
            if (c == 0)
                link_open(out, &images);
            html_name(out, cells[c]);
            if (c == 0)
                html_raw(out, "</a>");
            table_cell_end(out, &table, c);
        }
        table_row_end(out);
    }
    table_end(out);
    if (page->all_packages > (int64_t)page->n_packages) {
        ms_buf_printf(out, "<p>The first %zu of ", page->n_packages);
        format_count(out, page->all_packages, "package", "packages");
        html_raw(out, "; ");
        struct link all = link_to_list(page, "/-/packages");
        link_set(&all, "q", page->package);
        write_all(out, &all);
    }
}

void view_image_referrers(struct ms_buf *out, const struct image *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "What", .is_row_header = true, .is_wide = true},
        {.title = "Digest"},
        {.title = "Size", .is_number = true},
    };
    const struct table table = {.id = "referrers-table",
                                .caption = "Present, not verified",
                                .columns = COLUMNS,
                                .n_columns = 3};
    if (page->n_referrers == 0)
        return;
    part_heading(out, "referrers", "Signatures, SBOMs and other referrers");
    write_api(out, "/v2/", page, "/referrers/", page->digest, "");
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_referrers; i++) {
        const struct image_referrer *row = &page->referrers[i];
        table_row(out);
        table_cell(out, &table, 0);
        html_foreign(out, row->what);
        table_cell_end(out, &table, 0);
        table_cell(out, &table, 1);
        part_manifest_digest(out, page->repository, row->digest);
        table_cell_end(out, &table, 1);
        table_size(out, &table, 2, row->bytes);
        table_row_end(out);
    }
    table_end(out);
    if (page->has_more_referrers) {
        struct link all = {.base = "/v2/",
                           .name = page->repository,
                           .middle = "/referrers/",
                           .tail = page->digest};
        ms_buf_printf(out, "<p>The first %zu; ", page->n_referrers);
        write_all(out, &all);
    }
}

static void write_derived(struct ms_buf *out, const struct image_derived *row)
{
    struct link link =
        link_to_manifest(row->repository, row->tags.n > 0 ? row->tags.items[0] : row->digest);
    link_open(out, &link);
    html_name(out, row->repository);
    html_raw(out, row->tags.n > 0 ? ":" : "@");
    if (row->tags.n > 0)
        html_name(out, row->tags.items[0]);
    else
        html_digest(out, row->digest);
    html_raw(out, "</a>");
    if (row->tags.n > 1)
        ms_buf_printf(out, " and %zu more", row->tags.n - 1);
}

void view_image_derived(struct ms_buf *out, const struct image *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Image", .is_row_header = true, .is_wide = true},
        {.title = "Platform"},
        {.title = "Digest"},
        {.title = "Updated", .is_number = true},
    };
    const struct table table = {.id = "derived-table",
                                .caption = "Images whose first layers are all of this one, in "
                                           "every repository where a tag shows them",
                                .columns = COLUMNS,
                                .n_columns = 4};
    if (page->n_derived == 0)
        return;
    part_heading(out, "derived", "Built on it");
    write_api_of_manifest(out, page, "/-/derived");
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_derived; i++) {
        const struct image_derived *row = &page->derived[i];
        table_row(out);
        table_cell(out, &table, 0);
        write_derived(out, row);
        table_cell_end(out, &table, 0);
        table_cell(out, &table, 1);
        if (row->platform.len > 0)
            html_foreign(out, row->platform);
        table_cell_end(out, &table, 1);
        table_cell(out, &table, 2);
        part_manifest_digest(out, row->repository, row->digest);
        table_cell_end(out, &table, 2);
        table_time(out, &table, 3, row->updated);
        table_row_end(out);
    }
    table_end(out);
    if (page->has_more_derived) {
        ms_buf_printf(out, "<p>The newest %zu; ", page->n_derived);
        format_count(out, page->all_derived, "image is", "images are");
        html_raw(out, " built on it; ");
        struct link all = link_to_list(page, "/-/derived");
        write_all(out, &all);
    }
}

/* What it was compared with is the push before. */
static void write_compare_link(struct ms_buf *out, const struct image *page, size_t i)
{
    struct ms_buf a, b;
    if (i + 1 >= page->n_history || page->history[i].digest.len == 0 ||
        page->history[i + 1].digest.len == 0)
        return;
    ms_buf_init(&a, 1024);
    ms_buf_init(&b, 1024);
    ms_buf_printf(&a, "%.*s@%.*s", MS_STR_ARG(page->repository),
                  MS_STR_ARG(page->history[i + 1].digest));
    ms_buf_printf(&b, "%.*s@%.*s", MS_STR_ARG(page->repository),
                  MS_STR_ARG(page->history[i].digest));
    struct link link = link_to("/compare");
    link_set(&link, "a", ms_buf_view(&a));
    link_set(&link, "b", ms_buf_view(&b));
    link_open(out, &link);
    html_raw(out, "What changed</a>");
    ms_buf_free(&a);
    ms_buf_free(&b);
}

void view_image_history(struct ms_buf *out, const struct image *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "From", .is_row_header = true},
        {.title = "Until"},
        {.title = "Digest"},
        {.title = "By"},
        {.title = "Told by"},
        {.title = "<span class=\"away\">Compare</span>", .is_wide = true},
    };
    const struct table table = {.id = "history-table",
                                .caption = "What the tag pointed to, newest first",
                                .columns = COLUMNS,
                                .n_columns = 6};
    if (page->n_history == 0)
        return;
    part_heading(out, "history", "History of the tag");
    write_api(out, "/api/v1/repositories/", page, "/-/tags/", page->reference, "/history");
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_history; i++) {
        const struct image_history *row = &page->history[i];
        table_row(out);
        table_time(out, &table, 0, row->from);
        table_cell(out, &table, 1);
        if (row->until.len > 0)
            format_time(out, row->until);
        else
            html_raw(out, "now");
        table_cell_end(out, &table, 1);
        table_cell(out, &table, 2);
        part_manifest_digest(out, page->repository, row->digest);
        table_cell_end(out, &table, 2);
        table_cell(out, &table, 3);
        view_pusher(out, row->by);
        table_cell_end(out, &table, 3);
        table_cell(out, &table, 4);
        html_foreign(out, row->source);
        table_cell_end(out, &table, 4);
        table_cell(out, &table, 5);
        write_compare_link(out, page, i);
        table_cell_end(out, &table, 5);
        table_row_end(out);
    }
    table_end(out);
    if (page->has_more_history) {
        struct link all = {.base = "/api/v1/repositories/",
                           .name = page->repository,
                           .middle = "/-/tags/",
                           .tail = page->reference,
                           .end = "/history"};
        ms_buf_printf(out, "<p>The newest %zu; ", page->n_history);
        write_all(out, &all);
    }
}
