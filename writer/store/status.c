/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the database knows of the writer's state: one row. And what a gauge shows of Flatpak's
 * refs, which costs more and is asked less often.
 */
#include "writer/store/call.h"

#include <stdio.h>

MS_STORE_STATEMENT(write_status);
MS_STORE_STATEMENT(write_flatpak_doubled);

struct status_call {
    struct ms_store_call base;
    struct ms_store_status status;
    ms_store_status_done *on_done;
    void *arg;
};

static void on_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct ms_store_status *out = &((struct status_call *)base)->status;
    (void)step;
    out->generation = row_u64(row, 0);
    out->term = row_u64(row, 1);
    out->schema_version = (int)row_i64(row, 2);
    (void)snprintf(out->leader_host, sizeof(out->leader_host), "%.*s", MS_STR_ARG(row->columns[3]));
    out->leader_pid = (int)row_i64(row, 4);
    out->leader_since_ms = row_i64(row, 5);
    out->inbox_waiting = row_u64(row, 6);
    out->inbox_dead = row_u64(row, 7);
    out->inbox_oldest_seconds = row_u64(row, 8);
    out->last_complete_scan_ms = row_i64(row, 9);
    out->has_last_scan = !ms_str_is_absent(row->columns[10]);
    out->last_scan = (struct ms_scan_record){
        .id = row_i64(row, 10),
        .complete = row_bool(row, 11),
        .repositories = row_u64(row, 12),
        .tags = row_u64(row, 13),
        .manifests = row_u64(row, 14),
        .added = row_u64(row, 15),
        .removed = row_u64(row, 16),
        .unreadable = row_u64(row, 17),
        .requests = row_u64(row, 18),
    };
    out->last_scan_started_ms = row_i64(row, 19);
    out->last_scan_ended_ms = row_i64(row, 20);
    out->held_repositories = row_u64(row, 21);
    out->held_tags = row_u64(row, 22);
    out->held_since_ms = row_i64(row, 23);
    out->last_collection_ended_ms = row_i64(row, 24);
    out->collected_manifests = row_u64(row, 25);
    out->collected_registry_manifests = row_u64(row, 26);
    out->collected_dry_run = row_u64(row, 27);
    out->repositories = row_u64(row, 28);
    out->tags = row_u64(row, 29);
    out->unreadable = row_u64(row, 30);
    out->wants_scan = row_bool(row, 31);
    out->inbox_unknown_waiting = row_u64(row, 32);
    out->inbox_unknown_oldest_seconds = row_u64(row, 33);
}

static void on_done(struct ms_store_call *base, const struct ms_error *err,
                    const uint64_t *affected)
{
    struct status_call *call = (struct status_call *)base;
    (void)affected;
    call->on_done(err, err == NULL ? &call->status : NULL, call->arg);
}

struct ms_store_call *ms_store_status(struct ms_store_writer *store, ms_store_status_done *done,
                                      void *arg)
{
    struct status_call *call = ms_store_call_new(store, sizeof(*call), on_row, on_done);
    call->on_done = done;
    call->arg = arg;
    ms_store_call_step(&call->base, &write_status);
    return ms_store_call_start(&call->base);
}

struct ms_store_call *ms_store_flatpak_doubled(struct ms_store_writer *store, uint64_t term,
                                               ms_store_count_done *done, void *arg)
{
    return ms_store_call_start(ms_store_call_count(store, term, &write_flatpak_doubled, done, arg));
}
