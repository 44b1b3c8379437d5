/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader's storage API: what the workers and the watcher know of the database. No libpq in
 * sight.
 *
 * Asynchronous calls keep the rules of loop.h. `err` in a callback is NULL on success. The
 * parameters of a query are borrowed until its end; views in callbacks are valid during the call.
 * A start function that fails (MS_BUSY, MS_UNAVAILABLE) has started nothing.
 */
#ifndef READER_STORE_H
#define READER_STORE_H

#include "common/base/str.h"
#include "common/pg/schema.h"
#include "common/runtime/loop.h"
#include "reader/store/queries.h"

struct ms_store_reader;
struct ms_store_read; /* a query under way; gone after on_done */

/* Column 0 of every row is the generation of the query's own snapshot; every query gives at least
 * one row. Absent columns are NULL. */
typedef void ms_store_row(const struct ms_str *columns, size_t n_columns, void *arg);

struct ms_store_query {
    enum ms_read_query query;    /* sql/queries/read_*.sql by store/queries.h */
    const struct ms_str *params; /* text, followed by a NUL; absent: NULL */
    size_t n_params;
    bool is_filtered; /* see queries_class_of() */
    unsigned waiting; /* see ms_store_reader_make_room() */
    ms_store_row *on_row;
    ms_store_done *on_done;
    void *arg;
};

struct ms_store_reader *ms_store_reader_new(struct ms_loop *loop,
                                            const struct ms_store_options *options);
void ms_store_reader_free(struct ms_store_reader *store); /* no callbacks any more; NULL is fine */
/* A query of this class would be sent at once, or fail at once. False: on_room is called, in a turn
 * of its own, when that may have changed. What is run without room waits in the order of coming.
 * `waiting`: the classes (1 << class) of which queries wait: their connections are not lent. */
bool ms_store_reader_make_room(struct ms_store_reader *store, enum ms_read_class class,
                               unsigned waiting);
/* At wiring only; NULL: nobody is told any more. */
void ms_store_reader_on_room(struct ms_store_reader *store, ms_loop_call *on_room, void *arg);
enum ms_status ms_store_reader_run(struct ms_store_read **out, struct ms_store_reader *store,
                                   const struct ms_store_query *query,
                                   struct ms_error *err) MS_CHECKED;
void ms_store_read_cancel(struct ms_store_read *read);

/* What one host's watcher process sees. Reconnects by itself for ever. */
struct ms_store_watch_state {
    uint64_t term;
    uint64_t generation;
    int schema_version; /* 0: no schema yet */
    int min_reader_version;
    bool standby;
    int64_t replay_lag_ms; /* -1: unknown or not a standby */
    bool can_write;        /* the role could do more than SELECT: warn */
};
struct ms_store_watch_events {
    /* Every look_ms at the latest while the database can be asked, and at each new generation:
     * first on_touched for each generation since the last state, in order, then on_state. */
    void (*on_touched)(uint64_t generation, struct ms_str repository, void *arg);
    /* Generations between the last state and this one are not known completely: forget all.
     * `is_too_long`: there are more of them than are read; else the database went back or told of
     * no repository on purpose. */
    void (*on_gap)(bool is_too_long, void *arg);
    void (*on_state)(const struct ms_store_watch_state *state, void *arg);
    void (*on_lost)(const struct ms_error *err, void *arg); /* told once a failure, not each try */
};
struct ms_store_watch;
/* A primary tells of a new generation; it is looked at every look_ms all the same. */
struct ms_store_watch *ms_store_watch_new(struct ms_loop *loop,
                                          const struct ms_store_options *options, uint64_t look_ms,
                                          const struct ms_store_watch_events *events, void *arg);
void ms_store_watch_free(struct ms_store_watch *watch);

#endif
