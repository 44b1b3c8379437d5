/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A manifest, from its title to its bytes. Each part is there only if there is something to show;
 * layers and labels have files of their own.
 */
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/html/table.h"
#include "reader/pages/image.h"
#include "reader/pages/view_image_parts.h"

#include <string.h>

enum { VALUE_MAX = 1000, RAW_MAX = 256 * 1024, NAMES_SHOWN = 50, PLATFORMS_PULLED = 8 };
enum { PLATFORMS_WEIGHED = 50 }; /* see read_page_image.sql */

static bool is_digest(struct ms_str reference)
{
    return ms_str_contains(reference, MS_STR(":"));
}

/* --- its title --- */

static size_t count_kind(const struct image *page, const char *kind)
{
    size_t n = 0;
    for (size_t i = 0; i < page->n_children; i++)
        n += strcmp(page->children[i].kind, kind) == 0;
    return n;
}

static void write_kind(struct ms_buf *out, const struct image *page)
{
    size_t attestations = count_kind(page, "attestation");
    if (strcmp(page->kind, "index") == 0) {
        html_raw(out, "Index of ");
        format_count(out, page->all_platforms, "platform", "platforms");
        if (attestations > 0) {
            html_raw(out, ", ");
            format_count(out, (int64_t)attestations, "attestation", "attestations");
        }
    } else if (strcmp(page->kind, "artifact") == 0) {
        html_raw(out, "Artifact ");
        html_foreign(out, page->artifact_type);
    } else if (page->unreadable.len > 0) {
        html_raw(out, "Unreadable manifest");
    } else {
        html_raw(out, "Image");
        if (page->platform.len > 0) {
            html_raw(out, " for ");
            html_foreign(out, page->platform);
        }
    }
}

static void write_names(struct ms_buf *out, const struct image *page, struct view_strings names,
                        bool are_repositories)
{
    size_t shown = names.n < NAMES_SHOWN ? names.n : NAMES_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        if (i > 0)
            html_raw(out, ", ");
        if (are_repositories) {
            struct link link = link_to_manifest(names.items[i], page->digest);
            link_open(out, &link);
            html_name(out, names.items[i]);
            html_raw(out, "</a>");
        } else if (is_digest(names.items[i])) {
            part_manifest_digest(out, page->repository, names.items[i]);
        } else {
            view_tag_link(out, page->repository, names.items[i]);
        }
    }
    if (shown < names.n)
        ms_buf_printf(out, " and %zu more", names.n - shown);
}

static void write_names_as(struct ms_buf *out, const struct image *page, const char *term,
                           struct view_strings names, bool are_repositories)
{
    if (names.n == 0)
        return;
    part_term(out, term);
    write_names(out, page, names, are_repositories);
    part_term_end(out);
}

static void write_moves(struct ms_buf *out, const struct image *page)
{
    struct ms_buf was;
    struct link compare = link_to("/compare");
    ms_buf_init(&was, 1024);
    ms_buf_printf(&was, "%.*s@%.*s", MS_STR_ARG(page->base_repository),
                  MS_STR_ARG(page->base_digest));
    link_set(&compare, "a", ms_buf_view(&was));
    link_set(&compare, "b", page->base);
    part_mark(out, "warning", "base moved");
    html_raw(out, "Its tag has moved ");
    if (page->base_behind <= 2)
        html_raw(out, page->base_behind == 1 ? "once" : "twice");
    else
        format_count(out, page->base_behind, "time", "times");
    html_raw(out, " since: ");
    link_open(out, &compare);
    html_raw(out, "what changed</a>.");
    ms_buf_free(&was);
}

/* The base that the layers tell of, and the one that annotations or provenance name. */
static void write_base(struct ms_buf *out, const struct image *page)
{
    bool is_index = strcmp(page->kind, "index") == 0;
    if (page->base.len > 0) {
        struct link link = link_to_manifest(page->base_repository, page->base_tag);
        part_term(out, "Built on");
        link_open(out, &link);
        html_name(out, page->base);
        html_raw(out, "</a>, by its ");
        if (page->base_witness != NULL) {
            html_text_c(out, page->base_witness);
            html_raw(out, " and its ");
        }
        html_raw(out, "layers");
        html_raw(out, is_index ? " for linux/amd64 or its first platform, " : ", ");
        html_raw(out, "as it was at ");
        part_manifest_digest(out, page->base_repository, page->base_digest);
        html_raw(out, " ");
        if (page->base_behind > 0)
            write_moves(out, page);
        part_term_end(out);
    }
    if (page->claimed_base.len > 0) {
        part_term(out, "Claimed base");
        html_raw(out, "<bdi>");
        html_text_at_most(out, page->claimed_base, VALUE_MAX);
        html_raw(out, "</bdi>, by its annotations or its provenance; the layers do not "
                      "confirm it.");
        part_term_end(out);
    }
}

