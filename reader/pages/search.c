/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page /search. What is filtered by are the terms of the query that are no words: a chip takes
 * one away, a facet adds one.
 */
#include "reader/pages/search.h"

#include "common/runtime/limit.h"
#include "reader/html/format.h"
#include "reader/pages/page.h"
#include "reader/pages/pages.h"
#include "reader/pages/search_text.h"
#include "reader/query/search_plan.h"

#include <string.h>

enum { TAGS_MAX = 100, NEAREST_MAX = 5, VALUES_MAX = 10, PLATFORMS_MAX = 50 };

static const struct query_param TABLE[] = {
    {"cursor", QUERY_PLAIN}, {"kind", QUERY_PLAIN}, {"q", QUERY_PLAIN}, {"sort", QUERY_PLAIN}};

static const struct paging_sort SORTS[] = {
    {"score", false}, {"name", false}, {"pulls", true}, {"size", true}, {"updated", true}};

/* Why it is a result, when its name does not say so. */
static struct ms_str match_of(struct page *page, struct ms_str body, struct ms_str more)
{
    struct ms_str why = page_text(page, more, "why");
    if (why.len > 0)
        return why;
    struct ms_str match = page_text(page, body, "match");
    return ms_str_equal(match, MS_STR("name")) ? MS_STR_ABSENT : match;
}

/* Of a repository those of all its images. */
static struct view_strings read_platforms(struct page *page, struct ms_str body, struct ms_str more)
{
    struct ms_str *one = ms_arena_alloc(page->arena, sizeof(*one));
    *one = page_text(page, body, "platform");
    if (one->len > 0)
        return (struct view_strings){one, 1};
    return page_strings(page, json_get(more, "platforms"), PLATFORMS_MAX);
}

static struct search_result read_result(struct page *page, struct ms_str body, struct ms_str more)
{
    const char *type = page_kind_word(json_get(body, "type"));
    bool is_repository = strcmp(type, "repository") == 0;
    return (struct search_result){
        .type = type,
        .name = page_text(page, body, is_repository ? "name" : "repository"),
        .digest = page_text(page, body, "digest"),
        .title = page_text(page, body, "title"),
        .description = page_text(page, body, "description"),
        .tags = page_strings(page, json_get(body, "tags"), TAGS_MAX),
        .platforms = read_platforms(page, body, more),
        .is_official = json_is_true(json_get(more, "official")),
        .is_signed = json_is_true(json_get(more, "signed")),
        .has_sbom = json_is_true(json_get(more, "sbom")),
        .has_provenance = json_is_true(json_get(more, "provenance")),
        .bytes = page_number(is_repository ? more : body, "size"),
        .pulls = page_number(body, "pulls"),
        .n_tags = is_repository ? page_number(more, "tags") : FORMAT_UNKNOWN,
        .updated = page_text(page, body, "updated"),
        .match = match_of(page, body, more),
    };
}

static void read_results(struct search *out, struct page *page, struct ms_str array,
                         struct ms_str more)
{
    struct ms_str rest = array, row, beside = MS_STR_ABSENT;
    struct search_result *rows = page_array(page, array, sizeof(*rows), PAGE_ROWS, &out->n_results);
    for (size_t i = 0; i < out->n_results && json_next(NULL, &row, &rest); i++) {
        if (!json_next(NULL, &beside, &more))
            beside = MS_STR_ABSENT;
        rows[i] = read_result(page, page_row_body(row), beside);
    }
    out->results = rows;
}

/* --- what there is to filter by --- */

struct facet {
    const char *title, *field;
    bool is_single; /* an image has one value of it: another one is chosen in the place of that */
    struct ms_str counts;
    struct ms_str alone; /* counted as if it were not asked for: JSON, empty: it is not */
};

/* Adds the values that counts tell of, or only that which is chosen, and returns how many. */
static size_t read_values(struct search_value *values, struct page *page, struct ms_str q,
                          const struct facet *facet, struct ms_str counts, bool only_chosen)
{
    struct ms_str row, others = MS_STR_ABSENT;
    size_t n = 0;
    if (facet->is_single)
        others = search_text_without(page->arena, q, ms_str(facet->field));
    for (size_t i = 0; i < VALUES_MAX && json_next(NULL, &row, &counts); i++) {
        struct ms_str value = page_text(page, row, "value");
        struct ms_str with = search_text_with(page->arena, q, facet->field, value);
        bool is_chosen = ms_str_equal(with, q);
        /* Absent: it cannot be asked for, since it is too long, or has a quote in it. */
        if (ms_str_is_absent(with) || (only_chosen && !is_chosen))
            continue;
        if (!is_chosen && !ms_str_is_absent(others))
            with = search_text_with(page->arena, others, facet->field, value);
        values[n++] = (struct search_value){value, with, page_number(row, "images"), is_chosen};
    }
    return n;
}

static bool has_chosen(const struct search_value *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (values[i].is_chosen)
            return true;
    return false;
}

