/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/repositories/<name>/-/tags, and the history of one of them. A tag's history outlives the
 * tag, and its repository too.
 */
#include "common/base/json_write.h"
#include "common/base/refname.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_list.h"

#define UNKNOWN_REPOSITORY "no repository of this name is known"
#define UNKNOWN_TAG "the repository never had a tag of this name, as far as is known"

/* `"name":"value",` */
static void add_member(struct rest_list *list, const char *name, struct ms_str value)
{
    ms_json_append_string(&list->head, ms_str(name));
    ms_buf_append_char(&list->head, ':');
    ms_json_append_string(&list->head, value);
    ms_buf_append_char(&list->head, ',');
}

static void set_repository(struct rest_list *list, struct ms_str name)
{
    list->repository = name;
    rest_list_add(list, name);
    add_member(list, "repository", name);
}

/* --- tags --- */

static const struct query_param TAGS_TABLE[] = {
    {"all", QUERY_PLAIN}, {"cursor", QUERY_PLAIN}, {"n", QUERY_PLAIN},
    {"q", QUERY_PLAIN},   {"sort", QUERY_PLAIN},   {"total", QUERY_PLAIN},
};

static const struct paging_sort TAGS_SORTS[] = {
    {"name", false}, {"pulls", true}, {"size", true}, {"updated", true}, {"version", true}};

static const enum ms_read_query TAGS_STATEMENTS[] = {MS_READ_TAGS_BY_NAME, MS_READ_TAGS_BY_PULLS,
                                                     MS_READ_TAGS_BY_SIZE, MS_READ_TAGS_BY_UPDATED,
                                                     MS_READ_TAGS_BY_VERSION};

static const struct rest_list_kind TAGS = {
    .table = TAGS_TABLE,
    .n_table = sizeof(TAGS_TABLE) / sizeof(TAGS_TABLE[0]),
    .sorts = TAGS_SORTS,
    .n_sorts = sizeof(TAGS_SORTS) / sizeof(TAGS_SORTS[0]),
    .statements = TAGS_STATEMENTS,
    .shows_counts = true,
    .member = "tags",
    .unknown = UNKNOWN_REPOSITORY,
};

void api_tags(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct ms_str name = match->captures[0];
    struct rest_list list;
    bool all = false;
    if (!rest_list_begin(&list, &TAGS, request))
        return;
    if (!ms_refname_is_repository(name)) {
        rest_list_not_found(&list);
        return;
    }
    set_repository(&list, name);
    enum ms_status status = rest_list_add_pattern(&list, "q");
    if (status == MS_OK)
        status = query_switch(&all, &list.query, TAGS_TABLE, "all", list.arena, &list.fault);
    rest_list_add(&list, all ? MS_STR("t") : MS_STR("f"));
    rest_list_end(&list, status, arg);
}

/* --- the history of one --- */

static const struct query_param HISTORY_TABLE[] = {
    {"cursor", QUERY_PLAIN},
    {"n", QUERY_PLAIN},
    {"total", QUERY_PLAIN},
};

/* There is no choice; its name stands in cursors. */
static const struct paging_sort HISTORY_SORTS[] = {{"newest", false}};

static const enum ms_read_query HISTORY_STATEMENTS[] = {MS_READ_TAG_HISTORY};

static const struct rest_list_kind HISTORY = {
    .table = HISTORY_TABLE,
    .n_table = sizeof(HISTORY_TABLE) / sizeof(HISTORY_TABLE[0]),
    .sorts = HISTORY_SORTS,
    .n_sorts = sizeof(HISTORY_SORTS) / sizeof(HISTORY_SORTS[0]),
    .statements = HISTORY_STATEMENTS,
    .member = "history",
    .unknown = UNKNOWN_TAG,
};

void api_tag_history(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct ms_str name = match->captures[0], tag = match->captures[1];
    struct rest_list list;
    if (!rest_list_begin(&list, &HISTORY, request))
        return;
    if (!ms_refname_is_repository(name) || !ms_refname_is_tag(tag)) {
        rest_list_not_found(&list);
        return;
    }
    set_repository(&list, name);
    rest_list_add(&list, tag);
    add_member(&list, "tag", tag);
    rest_list_end(&list, MS_OK, arg);
}
