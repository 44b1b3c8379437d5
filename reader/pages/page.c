/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page's way, in order:
 *
 *   ask      the URL is read and checked; what of it the page needs is kept as text, for the query
 *            may outlive the request
 *   serve    the answer path of all resources: cache, sharing, database, staleness
 *   build    the row comes: the URL is read again, the view is filled and written
 *
 * Always: the end of a page, from its footer on, says when it was made and is no part of its ETag.
 */
#include "reader/pages/page.h"

#include "common/config/config.h"
#include "reader/api/official.h"
#include "reader/assets/assets.h"
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/pages/failure.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 16 * 1024, PATTERN_MAX = 4096, ERROR_MAX = 64 * 1024, ROW_CELLS = 3 };
enum { COLUMN_AS_OF, COLUMN_LAST_SCAN, N_TRUTH_COLUMNS };

const struct ms_http_header PAGE_HEADERS[] = {
    {"Content-Security-Policy",
     MS_STR_INIT(
         "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
         "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")},
    {"X-Content-Type-Options", MS_STR_INIT("nosniff")},
    {"Referrer-Policy", MS_STR_INIT("same-origin")},
};

/* The builder's state: plain data. */
struct state {
    const struct env *env;
    const struct page_kind *kind;
    char name[PAGE_NAME_MAX];
    size_t name_len;
    char reference[PAGE_NAME_MAX];
    size_t reference_len;
    char query[PAGE_QUERY_MAX];
    size_t query_len;
};

/* --- what all pages share --- */

/* Host and port of an absolute URL; absent of a path. */
static struct ms_str host_of(struct ms_str url)
{
    static const struct ms_str SCHEMES[] = {MS_STR_INIT("https://"), MS_STR_INIT("http://")};
    for (size_t i = 0; i < 2; i++) {
        if (ms_str_starts_with(url, SCHEMES[i])) {
            struct ms_str rest = ms_str_skip(url, SCHEMES[i].len);
            return ms_str_next(&rest, '/');
        }
    }
    return MS_STR_ABSENT;
}

struct layout_site page_site(const struct env *env)
{
    return (struct layout_site){assets_sheet()->path, assets_script()->path,
                                host_of(ms_str(env->config->registry.public_url))};
}

static void fail(struct ms_http_request *request, struct answers *answers,
                 const struct failure *failure)
{
    char seconds[MS_STR_NUMBER_MAX];
    struct ms_http_header headers[PAGE_N_HEADERS + 1];
    const struct view_frame frame = {.site = page_site(answers->env)};
    struct ms_buf html;
    size_t n = PAGE_N_HEADERS;
    memcpy(headers, PAGE_HEADERS, sizeof(PAGE_HEADERS[0]) * PAGE_N_HEADERS);
    if (failure->retry_seconds > 0)
        headers[n++] = (struct ms_http_header){"Retry-After",
                                               ms_str_from_u64(seconds, failure->retry_seconds)};
    ms_buf_init(&html, ERROR_MAX);
    view_failure(&html, &frame, failure);
    ms_http_send(request, failure->status, PAGE_CONTENT_TYPE, ms_buf_view(&html), headers, n);
    ms_buf_free(&html);
}

void page_fail(struct ms_http_request *request, struct answers *answers, int status,
               struct ms_str detail)
{
    fail(request, answers, &(struct failure){.status = status, .detail = detail});
}

void page_no_such_name(struct ms_http_request *request, struct answers *answers,
                       struct ms_str detail, struct ms_str name)
{
    char lower[PAGE_NAME_MAX];
    assert(name.len < sizeof(lower)); /* page_ask_begin() refuses longer ones */
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    fail(request, answers,
         &(struct failure){.status = 404, .detail = detail, .name = ms_str_n(lower, name.len)});
}

/* --- ask --- */

static struct ms_str capture(const struct ms_route_match *match, size_t i)
{
    return i < match->n_captures ? match->captures[i] : MS_STR("");
}

/* A form sends its empty fields, too. */
static void leave_empty_out(struct query *query, struct ms_arena *arena)
{
    struct query_term *terms = ms_arena_alloc(arena, (query->n_terms + 1) * sizeof(*terms));
    size_t n = 0;
    for (size_t i = 0; i < query->n_terms; i++)
        if (query->terms[i].value.len > 0)
            terms[n++] = query->terms[i];
    *query = (struct query){terms, n};
}

