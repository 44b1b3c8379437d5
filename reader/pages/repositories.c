/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages /r/ and /r/<prefix>/. Two lists are on them, and each is paged by itself: namespaces,
 * the largest first, by `ns`; repositories by `cursor`. Namespaces are shown beside the first page
 * of repositories alone, for what is filtered or listed flat is not walked like folders.
 */
#include "reader/pages/repositories.h"

#include "reader/pages/failure.h"
#include "reader/pages/page.h"
#include "reader/pages/pages.h"

#include <assert.h>

enum { PLATFORMS_MAX = 50 };

static const struct query_param TABLE[] = {
    {"all", QUERY_PLAIN}, {"cursor", QUERY_PLAIN}, {"ns", QUERY_PLAIN},
    {"q", QUERY_PLAIN},   {"sort", QUERY_PLAIN},
};

static const struct paging_sort SORTS[] = {
    {"name", false}, {"pulls", true}, {"size", true}, {"tags", true}, {"updated", true}};

static const struct paging_sort NAMESPACES_SORT = {"size", true};

static enum ms_status read_ns(struct paging *out, struct ms_str ns, struct ms_arena *arena,
                              struct query_fault *fault)
{
    *out = (struct paging){.n = PAGE_ROWS, .wants_total = true, .sort = &NAMESPACES_SORT};
    return paging_read_cursor(out, "ns", ns, arena, fault);
}

static struct repositories_namespace *read_namespaces(struct page *page, struct ms_str array,
                                                      size_t *out_n)
{
    struct ms_str rest = array, row;
    struct repositories_namespace *rows = page_array(page, array, sizeof(*rows), PAGE_ROWS, out_n);
    for (size_t i = 0; i < *out_n && json_next(NULL, &row, &rest); i++) {
        struct ms_str body = page_row_body(row);
        rows[i] = (struct repositories_namespace){
            .name = page_text(page, body, "name"),
            .repositories = page_number(body, "repositories"),
            .tags = page_number(body, "tags"),
            .bytes = page_number(body, "size"),
            .updated = page_text(page, body, "updated"),
        };
    }
    return rows;
}

static struct repositories_row *read_rows(struct page *page, struct ms_str array, size_t *out_n)
{
    struct ms_str rest = array, row;
    struct repositories_row *rows = page_array(page, array, sizeof(*rows), PAGE_ROWS, out_n);
    for (size_t i = 0; i < *out_n && json_next(NULL, &row, &rest); i++) {
        struct ms_str body = page_row_body(row);
        rows[i] = (struct repositories_row){
            .name = page_text(page, body, "name"),
            .title = page_text(page, body, "title"),
            .description = page_text(page, body, "description"),
            .is_official = json_is_true(json_get(body, "official")),
            .tags = page_number(body, "tags"),
            .bytes = page_number(body, "size"),
            .pulls = page_number(body, "pulls"),
            .updated = page_text(page, body, "updated"),
            .platforms = page_strings(page, json_get(body, "platforms"), PLATFORMS_MAX),
        };
    }
    return rows;
}

static void add_namespaces(struct repositories *data, struct page *page, struct ms_str body)
{
    struct paging paging;
    struct query_fault fault = {MS_STR_ABSENT, MS_STR_ABSENT};
    enum ms_status status = read_ns(&paging, page_value(page, "ns"), page->arena, &fault);
    assert(status == MS_OK); /* a request whose cursor cannot be read was refused */
    (void)status;
    struct page_list list = page_list_read_by(page, body, &paging);
    data->ns = page_value(page, "ns");
    data->namespaces = read_namespaces(page, list.rows, &data->n_namespaces);
    data->all_namespaces = list.total;
    data->namespace_cursors = list.cursors;
}

