/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help: what can be asked, the API by example, how clients use this place, keys.
 */
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/pages/view.h"

struct example {
    const char *text;
    const char *what; /* markup of ours */
};

static void write_grammar(struct ms_buf *out)
{
    static const struct example EXAMPLES[] = {
        {"postgres", "A word in a name, title, description or label value. All words must match."},
        {"\"web server\"", "A phrase."},
        {"-nginx", "Not that; a minus works before everything below, too."},
        {"postgres:16", "A tag of a repository; <code>:16</code> is that tag of any."},
        {"sha256:9f86d0", "A manifest, configuration or layer by the beginning of its digest."},
        {"label:org.opencontainers.image.vendor", "Images that have a label."},
        {"label:org.opencontainers.image.vendor=Acme", "The same with this value."},
        {"annotation:org.opencontainers.image.licenses=MIT", "The same of annotations."},
        {"os:linux arch:arm64", "Platforms."},
        {"is:index", "A kind: <code>is:image</code>, <code>is:index</code> or "
                     "<code>is:artifact</code>."},
        {"is:signed", "A signature is there; it was not verified."},
        {"has:sbom", "An SBOM is there; <code>has:provenance</code>: provenance is."},
        {"base:library/debian:12",
         "Images whose first layers are those of an image that the tag has or had; without "
         "<code>:12</code>, that any tag of the repository has or had."},
        {"base:sha256:9f86d0", "The same of one image or index, by the beginning of its digest."},
        {"is:outdated", "Images whose base's tag has moved since."},
        {"package:openssl@<3.0.12",
         "Images that hold a package, by the SBOMs in the registry: of this version, or behind "
         "&lt;, &lt;=, &gt;, &gt;=, in the order of <code>sort -V</code>; or, without "
         "<code>@</code>, "
         "of any."},
        {"updated:>=2026-01-01", "Tags that were pushed since; also &lt;, &lt;= and &gt;."},
    };
    part_heading(out, "search", "Search");
    html_raw(out, "<dl class=\"queries\">");
    for (size_t i = 0; i < sizeof(EXAMPLES) / sizeof(EXAMPLES[0]); i++) {
        struct link link = link_to_search(ms_str(EXAMPLES[i].text));
        html_raw(out, "<dt>");
        link_open(out, &link);
        html_name(out, ms_str(EXAMPLES[i].text));
        html_raw(out, "</a></dt><dd>");
        html_raw(out, EXAMPLES[i].what);
        html_raw(out, "</dd>\n");
    }
    html_raw(out,
             "</dl>\n<p>What packages images hold is listed by <a "
             "href=\"/packages?q=openssl\">/packages?q=openssl</a>, what could be deleted, and "
             "why, by <a href=\"/stats#advice\">the advice</a>.</p>\n");
}

static void write_api(struct ms_buf *out)
{
    static const struct example EXAMPLES[] = {
        {"Search", "/api/v1/search?q=postgres&amp;n=5"},
        {"Newest", "/api/v1/repositories?sort=-updated&amp;n=10"},
        {"Tags", "/api/v1/repositories/library/postgres/-/tags"},
        {"An image", "/api/v1/repositories/library/postgres/-/manifests/latest"},
        {"Built on it", "/api/v1/repositories/library/debian/-/manifests/12/-/derived"},
        {"Packages", "/api/v1/packages/images?name=openssl&amp;version=%3C3.0.12"},
        {"What could go", "/api/v1/advice?untagged_for=30d&amp;tags=pr-*&amp;keep_newest=5"},
        {"Changes", "/api/v1/changes?since=0&amp;wait=30s"},
        {"Everything", "/api/v1/dump"},
        {"Flatpak", "/index/static?label:org.flatpak.ref:exists=1&amp;tag=latest"},
    };
    part_heading(out, "api", "API");
    html_raw(out,
             "<p>Every page names the call that gives the same as JSON. All calls stand in "
             "the <a href=\"/api/v1/openapi.json\">OpenAPI document</a>. In the examples "
             "<code>$METASTORE</code> is the address of this place, and <code>$REGISTRY</code> "
             "that of the registry.</p>\n");
    for (size_t i = 0; i < sizeof(EXAMPLES) / sizeof(EXAMPLES[0]); i++) {
        part_command(out, EXAMPLES[i].text);
        html_raw(out, "curl -s &quot;<span class=\"origin\">$METASTORE</span>");
        html_raw(out, EXAMPLES[i].what);
        html_raw(out, "&quot;");
        part_command_end(out);
    }
}

