/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up content of the pages about one repository and its images. */
#include "reader/pages/compare.h"
#include "reader/pages/image.h"
#include "reader/pages/repository.h"
#include "tests/browser/preview.h"

enum { TAGS_MAX = 200, LAYERS_MAX = 500, LABELS_MAX = 1000, PACKAGES_MAX = 100, DERIVED_MAX = 10 };

static const struct ms_str ALIASES[] = {MS_STR_INIT("18"), MS_STR_INIT("latest"),
                                        MS_STR_INIT("18-bookworm"), MS_STR_INIT("bookworm")};

static size_t make_tags(struct preview *preview, struct repository_tag *tags)
{
    size_t n = preview_scale(preview, 9, 50, 30);
    for (size_t i = 0; i < n; i++) {
        bool is_unreadable = i == 5;
        tags[i] = (struct repository_tag){
            .name = preview_format(preview, i % 3 == 2 ? "18.%zu-alpine" : "18.%zu", n - i),
            .aliases = {ALIASES, i == 0   ? 2
                                 : i == 1 ? 4
                                 : i == 7 ? 1
                                          : 0},
            .digest = is_unreadable ? MS_STR_ABSENT : preview_digest(preview, (unsigned)i + 7),
            .kind = is_unreadable ? "unreadable"
                    : i % 4 == 3  ? "image"
                                  : "index",
            .platforms = preview_platforms(preview, is_unreadable ? 0
                                                    : i % 4 == 3  ? 1
                                                                  : i % 8 + 1),
            .bytes = is_unreadable ? -1 : (int64_t)(912345678 - 1234567 * (int64_t)i),
            .pulls = (int64_t)(7700 / (i + 1)),
            .updated = preview_time(preview, (unsigned)(i * 130)),
            .pushed_by = i % 5 == 4 ? MS_STR_ABSENT : preview_text(preview, "ci-bot"),
            .unreadable =
                is_unreadable ? preview_text(preview, "the digest does not match") : MS_STR_ABSENT,
            .is_signed = i % 2 == 0,
            .has_sbom = i % 3 == 0,
            .has_provenance = i % 6 == 0,
            .is_outdated = i % 7 == 6,
        };
        if (preview->set == PREVIEW_HOSTILE)
            tags[i].name = preview_text(preview, "");
    }
    return n;
}

void preview_page_of_repository(struct ms_buf *out, const struct view_frame *frame,
                                struct preview *preview)
{
    static struct repository_tag tags[TAGS_MAX];
    static struct repository_untagged untagged[20];
    const struct repository_label labels[] = {
        {preview_text(preview, "org.opencontainers.image.vendor"), preview_text(preview, "Acme")},
        {preview_text(preview, "org.opencontainers.image.source"),
         preview_text(preview, "https://git.example.com/databases/postgres")},
        {preview_text(preview, "org.opencontainers.image.licenses"),
         preview_text(preview, "PostgreSQL")}};
    size_t n = make_tags(preview, tags);
    for (size_t i = 0; i < 20; i++)
        untagged[i] = (struct repository_untagged){
            preview_digest(preview, (unsigned)i + 90),
            i % 2 == 0 ? "artifact" : "image",
            preview_text(preview, i % 2 == 0 ? "application/spdx+json" : "linux/amd64"),
            i % 2 == 0 ? preview_digest(preview, (unsigned)i + 1) : MS_STR_ABSENT,
            (int64_t)(i * 7000),
            preview_time(preview, (unsigned)i * 300)};
    const struct repository page = {
        .name = preview->set == PREVIEW_HOSTILE
                    ? MS_STR("team/app-of-a-very-long-name.that_goes-on")
                    : MS_STR("library/postgres"),
        .title = preview_text(preview, "PostgreSQL"),
        .description = preview_text(preview, "The database that keeps what it was told, with the "
                                             "extensions that most people want."),
        .is_official = true,
        .flatpak_ref = preview->set == PREVIEW_LARGE
                           ? MS_STR("app/org.example.Editor/x86_64/stable")
                           : MS_STR_ABSENT,
        .tags = 412,
        .images = 1630,
        .artifacts = 12,
        .untagged = 31,
        .hidden = 4,
        .bytes = 8123456789,
        .unreadable = preview->set == PREVIEW_SMALL ? 0 : 1,
        .pulls = 51200,
        .created = preview_time(preview, 7000),
        .updated = preview_time(preview, 5),
        .pull_tag = MS_STR("latest"),
        .pull_digest = preview_digest(preview, 7),
        .pull_kind = "index",
        .q = preview->set == PREVIEW_HOSTILE ? preview_text(preview, "") : MS_STR_ABSENT,
        .rows = tags,
        .n_rows = n,
        .total = (int64_t)preview_scale(preview, 11, 412, 10000),
        .cursors = {MS_STR_ABSENT, preview->set == PREVIEW_SMALL ? MS_STR_ABSENT : MS_STR("x")},
        .untagged_rows = untagged,
        .n_untagged_rows = 20,
        .activity = preview_activity(preview, 90),
        .labels = labels,
        .n_labels = 3,
    };
    view_repository(out, frame, &page);
}

