/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of query parameters. What it takes apart it never copies: terms are views of what the
 * decoder made. Suggestions for misspelled parameters are made in query/suggest.c.
 */
#include "reader/query/query.h"

#include "common/http/request.h"
#include "common/runtime/limit.h"
#include "reader/query/suggest.h"

#include <stdlib.h>
#include <string.h>

enum { FAULT_DETAIL_MAX = 512, SHOWN_MAX = 160 };

/* Under way: what query_parse collects. */
struct parse {
    const struct query_param *table;
    size_t n_table;
    struct ms_arena *arena;
    struct query_fault *fault;
    struct query_term terms[QUERY_TERMS_MAX];
    size_t n_terms;
    size_t n_globs;
};

/* `before "parameter" after`, in the arena as far as there is room. */
static enum ms_status fail(struct parse *parse, enum ms_status status, const char *before,
                           struct ms_str parameter, const char *after)
{
    struct ms_buf detail;
    ms_buf_init(&detail, FAULT_DETAIL_MAX);
    ms_buf_append_c(&detail, before);
    ms_buf_append_c(&detail, " \"");
    ms_buf_append(&detail, ms_str_slice(parameter, 0, SHOWN_MAX));
    ms_buf_append_c(&detail, parameter.len > SHOWN_MAX ? "…\"" : "\"");
    ms_buf_append_c(&detail, after);
    if (ms_arena_copy(&parse->fault->detail, parse->arena, ms_buf_view(&detail)) != MS_OK)
        parse->fault->detail = MS_STR("bad parameter");
    parse->fault->parameter = parameter;
    ms_buf_free(&detail);
    return status;
}

static enum ms_status fail_unknown(struct parse *parse, struct ms_str parameter)
{
    struct ms_buf suggestion, after;
    ms_buf_init(&suggestion, FAULT_DETAIL_MAX / 2);
    ms_buf_init(&after, FAULT_DETAIL_MAX);
    if (query_suggest(&suggestion, parameter, parse->table, parse->n_table)) {
        ms_buf_append_c(&after, "; did you mean \"");
        ms_buf_append(&after, ms_buf_view(&suggestion));
        ms_buf_append_c(&after, "\"?");
    }
    enum ms_status status =
        fail(parse, MS_INVALID, "unknown parameter", parameter, after.len > 0 ? after.data : "");
    ms_buf_free(&suggestion);
    ms_buf_free(&after);
    return status;
}

/* Takes `:matches` or `:exists` off the end. */
static enum query_operator cut_operator(struct ms_str *key)
{
    static const struct ms_str MATCHES = MS_STR_INIT(":matches");
    static const struct ms_str EXISTS = MS_STR_INIT(":exists");
    if (ms_str_ends_with(*key, MATCHES)) {
        *key = ms_str_slice(*key, 0, key->len - MATCHES.len);
        return QUERY_MATCHES;
    }
    if (ms_str_ends_with(*key, EXISTS)) {
        *key = ms_str_slice(*key, 0, key->len - EXISTS.len);
        return QUERY_EXISTS;
    }
    return QUERY_EQUAL;
}

/* `key` is what stands behind the name of a map, its colon included. */
static enum ms_status read_map(struct query_term *term, struct parse *parse, struct ms_str name,
                               struct ms_str key)
{
    term->op = cut_operator(&key);
    term->key = ms_str_skip(key, 1);
    if (term->key.len == 0)
        return fail(parse, MS_INVALID, "nothing is named by", name, "");
    if (term->op == QUERY_EXISTS && !ms_str_equal(term->value, MS_STR("1")))
        return fail(parse, MS_INVALID, "the only value of", name, " is 1");
    return MS_OK;
}

/* Finds the row for a parameter's name and takes the name apart. */
static enum ms_status read_term(struct query_term *term, struct parse *parse, struct ms_str name)
{
    struct ms_str rest = name;
    struct ms_str base = ms_str_next(&rest, ':');
    for (size_t i = 0; i < parse->n_table; i++) {
        const struct query_param *param = &parse->table[i];
        if (!ms_str_equal(base, ms_str(param->name)))
            continue;
        term->param = i;
        struct ms_str suffix = ms_str_skip(name, base.len);
        if (param->shape == QUERY_MAP && suffix.len > 0)
            return read_map(term, parse, name, suffix);
        if (param->shape != QUERY_MAP && suffix.len == 0)
            return MS_OK;
        if (param->shape == QUERY_GLOB && ms_str_equal(suffix, MS_STR(":matches"))) {
            term->op = QUERY_MATCHES;
            return MS_OK;
        }
        break;
    }
    return fail_unknown(parse, name);
}

static enum ms_status fail_at_limit(struct parse *parse, enum ms_limit limit, const char *before,
                                    struct ms_str parameter, const char *after)
{
    ms_limit_reached(limit);
    return fail(parse, MS_TOO_LARGE, before, parameter, after);
}

