/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up content of the pages that list: home, namespaces, search, statistics, errors. */
#include "reader/pages/failure.h"
#include "reader/pages/home.h"
#include "reader/pages/repositories.h"
#include "reader/pages/search.h"
#include "reader/pages/stats.h"
#include "tests/browser/preview.h"

enum { ROWS_MAX = 60 };

void preview_home(struct ms_buf *out, const struct view_frame *frame, struct preview *preview)
{
    struct home_repository pushed[10], pulled[10];
    struct home_namespace namespaces[8];
    static const char *const NAMESPACES[] = {"library", "research",       "data",    "team",
                                             "flatpak", "infrastructure", "archive", "tools"};
    for (size_t i = 0; i < 10; i++) {
        pushed[i] = (struct home_repository){preview_repository(preview, i),
                                             preview_time(preview, (unsigned)(i * i + 1)),
                                             (int64_t)(40 * i + 3), 0};
        pulled[i] =
            (struct home_repository){preview_repository(preview, (i * 4) % 13), MS_STR(""),
                                     (int64_t)(412 - 33 * i), (int64_t)(91234 / (i * i + 1))};
    }
    for (size_t i = 0; i < 8; i++)
        namespaces[i] = (struct home_namespace){ms_str(NAMESPACES[i]), (int64_t)(40 - 4 * i),
                                                (int64_t)(812345678901 / (int64_t)(1 << i))};
    struct home home = {
        .repositories = preview->set == PREVIEW_SMALL ? 23 : 10123,
        .tags = preview->set == PREVIEW_SMALL ? 187 : 512345,
        .images = 6900,
        .bytes = 1234567890123,
        .pulls = 90210,
        .examples = {preview_text(preview, "postgres"),
                     preview_text(preview, "label:org.opencontainers.image.vendor=Acme"),
                     preview_text(preview, "os:linux arch:arm64")},
        .pushed = pushed,
        .n_pushed = 10,
        .pulled = pulled,
        .n_pulled = 10,
        .namespaces = namespaces,
        .n_namespaces = 8,
        .all_namespaces = 8,
    };
    if (preview->set != PREVIEW_SMALL)
        home.troubles =
            (struct home_troubles){true, preview_time(preview, 2), 300, 213, 4, 2, 3, 1};
    view_home(out, frame, &home);
}

void preview_repositories(struct ms_buf *out, const struct view_frame *frame,
                          struct preview *preview)
{
    static struct repositories_namespace namespaces[ROWS_MAX];
    static struct repositories_row rows[ROWS_MAX];
    size_t n_namespaces = preview_scale(preview, 3, 12, 6);
    size_t n_rows = preview_scale(preview, 6, 50, 20);
    for (size_t i = 0; i < n_namespaces; i++)
        namespaces[i] = (struct repositories_namespace){
            preview_format(preview, "team/%s-%zu", i % 2 == 0 ? "reports" : "experiments", i),
            (int64_t)(90 - i * 7), (int64_t)(1200 - 80 * i), (int64_t)(712345678901 >> i),
            preview_time(preview, (unsigned)(i * 30))};
    for (size_t i = 0; i < n_rows; i++)
        rows[i] = (struct repositories_row){
            .name = preview_repository(preview, i),
            .title = preview_text(preview, i % 2 == 0 ? "PostgreSQL" : ""),
            .description =
                i % 3 == 2 ? MS_STR_ABSENT
                           : preview_text(preview, "The database that keeps what it was told, with "
                                                   "the extensions that most people want"),
            .is_official = i < 3,
            .tags = (int64_t)(i * 37 % 412),
            .bytes = i == 4 ? -1 : (int64_t)(8123456789 / (int64_t)(i + 1)),
            .pulls = (int64_t)(51200 / (i + 1)),
            .updated = preview_time(preview, (unsigned)(i * 9)),
            .platforms = preview_platforms(preview, i % 8),
        };
    struct repositories page = {
        .prefix = preview->set == PREVIEW_HOSTILE ? MS_STR("a/b/\"><script>/") : MS_STR("team/"),
        .q = preview->set == PREVIEW_HOSTILE ? preview_text(preview, "") : MS_STR_ABSENT,
        .sort = preview->set == PREVIEW_LARGE ? MS_STR("-updated") : MS_STR_ABSENT,
        .all_below = 1234,
        .namespaces = namespaces,
        .n_namespaces = n_namespaces,
        .ns = preview->set == PREVIEW_LARGE ? MS_STR("ghi") : MS_STR_ABSENT,
        .all_namespaces = preview->set == PREVIEW_LARGE ? 314 : (int64_t)n_namespaces,
        .namespace_cursors = {preview->set == PREVIEW_LARGE ? MS_STR("jkl") : MS_STR_ABSENT,
                              preview->set == PREVIEW_LARGE ? MS_STR("mno") : MS_STR_ABSENT},
        .rows = rows,
        .n_rows = n_rows,
        .total = preview->set == PREVIEW_LARGE ? 813 : (int64_t)n_rows,
        .cursors = {preview->set == PREVIEW_LARGE ? MS_STR("abc") : MS_STR_ABSENT,
                    preview->set == PREVIEW_LARGE ? MS_STR("def") : MS_STR_ABSENT},
    };
    for (size_t i = 0; i < n_namespaces && preview->set == PREVIEW_HOSTILE; i++)
        namespaces[i].name = preview_format(preview, "a/b/\"><script>/<b>%zu", i);
    view_repositories(out, frame, &page);
}

