/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses the statement for an /index query and writes its parameters. The statement is only the
 * way in: each checks all filters again, so a poor choice costs time and never changes the answer.
 */
#include "reader/query/index_query.h"

#include "common/base/json_write.h"
#include "common/pg/array.h"

/* Rows of TABLE, which is in the order of the names. */
enum { ANNOTATION, ARCHITECTURE, LABEL, OS, REPOSITORY, TAG, PARAM_COUNT };

static const struct query_param TABLE[PARAM_COUNT] = {
    [ANNOTATION] = {"annotation", QUERY_MAP},
    [ARCHITECTURE] = {"architecture", QUERY_PLAIN},
    [LABEL] = {"label", QUERY_MAP},
    [OS] = {"os", QUERY_PLAIN},
    [REPOSITORY] = {"repository", QUERY_GLOB},
    [TAG] = {"tag", QUERY_GLOB},
};

/* Places in index_query.params: $1 is 0. All statements have the first nine. */
enum {
    P_REPOSITORY,
    P_REPOSITORY_LIKE,
    P_TAG,
    P_TAG_LIKE,
    P_OS,
    P_ARCHITECTURE,
    P_LABELS,
    P_ANNOTATIONS,
    P_PREFIX,
    P_KEY,
    P_VALUES,
};

/* No parameter is longer: escaping makes at most six bytes of one. */
enum { PARAM_BYTES_MAX = 1024 * 1024 };

/* Terms [begin, end) of a query: alternatives. Empty: there are none. */
struct group {
    size_t begin;
    size_t end;
};

/* Moves what was written into the arena and empties the buffer. */
static enum ms_status keep(struct ms_str *out, struct ms_arena *arena, struct ms_buf *buf)
{
    enum ms_status status = ms_buf_status(buf);
    if (status == MS_OK)
        status = ms_arena_copy(out, arena, ms_buf_view(buf));
    ms_buf_clear(buf);
    return status;
}

/* The value, or for a glob its pattern. The pattern lies in `scratch`. */
static struct ms_str term_value(const struct query_term *term, struct ms_buf *scratch)
{
    if (term->op != QUERY_MATCHES)
        return term->value;
    ms_buf_clear(scratch);
    query_append_like(scratch, term->value);
    return term->value.len == 0 ? MS_STR("") : ms_buf_view(scratch);
}

/* {"key": …, "equal" or "like": […]} */
static void append_filter(struct ms_json_writer *json, const struct query *query,
                          struct group group)
{
    const struct query_term *first = &query->terms[group.begin];
    struct ms_buf pattern;
    ms_buf_init(&pattern, PARAM_BYTES_MAX);
    ms_json_object(json);
    ms_json_key(json, "key");
    ms_json_string(json, first->key);
    if (first->op != QUERY_EXISTS) {
        ms_json_key(json, first->op == QUERY_EQUAL ? "equal" : "like");
        ms_json_array(json);
        for (size_t i = group.begin; i < group.end; i++)
            ms_json_string(json, term_value(&query->terms[i], &pattern));
        ms_json_end_array(json);
    }
    ms_json_end_object(json);
    ms_buf_free(&pattern);
}

/* All filters of one of the maps; absent when there are none. */
static enum ms_status write_filters(struct ms_str *out, const struct query *query, size_t param,
                                    struct ms_arena *arena)
{
    struct ms_buf buf;
    struct ms_json_writer json;
    size_t n_filters = 0;
    ms_buf_init(&buf, PARAM_BYTES_MAX);
    ms_json_begin(&json, &buf);
    ms_json_array(&json);
    for (size_t i = 0; i < query->n_terms; i = query_group_end(query, i)) {
        if (query->terms[i].param != param)
            continue;
        append_filter(&json, query, (struct group){i, query_group_end(query, i)});
        n_filters++;
    }
    ms_json_end_array(&json);
    enum ms_status status = n_filters > 0 ? keep(out, arena, &buf) : MS_OK;
    ms_buf_free(&buf);
    return status;
}

