/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of a page. Order of source is order of screen: skip link, header, breadcrumb, content,
 * footer.
 */
#include "reader/html/layout.h"

#include "reader/html/format.h"
#include "reader/html/html.h"

#include <assert.h>

enum { ABOUT_MAX = 300, TITLE_MAX = 200 };

void layout_search_form(struct ms_buf *out, struct ms_str q, const char *class_name)
{
    html_raw(out, "<form class=\"");
    html_raw(out, class_name);
    html_raw(out, "\" role=\"search\" action=\"/search\" method=\"get\">"
                  "<label class=\"away\" for=\"q\">Search images</label>"
                  "<input id=\"q\" name=\"q\" type=\"search\" autocomplete=\"off\" "
                  "autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"1000\" "
                  "placeholder=\"Name, label:key=value, os:linux, sha256:…\" value=\"");
    html_attribute(out, q);
    html_raw(out, "\"><button>Search</button></form>\n");
}

static void write_relation(struct ms_buf *out, const char *rel, const char *type,
                           const struct link *link)
{
    if (link == NULL)
        return;
    html_raw(out, "<link rel=\"");
    html_raw(out, rel);
    if (type != NULL) {
        html_raw(out, "\" type=\"");
        html_raw(out, type);
    }
    html_raw(out, "\" href=\"");
    link_write(out, link);
    html_raw(out, "\">\n");
}

static void write_title(struct ms_buf *out, const struct layout *layout)
{
    struct ms_str title = html_beginning(layout->title, TITLE_MAX);
    html_raw(out, "<title>");
    if (title.len > 0) {
        html_text(out, title); /* markup is text there */
        html_raw(out, title.len < layout->title.len ? "… · " : " · ");
    }
    html_raw(out, "metastore");
    if (layout->place == LAYOUT_HOME && layout->site->registry.len > 0) {
        html_raw(out, " · ");
        html_text(out, layout->site->registry);
    }
    html_raw(out, "</title>\n");
}

static void write_about(struct ms_buf *out, const struct layout *layout)
{
    html_raw(out, "<meta name=\"description\" content=\"");
    if (layout->about.len > 0 && layout->about.len <= ABOUT_MAX) {
        html_attribute(out, layout->about);
    } else {
        html_raw(out, "Images of a registry, their tags, platforms, layers, labels and history");
        if (layout->title.len > 0 && layout->title.len <= ABOUT_MAX) {
            html_raw(out, ": ");
            html_attribute(out, layout->title);
        }
    }
    html_raw(out, "\">\n");
}

