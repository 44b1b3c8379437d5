/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a query to an answer: what the cache has and may still show, else the database (flight.c).
 * Always: within one epoch of the database a worker never answers a later request from before a
 * generation that it has shown.
 */
#include "reader/answer/answer.h"

#include "common/base/clock.h"
#include "common/runtime/metrics.h"
#include "reader/answer/compressor.h"
#include "reader/answer/flight.h"
#include "reader/answer/longpoll.h"
#include "reader/answer/refill.h"
#include "reader/shared/freshness.h"

enum { LARGEST_ENTRY_PART = 4 }; /* no answer in memory takes more than this part of its cache */

/* --- what a change means for the parts --- */

static void on_touched(uint64_t generation, uint64_t repository_hash, void *arg)
{
    const struct answers *answers = arg;
    cache_invalidate(answers->caches.memory, repository_hash, generation);
    cache_invalidate(answers->caches.files, repository_hash, generation);
    flights_touch(answers->flights, repository_hash, generation);
    longpoll_wake_for(answers->longpoll, repository_hash);
}

static void on_forget(void *arg)
{
    const struct answers *answers = arg;
    cache_clear(answers->caches.memory);
    cache_clear(answers->caches.files);
    flights_forget(answers->flights);
    longpoll_wake(answers->longpoll);
    if (answers->refill != NULL) /* the generation may be the same: no change is told then */
        refill_wake(answers->refill);
}

static void on_changed(void *arg)
{
    const struct answers *answers = arg;
    longpoll_wake_for(answers->longpoll, 0);
    if (answers->refill != NULL)
        refill_wake(answers->refill);
}

static void on_too_large(struct ms_str key, void *arg)
{
    const struct answers *answers = arg;
    if (answers->refill != NULL)
        refill_note_too_large(answers->refill, key);
}

/* When the disk's share is used up, what was kept longest goes. */
static bool drop_oldest_file(void *arg)
{
    return cache_drop_oldest(arg);
}

void answers_init(struct answers *out, const struct env *env, const struct answers_options *options)
{
    static const struct tracker_events TRACKED = {
        .on_touched = on_touched, .on_forget = on_forget, .on_changed = on_changed};
    uint64_t memory_bytes = options->memory_bytes;
    uint64_t files_bytes = options->files_bytes;
    *out = (struct answers){.env = env};
    tracker_init(&out->tracker, env->freshness, &TRACKED, out);
    out->caches = (struct caches){
        .memory = cache_new(memory_bytes, memory_bytes / LARGEST_ENTRY_PART),
        .files = cache_new(memory_bytes > 0 ? files_bytes : 0, files_bytes),
        .spool = options->spool,
        .on_too_large = on_too_large,
        .arg = out,
    };
    spool_on_full(options->spool, drop_oldest_file, out->caches.files);
    out->compressor = compressor_new(env->loop, &out->caches);
    out->longpoll = longpoll_new(env);
    out->flights = flights_new(&(struct flight_means){.env = env,
                                                      .tracker = &out->tracker,
                                                      .caches = &out->caches,
                                                      .compressor = out->compressor});
    if (memory_bytes > 0)
        out->refill = refill_new(env, out->flights, &out->caches);
}

void answers_release(struct answers *answers)
{
    refill_free(answers->refill);
    flights_free(answers->flights);
    compressor_free(answers->compressor);
    longpoll_free(answers->longpoll);
    cache_free(answers->caches.memory);
    cache_free(answers->caches.files);
}

/* --- a request --- */

void answer_serve(struct answers *answers, struct ms_http_request *request,
                  const struct answer_query *query, const struct answer_reply *reply)
{
    static const struct answer_reply PLAIN;
    if (reply == NULL)
        reply = &PLAIN;
    tracker_refresh(&answers->tracker);
    const char *problem = freshness_schema_problem(answers->env->freshness);
    if (problem != NULL) {
        send_error(request, 503, "UNAVAILABLE", ms_str(problem), MS_STR_ABSENT);
        return;
    }
    if (answers->refill != NULL &&
        queries_class_of(query->statement, query->is_filtered) == MS_CLASS_INDEX)
        refill_note(answers->refill, query);
    const struct cache_entry *entry = caches_find(&answers->caches, query->key);
    bool has_expired =
        entry != NULL && entry->expires_ms != 0 && entry->expires_ms <= ms_clock_mono_ms();
    bool is_hit =
        entry != NULL && timeline_may_serve(entry->generation, has_expired, &answers->tracker.now);
    ms_metrics_add(is_hit ? MS_METRIC_CACHE_HITS : MS_METRIC_CACHE_MISSES, NULL, NULL, 1);
    if (!is_hit) {
        flight_serve(answers->flights, request, query, reply);
        return;
    }
    struct timeline *now = &answers->tracker.now;
    uint64_t generation = timeline_kept_generation(entry->generation, now);
    timeline_note_shown(now, generation);
    if (entry->file != NULL && spool_file_awaits_gzip(entry->file, request))
        compressor_serve(answers->compressor, request, query->key, entry, generation,
                         now->stale_seconds, reply);
    else
        send_kept(request, &answers->caches, query->key, entry, generation, now->stale_seconds,
                  reply);
}

void answers_note_look(struct answers *answers)
{
    tracker_refresh(&answers->tracker);
    flights_note_look(answers->flights);
}
