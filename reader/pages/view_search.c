/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A search: how many results and in which order, what is filtered by, the results, and what there
 * is to filter by. A result is two or three lines; why it is one is said when its name does not.
 */
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/html/table.h"
#include "reader/pages/search.h"

#include <string.h>

enum { DESCRIPTION_MAX = 140, TAGS_SHOWN = 3, PLATFORMS_SHOWN = 4 };

static struct link link_to_page(const struct search *page)
{
    struct link link = link_to_search(page->q);
    link_set(&link, "kind", page->kind);
    link_set(&link, "sort", page->sort);
    return link;
}

/* --- a result --- */

static void write_title(struct ms_buf *out, const struct search *page,
                        const struct search_result *result)
{
    bool is_repository = ms_str_is_absent(result->digest);
    /* The tags of an image may be those of indexes above it. */
    bool is_image = strcmp(result->type, "image") == 0;
    struct ms_str reference =
        result->tags.n > 0 && !is_image ? result->tags.items[0] : result->digest;
    struct link link = is_repository ? link_to_repository(result->name)
                                     : link_to_manifest(result->name, reference);
    html_raw(out, "<p class=\"first\">");
    link_open(out, &link);
    html_name_marked(out, result->name, page->words.items, page->words.n);
    if (!is_repository) {
        html_raw(out, result->tags.n > 0 ? ":" : "@");
        if (result->tags.n > 0)
            html_name(out, result->tags.items[0]);
        else
            html_digest(out, result->digest);
    }
    html_raw(out, "</a> ");
    if (result->is_official)
        part_mark(out, "good", "official");
    if (!is_repository)
        part_mark(out, "", result->type);
    if (result->title.len > 0) {
        html_raw(out, "<bdi>");
        html_text_at_most(out, result->title, DESCRIPTION_MAX);
        html_raw(out, "</bdi>");
    }
    html_raw(out, " ");
    view_evidence(out, result->is_signed, result->has_sbom, result->has_provenance);
    html_raw(out, "</p>");
}

static void write_tags(struct ms_buf *out, const struct search_result *result)
{
    size_t shown = result->tags.n < TAGS_SHOWN ? result->tags.n : TAGS_SHOWN;
    if (ms_str_is_absent(result->digest)) {
        if (result->n_tags >= 0) {
            html_raw(out, "<span>");
            format_count(out, result->n_tags, "tag", "tags");
            html_raw(out, "</span>");
        }
        return;
    }
    if (result->tags.n < 2)
        return;
    html_raw(out, "<span>tags ");
    for (size_t i = 0; i < shown; i++) {
        html_raw(out, i > 0 ? ", " : "");
        html_name(out, result->tags.items[i]);
    }
    if (shown < result->tags.n)
        ms_buf_printf(out, " and %zu more", result->tags.n - shown);
    html_raw(out, "</span>");
}

static void write_facts(struct ms_buf *out, const struct search_result *result)
{
    html_raw(out, "<p class=\"facts\">");
    if (result->match.len > 0) {
        html_raw(out, "<span>found by <bdi>");
        html_text_at_most(out, result->match, DESCRIPTION_MAX);
        html_raw(out, "</bdi></span>");
    }
    write_tags(out, result);
    if (result->platforms.n > 0) {
        html_raw(out, "<span>");
        view_platforms(out, result->platforms, PLATFORMS_SHOWN);
        html_raw(out, "</span>");
    }
    if (result->bytes >= 0) {
        html_raw(out, "<span>");
        format_size(out, result->bytes);
        html_raw(out, "</span>");
    }
    if (result->updated.len > 0) {
        html_raw(out, "<span>updated ");
        format_day(out, result->updated);
        html_raw(out, "</span>");
    }
    if (result->pulls >= 0) {
        html_raw(out, "<span>");
        format_count(out, result->pulls, "pull", "pulls");
        html_raw(out, "</span>");
    }
    html_raw(out, "</p>");
}

static void write_results(struct ms_buf *out, const struct search *page)
{
    html_raw(out, "<ol class=\"results\">\n");
    for (size_t i = 0; i < page->n_results; i++) {
        const struct search_result *result = &page->results[i];
        html_raw(out, "<li>");
        write_title(out, page, result);
        if (result->description.len > 0) {
            html_raw(out, "<p class=\"about\"><bdi>");
            html_text_at_most(out, result->description, DESCRIPTION_MAX);
            html_raw(out, "</bdi></p>");
        }
        write_facts(out, result);
        html_raw(out, "</li>\n");
    }
    html_raw(out, "</ol>\n");
}

