/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader's store that the test plays: it records the queries that the code under test runs, and
 * the test says when rows come, of which generation, and how a query ends. Stands in for
 * reader/store/read.c in a program that links it.
 */
#ifndef FAKE_READER_STORE_H
#define FAKE_READER_STORE_H

#include "reader/store/store.h"

enum { FAKE_STORE_READS_MAX = 32, FAKE_STORE_PARAMS_MAX = 64 };

struct ms_store_read {
    struct ms_store_query query;
    struct ms_str params[FAKE_STORE_PARAMS_MAX]; /* copies: query.params */
    bool is_cancelled;
    bool is_done;
};

struct fake_store {
    struct ms_store_read reads[FAKE_STORE_READS_MAX]; /* in the order of their start */
    size_t n_reads;
    enum ms_status refusal; /* of the queries to come; MS_OK: none */
    size_t n_refused;       /* in this way */
    bool is_full[MS_CLASS_COUNT];
    ms_loop_call *on_room;
    void *on_room_arg;
};
extern struct fake_store fake_store;

/* Forgets all queries, none of which may be under way. */
void fake_store_reset(void);
/* There is room for the class until the test says otherwise. */
void fake_store_make_room(enum ms_read_class class);
/* A row of the n-th query; columns[0] is the generation. */
void fake_store_row(size_t n, const struct ms_str *columns, size_t n_columns);
/* The n-th query ends, well with MS_OK. */
void fake_store_end(size_t n, enum ms_status status);

#endif
