/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See gc.h. The way of a collection:
 *
 *   candidates  the registry is asked for untagged manifests again (gc_candidates.c)
 *   database    rounds through all manifests in small batches, the loop (and so events) going on
 *               between, until a round finds nothing: what an index listed is free when that went
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

struct gc {
    const struct env *env;
    struct periodic_task *collecting;
    uint64_t every_ms;                /* interval.garbage_collect, as planned with */
    struct gc_candidates *candidates; /* under way, or NULL */
    struct ms_store_call *collect_call;
    int64_t started_ms;
    uint64_t manifests, registry_manifests, dry_run;
    uint64_t last_manifest, round_manifests; /* of the present round: looked at; went */
    struct periodic_task *pruning;
    struct ms_store_call *prune_call;
};

static void collect_batch(struct gc *gc);

/* --- the run --- */

static void log_run(const struct gc *gc)
{
    uint64_t all = gc->manifests + gc->registry_manifests + gc->dry_run;
    ms_log(all > 0 ? MS_LOG_INFO : MS_LOG_DEBUG, "garbage collected",
           MS_FIELDS(ms_field_u64("manifests", gc->manifests),
                     ms_field_u64("registry_manifests", gc->registry_manifests),
                     ms_field_u64("dry_run", gc->dry_run),
                     ms_field_i64("ms", ms_clock_wall_ms() - gc->started_ms)));
}

static void on_recorded(const struct ms_error *err, void *arg)
{
    struct gc *gc = arg;
    gc->collect_call = NULL;
    if (err == NULL)
        log_run(gc);
    periodic_task_done(gc->collecting, err);
}

static void begin_round(struct gc *gc)
{
    gc->last_manifest = gc->round_manifests = 0;
    collect_batch(gc);
}

static void on_batch(const struct ms_error *err, uint64_t count, uint64_t last_id, void *arg)
{
    struct gc *gc = arg;
    gc->collect_call = NULL;
    if (err != NULL) {
        periodic_task_done(gc->collecting, err);
        return;
    }
    gc->manifests += count;
    gc->round_manifests += count;
    gc->last_manifest = last_id;
    if (last_id > 0)
        collect_batch(gc);
    else if (gc->round_manifests > 0)
        begin_round(gc);
    else
        gc->collect_call =
            ms_store_collection_end(gc->env->store, gc->env->term, gc->started_ms, gc->manifests,
                                    gc->registry_manifests, gc->dry_run, on_recorded, gc);
}

static void collect_batch(struct gc *gc)
{
    const struct env *env = gc->env;
    gc->collect_call =
        ms_store_collect(env->store, env->term, gc->last_manifest,
                         env->config->garbage_collect.grace_ms, COLLECT_BATCH, on_batch, gc);
}

/* A registry that fails does not keep the database from being collected. */
static void on_candidates_done(const struct gc_candidates_result *result, void *arg)
{
    struct gc *gc = arg;
    gc->candidates = NULL;
    gc->registry_manifests = result->deleted;
    gc->dry_run = result->dry_run;
    if (result->err != NULL)
        ms_log(MS_LOG_WARN, "the collection of the registry was given up",
               MS_FIELDS(ms_field_error(result->err)));
    begin_round(gc);
}

static void start_collection(void *arg)
{
    struct gc *gc = arg;
    gc->started_ms = ms_clock_wall_ms();
    gc->manifests = gc->registry_manifests = gc->dry_run = 0;
    gc->candidates = gc_candidates_start(gc->env, on_candidates_done, gc);
}

/* --- pruning, and what is counted as seldom --- */

static void on_sizes_kept(const struct ms_error *err, void *arg)
{
    struct gc *gc = arg;
    gc->prune_call = NULL;
    periodic_task_done(gc->pruning, err);
}

static void on_pruned(const struct ms_error *err, void *arg)
{
    struct gc *gc = arg;
    gc->prune_call = NULL;
    if (err != NULL) {
        periodic_task_done(gc->pruning, err);
        return;
    }
    gc->prune_call = ms_store_keep_sizes(gc->env->store, gc->env->term, on_sizes_kept, gc);
}

static void start_pruning(void *arg)
{
    struct gc *gc = arg;
    const struct env *env = gc->env;
    uint64_t history_ms = env->config->retention.history_ms;
    /* The history also tells the collection since when a manifest has been without a tag. */
    if (history_ms > 0 && history_ms < env->config->garbage_collect.grace_ms)
        history_ms = env->config->garbage_collect.grace_ms;
    gc->prune_call = ms_store_prune(env->store, env->term, env->config->retention.changes_ms,
                                    history_ms, on_pruned, gc);
}

/* --- life --- */

struct gc *gc_new(const struct env *env)
{
    struct gc *gc = ms_alloc(sizeof(*gc));
    gc->env = env;
    gc->collecting = periodic_task_new(env, "garbage collection", start_collection, gc);
    gc->pruning = periodic_task_new(env, "pruning", start_pruning, gc);
    return gc;
}

void gc_free(struct gc *gc)
{
    if (gc == NULL)
        return;
    gc_end_term(gc);
    periodic_task_free(gc->collecting);
    periodic_task_free(gc->pruning);
    free(gc);
}

static void plan_collections(struct gc *gc)
{
    gc->every_ms = gc->env->config->interval.garbage_collect_ms;
    periodic_task_begin(gc->collecting, gc->every_ms, gc->every_ms);
}

/* The same interval goes on: begun anew, reloads more often than it would put the collection off
 * for ever. */
void gc_reload(struct gc *gc)
{
    if (gc->env->term != 0 && gc->every_ms != gc->env->config->interval.garbage_collect_ms)
        plan_collections(gc);
}

void gc_begin_term(struct gc *gc)
{
    plan_collections(gc);
    periodic_task_begin(gc->pruning, PRUNE_FIRST_MS, PRUNE_EVERY_MS);
}

void gc_end_term(struct gc *gc)
{
    periodic_task_end(gc->collecting);
    periodic_task_end(gc->pruning);
    gc_candidates_cancel(gc->candidates);
    ms_store_call_cancel(gc->collect_call);
    ms_store_call_cancel(gc->prune_call);
    gc->candidates = NULL;
    gc->collect_call = gc->prune_call = NULL;
}
