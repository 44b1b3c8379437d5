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
MS_STORE_STATEMENT(write_prune);

/* Pull events that one call turns into counts; what is left waits for the next call. */
enum { PULLS_BATCH = 100000 };

/* --- put --- */

struct put_op {
    struct ms_store_op op;
    size_t instances_step; /* the steps that there are */
    bool has_instances;
    uint64_t n_new;
    ms_store_inbox_put_done *on_done;
    void *arg;
};

static void on_put_row(struct ms_store_op *op, size_t step, const struct ms_pg_row *row)
{
    (void)step;
    ((struct put_op *)op)->n_new = ms_store_pg_u64(row, 0);
}

static void on_put(struct ms_store_op *op, const struct ms_error *err, const uint64_t *affected)
{
    struct put_op *call = (struct put_op *)op;
    if (err != NULL)
        call->on_done(err, 0, false, call->arg);
    else
        call->on_done(NULL, (size_t)call->n_new,
                      call->has_instances && affected[call->instances_step] > 0, call->arg);
}

static bool is_kept(const struct ms_event_record *event)
{
    return !ms_str_is_absent(event->event_id);
}

static void add_what(struct ms_store_op *op, const struct ms_event_record *events, size_t n)
{
    struct ms_buf *ids = ms_store_op_array(op);
    struct ms_buf *actions = ms_store_op_array(op);
    struct ms_buf *repositories = ms_store_op_array(op);
    struct ms_buf *tags = ms_store_op_array(op);
    struct ms_buf *digests = ms_store_op_array(op);
    struct ms_buf *blobs = ms_store_op_array(op);
    for (size_t i = 0; i < n; i++) {
        if (!is_kept(&events[i]))
            continue;
        ms_store_add_text(ids, events[i].event_id);
        ms_store_add_text(actions, events[i].action);
        ms_store_add_text(repositories, events[i].repository);
        ms_store_add_text(tags, events[i].tag);
        ms_store_add_digest(digests, &events[i].digest);
        ms_store_add_bool(blobs, events[i].is_blob);
    }
}

static void add_circumstances(struct ms_store_op *op, const struct ms_event_record *events,
                              size_t n)
{
    struct ms_buf *times = ms_store_op_array(op);
    struct ms_buf *actors = ms_store_op_array(op);
    struct ms_buf *bodies = ms_store_op_array(op);
    struct ms_buf *faults = ms_store_op_array(op);
    for (size_t i = 0; i < n; i++) {
        if (!is_kept(&events[i]))
            continue;
        ms_store_add_time(times, events[i].event_time_ms);
        ms_store_add_text(actors, events[i].actor);
        ms_store_add_bytes(bodies, events[i].body);
        ms_store_add_text(faults, events[i].fault);
    }
}

static void add_events(struct put_op *call, const struct ms_event_record *events, size_t n)
{
    bool has_kept = false;
    for (size_t i = 0; i < n && !has_kept; i++)
        has_kept = is_kept(&events[i]);
    if (!has_kept)
        return;
    ms_store_op_step(&call->op, &write_inbox_put);
    add_what(&call->op, events, n);
    add_circumstances(&call->op, events, n);
}

static void add_instances(struct put_op *call, const struct ms_event_record *events, size_t n)
{
    struct ms_buf *instances = NULL;
    for (size_t i = 0; i < n; i++) {
        if (ms_str_is_absent(events[i].instance_id))
            continue;
        if (instances == NULL) {
            call->instances_step = call->op.n_steps - call->op.first_step;
            ms_store_op_step(&call->op, &write_inbox_instances);
            instances = ms_store_op_array(&call->op);
        }
        ms_store_add_text(instances, events[i].instance_id);
    }
    call->has_instances = instances != NULL;
}

enum ms_status ms_store_inbox_put(struct ms_store_writer *store, uint64_t term,
                                  const struct ms_event_record *events, size_t n_events,
                                  bool wants_scan, ms_store_inbox_put_done *on_done, void *arg)
{
    struct put_op *call = ms_store_op_new(store, sizeof(*call), on_put_row, on_put);
    call->on_done = on_done;
    call->arg = arg;
    ms_store_op_term(&call->op, term);
    add_events(call, events, n_events);
    add_instances(call, events, n_events);
    if (wants_scan)
        ms_store_op_step(&call->op, &write_scan_wanted);
    return ms_store_op_start(&call->op);
}