/* --- search --- */

static size_t make_results(struct preview *preview, struct search_result *results)
{
    size_t n = preview_scale(preview, 12, 50, 20);
    static const struct ms_str TAGS[] = {MS_STR_INIT("18.6"),        MS_STR_INIT("18"),
                                         MS_STR_INIT("latest"),      MS_STR_INIT("18.6-bookworm"),
                                         MS_STR_INIT("18-bookworm"), MS_STR_INIT("bookworm"),
                                         MS_STR_INIT("stable")};
    for (size_t i = 0; i < n; i++) {
        bool is_repository = i % 3 == 0;
        results[i] = (struct search_result){
            .type = is_repository ? "repository" : "image",
            .name = preview_repository(preview, i),
            .digest = is_repository ? MS_STR_ABSENT : preview_digest(preview, (unsigned)i + 1),
            .title = preview_text(preview, is_repository ? "PostgreSQL" : ""),
            .description = is_repository
                               ? preview_text(preview, "The database that keeps what it was told, "
                                                       "with the extensions that most people want "
                                                       "and some that nobody asked for, ever, "
                                                       "anywhere, at all")
                               : MS_STR_ABSENT,
            .tags = {TAGS, is_repository ? 0 : i % 7 + (i % 4 != 1)},
            .platforms = preview_platforms(preview, is_repository ? 5 : 1),
            .is_official = i == 0,
            .is_signed = i % 4 == 1,
            .has_sbom = i % 4 == 1,
            .bytes = is_repository ? -1 : (int64_t)(151000000 / (int64_t)(i + 1)),
            .pulls = is_repository ? (int64_t)(5120 / (i + 1)) : -1,
            .n_tags = is_repository ? (int64_t)(412 / (i + 1)) : -1,
            .updated = preview_time(preview, (unsigned)i * 20),
            .match =
                is_repository
                    ? MS_STR_ABSENT
                    : preview_text(preview, "label org.opencontainers.image.vendor = postgres"),
        };
    }
    return n;
}

void preview_search(struct ms_buf *out, const struct view_frame *frame, struct preview *preview)
{
    static struct search_result results[ROWS_MAX];
    static const struct search_value OS[] = {
        {MS_STR_INIT("linux"), MS_STR_INIT("postgres os:linux"), 1630, true},
        {MS_STR_INIT("windows"), MS_STR_INIT("postgres os:windows"), 12, false}};
    static const struct search_value ARCHITECTURES[] = {
        {MS_STR_INIT("amd64"), MS_STR_INIT("postgres arch:amd64"), 812, false},
        {MS_STR_INIT("arm64"), MS_STR_INIT("postgres arch:arm64"), 790, false},
        {MS_STR_INIT("s390x"), MS_STR_INIT("postgres arch:s390x"), 28, false}};
    const struct search_value labels[] = {
        {preview_text(preview, "org.opencontainers.image.vendor"), MS_STR("x"), 1630, false},
        {preview_text(preview, "org.opencontainers.image.source"), MS_STR("x"), 912, false},
        {preview_text(preview, "maintainer"), MS_STR("x"), 41, false},
        {preview_text(preview, "com.example.team"), MS_STR("x"), 12, false}};
    static const struct search_value EVIDENCE[] = {
        {MS_STR_INIT("signed"), MS_STR_INIT("postgres is:signed"), 612, false},
        {MS_STR_INIT("SBOM"), MS_STR_INIT("postgres has:sbom"), 412, false},
        {MS_STR_INIT("provenance"), MS_STR_INIT("postgres has:provenance"), 60, false},
        {MS_STR_INIT("base moved"), MS_STR_INIT("postgres is:outdated"), -1, false}};
    const struct search_facet facets[] = {{"Operating system", OS, 2},
                                          {"Architecture", ARCHITECTURES, 3},
                                          {"Evidence", EVIDENCE, 4},
                                          {"Label", labels, 4}};
    const struct search_filter filters[] = {
        {preview_text(preview, "os:linux"), MS_STR("postgres label:x")},
        {preview_text(preview, "label:org.opencontainers.image.vendor=postgres"),
         MS_STR("postgres os:linux")}};
    static const struct ms_str WORDS[] = {MS_STR_INIT("postgres"), MS_STR_INIT("app")};
    size_t n = make_results(preview, results);
    const struct search page = {
        .q = preview_text(preview,
                          "postgres os:linux label:org.opencontainers.image.vendor=postgres"),
        .kind = MS_STR_ABSENT,
        .sort = MS_STR_ABSENT,
        .total = preview->set == PREVIEW_LARGE ? 1812 : (int64_t)n,
        .filters = filters,
        .n_filters = 2,
        .facets = facets,
        .n_facets = 4,
        .choices = {{"everything", MS_STR("x"), MS_STR_ABSENT},
                    {"repositories", MS_STR("x"), MS_STR("repository")},
                    {"images", MS_STR("x"), MS_STR("image")},
                    {"indexes", MS_STR("x is:index"), MS_STR_ABSENT},
                    {"artifacts", MS_STR("x is:artifact"), MS_STR_ABSENT}},
        .results = results,
        .n_results = n,
        .words = {WORDS, 2},
        .cursors = {MS_STR_ABSENT, preview->set == PREVIEW_LARGE ? MS_STR("x") : MS_STR_ABSENT},
    };
    view_search(out, frame, &page);
}

