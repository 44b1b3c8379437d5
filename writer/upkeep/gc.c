/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See gc.h. The way of a collection:
 *
 *   candidates  the registry is asked for untagged manifests again (gc_candidates.c)
 *   database    small batches until one finds nothing, the loop (and so events) going on between
 *   end         the run is recorded
 *
 * A run belongs to its term: when that ends the run ends at its next step.
 */
#include "writer/upkeep/gc.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/runtime/log.h"
#include "writer/env.h"
#include "writer/store/store.h"
#include "writer/upkeep/chore.h"
#include "writer/upkeep/gc_candidates.h"

enum {
    COLLECT_BATCH = 500,
    PRUNE_FIRST_MS = 60 * 1000,
    PRUNE_EVERY_MS = 10 * 60 * 1000,
};

struct collector {
    const struct env *env;
    struct chore *collecting;
    struct chore *pruning;
    struct gc_candidates *candidates; /* under way, or NULL */
    uint64_t term;                    /* of the run */
    int64_t started_ms;
    uint64_t manifests, registry_manifests, dry_run;
};

static void collect_batch(struct collector *collector);

/* --- the run --- */

static void fail(struct collector *collector, const struct ms_error *err)
{
    chore_done(collector->collecting, err);
}

/* True when the step did not start, or the term has ended: the run is over. */
static bool is_over(struct collector *collector, enum ms_status status)
{
    struct ms_error err;
    if (status == MS_OK && collector->term == collector->env->term)
        return false;
    status = status == MS_OK ? MS_DEPOSED : status;
    (void)ms_error_set(&err, status, "the collection did not end: %s", ms_status_name(status));
    fail(collector, &err);
    return true;
}

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
    if (err == NULL)
        log_run(collector);
    chore_done(collector->collecting, err);
}

static void record(struct collector *collector)
{
    const struct env *env = collector->env;
    (void)is_over(collector,
                  ms_store_collection_end(env->store, env->term, collector->started_ms,
                                          collector->manifests, collector->registry_manifests,
                                          collector->dry_run, on_recorded, collector));
}

static void on_batch(const struct ms_error *err, uint64_t count, void *arg)
{
    struct collector *collector = arg;
    if (err != NULL) {
        fail(collector, err);
        return;
    }
    collector->manifests += count;
    if (is_over(collector, MS_OK))
        return;
    if (count > 0)
        collect_batch(collector);
    else
        record(collector);
}

static void collect_batch(struct collector *collector)
{
    const struct env *env = collector->env;
    (void)is_over(collector,
                  ms_store_collect(env->store, env->term, env->config->garbage_collect.grace_ms,
                                   COLLECT_BATCH, on_batch, collector));
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
    if (!is_over(collector, MS_OK))
        collect_batch(collector);
}

static enum ms_status start_collection(struct chore *chore, void *arg)
{
    struct collector *collector = arg;
    const struct env *env = collector->env;
    (void)chore;
    collector->term = env->term;
    collector->started_ms = ms_clock_wall_ms();
    collector->manifests = collector->registry_manifests = collector->dry_run = 0;
    collector->candidates = gc_candidates_start(env, on_candidates_done, collector);
    return MS_OK;
}

/* --- pruning --- */

static void on_pruned(const struct ms_error *err, void *arg)
{
    struct collector *collector = arg;
    chore_done(collector->pruning, err);
}

static enum ms_status start_pruning(struct chore *chore, void *arg)
{
    struct collector *collector = arg;
    const struct env *env = collector->env;
    (void)chore;
    return ms_store_prune(env->store, env->term, env->config->retention.changes_ms,
                          env->config->retention.history_ms, on_pruned, collector);
}

/* --- life --- */

struct collector *gc_new(const struct env *env)
{
    struct collector *collector = ms_alloc(sizeof(*collector));
    collector->env = env;
    collector->collecting = chore_new(env, "garbage collection", start_collection, collector);
    collector->pruning = chore_new(env, "pruning", start_pruning, collector);
    return collector;
}

void gc_free(struct collector *collector)
{
    if (collector == NULL)
        return;
    gc_candidates_cancel(collector->candidates);
    chore_free(collector->collecting);
    chore_free(collector->pruning);
    free(collector);
}

void gc_reload(struct collector *collector)
{
    uint64_t every_ms = collector->env->config->interval.garbage_collect_ms;
    if (collector->env->term != 0)
        chore_begin(collector->collecting, every_ms, every_ms);
}

void gc_begin_term(struct collector *collector)
{
    gc_reload(collector);
    chore_begin(collector->pruning, PRUNE_FIRST_MS, PRUNE_EVERY_MS);
}

void gc_end_term(struct collector *collector)
{
    chore_end(collector->collecting);
    chore_end(collector->pruning);
    if (collector->candidates == NULL)
        return;
    gc_candidates_cancel(collector->candidates);
    collector->candidates = NULL;
    chore_done(collector->collecting, NULL);
}