/* --- around the results --- */

static void write_orders(struct ms_buf *out, const struct search *page)
{
    static const struct {
        const char *sort, *text;
    } ORDERS[] = {{"", "relevance"},
                  {"name", "name"},
                  {"-updated", "updated"},
                  {"-pulls", "pulls"},
                  {"-size", "size"}};
    html_raw(out, "by ");
    for (size_t i = 0; i < sizeof(ORDERS) / sizeof(ORDERS[0]); i++) {
        bool is_present = ms_str_equal(page->sort, ms_str(ORDERS[i].sort));
        struct link link = link_to_page(page);
        link_set(&link, "sort", ms_str(ORDERS[i].sort));
        html_raw(out, i > 0 ? " · " : "");
        if (!is_present)
            link_open(out, &link);
        html_raw(out, is_present ? "<strong>" : "");
        html_raw(out, ORDERS[i].text);
        html_raw(out, is_present ? "</strong>" : "</a>");
    }
}

static void write_choices(struct ms_buf *out, const struct search *page)
{
    html_raw(out, "Show ");
    for (size_t i = 0; i < SEARCH_CHOICES; i++) {
        const struct search_choice *choice = &page->choices[i];
        bool is_present = i == page->chosen;
        struct link link = link_to_page(page);
        link_set(&link, "q", choice->q);
        link_set(&link, "kind", choice->kind);
        if (!is_present && ms_str_is_absent(choice->q))
            continue;
        html_raw(out, i > 0 ? " · " : "");
        if (!is_present)
            link_open(out, &link);
        html_raw(out, is_present ? "<strong>" : "");
        html_raw(out, choice->text);
        html_raw(out, is_present ? "</strong>" : "</a>");
    }
}

static void write_head(struct ms_buf *out, const struct search *page)
{
    html_raw(out, "<h1>");
    if (page->q.len == 0) {
        html_raw(out, "Everything");
    } else {
        html_raw(out, "Search for ");
        html_raw(out, "<bdi>");
        html_text_at_most(out, page->q, DESCRIPTION_MAX);
        html_raw(out, "</bdi>");
    }
    html_raw(out, "</h1>\n");
    if (page->fault == NULL && (page->total > 0 || page->chosen > 0)) {
        html_raw(out, page->is_truncated ? "<p class=\"whole\">at least " : "<p class=\"whole\">");
        format_count(out, page->total, "result", "results");
        html_raw(out, ", ");
        write_orders(out, page);
        html_raw(out, ". ");
        write_choices(out, page);
        html_raw(out, "</p>\n");
    }
    if (page->n_filters > 0) {
        html_raw(out, "<ul class=\"chips\" aria-label=\"Filters\">");
        for (size_t i = 0; i < page->n_filters; i++) {
            struct link link = link_to_page(page);
            link_set(&link, "q", page->filters[i].without);
            part_chip(out, page->filters[i].text, &link);
        }
        html_raw(out, "</ul>\n");
    }
}

static void write_facets(struct ms_buf *out, const struct search *page)
{
    if (page->n_facets == 0)
        return;
    html_raw(out, "<section class=\"facets\" aria-labelledby=\"facets\"><h2 id=\"facets\" "
                  "class=\"away\">Filter by</h2>\n");
    for (size_t i = 0; i < page->n_facets; i++) {
        const struct search_facet *facet = &page->facets[i];
        html_raw(out, "<div class=\"facet\"><h3>");
        html_raw(out, facet->title);
        html_raw(out, "</h3><ul>");
        for (size_t v = 0; v < facet->n; v++) {
            struct link link = link_to_page(page);
            link_set(&link, "q", facet->values[v].with);
            part_facet(out, facet->values[v].value, facet->values[v].images,
                       facet->values[v].is_chosen ? NULL : &link);
        }
        html_raw(out, "</ul></div>\n");
    }
    html_raw(out, page->counts_some ? "<p class=\"subtle\">Numbers are images, of the most popular "
                                      "ones.</p></section>\n"
                                    : "<p class=\"subtle\">Numbers are images.</p></section>\n");
}

