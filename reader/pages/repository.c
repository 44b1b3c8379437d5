/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page /r/<name>.
 */
#include "reader/pages/repository.h"

#include "common/base/refname.h"
#include "reader/pages/page.h"
#include "reader/pages/pages.h"

#include <stdlib.h>
#include <string.h>

enum { ALIASES_MAX = 100, PLATFORMS_MAX = 50, UNTAGGED_MAX = 20, LABELS_MAX = 50 };

static const struct query_param TABLE[] = {
    {"all", QUERY_PLAIN}, {"cursor", QUERY_PLAIN}, {"q", QUERY_PLAIN}, {"sort", QUERY_PLAIN}};

static const struct paging_sort SORTS[] = {
    {"version", true}, {"name", false}, {"pulls", true}, {"size", true}, {"updated", true}};

static int compare_platforms(const void *a, const void *b)
{
    return ms_str_compare(*(const struct ms_str *)a, *(const struct ms_str *)b);
}

/* In one order for all tags, whatever that of their indexes is. */
static struct view_strings read_platforms(struct page *page, struct ms_str array)
{
    size_t n;
    struct ms_str rest = array, value;
    struct ms_str *items = page_array(page, array, sizeof(*items), PLATFORMS_MAX, &n);
    for (size_t i = 0; i < n && json_next(NULL, &value, &rest); i++)
        items[i] = json_text(value, page->texts);
    if (n > 1)
        qsort(items, n, sizeof(*items), compare_platforms);
    return (struct view_strings){items, n};
}

static struct repository_tag read_tag(struct page *page, struct ms_str body)
{
    struct ms_str unreadable = json_get(body, "unreadable");
    struct ms_str base = json_get(body, "base");
    return (struct repository_tag){
        .name = page_text(page, body, "name"),
        .aliases = page_strings(page, json_get(body, "aliases"), ALIASES_MAX),
        .digest = page_text(page, body, "digest"),
        .kind = page_kind_word(json_get(body, "kind")),
        .platforms = read_platforms(page, json_get(body, "platforms")),
        .bytes = page_number(body, "size"),
        .pulls = page_number(body, "pulls"),
        .updated = page_text(page, body, "updated"),
        .pushed_by = page_text(page, body, "pushed_by"),
        .unreadable = page_text(page, unreadable, "reason"),
        .is_signed = json_is_true(json_get(body, "signed")),
        .has_sbom = json_is_true(json_get(body, "sbom")),
        .has_provenance = json_is_true(json_get(body, "provenance")),
        .is_outdated = json_is_true(json_get(base, "outdated")),
    };
}

static bool begins_with_digit(struct ms_str tag)
{
    size_t at = tag.len > 1 && (tag.ptr[0] == 'v' || tag.ptr[0] == 'V') ? 1 : 0;
    return tag.len > at && tag.ptr[at] >= '0' && tag.ptr[at] <= '9';
}

static size_t count(struct ms_str s, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.ptr[i] == c;
    return n;
}

/* Of two tags of one digest, the one that stands for both: a version before a word, one without a
 * suffix before one with it, 18.6 before 18, and else the longer one. */
static bool is_more_exact(struct ms_str a, struct ms_str b)
{
    if (begins_with_digit(a) != begins_with_digit(b))
        return begins_with_digit(a);
    if (count(a, '-') != count(b, '-'))
        return count(a, '-') < count(b, '-');
    if (count(a, '.') != count(b, '.'))
        return count(a, '.') > count(b, '.');
    return a.len != b.len ? a.len > b.len : ms_str_compare(a, b) > 0;
}

/* Tags of one digest are one row: that of the most exact of them. */
static bool is_joined(const struct repository_tag *tag)
{
    for (size_t i = 0; i < tag->aliases.n; i++)
        if (is_more_exact(tag->aliases.items[i], tag->name))
            return true;
    return false;
}

/* Whether the tags of a digest can be one row: where they are filtered, a row's others may not
 * match, and by pulls or time each has its own place. */
static bool can_join(const struct page *page)
{
    const char *order = page->paging.sort->name;
    return page_value(page, "q").len == 0 && strcmp(order, "pulls") != 0 &&
           strcmp(order, "updated") != 0;
}

static struct repository_tag *read_tags(struct page *page, struct ms_str array, size_t *out_n)
{
    struct ms_str rest = array, row;
    size_t n = 0, n_joined = 0;
    struct repository_tag *tags = page_array(page, array, sizeof(*tags), PAGE_ROWS, &n);
    for (size_t i = 0; i < n && json_next(NULL, &row, &rest); i++) {
        tags[i] = read_tag(page, page_row_body(row));
        n_joined += is_joined(&tags[i]);
    }
    *out_n = n;
    if (!can_join(page) || n_joined == n) /* a page is not empty while there are others behind it */
        return tags;
    *out_n = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_joined(&tags[i]))
            tags[(*out_n)++] = tags[i];
    return tags;
}

