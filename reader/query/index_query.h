/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of /index: from the query part of a URL to the statement that answers it. Pure.
 */
#ifndef INDEX_QUERY_H
#define INDEX_QUERY_H

#include "reader/query/query.h"
#include "reader/store/queries.h"

enum { INDEX_QUERY_PARAMS = 11 };

/* Everything lies in the arena that it was parsed into. */
struct index_query {
    struct ms_str key;            /* canonical, the same for static and dynamic */
    enum ms_read_query statement; /* by the most telling filter: its way in */
    struct ms_str
        params[INDEX_QUERY_PARAMS]; /* of the statement, see sql/queries/read_index_*.sql */
    size_t n_params;
    struct ms_str repository; /* the only one that can be in the answer; absent: any can */
    bool is_large;            /* nothing but the whole database bounds the answer */
};

/* As query_parse: MS_INVALID or MS_TOO_LARGE with the fault told. */
enum ms_status index_query_parse(struct index_query *out, struct ms_str raw, struct ms_arena *arena,
                                 struct query_fault *fault) MS_CHECKED;

/* The same of repositories below a prefix alone: one or more components, a possible name. */
enum ms_status index_query_parse_below(struct index_query *out, struct ms_str prefix,
                                       struct ms_str raw, struct ms_arena *arena,
                                       struct query_fault *fault) MS_CHECKED;

#endif
