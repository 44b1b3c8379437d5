/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a search query to the parameters of read_find.sql and read_facets.sql. Pure. The grammar is
 * search_query.c's.
 *
 * The terms go as JSON, an object each: "kind" (search_kind_name), "is_not", and of
 *     word                     "plain", "like" (escaped for LIKE), "whole" (a regular expression)
 *     tag                      "value", "key": the repository
 *     label, annotation        "key", "value"
 *     digest, os, arch, is     "value"
 *     has                      "value": signed, sbom, provenance
 *     updated                  "from_ms", "before_ms": since 1970
 *     base                     "key": the repository, "value": its tag
 *     base_digest              "value"
 * The way in is the term that promises to find least: the statement looks that up and tries the
 * others on what it found. A poor choice costs time and never changes the answer.
 */
#ifndef SEARCH_PLAN_H
#define SEARCH_PLAN_H

#include "common/base/arena.h"
#include "reader/query/search_query.h"

enum { SEARCH_PLAN_PARAMS = 4 };

/* In the order of the statements: terms, way, key, value. In the arena, or views of the query. */
struct search_plan {
    struct ms_str params[SEARCH_PLAN_PARAMS];
    /* Of a query for a package and nothing else: read_find_package.sql answers it. Else its name is
     * absent. */
    struct {
        struct ms_str name, comparison, version;
    } package;
};

/* MS_TOO_LARGE: the arena is full. */
enum ms_status search_plan_make(struct search_plan *out, const struct search_query *query,
                                struct ms_arena *arena) MS_CHECKED;

#endif
