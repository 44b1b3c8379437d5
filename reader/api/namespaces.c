/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/namespaces: the parts of names before a slash, and what is in them. */
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_list.h"

static const struct query_param TABLE[] = {
    {"cursor", QUERY_PLAIN}, {"n", QUERY_PLAIN},     {"prefix", QUERY_PLAIN},
    {"sort", QUERY_PLAIN},   {"total", QUERY_PLAIN},
};

static const struct paging_sort SORTS[] = {
    {"name", false}, {"repositories", true}, {"size", true}, {"updated", true}};

static const enum ms_read_query STATEMENTS[] = {
    MS_READ_NAMESPACES_BY_NAME, MS_READ_NAMESPACES_BY_REPOSITORIES, MS_READ_NAMESPACES_BY_SIZE,
    MS_READ_NAMESPACES_BY_UPDATED};

static const struct rest_list_kind KIND = {
    .table = TABLE,
    .n_table = sizeof(TABLE) / sizeof(TABLE[0]),
    .sorts = SORTS,
    .n_sorts = sizeof(SORTS) / sizeof(SORTS[0]),
    .statements = STATEMENTS,
    .shows_counts = true,
    .member = "namespaces",
};

void api_namespaces(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_list list;
    struct ms_str prefix;
    (void)match;
    if (!rest_list_begin(&list, &KIND, request))
        return;
    enum ms_status status = rest_list_value(&prefix, &list, "prefix");
    if (status == MS_OK && prefix.len > 0 && !ms_str_ends_with(prefix, MS_STR("/")))
        status = query_fail(&list.fault, list.arena, "prefix", " does not end with a slash");
    if (status == MS_OK)
        rest_list_add(&list, ms_str_is_absent(prefix) ? MS_STR("") : prefix);
    rest_list_end(&list, status, arg);
}
