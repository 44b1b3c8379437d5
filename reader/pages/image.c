/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page /r/<name>/-/<tag or digest>.
 */
#include "reader/pages/image.h"

#include "common/base/buf.h"
#include "common/base/digest.h"
#include "common/base/refname.h"
#include "reader/answer/bytea.h"
#include "reader/pages/failure.h"
#include "reader/pages/page.h"
#include "reader/pages/pages.h"
#include "reader/pages/read_image.h"
#include "reader/query/package_pattern.h"

#include <assert.h>

enum { COLUMN_BODY, COLUMN_BYTES, COLUMN_CONFIG, COLUMN_COUNT };
enum { INDEXES_MAX = 20, ROWS_MAX = 50 }; /* rows: of the tag's history, and of packages */
enum { DERIVED_MAX = 10, DERIVED_TAGS_MAX = 100 };

static const struct query_param TABLE[] = {{"package", QUERY_PLAIN}};

/* Absent: there are none, or the page has no room for them. */
static struct ms_str read_bytes(struct page *page, struct ms_str column)
{
    struct ms_buf bytes;
    struct ms_str kept = MS_STR_ABSENT;
    ms_buf_init(&bytes, column.len + 1);
    bytea_append(&bytes, column);
    if (bytes.len > 0 && ms_arena_copy(&kept, page->arena, ms_buf_view(&bytes)) != MS_OK)
        kept = MS_STR_ABSENT;
    ms_buf_free(&bytes);
    return kept;
}

static void read_history(struct image *out, struct page *page, struct ms_str list)
{
    struct ms_str rest = json_get(list, "rows"), row;
    struct image_history *rows = page_array(page, rest, sizeof(*rows), ROWS_MAX, &out->n_history);
    for (size_t i = 0; i < out->n_history && json_next(NULL, &row, &rest); i++) {
        struct ms_str body = page_row_body(row);
        rows[i] = (struct image_history){
            .digest = page_text(page, body, "digest"),
            .from = page_text(page, body, "from"),
            .until = page_text(page, body, "until"),
            .by = page_text(page, body, "by"),
            .source = page_text(page, body, "source"),
        };
    }
    out->history = rows;
    out->has_more_history = json_is_true(json_get(list, "has_more"));
}

static void read_packages(struct image *out, struct page *page, struct ms_str list)
{
    struct ms_str rest = json_get(list, "rows"), row;
    struct image_package *rows = page_array(page, rest, sizeof(*rows), ROWS_MAX, &out->n_packages);
    for (size_t i = 0; i < out->n_packages && json_next(NULL, &row, &rest); i++) {
        struct ms_str body = page_row_body(row);
        rows[i] = (struct image_package){
            .name = page_text(page, body, "name"),
            .version = page_text(page, body, "version"),
            .type = page_text(page, body, "type"),
        };
    }
    out->packages = rows;
    out->all_packages = page_number(list, "total");
}

static void read_derived(struct image *out, struct page *page, struct ms_str list)
{
    struct ms_str rest = json_get(list, "rows"), row;
    struct image_derived *rows =
        page_array(page, rest, sizeof(*rows), DERIVED_MAX, &out->n_derived);
    for (size_t i = 0; i < out->n_derived && json_next(NULL, &row, &rest); i++) {
        struct ms_str body = page_row_body(row);
        rows[i] = (struct image_derived){
            .repository = page_text(page, body, "repository"),
            .tags = page_strings(page, json_get(body, "tags"), DERIVED_TAGS_MAX),
            .digest = page_text(page, body, "digest"),
            .platform = page_text(page, body, "platform"),
            .updated = page_text(page, body, "updated"),
        };
    }
    out->derived = rows;
    out->has_more_derived = json_is_true(json_get(list, "has_more"));
}