/* What is chosen is there also where too much was looked at without it to meet it. */
static struct search_facet read_facet(struct page *page, struct ms_str q, const struct facet *facet)
{
    bool is_alone = facet->alone.len > 0;
    struct ms_str counts = is_alone ? facet->alone : facet->counts;
    size_t n_most = json_count(counts, VALUES_MAX) + json_count(facet->counts, VALUES_MAX);
    struct search_value *values = ms_arena_alloc(page->arena, (n_most + 1) * sizeof(*values));
    size_t n = read_values(values, page, q, facet, counts, false);
    if (is_alone && !has_chosen(values, n))
        n += read_values(values + n, page, q, facet, facet->counts, true);
    return (struct search_facet){facet->title, values, n};
}

static int64_t count_of(struct page *page, struct ms_str array, struct ms_str value)
{
    struct ms_str rest = array, row;
    while (json_next(NULL, &row, &rest))
        if (ms_str_equal(page_text(page, row, "value"), value))
            return page_number(row, "images");
    return FORMAT_UNKNOWN;
}

/* Always in this order; what no image has is left out. False: all of it. How many bases have moved
 * is not counted: that is asked for only when images were found, and not again. */
static bool read_evidence(struct search_facet *out, struct page *page, struct ms_str q,
                          struct ms_str facets)
{
    static const struct {
        struct ms_str value, word;
        const char *field;
    } EVIDENCE[] = {{MS_STR_INIT("signed"), MS_STR_INIT("signed"), "is:"},
                    {MS_STR_INIT("sbom"), MS_STR_INIT("SBOM"), "has:"},
                    {MS_STR_INIT("provenance"), MS_STR_INIT("provenance"), "has:"},
                    {MS_STR_INIT("outdated"), MS_STR_INIT("base moved"), "is:"}};
    enum { N_EVIDENCE = sizeof(EVIDENCE) / sizeof(EVIDENCE[0]), OUTDATED = N_EVIDENCE - 1 };
    struct search_value *values = ms_arena_alloc(page->arena, N_EVIDENCE * sizeof(*values));
    bool has_images = json_count(json_get(facets, "os"), 1) > 0;
    size_t n = 0;
    for (size_t i = 0; i < N_EVIDENCE; i++) {
        int64_t images = count_of(page, json_get(facets, "attached"), EVIDENCE[i].value);
        struct ms_str with = search_text_with(page->arena, q, EVIDENCE[i].field, EVIDENCE[i].value);
        bool is_offered = i == OUTDATED ? has_images && !ms_str_equal(with, q) : images > 0;
        if (is_offered && !ms_str_is_absent(with))
            values[n++] =
                (struct search_value){EVIDENCE[i].word, with, images, ms_str_equal(with, q)};
    }
    *out = (struct search_facet){"Evidence", values, n};
    return n > 0;
}

/* `alone` has those facets that the query filters by, counted without that. */
static struct ms_str counted_alone(struct search *out, struct ms_str alone, const char *facet)
{
    struct ms_str counted = json_get(alone, facet);
    out->counts_some = out->counts_some || json_is_true(json_get(counted, "truncated"));
    return json_get(counted, "counts");
}

static void read_facets(struct search *out, struct page *page, struct ms_str facets,
                        struct ms_str alone, struct ms_str label)
{
    const struct facet kinds[] = {
        {"Operating system", "os:", true, json_get(facets, "os"), counted_alone(out, alone, "os")},
        {"Architecture", "arch:", true, json_get(facets, "architecture"),
         counted_alone(out, alone, "architecture")},
        {"Base", "base:", false, json_get(facets, "base"), MS_STR_ABSENT},
        {"Label", "label:", false, json_get(facets, "label_keys"), MS_STR_ABSENT},
        {"Annotation", "annotation:", false, json_get(facets, "annotation_keys"), MS_STR_ABSENT},
        {"Values of the label", search_text_label_field(page->arena, label).ptr, true,
         label.len > 0 ? json_get(facets, "label_values") : MS_STR_ABSENT,
         label.len > 0 ? counted_alone(out, alone, "label_values") : MS_STR_ABSENT},
    };
    enum { EVIDENCE = 2, N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };
    struct search_facet *all = ms_arena_alloc(page->arena, (N_KINDS + 1) * sizeof(*all));
    for (size_t i = 0; i < N_KINDS; i++) {
        if (i == EVIDENCE && read_evidence(&all[out->n_facets], page, out->q, facets))
            out->n_facets++;
        all[out->n_facets] = read_facet(page, out->q, &kinds[i]);
        out->n_facets += all[out->n_facets].n > 0;
    }
    out->facets = all;
}

static struct search read_asked(struct page *page)
{
    struct search search = {.q = page_value(page, "q"),
                            .kind = page_value(page, "kind"),
                            .sort = page_value(page, "sort")};
    search_text_read(&search, page->arena);
    search_text_read_choices(&search, page->arena);
    return search;
}

