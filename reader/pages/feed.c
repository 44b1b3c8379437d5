/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /feed, /feed?prefix=… and /r/<name>/-/feed: pushes as Atom (RFC 4287), the newest first. A reader
 * of feeds asks with If-None-Match and gets a 304 as long as nothing was pushed.
 *
 * What is pushed to a registry has the same id in every feed of it, and another one than what is
 * pushed to any other registry: tag URIs (RFC 4151) that begin with the registry's host. They end
 * with the push's number, since a tag may move there and back within a second.
 */
#include "common/base/refname.h"
#include "reader/html/html.h"
#include "reader/pages/page.h"
#include "reader/pages/pages.h"

#include <assert.h>
#include <string.h>

enum { COLUMN_IS_KNOWN, COLUMN_BODY, COLUMN_COUNT };
enum { ENTRIES_ARENA_MAX = 1024 * 1024, PREFIX_MAX = 256, REGISTRY_MAX = 256, KEY_MAX = 4096 };

static const char CONTENT_TYPE[] = "application/atom+xml; charset=utf-8";

/* What the feed is of. One of name and prefix, or none of them. */
struct state {
    char name[PAGE_NAME_MAX];
    size_t name_len;
    char prefix[PREFIX_MAX];
    size_t prefix_len;
    char registry[REGISTRY_MAX]; /* host and port */
    size_t registry_len;
};

static struct ms_str name_of(const struct state *state)
{
    return ms_str_n(state->name, state->name_len);
}

static struct ms_str prefix_of(const struct state *state)
{
    return ms_str_n(state->prefix, state->prefix_len);
}

/* The authority of a tag URI has no port: that comes behind the date. */
static void write_id(struct ms_buf *out, const struct state *state)
{
    struct ms_str rest = ms_str_n(state->registry, state->registry_len);
    struct ms_str host = rest;
    if (!ms_str_starts_with(rest, MS_STR("[")))
        host = ms_str_next(&rest, ':');
    html_raw(out, "tag:");
    html_path(out, host.len > 0 ? host : MS_STR("metastore"));
    html_raw(out, ",2026:");
    if (host.len < state->registry_len) {
        html_path(out, rest);
        html_raw(out, "/");
    }
}

static void write_entry(struct ms_buf *out, const struct state *state, struct ms_str entry,
                        struct ms_arena *arena)
{
    struct ms_str repository = json_text(json_get(entry, "repository"), arena);
    struct ms_str tag = json_text(json_get(entry, "tag"), arena);
    struct ms_str digest = json_text(json_get(entry, "digest"), arena);
    struct ms_str at = json_text(json_get(entry, "at"), arena);
    struct ms_str push = json_text(json_get(entry, "push"), arena);
    struct ms_str by = json_text(json_get(entry, "by"), arena);
    html_raw(out, "<entry><id>");
    write_id(out, state);
    html_path(out, repository);
    html_raw(out, ":");
    html_path(out, tag);
    html_raw(out, ":");
    html_path(out, digest);
    html_raw(out, ":");
    html_path(out, push);
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

/* Where the feed is, and the page that shows the same to people. */
static void write_links(struct ms_buf *out, const struct state *state)
{
    struct ms_str name = name_of(state), prefix = prefix_of(state);
    struct link self = {.base = "/feed"}, page = {.base = "/r/", .name = prefix};
    link_set(&self, "prefix", prefix);
    if (name.len > 0) {
        self = (struct link){.base = "/r/", .name = name, .middle = "/-/feed"};
        page = (struct link){.base = "/r/", .name = name};
    }
    html_raw(out, "<link rel=\"self\" type=\"application/atom+xml\" href=\"");
    link_write(out, &self);
    html_raw(out, "\"/><link rel=\"alternate\" type=\"text/html\" href=\"");
    link_write(out, &page);
    html_raw(out, "\"/>");
}

static void write_feed(struct ms_buf *out, const struct state *state, struct ms_str entries,
                       struct ms_arena *arena)
{
    struct ms_str name = name_of(state), prefix = prefix_of(state);
    struct ms_str rest = entries, entry, first = MS_STR_ABSENT;
    if (json_next(NULL, &entry, &rest))
        first = json_text(json_get(entry, "at"), arena);
    html_raw(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed "
                  "xmlns=\"http://www.w3.org/2005/Atom\"><id>");
    write_id(out, state);
    html_path(out, name.len > 0 ? name : prefix);
    html_raw(out, prefix.len > 0 ? "*</id><title>Pushes" : "</id><title>Pushes");
    if (name.len > 0 || prefix.len > 0) {
        html_raw(out, " to ");
        html_text(out, name.len > 0 ? name : prefix);
        html_raw(out, prefix.len > 0 ? "…" : "");
    }
    html_raw(out, "</title><updated>");
    html_text(out, first.len > 0 ? first : MS_STR("1970-01-01T00:00:00Z"));
    html_raw(out, "</updated>");
    write_links(out, state);
    html_raw(out, "\n");
    rest = entries;
    while (json_next(NULL, &entry, &rest))
        write_entry(out, state, entry, arena);
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
    write_feed(&result->body, state, columns[COLUMN_BODY], arena);
    ms_arena_free(arena);
}

static const struct query_param TABLE[] = {{"prefix", QUERY_PLAIN}};

static const struct page_kind OF_ALL = {.table = TABLE, .n_table = 1};
static const struct page_kind OF_A_REPOSITORY = {.n_table = 0};

/* What does not fit is cut off. */
static size_t keep(char *out, size_t size, struct ms_str text)
{
    struct ms_str kept = ms_str_slice(text, 0, size);
    if (kept.len > 0)
        memcpy(out, kept.ptr, kept.len);
    return kept.len;
}

void pages_feed(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct page_ask ask;
    struct state state = {.name_len = 0};
    const struct answers *answers = arg;
    const struct page_kind *kind = match->n_captures > 0 ? &OF_A_REPOSITORY : &OF_ALL;
    if (!page_ask_begin(&ask, kind, request, match, arg))
        return;
    if (ask.name.len > 0 && !ms_refname_is_repository(ask.name)) {
        page_fail(request, arg, 404, MS_STR("No repository can have this name."));
        return;
    }
    struct ms_str prefix = page_ask_value(&ask, "prefix");
    if (prefix.len > PREFIX_MAX) { /* longer than any name */
        page_fail(request, arg, 400, MS_STR("No name begins with as much as this."));
        return;
    }
    state.name_len = keep(state.name, sizeof(state.name), ask.name);
    state.prefix_len = keep(state.prefix, sizeof(state.prefix), prefix);
    state.registry_len =
        keep(state.registry, sizeof(state.registry), page_site(answers->env).registry);
    const struct ms_str params[] = {ask.name.len > 0 ? ask.name : MS_STR_ABSENT, MS_STR("50"),
                                    prefix.len > 0 ? prefix : MS_STR_ABSENT};
    struct ms_buf key;
    ms_buf_init(&key, KEY_MAX); /* each byte as three */
    ms_buf_append(&key, ms_http_request_path(request));
    query_append_key(&key, &ask.query, kind->table);
    answer_serve(arg, request,
                 &(struct answer_query){
                     .key = ms_buf_view(&key),
                     .statement = MS_READ_FEED,
                     .params = params,
                     .n_params = sizeof(params) / sizeof(params[0]),
                     .repository = params[0],
                     .is_filtered = prefix.len > 0,
                     .content_type = CONTENT_TYPE,
                     .on_row = on_row,
                     .state = &state,
                     .state_bytes = sizeof(state),
                 },
                 NULL);
    ms_buf_free(&key);
}