static enum ms_status read_url(struct query *out_query, struct paging *out_paging,
                               const struct page_kind *kind, struct ms_str raw,
                               struct ms_arena *arena, struct query_fault *fault)
{
    enum ms_status status = query_parse(out_query, raw, kind->table, kind->n_table, arena, fault);
    for (size_t i = 1; status == MS_OK && i < out_query->n_terms; i++)
        if (out_query->terms[i].param == out_query->terms[i - 1].param)
            status = query_fail(fault, arena, kind->table[out_query->terms[i].param].name,
                                " is given twice");
    if (status == MS_OK)
        leave_empty_out(out_query, arena);
    if (status == MS_OK && kind->sorts != NULL)
        status = paging_read(out_paging, out_query, kind->table, kind->sorts, kind->n_sorts, arena,
                             fault);
    out_paging->n = PAGE_ROWS;
    out_paging->wants_total = true;
    return status;
}

bool page_ask_begin(struct page_ask *out, const struct page_kind *kind,
                    struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct query_fault fault = {MS_STR_ABSENT, MS_STR_ABSENT};
    *out = (struct page_ask){.answers = arg,
                             .request = request,
                             .arena = ms_http_request_arena(request),
                             .kind = kind,
                             .name = capture(match, 0),
                             .reference = capture(match, 1)};
    if (!out->answers->env->config->components.web_ui) {
        send_error(request, 404, NULL, MS_STR("the pages are turned off"), MS_STR_ABSENT);
        return false;
    }
    if (out->name.len >= PAGE_NAME_MAX || out->reference.len >= PAGE_NAME_MAX) {
        page_fail(request, arg, 404, MS_STR("No name is as long as this."));
        return false;
    }
    enum ms_status status = read_url(&out->query, &out->paging, kind,
                                     ms_http_request_query(request), out->arena, &fault);
    if (status == MS_OK)
        return true;
    page_fail(request, arg, 400,
              ms_str_is_absent(fault.detail) ? MS_STR("The query is too long.") : fault.detail);
    return false;
}

static struct ms_str value_of(const struct query *query, const struct page_kind *kind,
                              const char *name)
{
    for (size_t i = 0; i < query->n_terms; i++)
        if (strcmp(kind->table[query->terms[i].param].name, name) == 0)
            return query->terms[i].value;
    return MS_STR_ABSENT;
}

struct ms_str page_ask_value(const struct page_ask *ask, const char *name)
{
    return value_of(&ask->query, ask->kind, name);
}

void page_ask_add(struct page_ask *ask, struct ms_str param)
{
    assert(ask->n_params < PAGE_PARAMS_MAX);
    ask->params[ask->n_params++] = param;
}

void page_ask_add_number(struct page_ask *ask, uint64_t number)
{
    char text[MS_STR_NUMBER_MAX];
    page_ask_add(ask, ms_arena_dup(ask->arena, ms_str_from_u64(text, number)));
}

void page_ask_add_paging(struct page_ask *ask)
{
    assert(ask->n_params + PAGING_PARAMS <= PAGE_PARAMS_MAX);
    paging_params(ask->params + ask->n_params, &ask->paging, ask->arena);
    ask->n_params += PAGING_PARAMS;
}

void page_ask_add_pattern(struct page_ask *ask, struct ms_str value)
{
    struct ms_str pattern = MS_STR_ABSENT;
    struct ms_buf buf;
    ms_buf_init(&buf, PATTERN_MAX);
    if (value.len > 0)
        query_append_pattern(&buf, value);
    /* What is too long matches nothing: no name is so long. */
    ask->is_filtered = ask->is_filtered || value.len > 0;
    bool is_possible = value.len <= QUERY_GLOB_MAX && ms_buf_status(&buf) == MS_OK;
    if (value.len > 0)
        pattern = is_possible ? ms_arena_dup(ask->arena, ms_buf_view(&buf)) : MS_STR("");
    ms_buf_free(&buf);
    page_ask_add(ask, pattern);
}

bool page_ask_add_official(struct page_ask *ask)
{
    struct ms_str official;
    if (official_patterns(&official, ask->answers->env->config, ask->arena) != MS_OK) {
        page_fail(ask->request, ask->answers, 500, MS_STR("search.official is too long"));
        return false;
    }
    page_ask_add(ask, official);
    return true;
}

/* --- build --- */

static void write_page(struct answer_result *result, const struct state *state, struct page *page,
                       const struct ms_str *columns)
{
    char generation[MS_STR_NUMBER_MAX];
    struct query_fault fault;
    page->frame = (struct view_frame){
        .site = page_site(state->env),
        .truth = {columns[COLUMN_AS_OF], ms_str_from_u64(generation, result->generation),
                  columns[COLUMN_LAST_SCAN], 0},
    };
    /* It was read once already. */
    if (read_url(&page->query, &page->paging, state->kind, ms_str_n(state->query, state->query_len),
                 page->arena, &fault) != MS_OK)
        page->query = (struct query){NULL, 0};
    state->kind->build(&result->body, page);
    result->status = page->status;
}

