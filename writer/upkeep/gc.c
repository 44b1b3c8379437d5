/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See gc.h. The way of a collection:
 *
 *   candidates  the registry is asked for untagged manifests again (gc_candidates.c)
 *   database    small batches until one finds nothing, the loop (and so events) going on between
 *   end         the run is recorded
 *
 * A run ends with its term.
 */
#include "writer/upkeep/gc.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/config/config.h"
#include "common/runtime/log.h"
#include "writer/env.h"
#include "writer/store/store.h"
#include "writer/upkeep/gc_candidates.h"
#include "writer/upkeep/periodic_task.h"

#include <stdlib.h>

enum {
    COLLECT_BATCH = 500,
    PRUNE_FIRST_MS = 60 * 1000,
    PRUNE_EVERY_MS = 10 * 60 * 1000,
};

struct collector {
    const struct env *env;
    struct periodic_task *collecting;
    struct gc_candidates *candidates; /* under way, or NULL */
    struct ms_store_call *collect_call;
    int64_t started_ms;
    uint64_t manifests, registry_manifests, dry_run;
    struct periodic_task *pruning;
    struct ms_store_call *prune_call;
};

static void collect_batch(struct collector *collector);

/* --- the run --- */

static void log_run(const struct collector *collector)
{
    uint64_t all = collector->manifests + collector->registry_manifests + collector->dry_run;
    ms_log(all > 0 ? MS_LOG_INFO : MS_LOG_DEBUG, "garbage collected",
           MS_FIELDS(ms_field_u64("manifests", collector->manifests),
                     ms_field_u64("registry_manifests", collector->registry_manifests),
                     ms_field_u64("dry_run", collector->dry_run),
                     ms_field_i64("ms", ms_clock_wall_ms() - collector->started_ms)));
}

static void on_recorded(const struct ms_error *err, void *arg)
{
    struct collector *collector = arg;
    collector->collect_call = NULL;
    if (err == NULL)
        log_run(collector);
    periodic_task_done(collector->collecting, err);
}

static void on_batch(const struct ms_error *err, uint64_t count, void *arg)
{
    struct collector *collector = arg;
    collector->collect_call = NULL;
    if (err != NULL) {
        periodic_task_done(collector->collecting, err);
        return;
    }
    collector->manifests += count;
    if (count > 0)
        collect_batch(collector);
    else
        collector->collect_call = ms_store_collection_end(
            collector->env->store, collector->env->term, collector->started_ms,
            collector->manifests, collector->registry_manifests, collector->dry_run, on_recorded,
            collector);
}

static void collect_batch(struct collector *collector)
{
    const struct env *env = collector->env;
    collector->collect_call =
        ms_store_collect(env->store, env->term, env->config->garbage_collect.grace_ms,
                         COLLECT_BATCH, on_batch, collector);
}

/* A registry that fails does not keep the database from being collected. */
static void on_candidates_done(const struct gc_candidates_result *result, void *arg)
{
    struct collector *collector = arg;
    collector->candidates = NULL;
    collector->registry_manifests = result->deleted;
    collector->dry_run = result->dry_run;
    if (result->err != NULL)
        ms_log(MS_LOG_WARN, "the collection of the registry was given up",
               MS_FIELDS(ms_field_error(result->err)));
    collect_batch(collector);
}

static void start_collection(void *arg)
{
    struct collector *collector = arg;
    collector->started_ms = ms_clock_wall_ms();
    collector->manifests = collector->registry_manifests = collector->dry_run = 0;
    collector->candidates = gc_candidates_start(collector->env, on_candidates_done, collector);
}

/* --- pruning --- */

static void on_pruned(const struct ms_error *err, void *arg)
{
    struct collector *collector = arg;
    collector->prune_call = NULL;
    periodic_task_done(collector->pruning, err);
}

static void start_pruning(void *arg)
{
    struct collector *collector = arg;
    const struct env *env = collector->env;
    collector->prune_call = ms_store_prune(env->store, env->term, env->config->retention.changes_ms,
                                           env->config->retention.history_ms, on_pruned, collector);
}

/* --- life --- */

struct collector *gc_new(const struct env *env)
{
    struct collector *collector = ms_alloc(sizeof(*collector));
    collector->env = env;
    collector->collecting =
        periodic_task_new(env, "garbage collection", start_collection, collector);
    collector->pruning = periodic_task_new(env, "pruning", start_pruning, collector);
    return collector;
}

void gc_free(struct collector *collector)
{
    if (collector == NULL)
        return;
    gc_end_term(collector);
    periodic_task_free(collector->collecting);
    periodic_task_free(collector->pruning);
    free(collector);
}

void gc_reload(struct collector *collector)
{
    uint64_t every_ms = collector->env->config->interval.garbage_collect_ms;
    if (collector->env->term != 0)
        periodic_task_begin(collector->collecting, every_ms, every_ms);
}

void gc_begin_term(struct collector *collector)
{
    gc_reload(collector);
    periodic_task_begin(collector->pruning, PRUNE_FIRST_MS, PRUNE_EVERY_MS);
}

void gc_end_term(struct collector *collector)
{
    periodic_task_end(collector->collecting);
    periodic_task_end(collector->pruning);
    gc_candidates_cancel(collector->candidates);
    ms_store_call_cancel(collector->collect_call);
    ms_store_call_cancel(collector->prune_call);
    collector->candidates = NULL;
    collector->collect_call = collector->prune_call = NULL;
}
