/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's store on PostgreSQL: its life, and how a call is made, run, run again and ended.
 * The calls themselves are in store/apply.c and its neighbours; this calls pg/pool.c. Always: a
 * call is in the writer's list from start to end, and freed before or after its end is told, so
 * that freeing the writer in a callback is fine.
 */
#include "writer/store/call.h"

#include "common/base/alloc.h"
#include "common/pg/array.h"
#include "common/pg/link.h"
#include "writer/store/migrate.h"

#include <stdlib.h>
#include <string.h>

MS_STORE_STATEMENT(write_require_term);

/* Latency matters more than connections: a few batches behind each other on one. */
enum { PIPELINE_DEPTH = 4 };

/* --- the writer --- */

struct ms_store_writer *ms_store_writer_new(struct ms_loop *loop,
                                            const struct ms_store_options *options)
{
    struct ms_store_writer *writer = ms_alloc(sizeof(*writer));
    writer->loop = loop;
    writer->conninfo = ms_pg_secret_copy(options->url);
    writer->application_name = ms_pg_secret_copy(options->application_name);
    writer->pool = ms_pg_pool_new(loop, &(struct ms_pg_pool_options){
                                            .conninfo = options->url,
                                            .application_name = options->application_name,
                                            .max_connections = options->connections,
                                            .max_waiting = options->max_waiting,
                                            /* a queue behind a long statement is no outage */
                                            .wait_timeout_ms = options->statement_timeout_ms,
                                            .statement_timeout_ms = options->statement_timeout_ms,
                                            .pipeline_depth = PIPELINE_DEPTH,
                                            .on_state = options->on_state,
                                            .arg = options->arg,
                                        });
    return writer;
}

static void op_free(struct ms_store_op *op)
{
    if (op->link != NULL) {
        *op->link = op->next;
        if (op->next != NULL)
            op->next->link = op->link;
    }
    for (size_t i = 0; i < op->n_params; i++)
        ms_buf_free(&op->params[i].value);
    ms_loop_defer_free(op->writer->loop, op);
}

void ms_store_writer_free(struct ms_store_writer *writer)
{
    if (writer == NULL)
        return;
    ms_store_migration_cancel(writer->migration);
    ms_pg_pool_free(writer->pool);
    while (writer->ops != NULL)
        op_free(writer->ops);
    ms_alloc_wipe(writer->conninfo);
    ms_alloc_wipe(writer->application_name);
    ms_loop_defer_free(writer->loop, writer);
}

const char *const *ms_store_writer_query_names(size_t *out_n)
{
    extern const char *const ms_sql_write_names[];
    extern const size_t ms_sql_write_names_count;
    *out_n = ms_sql_write_names_count;
    return ms_sql_write_names;
}

bool ms_store_writer_is_connected(const struct ms_store_writer *writer)
{
    return ms_pg_pool_is_connected(writer->pool);
}

const struct ms_error *ms_store_writer_refusal(const struct ms_store_writer *writer)
{
    return &writer->refusal;
}

bool ms_store_writer_is_idle(const struct ms_store_writer *writer)
{
    return writer->ops == NULL && writer->migration == NULL;
}

static void on_migrated(const struct ms_error *err, void *arg)
{
    struct ms_store_writer *writer = arg;
    writer->migration = NULL;
    writer->on_migrated(err, writer->migrated_arg);
}

enum ms_status ms_store_migrate(struct ms_store_writer *writer, ms_store_done *on_done, void *arg)
{
    if (writer->migration != NULL)
        return MS_BUSY;
    writer->on_migrated = on_done;
    writer->migrated_arg = arg;
    writer->migration = ms_store_migration_start(writer->loop, writer->conninfo,
                                                 writer->application_name, on_migrated, writer);
    return MS_OK;
}

/* --- making a call --- */

void *ms_store_op_new(struct ms_store_writer *writer, size_t size, ms_store_op_row *on_row,
                      ms_store_op_done *on_done)
{
    struct ms_store_op *op = ms_alloc(size);
    op->writer = writer;
    op->on_row = on_row;
    op->on_done = on_done;
    return op;
}

static void close_arrays(struct ms_store_op *op)
{
    for (size_t i = 0; i < op->n_params; i++) {
        if (op->params[i].is_open_array)
            ms_pg_array_end(&op->params[i].value);
        op->params[i].is_open_array = false;
    }
}

void ms_store_op_step(struct ms_store_op *op, const struct ms_pg_statement *statement)
{
    close_arrays(op);
    if (op->n_steps == MS_STORE_OP_STEPS_MAX)
        abort();
    op->steps[op->n_steps++] =
        (struct ms_pg_step){.statement = statement, .params = &op->views[op->n_params]};
}

