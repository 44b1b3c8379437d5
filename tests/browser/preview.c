/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preview DIRECTORY: writes every page, with three sets of made-up content, into files, so that
 * people can look at them and a browser can test them. Names are <set>-<page>.html; the style sheet
 * and the script lie where the pages look for them when DIRECTORY is served at the root of a
 * server.
 */
#include "tests/browser/preview.h"

#include "reader/assets/assets.h"
#include "reader/pages/home.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PAGE_MAX = 32 * 1024 * 1024, ARENA_MAX = 256 * 1024 * 1024, LONG_WORD = 64 * 1024 };

static const char *const SETS[] = {"small", "large", "hostile"};

/* --- content --- */

static struct ms_str hostile_text(struct preview *preview, const char *text)
{
    static const struct ms_str TEXTS[] = {
        MS_STR_INIT("<script>window.broken = 1</script>"),
        MS_STR_INIT("\"><img src=x onerror=\"window.broken = 1\">"),
        MS_STR_INIT("javascript:window.broken=1"),
        MS_STR_INIT("https://example.com/\"onmouseover=\"window.broken=1"),
        MS_STR_INIT("\xe2\x80\xae"
                    "gnp.exe \xe2\x81\xa6 \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"),
        MS_STR_INIT("a\0b\x1b[31m\xff\xfe</textarea></title><!--"),
        MS_STR_INIT("&lt;b&gt; &amp;amp; &#60;i&#62; ' ` ${x} {{x}}"),
        MS_STR_INIT("https://example.com/a?b=c&d=e"),
    };
    size_t n = sizeof(TEXTS) / sizeof(TEXTS[0]);
    size_t i = preview->n_texts++ % (n + 1);
    (void)text;
    if (i < n)
        return TEXTS[i];
    char *word = ms_arena_alloc(preview->arena, LONG_WORD);
    memset(word, 'W', LONG_WORD);
    return ms_str_n(word, LONG_WORD);
}

struct ms_str preview_text(struct preview *preview, const char *text)
{
    return preview->set == PREVIEW_HOSTILE ? hostile_text(preview, text) : ms_str(text);
}

struct ms_str preview_format(struct preview *preview, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return ms_arena_dup(preview->arena, ms_str(text));
}

struct ms_str preview_digest(struct preview *preview, unsigned seed)
{
    return preview_format(preview, "sha256:%08x%08x%08x%08x%08x%08x%08x%08x", seed * 2654435761U,
                          seed * 40503U + 7U, seed * 2246822519U, seed ^ 0x5bd1e995U,
                          seed * 3266489917U, seed * 668265263U, seed * 374761393U, seed + 99U);
}

struct ms_str preview_time(struct preview *preview, unsigned hours_ago)
{
    unsigned hours = 24 * 330 > hours_ago ? 24 * 330 - hours_ago : 0;
    unsigned day = hours / 24;
    return preview_format(preview, "2026-%02u-%02uT%02u:%02u:00Z", day / 28 + 1, day % 28 + 1,
                          hours % 24, hours_ago * 7 % 60);
}

struct view_strings preview_platforms(struct preview *preview, size_t n)
{
    static const struct ms_str PLATFORMS[] = {
        MS_STR_INIT("linux/amd64"), MS_STR_INIT("linux/arm64/v8"), MS_STR_INIT("linux/arm/v7"),
        MS_STR_INIT("linux/386"),   MS_STR_INIT("linux/ppc64le"),  MS_STR_INIT("linux/riscv64"),
        MS_STR_INIT("linux/s390x"), MS_STR_INIT("windows/amd64"),
    };
    size_t all = sizeof(PLATFORMS) / sizeof(PLATFORMS[0]);
    if (preview->set != PREVIEW_HOSTILE)
        return (struct view_strings){PLATFORMS, n < all ? n : all};
    struct ms_str *hostile = ms_arena_alloc(preview->arena, n * sizeof(*hostile));
    for (size_t i = 0; i < n; i++)
        hostile[i] = ms_str_slice(preview_text(preview, ""), 0, 255);
    return (struct view_strings){hostile, n};
}

struct chart_days preview_activity(struct preview *preview, size_t n)
{
    struct ms_str *days = ms_arena_alloc(preview->arena, n * sizeof(*days));
    int64_t *pulls = ms_arena_alloc(preview->arena, n * sizeof(*pulls));
    int64_t *pushes = ms_arena_alloc(preview->arena, n * sizeof(*pushes));
    for (size_t i = 0; i < n; i++) {
        unsigned seed = (unsigned)i * 2654435761U;
        days[i] = ms_str_slice(preview_time(preview, (unsigned)(n - i) * 24), 0, 10);
        pulls[i] = i % 7 > 4 ? (int64_t)(seed % 17) : (int64_t)(seed % 90 + i);
        pushes[i] = seed % 5 == 0 ? (int64_t)(seed % 4 + 1) : 0;
    }
    return (struct chart_days){"activity-caption", days, pulls, pushes, n};
}

