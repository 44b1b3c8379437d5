/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/repositories/<name>/-/manifests/<tag or digest>/-/derived: what is built on an image, in
 * all repositories. Any change may be one of it, so that it depends on no repository alone.
 */
#include "common/base/digest.h"
#include "common/base/refname.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_list.h"

static const struct query_param TABLE[] = {
    {"cursor", QUERY_PLAIN}, {"n", QUERY_PLAIN}, {"total", QUERY_PLAIN}};

/* There is no choice; its name stands in cursors. */
static const struct paging_sort SORTS[] = {{"newest", false}};

static const enum ms_read_query STATEMENTS[] = {MS_READ_DERIVED};

static const struct rest_list_kind DERIVED = {
    .table = TABLE,
    .n_table = sizeof(TABLE) / sizeof(TABLE[0]),
    .sorts = SORTS,
    .n_sorts = sizeof(SORTS) / sizeof(SORTS[0]),
    .statements = STATEMENTS,
    .member = "derived",
    .unknown = "the repository has no manifest of this tag or digest",
};

void api_derived(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct ms_str name = match->captures[0], reference = match->captures[1];
    struct ms_digest digest;
    struct rest_list list;
    bool is_digest = ms_digest_parse(&digest, reference) == MS_OK;
    if (!rest_list_begin(&list, &DERIVED, request))
        return;
    if (!ms_refname_is_repository(name) || (!is_digest && !ms_refname_is_tag(reference))) {
        rest_list_not_found(&list);
        return;
    }
    rest_list_add(&list, name);
    rest_list_add(&list, is_digest ? MS_STR_ABSENT : reference);
    rest_list_add(&list, is_digest ? reference : MS_STR_ABSENT);
    rest_list_end(&list, MS_OK, arg);
}