/* --- due --- */

struct due_op {
    struct ms_store_op op;
    int64_t next_due_ms;
    ms_store_due_row *on_row;
    ms_store_due_done *on_done;
    void *arg;
};

static void on_due_row(struct ms_store_op *op, size_t step, const struct ms_pg_row *row)
{
    struct due_op *call = (struct due_op *)op;
    if (step == 0)
        call->on_row(row->columns[0], (enum ms_due_kind)ms_store_pg_u64(row, 1), call->arg);
    else if (!ms_str_is_absent(row->columns[0]))
        call->next_due_ms = ms_store_pg_i64(row, 0);
}

static void on_due(struct ms_store_op *op, const struct ms_error *err, const uint64_t *affected)
{
    struct due_op *call = (struct due_op *)op;
    (void)affected;
    call->on_done(err, err == NULL ? call->next_due_ms : -1, call->arg);
}

enum ms_status ms_store_inbox_due(struct ms_store_writer *store, struct ms_str after, size_t limit,
                                  ms_store_due_row *on_row, ms_store_due_done *on_done, void *arg)
{
    struct due_op *call = ms_store_op_new(store, sizeof(*call), on_due_row, on_due);
    call->next_due_ms = -1;
    call->on_row = on_row;
    call->on_done = on_done;
    call->arg = arg;
    ms_store_op_step(&call->op, &write_inbox_due);
    ms_store_op_text(&call->op, after);
    ms_store_op_u64(&call->op, limit);
    ms_store_op_step(&call->op, &write_inbox_next_due);
    return ms_store_op_start(&call->op);
}

/* --- load --- */

struct load_op {
    struct ms_store_op op;
    ms_store_inbox_row *on_row;
    ms_store_done *on_done;
    void *arg;
};

static void on_load_row(struct ms_store_op *op, size_t step, const struct ms_pg_row *row)
{
    struct load_op *call = (struct load_op *)op;
    (void)step;
    struct ms_inbox_row event = {
        .id = ms_store_pg_i64(row, 0),
        .attempts = (unsigned)ms_store_pg_u64(row, 1),
        .age_ms = ms_store_pg_i64(row, 2),
        .is_due = ms_store_pg_bool(row, 11),
        .event = {.event_id = row->columns[3],
                  .action = row->columns[4],
                  .repository = row->columns[5],
                  .tag = row->columns[6],
                  .digest = ms_store_pg_digest(row, 7),
                  .is_blob = ms_store_pg_bool(row, 8),
                  .event_time_ms = ms_store_pg_i64(row, 9),
                  .actor = row->columns[10]},
    };
    call->on_row(&event, call->arg);
}

static void on_loaded(struct ms_store_op *op, const struct ms_error *err, const uint64_t *affected)
{
    struct load_op *call = (struct load_op *)op;
    (void)affected;
    call->on_done(err, call->arg);
}

enum ms_status ms_store_inbox_load(struct ms_store_writer *store, struct ms_str repository,
                                   size_t limit, ms_store_inbox_row *on_row, ms_store_done *on_done,
                                   void *arg)
{
    struct load_op *call = ms_store_op_new(store, sizeof(*call), on_load_row, on_loaded);
    call->on_row = on_row;
    call->on_done = on_done;
    call->arg = arg;
    ms_store_op_step(&call->op, &write_inbox_load);
    ms_store_op_text(&call->op, repository);
    ms_store_op_u64(&call->op, limit);
    return ms_store_op_start(&call->op);
}

/* --- later, or never --- */

enum ms_status ms_store_inbox_postpone(struct ms_store_writer *store, uint64_t term,
                                       const struct ms_inbox_delay *delays, size_t n_delays,
                                       ms_store_done *on_done, void *arg)
{
    struct ms_store_op *op =
        ms_store_plain_op_new(store, term, &write_inbox_postpone, on_done, arg);
    struct ms_buf *ids = ms_store_op_array(op);
    struct ms_buf *pauses = ms_store_op_array(op);
    for (size_t i = 0; i < n_delays; i++) {
        ms_pg_array_i64(ids, delays[i].id);
        ms_pg_array_i64(pauses, (int64_t)delays[i].delay_ms);
    }
    return ms_store_op_start(op);
}

