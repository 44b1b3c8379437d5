/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's store on PostgreSQL: its life, and how a call is made, run, run again, ended and
 * cancelled. What the calls say is in store/apply.c and its neighbours.
 *
 * Always holds: a call is in the writer's list exactly as long as its callback will come. It leaves
 * the list before that, so that the callback may free the writer.
 */
#include "writer/store/call.h"

#include "common/base/alloc.h"
#include "common/pg/array.h"
#include "common/pg/link.h"
#include "common/runtime/log.h"
#include "writer/store/migrate.h"

#include <stdlib.h>
#include <string.h>

MS_STORE_STATEMENT(write_require_term);

enum {
    PIPELINE_DEPTH = 4, /* latency matters more than connections: few batches behind each other */
    CONFLICTS_MAX = 5,  /* then the call fails, and whoever made it tries again later */
};

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

/* It calls back no more; its parameters are of no use to anybody. */
static void leave(struct ms_store_call *base)
{
    *base->link = base->next;
    if (base->next != NULL)
        base->next->link = base->link;
    for (size_t i = 0; i < base->n_params; i++)
        ms_buf_free(&base->params[i].value);
    base->n_params = 0;
}

/* A refused call is freed by the turn that would have told the refusal. */
static void discard(struct ms_store_call *base)
{
    leave(base);
    ms_store_migration_cancel(base->migration);
    if (base->refusal.status != MS_OK)
        base->is_cancelled = true;
    else
        ms_loop_defer_free(base->writer->loop, base);
}

void ms_store_call_cancel(struct ms_store_call *call)
{
    if (call == NULL)
        return;
    ms_pg_ticket_cancel(call->ticket);
    discard(call);
}