void ms_store_op_term(struct ms_store_op *op, uint64_t term)
{
    ms_store_op_step(op, &write_require_term);
    ms_store_op_u64(op, term);
    op->first_step = 1;
}

static struct ms_store_op_param *add_param(struct ms_store_op *op)
{
    if (op->n_params == MS_STORE_OP_PARAMS_MAX || op->n_steps == 0)
        abort();
    struct ms_store_op_param *param = &op->params[op->n_params++];
    ms_buf_init(&param->value, MS_STORE_OP_PARAM_MAX_BYTES);
    op->steps[op->n_steps - 1].n_params++;
    return param;
}

static bool is_storable(struct ms_str text)
{
    return ms_str_is_utf8(text) && (text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL);
}

/* What PostgreSQL does not take as text becomes U+FFFD. */
static void append_storable(struct ms_buf *out, struct ms_str text)
{
    while (text.len > 0) {
        size_t length = ms_str_utf8_length(text);
        if (length > 0 && text.ptr[0] != '\0')
            ms_buf_append(out, ms_str_slice(text, 0, length));
        else
            ms_buf_append_c(out, "\xef\xbf\xbd");
        text = ms_str_skip(text, length > 0 ? length : 1);
    }
}

void ms_store_op_text(struct ms_store_op *op, struct ms_str text)
{
    struct ms_store_op_param *param = add_param(op);
    param->is_null = ms_str_is_absent(text);
    append_storable(&param->value, text);
}

void ms_store_op_i64(struct ms_store_op *op, int64_t value)
{
    ms_buf_append_i64(&add_param(op)->value, value);
}

