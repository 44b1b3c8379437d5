/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two images side by side: a sentence, then what differs, or all of it. A difference is told in
 * words and by <del> and <ins>, never by colour alone.
 */
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/html/table.h"
#include "reader/pages/compare.h"

enum { VALUE_MAX = 1000, KEY_MAX = 300, TITLE_MAX = 8192 };

static struct link link_to_page(const struct compare *page)
{
    struct link link = link_to("/compare");
    link_set(&link, "a", page->a.name);
    link_set(&link, "all", page->shows_all ? MS_STR("1") : MS_STR_ABSENT);
    link_set(&link, "b", page->b.name);
    return link;
}

static bool is_comparison(const struct compare *page)
{
    return page->a.name.len > 0 && page->b.name.len > 0 && !page->a.is_missing &&
           !page->b.is_missing;
}

static void write_field(struct ms_buf *out, const char *name, const char *label,
                        struct ms_str value)
{
    ms_buf_printf(out,
                  "<p><label for=\"%s\">%s</label> <input id=\"%s\" name=\"%s\" size=\"40\" "
                  "maxlength=\"500\" placeholder=\"library/postgres:18\" value=\"",
                  name, label, name, name);
    html_attribute(out, value);
    html_raw(out, "\"></p>");
}

static void write_form(struct ms_buf *out, const struct compare *page)
{
    html_raw(out, "<form class=\"fields\" action=\"/compare\" method=\"get\">");
    write_field(out, "a", "From", page->a.name);
    write_field(out, "b", "To", page->b.name);
    html_raw(out, "<p><button>Compare</button></p></form>\n");
}

/* One field alone is a form half filled in, not an error. */
static void write_empty_field(struct ms_buf *out, const struct compare *page)
{
    if ((page->a.name.len == 0) == (page->b.name.len == 0))
        return;
    html_raw(out, "<p class=\"notice\" role=\"alert\">The field <strong>");
    html_raw(out, page->a.name.len == 0 ? "From" : "To");
    html_raw(out, "</strong> is empty: two images are compared.</p>\n");
}

static void write_missing(struct ms_buf *out, const struct compare_side *side)
{
    if (!side->is_missing)
        return;
    html_raw(out, "<p class=\"notice alert\" role=\"alert\">There is no image <bdi>");
    html_text_at_most(out, side->name, VALUE_MAX);
    html_raw(out, "</bdi>.</p>\n");
}

static void write_side(struct ms_buf *out, const char *term, const struct compare_side *side)
{
    struct link link = link_to_manifest(side->repository, side->reference);
    part_term(out, term);
    link_open(out, &link);
    html_name(out, side->name);
    html_raw(out, "</a>, ");
    format_size(out, side->bytes);
    html_raw(out, ", ");
    part_manifest_digest(out, side->repository, side->digest);
    part_term_end(out);
}

static void write_unreadable(struct ms_buf *out, const struct compare_side *side)
{
    if (!side->is_unreadable)
        return;
    html_raw(out, "<p class=\"notice alert\">It is not known what ");
    html_name(out, side->name);
    html_raw(out, " is: it cannot be read from the registry.</p>\n");
}

static void write_sentence(struct ms_buf *out, const struct compare *page)
{
    if (page->a.is_unreadable || page->b.is_unreadable)
        return;
    html_raw(out, "<p><strong>");
    if (ms_str_equal(page->a.digest, page->b.digest)) {
        html_raw(out, "They are the same image.</strong></p>\n");
        return;
    }
    for (size_t i = 0; i < page->n_sections; i++) {
        const struct compare_section *section = &page->sections[i];
        if (section->one == NULL || section->n_compared == 0)
            continue;
        format_count(out, section->n_different, section->one, section->many);
        html_raw(out, section->n_different == 1 ? " differs, " : " differ, ");
    }
    if (page->all_layers > 0) {
        format_number(out, page->shared_layers);
        html_raw(out, " of ");
        format_count(out, page->all_layers, "layer", "layers");
        html_raw(out, " shared, ");
    }
    html_raw(out, "size ");
    if (page->a.bytes < 0 || page->b.bytes < 0) {
        html_raw(out, "unknown");
    } else {
        format_size_change(out, page->b.bytes - page->a.bytes);
    }
    html_raw(out, ".</strong></p>\n");
}

static void write_links(struct ms_buf *out, const struct compare *page)
{
    struct link swapped = link_to_page(page), other = swapped, previous = swapped;
    link_set(&swapped, "a", page->b.name);
    link_set(&swapped, "b", page->a.name);
    link_set(&other, "all", page->shows_all ? MS_STR_ABSENT : MS_STR("1"));
    link_set(&previous, "a", page->previous);
    html_raw(out, "<ul class=\"inline\"><li>");
    link_open(out, &swapped);
    html_raw(out, "Swap</a></li>");
    if (page->previous.len > 0 && !ms_str_equal(page->previous, page->a.name)) {
        html_raw(out, "<li>");
        link_open(out, &previous);
        html_raw(out, "With the previous push of this tag</a></li>");
    }
    html_raw(out, "<li>");
    link_open(out, &other);
    html_raw(out, page->shows_all ? "Only what differs" : "Also what is the same");
    html_raw(out, "</a></li></ul>\n");
}

