/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page /compare: two images, from their documents to what differs.
 */
#include "reader/pages/compare.h"

#include "common/base/digest.h"
#include "common/base/refname.h"
#include "reader/pages/page.h"
#include "reader/pages/pages.h"
#include "reader/pages/read_image.h"

#include <stdio.h>
#include <string.h>

enum {
    N_SECTIONS = 7,
    ROWS_MAX = 4000,     /* of a section; more are counted */
    PACKAGES_MAX = 2000, /* likewise, by the statement */
    VERSIONS_MAX = 10,   /* of a package, likewise */
    VERSIONS_BYTES_MAX = 64 * 1024
};

static const struct query_param TABLE[] = {
    {"a", QUERY_PLAIN}, {"all", QUERY_PLAIN}, {"b", QUERY_PLAIN}};

/* --- what was asked --- */

/* `name`, `name:tag` or `name@digest`; without tag and digest, the tag is latest. Of
 * `name:tag@digest`, which docker prints, the digest counts. False: it is none of these. */
static bool read_side(struct compare_side *out, struct ms_str text)
{
    struct ms_digest digest;
    struct ms_str pinned = text;
    struct ms_str tag = ms_str_next(&pinned, '@');
    struct ms_str repository = ms_str_next(&tag, ':');
    bool has_tag = !ms_str_is_absent(tag), is_pinned = !ms_str_is_absent(pinned);
    *out = (struct compare_side){.name = text,
                                 .repository = repository,
                                 .reference = is_pinned ? pinned
                                              : has_tag ? tag
                                                        : MS_STR("latest")};
    bool is_digest = ms_digest_parse(&digest, out->reference) == MS_OK;
    if (!ms_refname_is_repository(repository))
        return false;
    if (has_tag && is_pinned)
        return is_digest && ms_refname_is_tag(tag);
    return is_digest || ms_refname_is_tag(out->reference);
}

static void add_side(struct page_ask *ask, const struct compare_side *side, bool is_good)
{
    struct ms_digest digest;
    bool is_digest = is_good && ms_digest_parse(&digest, side->reference) == MS_OK;
    page_ask_add(ask, is_good ? side->repository : MS_STR(""));
    page_ask_add(ask, is_good && !is_digest ? side->reference : MS_STR_ABSENT);
    page_ask_add(ask, is_digest ? side->reference : MS_STR_ABSENT);
}

/* --- what differs --- */

struct rows {
    struct compare_row *items;
    size_t n;
    int64_t n_different, n_compared;
};

static void add_row(struct rows *rows, struct ms_str key, struct ms_str a, struct ms_str b)
{
    bool is_same = !ms_str_is_absent(a) && !ms_str_is_absent(b) && ms_str_equal(a, b);
    rows->n_compared++;
    rows->n_different += !is_same;
    if (rows->n < ROWS_MAX)
        rows->items[rows->n++] =
            (struct compare_row){.key = key, .a = a, .b = b, .is_same = is_same};
}

static struct rows new_rows(struct page *page)
{
    return (struct rows){.items =
                             ms_arena_alloc(page->arena, ROWS_MAX * sizeof(struct compare_row))};
}

static struct ms_str label_value(const struct image *image, struct ms_str key, const char *origin)
{
    for (size_t i = 0; i < image->n_labels; i++)
        if (strcmp(image->labels[i].origin, origin) == 0 && ms_str_equal(image->labels[i].key, key))
            return image->labels[i].value;
    return MS_STR_ABSENT;
}

static struct rows compare_labels(struct page *page, const struct image *a, const struct image *b,
                                  const char *origin)
{
    struct rows rows = new_rows(page);
    for (size_t i = 0; i < a->n_labels; i++)
        if (strcmp(a->labels[i].origin, origin) == 0)
            add_row(&rows, a->labels[i].key, a->labels[i].value,
                    label_value(b, a->labels[i].key, origin));
    for (size_t i = 0; i < b->n_labels; i++)
        if (strcmp(b->labels[i].origin, origin) == 0 &&
            ms_str_is_absent(label_value(a, b->labels[i].key, origin)))
            add_row(&rows, b->labels[i].key, MS_STR_ABSENT, b->labels[i].value);
    return rows;
}