static struct ms_str prefix_of(struct ms_arena *arena, struct ms_str name)
{
    if (name.len == 0)
        return MS_STR("");
    char *prefix = ms_arena_alloc(arena, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        prefix[i] = name.ptr[i];
    prefix[name.len] = '/';
    return ms_str_n(prefix, name.len + 1);
}

static void build_missing(struct ms_buf *out, struct page *page, struct ms_str body)
{
    bool is_repository = json_is_true(json_get(body, "is_repository"));
    page->status = 404;
    view_failure(out, &page->frame,
                 &(struct failure){
                     .status = 404,
                     .detail = MS_STR("No repository below this prefix is known."),
                     .name = page->name,
                     .repository = is_repository ? page->name : MS_STR_ABSENT,
                     .was_there = json_is_true(json_get(body, "was_there")),
                     .were_below = json_is_true(json_get(body, "were_below")),
                     .nearest = page_strings(page, json_get(body, "nearest"), PAGE_NEAREST_MAX),
                 });
}

static void build(struct ms_buf *out, struct page *page)
{
    struct ms_str body = page->columns[0];
    struct page_list list = page_list_read(page, json_get(body, "repositories"));
    struct repositories data = {
        .prefix = prefix_of(page->arena, page->name),
        .q = page_value(page, "q"),
        .sort = page_value(page, "sort"),
        .is_flat = page_value(page, "all").len > 0,
        .all_below = page_number(body, "all_below"),
        .total = list.total,
        .cursors = list.cursors,
    };
    if (data.all_below == 0 && page->name.len > 0) {
        build_missing(out, page, body);
        return;
    }
    if (page_value(page, "cursor").len == 0 && data.q.len == 0 && !data.is_flat)
        add_namespaces(&data, page, json_get(body, "namespaces"));
    data.rows = read_rows(page, list.rows, &data.n_rows);
    view_repositories(out, &page->frame, &data);
}

static const enum ms_read_query STATEMENTS[] = {
    MS_READ_PAGE_REPOSITORIES_BY_NAME, MS_READ_PAGE_REPOSITORIES_BY_PULLS,
    MS_READ_PAGE_REPOSITORIES_BY_SIZE, MS_READ_PAGE_REPOSITORIES_BY_TAGS,
    MS_READ_PAGE_REPOSITORIES_BY_UPDATED};

static const struct page_kind KIND = {
    .table = TABLE,
    .n_table = sizeof(TABLE) / sizeof(TABLE[0]),
    .sorts = SORTS,
    .n_sorts = sizeof(SORTS) / sizeof(SORTS[0]),
    .statements = STATEMENTS,
    .shows_counts = true,
    .build = build,
};

void pages_repositories(struct ms_http_request *request, const struct ms_route_match *match,
                        void *arg)
{
    struct page_ask ask;
    struct paging namespaces;
    struct query_fault fault = {MS_STR_ABSENT, MS_STR_ABSENT};
    if (!page_ask_begin(&ask, &KIND, request, match, arg))
        return;
    if (read_ns(&namespaces, page_ask_value(&ask, "ns"), ask.arena, &fault) != MS_OK) {
        page_fail(request, arg, 400, fault.detail);
        return;
    }
    page_ask_add_paging(&ask);
    page_ask_add_pattern(&ask, page_ask_value(&ask, "q"));
    page_ask_add(&ask, prefix_of(ask.arena, ask.name));
    if (!page_ask_add_official(&ask))
        return;
    page_ask_add(&ask, page_ask_value(&ask, "all").len > 0 ? MS_STR("f") : MS_STR("t"));
    page_ask_add(&ask, MS_STR("f"));      /* what is inside their images is not shown */
    page_ask_add_number(&ask, PAGE_ROWS); /* of namespaces */
    page_ask_add(&ask, namespaces.number);
    page_ask_add(&ask, namespaces.text);
    page_ask_add(&ask, namespaces.is_back ? MS_STR("t") : MS_STR("f"));
    page_ask_add(&ask, MS_STR("t"));
    page_ask_serve(&ask, MS_STR_ABSENT);
}
