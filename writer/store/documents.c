/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents that an older version of the program stored: what they were made from.
 */
#include "writer/store/call.h"

MS_STORE_STATEMENT(write_documents_old);
MS_STORE_STATEMENT(write_documents_end);

enum { DOCUMENTS_BATCH_BYTES = 1024 * 1024 };

static void on_old(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    struct ms_old_document old = {
        .media_type = row->columns[2],
        .raw = row->columns[3],
        .config_raw = row->columns[4],
        .repository = row->columns[5],
    };
    (void)step;
    if (ms_str_to_u64(&old.id, row->columns[0]) == MS_OK &&
        ms_digest_from_bytes(&old.digest, row->columns[1]) == MS_OK)
        call->on_row.old_document(&old, call->arg);
}

struct ms_store_call *ms_store_documents_old(struct ms_store_writer *store, uint64_t after_id,
                                             ms_store_old_document_row *on_row,
                                             ms_store_done *on_done, void *arg)
{
    struct rows_call *call = ms_store_call_rows(store, &write_documents_old, on_old, on_done, arg);
    call->on_row.old_document = on_row;
    call->base.binary_results = true;
    ms_store_call_u64(&call->base, after_id);
    ms_store_call_i64(&call->base, MS_DOCUMENT_VERSION);
    ms_store_call_u64(&call->base, MS_OLD_DOCUMENTS_MAX);
    ms_store_call_u64(&call->base, DOCUMENTS_BATCH_BYTES);
    return ms_store_call_start(&call->base);
}

struct ms_store_call *ms_store_documents_end(struct ms_store_writer *store, uint64_t term,
                                             bool are_changed, ms_store_done *on_done, void *arg)
{
    struct ms_store_call *base =
        ms_store_call_plain(store, term, &write_documents_end, on_done, arg);
    ms_store_call_u64(base, term);
    ms_store_call_i64(base, MS_DOCUMENT_VERSION);
    ms_store_call_bool(base, are_changed);
    return ms_store_call_start(base);
}
