/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The home page: search, what there is in a sentence, what needs somebody, what is new and what is
 * used. Without any repository it says how to get some.
 */
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/html/table.h"
#include "reader/pages/home.h"

static void write_search(struct ms_buf *out, const struct home *home)
{
    layout_search_form(out, MS_STR_ABSENT, "search large");
    if (home->examples[0].len == 0)
        return;
    html_raw(out, "<p class=\"whole\">For example ");
    for (size_t i = 0; i < HOME_EXAMPLES && home->examples[i].len > 0; i++) {
        struct link link = link_to_search(home->examples[i]);
        if (i > 0)
            html_raw(out, " · ");
        link_open(out, &link);
        html_name(out, home->examples[i]);
        html_raw(out, "</a>");
    }
    html_raw(out, "</p>\n");
}

static void write_totals(struct ms_buf *out, const struct home *home)
{
    html_raw(out, "<p class=\"whole\">");
    format_count(out, home->repositories, "repository", "repositories");
    html_raw(out, ", ");
    format_count(out, home->tags, "tag", "tags");
    html_raw(out, ", ");
    format_count(out, home->images, "image", "images");
    html_raw(out, ", ");
    format_size(out, home->bytes);
    html_raw(out, " with each blob counted once.</p>\n");
}

/* --- what needs somebody --- */

static void write_held(struct ms_buf *out, const struct home_troubles *troubles)
{
    html_raw(out, "<li>");
    format_count(out, troubles->held_tags, "tag", "tags");
    html_raw(out, " and ");
    format_count(out, troubles->held_repositories, "repository", "repositories");
    html_raw(out, " are gone from the registry. So many at once look like a fault: they stay here "
                  "until a later scan misses them, too. If they were deleted on purpose: "
                  "<code>POST /scan?accept-removals=1</code> at the writer.</li>");
}

static void write_troubles(struct ms_buf *out, const struct home_troubles *troubles)
{
    html_raw(out, "<ul class=\"plain\">");
    if (troubles->scan_failed) {
        html_raw(out, "<li>The last scan, ended ");
        format_time(out, troubles->scan_ended);
        html_raw(out, ", did not see everything. The writer's log names the requests that failed; "
                      "<code>POST /scan</code> at the writer tries again.</li>");
    }
    if (troubles->oldest_event_seconds > 60) {
        html_raw(out, "<li>The oldest event waits for ");
        format_duration(out, troubles->oldest_event_seconds);
        html_raw(out, " to be applied: what was pushed since may be missing. See "
                      "<code>registry</code> in the writer's <code>/status</code>.</li>");
    }
    if (troubles->held_tags > 0 || troubles->held_repositories > 0)
        write_held(out, troubles);
    if (troubles->unreadable > 0) {
        html_raw(out, "<li>");
        format_count(out, troubles->unreadable, "manifest or tag", "manifests or tags");
        html_raw(out, " cannot be read from the registry. <a href=\"/stats#unreadable\">The "
                      "reasons</a>; push them again, or delete them.</li>");
    }
    if (troubles->dead_letters > 0) {
        html_raw(out, "<li>");
        format_count(out, troubles->dead_letters, "event", "events");
        html_raw(out, " can never be applied. <code>metastore-writer --dead-letters</code> says "
                      "why, <code>--dead-letters retry</code> tries again.</li>");
    }
    if (troubles->doubled_refs > 0) {
        html_raw(out, "<li>");
        view_doubled_refs(out, troubles->doubled_refs);
        html_raw(out, "</li>");
    }
    html_raw(out, "</ul>");
}

static void write_notices(struct ms_buf *out, const struct home_troubles *troubles)
{
    if (!troubles->scan_failed && troubles->oldest_event_seconds <= 60 &&
        troubles->held_tags <= 0 && troubles->held_repositories <= 0 && troubles->unreadable <= 0 &&
        troubles->dead_letters <= 0 && troubles->doubled_refs <= 0)
        return;
    html_raw(out, "<section class=\"notice warning\" aria-label=\"Needs attention\">");
    write_troubles(out, troubles);
    html_raw(out, "</section>\n");
}

/* --- tables --- */

static void write_pushed(struct ms_buf *out, const struct home *home)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Repository", .is_row_header = true},
        {.title = "Tags", .is_number = true},
        {.title = "Updated", .is_number = true},
    };
    const struct table table = {.id = "pushed",
                                .caption = "Repositories by their last push",
                                .is_caption_hidden = true,
                                .columns = COLUMNS,
                                .n_columns = 3};
    table_begin(out, &table);
    for (size_t i = 0; i < home->n_pushed; i++) {
        const struct home_repository *row = &home->pushed[i];
        table_row(out);
        table_cell(out, &table, 0);
        view_repository_link(out, row->name);
        table_cell_end(out, &table, 0);
        table_number(out, &table, 1, row->tags);
        table_time(out, &table, 2, row->updated);
        table_row_end(out);
    }
    table_end(out);
}