static void write_clients(struct ms_buf *out, const struct view_frame *frame)
{
    static const struct example COMMANDS[] = {
        {"docker", "docker search HOST/postgres"},
        {"podman", "podman search HOST/postgres"},
        {"skopeo", "skopeo list-tags docker://HOST/library/postgres"},
    };
    part_heading(out, "clients", "Clients");
    html_raw(out, "<p>Where one address serves both the registry and this place, clients ask it as "
                  "they ask any registry.</p>\n");
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++) {
        struct ms_str command = ms_str(COMMANDS[i].what), rest = command;
        part_command(out, COMMANDS[i].text);
        while (rest.len > 0 && !ms_str_starts_with(rest, MS_STR("HOST")))
            rest = ms_str_skip(rest, 1);
        html_text(out, ms_str_slice(command, 0, command.len - rest.len));
        view_registry(out, frame);
        html_text(out, ms_str_skip(rest, 4));
        part_command_end(out);
    }
    part_command(out, "flatpak");
    html_raw(out, "flatpak remote-add apps oci+<span class=\"origin\">$METASTORE</span>");
    part_command_end(out);
}

static void write_registry(struct ms_buf *out)
{
    part_heading(out, "registry", "Registry");
    html_raw(out, "<p>A registry tells metastore of pushes when this stands in its "
                  "<code>config.yml</code>:</p>\n<pre class=\"json\"><code>notifications:\n"
                  "  endpoints:\n    - name: metastore\n      url: http://writer:8087/events\n"
                  "      headers: {Authorization: [Bearer a long random string]}\n"
                  "      timeout: 2s\n      threshold: 5\n      backoff: 5s\n"
                  "      ignoredmediatypes: [application/octet-stream]\n"
                  "      ignore: {actions: [mount]}</code></pre>\n");
}

static void write_keys(struct ms_buf *out)
{
    static const struct example KEYS[] = {
        {"/", "To the search; <kbd>s</kbd> does the same."},
        {"?", "The keys, on every page."},
        {"↓", "Through the suggestions, and <kbd>↑</kbd> back; <kbd>Enter</kbd> takes one, "
              "<kbd>Esc</kbd> closes them."},
    };
    part_heading(out, "keyboard", "Keyboard");
    html_raw(out, "<dl>");
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        html_raw(out, "<dt><kbd>");
        html_text_c(out, KEYS[i].text);
        html_raw(out, "</kbd></dt><dd>");
        html_raw(out, KEYS[i].what);
        html_raw(out, "</dd>\n");
    }
    html_raw(out, "</dl>\n<p>Keys, suggestions, copying and the choice of a theme need JavaScript; "
                  "everything else works without.</p>\n");
}

static void write_words(struct ms_buf *out)
{
    static const struct example WORDS[] = {
        {"Signed", "A signature of cosign or notation is there. It was not verified."},
        {"SBOM, provenance", "An attestation of that kind is there, not verified either."},
        {"Base",
         "The tagged image whose layers are the first of this one's, the longest such. What "
         "annotations name counts only where the layers confirm it."},
        {"Base moved", "The tag of the image that this one is built on has been pushed since."},
        {"Updated", "When the tag was last pushed; where no push was seen, when the image was made "
                    "or first seen."},
        {"Pulls", "Times that a manifest was fetched, as the registry tells. Up to a minute old."},
        {"Size", "Bytes as stored. A blob that several images have counts once."},
        {"Unreadable", "The registry has it, and answers with something that is not it."},
        {"Generation", "A number that grows with every change; answers carry it."},
    };
    part_heading(out, "words", "Words");
    html_raw(out, "<dl>");
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        part_term(out, WORDS[i].text);
        html_raw(out, WORDS[i].what);
        part_term_end(out);
    }
    html_raw(out, "</dl>\n");
}

void view_help(struct ms_buf *out, const struct view_frame *frame)
{
    const struct layout layout = {
        .site = &frame->site,
        .truth = frame->truth,
        .title = MS_STR("Help"),
        .place = LAYOUT_HELP,
        .canonical = link_to("/help"),
    };
    layout_begin(out, &layout);
    html_raw(out, "<h1>Help</h1>\n<ul class=\"inline\"><li><a href=\"#search\">Search</a></li>"
                  "<li><a href=\"#api\">API</a></li><li><a href=\"#clients\">Clients</a></li>"
                  "<li><a href=\"#registry\">Registry</a></li><li><a href=\"#keyboard\">Keyboard"
                  "</a></li><li><a href=\"#words\">Words</a></li></ul>\n");
    write_grammar(out);
    write_api(out);
    write_clients(out, frame);
    write_registry(out);
    write_keys(out);
    write_words(out);
    layout_end(out, &layout);
}
