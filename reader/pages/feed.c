/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /feed and /r/<name>/-/feed: pushes as Atom (RFC 4287), the newest first. A reader of feeds asks
 * with If-None-Match and gets a 304 as long as nothing was pushed.
 */
#include "common/base/refname.h"
#include "reader/html/html.h"
#include "reader/pages/page.h"
#include "reader/pages/pages.h"

#include <assert.h>
#include <string.h>

enum { COLUMN_IS_KNOWN, COLUMN_BODY, COLUMN_COUNT };
enum { ENTRIES_ARENA_MAX = 1024 * 1024 };

static const char CONTENT_TYPE[] = "application/atom+xml; charset=utf-8";

struct state {
    char name[PAGE_NAME_MAX];
    size_t name_len;
};

/* The same push has the same name in every feed: tag URIs (RFC 4151). */
static void write_entry(struct ms_buf *out, struct ms_str entry, struct ms_arena *arena)
{
    struct ms_str repository = json_text(json_get(entry, "repository"), arena);
    struct ms_str tag = json_text(json_get(entry, "tag"), arena);
    struct ms_str digest = json_text(json_get(entry, "digest"), arena);
    struct ms_str at = json_text(json_get(entry, "at"), arena);
    struct ms_str by = json_text(json_get(entry, "by"), arena);
    html_raw(out, "<entry><id>tag:metastore,2026:");
    html_path(out, repository);
    html_raw(out, ":");
    html_path(out, tag);
    html_raw(out, ":");
    html_path(out, digest);
    html_raw(out, ":");
    html_path(out, at);
    html_raw(out, "</id><title>");
    html_text(out, repository);
    html_raw(out, ":");
    html_text(out, tag);
    html_raw(out, "</title><updated>");
    html_text(out, at);
    html_raw(out, "</updated><author><name>");
    html_text(out, by.len > 0 ? by : MS_STR("unknown"));
    html_raw(out, "</name></author><link href=\"");
    link_write(out,
               &(struct link){.base = "/r/", .name = repository, .middle = "/-/", .tail = tag});
    html_raw(out, "\"/><summary>");
    html_text(out, digest);
    html_raw(out, "</summary></entry>\n");
}

static void write_feed(struct ms_buf *out, struct ms_str name, struct ms_str entries,
                       struct ms_arena *arena)
{
    struct ms_str rest = entries, entry, first = MS_STR_ABSENT;
    if (json_next(NULL, &entry, &rest))
        first = json_text(json_get(entry, "at"), arena);
    html_raw(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed "
                  "xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:metastore,2026:");
    html_path(out, name);
    html_raw(out, "</id><title>Pushes");
    if (name.len > 0) {
        html_raw(out, " to ");
        html_text(out, name);
    }
    html_raw(out, "</title><updated>");
    html_text(out, first.len > 0 ? first : MS_STR("1970-01-01T00:00:00Z"));
    html_raw(out, "</updated>\n");
    rest = entries;
    while (json_next(NULL, &entry, &rest))
        write_entry(out, entry, arena);
    html_raw(out, "</feed>\n");
}

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    const struct state *state = arg;
    assert(n_columns == COLUMN_COUNT);
    if (!ms_str_equal(columns[COLUMN_IS_KNOWN], MS_STR("t"))) {
        result->status = 404;
        result->content_type = "text/plain; charset=utf-8";
        ms_buf_append_c(&result->body, "No repository of this name is known.\n");
        return;
    }
    struct ms_arena *arena = ms_arena_new(ENTRIES_ARENA_MAX);
    write_feed(&result->body, ms_str_n(state->name, state->name_len), columns[COLUMN_BODY], arena);
    ms_arena_free(arena);
}

static const struct page_kind KIND = {.n_table = 0};

void pages_feed(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct page_ask ask;
    struct state state = {.name_len = 0};
    if (!page_ask_begin(&ask, &KIND, request, match, arg))
        return;
    if (ask.name.len > 0 && !ms_refname_is_repository(ask.name)) {
        page_fail(request, arg, 404, MS_STR("No repository can have this name."));
        return;
    }
    memcpy(state.name, ask.name.ptr, ask.name.len);
    state.name_len = ask.name.len;
    const struct ms_str params[] = {ask.name.len > 0 ? ask.name : MS_STR_ABSENT, MS_STR("50")};
    answer_serve(arg, request,
                 &(struct answer_query){
                     .key = ms_http_request_path(request),
                     .statement = MS_READ_FEED,
                     .params = params,
                     .n_params = sizeof(params) / sizeof(params[0]),
                     .repository = params[0],
                     .content_type = CONTENT_TYPE,
                     .on_row = on_row,
                     .state = &state,
                     .state_bytes = sizeof(state),
                 },
                 NULL);
}