static void write_pulled(struct ms_buf *out, const struct home *home)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Repository", .is_row_header = true},
        {.title = "Tags", .is_number = true},
        {.title = "Pulls", .is_number = true},
    };
    const struct table table = {.id = "pulled",
                                .caption = "Repositories by pulls",
                                .is_caption_hidden = true,
                                .columns = COLUMNS,
                                .n_columns = 3};
    table_begin(out, &table);
    for (size_t i = 0; i < home->n_pulled; i++) {
        const struct home_repository *row = &home->pulled[i];
        table_row(out);
        table_cell(out, &table, 0);
        view_repository_link(out, row->name);
        table_cell_end(out, &table, 0);
        table_number(out, &table, 1, row->tags);
        table_number(out, &table, 2, row->pulls);
        table_row_end(out);
    }
    table_end(out);
    html_raw(out, "<p class=\"subtle\">Pulls are up to a minute old.</p>\n");
}

static void write_namespaces(struct ms_buf *out, const struct home *home)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Namespace", .is_row_header = true},
        {.title = "Repositories", .is_number = true},
        {.title = "Size", .is_number = true},
        {.title = "<span class=\"away\">Share</span>", .is_wide = true},
    };
    const struct table table = {.id = "largest",
                                .caption =
                                    "Size: a sum over its repositories, each with its blobs once",
                                .columns = COLUMNS,
                                .n_columns = 4};
    table_begin(out, &table);
    for (size_t i = 0; i < home->n_namespaces; i++) {
        const struct home_namespace *row = &home->namespaces[i];
        struct link link = {.base = "/r/", .name = row->name, .middle = "/"};
        table_row(out);
        table_cell(out, &table, 0);
        link_open(out, &link);
        html_name(out, row->name);
        html_raw(out, "/</a>");
        table_cell_end(out, &table, 0);
        table_number(out, &table, 1, row->repositories);
        table_size(out, &table, 2, row->bytes);
        table_cell(out, &table, 3);
        chart_bar(out, row->bytes, home->namespaces[0].bytes, "");
        table_cell_end(out, &table, 3);
        table_row_end(out);
    }
    table_end(out);
}

static void write_empty(struct ms_buf *out, const struct view_frame *frame)
{
    html_raw(out, "<h2 id=\"empty\">Nothing is here yet</h2>\n<p>metastore learns of images in two "
                  "ways. The registry tells it, once this stands in its <code>config.yml</code> "
                  "(<code>writer</code> is the host of metastore-writer):</p>\n"
                  "<pre class=\"json\"><code>notifications:\n  endpoints:\n    - name: metastore\n"
                  "      url: http://writer:8087/events\n"
                  "      headers: {Authorization: [Bearer a long random string]}\n"
                  "      timeout: 2s\n      threshold: 5\n      backoff: 5s\n"
                  "      ignoredmediatypes: [application/octet-stream]\n"
                  "      ignore: {actions: [mount]}</code></pre>\n"
                  "<p>And a scan finds what was there before. One runs at the first start; another "
                  "one starts with:</p>\n");
    part_command(out, "Scan");
    html_raw(out, "curl -X POST -H &#39;Authorization: Bearer …&#39; http://writer:8087/scan");
    part_command_end(out);
    if (frame->site.registry.len > 0) {
        html_raw(out, "<p>Then push something to ");
        html_name(out, frame->site.registry);
        html_raw(out, ": it is here a second later.</p>\n");
    }
}

static void write_content(struct ms_buf *out, const struct home *home)
{
    write_totals(out, home);
    write_notices(out, &home->troubles);
    html_raw(out, "<div class=\"sides\"><section>");
    part_heading(out, "recent", "Recently pushed");
    write_pushed(out, home);
    html_raw(out, "</section><section>");
    part_heading(out, "popular", "Most pulled");
    write_pulled(out, home);
    html_raw(out, "</section></div>\n");
    if (home->n_namespaces > 0) {
        part_heading(out, "namespaces", "Largest namespaces");
        write_namespaces(out, home);
    }
    html_raw(out, "<p><a href=\"/r/\">All repositories</a> · <a href=\"/help#api\">API</a> · "
                  "<a href=\"/api/v1/dump\">Everything as NDJSON</a> · <a href=\"/feed\">Feed of "
                  "pushes</a></p>\n");
}

void view_home(struct ms_buf *out, const struct view_frame *frame, const struct home *home)
{
    struct link json = link_to("/api/v1/stats"), atom = link_to("/feed");
    const struct layout layout = {
        .site = &frame->site,
        .truth = frame->truth,
        .place = LAYOUT_HOME,
        .has_own_search = true,
        .canonical = link_to("/"),
        .json = &json,
        .atom = &atom,
    };
    layout_begin(out, &layout);
    html_raw(out, "<h1>Images");
    if (frame->site.registry.len > 0) {
        html_raw(out, " of ");
        html_foreign(out, frame->site.registry);
    }
    html_raw(out, "</h1>\n");
    write_search(out, home);
    if (home->repositories == 0) {
        write_notices(out, &home->troubles);
        write_empty(out, frame);
    } else {
        write_content(out, home);
    }
    layout_end(out, &layout);
}
