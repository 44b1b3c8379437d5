/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Garbage collection: what nothing in the database needs any more, and what may go from the
 * registry.
 */
#include "writer/store/call.h"

MS_STORE_STATEMENT(write_collect);
MS_STORE_STATEMENT(write_collect_candidates);
MS_STORE_STATEMENT(write_collection_end);

enum ms_status ms_store_collect(struct ms_store_writer *store, uint64_t term, uint64_t grace_ms,
                                size_t limit, ms_store_count_done *on_done, void *arg)
{
    struct ms_store_op *op = ms_store_count_op_new(store, term, &write_collect, on_done, arg);
    ms_store_op_u64(op, grace_ms);
    ms_store_op_u64(op, limit);
    return ms_store_op_start(op);
}

struct candidates_op {
    struct ms_store_op op;
    ms_store_candidate_row *on_row;
    ms_store_done *on_done;
    void *arg;
};

static void on_candidate(struct ms_store_op *op, size_t step, const struct ms_pg_row *row)
{
    struct candidates_op *call = (struct candidates_op *)op;
    struct ms_digest digest = ms_store_pg_digest(row, 1);
    (void)step;
    call->on_row(row->columns[0], &digest, call->arg);
}

static void on_candidates(struct ms_store_op *op, const struct ms_error *err,
                          const uint64_t *affected)
{
    struct candidates_op *call = (struct candidates_op *)op;
    (void)affected;
    call->on_done(err, call->arg);
}

enum ms_status ms_store_collect_candidates(struct ms_store_writer *store, uint64_t grace_ms,
                                           struct ms_str after_repository,
                                           const struct ms_digest *after_digest, size_t limit,
                                           ms_store_candidate_row *on_row, ms_store_done *on_done,
                                           void *arg)
{
    struct candidates_op *call = ms_store_op_new(store, sizeof(*call), on_candidate, on_candidates);
    bool from_start = ms_str_is_absent(after_repository) || after_digest == NULL;
    call->on_row = on_row;
    call->on_done = on_done;
    call->arg = arg;
    ms_store_op_step(&call->op, &write_collect_candidates);
    ms_store_op_u64(&call->op, grace_ms);
    ms_store_op_text(&call->op, from_start ? MS_STR("") : after_repository);
    ms_store_op_bytes(&call->op, from_start ? MS_STR("") : ms_digest_bytes(after_digest));
    ms_store_op_u64(&call->op, limit);
    return ms_store_op_start(&call->op);
}

enum ms_status ms_store_collection_end(struct ms_store_writer *store, uint64_t term,
                                       int64_t started_ms, uint64_t manifests,
                                       uint64_t registry_manifests, uint64_t dry_run,
                                       ms_store_done *on_done, void *arg)
{
    struct ms_store_op *op =
        ms_store_plain_op_new(store, term, &write_collection_end, on_done, arg);
    ms_store_op_i64(op, started_ms);
    ms_store_op_u64(op, manifests);
    ms_store_op_u64(op, registry_manifests);
    ms_store_op_u64(op, dry_run);
    return ms_store_op_start(op);
}