static struct view_strings setting_values(const struct image *image, const char *term)
{
    for (size_t i = 0; i < image->n_settings; i++)
        if (strcmp(image->settings[i].term, term) == 0)
            return image->settings[i].values;
    return (struct view_strings){NULL, 0};
}

static struct ms_str variable_name(struct ms_str variable)
{
    struct ms_str rest = variable;
    return ms_str_next(&rest, '=');
}

/* The value of a variable, or absent. */
static struct ms_str variable_value(struct view_strings env, struct ms_str name)
{
    for (size_t i = 0; i < env.n; i++)
        if (ms_str_equal(variable_name(env.items[i]), name))
            return ms_str_skip(env.items[i], name.len + 1);
    return MS_STR_ABSENT;
}

static struct rows compare_environment(struct page *page, const struct image *a,
                                       const struct image *b)
{
    struct view_strings of_a = setting_values(a, "Environment");
    struct view_strings of_b = setting_values(b, "Environment");
    struct rows rows = new_rows(page);
    for (size_t i = 0; i < of_a.n; i++) {
        struct ms_str name = variable_name(of_a.items[i]);
        add_row(&rows, name, variable_value(of_a, name), variable_value(of_b, name));
    }
    for (size_t i = 0; i < of_b.n; i++) {
        struct ms_str name = variable_name(of_b.items[i]);
        if (ms_str_is_absent(variable_value(of_a, name)))
            add_row(&rows, name, MS_STR_ABSENT, variable_value(of_b, name));
    }
    return rows;
}

/* The values of a list as one text. */
static struct ms_str join_values(struct page *page, struct view_strings values)
{
    struct ms_str joined = MS_STR_ABSENT;
    struct ms_buf text;
    if (values.n == 0)
        return MS_STR_ABSENT;
    ms_buf_init(&text, 1024 * 1024);
    for (size_t i = 0; i < values.n; i++) {
        if (i > 0)
            ms_buf_append_char(&text, ' ');
        ms_buf_append(&text, values.items[i]);
    }
    if (ms_buf_status(&text) != MS_OK ||
        ms_arena_copy(&joined, page->arena, ms_buf_view(&text)) != MS_OK)
        joined = MS_STR("too long to compare");
    ms_buf_free(&text);
    return joined;
}

static struct rows compare_settings(struct page *page, const struct image *a, const struct image *b)
{
    static const char *const TERMS[] = {"Created",     "Author",     "Entrypoint", "Command",
                                        "User",        "Directory",  "Ports",      "Volumes",
                                        "Stop signal", "OS version", "OS features"};
    struct rows rows = new_rows(page);
    if (a->platform.len > 0 || b->platform.len > 0)
        add_row(&rows, MS_STR("Platform"), a->platform, b->platform);
    for (size_t i = 0; i < sizeof(TERMS) / sizeof(TERMS[0]); i++) {
        struct ms_str of_a = join_values(page, setting_values(a, TERMS[i]));
        struct ms_str of_b = join_values(page, setting_values(b, TERMS[i]));
        if (!ms_str_is_absent(of_a) || !ms_str_is_absent(of_b))
            add_row(&rows, ms_str(TERMS[i]), of_a, of_b);
    }
    return rows;
}

static struct ms_str number_of(struct page *page, const char *what, size_t i)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%s %zu", what, i + 1);
    return ms_arena_dup(page->arena, ms_str_n(text, (size_t)len));
}

static struct rows compare_layers(struct page *page, const struct image *a, const struct image *b)
{
    size_t n = a->n_layers > b->n_layers ? a->n_layers : b->n_layers;
    struct rows rows = new_rows(page);
    for (size_t i = 0; i < n; i++)
        add_row(&rows, number_of(page, "Layer", i),
                i < a->n_layers ? a->layers[i].digest : MS_STR_ABSENT,
                i < b->n_layers ? b->layers[i].digest : MS_STR_ABSENT);
    return rows;
}

