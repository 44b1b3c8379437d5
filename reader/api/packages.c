/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packages: /api/v1/packages, the images that hold one (/api/v1/packages/images), and those of a
 * manifest (…/manifests/<tag or digest>/-/packages).
 */
#include "common/base/digest.h"
#include "common/base/json_write.h"
#include "common/base/refname.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_list.h"
#include "reader/query/package_pattern.h"
#include "reader/query/package_version.h"

#define UNKNOWN_MANIFEST "no manifest of this tag or digest is known in the repository"

/* There is no choice; its name stands in cursors. */
static const struct paging_sort SORTS[] = {{"name", false}};

/* The pattern of `q`, as names are compared: in lower case. */
static enum ms_status add_lower_pattern(struct rest_list *list)
{
    enum ms_status status = rest_list_add_pattern(list, "q");
    if (status != MS_OK)
        return status;
    struct ms_str *pattern = &list->params[list->n_params - 1];
    return package_pattern_lower(pattern, *pattern, list->arena);
}

/* --- packages --- */

static const struct query_param PACKAGES_TABLE[] = {
    {"cursor", QUERY_PLAIN}, {"n", QUERY_PLAIN},    {"q", QUERY_PLAIN},
    {"total", QUERY_PLAIN},  {"type", QUERY_PLAIN},
};

static const enum ms_read_query PACKAGES_STATEMENTS[] = {MS_READ_PACKAGES};

static const struct rest_list_kind PACKAGES = {
    .table = PACKAGES_TABLE,
    .n_table = sizeof(PACKAGES_TABLE) / sizeof(PACKAGES_TABLE[0]),
    .sorts = SORTS,
    .n_sorts = 1,
    .statements = PACKAGES_STATEMENTS,
    .member = "packages",
};

void api_packages(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_list list;
    struct ms_str type = MS_STR_ABSENT;
    (void)match;
    if (!rest_list_begin(&list, &PACKAGES, request))
        return;
    enum ms_status status = add_lower_pattern(&list);
    if (status == MS_OK)
        status = rest_list_value(&type, &list, "type");
    if (status == MS_OK) {
        struct ms_str pattern = list.params[list.n_params - 1];
        rest_list_add(&list, type);
        rest_list_add(&list, package_pattern_has_index(pattern) ? MS_STR("t") : MS_STR("f"));
    }
    rest_list_end(&list, status, arg);
}

/* --- the images that hold one --- */

static const struct query_param IMAGES_TABLE[] = {
    {"cursor", QUERY_PLAIN}, {"n", QUERY_PLAIN},     {"name", QUERY_PLAIN},
    {"purl", QUERY_PLAIN},   {"total", QUERY_PLAIN}, {"version", QUERY_PLAIN},
};

static const enum ms_read_query IMAGES_STATEMENTS[] = {MS_READ_PACKAGE_IMAGES};

static const struct rest_list_kind IMAGES = {
    .table = IMAGES_TABLE,
    .n_table = sizeof(IMAGES_TABLE) / sizeof(IMAGES_TABLE[0]),
    .sorts = SORTS,
    .n_sorts = 1,
    .statements = IMAGES_STATEMENTS,
    .member = "images",
};

static enum ms_status add_package(struct rest_list *list)
{
    struct ms_str name, purl = MS_STR_ABSENT;
    enum ms_status status = rest_list_value(&name, list, "name");
    if (status == MS_OK)
        status = rest_list_value(&purl, list, "purl");
    if (status != MS_OK)
        return status;
    if (ms_str_is_absent(name) && ms_str_is_absent(purl))
        return query_fail(&list->fault, list->arena, "name", " or purl must say which package");
    if (!ms_str_is_absent(name) && !ms_str_is_absent(purl))
        return query_fail(&list->fault, list->arena, "purl", " is given beside name");
    rest_list_add(list, name);
    rest_list_add(list, purl);
    return MS_OK;
}

static enum ms_status add_version(struct rest_list *list)
{
    struct package_version version;
    struct ms_str text;
    enum ms_status status = rest_list_value(&text, list, "version");
    if (status != MS_OK)
        return status;
    if (package_version_parse(&version, text) != MS_OK)
        return query_fail(&list->fault, list->arena, "version",
                          " is no version, and none behind <, <=, > or >=");
    rest_list_add(list, version.comparison);
    rest_list_add(list, version.version);
    return MS_OK;
}

void api_package_images(struct ms_http_request *request, const struct ms_route_match *match,
                        void *arg)
{
    struct rest_list list;
    (void)match;
    if (!rest_list_begin(&list, &IMAGES, request))
        return;
    enum ms_status status = add_package(&list);
    if (status == MS_OK)
        status = add_version(&list);
    rest_list_end(&list, status, arg);
}

/* --- those of a manifest --- */

static const struct query_param HELD_TABLE[] = {
    {"cursor", QUERY_PLAIN}, {"n", QUERY_PLAIN}, {"q", QUERY_PLAIN}, {"total", QUERY_PLAIN}};

static const enum ms_read_query HELD_STATEMENTS[] = {MS_READ_MANIFEST_PACKAGES};

static const struct rest_list_kind HELD = {
    .table = HELD_TABLE,
    .n_table = sizeof(HELD_TABLE) / sizeof(HELD_TABLE[0]),
    .sorts = SORTS,
    .n_sorts = 1,
    .statements = HELD_STATEMENTS,
    .member = "packages",
    .unknown = UNKNOWN_MANIFEST,
};

void api_manifest_packages(struct ms_http_request *request, const struct ms_route_match *match,
                           void *arg)
{
    struct ms_str name = match->captures[0], reference = match->captures[1];
    struct ms_digest digest;
    struct rest_list list;
    if (!rest_list_begin(&list, &HELD, request))
        return;
    bool is_digest = ms_digest_parse(&digest, reference) == MS_OK;
    if (!ms_refname_is_repository(name) || !(is_digest || ms_refname_is_tag(reference))) {
        rest_list_not_found(&list);
        return;
    }
    list.repository = name;
    rest_list_add(&list, name);
    rest_list_add(&list, is_digest ? MS_STR_ABSENT : reference);
    rest_list_add(&list, is_digest ? reference : MS_STR_ABSENT);
    rest_list_end(&list, add_lower_pattern(&list), arg);
}
