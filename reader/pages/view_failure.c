/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error in the look of the pages: what is wrong, and where to go on.
 */
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/pages/failure.h"

static const char *title_of(int status)
{
    switch (status) {
    case 400:
        return "The request cannot be understood";
    case 404:
        return "Not found";
    case 429:
        return "Too many requests";
    case 503:
        return "Not available at the moment";
    default:
        return "Something went wrong";
    }
}

static void write_past(struct ms_buf *out, const struct failure *page)
{
    if (page->was_there)
        html_raw(out,
                 "<p>A repository of this name was here, and the registry has it no more.</p>\n");
    if (page->were_below)
        html_raw(out, "<p>Repositories were below it, and the registry has them no more.</p>\n");
    if (page->tag_until.len > 0) {
        html_raw(out, "<p>The repository had this tag until ");
        format_time(out, page->tag_until);
        html_raw(out, ".</p>\n");
    }
}

static void write_names(struct ms_buf *out, const struct failure *page)
{
    if (page->repository.len > 0) {
        html_raw(out, "<p>There is a repository ");
        view_repository_link(out, page->repository);
        html_raw(out, ".</p>\n");
    }
    if (page->nearest.n > 0) {
        html_raw(out, "<p>Names like it:</p>\n<ul>");
        for (size_t i = 0; i < page->nearest.n; i++) {
            html_raw(out, "<li>");
            view_repository_link(out, page->nearest.items[i]);
            html_raw(out, "</li>");
        }
        html_raw(out, "</ul>\n");
    }
    if (page->name.len > 0) {
        struct link link = link_to_search(page->name);
        html_raw(out, "<p>");
        link_open(out, &link);
        html_raw(out, "Search for <bdi>");
        html_text_at_most(out, page->name, 200);
        html_raw(out, "</bdi></a></p>\n");
    }
}

void view_failure(struct ms_buf *out, const struct view_frame *frame, const struct failure *page)
{
    const struct layout layout = {
        .site = &frame->site,
        .truth = frame->truth,
        .title = ms_str(title_of(page->status)),
        .is_error = true,
    };
    layout_begin(out, &layout);
    html_raw(out, "<h1>");
    html_raw(out, title_of(page->status));
    ms_buf_printf(out, " <span class=\"subtle\">(%d)</span></h1>\n<p><bdi>", page->status);
    html_text_at_most(out, page->detail, 1000);
    html_raw(out, "</bdi></p>\n");
    write_past(out, page);
    write_names(out, page);
    if (page->retry_seconds > 0) {
        html_raw(out, "<p>Try again in ");
        format_duration(out, (int64_t)page->retry_seconds);
        html_raw(out, ".</p>\n");
    }
    html_raw(out, "<p><a href=\"/\">Home</a> · <a href=\"/r/\">All repositories</a> · "
                  "<a href=\"/help\">Help</a></p>\n");
    layout_end(out, &layout);
}