static void write_identity(struct ms_buf *out, const struct image *page)
{
    html_raw(out, "<dl>");
    part_term(out, "Digest");
    part_manifest_digest(out, page->repository, page->digest);
    part_term_end(out);
    write_names_as(out, page, "Tags", page->tags, false);
    write_names_as(out, page, "Listed by", page->indexes, false);
    write_names_as(out, page, "Also in", page->also_in, true);
    write_base(out, page);
    if (page->is_signed || page->has_sbom || page->has_provenance) {
        part_term(out, "Evidence");
        view_evidence(out, page->is_signed, page->has_sbom, page->has_provenance);
        html_raw(out, "present, not verified");
        part_term_end(out);
    }
    if (page->subject.len > 0) {
        part_term(out, "About");
        part_manifest_digest(out, page->repository, page->subject);
        part_term_end(out);
    }
    part_term(out, "Size");
    format_size(out, page->bytes);
    if (page->bytes >= 0)
        html_raw(out, strcmp(page->kind, "index") == 0 ? " with all platforms, each blob once"
                                                       : " with its layers and configuration");
    part_term_end(out);
    part_term(out, "Updated");
    format_time(out, page->updated);
    part_term_end(out);
    part_term(out, "Pulls");
    format_number(out, page->pulls);
    html_raw(out, ", up to a minute old");
    part_term_end(out);
    part_term(out, "Media type");
    html_name(out, page->media_type.len > 0 ? page->media_type : MS_STR("unknown"));
    part_term_end(out);
    html_raw(out, "</dl>\n");
}

static void write_reference(struct ms_buf *out, const struct view_frame *frame,
                            const struct image *page)
{
    view_registry(out, frame);
    html_raw(out, "/");
    html_text(out, page->repository);
    html_raw(out, is_digest(page->reference) ? "@" : ":");
    html_text(out, page->reference);
}

static struct link link_to_api(const struct image *page)
{
    return (struct link){.base = "/api/v1/repositories/",
                         .name = page->repository,
                         .middle = "/-/manifests/",
                         .tail = page->reference};
}

/* How to pull it, and how a program gets what stands below. */
static void write_commands(struct ms_buf *out, const struct view_frame *frame,
                           const struct image *page)
{
    struct link api = link_to_api(page);
    bool is_artifact = strcmp(page->kind, "artifact") == 0;
    if (strcmp(page->kind, "unreadable") != 0) {
        part_command(out, is_artifact ? "Manifest" : "Pull");
        html_raw(out, is_artifact ? "skopeo inspect --raw docker://" : "docker pull ");
        write_reference(out, frame, page);
        part_command_end(out);
    }
    /* A tag or digest of an index: as long as they are few, the command for each of its platforms.
     */
    for (size_t i = 0; i < page->n_children && count_kind(page, "image") <= PLATFORMS_PULLED; i++) {
        if (strcmp(page->children[i].kind, "image") != 0 ||
            !view_is_plain_word(page->children[i].platform))
            continue;
        part_command(out, "one platform");
        html_raw(out, "docker pull --platform ");
        html_text(out, page->children[i].platform);
        html_raw(out, " ");
        write_reference(out, frame, page);
        part_command_end(out);
    }
    view_curl(out, &api);
}

/* --- the children of an index --- */

static void write_children(struct ms_buf *out, const struct image *page, const struct table *table,
                           bool are_attestations)
{
    table_begin(out, table);
    for (size_t i = 0; i < page->n_children; i++) {
        const struct image_child *row = &page->children[i];
        struct link link = link_to_manifest(page->repository, row->digest);
        if ((strcmp(row->kind, "attestation") == 0) != are_attestations)
            continue;
        table_row(out);
        table_cell(out, table, 0);
        link_open(out, &link);
        if (row->about.len > 0) {
            html_raw(out, "about ");
            html_digest(out, row->about);
        } else if (row->platform.len > 0) {
            html_foreign(out, row->platform);
        } else {
            html_raw(out, "no platform");
        }
        html_raw(out, "</a>");
        table_cell_end(out, table, 0);
        table_cell(out, table, 1);
        html_raw(out, row->kind);
        table_cell_end(out, table, 1);
        table_cell(out, table, 2);
        part_manifest_digest(out, page->repository, row->digest);
        table_cell_end(out, table, 2);
        table_size(out, table, 3, row->bytes);
        table_row_end(out);
    }
    table_end(out);
}