static void build(struct ms_buf *out, struct page *page)
{
    struct ms_str body = page->columns[0];
    struct page_list list = page_list_read(page, json_get(body, "results"));
    struct search search = read_asked(page);
    struct ms_str label = search_text_label(&search);
    search.total = list.total;
    search.is_truncated = list.is_truncated;
    if (list.is_truncated)
        ms_limit_reached(MS_LIMIT_SEARCH_CANDIDATES);
    search.cursors = list.cursors;
    search.nearest = page_strings(page, json_get(body, "nearest"), NEAREST_MAX);
    read_results(&search, page, list.rows, json_get(body, "more"));
    search.counts_some = json_is_true(json_get(body, "some_images"));
    read_facets(&search, page, json_get(body, "facets"), json_get(body, "alone"), label);
    view_search(out, &page->frame, &search);
}

static const enum ms_read_query STATEMENTS[] = {
    MS_READ_PAGE_SEARCH, MS_READ_PAGE_SEARCH_BY_NAME, MS_READ_PAGE_SEARCH_BY_PULLS,
    MS_READ_PAGE_SEARCH_BY_SIZE, MS_READ_PAGE_SEARCH_BY_UPDATED};

static const struct page_kind KIND = {
    .table = TABLE,
    .n_table = sizeof(TABLE) / sizeof(TABLE[0]),
    .sorts = SORTS,
    .n_sorts = sizeof(SORTS) / sizeof(SORTS[0]),
    .statements = STATEMENTS,
    .shows_counts = true,
    .build = build,
};

/* The query cannot be read: a page that points at the character. */
static void refuse(struct page_ask *ask, struct ms_str q, const struct search_fault *fault)
{
    const struct view_frame frame = {.site = page_site(ask->answers->env)};
    struct ms_buf html;
    ms_buf_init(&html, 1024 * 1024);
    view_search(
        &html, &frame,
        &(struct search){.q = q, .fault = fault->what, .fault_character = fault->character});
    ms_http_send(ask->request, 400, PAGE_CONTENT_TYPE, ms_buf_view(&html), PAGE_HEADERS,
                 PAGE_N_HEADERS);
    ms_buf_free(&html);
}

static bool is_kind(struct ms_str kind)
{
    static const char *const KINDS[] = {"repository", "image", "index", "artifact"};
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
        if (ms_str_equal(kind, ms_str(KINDS[i])))
            return true;
    return ms_str_is_absent(kind);
}

/* The question without its terms that begin so; NULLs: it has none, or cannot be asked without. */
static void ask_without(struct page_ask *ask, struct ms_str q, struct ms_str prefix)
{
    struct ms_str rest = search_text_without(ask->arena, q, prefix);
    struct search_query query;
    struct search_fault fault;
    struct search_plan plan = {
        .params = {MS_STR_ABSENT, MS_STR_ABSENT, MS_STR_ABSENT, MS_STR_ABSENT}};
    if (ms_str_is_absent(rest) || search_query_parse(&query, rest, &fault) != MS_OK ||
        search_plan_make(&plan, &query, ask->arena) != MS_OK)
        plan.params[0] = MS_STR_ABSENT;
    for (size_t i = 0; i < SEARCH_PLAN_PARAMS; i++)
        page_ask_add(ask, plan.params[i]);
}

void pages_search(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct page_ask ask;
    struct search_query query;
    struct search_fault fault;
    struct search_plan plan;
    if (!page_ask_begin(&ask, &KIND, request, match, arg))
        return;
    struct ms_str q = page_ask_value(&ask, "q"), kind = page_ask_value(&ask, "kind");
    q = ms_str_is_absent(q) ? MS_STR("") : q;
    kind = kind.len == 0 ? MS_STR_ABSENT : kind;
    if (search_query_parse(&query, q, &fault) != MS_OK) {
        refuse(&ask, q, &fault);
        return;
    }
    if (!is_kind(kind)) {
        page_fail(request, arg, 400, MS_STR("kind is none of repository, image, index, artifact"));
        return;
    }
    if (search_plan_make(&plan, &query, ask.arena) != MS_OK) {
        page_fail(request, arg, 400, MS_STR("The query is too long."));
        return;
    }
    struct search asked = {.q = q};
    search_text_read(&asked, ask.arena);
    struct ms_str label = search_text_label(&asked);
    page_ask_add_paging(&ask);
    for (size_t i = 0; i < SEARCH_PLAN_PARAMS; i++)
        page_ask_add(&ask, plan.params[i]);
    page_ask_add(&ask, kind);
    page_ask_add(&ask, label);
    page_ask_add(&ask, q);
    ask_without(&ask, q, MS_STR("os:"));
    ask_without(&ask, q, MS_STR("arch:"));
    ask_without(&ask, q, label.len > 0 ? search_text_label_field(ask.arena, label) : MS_STR("="));
    if (!page_ask_add_official(&ask))
        return;
    page_ask_serve(&ask, MS_STR_ABSENT);
}