static enum ms_status write_array(struct ms_str *out, const struct query *query, struct group group,
                                  struct ms_arena *arena)
{
    struct ms_buf array, pattern;
    ms_buf_init(&array, PARAM_BYTES_MAX);
    ms_buf_init(&pattern, PARAM_BYTES_MAX);
    ms_pg_array_begin(&array);
    for (size_t i = group.begin; i < group.end; i++)
        ms_pg_array_text(&array, term_value(&query->terms[i], &pattern));
    ms_pg_array_end(&array);
    enum ms_status status = keep(out, arena, &array);
    ms_buf_free(&array);
    ms_buf_free(&pattern);
    return status;
}

static struct group find_group(const struct query *query, size_t param, enum query_operator op)
{
    for (size_t i = 0; i < query->n_terms; i = query_group_end(query, i))
        if (query->terms[i].param == param && query->terms[i].op == op)
            return (struct group){i, query_group_end(query, i)};
    return (struct group){0, 0};
}

/* The filters that every statement has. */
static enum ms_status write_common(struct index_query *out, const struct query *query,
                                   struct ms_arena *arena)
{
    static const struct {
        size_t place;
        size_t param;
        enum query_operator op;
    } ARRAYS[] = {
        {P_REPOSITORY, REPOSITORY, QUERY_EQUAL},
        {P_REPOSITORY_LIKE, REPOSITORY, QUERY_MATCHES},
        {P_TAG, TAG, QUERY_EQUAL},
        {P_TAG_LIKE, TAG, QUERY_MATCHES},
        {P_OS, OS, QUERY_EQUAL},
        {P_ARCHITECTURE, ARCHITECTURE, QUERY_EQUAL},
    };
    enum ms_status status = MS_OK;
    for (size_t i = 0; i < sizeof(ARRAYS) / sizeof(ARRAYS[0]) && status == MS_OK; i++) {
        struct group group = find_group(query, ARRAYS[i].param, ARRAYS[i].op);
        if (group.end > group.begin)
            status = write_array(&out->params[ARRAYS[i].place], query, group, arena);
    }
    if (status == MS_OK)
        status = write_filters(&out->params[P_LABELS], query, LABEL, arena);
    if (status == MS_OK)
        status = write_filters(&out->params[P_ANNOTATIONS], query, ANNOTATION, arena);
    return status;
}

/* Of several filters on a map the one whose shortest value is longest: revisions and addresses tell
 * more than "yes". Globs and existence have no such measure; the first is as good as any. */
static struct group most_telling(const struct query *query, size_t param, enum query_operator op)
{
    struct group best = {0, 0};
    size_t best_length = 0;
    for (size_t i = 0, end; i < query->n_terms; i = end) {
        end = query_group_end(query, i);
        if (query->terms[i].param != param || query->terms[i].op != op)
            continue;
        size_t shortest = SIZE_MAX;
        for (size_t j = i; j < end; j++)
            if (query->terms[j].value.len < shortest)
                shortest = query->terms[j].value.len;
        if (best.end == best.begin || shortest > best_length) {
            best = (struct group){i, end};
            best_length = shortest;
        }
    }
    return best;
}

/* The ways in, best first. A label's key goes before a tag: what has one label is what Flatpak asks
 * for, and then `latest` is everywhere. */
static const struct way {
    enum ms_read_query statement;
    size_t param;
    enum query_operator op;
} WAYS[] = {
    {MS_READ_INDEX_REPOSITORY, REPOSITORY, QUERY_EQUAL},
    {MS_READ_INDEX_LABEL, LABEL, QUERY_EQUAL},
    {MS_READ_INDEX_ANNOTATION, ANNOTATION, QUERY_EQUAL},
    {MS_READ_INDEX_LABEL_KEY, LABEL, QUERY_MATCHES},
    {MS_READ_INDEX_LABEL_KEY, LABEL, QUERY_EXISTS},
    {MS_READ_INDEX_ANNOTATION_KEY, ANNOTATION, QUERY_MATCHES},
    {MS_READ_INDEX_ANNOTATION_KEY, ANNOTATION, QUERY_EXISTS},
    {MS_READ_INDEX_TAG, TAG, QUERY_EQUAL},
};

