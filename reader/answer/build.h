/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the rows of a query to an entry of the cache: a builder appends to a body, which goes to
 * disk when it becomes large.
 */
#ifndef BUILD_H
#define BUILD_H

#include "reader/answer/cache.h"
#include "reader/answer/query.h"

struct build {
    const struct caches *caches;
    const struct answer_query *query; /* borrowed, and lives longer */
    void *builder_state;              /* query->state_bytes of it; borrowed */
    struct answer_result result;
    struct spool_file *file; /* NULL until the body turned out to be large */
};

void build_init(struct build *build, const struct caches *caches, const struct answer_query *query,
                void *builder_state);
void build_release(struct build *build); /* also one that is all zero */

/* Before the query is run; again when it is repeated. What is likely to be large has room on the
 * disk from then on: MS_TOO_LARGE or MS_IO, there is none. */
enum ms_status build_begin(struct build *build, struct ms_error *err) MS_CHECKED;
/* `generation` is that of the query's snapshot; `columns` are without it. */
enum ms_status build_add_row(struct build *build, uint64_t generation, const struct ms_str *columns,
                             size_t n_columns, struct ms_error *err) MS_CHECKED;
/* After the last row, of which there was at least one. The caller owns what *out refers to. */
enum ms_status build_finish(struct cache_entry *out, struct build *build,
                            struct ms_error *err) MS_CHECKED;

#endif