/* --- images --- */

#define RAW_INDEX                                                                                  \
    "{\"schemaVersion\":2,\"mediaType\":\"application/"                                            \
    "vnd.oci.image.index.v1+json\",\"manifests\":[{"                                               \
    "\"mediaType\":\"application/"                                                                 \
    "vnd.oci.image.manifest.v1+json\",\"size\":2100,\"digest\":\"sha256:"                          \
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\",\"platform\":{\"os\":"     \
    "\"linux\",\"architecture\":\"amd64\"}}],\"annotations\":{}}"

static const struct ms_str TAGS[] = {MS_STR_INIT("18"), MS_STR_INIT("18.6"), MS_STR_INIT("latest")};

static void make_history(struct preview *preview, struct image *page)
{
    static struct image_history history[12];
    for (size_t i = 0; i < 12; i++)
        history[i] = (struct image_history){
            preview_digest(preview, (unsigned)i + 7),
            preview_time(preview, (unsigned)(i + 1) * 200),
            i == 0 ? MS_STR_ABSENT : preview_time(preview, (unsigned)i * 200),
            i % 3 == 2 ? MS_STR_ABSENT : preview_text(preview, "ci-bot"),
            i % 3 == 2 ? MS_STR("scan") : MS_STR("event")};
    page->history = history;
    page->n_history = preview_scale(preview, 3, 12, 12);
}

static void make_layers(struct preview *preview, struct image *page)
{
    static struct image_layer layers[LAYERS_MAX];
    static const char *const INSTRUCTIONS[] = {
        "ADD file:8c1d1d3f9a9d4c6a0d4cb1b4a8d2b4f3c8b7a5d6e9f0a1b2c3d4e5f6a7b8c9d0 in / ",
        "RUN /bin/sh -c set -eux; groupadd -r postgres --gid=999; useradd -r -g postgres --uid=999 "
        "--home-dir=/var/lib/postgresql --shell=/bin/bash postgres; install --verbose --directory "
        "--owner postgres --group postgres --mode 1777 /var/lib/postgresql # buildkit",
        "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends gnupg less && "
        "rm "
        "-rf /var/lib/apt/lists/* # buildkit",
        "COPY docker-entrypoint.sh docker-ensure-initdb.sh /usr/local/bin/ # buildkit",
        "WORKDIR /",
    };
    static const int64_t SIZES[] = {28734567, 1187, 4523111, 112398123, 9812, 116};
    size_t n = preview_scale(preview, 8, 30, LAYERS_MAX);
    for (size_t i = 0; i < n; i++)
        layers[i] = (struct image_layer){preview_digest(preview, (unsigned)i + 300), SIZES[i % 6],
                                         i == 6 ? MS_STR_ABSENT
                                                : preview_text(preview, INSTRUCTIONS[i % 5])};
    page->layers = layers;
    page->n_layers = n;
    page->base_layers = 2;
}

static void make_settings(struct preview *preview, struct image *page)
{
    static struct ms_str env[2], entrypoint[1], cmd[1], ports[1], volumes[1];
    static const struct image_setting SETTINGS[] = {{"Environment", {env, 2}, false},
                                                    {"Entrypoint", {entrypoint, 1}, true},
                                                    {"Command", {cmd, 1}, true},
                                                    {"Ports", {ports, 1}, true},
                                                    {"Volumes", {volumes, 1}, true}};
    env[0] =
        preview_text(preview, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:"
                              "/usr/lib/postgresql/18/bin");
    env[1] = preview_text(preview, "PG_MAJOR=18");
    entrypoint[0] = preview_text(preview, "docker-entrypoint.sh");
    cmd[0] = preview_text(preview, "postgres");
    ports[0] = preview_text(preview, "5432/tcp");
    volumes[0] = preview_text(preview, "/var/lib/postgresql");
    page->settings = SETTINGS;
    page->n_settings = 5;
}

