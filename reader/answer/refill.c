/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making an answer again, that of the one query of its class (all of the index). After a change the
 * cache has lost it, and it is asked again at once; when another change comes before it is there,
 * the pause before the next attempt doubles, for then nobody is served by it. What is too large to
 * be kept is not asked again before another change.
 *
 * Always: it is asked again only while somebody has asked for it within ASKED_LIVES_MS, and only
 * when nobody's own request does so already.
 */
#include "reader/answer/refill.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"

enum {
    ASKED_LIVES_MS = 10 * 60 * 1000,
    LOOK_EVERY_MS = 200, /* while it is missing */
    PAUSE_MIN_MS = 500,
    PAUSE_MAX_MS = 60 * 1000,
    ARENA_MAX = 64 * 1024
};

struct refill {
    const struct env *env;
    struct flights *flights;
    const struct caches *caches;
    struct ms_timer *timer;
    struct ms_arena *arena; /* of the query; NULL: there is none yet */
    struct answer_query query;
    int64_t asked_ms;
    int64_t next_ms; /* not asked again before */
    int64_t pause_ms;
};

static void on_timer(void *arg);

struct refill *refill_new(const struct env *env, struct flights *flights,
                          const struct caches *caches)
{
    struct refill *refill = ms_alloc(sizeof(*refill));
    refill->env = env;
    refill->flights = flights;
    refill->caches = caches;
    refill->timer = ms_timer_new(env->loop, on_timer, refill);
    refill->pause_ms = PAUSE_MIN_MS;
    return refill;
}

void refill_free(struct refill *refill)
{
    if (refill == NULL)
        return;
    ms_timer_free(refill->timer);
    ms_arena_free(refill->arena);
    free(refill);
}

void refill_note(struct refill *refill, const struct answer_query *query)
{
    refill->asked_ms = ms_clock_mono_ms();
    if (refill->arena != NULL)
        return;
    refill->arena = ms_arena_new(ARENA_MAX);
    if (answer_query_copy(&refill->query, refill->arena, query) == MS_OK)
        return;
    ms_arena_free(refill->arena);
    refill->arena = NULL;
}

void refill_wake(struct refill *refill)
{
    if (refill->arena != NULL && !ms_timer_is_running(refill->timer))
        ms_timer_start(refill->timer, 0);
}

void refill_note_too_large(struct refill *refill, struct ms_str key)
{
    if (refill->arena != NULL && ms_str_equal(key, refill->query.key))
        ms_timer_stop(refill->timer);
}

static void on_timer(void *arg)
{
    struct refill *refill = arg;
    int64_t now_ms = ms_clock_mono_ms();
    if (refill->env->is_ending || now_ms - refill->asked_ms > ASKED_LIVES_MS)
        return;
    if (caches_find(refill->caches, refill->query.key) != NULL) {
        refill->pause_ms = PAUSE_MIN_MS;
        refill->next_ms = now_ms;
        return;
    }
    if (now_ms >= refill->next_ms && flights_fill(refill->flights, &refill->query)) {
        refill->next_ms = now_ms + refill->pause_ms;
        refill->pause_ms *= 2;
        if (refill->pause_ms > PAUSE_MAX_MS)
            refill->pause_ms = PAUSE_MAX_MS;
    }
    ms_timer_start(refill->timer, LOOK_EVERY_MS);
}