struct ms_str preview_repository(struct preview *preview, size_t i)
{
    static const char *const NAMES[] = {
        "library/postgres",
        "library/nginx",
        "library/debian",
        "team/app",
        "team/app-worker",
        "team/reports/monthly",
        "infrastructure/proxy",
        "infrastructure/backup",
        "flatpak/org.example.Editor",
        "library/redis",
        "data/warehouse/loader",
        "data/warehouse/exporter",
        "research/vision/train",
        "library/golang",
        "team/frontend",
    };
    enum { N = sizeof(NAMES) / sizeof(NAMES[0]) };
    if (preview->set == PREVIEW_HOSTILE && i % 3 == 2)
        return preview_text(preview, "");
    if (preview->set == PREVIEW_SMALL || i < N)
        return ms_str(NAMES[i % N]);
    return preview_format(preview, "department-%zu/services/component-with-a-long-name-%zu", i % 9,
                          i);
}

size_t preview_scale(const struct preview *preview, size_t small, size_t large, size_t hostile)
{
    return preview->set == PREVIEW_SMALL ? small : preview->set == PREVIEW_LARGE ? large : hostile;
}

/* --- files --- */

static void write_file(const char *directory, const char *name, struct ms_str bytes)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes.ptr, 1, bytes.len, file) != bytes.len || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static void write_asset(const char *directory, const struct asset *asset)
{
    char name[256];
    snprintf(name, sizeof(name), "%.*s", MS_STR_ARG(ms_str_skip(asset->path, 1)));
    write_file(directory, name, asset->bytes);
}

static void preview_help(struct ms_buf *out, const struct view_frame *frame,
                         struct preview *preview)
{
    (void)preview;
    view_help(out, frame);
}

static void preview_empty(struct ms_buf *out, const struct view_frame *frame,
                          struct preview *preview)
{
    (void)preview;
    view_home(out, frame, &(struct home){.repositories = 0});
}

static const struct {
    const char *name;
    void (*write)(struct ms_buf *, const struct view_frame *, struct preview *);
} PAGES[] = {
    {"home", preview_home},
    {"empty", preview_empty},
    {"repositories", preview_repositories},
    {"search", preview_search},
    {"search-nothing", preview_nothing},
    {"search-fault", preview_fault},
    {"repository", preview_page_of_repository},
    {"image", preview_image},
    {"index", preview_index},
    {"compare", preview_compare},
    {"stats", preview_stats},
    {"help", preview_help},
    {"failure", preview_failure},
};

static void write_page(const char *directory, size_t page, enum preview_set set)
{
    char name[128];
    struct ms_buf html;
    struct preview preview = {.set = set, .arena = ms_arena_new(ARENA_MAX)};
    const struct view_frame frame = {
        .site = {assets_sheet()->path, assets_script()->path,
                 set == PREVIEW_HOSTILE ? MS_STR_ABSENT : MS_STR("registry.example.com")},
        .truth = {MS_STR("2026-11-29T08:00:00Z"), MS_STR("81234"), MS_STR("2026-11-29T07:05:00Z"),
                  set == PREVIEW_HOSTILE ? 180 : 0},
    };
    ms_buf_init(&html, PAGE_MAX);
    PAGES[page].write(&html, &frame, &preview);
    if (ms_buf_status(&html) != MS_OK) {
        fprintf(stderr, "%s: too large\n", PAGES[page].name);
        exit(EXIT_FAILURE);
    }
    snprintf(name, sizeof(name), "%s-%s.html", SETS[set], PAGES[page].name);
    write_file(directory, name, ms_buf_view(&html));
    ms_buf_free(&html);
    ms_arena_free(preview.arena);
}

int main(int argc, char **argv)
{
    char assets[1024];
    if (argc != 2) {
        fprintf(stderr, "usage: preview DIRECTORY\n");
        return 2;
    }
    snprintf(assets, sizeof(assets), "%s/assets", argv[1]);
    mkdir(argv[1], 0755);
    mkdir(assets, 0755);
    write_asset(argv[1], assets_sheet());
    write_asset(argv[1], assets_script());
    for (size_t page = 0; page < sizeof(PAGES) / sizeof(PAGES[0]); page++)
        for (enum preview_set set = PREVIEW_SMALL; set < PREVIEW_SETS; set++)
            write_page(argv[1], page, set);
    return 0;
}