static enum ms_status add_param(struct parse *parse, const struct ms_http_param *param)
{
    if (parse->n_terms == QUERY_TERMS_MAX)
        return fail_at_limit(parse, MS_LIMIT_QUERY_PARAMETERS, "too many parameters, at",
                             param->name, "");
    struct query_term term = {.key = MS_STR(""), .op = QUERY_EQUAL, .value = param->value};
    if (ms_str_is_absent(term.value))
        term.value = MS_STR("");
    enum ms_status status = read_term(&term, parse, param->name);
    if (status != MS_OK)
        return status;
    if (term.op == QUERY_MATCHES) {
        /* A glob costs the product of its length and that of what it is compared with. */
        if (term.value.len > QUERY_GLOB_MAX)
            return fail_at_limit(parse, MS_LIMIT_QUERY_GLOB_BYTES,
                                 "a glob of more than 256 bytes in", param->name, "");
        if (parse->n_globs == QUERY_GLOBS_MAX)
            return fail_at_limit(parse, MS_LIMIT_QUERY_GLOBS, "more than 32 globs, at", param->name,
                                 "");
        parse->n_globs++;
    }
    parse->terms[parse->n_terms++] = term;
    return MS_OK;
}

static enum ms_status read_params(struct parse *parse, struct ms_str raw)
{
    struct ms_str rest = raw;
    for (;;) {
        struct ms_http_param param = {MS_STR_ABSENT, MS_STR_ABSENT};
        switch (ms_http_query_next(&param, &rest, parse->arena)) {
        case MS_HTTP_QUERY_END:
            return MS_OK;
        case MS_HTTP_QUERY_TOO_LARGE:
            return fail(parse, MS_TOO_LARGE, "too long a query, at", param.name, "");
        case MS_HTTP_QUERY_MALFORMED:
            return fail(parse, MS_INVALID, "bad escape or not UTF-8 in parameter", param.name, "");
        case MS_HTTP_QUERY_PARAM:
            break;
        }
        enum ms_status status = add_param(parse, &param);
        if (status != MS_OK)
            return status;
    }
}

static int compare_groups(const struct query_term *a, const struct query_term *b)
{
    if (a->param != b->param)
        return a->param < b->param ? -1 : 1;
    int order = ms_str_compare(a->key, b->key);
    return order != 0 ? order : (int)a->op - (int)b->op;
}

static int on_compare_terms(const void *a, const void *b)
{
    const struct query_term *left = a, *right = b;
    int order = compare_groups(left, right);
    return order != 0 ? order : ms_str_compare(left->value, right->value);
}

enum ms_status query_parse(struct query *out, struct ms_str raw, const struct query_param *table,
                           size_t n_table, struct ms_arena *arena, struct query_fault *fault)
{
    struct parse parse = {.table = table, .n_table = n_table, .arena = arena, .fault = fault};
    enum ms_status status = read_params(&parse, raw);
    if (status != MS_OK)
        return status;
    /* Sorted, and each once: equal queries have equal keys. */
    if (parse.n_terms > 0)
        qsort(parse.terms, parse.n_terms, sizeof(parse.terms[0]), on_compare_terms);
    size_t kept = 0;
    for (size_t i = 0; i < parse.n_terms; i++)
        if (i == 0 || on_compare_terms(&parse.terms[kept - 1], &parse.terms[i]) != 0)
            parse.terms[kept++] = parse.terms[i];

    struct query_term *terms = ms_arena_try_array(arena, kept > 0 ? kept : 1, sizeof(*terms));
    if (terms == NULL)
        return fail(&parse, MS_TOO_LARGE, "too long a query", MS_STR(""), "");
    memcpy(terms, parse.terms, kept * sizeof(*terms));
    *out = (struct query){terms, kept};
    return MS_OK;
}

size_t query_group_end(const struct query *query, size_t begin)
{
    size_t end = begin + 1;
    while (end < query->n_terms && compare_groups(&query->terms[begin], &query->terms[end]) == 0)
        end++;
    return end;
}

void query_append_key(struct ms_buf *out, const struct query *query,
                      const struct query_param *table)
{
    static const char *const OPERATORS[] = {
        [QUERY_EQUAL] = "=", [QUERY_EXISTS] = ":exists=", [QUERY_MATCHES] = ":matches="};
    for (size_t i = 0; i < query->n_terms; i++) {
        const struct query_term *term = &query->terms[i];
        ms_buf_append_char(out, i == 0 ? '?' : '&');
        ms_buf_append_c(out, table[term->param].name);
        if (term->key.len > 0) {
            ms_buf_append_char(out, ':');
            ms_http_percent_encode(out, term->key, ":/");
        }
        ms_buf_append_c(out, OPERATORS[term->op]);
        ms_http_percent_encode(out, term->value, ":/");
    }
}