enum ms_status ms_store_inbox_bury(struct ms_store_writer *store, uint64_t term, const int64_t *ids,
                                   size_t n_ids, struct ms_str reason, ms_store_done *on_done,
                                   void *arg)
{
    struct ms_store_op *op = ms_store_plain_op_new(store, term, &write_inbox_bury, on_done, arg);
    ms_store_op_ids(op, ids, n_ids);
    ms_store_op_text(op, reason);
    return ms_store_op_start(op);
}

/* --- dead letters --- */

struct dead_op {
    struct ms_store_op op;
    ms_store_dead_row *on_row;
    ms_store_done *on_done;
    void *arg;
};

static void on_dead_row(struct ms_store_op *op, size_t step, const struct ms_pg_row *row)
{
    struct dead_op *call = (struct dead_op *)op;
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
    call->on_row(&letter, call->arg);
}

static void on_dead_listed(struct ms_store_op *op, const struct ms_error *err,
                           const uint64_t *affected)
{
    struct dead_op *call = (struct dead_op *)op;
    (void)affected;
    call->on_done(err, call->arg);
}

enum ms_status ms_store_dead_list(struct ms_store_writer *store, ms_store_dead_row *on_row,
                                  ms_store_done *on_done, void *arg)
{
    struct dead_op *call = ms_store_op_new(store, sizeof(*call), on_dead_row, on_dead_listed);
    call->on_row = on_row;
    call->on_done = on_done;
    call->arg = arg;
    call->op.stream = true;
    ms_store_op_step(&call->op, &write_dead_list);
    return ms_store_op_start(&call->op);
}

struct retry_op {
    struct ms_store_op op;
    uint64_t n_back, n_left;
    ms_store_dead_retried *on_done;
    void *arg;
};

static void on_retry_row(struct ms_store_op *op, size_t step, const struct ms_pg_row *row)
{
    struct retry_op *call = (struct retry_op *)op;
    (void)step;
    call->n_back = ms_store_pg_u64(row, 0);
    call->n_left = ms_store_pg_u64(row, 1);
}

static void on_retried(struct ms_store_op *op, const struct ms_error *err, const uint64_t *affected)
{
    struct retry_op *call = (struct retry_op *)op;
    (void)affected;
    call->on_done(err, call->n_back, call->n_left, call->arg);
}

enum ms_status ms_store_dead_retry(struct ms_store_writer *store, ms_store_dead_retried *on_done,
                                   void *arg)
{
    struct retry_op *call = ms_store_op_new(store, sizeof(*call), on_retry_row, on_retried);
    call->on_done = on_done;
    call->arg = arg;
    ms_store_op_step(&call->op, &write_dead_retry);
    return ms_store_op_start(&call->op);
}

/* --- pulls, and what is old --- */

enum ms_status ms_store_pulls_collect(struct ms_store_writer *store, uint64_t term,
                                      ms_store_count_done *on_done, void *arg)
{
    struct ms_store_op *op = ms_store_count_op_new(store, term, &write_pulls_collect, on_done, arg);
    ms_store_op_u64(op, PULLS_BATCH);
    return ms_store_op_start(op);
}

static void add_age(struct ms_store_op *op, uint64_t age_ms)
{
    if (age_ms > 0)
        ms_store_op_u64(op, age_ms);
    else
        ms_store_op_text(op, MS_STR_ABSENT);
}

enum ms_status ms_store_prune(struct ms_store_writer *store, uint64_t term, uint64_t changes_ms,
                              uint64_t history_ms, ms_store_done *on_done, void *arg)
{
    struct ms_store_op *op = ms_store_plain_op_new(store, term, &write_prune, on_done, arg);
    add_age(op, changes_ms);
    add_age(op, history_ms);
    return ms_store_op_start(op);
}
