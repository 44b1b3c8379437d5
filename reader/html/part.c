/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of pages.
 */
#include "reader/html/part.h"

#include "reader/html/format.h"
#include "reader/html/html.h"

enum { CHIP_MAX = 120, INDENT_MAX = 32, HASH_DIGITS = 64 };

void part_heading(struct ms_buf *out, const char *id, const char *text)
{
    html_raw(out, "<h2 id=\"");
    html_raw(out, id);
    html_raw(out, "\">");
    html_raw(out, text);
    html_raw(out, "</h2>\n");
}

void part_chip(struct ms_buf *out, struct ms_str text, const struct link *without)
{
    html_raw(out, "<li>");
    link_open_with(out, without, " class=\"chip\"");
    html_raw(out, "<span class=\"away\">Remove filter </span><bdi>");
    html_text_at_most(out, text, CHIP_MAX);
    html_raw(out, "</bdi> <span aria-hidden=\"true\">×</span></a></li>");
}

void part_facet(struct ms_buf *out, struct ms_str value, int64_t count, const struct link *link)
{
    html_raw(out, link == NULL ? "<li><strong>" : "<li>");
    if (link != NULL)
        link_open(out, link);
    html_raw(out, "<bdi>");
    html_text_at_most(out, value, CHIP_MAX);
    html_raw(out, link == NULL ? "</bdi></strong>" : "</bdi></a>");
    if (count >= 0) {
        html_raw(out, " <span class=\"subtle\">");
        format_number(out, count);
        html_raw(out, "</span>");
    }
    html_raw(out, "</li>");
}

void part_term(struct ms_buf *out, const char *term)
{
    html_raw(out, "<dt>");
    html_raw(out, term);
    html_raw(out, "</dt><dd>");
}

void part_term_end(struct ms_buf *out)
{
    html_raw(out, "</dd>\n");
}

void part_command(struct ms_buf *out, const char *label)
{
    html_raw(out, "<div class=\"command\"><span class=\"label\">");
    html_raw(out, label);
    html_raw(out, "</span><code>");
}

void part_command_end(struct ms_buf *out)
{
    html_raw(out, "</code></div>\n");
}

void part_manifest_digest(struct ms_buf *out, struct ms_str repository, struct ms_str digest)
{
    struct link link = link_to_manifest(repository, digest);
    if (digest.len == 0) {
        html_raw(out, "unknown");
        return;
    }
    html_raw(out, "<span class=\"digest\">");
    link_open(out, &link);
    html_digest(out, digest);
    html_raw(out, "</a></span>");
}

void part_digest(struct ms_buf *out, struct ms_str digest)
{
    if (digest.len == 0) {
        html_raw(out, "unknown");
        return;
    }
    struct link link = link_to_search(digest);
    bool can_be_searched = ms_str_starts_with(digest, MS_STR("sha256:"));
    html_raw(out, "<span class=\"digest\">");
    if (can_be_searched)
        link_open(out, &link);
    html_digest(out, digest);
    html_raw(out, can_be_searched ? "</a></span>" : "</span>");
}

void part_mark(struct ms_buf *out, const char *kind, const char *word)
{
    html_raw(out, "<span class=\"mark ");
    html_raw(out, kind);
    html_raw(out, "\">");
    html_raw(out, word);
    html_raw(out, "</span> ");
}

/* --- JSON --- */

/* The length of a digest at the beginning of the text; 0: there is none. */
static size_t digest_length(struct ms_str text)
{
    static const struct ms_str PREFIX = MS_STR_INIT("sha256:");
    if (!ms_str_starts_with(text, PREFIX) || text.len < PREFIX.len + HASH_DIGITS)
        return 0;
    for (size_t i = PREFIX.len; i < PREFIX.len + HASH_DIGITS; i++) {
        char c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return 0;
    }
    return PREFIX.len + HASH_DIGITS;
}

/* The length of the string, with its quotes, that the text begins with; it may have no end. */
static size_t string_length(struct ms_str text)
{
    size_t i = 1;
    while (i < text.len && text.ptr[i] != '"')
        i += text.ptr[i] == '\\' ? 2 : 1;
    return i + 1 < text.len ? i + 1 : text.len;
}

static void write_string(struct ms_buf *out, struct ms_str string, struct ms_str repository)
{
    struct ms_str inner = ms_str_skip(string, 1);
    size_t length = digest_length(inner);
    if (length == 0 || length + 2 != string.len) {
        html_text(out, string);
        return;
    }
    struct ms_str digest = ms_str_slice(inner, 0, length);
    struct link link =
        repository.len > 0 ? link_to_manifest(repository, digest) : link_to_search(digest);
    html_raw(out, "&quot;");
    link_open(out, &link);
    html_text(out, digest);
    html_raw(out, "</a>&quot;");
}

static void write_line(struct ms_buf *out, size_t depth)
{
    ms_buf_append_char(out, '\n');
    for (size_t i = 0; i < depth && i < INDENT_MAX; i++)
        ms_buf_append_c(out, "  ");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* True when the container that has just begun has nothing in it. */
static bool closes_at_once(struct ms_str rest)
{
    size_t i = 0;
    while (i < rest.len && is_blank(rest.ptr[i]))
        i++;
    return i < rest.len && (rest.ptr[i] == '}' || rest.ptr[i] == ']');
}

static void write_structure(struct ms_buf *out, char c, struct ms_str rest, size_t *depth,
                            bool *is_empty)
{
    bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
    if (closes && *depth > 0)
        (*depth)--;
    if (closes && !*is_empty)
        write_line(out, *depth);
    html_text(out, ms_str_n(&c, 1));
    *is_empty = opens && closes_at_once(rest);
    if (opens)
        (*depth)++;
    if (c == ',' || (opens && !*is_empty))
        write_line(out, *depth);
    else if (c == ':')
        ms_buf_append_char(out, ' ');
}

static void write_json(struct ms_buf *out, struct ms_str rest, struct ms_str repository)
{
    size_t depth = 0;
    bool is_empty = false;
    while (rest.len > 0 && !out->overflowed) {
        char c = rest.ptr[0];
        size_t taken = 1;
        if (c == '"') {
            taken = string_length(rest);
            write_string(out, ms_str_slice(rest, 0, taken), repository);
        } else if (c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':') {
            write_structure(out, c, ms_str_skip(rest, 1), &depth, &is_empty);
        } else if (!is_blank(c)) {
            while (taken < rest.len && !is_blank(rest.ptr[taken]) && rest.ptr[taken] != ',' &&
                   rest.ptr[taken] != '}' && rest.ptr[taken] != ']' && rest.ptr[taken] != '"')
                taken++;
            html_text(out, ms_str_slice(rest, 0, taken));
        }
        rest = ms_str_skip(rest, taken);
    }
}

void part_json(struct ms_buf *out, struct ms_str json, struct ms_str repository, size_t max_bytes)
{
    html_raw(out, "<pre class=\"json\"><code>");
    write_json(out, ms_str_slice(json, 0, max_bytes), repository);
    if (json.len > max_bytes)
        ms_buf_printf(out, "\n<span class=\"cut\">… (%zu more bytes)</span>", json.len - max_bytes);
    html_raw(out, "</code></pre>\n");
}
