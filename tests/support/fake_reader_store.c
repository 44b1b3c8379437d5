/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader's store without a database.
 */
#include "tests/support/fake_reader_store.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

struct fake_store fake_store;

void fake_store_reset(void)
{
    for (size_t i = 0; i < fake_store.n_reads; i++) {
        struct ms_store_read *read = &fake_store.reads[i];
        for (size_t j = 0; j < read->query.n_params; j++)
            free((char *)(uintptr_t)read->params[j].ptr);
    }
    memset(&fake_store, 0, sizeof(fake_store));
}

bool ms_store_reader_make_room(struct ms_store_reader *store, enum ms_read_class class,
                               unsigned waiting)
{
    (void)store;
    (void)waiting;
    return !fake_store.is_full[class];
}

void ms_store_reader_on_room(struct ms_store_reader *store, ms_loop_call *on_room, void *arg)
{
    (void)store;
    fake_store.on_room = on_room;
    fake_store.on_room_arg = arg;
}

void fake_store_make_room(enum ms_read_class class)
{
    fake_store.is_full[class] = false;
    fake_store.on_room(fake_store.on_room_arg);
}

enum ms_status ms_store_reader_run(struct ms_store_read **out, struct ms_store_reader *store,
                                   const struct ms_store_query *query, struct ms_error *err)
{
    (void)store;
    if (fake_store.refusal != MS_OK) {
        fake_store.n_refused++;
        return ms_error_set(err, fake_store.refusal, "refused");
    }
    ck_assert_uint_lt(fake_store.n_reads, FAKE_STORE_READS_MAX);
    ck_assert_uint_le(query->n_params, FAKE_STORE_PARAMS_MAX);
    struct ms_store_read *read = &fake_store.reads[fake_store.n_reads++];
    *read = (struct ms_store_read){.query = *query};
    for (size_t i = 0; i < query->n_params; i++) {
        struct ms_str param = query->params[i];
        if (!ms_str_is_absent(param))
            read->params[i] = ms_str_n(strndup(param.ptr, param.len), param.len);
    }
    read->query.params = read->params;
    *out = read;
    return MS_OK;
}

void ms_store_read_cancel(struct ms_store_read *read)
{
    if (read != NULL && !read->is_done)
        read->is_cancelled = true;
}

static struct ms_store_read *find_running(size_t n)
{
    ck_assert_uint_lt(n, fake_store.n_reads);
    struct ms_store_read *read = &fake_store.reads[n];
    ck_assert(!read->is_cancelled && !read->is_done);
    return read;
}

void fake_store_row(size_t n, const struct ms_str *columns, size_t n_columns)
{
    struct ms_store_read *read = find_running(n);
    read->query.on_row(columns, n_columns, read->query.arg);
}

void fake_store_end(size_t n, enum ms_status status)
{
    struct ms_store_read *read = find_running(n);
    struct ms_error err;
    if (status != MS_OK)
        (void)ms_error_set(&err, status, "played");
    read->is_done = true;
    read->query.on_done(status == MS_OK ? NULL : &err, read->query.arg);
}