static void write_fault(struct ms_buf *out, const struct search *page)
{
    struct ms_str rest = page->q;
    size_t at = 0;
    for (size_t n = 1; n < page->fault_character && at < rest.len; n++) {
        size_t length = ms_str_utf8_length(ms_str_skip(rest, at));
        at += length > 0 ? length : 1;
    }
    html_raw(out, "<p class=\"notice alert\" role=\"alert\">The query cannot be read: ");
    html_raw(out, page->fault);
    ms_buf_printf(out, " at character %zu.</p>\n<pre><code>", page->fault_character);
    html_text(out, ms_str_slice(rest, 0, at));
    html_raw(out, "<mark>");
    html_text(out, at < rest.len ? ms_str_skip(rest, at) : MS_STR(" "));
    html_raw(out, "</mark></code></pre>\n");
}

static void write_nothing(struct ms_buf *out, const struct search *page)
{
    html_raw(out, page->is_truncated
                      ? "<p>Nothing in the most popular repositories has all of this. "
                      : "<p>Nothing has all of this. ");
    html_raw(out, "Searched were names, titles, descriptions and label "
                  "values of repositories and of images that a tag shows.</p>\n");
    if (page->nearest.n > 0) {
        html_raw(out, "<p>Names like it: ");
        for (size_t i = 0; i < page->nearest.n; i++) {
            html_raw(out, i > 0 ? ", " : "");
            view_repository_link(out, page->nearest.items[i]);
        }
        html_raw(out, "</p>\n");
    }
}

static void write_grammar(struct ms_buf *out)
{
    static const struct {
        const char *query, *what;
    } EXAMPLES[] = {
        {"postgres", "the word in a name, title, description or label"},
        {"\"web server\" -nginx", "the phrase, and not the other word"},
        {"postgres:16", "a tag of a repository; <code>:16</code> of any"},
        {"label:org.opencontainers.image.vendor=Acme", "a label, with or without its value"},
        {"os:linux arch:arm64", "a platform"},
        {"is:index", "also <code>is:image</code>, <code>is:artifact</code>"},
        {"is:signed has:sbom", "what is attached to it; <code>has:provenance</code>, too"},
        {"base:library/debian:12", "built on it; <code>is:outdated</code>: and it has moved since"},
        {"package:openssl@<3.0.12", "holding a package; without <code>@</code>, of any version"},
        {"sha256:9f", "a manifest, configuration or layer whose digest begins so"},
        {"updated:>2026-01-01", "pushed since"},
    };
    part_heading(out, "grammar", "What can be asked");
    html_raw(out, "<dl class=\"queries\">");
    for (size_t i = 0; i < sizeof(EXAMPLES) / sizeof(EXAMPLES[0]); i++) {
        struct link link = link_to_search(ms_str(EXAMPLES[i].query));
        html_raw(out, "<dt>");
        link_open(out, &link);
        html_name(out, ms_str(EXAMPLES[i].query));
        html_raw(out, "</a></dt><dd>");
        html_raw(out, EXAMPLES[i].what);
        html_raw(out, "</dd>\n");
    }
    html_raw(out, "</dl>\n<p><a href=\"/help#search\">All of it</a></p>\n");
}

void view_search(struct ms_buf *out, const struct view_frame *frame, const struct search *page)
{
    struct link link = link_to_page(page), json = link;
    struct view_pages pages;
    json.base = "/api/v1/search";
    view_pages_init(&pages, &link, page->cursors);
    const struct layout layout = {
        .site = &frame->site,
        .truth = frame->truth,
        .title = page->q.len > 0 ? page->q : MS_STR("Search"),
        .q = page->q,
        .is_error = page->fault != NULL,
        .canonical = link,
        .prev = pages.has_prev ? &pages.prev : NULL,
        .next = pages.has_next ? &pages.next : NULL,
        .json = &json,
    };
    layout_begin(out, &layout);
    write_head(out, page);
    if (page->fault != NULL) {
        write_fault(out, page);
        write_grammar(out);
    } else if (page->n_results == 0) {
        write_nothing(out, page);
        write_grammar(out);
    } else {
        html_raw(out, "<div class=\"found\"><section aria-label=\"Results\">");
        write_results(out, page);
        table_pages(out, layout.prev, layout.next);
        html_raw(out, "</section>");
        write_facets(out, page);
        html_raw(out, "</div>\n");
    }
    layout_end(out, &layout);
}