static struct ms_str child_of(const struct image *index, struct ms_str platform)
{
    for (size_t i = 0; i < index->n_children; i++)
        if (strcmp(index->children[i].kind, "image") == 0 &&
            ms_str_equal(index->children[i].platform, platform))
            return index->children[i].digest;
    return MS_STR_ABSENT;
}

static struct rows compare_children(struct page *page, const struct image *a, const struct image *b)
{
    struct rows rows = new_rows(page);
    for (size_t i = 0; i < a->n_children; i++)
        if (strcmp(a->children[i].kind, "image") == 0)
            add_row(&rows, a->children[i].platform, a->children[i].digest,
                    child_of(b, a->children[i].platform));
    for (size_t i = 0; i < b->n_children; i++)
        if (strcmp(b->children[i].kind, "image") == 0 &&
            ms_str_is_absent(child_of(a, b->children[i].platform)))
            add_row(&rows, b->children[i].platform, MS_STR_ABSENT, b->children[i].digest);
    return rows;
}

/* The versions of a package in an image as one text; absent: it does not have the package. */
static struct ms_str join_versions(struct page *page, struct ms_str versions, int64_t n_all)
{
    struct ms_str joined = MS_STR_ABSENT, rest = versions, version;
    struct ms_buf text;
    int64_t n = 0;
    if (ms_str_is_absent(versions))
        return MS_STR_ABSENT;
    ms_buf_init(&text, VERSIONS_BYTES_MAX);
    for (; json_next(NULL, &version, &rest); n++) {
        struct ms_str shown = json_text(version, page->texts);
        ms_buf_append_c(&text, n > 0 ? ", " : "");
        ms_buf_append(&text, shown.len > 0 ? shown : MS_STR("unknown"));
    }
    if (n_all > n)
        ms_buf_printf(&text, " and %lld more", (long long)(n_all - n));
    if (ms_buf_status(&text) != MS_OK ||
        ms_arena_copy(&joined, page->texts, ms_buf_view(&text)) != MS_OK)
        joined = MS_STR("too long to compare");
    ms_buf_free(&text);
    return joined;
}

/* The statement has compared them. */
static struct rows read_packages(struct page *page, struct ms_str packages)
{
    struct ms_str array = json_get(packages, "rows"), rest = array, row;
    struct rows rows = {.n_different = page_number(packages, "different"),
                        .n_compared = page_number(packages, "all")};
    rows.items = page_array(page, array, sizeof(*rows.items), PACKAGES_MAX, &rows.n);
    for (size_t i = 0; i < rows.n && json_next(NULL, &row, &rest); i++)
        rows.items[i] = (struct compare_row){
            .key = page_text(page, row, "name"),
            .a = join_versions(page, json_get(row, "a"), page_number(row, "all_a")),
            .b = join_versions(page, json_get(row, "b"), page_number(row, "all_b")),
            .is_same = json_is_true(json_get(row, "is_same")),
            .type = page_text(page, row, "type"),
        };
    return rows;
}

static int64_t count_shared(const struct image *a, const struct image *b)
{
    int64_t n = 0;
    for (size_t i = 0; i < b->n_layers; i++)
        for (size_t k = 0; k < a->n_layers; k++)
            if (ms_str_equal(a->layers[k].digest, b->layers[i].digest)) {
                n++;
                break;
            }
    return n;
}

/* --- the page --- */