/* The ETag is made without it. Its `<` cannot come from elsewhere: that of foreign text is escaped.
 */
static void leave_footer_out(struct answer_result *result)
{
    static const struct ms_str FOOTER = MS_STR_INIT("<footer>");
    struct ms_str body = ms_buf_view(&result->body);
    for (size_t end = FOOTER.len; end <= body.len; end++) {
        if (ms_str_starts_with(ms_str_skip(body, body.len - end), FOOTER)) {
            result->untagged_end = end;
            return;
        }
    }
}

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    const struct state *state = arg;
    assert(n_columns >= N_TRUTH_COLUMNS);
    struct page page = {.arena = ms_arena_new(PAGE_ARENA_MAX),
                        .texts = ms_arena_new(PAGE_TEXTS_MAX),
                        .name = ms_str_n(state->name, state->name_len),
                        .reference = ms_str_n(state->reference, state->reference_len),
                        .kind = state->kind,
                        .columns = columns + N_TRUTH_COLUMNS,
                        .n_columns = n_columns - N_TRUTH_COLUMNS,
                        .status = 200};
    write_page(result, state, &page, columns);
    leave_footer_out(result);
    ms_arena_free(page.texts);
    ms_arena_free(page.arena);
}

/* --- serve --- */

static void on_error(struct ms_http_request *request, int status, struct ms_str detail,
                     uint64_t retry_seconds, void *arg)
{
    fail(request, arg,
         &(struct failure){.status = status, .detail = detail, .retry_seconds = retry_seconds});
}

/* A copy with what was not known when the page was made: that it is stale. */
static void on_stale(struct ms_buf *out, struct ms_str html, uint64_t stale_seconds)
{
    static const struct ms_str MAIN = MS_STR_INIT("<main id=\"content\" tabindex=\"-1\">\n");
    size_t at = 0;
    while (at < html.len && !ms_str_starts_with(ms_str_skip(html, at), MAIN))
        at++;
    at = at < html.len ? at + MAIN.len : html.len;
    ms_buf_append(out, ms_str_slice(html, 0, at));
    layout_write_staleness(out, stale_seconds);
    ms_buf_append(out, ms_str_skip(html, at));
}

static enum ms_status init_state(struct state *state, const struct page_ask *ask)
{
    struct ms_buf query;
    *state = (struct state){.env = ask->answers->env, .kind = ask->kind};
    memcpy(state->name, ask->name.ptr, ask->name.len);
    state->name_len = ask->name.len;
    memcpy(state->reference, ask->reference.ptr, ask->reference.len);
    state->reference_len = ask->reference.len;
    ms_buf_init(&query, sizeof(state->query));
    query_append_key(&query, &ask->query, ask->kind->table);
    enum ms_status status = ms_buf_status(&query);
    if (status == MS_OK && query.len > 0) {
        state->query_len = query.len - 1; /* without its `?` */
        memcpy(state->query, query.data + 1, state->query_len);
    }
    ms_buf_free(&query);
    return status;
}

void page_ask_serve(struct page_ask *ask, struct ms_str repository)
{
    struct state state;
    struct ms_buf key;
    uint64_t max_age = ask->answers->env->config->cache.max_age_html_ms / 1000;
    struct answer_reply reply = {.headers = PAGE_HEADERS,
                                 .n_headers = PAGE_N_HEADERS,
                                 .on_error = on_error,
                                 .on_error_arg = ask->answers,
                                 .on_stale = on_stale};
    if (init_state(&state, ask) != MS_OK) {
        page_fail(ask->request, ask->answers, 400, MS_STR("The query is too long."));
        return;
    }
    snprintf(reply.cache_control, sizeof(reply.cache_control), "max-age=%llu",
             (unsigned long long)max_age);
    ms_buf_init(&key, KEY_MAX);
    ms_http_percent_encode(&key, ms_http_request_path(ask->request), "/");
    query_append_key(&key, &ask->query, ask->kind->table);
    answer_serve(
        ask->answers, ask->request,
        &(struct answer_query){
            .key = ms_buf_view(&key),
            .statement =
                ask->kind->statements[ask->kind->sorts != NULL ? ask->paging.sort - ask->kind->sorts
                                                               : 0],
            .params = ask->params,
            .n_params = ask->n_params,
            .repository = repository,
            .shows_counts = ask->kind->shows_counts,
            .is_filtered = ask->is_filtered,
            .content_type = PAGE_CONTENT_TYPE,
            .on_row = on_row,
            .state = &state,
            .state_bytes = sizeof(state),
        },
        &reply);
    ms_buf_free(&key);
}

