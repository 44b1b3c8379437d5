/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Garbage collection: what nothing in the database needs any more, what may go from the registry,
 * and what is kept for a while only.
 */
#include "writer/store/call.h"

MS_STORE_STATEMENT(write_collect);
MS_STORE_STATEMENT(write_collect_candidates);
MS_STORE_STATEMENT(write_collect_confirm);
MS_STORE_STATEMENT(write_collection_end);
MS_STORE_STATEMENT(write_prune);
MS_STORE_STATEMENT(write_sizes);

struct collect_call {
    struct ms_store_call base;
    uint64_t count, last_id;
    ms_store_collected *on_done;
    void *arg;
};

static void on_collect_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct collect_call *call = (struct collect_call *)base;
    (void)step;
    call->count = row_u64(row, 0);
    call->last_id = row_u64(row, 1);
}

static void on_collected(struct ms_store_call *base, const struct ms_error *err,
                         const uint64_t *affected)
{
    struct collect_call *call = (struct collect_call *)base;
    (void)affected;
    call->on_done(err, call->count, call->last_id, call->arg);
}

struct ms_store_call *ms_store_collect(struct ms_store_writer *store, uint64_t term,
                                       uint64_t after_id, uint64_t grace_ms, size_t limit,
                                       ms_store_collected *on_done, void *arg)
{
    struct collect_call *call =
        ms_store_call_new(store, sizeof(*call), on_collect_row, on_collected);
    call->on_done = on_done;
    call->arg = arg;
    ms_store_call_term(&call->base, term);
    ms_store_call_step(&call->base, &write_collect);
    ms_store_call_u64(&call->base, after_id);
    ms_store_call_u64(&call->base, grace_ms);
    ms_store_call_u64(&call->base, limit);
    return ms_store_call_start(&call->base);
}

static void on_candidate(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    struct ms_candidate candidate = {.repository = row->columns[0],
                                     .manifest_id = row_u64(row, 1),
                                     .digest = row_digest(row, 2),
                                     .may_delete = row_bool(row, 3)};
    (void)step;
    call->on_row.candidate(&candidate, call->arg);
}

struct ms_store_call *ms_store_collect_candidates(struct ms_store_writer *store, uint64_t grace_ms,
                                                  struct ms_str after_repository, uint64_t after_id,
                                                  size_t limit, ms_store_candidate_row *on_row,
                                                  ms_store_done *on_done, void *arg)
{
    struct rows_call *call =
        ms_store_call_rows(store, &write_collect_candidates, on_candidate, on_done, arg);
    call->on_row.candidate = on_row;
    ms_store_call_u64(&call->base, grace_ms);
    ms_store_call_text(&call->base,
                       ms_str_is_absent(after_repository) ? MS_STR("") : after_repository);
    ms_store_call_u64(&call->base, after_id);
    ms_store_call_u64(&call->base, limit);
    return ms_store_call_start(&call->base);
}

struct ms_store_call *ms_store_collect_confirm(struct ms_store_writer *store, uint64_t grace_ms,
                                               struct ms_str repository,
                                               const struct ms_digest *digests, size_t n_digests,
                                               ms_store_candidate_row *on_row,
                                               ms_store_done *on_done, void *arg)
{
    struct rows_call *call =
        ms_store_call_rows(store, &write_collect_confirm, on_candidate, on_done, arg);
    call->on_row.candidate = on_row;
    ms_store_call_u64(&call->base, grace_ms);
    ms_store_call_text(&call->base, repository);
    ms_store_call_digests(&call->base, digests, n_digests);
    return ms_store_call_start(&call->base);
}

struct ms_store_call *ms_store_collection_end(struct ms_store_writer *store, uint64_t term,
                                              int64_t started_ms, uint64_t manifests,
                                              uint64_t registry_manifests, uint64_t dry_run,
                                              ms_store_done *on_done, void *arg)
{
    struct ms_store_call *base =
        ms_store_call_plain(store, term, &write_collection_end, on_done, arg);
    ms_store_call_i64(base, started_ms);
    ms_store_call_u64(base, manifests);
    ms_store_call_u64(base, registry_manifests);
    ms_store_call_u64(base, dry_run);
    return ms_store_call_start(base);
}

/* --- retention --- */

static void add_age(struct ms_store_call *base, uint64_t age_ms)
{
    if (age_ms > 0)
        ms_store_call_u64(base, age_ms);
    else
        ms_store_call_text(base, MS_STR_ABSENT);
}

struct ms_store_call *ms_store_prune(struct ms_store_writer *store, uint64_t term,
                                     uint64_t changes_ms, uint64_t history_ms,
                                     ms_store_done *on_done, void *arg)
{
    struct ms_store_call *base = ms_store_call_plain(store, term, &write_prune, on_done, arg);
    add_age(base, changes_ms);
    add_age(base, history_ms);
    return ms_store_call_start(base);
}

struct ms_store_call *ms_store_keep_sizes(struct ms_store_writer *store, uint64_t term,
                                          ms_store_done *on_done, void *arg)
{
    return ms_store_call_start(ms_store_call_plain(store, term, &write_sizes, on_done, arg));
}
