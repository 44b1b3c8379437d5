/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the terms of a search as JSON and chooses the way in.
 */
#include "reader/query/search_plan.h"

#include "common/base/json_write.h"
#include "common/base/refname.h"
#include "reader/query/query.h"
#include "reader/query/search_words.h"

enum { JSON_MAX = 512 * 1024, PATTERN_MAX = 64 * 1024 };

enum { P_TERMS, P_WAY, P_KEY, P_VALUE };

/* --- terms --- */

static void write_text(struct ms_json_writer *json, const char *name, struct ms_str value)
{
    if (ms_str_is_absent(value))
        return;
    ms_json_key(json, name);
    ms_json_string(json, value);
}

static void write_word(struct ms_json_writer *json, struct ms_str word)
{
    struct ms_buf pattern;
    ms_buf_init(&pattern, PATTERN_MAX);
    write_text(json, "plain", word);
    query_append_like_literal(&pattern, word);
    write_text(json, "like", ms_buf_view(&pattern));
    if (word.len <= MS_REPOSITORY_NAME_MAX) { /* nothing else can be the whole of a name */
        ms_buf_clear(&pattern);
        search_words_append_whole(&pattern, word);
        write_text(json, "whole", ms_buf_view(&pattern));
    }
    ms_buf_free(&pattern);
}

static void write_term(struct ms_json_writer *json, const struct search_term *term)
{
    ms_json_object(json);
    ms_json_key(json, "kind");
    ms_json_string_c(json, search_kind_name(term->kind));
    ms_json_key(json, "is_not");
    ms_json_bool(json, term->is_not);
    if (term->kind == SEARCH_WORD) {
        write_word(json, term->value);
    } else if (term->kind != SEARCH_UPDATED) {
        write_text(json, "key", term->key);
        write_text(json, "value", term->value);
        write_text(json, "plain", term->comparison);
    }
    if (term->not_before_ms != INT64_MIN) {
        ms_json_key(json, "from_ms");
        ms_json_i64(json, term->not_before_ms);
    }
    if (term->before_ms != INT64_MAX) {
        ms_json_key(json, "before_ms");
        ms_json_i64(json, term->before_ms);
    }
    ms_json_end_object(json);
}

static enum ms_status write_terms(struct ms_str *out, const struct search_query *query,
                                  struct ms_arena *arena)
{
    struct ms_buf buf;
    struct ms_json_writer json;
    ms_buf_init(&buf, JSON_MAX);
    ms_json_begin(&json, &buf);
    ms_json_array(&json);
    for (size_t i = 0; i < query->n_terms; i++)
        write_term(&json, &query->terms[i]);
    ms_json_end_array(&json);
    enum ms_status status = ms_buf_status(&buf);
    if (status == MS_OK)
        status = ms_arena_copy(out, arena, ms_buf_view(&buf));
    ms_buf_free(&buf);
    return status;
}

/* --- the way in --- */

static bool is_outdated(const struct search_term *term)
{
    return ms_str_equal(term->value, MS_STR("outdated"));
}

/* How much is to be expected from a way that begins with a term, least first; 0: there is no way.
 */
static unsigned cost_of(const struct search_term *term)
{
    bool exists = ms_str_is_absent(term->value);
    if (term->is_not)
        return 0;
    switch (term->kind) {
    case SEARCH_DIGEST:
        return 1;
    case SEARCH_LABEL:
    case SEARCH_ANNOTATION:
        return exists ? 5 : 2;
    case SEARCH_PACKAGE:
        return exists ? 4 : 2;
    case SEARCH_TAG:
        return ms_str_is_absent(term->key) ? 4 : 2;
    case SEARCH_WORD:
        return search_words_is_indexed(term->value) ? 3 : 0;
    case SEARCH_BASE:
    case SEARCH_BASE_DIGEST:
        return 2;
    case SEARCH_HAS:
        return 6;
    case SEARCH_IS:
        return is_outdated(term) ? 6 : 0;
    case SEARCH_OS:
    case SEARCH_ARCH:
    case SEARCH_UPDATED:
        break;
    }
    return 0;
}

static bool is_better(const struct search_term *term, const struct search_term *than)
{
    unsigned cost = cost_of(term);
    if (cost == 0 || than == NULL)
        return cost != 0;
    unsigned other = cost_of(than);
    return cost < other || (cost == other && term->value.len > than->value.len);
}

static struct ms_str way_name(const struct search_term *term)
{
    bool exists = ms_str_is_absent(term->value);
    if (term->kind == SEARCH_LABEL && exists)
        return MS_STR("label_key");
    if (term->kind == SEARCH_ANNOTATION && exists)
        return MS_STR("annotation_key");
    if (term->kind == SEARCH_TAG && !ms_str_is_absent(term->key))
        return MS_STR("repository_tag");
    if (term->kind == SEARCH_IS)
        return MS_STR("outdated");
    return ms_str(search_kind_name(term->kind));
}

static enum ms_status choose_way(struct search_plan *plan, const struct search_query *query,
                                 struct ms_arena *arena)
{
    const struct search_term *best = NULL;
    for (size_t i = 0; i < query->n_terms; i++)
        if (is_better(&query->terms[i], best))
            best = &query->terms[i];
    plan->params[P_WAY] = best != NULL ? way_name(best) : MS_STR("all");
    if (best == NULL)
        return MS_OK;
    plan->params[P_KEY] = best->key;
    plan->params[P_VALUE] = best->value;
    if (best->kind != SEARCH_WORD)
        return MS_OK;
    struct ms_buf like;
    ms_buf_init(&like, PATTERN_MAX);
    query_append_like_literal(&like, best->value);
    enum ms_status status = ms_buf_status(&like);
    if (status == MS_OK)
        status = ms_arena_copy(&plan->params[P_VALUE], arena, ms_buf_view(&like));
    ms_buf_free(&like);
    return status;
}

enum ms_status search_plan_make(struct search_plan *out, const struct search_query *query,
                                struct ms_arena *arena)
{
    struct search_plan plan = {
        .params = {MS_STR_ABSENT, MS_STR_ABSENT, MS_STR_ABSENT, MS_STR_ABSENT},
        .package.name = MS_STR_ABSENT};
    const struct search_term *first = &query->terms[0];
    if (query->n_terms == 1 && first->kind == SEARCH_PACKAGE && !first->is_not) {
        plan.package.name = first->key;
        plan.package.comparison = first->comparison;
        plan.package.version = first->value;
    }
    enum ms_status status = write_terms(&plan.params[P_TERMS], query, arena);
    if (status == MS_OK)
        status = choose_way(&plan, query, arena);
    if (status == MS_OK)
        *out = plan;
    return status;
}
