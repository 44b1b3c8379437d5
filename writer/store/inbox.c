/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox: events in, due ones out, later or never again; dead letters; pulls; forgetting what is
 * old.
 */
#include "common/pg/array.h"
#include "writer/store/call.h"

MS_STORE_STATEMENT(write_inbox_instances);
MS_STORE_STATEMENT(write_inbox_put);
MS_STORE_STATEMENT(write_scan_wanted);
MS_STORE_STATEMENT(write_inbox_due);
MS_STORE_STATEMENT(write_inbox_next_due);
MS_STORE_STATEMENT(write_inbox_load);
MS_STORE_STATEMENT(write_inbox_postpone);
MS_STORE_STATEMENT(write_inbox_bury);
MS_STORE_STATEMENT(write_dead_list);
MS_STORE_STATEMENT(write_dead_retry);
MS_STORE_STATEMENT(write_pulls_collect);

/* Pull events that one call turns into counts; what is left waits for the next call. */
enum { PULLS_BATCH = 100000 };

/* --- put --- */

struct put_call {
    struct ms_store_call base;
    size_t instances_step; /* the steps that there are */
    bool has_instances, has_new_instance;
    uint64_t n_new;
    ms_store_inbox_put_done *on_done;
    void *arg;
};

static void on_put_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct put_call *call = (struct put_call *)base;
    if (call->has_instances && step == call->instances_step)
        call->has_new_instance = true;
    else
        call->n_new = row_u64(row, 0);
}

static void on_put(struct ms_store_call *base, const struct ms_error *err, const uint64_t *affected)
{
    struct put_call *call = (struct put_call *)base;
    (void)affected;
    if (err != NULL)
        call->on_done(err, 0, false, call->arg);
    else
        call->on_done(NULL, (size_t)call->n_new, call->has_new_instance, call->arg);
}

/* A crash of the server may cost the pulls of its last moments, but no event of a change, nothing
 * that an operator is to see, and no reason for a scan. */
static bool are_counts_alone(const struct ms_event_record *events, size_t n, bool wants_scan)
{
    for (size_t i = 0; i < n; i++) {
        if (!ms_str_equal(events[i].action, MS_STR("pull")) || !ms_str_is_absent(events[i].fault) ||
            !ms_str_is_absent(events[i].instance_id))
            return false;
    }
    return !wants_scan;
}

static void add_events(struct ms_store_call *base, const struct ms_event_record *events, size_t n,
                       bool may_be_undone)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++)
        n_kept += ms_event_is_kept(&events[i]);
    if (n_kept == 0)
        return;
    ms_store_call_step(base, &write_inbox_put);
    struct ms_buf *ids = ms_store_call_array(base);
    struct ms_buf *actions = ms_store_call_array(base);
    struct ms_buf *repositories = ms_store_call_array(base);
    struct ms_buf *tags = ms_store_call_array(base);
    struct ms_buf *digests = ms_store_call_array(base);
    struct ms_buf *times = ms_store_call_array(base);
    struct ms_buf *actors = ms_store_call_array(base);
    struct ms_buf *bodies = ms_store_call_array(base);
    struct ms_buf *faults = ms_store_call_array(base);
    for (size_t i = 0; i < n; i++) {
        if (!ms_event_is_kept(&events[i]))
            continue;
        ms_store_add_text(ids, events[i].event_id);
        ms_store_add_text(actions, events[i].action);
        ms_store_add_text(repositories, events[i].repository);
        ms_store_add_text(tags, events[i].tag);
        ms_store_add_digest(digests, &events[i].digest);
        ms_store_add_time(times, events[i].event_time_ms);
        ms_store_add_text(actors, events[i].actor);
        ms_store_add_bytes(bodies, events[i].body);
        ms_store_add_text(faults, events[i].fault);
    }
    ms_store_call_bool(base, may_be_undone);
}

static void add_instances(struct put_call *call, const struct ms_event_record *events, size_t n)
{
    struct ms_buf *instances = NULL;
    for (size_t i = 0; i < n; i++) {
        if (ms_str_is_absent(events[i].instance_id))
            continue;
        if (instances == NULL) {
            call->instances_step = call->base.n_steps - call->base.first_step;
            ms_store_call_step(&call->base, &write_inbox_instances);
            instances = ms_store_call_array(&call->base);
        }
        ms_store_add_text(instances, events[i].instance_id);
    }
    call->has_instances = instances != NULL;
}

struct ms_store_call *ms_store_inbox_put(struct ms_store_writer *store, uint64_t term,
                                         const struct ms_event_record *events, size_t n_events,
                                         bool wants_scan, ms_store_inbox_put_done *on_done,
                                         void *arg)
{
    struct put_call *call = ms_store_call_new(store, sizeof(*call), on_put_row, on_put);
    call->on_done = on_done;
    call->arg = arg;
    ms_store_call_term(&call->base, term);
    add_events(&call->base, events, n_events, are_counts_alone(events, n_events, wants_scan));
    add_instances(call, events, n_events);
    if (wants_scan)
        ms_store_call_step(&call->base, &write_scan_wanted);
    return ms_store_call_start(&call->base);
}

struct ms_store_call *ms_store_scan_want(struct ms_store_writer *store, uint64_t term,
                                         ms_store_done *on_done, void *arg)
{
    return ms_store_call_start(ms_store_call_plain(store, term, &write_scan_wanted, on_done, arg));
}

/* --- due --- */

struct due_call {
    struct ms_store_call base;
    int64_t next_due_ms;
    ms_store_due_row *on_row;
    ms_store_due_done *on_done;
    void *arg;
};

static void on_due_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct due_call *call = (struct due_call *)base;
    if (step == 0)
        call->on_row(row->columns[0], (enum ms_due_kind)row_u64(row, 1), call->arg);
    else if (!ms_str_is_absent(row->columns[0]))
        call->next_due_ms = row_i64(row, 0);
}

