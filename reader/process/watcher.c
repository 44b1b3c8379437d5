/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watcher process: one a host, it sees what changes in the database (store.h), writes it into
 * shared memory (freshness.h) and wakes the workers. Always: it is the only writer of freshness;
 * when it is replaced, its successor begins a new epoch.
 */
#include "reader/process/watcher.h"

#include "common/runtime/limit.h"
#include "common/runtime/log.h"
#include "common/runtime/loop.h"
#include "common/runtime/metrics.h"
#include "reader/process/reload.h"
#include "reader/shared/freshness.h"
#include "reader/shared/shared.h"
#include "reader/store/store.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOK_MS = 1000 }; /* notifications come at once; this is for when they do not */

struct watcher {
    const struct child_info *child;
    const struct reader_program *program;
    struct ms_loop *loop;
    struct freshness_shared *shared;
    struct ms_store_watch *watch;
    struct ms_timer *beat;
    bool is_seen; /* at present; else lost, or never yet */
    bool has_epoch;
    bool has_gap;
    bool has_warned;
    uint64_t term;
    uint64_t generation;
    enum freshness_schema schema;
};

static void wake_workers(const struct watcher *watcher)
{
    for (size_t i = 0; i < watcher->child->n_workers; i++) {
        uint64_t one = 1;
        ssize_t written = write(watcher->child->wake_fds[i], &one, sizeof(one));
        (void)written; /* full: it is awake already */
    }
}

static void on_touched(uint64_t generation, struct ms_str repository, void *arg)
{
    struct watcher *watcher = arg;
    watcher->generation = generation;
    freshness_touch(watcher->shared, generation, ms_str_hash(repository));
}

static void on_gap(bool is_too_long, void *arg)
{
    struct watcher *watcher = arg;
    watcher->has_gap = true;
    if (is_too_long)
        ms_limit_reached(MS_LIMIT_RING);
}

static enum freshness_schema judge_schema(const struct ms_store_watch_state *state)
{
    if (state->schema_version == 0)
        return FRESHNESS_SCHEMA_MISSING;
    if (state->schema_version < MS_SCHEMA_MIN_READABLE)
        return FRESHNESS_SCHEMA_OLD;
    if (state->min_reader_version > MS_SCHEMA_VERSION)
        return FRESHNESS_SCHEMA_NEW;
    return FRESHNESS_SCHEMA_OK;
}

static void log_seen(struct watcher *watcher, const struct ms_store_watch_state *state,
                     enum freshness_schema schema)
{
    if (!watcher->is_seen || schema != watcher->schema)
        ms_log(schema == FRESHNESS_SCHEMA_OK ? MS_LOG_INFO : MS_LOG_ERROR, "watching the database",
               MS_FIELDS(ms_field_u64("generation", state->generation),
                         ms_field_u64("term", state->term),
                         ms_field_i64("schema_version", state->schema_version),
                         ms_field_i64("min_reader_version", state->min_reader_version),
                         ms_field_bool("standby", state->standby)));
    if (state->can_write && !watcher->has_warned)
        ms_log(MS_LOG_WARN,
               "the reader's database role can write: better connect as metastore_reader", NULL);
    watcher->has_warned = watcher->has_warned || state->can_write;
    watcher->is_seen = true;
    watcher->schema = schema;
}

static bool begins_epoch(const struct watcher *watcher, const struct ms_store_watch_state *state)
{
    return !watcher->has_epoch || watcher->has_gap || state->term != watcher->term ||
           state->generation != watcher->generation;
}

static void on_state(const struct ms_store_watch_state *state, void *arg)
{
    struct watcher *watcher = arg;
    enum freshness_schema schema = judge_schema(state);
    log_seen(watcher, state, schema);
    if (begins_epoch(watcher, state))
        freshness_reset(watcher->shared, state->generation);
    freshness_seen(watcher->shared, state->standby, state->replay_lag_ms, schema);
    watcher->has_epoch = true;
    watcher->has_gap = false;
    watcher->term = state->term;
    watcher->generation = state->generation;
    ms_metrics_set(MS_METRIC_GENERATION, NULL, NULL, (double)state->generation);
    wake_workers(watcher);
}

static void on_lost(const struct ms_error *err, void *arg)
{
    struct watcher *watcher = arg;
    watcher->is_seen = false;
    freshness_lost(watcher->shared, err->status);
    ms_log(MS_LOG_WARN, "lost sight of the database", MS_FIELDS(ms_field_error(err)));
}

static void start_watch(struct watcher *watcher)
{
    static const struct ms_store_watch_events EVENTS = {
        .on_touched = on_touched,
        .on_gap = on_gap,
        .on_state = on_state,
        .on_lost = on_lost,
    };
    const struct ms_config *config = watcher->program->config;
    struct ms_store_options options = {
        .url = config->database.read_url != NULL ? config->database.read_url : config->database.url,
        .application_name = "metastore-watcher",
    };
    watcher->watch = ms_store_watch_new(watcher->loop, &options, LOOK_MS, &EVENTS, watcher);
}

static void on_beat(void *arg)
{
    struct watcher *watcher = arg;
    supervisor_child_beat(watcher->child);
    ms_timer_start(watcher->beat, CHILD_BEAT_EVERY_MS);
}

static void on_stop(int signal_number, void *arg)
{
    (void)signal_number;
    ms_loop_stop(arg);
}

static void on_reload(int signal_number, void *arg)
{
    (void)signal_number;
    const struct watcher *watcher = arg;
    (void)reload_config(watcher->program, false);
}

int watcher_run(const struct child_info *child, void *arg)
{
    struct watcher watcher = {
        .child = child,
        .program = arg,
        .loop = ms_loop_new(),
        .shared = shared_freshness(child->shared),
    };
    ms_metrics_use_slot(shared_slot(child->shared, child->index));
    struct ms_signal *stop = ms_signal_new(watcher.loop, SIGTERM, on_stop, watcher.loop);
    struct ms_signal *reload = ms_signal_new(watcher.loop, SIGHUP, on_reload, &watcher);
    watcher.beat = ms_timer_new(watcher.loop, on_beat, &watcher);
    on_beat(&watcher);
    supervisor_child_ready(child);
    start_watch(&watcher);
    ms_loop_run(watcher.loop);
    ms_store_watch_free(watcher.watch);
    ms_timer_free(watcher.beat);
    ms_signal_free(reload);
    ms_signal_free(stop);
    ms_loop_free(watcher.loop);
    return EXIT_SUCCESS;
}