static struct repository_untagged *read_untagged(struct page *page, struct ms_str array,
                                                 size_t *out_n)
{
    struct ms_str rest = array, row;
    struct repository_untagged *rows = page_array(page, array, sizeof(*rows), UNTAGGED_MAX, out_n);
    for (size_t i = 0; i < *out_n && json_next(NULL, &row, &rest); i++)
        rows[i] = (struct repository_untagged){
            .digest = page_text(page, row, "digest"),
            .kind = page_kind_word(json_get(row, "kind")),
            .what = page_text(page, row, "what"),
            .bytes = page_number(row, "size"),
            .about = page_text(page, row, "about"),
            .first_seen = page_text(page, row, "first_seen"),
        };
    return rows;
}

static struct repository_label *read_labels(struct page *page, struct ms_str array, size_t *out_n)
{
    struct ms_str rest = array, row;
    struct repository_label *rows = page_array(page, array, sizeof(*rows), LABELS_MAX, out_n);
    for (size_t i = 0; i < *out_n && json_next(NULL, &row, &rest); i++)
        rows[i] =
            (struct repository_label){page_text(page, row, "key"), page_text(page, row, "value")};
    return rows;
}

static void build(struct ms_buf *out, struct page *page)
{
    struct ms_str body = page->columns[0], object = json_get(body, "repository");
    struct ms_str newest = json_get(body, "newest");
    if (ms_str_is_absent(object)) {
        page_not_found(out, page, "No repository of this name is known.", body);
        return;
    }
    struct page_list list = page_list_read(page, json_get(body, "tags"));
    struct repository data = {
        .name = page->name,
        .title = page_text(page, object, "title"),
        .description = page_text(page, object, "description"),
        .is_official = json_is_true(json_get(object, "official")),
        .flatpak_ref = page_text(page, newest, "flatpak_ref"),
        .tags = page_number(object, "tags"),
        .images = page_number(object, "images"),
        .artifacts = page_number(object, "artifacts"),
        .untagged = page_number(object, "untagged"),
        .hidden = page_number(body, "hidden"),
        .unreadable = page_number(object, "unreadable"),
        .bytes = page_number(object, "size"),
        .pulls = page_number(object, "pulls"),
        .created = page_text(page, object, "created"),
        .updated = page_text(page, object, "updated"),
        .pull_tag = page_text(page, newest, "tag"),
        .pull_digest = page_text(page, newest, "digest"),
        .pull_kind = page_kind_word(json_get(newest, "kind")),
        .q = page_value(page, "q"),
        .sort = page_value(page, "sort"),
        .is_all = page_value(page, "all").len > 0,
        .total = list.total,
        .cursors = list.cursors,
        .activity = page_activity(page, json_get(body, "activity")),
    };
    data.rows = read_tags(page, list.rows, &data.n_rows);
    data.untagged_rows = read_untagged(page, json_get(body, "untagged"), &data.n_untagged_rows);
    data.labels = read_labels(page, json_get(body, "labels"), &data.n_labels);
    view_repository(out, &page->frame, &data);
}

static const enum ms_read_query STATEMENTS[] = {
    MS_READ_PAGE_REPOSITORY_BY_VERSION, MS_READ_PAGE_REPOSITORY_BY_NAME,
    MS_READ_PAGE_REPOSITORY_BY_PULLS, MS_READ_PAGE_REPOSITORY_BY_SIZE,
    MS_READ_PAGE_REPOSITORY_BY_UPDATED};

static const struct page_kind KIND = {
    .table = TABLE,
    .n_table = sizeof(TABLE) / sizeof(TABLE[0]),
    .sorts = SORTS,
    .n_sorts = sizeof(SORTS) / sizeof(SORTS[0]),
    .statements = STATEMENTS,
    .shows_counts = true,
    .build = build,
};

void pages_repository(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg)
{
    struct page_ask ask;
    if (!page_ask_begin(&ask, &KIND, request, match, arg))
        return;
    if (!ms_refname_is_repository(ask.name)) {
        page_no_such_name(request, arg, MS_STR("No repository can have this name."), ask.name);
        return;
    }
    page_ask_add_paging(&ask);
    page_ask_add(&ask, ask.name);
    page_ask_add_pattern(&ask, page_ask_value(&ask, "q"));
    page_ask_add(&ask, page_ask_value(&ask, "all").len > 0 ? MS_STR("t") : MS_STR("f"));
    if (!page_ask_add_official(&ask))
        return;
    page_ask_add(&ask, MS_STR("90")); /* days of activity */
    page_ask_serve(&ask, ask.name);
}