/* The newest row of the tag's history says when it was last there. */
static void build_missing(struct ms_buf *out, struct page *page, struct ms_str body)
{
    bool is_known = json_is_true(json_get(body, "is_known"));
    struct ms_str rest = json_get(json_get(body, "history"), "rows"), newest = MS_STR_ABSENT;
    if (!json_next(NULL, &newest, &rest))
        newest = MS_STR_ABSENT;
    page->status = 404;
    view_failure(out, &page->frame,
                 &(struct failure){
                     .status = 404,
                     .detail = is_known
                                   ? MS_STR("The repository has no manifest of this tag or digest.")
                                   : MS_STR("No repository of this name is known."),
                     .name = page->name,
                     .repository = is_known ? page->name : MS_STR_ABSENT,
                     .was_there = json_is_true(json_get(body, "was_there")),
                     .tag_until = page_text(page, page_row_body(newest), "until"),
                     .nearest = page_strings(page, json_get(body, "nearest"), PAGE_NEAREST_MAX),
                 });
}

static void build(struct ms_buf *out, struct page *page)
{
    struct image data;
    assert(page->n_columns == COLUMN_COUNT);
    struct ms_str body = page->columns[COLUMN_BODY], manifest = json_get(body, "manifest");
    if (ms_str_is_absent(manifest)) {
        build_missing(out, page, body);
        return;
    }
    read_image(&data, page, manifest, json_get(body, "weights"));
    data.repository = page->name;
    data.reference = page->reference;
    data.package = page_value(page, "package");
    data.all_platforms = page_number(body, "platforms");
    data.indexes = page_strings(page, json_get(body, "indexes"), INDEXES_MAX);
    int64_t base_layers = page_number(body, "base_layers");
    data.base_layers = base_layers > 0 ? (size_t)base_layers : 0;
    data.raw = read_bytes(page, page->columns[COLUMN_BYTES]);
    data.raw_config = read_bytes(page, page->columns[COLUMN_CONFIG]);
    read_packages(&data, page, json_get(body, "packages"));
    read_derived(&data, page, json_get(body, "derived"));
    read_history(&data, page, json_get(body, "history"));
    view_image(out, &page->frame, &data);
}

static const enum ms_read_query STATEMENT = MS_READ_PAGE_IMAGE;

static const struct page_kind KIND = {.table = TABLE,
                                      .n_table = sizeof(TABLE) / sizeof(TABLE[0]),
                                      .statements = &STATEMENT,
                                      .shows_counts = true,
                                      .build = build};

void pages_image(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct page_ask ask;
    struct ms_digest digest;
    if (!page_ask_begin(&ask, &KIND, request, match, arg))
        return;
    bool is_digest = ms_digest_parse(&digest, ask.reference) == MS_OK;
    if (!ms_refname_is_repository(ask.name) || (!is_digest && !ms_refname_is_tag(ask.reference))) {
        page_no_such_name(request, arg, MS_STR("No image can have this name."), ask.name);
        return;
    }
    page_ask_add(&ask, ask.name);
    page_ask_add(&ask, is_digest ? MS_STR_ABSENT : ask.reference);
    page_ask_add(&ask, is_digest ? ask.reference : MS_STR_ABSENT);
    page_ask_add(&ask, MS_STR_ABSENT);
    page_ask_add(&ask, MS_STR_ABSENT);
    page_ask_add_number(&ask, ROWS_MAX);
    page_ask_add(&ask, MS_STR("f"));
    page_ask_add(&ask, MS_STR("t"));
    page_ask_add_number(&ask, DERIVED_MAX);
    page_ask_add_pattern(&ask, page_ask_value(&ask, "package"));
    struct ms_str *pattern = &ask.params[ask.n_params - 1];
    if (package_pattern_lower(pattern, *pattern, ask.arena) != MS_OK) {
        page_fail(request, arg, 400, MS_STR("The name of the package is too long."));
        return;
    }
    page_ask_serve(&ask, MS_STR_ABSENT); /* it names other repositories that have it */
}