static void make_labels(struct preview *preview, struct image *page)
{
    static struct image_label labels[LABELS_MAX];
    static struct image_package packages[PACKAGES_MAX];
    static const char *const VALUES[] = {"https://git.example.com/databases/postgres", "Acme",
                                         "MIT", "2026-11-20T08:00:00Z"};
    size_t n = preview_scale(preview, 6, 24, LABELS_MAX);
    for (size_t i = 0; i < n; i++)
        labels[i] = (struct image_label){
            preview->set == PREVIEW_HOSTILE
                ? preview_text(preview, "")
                : preview_format(preview, "org.opencontainers.image.key-%zu", i),
            preview_text(preview, VALUES[i % 4]), i % 3 == 2 ? "annotation" : "label"};
    for (size_t i = 0; i < PACKAGES_MAX; i++)
        packages[i] =
            (struct image_package){preview_format(preview, "libpackage%zu", i),
                                   preview_text(preview, "1.2.3-4+deb12u1"), MS_STR("deb")};
    page->labels = labels;
    page->n_labels = n;
    page->packages = packages;
    page->n_packages = preview_scale(preview, 5, 50, PACKAGES_MAX);
    page->has_packages = true;
    page->all_packages = 312;
}

static void make_relatives(struct preview *preview, struct image *page)
{
    static struct image_referrer referrers[3];
    static struct image_derived derived[DERIVED_MAX];
    static const char *const WHAT[] = {"signature (cosign)", "SBOM (SPDX)",
                                       "application/vnd.example.report+json"};
    for (size_t i = 0; i < 3; i++)
        referrers[i] = (struct image_referrer){preview_digest(preview, (unsigned)i + 60),
                                               preview_text(preview, WHAT[i]), 700 + (int64_t)i};
    for (size_t i = 0; i < DERIVED_MAX; i++)
        derived[i] =
            (struct image_derived){.repository = preview_repository(preview, i + 3),
                                   .tags = {TAGS, i % 4},
                                   .digest = preview_digest(preview, (unsigned)i + 70),
                                   .platform = i % 5 == 4 ? MS_STR_ABSENT : MS_STR("linux/amd64"),
                                   .updated = preview_time(preview, (unsigned)i * 70)};
    page->referrers = referrers;
    page->n_referrers = 3;
    page->derived = derived;
    page->n_derived = preview_scale(preview, 5, DERIVED_MAX, DERIVED_MAX);
    page->has_more_derived = preview->set != PREVIEW_SMALL;
    page->all_derived = 41;
}

static struct image make_image(struct preview *preview)
{
    static struct ms_str also_in[2], indexes[1];
    also_in[0] = preview_repository(preview, 3);
    also_in[1] = preview_repository(preview, 5);
    indexes[0] = preview_digest(preview, 7);
    return (struct image){
        .repository = MS_STR("library/postgres"),
        .reference = MS_STR("18.6"),
        .digest = preview_digest(preview, 7),
        .kind = "image",
        .media_type = preview_text(preview, "application/vnd.oci.image.manifest.v1+json"),
        .platform = preview_text(preview, "linux/amd64"),
        .updated = preview_time(preview, 5),
        .bytes = 151234567,
        .pulls = 77,
        .is_signed = true,
        .has_sbom = true,
        .tags = {TAGS, 3},
        .also_in = {also_in, 2},
        .indexes = {indexes, 1},
        .base = MS_STR("library/debian:12-slim"),
        .base_repository = MS_STR("library/debian"),
        .base_tag = MS_STR("12-slim"),
        .base_digest = preview_digest(preview, 80),
        .base_behind = 2,
        .claimed_base = preview->set == PREVIEW_SMALL
                            ? MS_STR_ABSENT
                            : preview_text(preview, "docker.io/library/debian:12"),
        .raw = preview->set == PREVIEW_HOSTILE ? preview_text(preview, "") : MS_STR(RAW_INDEX),
    };
}