/* The view itself when it is fit for the database; else a copy with '?' for what is not. */
static struct ms_str scrub(struct ms_str s, struct ms_arena *arena)
{
    if (ms_str_is_utf8(s) && (s.len == 0 || memchr(s.ptr, '\0', s.len) == NULL))
        return s;
    struct ms_str copy;
    char *bytes = ms_arena_try_alloc(arena, s.len);
    if (bytes == NULL)
        return MS_STR_ABSENT;
    memcpy(bytes, s.ptr, s.len);
    copy = ms_str_n(bytes, s.len);
    for (size_t i = 0; i < s.len;) {
        size_t length = ms_str_utf8_length(ms_str_skip(copy, i));
        if (length == 0 || bytes[i] == '\0')
            bytes[i] = '?';
        i += length > 0 ? length : 1;
    }
    return copy;
}

struct ms_str query_first_value(struct ms_str raw, const char *name, struct ms_arena *arena)
{
    struct ms_str rest = raw;
    for (;;) {
        struct ms_http_param param;
        enum ms_http_query_found found = ms_http_query_next(&param, &rest, arena);
        if (found == MS_HTTP_QUERY_END || found == MS_HTTP_QUERY_TOO_LARGE)
            return MS_STR_ABSENT;
        if (!ms_str_equal(param.name, ms_str(name)))
            continue;
        return ms_str_is_absent(param.value) ? MS_STR("") : scrub(param.value, arena);
    }
}

struct ms_str query_first_media_type(struct ms_str raw, const char *name, struct ms_arena *arena)
{
    struct ms_buf escaped;
    struct ms_str kept;
    ms_buf_init(&escaped, 3 * raw.len + 1);
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] == '+')
            ms_buf_append_c(&escaped, "%2B");
        else
            ms_buf_append_char(&escaped, raw.ptr[i]);
    }
    enum ms_status status = ms_arena_copy(&kept, arena, ms_buf_view(&escaped));
    ms_buf_free(&escaped);
    return status == MS_OK ? query_first_value(kept, name, arena) : MS_STR_ABSENT;
}

static void append_like(struct ms_buf *out, struct ms_str text, bool is_glob)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (is_glob && (c == '*' || c == '?')) {
            ms_buf_append_char(out, c == '*' ? '%' : '_');
            continue;
        }
        if (c == '%' || c == '_' || c == '\\')
            ms_buf_append_char(out, '\\');
        ms_buf_append_char(out, c);
    }
}

void query_append_like(struct ms_buf *out, struct ms_str glob)
{
    append_like(out, glob, true);
}

void query_append_pattern(struct ms_buf *out, struct ms_str value)
{
    if (ms_str_contains(value, MS_STR("*")) || ms_str_contains(value, MS_STR("?"))) {
        query_append_like(out, value);
        return;
    }
    ms_buf_append_char(out, '%');
    query_append_like_literal(out, value);
    ms_buf_append_char(out, '%');
}

void query_append_like_literal(struct ms_buf *out, struct ms_str text)
{
    append_like(out, text, false);
}

/* --- values that may be given once only --- */

enum ms_status query_fail(struct query_fault *fault, struct ms_arena *arena, const char *name,
                          const char *what)
{
    struct ms_buf detail;
    ms_buf_init(&detail, FAULT_DETAIL_MAX);
    ms_buf_append_c(&detail, name);
    ms_buf_append_c(&detail, what);
    if (ms_arena_copy(&fault->detail, arena, ms_buf_view(&detail)) != MS_OK)
        fault->detail = MS_STR("bad parameter");
    fault->parameter = ms_str(name);
    ms_buf_free(&detail);
    return MS_INVALID;
}

enum ms_status query_value(struct ms_str *out, const struct query *query,
                           const struct query_param *table, const char *name,
                           struct ms_arena *arena, struct query_fault *fault)
{
    struct ms_str value = MS_STR_ABSENT;
    for (size_t i = 0; i < query->n_terms; i++) {
        const struct query_term *term = &query->terms[i];
        if (strcmp(table[term->param].name, name) != 0)
            continue;
        if (!ms_str_is_absent(value))
            return query_fail(fault, arena, name, " is given twice");
        value = term->value;
    }
    *out = value;
    return MS_OK;
}

enum ms_status query_switch(bool *out, const struct query *query, const struct query_param *table,
                            const char *name, struct ms_arena *arena, struct query_fault *fault)
{
    struct ms_str value;
    enum ms_status status = query_value(&value, query, table, name, arena, fault);
    if (status != MS_OK)
        return status;
    bool is_on = ms_str_equal(value, MS_STR("1"));
    if (!is_on && !ms_str_is_absent(value) && !ms_str_equal(value, MS_STR("0")))
        return query_fail(fault, arena, name, " is neither 1 nor 0");
    *out = is_on;
    return MS_OK;
}
