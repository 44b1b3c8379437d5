/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the rows of a query to an entry of the cache: a builder appends to a body, which goes to
 * disk when it becomes large. Part of a flight (flight.c), which owns it.
 */
#ifndef FILL_H
#define FILL_H

#include "reader/answer/answer.h"

struct cache_entry;
struct spool_file;

struct fill {
    struct reader *reader;
    const struct answer_spec *spec; /* borrowed, and lives longer */
    void *builder_state;            /* spec->state_bytes of it; borrowed */
    struct answer_result result;
    bool has_snapshot;
    uint64_t snapshot;       /* generation of the query's own */
    struct spool_file *file; /* NULL until the body turned out to be large */
};

void fill_init(struct fill *fill, struct reader *reader, const struct answer_spec *spec,
               void *builder_state);
void fill_release(struct fill *fill);

/* Before the first row; again when the query is repeated. */
void fill_begin(struct fill *fill);
/* Rows of a snapshot before `floor` are not built into anything. */
enum ms_status fill_take_row(struct fill *fill, const struct ms_str *columns, size_t n_columns,
                             uint64_t floor, struct ms_error *err) MS_CHECKED;
/* After the last row. The caller owns what *out refers to. */
enum ms_status fill_finish(struct cache_entry *out, struct fill *fill,
                           struct ms_error *err) MS_CHECKED;

#endif