static enum ms_status choose_way(struct index_query *out, const struct query *query,
                                 struct ms_arena *arena)
{
    for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
        const struct way *way = &WAYS[i];
        struct group group = most_telling(query, way->param, way->op);
        if (group.end == group.begin)
            continue;
        out->statement = way->statement;
        out->n_params = P_KEY;
        if (TABLE[way->param].shape != QUERY_MAP)
            return MS_OK;
        out->n_params = INDEX_QUERY_PARAMS;
        out->params[P_KEY] = query->terms[group.begin].key;
        if (way->op == QUERY_EXISTS)
            return MS_OK;
        return write_array(&out->params[P_VALUES], query, group, arena);
    }
    bool is_whole = query->n_terms == 0 && ms_str_is_absent(out->params[P_PREFIX]);
    out->statement = is_whole ? MS_READ_INDEX_WHOLE : MS_READ_INDEX_ALL;
    out->n_params = P_KEY;
    out->is_large = true;
    return MS_OK;
}

static enum ms_status write_key(struct ms_str *out, const struct query *query, struct ms_str prefix,
                                struct ms_arena *arena)
{
    struct ms_buf buf;
    ms_buf_init(&buf, PARAM_BYTES_MAX);
    if (!ms_str_is_absent(prefix)) {
        ms_buf_append_char(&buf, '/');
        ms_buf_append(&buf, prefix);
    }
    ms_buf_append_c(&buf, "/index");
    query_append_key(&buf, query, TABLE);
    enum ms_status status = keep(out, arena, &buf);
    ms_buf_free(&buf);
    return status;
}

/* What names of repositories begin with. */
static enum ms_status write_prefix(struct ms_str *out, struct ms_str prefix, struct ms_arena *arena)
{
    struct ms_buf buf;
    if (ms_str_is_absent(prefix))
        return MS_OK;
    ms_buf_init(&buf, PARAM_BYTES_MAX);
    ms_buf_append(&buf, prefix);
    ms_buf_append_char(&buf, '/');
    enum ms_status status = keep(out, arena, &buf);
    ms_buf_free(&buf);
    return status;
}

enum ms_status index_query_parse_below(struct index_query *out, struct ms_str prefix,
                                       struct ms_str raw, struct ms_arena *arena,
                                       struct query_fault *fault)
{
    struct query query;
    enum ms_status status = query_parse(&query, raw, TABLE, PARAM_COUNT, arena, fault);
    if (status != MS_OK)
        return status;

    struct index_query made = {.n_params = 0};
    status = write_common(&made, &query, arena);
    if (status == MS_OK)
        status = write_prefix(&made.params[P_PREFIX], prefix, arena);
    if (status == MS_OK)
        status = choose_way(&made, &query, arena);
    if (status == MS_OK)
        status = write_key(&made.key, &query, prefix, arena);
    if (status != MS_OK) {
        *fault = (struct query_fault){MS_STR("the query is too long"), MS_STR_ABSENT};
        return status;
    }
    struct group names = find_group(&query, REPOSITORY, QUERY_EQUAL);
    if (names.end - names.begin == 1)
        made.repository = query.terms[names.begin].value;
    *out = made;
    return MS_OK;
}

enum ms_status index_query_parse(struct index_query *out, struct ms_str raw, struct ms_arena *arena,
                                 struct query_fault *fault)
{
    return index_query_parse_below(out, MS_STR_ABSENT, raw, arena, fault);
}
