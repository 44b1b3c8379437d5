/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call of the writer's store: its statements with their parameters, which it owns until it is
 * over, so that one that met a concurrent transaction can be run again. The
 * other files of this folder each make structs that begin with a struct ms_store_op.
 *
 *     struct my_call *call = ms_store_op_new(store, sizeof(*call), on_row, on_done);
 *     ms_store_op_term(&call->op, term);            // if it changes something
 *     ms_store_op_step(&call->op, &write_something);
 *     ms_store_op_u64(&call->op, limit);            // $1
 *     return ms_store_op_start(&call->op);
 */
#ifndef MS_STORE_PG_WRITE_H
#define MS_STORE_PG_WRITE_H

#include "common/base/buf.h"
#include "common/pg/pool.h"
#include "common/pg/row.h"
#include "writer/store/store.h"

enum {
    MS_STORE_OP_STEPS_MAX = 12,
    MS_STORE_OP_PARAMS_MAX = 72,
    MS_STORE_OP_PARAM_MAX_BYTES = 128 * 1024 * 1024 /* beyond: MS_TOO_LARGE */
};

struct ms_store_op;
/* Steps count from 0, the check of the term aside. */
typedef void ms_store_op_row(struct ms_store_op *op, size_t step, const struct ms_pg_row *row);
/* `affected`: rows affected by each step, NULL on failure. The op is freed afterwards. */
typedef void ms_store_op_done(struct ms_store_op *op, const struct ms_error *err,
                              const uint64_t *affected);

struct ms_store_op_param {
    struct ms_buf value;
    bool is_null, is_binary, is_open_array;
};

struct ms_store_op {
    struct ms_store_op *next, **link; /* the writer's list of calls under way */
    struct ms_store_writer *writer;
    struct ms_pg_ticket *ticket;
    ms_store_op_row *on_row; /* may be NULL */
    ms_store_op_done *on_done;
    struct ms_pg_step steps[MS_STORE_OP_STEPS_MAX];
    struct ms_pg_param views[MS_STORE_OP_PARAMS_MAX];
    struct ms_store_op_param params[MS_STORE_OP_PARAMS_MAX];
    size_t n_steps, n_params;
    size_t first_step; /* 1 when the term is checked first */
    bool binary_results, stream;
    bool was_retried;
};

struct ms_store_writer {
    struct ms_loop *loop;
    struct ms_pg_pool *pool;
    struct ms_store_op *ops;
    struct ms_error refusal;              /* of the last call that could not start */
    struct ms_store_migration *migration; /* NULL: none under way */
    ms_store_done *on_migrated;
    void *migrated_arg;
    char *conninfo; /* may hold a password; NULL: the PG* environment */
    char *application_name;
};

void *ms_store_op_new(struct ms_store_writer *writer, size_t size, ms_store_op_row *on_row,
                      ms_store_op_done *on_done);
/* Before the first step: fails with MS_DEPOSED when the term is over. */
void ms_store_op_term(struct ms_store_op *op, uint64_t term);
void ms_store_op_step(struct ms_store_op *op, const struct ms_pg_statement *statement);

/* The next parameter of the present step. Text has NUL and broken UTF-8 replaced by U+FFFD, so that
 * PostgreSQL takes it. */
void ms_store_op_text(struct ms_store_op *op, struct ms_str text); /* absent: NULL */
void ms_store_op_i64(struct ms_store_op *op, int64_t value);
void ms_store_op_u64(struct ms_store_op *op, uint64_t value);
void ms_store_op_bool(struct ms_store_op *op, bool value);
void ms_store_op_bytes(struct ms_store_op *op, struct ms_str bytes); /* absent: NULL */
/* An array; elements are added until the next step, parameters of a step side by side. */
struct ms_buf *ms_store_op_array(struct ms_store_op *op);
void ms_store_op_ids(struct ms_store_op *op, const int64_t *ids, size_t n_ids); /* a whole array */
void ms_store_op_digests(struct ms_store_op *op, const struct ms_digest *digests, size_t n);
void ms_store_op_texts(struct ms_store_op *op, const struct ms_str *texts, size_t n);

/* Elements of an array. */
void ms_store_add_text(struct ms_buf *array, struct ms_str text);               /* absent: NULL */
void ms_store_add_bytes(struct ms_buf *array, struct ms_str bytes);             /* absent: NULL */
void ms_store_add_digest(struct ms_buf *array, const struct ms_digest *digest); /* none: NULL */
void ms_store_add_time(struct ms_buf *array, int64_t time_ms);                  /* 0: NULL */
void ms_store_add_bool(struct ms_buf *array, bool value);

/* Runs it. On failure the op is freed and nothing was started. */
enum ms_status ms_store_op_start(struct ms_store_op *op) MS_CHECKED;

/* A call that has nothing to tell but its end. */
struct ms_store_plain_op {
    struct ms_store_op op;
    ms_store_done *on_done;
    void *arg;
};
struct ms_store_op *ms_store_plain_op_new(struct ms_store_writer *writer, uint64_t term,
                                          const struct ms_pg_statement *statement,
                                          ms_store_done *on_done, void *arg);

/* A call whose last step is one row with one number. */
struct ms_store_count_op {
    struct ms_store_op op;
    uint64_t count;
    ms_store_count_done *on_done;
    void *arg;
};
struct ms_store_op *ms_store_count_op_new(struct ms_store_writer *writer, uint64_t term,
                                          const struct ms_pg_statement *statement,
                                          ms_store_count_done *on_done, void *arg);

#endif