static void read_sections(struct compare *out, struct page *page, const struct image *a,
                          const struct image *b, struct ms_str packages)
{
    struct compare_section *sections = ms_arena_alloc(page->arena, N_SECTIONS * sizeof(*sections));
    const struct rows rows[N_SECTIONS] = {
        compare_labels(page, a, b, "label"), compare_labels(page, a, b, "annotation"),
        compare_environment(page, a, b),     compare_settings(page, a, b),
        compare_children(page, a, b),        compare_layers(page, a, b),
        read_packages(page, packages),
    };
    static const struct compare_section SECTIONS[N_SECTIONS] = {
        {.id = "labels", .title = "Labels", .one = "label", .many = "labels"},
        {.id = "annotations", .title = "Annotations", .one = "annotation", .many = "annotations"},
        {.id = "environment", .title = "Environment", .one = "variable", .many = "variables"},
        {.id = "configuration", .title = "Configuration", .one = "setting", .many = "settings"},
        {.id = "platforms",
         .title = "Platforms",
         .one = "platform",
         .many = "platforms",
         .are_digests = true},
        {.id = "layers", .title = "Layers", .are_digests = true},
        {.id = "packages", .title = "Packages", .one = "package", .many = "packages"},
    };
    for (size_t i = 0; i < N_SECTIONS; i++) {
        sections[i] = SECTIONS[i];
        sections[i].rows = rows[i].items;
        sections[i].n = rows[i].n;
        sections[i].n_different = rows[i].n_different;
        sections[i].n_compared = rows[i].n_compared;
    }
    out->sections = sections;
    out->n_sections = N_SECTIONS;
    out->shared_layers = count_shared(a, b);
    out->all_layers = (int64_t)b->n_layers;
}

static void read_previous(struct compare *out, struct page *page, struct ms_str digest)
{
    struct ms_buf text;
    if (digest.len == 0)
        return;
    ms_buf_init(&text, 1024);
    ms_buf_append(&text, out->b.repository);
    ms_buf_append_char(&text, '@');
    ms_buf_append(&text, digest);
    out->previous = ms_arena_dup(page->arena, ms_buf_view(&text));
    ms_buf_free(&text);
}

static void build(struct ms_buf *out, struct page *page)
{
    struct ms_str body = page->columns[0];
    struct ms_str of_a = json_get(body, "a"), of_b = json_get(body, "b");
    struct compare data = {.shows_all = page_value(page, "all").len > 0};
    struct image a, b;
    (void)read_side(&data.a, page_value(page, "a"));
    (void)read_side(&data.b, page_value(page, "b"));
    data.a.is_missing = data.a.name.len > 0 && ms_str_is_absent(of_a);
    data.b.is_missing = data.b.name.len > 0 && ms_str_is_absent(of_b);
    if (data.a.is_missing || data.b.is_missing)
        page->status = 404;
    if (!ms_str_is_absent(of_a) && !ms_str_is_absent(of_b)) {
        read_image(&a, page, of_a, MS_STR_ABSENT);
        read_image(&b, page, of_b, MS_STR_ABSENT);
        data.a.digest = a.digest;
        data.a.bytes = a.bytes;
        data.a.is_unreadable = strcmp(a.kind, "unreadable") == 0;
        data.b.is_unreadable = strcmp(b.kind, "unreadable") == 0;
        data.b.digest = b.digest;
        data.b.bytes = b.bytes;
        data.a.has_packages = a.has_packages;
        data.b.has_packages = b.has_packages;
        read_sections(&data, page, &a, &b, json_get(body, "packages"));
        read_previous(&data, page, page_text(page, body, "previous"));
    }
    view_compare(out, &page->frame, &data);
}

static const enum ms_read_query STATEMENT = MS_READ_PAGE_COMPARE;

static const struct page_kind KIND = {
    .table = TABLE,
    .n_table = sizeof(TABLE) / sizeof(TABLE[0]),
    .statements = &STATEMENT,
    .build = build,
};

void pages_compare(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct compare_side a, b;
    struct page_ask ask;
    if (!page_ask_begin(&ask, &KIND, request, match, arg))
        return;
    bool is_a = read_side(&a, page_ask_value(&ask, "a"));
    bool is_b = read_side(&b, page_ask_value(&ask, "b"));
    add_side(&ask, &a, is_a);
    add_side(&ask, &b, is_b);
    page_ask_add(&ask, page_ask_value(&ask, "all").len > 0 ? MS_STR("t") : MS_STR("f"));
    page_ask_add_number(&ask, PACKAGES_MAX);
    page_ask_add_number(&ask, VERSIONS_MAX);
    page_ask_serve(&ask, MS_STR_ABSENT);
}
