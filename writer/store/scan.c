/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What scans keep in the database: their own rows, staged tags, removals that wait.
 */
#include "writer/store/call.h"

MS_STORE_STATEMENT(write_scan_begin);
MS_STORE_STATEMENT(write_scan_end);
MS_STORE_STATEMENT(write_stage);
MS_STORE_STATEMENT(write_removals_hold);
MS_STORE_STATEMENT(write_removals_drop);
MS_STORE_STATEMENT(write_removals_count);
MS_STORE_STATEMENT(write_removals_after);

/* --- begin and end --- */

struct begin_call {
    struct ms_store_call base;
    int64_t scan_id;
    ms_store_scan_begun *on_done;
    void *arg;
};

static void on_begin_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    (void)step;
    ((struct begin_call *)base)->scan_id = row_i64(row, 0);
}

static void on_begun(struct ms_store_call *base, const struct ms_error *err,
                     const uint64_t *affected)
{
    struct begin_call *call = (struct begin_call *)base;
    (void)affected;
    call->on_done(err, err == NULL ? call->scan_id : 0, call->arg);
}

struct ms_store_call *ms_store_scan_begin(struct ms_store_writer *store, uint64_t term,
                                          ms_store_scan_begun *on_done, void *arg)
{
    struct begin_call *call = ms_store_call_new(store, sizeof(*call), on_begin_row, on_begun);
    call->on_done = on_done;
    call->arg = arg;
    ms_store_call_term(&call->base, term);
    ms_store_call_step(&call->base, &write_scan_begin);
    return ms_store_call_start(&call->base);
}

struct ms_store_call *ms_store_scan_end(struct ms_store_writer *store, uint64_t term,
                                        const struct ms_scan_record *scan, ms_store_done *on_done,
                                        void *arg)
{
    struct ms_store_call *base = ms_store_call_plain(store, term, &write_scan_end, on_done, arg);
    ms_store_call_i64(base, scan->id);
    ms_store_call_bool(base, scan->complete);
    ms_store_call_u64(base, scan->repositories);
    ms_store_call_u64(base, scan->tags);
    ms_store_call_u64(base, scan->manifests);
    ms_store_call_u64(base, scan->added);
    ms_store_call_u64(base, scan->removed);
    ms_store_call_u64(base, scan->unreadable);
    ms_store_call_u64(base, scan->requests);
    ms_store_call_text(base, scan->error);
    return ms_store_call_start(base);
}

/* --- staged tags --- */

struct ms_store_call *ms_store_stage(struct ms_store_writer *store, uint64_t term,
                                     struct ms_str repository, const struct ms_tag_record *tags,
                                     size_t n_tags, ms_store_done *on_done, void *arg)
{
    struct ms_store_call *base = ms_store_call_plain(store, term, &write_stage, on_done, arg);
    ms_store_call_text(base, repository);
    struct ms_buf *names = ms_store_call_array(base);
    struct ms_buf *digests = ms_store_call_array(base);
    struct ms_buf *reasons = ms_store_call_array(base);
    for (size_t i = 0; i < n_tags; i++) {
        ms_store_add_text(names, tags[i].name);
        ms_store_add_digest(digests, &tags[i].digest);
        ms_store_add_text(reasons, tags[i].unreadable);
    }
    return ms_store_call_start(base);
}

/* --- removals --- */

struct ms_store_call *ms_store_removals_hold(struct ms_store_writer *store, uint64_t term,
                                             int64_t scan_id,
                                             const struct ms_removal_record *removals,
                                             size_t n_removals, ms_store_done *on_done, void *arg)
{
    struct ms_store_call *base =
        ms_store_call_plain(store, term, &write_removals_hold, on_done, arg);
    ms_store_call_i64(base, scan_id);
    struct ms_buf *repositories = ms_store_call_array(base);
    struct ms_buf *tags = ms_store_call_array(base);
    for (size_t i = 0; i < n_removals; i++) {
        struct ms_str tag = removals[i].tag;
        ms_store_add_text(repositories, removals[i].repository);
        ms_store_add_text(tags, ms_str_is_absent(tag) ? MS_STR("") : tag);
    }
    return ms_store_call_start(base);
}

struct removals_count_call {
    struct ms_store_call base;
    struct ms_removal_counts counts;
    ms_store_removals_counted *on_done;
    void *arg;
};

static void on_counts_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct removals_count_call *call = (struct removals_count_call *)base;
    (void)step;
    call->counts = (struct ms_removal_counts){
        .repositories = row_u64(row, 0),
        .tags = row_u64(row, 1),
        .all_repositories = row_u64(row, 2),
        .all_tags = row_u64(row, 3),
    };
}

static void on_counted(struct ms_store_call *base, const struct ms_error *err,
                       const uint64_t *affected)
{
    struct removals_count_call *call = (struct removals_count_call *)base;
    (void)affected;
    call->on_done(err, err == NULL ? &call->counts : NULL, call->arg);
}

struct ms_store_call *ms_store_removals_count(struct ms_store_writer *store, uint64_t term,
                                              int64_t scan_id, ms_store_removals_counted *on_done,
                                              void *arg)
{
    struct removals_count_call *call =
        ms_store_call_new(store, sizeof(*call), on_counts_row, on_counted);
    call->on_done = on_done;
    call->arg = arg;
    ms_store_call_term(&call->base, term);
    ms_store_call_step(&call->base, &write_removals_drop);
    ms_store_call_i64(&call->base, scan_id);
    ms_store_call_step(&call->base, &write_removals_count);
    return ms_store_call_start(&call->base);
}

static void on_removal_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    (void)step;
    call->on_row.repository(row->columns[0], call->arg);
}

struct ms_store_call *ms_store_removals_after(struct ms_store_writer *store, struct ms_str after,
                                              int64_t before_ms, size_t limit,
                                              ms_store_repository_row *on_row,
                                              ms_store_done *on_done, void *arg)
{
    struct rows_call *call =
        ms_store_call_rows(store, &write_removals_after, on_removal_row, on_done, arg);
    call->on_row.repository = on_row;
    ms_store_call_text(&call->base, ms_str_is_absent(after) ? MS_STR("") : after);
    ms_store_call_i64(&call->base, before_ms);
    ms_store_call_u64(&call->base, limit);
    return ms_store_call_start(&call->base);
}