void preview_image(struct ms_buf *out, const struct view_frame *frame, struct preview *preview)
{
    struct image page = make_image(preview);
    make_settings(preview, &page);
    make_layers(preview, &page);
    make_labels(preview, &page);
    make_relatives(preview, &page);
    make_history(preview, &page);
    view_image(out, frame, &page);
}

void preview_index(struct ms_buf *out, const struct view_frame *frame, struct preview *preview)
{
    static struct image_child children[12];
    struct view_strings platforms = preview_platforms(preview, 6);
    struct image page = make_image(preview);
    for (size_t i = 0; i < 12; i++)
        children[i] = (struct image_child){
            .digest = preview_digest(preview, (unsigned)i + 40),
            .kind = i < 6 ? "image" : "attestation",
            .platform = i < 6 ? platforms.items[i] : MS_STR("unknown/unknown"),
            .about = i < 6 ? MS_STR_ABSENT : preview_digest(preview, (unsigned)i + 34),
            .bytes = i < 6 ? 2100 : 839};
    page.kind = "index";
    page.base = MS_STR_ABSENT;
    page.indexes.n = 0;
    page.children = children;
    page.n_children = 12;
    page.all_platforms = 6;
    if (preview->set == PREVIEW_HOSTILE) {
        page.kind = "unreadable";
        page.unreadable = preview_text(preview, "");
        page.unreadable_since = preview_time(preview, 30);
    }
    make_relatives(preview, &page);
    make_history(preview, &page);
    view_image(out, frame, &page);
}

void preview_compare(struct ms_buf *out, const struct view_frame *frame, struct preview *preview)
{
    const struct compare_row labels[] = {
        {.key = preview_text(preview, "org.opencontainers.image.version"),
         .a = preview_text(preview, "18.5"),
         .b = preview_text(preview, "18.6")},
        {.key = preview_text(preview, "org.opencontainers.image.vendor"),
         .a = preview_text(preview, "Acme"),
         .b = preview_text(preview, "Acme"),
         .is_same = true},
        {.key = preview_text(preview, "maintainer"),
         .a = preview_text(preview, "somebody@example.com")}};
    const struct compare_row env[] = {
        {.key = preview_text(preview, "PG_VERSION"),
         .a = preview_text(preview, "18.5-1.pgdg120+1"),
         .b = preview_text(preview, "18.6-1.pgdg120+1")},
        {.key = preview_text(preview, "GOSU_VERSION"), .b = preview_text(preview, "1.17")}};
    const struct compare_row layers[] = {
        {.key = MS_STR("Layer 1"),
         .a = preview_digest(preview, 1),
         .b = preview_digest(preview, 1),
         .is_same = true},
        {.key = MS_STR("Layer 2"),
         .a = preview_digest(preview, 2),
         .b = preview_digest(preview, 3)},
        {.key = MS_STR("Layer 3"), .b = preview_digest(preview, 4)}};
    const struct compare_row packages[] = {
        {.key = preview_text(preview, "openssl"),
         .a = preview_text(preview, "3.0.11-1"),
         .b = preview_text(preview, "3.0.12-1, 3.4.0-1"),
         .type = preview_text(preview, "deb")},
        {.key = preview_text(preview, "gosu"), .b = preview_text(preview, "unknown")}};
    const struct compare_section sections[] = {
        {"labels", "Labels", "label", "labels", labels, 3, 2, 3, false},
        {"env", "Environment", "environment variable", "environment variables", env, 2, 2, 2,
         false},
        {"layers", "Layers", NULL, NULL, layers, 3, 2, 3, true},
        {"packages", "Packages", "package", "packages", packages, 2, 2500, 3012, false}};
    const struct compare page = {
        .a = {.name = MS_STR("library/postgres:18.5"),
              .repository = MS_STR("library/postgres"),
              .reference = MS_STR("18.5"),
              .digest = preview_digest(preview, 5),
              .bytes = 141234567,
              .has_packages = true},
        .b = {.name = MS_STR("library/postgres:18.6"),
              .repository = MS_STR("library/postgres"),
              .reference = MS_STR("18.6"),
              .digest = preview_digest(preview, 7),
              .bytes = 151234567,
              .has_packages = true},
        .previous = MS_STR("library/postgres@sha256:77"),
        .sections = sections,
        .n_sections = 4,
        .shared_layers = 1,
        .all_layers = 3,
        .shows_all = preview->set == PREVIEW_HOSTILE,
    };
    view_compare(out, frame, &page);
}
