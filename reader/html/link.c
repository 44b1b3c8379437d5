/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs of this place, and links to foreign ones. Always: a foreign string becomes a link only if
 * it is http or https, has a host and is plain ASCII without blanks and quotes; the browser is told
 * not to tell the other side where it came from.
 */
#include "reader/html/link.h"

#include "reader/html/html.h"

#include <assert.h>
#include <string.h>

enum { FOREIGN_URL_MAX = 2048 };

struct link link_to(const char *base)
{
    return (struct link){.base = base};
}

struct link link_to_repository(struct ms_str name)
{
    return (struct link){.base = "/r/", .name = name};
}

struct link link_to_manifest(struct ms_str repository, struct ms_str reference)
{
    return (struct link){.base = "/r/", .name = repository, .middle = "/-/", .tail = reference};
}

struct link link_to_search(struct ms_str q)
{
    struct link link = {.base = "/search"};
    link_set(&link, "q", q);
    return link;
}

void link_set(struct link *link, const char *name, struct ms_str value)
{
    size_t at = 0;
    while (at < link->n_params && strcmp(link->params[at].name, name) < 0)
        at++;
    bool is_there = at < link->n_params && strcmp(link->params[at].name, name) == 0;
    size_t behind = link->n_params - at;
    if (value.len == 0) {
        if (is_there)
            memmove(&link->params[at], &link->params[at + 1],
                    (behind - 1) * sizeof(link->params[0]));
        link->n_params -= is_there;
        return;
    }
    if (!is_there) {
        assert(link->n_params < LINK_PARAMS_MAX);
        memmove(&link->params[at + 1], &link->params[at], behind * sizeof(link->params[0]));
        link->n_params++;
    }
    link->params[at].name = name;
    link->params[at].value = value;
}

void link_write(struct ms_buf *out, const struct link *link)
{
    html_raw(out, link->base);
    html_path(out, link->name);
    if (link->middle != NULL)
        html_raw(out, link->middle);
    html_path(out, link->tail);
    if (link->end != NULL)
        html_raw(out, link->end);
    for (size_t i = 0; i < link->n_params; i++) {
        html_raw(out, i == 0 ? "?" : "&amp;");
        html_raw(out, link->params[i].name);
        html_raw(out, "=");
        html_query(out, link->params[i].value);
    }
}

void link_open(struct ms_buf *out, const struct link *link)
{
    link_open_with(out, link, "");
}

void link_open_with(struct ms_buf *out, const struct link *link, const char *attributes)
{
    html_raw(out, "<a href=\"");
    link_write(out, link);
    html_raw(out, "\"");
    html_raw(out, attributes);
    html_raw(out, ">");
}

/* Characters that a URL has without being misread anywhere: printable ASCII, no quotes, brackets or
 * backslashes. */
static bool is_url_character(char c)
{
    return c > 0x20 && c < 0x7f && strchr("\"'<>\\^`{|}", c) == NULL;
}

static bool is_foreign_url(struct ms_str text)
{
    size_t scheme = ms_str_starts_with(text, MS_STR("https://"))  ? 8
                    : ms_str_starts_with(text, MS_STR("http://")) ? 7
                                                                  : 0;
    if (scheme == 0 || text.len <= scheme || text.len > FOREIGN_URL_MAX)
        return false;
    for (size_t i = scheme; i < text.len; i++)
        if (!is_url_character(text.ptr[i]))
            return false;
    char host = text.ptr[scheme];
    return (host >= 'a' && host <= 'z') || (host >= 'A' && host <= 'Z') ||
           (host >= '0' && host <= '9') || host == '[';
}

void link_foreign(struct ms_buf *out, struct ms_str text, size_t max_bytes)
{
    bool is_url = is_foreign_url(text);
    if (is_url) {
        html_raw(out, "<a rel=\"noopener noreferrer nofollow\" href=\"");
        html_attribute(out, text);
        html_raw(out, "\">");
    }
    if (text.len <= max_bytes) {
        html_foreign(out, text);
    } else {
        html_raw(out, "<bdi>");
        html_text_at_most(out, text, max_bytes);
        html_raw(out, "</bdi>");
    }
    if (is_url)
        html_raw(out, "</a>");
}