static void write_value(struct ms_buf *out, const struct compare_section *section,
                        struct ms_str value)
{
    html_raw(out, "<bdi>");
    if (section->are_digests) {
        html_raw(out, "<code>");
        html_digest(out, value);
        html_raw(out, "</code>");
    } else {
        html_text_at_most(out, value, VALUE_MAX);
    }
    html_raw(out, "</bdi>");
}

static void write_row(struct ms_buf *out, const struct table *table,
                      const struct compare_section *section, const struct compare_row *row)
{
    bool is_added = ms_str_is_absent(row->a), is_removed = ms_str_is_absent(row->b);
    table_row(out);
    table_cell(out, table, 0);
    html_raw(out, "<bdi class=\"name\">");
    html_text_at_most(out, row->key, KEY_MAX);
    html_raw(out, "</bdi>");
    if (row->type.len > 0) {
        html_raw(out, " <span class=\"subtle\"><bdi>");
        html_text_at_most(out, row->type, KEY_MAX);
        html_raw(out, "</bdi></span>");
    }
    table_cell_end(out, table, 0);
    table_cell(out, table, 1);
    html_raw(out, row->is_same ? "same" : is_added ? "added" : is_removed ? "removed" : "changed");
    table_cell_end(out, table, 1);
    table_cell(out, table, 2);
    if (!is_added) {
        html_raw(out, row->is_same ? "" : "<del>");
        write_value(out, section, row->a);
        html_raw(out, row->is_same ? "" : "</del>");
    }
    table_cell_end(out, table, 2);
    table_cell(out, table, 3);
    if (!is_removed) {
        html_raw(out, row->is_same ? "" : "<ins>");
        write_value(out, section, row->b);
        html_raw(out, row->is_same ? "" : "</ins>");
    }
    table_cell_end(out, table, 3);
    table_row_end(out);
}

static void write_section(struct ms_buf *out, const struct compare_section *section, bool shows_all)
{
    static const struct table_column COLUMNS[] = {
        {.title = "What", .is_row_header = true},
        {.title = "How"},
        {.title = "From", .is_wide = true},
        {.title = "To", .is_wide = true},
    };
    const struct table table = {.id = section->id,
                                .caption = section->title,
                                .is_caption_hidden = true,
                                .columns = COLUMNS,
                                .n_columns = 4};
    int64_t wanted = shows_all ? section->n_compared : section->n_different, n = 0;
    if (wanted == 0)
        return;
    html_raw(out, "<h2>");
    html_raw(out, section->title);
    html_raw(out, "</h2>\n");
    table_begin(out, &table);
    for (size_t i = 0; i < section->n; i++)
        if (shows_all || !section->rows[i].is_same) {
            write_row(out, &table, section, &section->rows[i]);
            n++;
        }
    table_end(out);
    if (n == wanted)
        return;
    html_raw(out, "<p>Only ");
    format_number(out, n);
    html_raw(out, " of ");
    format_number(out, wanted);
    html_raw(out, " are listed.</p>\n");
}

/* Without an SBOM nothing is known: that is no reason to call all that the other has new. */
static void write_unknown_packages(struct ms_buf *out, const struct compare *page)
{
    const struct compare_side *without = page->a.has_packages ? &page->b : &page->a;
    if (page->a.has_packages == page->b.has_packages)
        return;
    html_raw(out, "<h2>Packages</h2>\n<p>The packages cannot be compared: no SBOM of ");
    html_name(out, without->name);
    html_raw(out, " was read.</p>\n");
}

/* A digest as short as it is elsewhere on the page. */
static void append_name(struct ms_buf *title, const struct compare_side *side)
{
    bool is_digest = ms_str_contains(side->reference, MS_STR(":"));
    ms_buf_append(title, side->repository);
    ms_buf_append_char(title, is_digest ? '@' : ':');
    if (is_digest)
        html_digest(title, side->reference);
    else
        ms_buf_append(title, side->reference);
}

/* Tabs and bookmarks of comparisons are told apart by it. */
static void append_title(struct ms_buf *title, const struct compare *page)
{
    if (!is_comparison(page)) {
        ms_buf_append_c(title, "Compare");
        return;
    }
    append_name(title, &page->a);
    ms_buf_append_c(title, " and ");
    append_name(title, &page->b);
}

void view_compare(struct ms_buf *out, const struct view_frame *frame, const struct compare *page)
{
    struct ms_buf title;
    ms_buf_init(&title, TITLE_MAX);
    append_title(&title, page);
    const struct layout layout = {
        .site = &frame->site,
        .truth = frame->truth,
        .title = ms_buf_view(&title),
        .canonical = link_to_page(page),
    };
    layout_begin(out, &layout);
    html_raw(out, "<h1>Compare</h1>\n");
    write_form(out, page);
    write_empty_field(out, page);
    write_missing(out, &page->a);
    write_missing(out, &page->b);
    if (is_comparison(page)) {
        write_unreadable(out, &page->a);
        write_unreadable(out, &page->b);
        write_sentence(out, page);
        write_links(out, page);
        html_raw(out, "<dl>");
        write_side(out, "From", &page->a);
        write_side(out, "To", &page->b);
        html_raw(out, "</dl>\n");
        html_raw(out, "<div class=\"compared\">");
        bool can_be_compared = !page->a.is_unreadable && !page->b.is_unreadable;
        for (size_t i = 0; i < page->n_sections && can_be_compared; i++)
            write_section(out, &page->sections[i], page->shows_all);
        write_unknown_packages(out, page);
        html_raw(out, "</div>\n");
    }
    layout_end(out, &layout);
    ms_buf_free(&title);
}
