/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call of the writer's store: its statements with their parameters, which it owns until it is
 * over, so that one that met a concurrent transaction can be run again. The other files of this
 * folder each make structs that begin with a struct ms_store_call.
 *
 *     struct my_call *call = ms_store_call_new(store, sizeof(*call), on_row, on_done);
 *     ms_store_call_term(&call->base, term);        // if it changes something
 *     ms_store_call_step(&call->base, &write_something);
 *     ms_store_call_u64(&call->base, limit);        // $1
 *     return ms_store_call_start(&call->base);
 */
#ifndef STORE_CALL_H
#define STORE_CALL_H

#include "common/base/buf.h"
#include "common/pg/pool.h"
#include "writer/store/row.h"
#include "writer/store/store.h"

enum {
    MS_STORE_CALL_STEPS_MAX = 20,
    MS_STORE_CALL_PARAMS_MAX = 72,
    MS_STORE_CALL_PARAM_MAX_BYTES = 128 * 1024 * 1024 /* beyond: MS_TOO_LARGE */
};

struct ms_store_call;
/* Steps count from 0, the check of the term aside. */
typedef void ms_store_call_row(struct ms_store_call *base, size_t step,
                               const struct ms_pg_row *row);
/* `affected`: rows affected by each step, NULL on failure. The call is freed afterwards. */
typedef void ms_store_call_done(struct ms_store_call *base, const struct ms_error *err,
                                const uint64_t *affected);

struct ms_store_call_param {
    struct ms_buf value;
    bool is_null, is_binary, is_open_array;
};

struct ms_store_call {
    struct ms_store_call *next, **link; /* the writer's list of calls */
    struct ms_store_writer *writer;
    struct ms_pg_ticket *ticket;          /* of what is run, or NULL */
    struct ms_store_migration *migration; /* the same, or NULL */
    struct ms_error refusal;              /* of what could not be run; MS_OK: it is run */
    ms_store_call_row *on_row;            /* may be NULL */
    ms_store_call_done *on_done;
    struct ms_pg_step steps[MS_STORE_CALL_STEPS_MAX];
    struct ms_pg_param views[MS_STORE_CALL_PARAMS_MAX];
    struct ms_store_call_param params[MS_STORE_CALL_PARAMS_MAX];
    size_t n_steps, n_params;
    size_t first_step; /* 1 when the term is checked first */
    bool binary_results, stream;
    unsigned n_conflicts; /* how often it was undone because of another transaction */
    bool is_cancelled;    /* only the turn that would tell the refusal still holds it */
};

struct ms_store_writer {
    struct ms_loop *loop;
    struct ms_pg_pool *pool;
    struct ms_store_call *calls; /* whose callbacks will come */
    char *conninfo;              /* may hold a password; NULL: the PG* environment */
    char *application_name;
};

void *ms_store_call_new(struct ms_store_writer *writer, size_t size, ms_store_call_row *on_row,
                        ms_store_call_done *on_done);
/* Before the first step: fails with MS_DEPOSED when the term is over. */
void ms_store_call_term(struct ms_store_call *base, uint64_t term);
void ms_store_call_step(struct ms_store_call *base, const struct ms_pg_statement *statement);

/* The next parameter of the present step. Text has NUL and broken UTF-8 replaced by U+FFFD, so that
 * PostgreSQL takes it. */
void ms_store_call_text(struct ms_store_call *base, struct ms_str text); /* absent: NULL */
void ms_store_call_i64(struct ms_store_call *base, int64_t value);
void ms_store_call_u64(struct ms_store_call *base, uint64_t value);
void ms_store_call_bool(struct ms_store_call *base, bool value);
void ms_store_call_bytes(struct ms_store_call *base, struct ms_str bytes); /* absent: NULL */
/* An array; elements are added until the next step, parameters of a step side by side. */
struct ms_buf *ms_store_call_array(struct ms_store_call *base);
void ms_store_call_ids(struct ms_store_call *base, const int64_t *ids,
                       size_t n_ids); /* a whole array */
void ms_store_call_digests(struct ms_store_call *base, const struct ms_digest *digests, size_t n);
void ms_store_call_texts(struct ms_store_call *base, const struct ms_str *texts, size_t n);

/* Elements of an array. */
void ms_store_add_text(struct ms_buf *array, struct ms_str text);               /* absent: NULL */
void ms_store_add_bytes(struct ms_buf *array, struct ms_str bytes);             /* absent: NULL */
void ms_store_add_digest(struct ms_buf *array, const struct ms_digest *digest); /* none: NULL */
void ms_store_add_time(struct ms_buf *array, int64_t time_ms);                  /* 0: NULL */
void ms_store_add_bool(struct ms_buf *array, bool value);

/* Runs it, and returns it. What cannot be run is told in a later turn. */
struct ms_store_call *ms_store_call_start(struct ms_store_call *base);

/* A call that has nothing to tell but its end. */
struct plain_call {
    struct ms_store_call base;
    ms_store_done *on_done;
    void *arg;
};
struct ms_store_call *ms_store_call_plain(struct ms_store_writer *writer, uint64_t term,
                                          const struct ms_pg_statement *statement,
                                          ms_store_done *on_done, void *arg);

/* A query: rows of one kind, then the end. */
struct rows_call {
    struct ms_store_call base;
    union {
        ms_store_inbox_row *event;
        ms_store_dead_row *dead_letter;
        ms_store_known_tag_row *tag;
        ms_store_tag_name_row *tag_name;
        ms_store_known_manifest_row *manifest;
        ms_store_config_row *config;
        ms_store_repository_row *repository;
        ms_store_digest_row *digest;
        ms_store_candidate_row *candidate;
        ms_store_old_document_row *old_document;
        ms_store_sbom_source_row *sbom_source;
        ms_store_sbom_count_row *sbom_count;
    } on_row; /* set by the caller, for `take` to call */
    ms_store_done *on_done;
    void *arg;
};
struct rows_call *ms_store_call_rows(struct ms_store_writer *writer,
                                     const struct ms_pg_statement *statement,
                                     ms_store_call_row *take, ms_store_done *on_done, void *arg);

/* A call whose last step is one row with one number. */
struct count_call {
    struct ms_store_call base;
    uint64_t count;
    ms_store_count_done *on_done;
    void *arg;
};
struct ms_store_call *ms_store_call_count(struct ms_store_writer *writer, uint64_t term,
                                          const struct ms_pg_statement *statement,
                                          ms_store_count_done *on_done, void *arg);

#endif
