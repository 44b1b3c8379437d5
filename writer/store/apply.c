/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one short transaction that makes a repository's changes visible: arrays for the SQL function
 * apply(), which does it all.
 */
#include "common/base/clock.h"
#include "common/runtime/metrics.h"
#include "writer/store/call.h"

MS_STORE_STATEMENT(write_apply);

struct apply_call {
    struct ms_store_call base;
    struct ms_apply_result result;
    int64_t started_us;
    ms_store_apply_done *on_done;
    void *arg;
};

static void on_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct apply_call *call = (struct apply_call *)base;
    (void)step;
    call->result = (struct ms_apply_result){
        .generation = row_u64(row, 0),
        .tags_changed = row_u64(row, 1),
        .tags_removed = row_u64(row, 2),
    };
}

static void on_done(struct ms_store_call *base, const struct ms_error *err,
                    const uint64_t *affected)
{
    struct apply_call *call = (struct apply_call *)base;
    (void)affected;
    if (err == NULL)
        ms_metrics_observe(MS_METRIC_APPLY_SECONDS, NULL,
                           (double)(ms_clock_mono_us() - call->started_us) / 1e6);
    call->on_done(err, err == NULL ? &call->result : NULL, call->arg);
}

struct ms_store_call *ms_store_apply(struct ms_store_writer *store, const struct ms_apply *apply,
                                     ms_store_apply_done *done, void *arg)
{
    struct apply_call *call = ms_store_call_new(store, sizeof(*call), on_row, on_done);
    struct ms_store_call *base = &call->base;
    call->on_done = done;
    call->arg = arg;
    call->started_us = ms_clock_mono_us();
    ms_store_call_step(base, &write_apply); /* checks the term itself */
    ms_store_call_u64(base, apply->term);
    ms_store_call_text(base, apply->repository);
    ms_store_call_bool(base, apply->from_scan);
    ms_store_call_bool(base, apply->staged);
    struct ms_buf *names = ms_store_call_array(base);
    struct ms_buf *digests = ms_store_call_array(base);
    struct ms_buf *reasons = ms_store_call_array(base);
    struct ms_buf *times = ms_store_call_array(base);
    struct ms_buf *actors = ms_store_call_array(base);
    for (size_t i = 0; i < apply->n_tags; i++) {
        const struct ms_tag_record *tag = &apply->tags[i];
        ms_store_add_text(names, tag->name);
        ms_store_add_digest(digests, &tag->digest);
        ms_store_add_text(reasons, tag->unreadable);
        ms_store_add_time(times, tag->event_time_ms);
        ms_store_add_text(actors, tag->actor);
    }
    ms_store_call_texts(base, apply->removed_tags, apply->n_removed_tags);
    struct ms_buf *held = ms_store_call_array(base);
    struct ms_buf *held_reasons = ms_store_call_array(base);
    for (size_t i = 0; i < apply->n_held; i++) {
        ms_store_add_digest(held, &apply->held[i].digest);
        ms_store_add_text(held_reasons, apply->held[i].unreadable);
    }
    ms_store_call_digests(base, apply->gone, apply->n_gone);
    ms_store_call_i64(base, apply->removals_before_ms);
    ms_store_call_ids(base, apply->events_done, apply->n_events_done);
    return ms_store_call_start(base);
}