void preview_nothing(struct ms_buf *out, const struct view_frame *frame, struct preview *preview)
{
    const struct ms_str nearest[] = {preview_repository(preview, 0),
                                     preview_repository(preview, 2)};
    const struct search page = {.q = preview_text(preview, "postgers"), .nearest = {nearest, 2}};
    view_search(out, frame, &page);
}

void preview_fault(struct ms_buf *out, const struct view_frame *frame, struct preview *preview)
{
    const struct search page = {.q = preview_text(preview, "postgres os: label:x"),
                                .fault = "a value is missing",
                                .fault_character = 13};
    view_search(out, frame, &page);
}

/* --- the others --- */

void preview_stats(struct ms_buf *out, const struct view_frame *frame, struct preview *preview)
{
    struct stats_size namespaces[10], largest[10];
    struct stats_unreadable unreadable[6];
    struct view_count platforms[8], types[4];
    struct view_strings names = preview_platforms(preview, 8);
    static const char *const TYPES[] = {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json"};
    for (size_t i = 0; i < 10; i++) {
        namespaces[i] = (struct stats_size){preview_format(preview, "namespace-%zu", i),
                                            (int64_t)(90 - i), (int64_t)(812345678901 >> i), -1,
                                            i == 3 ? -45678901 : (int64_t)(12345678901 >> i)};
        largest[i] =
            (struct stats_size){preview_repository(preview, i), (int64_t)(412 - i),
                                (int64_t)(112345678901 >> i), (int64_t)(12345678901 >> i), -1};
    }
    for (size_t i = 0; i < 6; i++)
        unreadable[i] = (struct stats_unreadable){
            preview_repository(preview, i),
            i % 2 == 0 ? MS_STR("latest") : preview_digest(preview, (unsigned)i),
            preview_text(preview, "the registry answered 500 Internal Server Error"),
            preview_time(preview, (unsigned)i * 50)};
    for (size_t i = 0; i < 8; i++)
        platforms[i] = (struct view_count){names.items[i], (int64_t)(9000 >> i)};
    for (size_t i = 0; i < 4; i++)
        types[i] = (struct view_count){ms_str(TYPES[i]), (int64_t)(9000 >> i)};
    const struct stats page = {
        .repositories = 10123,
        .tags = 512345,
        .manifests = 1234567,
        .images = 690000,
        .indexes = 230000,
        .artifacts = 26000,
        .unreadable = 6,
        .untagged = 41,
        .bytes = 12345678901234,
        .pulls = 9021034,
        .grown_since = preview_text(preview, "2026-10-21"),
        .grown_bytes = 345678901234,
        .is_signed = 112000,
        .have_sbom = 41234,
        .have_provenance = 902,
        .all_namespaces = 332,
        .namespaces = namespaces,
        .n_namespaces = 10,
        .largest = largest,
        .n_largest = 10,
        .platforms = {platforms, 8},
        .media_types = {types, 4},
        .activity = preview_activity(preview, 90),
        .unreadable_rows = unreadable,
        .n_unreadable_rows = preview->set == PREVIEW_SMALL ? 0 : 6,
    };
    view_stats(out, frame, &page);
}

void preview_failure(struct ms_buf *out, const struct view_frame *frame, struct preview *preview)
{
    const struct ms_str nearest[] = {preview_repository(preview, 0),
                                     preview_repository(preview, 9)};
    const struct failure page = {
        .status = preview->set == PREVIEW_LARGE ? 503 : 404,
        .detail = preview_text(preview, "No repository of this name is known."),
        .name = preview->set == PREVIEW_LARGE ? MS_STR_ABSENT
                                              : preview_text(preview, "library/postgers"),
        .repository = preview->set == PREVIEW_HOSTILE ? nearest[0] : MS_STR_ABSENT,
        .was_there = preview->set == PREVIEW_SMALL,
        .tag_until = preview->set == PREVIEW_SMALL ? preview_time(preview, 2) : MS_STR_ABSENT,
        .nearest = {nearest, preview->set == PREVIEW_LARGE ? 0 : 2},
        .retry_seconds = preview->set == PREVIEW_LARGE ? 5 : 0,
    };
    view_failure(out, frame, &page);
}