void ms_store_op_u64(struct ms_store_op *op, uint64_t value)
{
    ms_store_op_i64(op, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

void ms_store_op_bool(struct ms_store_op *op, bool value)
{
    ms_buf_append_char(&add_param(op)->value, value ? 't' : 'f');
}

void ms_store_op_bytes(struct ms_store_op *op, struct ms_str bytes)
{
    struct ms_store_op_param *param = add_param(op);
    param->is_null = ms_str_is_absent(bytes);
    param->is_binary = true;
    ms_buf_append(&param->value, bytes);
}

struct ms_buf *ms_store_op_array(struct ms_store_op *op)
{
    struct ms_store_op_param *param = add_param(op);
    param->is_open_array = true;
    ms_pg_array_begin(&param->value);
    return &param->value;
}

void ms_store_op_ids(struct ms_store_op *op, const int64_t *ids, size_t n_ids)
{
    struct ms_buf *array = ms_store_op_array(op);
    for (size_t i = 0; i < n_ids; i++)
        ms_pg_array_i64(array, ids[i]);
}

void ms_store_op_digests(struct ms_store_op *op, const struct ms_digest *digests, size_t n)
{
    struct ms_buf *array = ms_store_op_array(op);
    for (size_t i = 0; i < n; i++)
        ms_store_add_digest(array, &digests[i]);
}

void ms_store_op_texts(struct ms_store_op *op, const struct ms_str *texts, size_t n)
{
    struct ms_buf *array = ms_store_op_array(op);
    for (size_t i = 0; i < n; i++)
        ms_store_add_text(array, texts[i]);
}

void ms_store_add_text(struct ms_buf *array, struct ms_str text)
{
    if (is_storable(text)) {
        ms_pg_array_text(array, text);
        return;
    }
    struct ms_buf storable;
    ms_buf_init(&storable, MS_STORE_OP_PARAM_MAX_BYTES);
    append_storable(&storable, text);
    ms_pg_array_text(array, ms_buf_view(&storable));
    ms_buf_free(&storable);
}

void ms_store_add_bytes(struct ms_buf *array, struct ms_str bytes)
{
    ms_pg_array_bytes(array, bytes);
}

void ms_store_add_digest(struct ms_buf *array, const struct ms_digest *digest)
{
    ms_pg_array_bytes(array, ms_digest_is_none(digest) ? MS_STR_ABSENT : ms_digest_bytes(digest));
}

void ms_store_add_time(struct ms_buf *array, int64_t time_ms)
{
    if (time_ms == 0)
        ms_pg_array_text(array, MS_STR_ABSENT);
    else
        ms_pg_array_i64(array, time_ms);
}

void ms_store_add_bool(struct ms_buf *array, bool value)
{
    ms_pg_array_text(array, value ? MS_STR("t") : MS_STR("f"));
}

/* --- running it --- */

static void on_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    struct ms_store_op *op = arg;
    if (statement >= op->first_step && op->on_row != NULL)
        op->on_row(op, statement - op->first_step, row);
}

static void on_done(const struct ms_pg_outcome *outcome, void *arg);

static enum ms_status run(struct ms_store_op *op, struct ms_error *err)
{
    return ms_pg_pool_run(&op->ticket, op->writer->pool,
                          &(struct ms_pg_batch){
                              .steps = op->steps,
                              .n_steps = op->n_steps,
                              .binary_results = op->binary_results,
                              .row_by_row = op->stream,
                              .on_row = on_row,
                              .on_done = on_done,
                              .arg = op,
                          },
                          err);
}

/* A call that changes something and met another transaction (a deadlock, a row that came or went)
 * is run once more: the second time it finds what the other one did. */
static bool runs_again(struct ms_store_op *op, enum ms_status status)
{
    if (status != MS_CONFLICT || op->was_retried || op->stream)
        return false;
    op->was_retried = true;
    return run(op, NULL) == MS_OK;
}

static void on_done(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_op *op = arg;
    struct ms_error err;
    enum ms_status status = ms_store_pg_outcome(&err, outcome);
    if (runs_again(op, status))
        return;
    /* Out of the list first: the callback may free the writer. */
    *op->link = op->next;
    if (op->next != NULL)
        op->next->link = op->link;
    op->link = NULL;
    struct ms_loop *loop = op->writer->loop;
    for (size_t i = 0; i < op->n_params; i++)
        ms_buf_free(&op->params[i].value);
    op->on_done(op, status == MS_OK ? NULL : &err,
                status == MS_OK ? outcome->affected + op->first_step : NULL);
    ms_loop_defer_free(loop, op);
}

/* Views of the finished buffers; MS_TOO_LARGE when one overflowed. */
static enum ms_status make_views(struct ms_store_op *op)
{
    close_arrays(op);
    for (size_t i = 0; i < op->n_params; i++) {
        struct ms_store_op_param *param = &op->params[i];
        enum ms_status status = ms_buf_status(&param->value);
        if (status != MS_OK)
            return ms_error_set(&op->writer->refusal, status,
                                "a parameter is larger than the database takes");
        struct ms_str value = ms_buf_view(&param->value);
        if (param->is_null)
            value = MS_STR_ABSENT;
        else if (ms_str_is_absent(value))
            value = MS_STR("");
        op->views[i] = (struct ms_pg_param){.value = value, .binary = param->is_binary};
    }
    return MS_OK;
}

enum ms_status ms_store_op_start(struct ms_store_op *op)
{
    struct ms_store_writer *writer = op->writer;
    enum ms_status status = make_views(op);
    if (status == MS_OK)
        status = run(op, &writer->refusal);
    if (status != MS_OK) {
        op_free(op);
        return status;
    }
    op->next = writer->ops;
    op->link = &writer->ops;
    if (op->next != NULL)
        op->next->link = &op->next;
    writer->ops = op;
    return MS_OK;
}

/* --- common kinds of calls --- */

static void on_plain_done(struct ms_store_op *op, const struct ms_error *err,
                          const uint64_t *affected)
{
    struct ms_store_plain_op *call = (struct ms_store_plain_op *)op;
    (void)affected;
    call->on_done(err, call->arg);
}

struct ms_store_op *ms_store_plain_op_new(struct ms_store_writer *writer, uint64_t term,
                                          const struct ms_pg_statement *statement,
                                          ms_store_done *done, void *arg)
{
    struct ms_store_plain_op *call = ms_store_op_new(writer, sizeof(*call), NULL, on_plain_done);
    call->on_done = done;
    call->arg = arg;
    ms_store_op_term(&call->op, term);
    ms_store_op_step(&call->op, statement);
    return &call->op;
}

static void on_count_row(struct ms_store_op *op, size_t step, const struct ms_pg_row *row)
{
    (void)step;
    ((struct ms_store_count_op *)op)->count = ms_store_pg_u64(row, 0);
}

static void on_count_done(struct ms_store_op *op, const struct ms_error *err,
                          const uint64_t *affected)
{
    struct ms_store_count_op *call = (struct ms_store_count_op *)op;
    (void)affected;
    call->on_done(err, err == NULL ? call->count : 0, call->arg);
}

struct ms_store_op *ms_store_count_op_new(struct ms_store_writer *writer, uint64_t term,
                                          const struct ms_pg_statement *statement,
                                          ms_store_count_done *done, void *arg)
{
    struct ms_store_count_op *call =
        ms_store_op_new(writer, sizeof(*call), on_count_row, on_count_done);
    call->on_done = done;
    call->arg = arg;
    ms_store_op_term(&call->op, term);
    ms_store_op_step(&call->op, statement);
    return &call->op;
}
