/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several pages write.
 */
#include "reader/pages/view.h"

#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"

enum { WORD_MAX = 255 };

void view_repository_link(struct ms_buf *out, struct ms_str name)
{
    struct link link = link_to_repository(name);
    link_open(out, &link);
    html_name(out, name);
    html_raw(out, "</a>");
}

void view_tag_link(struct ms_buf *out, struct ms_str repository, struct ms_str tag)
{
    struct link link = link_to_manifest(repository, tag);
    link_open(out, &link);
    html_name(out, tag);
    html_raw(out, "</a>");
}

/* `os/`, or nothing if there is no slash. */
static struct ms_str system_of(struct ms_str platform)
{
    struct ms_str rest = platform;
    struct ms_str system = ms_str_next(&rest, '/');
    return ms_str_is_absent(rest) ? MS_STR("") : ms_str_slice(platform, 0, system.len + 1);
}

void view_platforms(struct ms_buf *out, struct view_strings platforms, size_t at_most)
{
    size_t shown = platforms.n <= at_most + 1 ? platforms.n : at_most;
    struct ms_str before = MS_STR("");
    for (size_t i = 0; i < shown; i++) {
        struct ms_str system = system_of(platforms.items[i]);
        bool is_same = i > 0 && system.len > 0 && ms_str_equal(system, before);
        html_raw(out, i > 0 ? ", " : "");
        html_foreign(out,
                     is_same ? ms_str_skip(platforms.items[i], system.len) : platforms.items[i]);
        before = system;
    }
    if (shown < platforms.n)
        ms_buf_printf(out, " and %zu more", platforms.n - shown);
}

void view_registry(struct ms_buf *out, const struct view_frame *frame)
{
    if (frame->site.registry.len > 0)
        html_text(out, frame->site.registry);
    else
        html_raw(out, "<span class=\"host\">$REGISTRY</span>");
}

void view_curl(struct ms_buf *out, const struct link *api)
{
    part_command(out, "API");
    html_raw(out, "curl -s &quot;<span class=\"origin\">$METASTORE</span>");
    link_write(out, api);
    html_raw(out, "&quot;");
    part_command_end(out);
}

void view_evidence(struct ms_buf *out, bool is_signed, bool has_sbom, bool has_provenance)
{
    if (is_signed)
        part_mark(out, "good", "signed");
    if (has_sbom)
        part_mark(out, "", "SBOM");
    if (has_provenance)
        part_mark(out, "", "provenance");
}

void view_pusher(struct ms_buf *out, struct ms_str name)
{
    if (name.len > 0)
        html_foreign(out, name);
    else
        html_raw(out, "<span class=\"subtle\">unknown</span>");
}

bool view_is_plain_word(struct ms_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '_' || c == '/' || (c == '-' && i > 0)))
            return false;
    }
    return text.len > 0 && text.len <= WORD_MAX;
}

void view_doubled_refs(struct ms_buf *out, int64_t count)
{
    format_count(out, count, "Flatpak ref is", "Flatpak refs are");
    html_raw(out, " offered by more than one repository, which breaks their download. "
                  "<a href=\"/search?q=label:org.flatpak.ref\">See them</a>; keep one tag "
                  "<code>latest</code> of each.");
}

void view_pages_init(struct view_pages *out, const struct link *link, struct view_cursors cursors)
{
    *out = (struct view_pages){.prev = *link,
                               .next = *link,
                               .has_prev = cursors.prev.len > 0,
                               .has_next = cursors.next.len > 0};
    link_set(&out->prev, "cursor", cursors.prev);
    link_set(&out->next, "cursor", cursors.next);
}
