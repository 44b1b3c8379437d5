/* SPDX-License-Identifier: Apache-2.0 */
/* The search language: a fault points into the text, terms are views of it, and what is accepted
 * has a plan whose texts PostgreSQL takes. */
#include "reader/query/search_plan.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_view(struct ms_str view, struct ms_str text)
{
    assert(ms_str_is_utf8(view));
    if (!ms_str_is_absent(view))
        assert(view.ptr >= text.ptr && view.ptr + view.len <= text.ptr + text.len);
}

static void check_term(const struct search_term *term, struct ms_str text)
{
    check_view(term->key, text);
    check_view(term->value, text);
    bool has_key = term->kind == SEARCH_LABEL || term->kind == SEARCH_ANNOTATION ||
                   term->kind == SEARCH_PACKAGE || term->kind == SEARCH_BASE;
    assert(has_key ? term->key.len > 0 : !ms_str_is_absent(term->value));
    assert(term->kind != SEARCH_UPDATED || term->not_before_ms != INT64_MIN ||
           term->before_ms != INT64_MAX);
    assert(strlen(search_kind_name(term->kind)) > 0);
}

static void check_plan(const struct search_query *query)
{
    struct search_plan plan;
    struct ms_arena *arena = ms_arena_new(1024 * 1024);
    if (search_plan_make(&plan, query, arena) == MS_OK) {
        assert(plan.params[0].len > 0 && plan.params[1].len > 0);
        for (size_t i = 0; i < SEARCH_PLAN_PARAMS; i++) {
            assert(ms_str_is_utf8(plan.params[i]));
            assert(plan.params[i].len == 0 ||
                   memchr(plan.params[i].ptr, '\0', plan.params[i].len) == NULL);
        }
    }
    ms_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str text = ms_str_n((const char *)data, size);
    struct search_query query;
    struct search_fault fault = {0, NULL};
    if (!ms_str_is_utf8(text) || (size > 0 && memchr(data, '\0', size) != NULL))
        return 0; /* never gets here */
    if (search_query_parse(&query, text, &fault) != MS_OK) {
        assert(fault.character >= 1 && fault.character <= size + 1 && fault.what != NULL);
        return 0;
    }
    assert(query.n_terms <= SEARCH_TERMS_MAX);
    for (size_t i = 0; i < query.n_terms; i++)
        check_term(&query.terms[i], text);
    check_plan(&query);
    return 0;
}