static void on_due(struct ms_store_call *base, const struct ms_error *err, const uint64_t *affected)
{
    struct due_call *call = (struct due_call *)base;
    (void)affected;
    call->on_done(err, err == NULL ? call->next_due_ms : -1, call->arg);
}

struct ms_store_call *ms_store_inbox_due(struct ms_store_writer *store, struct ms_str after,
                                         size_t limit, ms_store_due_row *on_row,
                                         ms_store_due_done *on_done, void *arg)
{
    struct due_call *call = ms_store_call_new(store, sizeof(*call), on_due_row, on_due);
    call->next_due_ms = -1;
    call->on_row = on_row;
    call->on_done = on_done;
    call->arg = arg;
    ms_store_call_step(&call->base, &write_inbox_due);
    ms_store_call_text(&call->base, after);
    ms_store_call_u64(&call->base, limit);
    ms_store_call_step(&call->base, &write_inbox_next_due);
    return ms_store_call_start(&call->base);
}

/* --- load --- */

static void on_load_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    (void)step;
    struct ms_inbox_row event = {
        .id = row_i64(row, 0),
        .attempts = (unsigned)row_u64(row, 1),
        .age_ms = row_i64(row, 2),
        .is_due = row_bool(row, 10),
        .is_of_unknown_repository = row_bool(row, 11),
        .event = {.event_id = row->columns[3],
                  .action = row->columns[4],
                  .repository = row->columns[5],
                  .tag = row->columns[6],
                  .digest = row_digest(row, 7),
                  .event_time_ms = row_i64(row, 8),
                  .actor = row->columns[9]},
    };
    call->on_row.event(&event, call->arg);
}

struct ms_store_call *ms_store_inbox_load(struct ms_store_writer *store, struct ms_str repository,
                                          size_t limit, ms_store_inbox_row *on_row,
                                          ms_store_done *on_done, void *arg)
{
    struct rows_call *call =
        ms_store_call_rows(store, &write_inbox_load, on_load_row, on_done, arg);
    call->on_row.event = on_row;
    ms_store_call_text(&call->base, repository);
    ms_store_call_u64(&call->base, limit);
    return ms_store_call_start(&call->base);
}

/* --- later, or never --- */

struct ms_store_call *ms_store_inbox_postpone(struct ms_store_writer *store, uint64_t term,
                                              const struct ms_inbox_delay *delays, size_t n_delays,
                                              ms_store_done *on_done, void *arg)
{
    struct ms_store_call *base =
        ms_store_call_plain(store, term, &write_inbox_postpone, on_done, arg);
    struct ms_buf *ids = ms_store_call_array(base);
    struct ms_buf *pauses = ms_store_call_array(base);
    for (size_t i = 0; i < n_delays; i++) {
        ms_pg_array_i64(ids, delays[i].id);
        ms_pg_array_i64(pauses, (int64_t)delays[i].delay_ms);
    }
    return ms_store_call_start(base);
}

struct ms_store_call *ms_store_inbox_bury(struct ms_store_writer *store, uint64_t term,
                                          const int64_t *ids, size_t n_ids, struct ms_str reason,
                                          ms_store_done *on_done, void *arg)
{
    struct ms_store_call *base = ms_store_call_plain(store, term, &write_inbox_bury, on_done, arg);
    ms_store_call_ids(base, ids, n_ids);
    ms_store_call_text(base, reason);
    return ms_store_call_start(base);
}

/* --- dead letters --- */

static void on_dead_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    (void)step;
    struct ms_dead_letter letter = {
        .id = row->columns[0],
        .died = row->columns[1],
        .action = row->columns[2],
        .repository = row->columns[3],
        .tag = row->columns[4],
        .digest = row->columns[5],
        .reason = row->columns[6],
    };
    call->on_row.dead_letter(&letter, call->arg);
}

struct ms_store_call *ms_store_dead_list(struct ms_store_writer *store, ms_store_dead_row *on_row,
                                         ms_store_done *on_done, void *arg)
{
    struct rows_call *call = ms_store_call_rows(store, &write_dead_list, on_dead_row, on_done, arg);
    call->on_row.dead_letter = on_row;
    call->base.stream = true;
    return ms_store_call_start(&call->base);
}

struct retry_call {
    struct ms_store_call base;
    uint64_t n_back, n_left;
    ms_store_dead_retried *on_done;
    void *arg;
};

static void on_retry_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct retry_call *call = (struct retry_call *)base;
    (void)step;
    call->n_back = row_u64(row, 0);
    call->n_left = row_u64(row, 1);
}

static void on_retried(struct ms_store_call *base, const struct ms_error *err,
                       const uint64_t *affected)
{
    struct retry_call *call = (struct retry_call *)base;
    (void)affected;
    call->on_done(err, call->n_back, call->n_left, call->arg);
}

struct ms_store_call *ms_store_dead_retry(struct ms_store_writer *store,
                                          ms_store_dead_retried *on_done, void *arg)
{
    struct retry_call *call = ms_store_call_new(store, sizeof(*call), on_retry_row, on_retried);
    call->on_done = on_done;
    call->arg = arg;
    ms_store_call_step(&call->base, &write_dead_retry);
    return ms_store_call_start(&call->base);
}

/* --- pulls --- */

struct ms_store_call *ms_store_pulls_collect(struct ms_store_writer *store, uint64_t term,
                                             ms_store_count_done *on_done, void *arg)
{
    struct ms_store_call *base =
        ms_store_call_count(store, term, &write_pulls_collect, on_done, arg);
    ms_store_call_u64(base, PULLS_BATCH);
    return ms_store_call_start(base);
}