/* --- for the pages --- */

struct ms_str page_value(const struct page *page, const char *name)
{
    return value_of(&page->query, page->kind, name);
}

static struct ms_str cursor_of(struct page *page, const struct paging_page *place, bool is_next)
{
    struct ms_buf cursor;
    ms_buf_init(&cursor, 512);
    paging_page_append_cursor(&cursor, place, is_next);
    struct ms_str copy =
        cursor.len > 0 ? ms_arena_dup(page->arena, ms_buf_view(&cursor)) : MS_STR_ABSENT;
    ms_buf_free(&cursor);
    return copy;
}

struct page_list page_list_read_by(struct page *page, struct ms_str list,
                                   const struct paging *paging)
{
    struct page_list out = {.rows = json_get(list, "rows"),
                            .total = json_number(json_get(list, "total")),
                            .is_truncated = json_is_true(json_get(list, "truncated"))};
    struct paging_page place;
    struct ms_str rest = out.rows, row;
    if (paging->sort == NULL ||
        paging_page_init(&place, MS_STR("/"), &page->query, page->kind->table, paging) != MS_OK)
        return out;
    place.has_more = json_is_true(json_get(list, "has_more"));
    while (json_next(NULL, &row, &rest)) {
        struct ms_str cells = row, number, text;
        if (json_next(NULL, &number, &cells) && json_next(NULL, &text, &cells))
            paging_page_note(&place, json_text(number, page->texts), json_text(text, page->texts));
    }
    out.cursors.prev = cursor_of(page, &place, false);
    out.cursors.next = cursor_of(page, &place, true);
    return out;
}

struct page_list page_list_read(struct page *page, struct ms_str list)
{
    return page_list_read_by(page, list, &page->paging);
}

void *page_array(struct page *page, struct ms_str array, size_t element_bytes, size_t max,
                 size_t *out_n)
{
    size_t n = json_count(array, max);
    void *room = n > 0 ? ms_arena_try_array(page->arena, n, element_bytes) : NULL;
    *out_n = room != NULL ? n : 0;
    return room;
}

struct view_strings page_strings(struct page *page, struct ms_str array, size_t max)
{
    struct view_strings out;
    struct ms_str rest = array, value;
    struct ms_str *items = page_array(page, array, sizeof(*items), max, &out.n);
    for (size_t i = 0; i < out.n && json_next(NULL, &value, &rest); i++)
        items[i] = json_text(value, page->texts);
    out.items = items;
    return out;
}

struct ms_str page_text(struct page *page, struct ms_str object, const char *member)
{
    return json_text(json_get(object, member), page->texts);
}

int64_t page_number(struct ms_str object, const char *member)
{
    return json_number(json_get(object, member));
}

struct ms_str page_row_body(struct ms_str row)
{
    struct ms_str rest = row, value = MS_STR_ABSENT;
    for (size_t i = 0; i < ROW_CELLS; i++)
        if (!json_next(NULL, &value, &rest))
            return MS_STR_ABSENT;
    return value;
}

const char *page_kind_word(struct ms_str kind)
{
    static const char *const WORDS[] = {"image", "index", "artifact", "attestation", "repository"};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        if (ms_str_equal(ms_str_slice(kind, 1, kind.len > 0 ? kind.len - 1 : 0), ms_str(WORDS[i])))
            return WORDS[i];
    return "unreadable";
}

struct chart_days page_activity(struct page *page, struct ms_str activity)
{
    struct ms_str array = json_get(activity, "days"), rest = array, day;
    struct chart_days out = {.id = "activity-caption"};
    struct ms_str *days = page_array(page, array, sizeof(*days), CHART_DAYS_MAX, &out.n);
    int64_t *pulls = ms_arena_alloc(page->arena, (out.n + 1) * sizeof(*pulls));
    int64_t *pushes = ms_arena_alloc(page->arena, (out.n + 1) * sizeof(*pushes));
    for (size_t i = 0; i < out.n && json_next(NULL, &day, &rest); i++) {
        days[i] = page_text(page, day, "day");
        pulls[i] = page_number(day, "pulls");
        pushes[i] = page_number(day, "pushes");
    }
    out.days = days;
    out.pulls = pulls;
    out.pushes = pushes;
    return out;
}

void page_not_found(struct ms_buf *out, struct page *page, const char *detail, struct ms_str body)
{
    page->status = 404;
    view_failure(out, &page->frame,
                 &(struct failure){
                     .status = 404,
                     .detail = ms_str(detail),
                     .name = page->name,
                     .was_there = json_is_true(json_get(body, "was_there")),
                     .nearest = page_strings(page, json_get(body, "nearest"), PAGE_NEAREST_MAX)});
}