/* What is told of the images is folded: there are often twice as many. */
static void write_platforms(struct ms_buf *out, const struct image *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Platform", .is_row_header = true, .is_wide = true},
        {.title = "Kind"},
        {.title = "Digest"},
        {.title = "Size", .is_number = true},
    };
    struct table table = {.id = "children-table",
                          .caption = "Size: what a pull of this platform fetches",
                          .columns = COLUMNS,
                          .n_columns = 4};
    size_t attestations = count_kind(page, "attestation");
    if (page->n_children == 0)
        return;
    if (count_kind(page, "image") > PLATFORMS_WEIGHED)
        table.caption = "Size: what a pull of this platform fetches (the first 50)";
    part_heading(out, "platforms", "Platforms");
    if (attestations < page->n_children)
        write_children(out, page, &table, false);
    if (attestations == 0)
        return;
    table.id = "attestations-table";
    table.caption = "Size: of the manifest alone";
    html_raw(out, "<details><summary>");
    format_count(out, (int64_t)attestations, "attestation", "attestations");
    html_raw(out, "</summary>\n");
    write_children(out, page, &table, true);
    html_raw(out, "</details>\n");
}

/* --- its bytes --- */

static void write_raw(struct ms_buf *out, const struct view_frame *frame, const struct image *page)
{
    struct link api = link_to_api(page);
    if (page->raw.len == 0 && page->raw_config.len == 0)
        return;
    part_heading(out, "raw", "As the registry has it");
    if (page->raw.len > 0) {
        html_raw(out, "<details><summary>Manifest</summary>\n");
        link_set(&api, "raw", MS_STR("1"));
        view_curl(out, &api);
        /* Of an image these are its layers and its configuration, which have no page. */
        part_json(out, page->raw,
                  strcmp(page->kind, "index") == 0 ? page->repository : MS_STR_ABSENT, RAW_MAX);
        html_raw(out, "</details>\n");
    }
    if (page->raw_config.len > 0) {
        html_raw(out, "<details><summary>Configuration</summary>\n");
        part_command(out, "The same");
        html_raw(out, "skopeo inspect --config --raw docker://");
        write_reference(out, frame, page);
        part_command_end(out);
        part_json(out, page->raw_config, MS_STR_ABSENT, RAW_MAX);
        html_raw(out, "</details>\n");
    }
}

static void write_parts(struct ms_buf *out, const struct view_frame *frame,
                        const struct image *page)
{
    write_platforms(out, page);
    view_image_settings(out, page);
    view_image_layers(out, page);
    view_image_labels(out, page);
    view_image_packages(out, page);
    view_image_referrers(out, page);
    view_image_derived(out, page);
    view_image_history(out, page);
    write_raw(out, frame, page);
}

void view_image(struct ms_buf *out, const struct view_frame *frame, const struct image *page)
{
    struct link json = link_to_api(page);
    struct link atom = {.base = "/r/", .name = page->repository, .middle = "/-/feed"};
    struct ms_buf title;
    ms_buf_init(&title, 1024);
    ms_buf_printf(&title, "%.*s%c%.*s", MS_STR_ARG(page->repository),
                  is_digest(page->reference) ? '@' : ':', MS_STR_ARG(page->reference));
    struct layout layout = {
        .site = &frame->site,
        .truth = frame->truth,
        .title = ms_buf_view(&title),
        .canonical = link_to_manifest(page->repository, page->reference),
        .json = &json,
        .atom = &atom,
    };
    layout_add_repository(&layout, page->repository);
    layout_add_crumb(&layout, page->reference, layout.canonical);
    layout_begin(out, &layout);
    html_raw(out, "<h1>");
    html_name(out, page->repository);
    html_raw(out, is_digest(page->reference) ? "@" : ":");
    if (is_digest(page->reference))
        html_digest(out, page->reference);
    else
        html_name(out, page->reference);
    html_raw(out, "</h1>\n<p>");
    write_kind(out, page);
    html_raw(out, "</p>\n");
    if (page->unreadable.len > 0) {
        html_raw(out, "<p class=\"notice alert\">It cannot be read from the registry since ");
        format_time(out, page->unreadable_since);
        html_raw(out, ": <bdi>");
        html_text_at_most(out, page->unreadable, VALUE_MAX);
        html_raw(out, "</bdi>.</p>\n");
    }
    write_commands(out, frame, page);
    write_identity(out, page);
    write_parts(out, frame, page);
    layout_end(out, &layout);
    ms_buf_free(&title);
}