void ms_store_writer_free(struct ms_store_writer *writer)
{
    if (writer == NULL)
        return;
    ms_pg_pool_free(writer->pool);
    while (writer->calls != NULL)
        discard(writer->calls);
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

void ms_store_writer_renew(struct ms_store_writer *writer)
{
    ms_pg_pool_renew(writer->pool, false);
}

void ms_store_writer_on_idle(struct ms_store_writer *writer, ms_loop_call *on_idle, void *arg)
{
    ms_pg_pool_on_idle(writer->pool, on_idle, arg);
}

/* --- making a call --- */

void *ms_store_call_new(struct ms_store_writer *writer, size_t size, ms_store_call_row *on_row,
                        ms_store_call_done *on_done)
{
    struct ms_store_call *base = ms_alloc(size);
    base->writer = writer;
    base->on_row = on_row;
    base->on_done = on_done;
    return base;
}

static void close_arrays(struct ms_store_call *base)
{
    for (size_t i = 0; i < base->n_params; i++) {
        if (base->params[i].is_open_array)
            ms_pg_array_end(&base->params[i].value);
        base->params[i].is_open_array = false;
    }
}

void ms_store_call_step(struct ms_store_call *base, const struct ms_pg_statement *statement)
{
    close_arrays(base);
    if (base->n_steps == MS_STORE_CALL_STEPS_MAX)
        abort();
    base->steps[base->n_steps++] =
        (struct ms_pg_step){.statement = statement, .params = &base->views[base->n_params]};
}

void ms_store_call_term(struct ms_store_call *base, uint64_t term)
{
    ms_store_call_step(base, &write_require_term);
    ms_store_call_u64(base, term);
    base->first_step = 1;
}

static struct ms_store_call_param *add_param(struct ms_store_call *base)
{
    if (base->n_params == MS_STORE_CALL_PARAMS_MAX || base->n_steps == 0)
        abort();
    struct ms_store_call_param *param = &base->params[base->n_params++];
    ms_buf_init(&param->value, MS_STORE_CALL_PARAM_MAX_BYTES);
    base->steps[base->n_steps - 1].n_params++;
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

void ms_store_call_text(struct ms_store_call *base, struct ms_str text)
{
    struct ms_store_call_param *param = add_param(base);
    param->is_null = ms_str_is_absent(text);
    append_storable(&param->value, text);
}

void ms_store_call_i64(struct ms_store_call *base, int64_t value)
{
    ms_buf_append_i64(&add_param(base)->value, value);
}

void ms_store_call_u64(struct ms_store_call *base, uint64_t value)
{
    ms_store_call_i64(base, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

void ms_store_call_bool(struct ms_store_call *base, bool value)
{
    ms_buf_append_char(&add_param(base)->value, value ? 't' : 'f');
}

void ms_store_call_bytes(struct ms_store_call *base, struct ms_str bytes)
{
    struct ms_store_call_param *param = add_param(base);
    param->is_null = ms_str_is_absent(bytes);
    param->is_binary = true;
    ms_buf_append(&param->value, bytes);
}

struct ms_buf *ms_store_call_array(struct ms_store_call *base)
{
    struct ms_store_call_param *param = add_param(base);
    param->is_open_array = true;
    ms_pg_array_begin(&param->value);
    return &param->value;
}

void ms_store_call_ids(struct ms_store_call *base, const int64_t *ids, size_t n_ids)
{
    struct ms_buf *array = ms_store_call_array(base);
    for (size_t i = 0; i < n_ids; i++)
        ms_pg_array_i64(array, ids[i]);
}

void ms_store_call_digests(struct ms_store_call *base, const struct ms_digest *digests, size_t n)
{
    struct ms_buf *array = ms_store_call_array(base);
    for (size_t i = 0; i < n; i++)
        ms_store_add_digest(array, &digests[i]);
}

void ms_store_call_texts(struct ms_store_call *base, const struct ms_str *texts, size_t n)
{
    struct ms_buf *array = ms_store_call_array(base);
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
    ms_buf_init(&storable, MS_STORE_CALL_PARAM_MAX_BYTES);
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
    struct ms_store_call *base = arg;
    if (statement >= base->first_step && base->on_row != NULL)
        base->on_row(base, statement - base->first_step, row);
}

static void on_done(const struct ms_pg_outcome *outcome, void *arg);

static enum ms_status run(struct ms_store_call *base, struct ms_error *err)
{
    return ms_pg_pool_run(&base->ticket, base->writer->pool,
                          &(struct ms_pg_batch){
                              .steps = base->steps,
                              .n_steps = base->n_steps,
                              .binary_results = base->binary_results,
                              .row_by_row = base->stream,
                              .on_row = on_row,
                              .on_done = on_done,
                              .arg = base,
                          },
                          err);
}

static void end(struct ms_store_call *base, const struct ms_error *err, const uint64_t *affected)
{
    struct ms_loop *loop = base->writer->loop;
    leave(base);
    base->on_done(base, err, affected);
    ms_loop_defer_free(loop, base);
}

static void on_done(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_call *base = arg;
    struct ms_error err;
    enum ms_status status = row_status(&err, outcome);
    base->ticket = NULL;
    if (status == MS_DEPOSED) /* or this server leads no more, and another one has the term */
        ms_pg_pool_renew(base->writer->pool, true);
    if (status == MS_CONFLICT && base->n_conflicts < CONFLICTS_MAX && !base->stream) {
        /* It met another transaction (a deadlock, a row that came or went): the next time it
         * finds what the other one did, and may meet the next one. */
        base->n_conflicts++;
        if (run(base, NULL) == MS_OK)
            return;
    }
    if (status == MS_PROTOCOL) /* whoever called takes it for a failure like others */
        ms_log(MS_LOG_ERROR, "a statement is faulty, or the database is",
               MS_FIELDS(ms_field_error(&err)));
    end(base, status == MS_OK ? NULL : &err,
        status == MS_OK ? outcome->affected + base->first_step : NULL);
}

static void on_refused(void *arg)
{
    struct ms_store_call *base = arg;
    if (base->is_cancelled)
        free(base); /* the writer may be gone */
    else
        end(base, &base->refusal, NULL);
}

static void enter(struct ms_store_call *base)
{
    base->next = base->writer->calls;
    base->link = &base->writer->calls;
    if (base->next != NULL)
        base->next->link = &base->next;
    base->writer->calls = base;
}

/* Views of the finished buffers; MS_TOO_LARGE, told in base->refusal, when one overflowed. */
static enum ms_status make_views(struct ms_store_call *base)
{
    close_arrays(base);
    for (size_t i = 0; i < base->n_params; i++) {
        struct ms_store_call_param *param = &base->params[i];
        enum ms_status status = ms_buf_status(&param->value);
        if (status != MS_OK)
            return ms_error_set(&base->refusal, status,
                                "a parameter is larger than the database takes");
        struct ms_str value = ms_buf_view(&param->value);
        if (param->is_null)
            value = MS_STR_ABSENT;
        else if (ms_str_is_absent(value))
            value = MS_STR("");
        base->views[i] = (struct ms_pg_param){.value = value, .binary = param->is_binary};
    }
    return MS_OK;
}

struct ms_store_call *ms_store_call_start(struct ms_store_call *base)
{
    enter(base);
    if (make_views(base) != MS_OK || run(base, &base->refusal) != MS_OK)
        ms_loop_defer(base->writer->loop, on_refused, base);
    return base;
}

/* --- common kinds of calls --- */

static void on_plain_done(struct ms_store_call *base, const struct ms_error *err,
                          const uint64_t *affected)
{
    struct plain_call *call = (struct plain_call *)base;
    (void)affected;
    call->on_done(err, call->arg);
}

struct ms_store_call *ms_store_call_plain(struct ms_store_writer *writer, uint64_t term,
                                          const struct ms_pg_statement *statement,
                                          ms_store_done *done, void *arg)
{
    struct plain_call *call = ms_store_call_new(writer, sizeof(*call), NULL, on_plain_done);
    call->on_done = done;
    call->arg = arg;
    ms_store_call_term(&call->base, term);
    ms_store_call_step(&call->base, statement);
    return &call->base;
}

static void on_rows_done(struct ms_store_call *base, const struct ms_error *err,
                         const uint64_t *affected)
{
    struct rows_call *call = (struct rows_call *)base;
    (void)affected;
    call->on_done(err, call->arg);
}

struct rows_call *ms_store_call_rows(struct ms_store_writer *writer,
                                     const struct ms_pg_statement *statement,
                                     ms_store_call_row *take, ms_store_done *done, void *arg)
{
    struct rows_call *call = ms_store_call_new(writer, sizeof(*call), take, on_rows_done);
    call->on_done = done;
    call->arg = arg;
    ms_store_call_step(&call->base, statement);
    return call;
}

static void on_count_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    (void)step;
    ((struct count_call *)base)->count = row_u64(row, 0);
}

static void on_count_done(struct ms_store_call *base, const struct ms_error *err,
                          const uint64_t *affected)
{
    struct count_call *call = (struct count_call *)base;
    (void)affected;
    call->on_done(err, err == NULL ? call->count : 0, call->arg);
}

struct ms_store_call *ms_store_call_count(struct ms_store_writer *writer, uint64_t term,
                                          const struct ms_pg_statement *statement,
                                          ms_store_count_done *done, void *arg)
{
    struct count_call *call = ms_store_call_new(writer, sizeof(*call), on_count_row, on_count_done);
    call->on_done = done;
    call->arg = arg;
    ms_store_call_term(&call->base, term);
    ms_store_call_step(&call->base, statement);
    return &call->base;
}

/* --- a migration, on a session of its own --- */

static void on_migrated(const struct ms_error *err, void *arg)
{
    struct plain_call *call = arg;
    call->base.migration = NULL;
    end(&call->base, err, NULL);
}

struct ms_store_call *ms_store_migrate(struct ms_store_writer *writer, ms_store_done *done,
                                       void *arg)
{
    struct plain_call *call = ms_store_call_new(writer, sizeof(*call), NULL, on_plain_done);
    call->on_done = done;
    call->arg = arg;
    call->base.migration = ms_store_migration_start(writer->loop, writer->conninfo,
                                                    writer->application_name, on_migrated, call);
    enter(&call->base);
    return &call->base;
}