static void write_head(struct ms_buf *out, const struct layout *layout)
{
    html_raw(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    write_title(out, layout);
    write_about(out, layout);
    html_raw(out, "<link rel=\"stylesheet\" href=\"");
    html_attribute(out, layout->site->sheet);
    html_raw(out, "\">\n<script src=\"");
    html_attribute(out, layout->site->script);
    html_raw(out, "\"></script>\n<link rel=\"icon\" href=\"data:,\">\n"
                  "<link rel=\"search\" type=\"application/opensearchdescription+xml\" "
                  "title=\"metastore\" href=\"/opensearch.xml\">\n");
    if (layout->is_error)
        html_raw(out, "<meta name=\"robots\" content=\"noindex\">\n");
    else
        write_relation(out, "canonical", NULL, &layout->canonical);
    write_relation(out, "prev", NULL, layout->prev);
    write_relation(out, "next", NULL, layout->next);
    write_relation(out, "alternate", "application/json", layout->json);
    write_relation(out, "alternate", "application/atom+xml", layout->atom);
    html_raw(out, "</head>\n");
}

static void write_navigation(struct ms_buf *out, enum layout_place place)
{
    static const struct {
        enum layout_place place;
        const char *path, *text;
    } ENTRIES[] = {
        {LAYOUT_REPOSITORIES, "/r/", "Repositories"},
        {LAYOUT_STATISTICS, "/stats", "Statistics"},
        {LAYOUT_HELP, "/help", "Help"},
    };
    html_raw(out, "<nav class=\"main\" aria-label=\"Main\">");
    for (size_t i = 0; i < sizeof(ENTRIES) / sizeof(ENTRIES[0]); i++) {
        html_raw(out, "<a href=\"");
        html_raw(out, ENTRIES[i].path);
        html_raw(out, ENTRIES[i].place == place ? "\" aria-current=\"page\">" : "\">");
        html_raw(out, ENTRIES[i].text);
        html_raw(out, "</a>");
    }
    html_raw(out, "<button type=\"button\" id=\"theme\" hidden>Theme</button></nav>\n");
}

static void write_breadcrumb(struct ms_buf *out, const struct layout *layout)
{
    if (layout->n_crumbs == 0)
        return;
    html_raw(out, "<nav class=\"crumbs\" aria-label=\"Breadcrumb\"><ol>");
    for (size_t i = 0; i < layout->n_crumbs; i++) {
        const struct layout_crumb *crumb = &layout->crumbs[i];
        bool is_last = i + 1 == layout->n_crumbs;
        html_raw(out, is_last ? "<li aria-current=\"page\">" : "<li>");
        if (!is_last)
            link_open(out, &crumb->link);
        html_foreign(out, crumb->text);
        html_raw(out, is_last ? "</li>" : "</a></li>");
    }
    html_raw(out, "</ol></nav>\n");
}

void layout_write_staleness(struct ms_buf *out, uint64_t stale_seconds)
{
    if (stale_seconds == 0)
        return;
    html_raw(out, "<p class=\"notice warning\" role=\"status\"><strong>Stale:</strong> this reader "
                  "has not seen its database for ");
    format_duration(out, (int64_t)stale_seconds);
    html_raw(out, ". What you see was true then.</p>\n");
}

void layout_begin(struct ms_buf *out, const struct layout *layout)
{
    write_head(out, layout);
    html_raw(out, "<body>\n<a class=\"skip\" href=\"#content\">Skip to content</a>\n<header>"
                  "<a class=\"brand\" href=\"/\"");
    html_raw(out, layout->place == LAYOUT_HOME ? " aria-current=\"page\">" : ">");
    html_raw(out, "metastore</a>\n");
    if (!layout->has_own_search)
        layout_search_form(out, layout->q, "search");
    write_navigation(out, layout->place);
    html_raw(out, "</header>\n");
    write_breadcrumb(out, layout);
    html_raw(out, "<main id=\"content\" tabindex=\"-1\">\n");
    layout_write_staleness(out, layout->truth.stale_seconds);
}

void layout_end(struct ms_buf *out, const struct layout *layout)
{
    const struct layout_truth *truth = &layout->truth;
    html_raw(out, "</main>\n<footer><p>");
    if (truth->as_of.len > 0) {
        html_raw(out, "As of ");
        format_time(out, truth->as_of);
        html_raw(out, " UTC, generation ");
        html_text(out, truth->generation);
        html_raw(out, ", last complete scan ");
        if (truth->last_scan.len > 0)
            format_time(out, truth->last_scan);
        else
            html_raw(out, "never");
        html_raw(out, ". Times are UTC.</p>\n<p>");
    }
    if (layout->json != NULL) {
        html_raw(out, "The same by machine: ");
        link_open(out, layout->json);
        html_raw(out, "<code>");
        link_write(out, layout->json);
        html_raw(out, "</code></a> ");
    }
    if (layout->atom != NULL) {
        link_open(out, layout->atom);
        html_raw(out, "Atom feed</a> ");
    }
    html_raw(out, "<a href=\"/api/v1/openapi.json\">API</a></p></footer>\n</body>\n</html>\n");
}

void layout_add_crumb(struct layout *layout, struct ms_str text, struct link link)
{
    assert(layout->n_crumbs < LAYOUT_CRUMBS_MAX);
    layout->crumbs[layout->n_crumbs++] = (struct layout_crumb){text, link};
}

void layout_add_repository(struct layout *layout, struct ms_str name)
{
    /* Room for the first step, for the last, and for a page below the repository. */
    size_t room = LAYOUT_CRUMBS_MAX - layout->n_crumbs - 3;
    struct ms_str rest = name;
    size_t start = 0;
    layout_add_crumb(layout, MS_STR("Repositories"), link_to("/r/"));
    while (!ms_str_is_absent(rest)) {
        struct ms_str component = ms_str_next(&rest, '/');
        size_t end = start + component.len;
        if (ms_str_is_absent(rest) || room == 0)
            break;
        layout_add_crumb(layout, component, link_to_repository(ms_str_slice(name, 0, end + 1)));
        start = end + 1;
        room--;
    }
    layout_add_crumb(layout, ms_str_skip(name, start), link_to_repository(name));
}
