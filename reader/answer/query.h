/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a resource asks of the database, and how a body is built out of the rows. It belongs to all
 * requests that share the query; what belongs to one request is a struct answer_reply (send.h).
 */
#ifndef ANSWER_QUERY_H
#define ANSWER_QUERY_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "reader/store/queries.h"

enum {
    ANSWER_BODY_MAX = 64 * 1024 * 1024, /* of what one row and on_finish add */
    ANSWER_LINK_MAX = 16 * 1024
};

/* What a builder fills. Begins as status 200, the query's content type, an empty body. Builders
 * only append to the body: what is in it may have gone to disk before the next row. */
struct answer_result {
    uint64_t generation; /* of the query's own snapshot; not the builder's to change */
    int status;
    const char *content_type; /* static string */
    struct ms_buf body;       /* capped: see ANSWER_BODY_MAX */
    struct ms_buf link;       /* value of the Link header; empty: none */
    /* This many bytes at the start and at the end say only when the answer was made. The ETag is
     * made without them, so that a result which did not change keeps being answered 304. The end is
     * on_finish's to set, or that of on_row where there is one row. */
    size_t untagged;
    size_t untagged_end;
    bool is_nothing; /* there is nothing to tell yet: see answer_hold in send.h */
};

/* Rows come with the generation column taken off: columns[0] is the statement's second one. */
typedef void answer_row(struct answer_result *result, const struct ms_str *columns,
                        size_t n_columns, void *state);
/* After the last row. */
typedef void answer_finish(struct answer_result *result, void *state);

struct answer_query {
    struct ms_str key; /* canonical: equal keys have equal bodies at equal generations */
    enum ms_read_query statement;
    const struct ms_str *params;
    size_t n_params;
    struct ms_str repository; /* the one that it depends on; absent: depends on all of them */
    bool shows_counts;        /* pulls do not raise the generation: cached for a minute at most */
    bool is_filtered;         /* by what no index finds: a list is a search then */
    bool is_momentary;        /* what it shows does not raise the generation: never cached */
    bool is_large;            /* likely so: needs room on the disk */
    const char *content_type; /* static string */
    answer_row *on_row;
    answer_finish *on_finish; /* may be NULL */
    /* Copied, state_bytes of it, at the start, and again from the original when a query has to be
     * repeated. Plain data: nothing frees what it points to. */
    const void *state;
    size_t state_bytes;
};

/* A copy that lives as long as the arena, but for the repository, which is absent in it: a query
 * that is under way knows its hash. MS_TOO_LARGE: the arena's limit. */
enum ms_status answer_query_copy(struct answer_query *out, struct ms_arena *arena,
                                 const struct answer_query *query) MS_CHECKED;

/* For on_finish: ends a JSON object with the member "generation", which is no part of the ETag. The
 * body has a member before it, and no comma behind that. */
void answer_result_end_object(struct answer_result *result);

#endif
