/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/advice: what could be deleted from the registry by rules. Nothing is deleted here: each
 * row names the request that would do it.
 */
#include "common/config/config.h"
#include "common/runtime/limit.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_list.h"
#include "reader/api/rest_question.h"

enum { MANIFESTS_MAX = 50000, DAYS_MAX = 3650, DAY_MS = 24 * 60 * 60 * 1000 };

static const struct query_param TABLE[] = {
    {"cursor", QUERY_PLAIN},         {"keep_newest", QUERY_PLAIN}, {"n", QUERY_PLAIN},
    {"not_pulled_for", QUERY_PLAIN}, {"repository", QUERY_PLAIN},  {"tags", QUERY_PLAIN},
    {"untagged_for", QUERY_PLAIN},
};

/* There is no choice; its name stands in cursors. */
static const struct paging_sort SORTS[] = {{"name", false}};

static const enum ms_read_query STATEMENTS[] = {MS_READ_ADVICE};

static const struct rest_list_kind ADVICE = {
    .table = TABLE,
    .n_table = sizeof(TABLE) / sizeof(TABLE[0]),
    .sorts = SORTS,
    .n_sorts = 1,
    .statements = STATEMENTS,
    .shows_counts = true, /* and times pass */
    .member = "advice",
    .unknown =
        "there are more manifests than are looked at for one answer (50000): name a part of the "
        "repositories with repository=",
    .unknown_status = 400,
};

/* "30d", or a duration as in the configuration. */
static enum ms_status parse_duration(uint64_t *out_ms, struct ms_str text)
{
    uint64_t days;
    if (ms_str_ends_with(text, MS_STR("d")) &&
        ms_str_to_u64(&days, ms_str_slice(text, 0, text.len - 1)) == MS_OK) {
        *out_ms = days * DAY_MS;
        return days <= DAYS_MAX ? MS_OK : MS_INVALID;
    }
    enum ms_status status = ms_config_parse_duration(out_ms, text);
    return status == MS_OK && *out_ms <= (uint64_t)DAYS_MAX * DAY_MS ? MS_OK : MS_INVALID;
}

/* As milliseconds, and as it was said. */
static enum ms_status add_duration(struct rest_list *list, const char *name, bool *is_rule)
{
    struct ms_str text;
    uint64_t ms = 0;
    enum ms_status status = rest_list_value(&text, list, name);
    if (status != MS_OK)
        return status;
    if (!ms_str_is_absent(text)) {
        if (parse_duration(&ms, text) != MS_OK)
            return query_fail(&list->fault, list->arena, name,
                              " is no duration of at most ten years, such as 30d or 12h");
        *is_rule = true;
    }
    rest_list_add(list, ms_str_is_absent(text) ? text : rest_number_text(list->arena, ms));
    rest_list_add(list, text);
    return MS_OK;
}

static enum ms_status add_count(struct rest_list *list, bool *is_rule)
{
    struct ms_str text;
    uint64_t count;
    enum ms_status status = rest_list_value(&text, list, "keep_newest");
    if (status != MS_OK)
        return status;
    if (!ms_str_is_absent(text)) {
        if (ms_str_to_u64(&count, text) != MS_OK || count > INT32_MAX)
            return query_fail(&list->fault, list->arena, "keep_newest", " is no number");
        *is_rule = true;
    }
    rest_list_add(list, text);
    return MS_OK;
}

/* The whole tag must match, with `*` and `?` for what may be anything. */
static enum ms_status add_tags(struct rest_list *list)
{
    struct ms_str text, pattern = MS_STR_ABSENT;
    struct ms_buf like;
    enum ms_status status = rest_list_value(&text, list, "tags");
    if (status != MS_OK)
        return status;
    if (text.len > QUERY_GLOB_MAX) {
        ms_limit_reached(MS_LIMIT_QUERY_GLOB_BYTES);
        return query_fail(&list->fault, list->arena, "tags", " has more than 256 bytes");
    }
    ms_buf_init(&like, 2 * QUERY_GLOB_MAX);
    if (!ms_str_is_absent(text)) {
        query_append_like(&like, text);
        if (ms_buf_status(&like) != MS_OK ||
            ms_arena_copy(&pattern, list->arena, ms_buf_view(&like)) != MS_OK)
            status = query_fail(&list->fault, list->arena, "tags", " is too long");
    }
    ms_buf_free(&like);
    rest_list_add(list, pattern);
    rest_list_add(list, text);
    return status;
}

static enum ms_status add_rules(struct rest_list *list)
{
    struct ms_str repository;
    bool is_rule = false;
    enum ms_status status = rest_list_value(&repository, list, "repository");
    if (status != MS_OK)
        return status;
    rest_list_add(list, repository);
    status = add_duration(list, "untagged_for", &is_rule);
    if (status == MS_OK)
        status = add_duration(list, "not_pulled_for", &is_rule);
    if (status == MS_OK)
        status = add_count(list, &is_rule);
    if (status == MS_OK)
        status = add_tags(list);
    if (status == MS_OK && !is_rule)
        status = query_fail(&list->fault, list->arena, "untagged_for",
                            ", not_pulled_for or keep_newest must say what could go");
    rest_list_add(list, rest_number_text(list->arena, MANIFESTS_MAX));
    return status;
}

void api_advice(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_list list;
    (void)match;
    if (rest_list_begin(&list, &ADVICE, request))
        rest_list_end(&list, add_rules(&list), arg);
}
