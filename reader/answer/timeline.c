/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of freshness. Always: no function here has an effect beside what its first argument
 * says.
 */
#include "reader/answer/timeline.h"

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* --- the present --- */

bool timeline_is_watched(const struct timeline *now)
{
    return now->is_known && now->stale_seconds == 0;
}

uint64_t timeline_oldest_allowed(const struct timeline *now)
{
    return later(now->seen, now->shown);
}

void timeline_note_shown(struct timeline *now, uint64_t generation)
{
    now->shown = later(now->shown, generation);
}

void timeline_begin_epoch(struct timeline *now)
{
    now->epoch++;
    now->shown = 0;
}

/* --- queries --- */

void timeline_ask(struct timeline_query *out, const struct timeline *now)
{
    *out = (struct timeline_query){.epoch = now->epoch,
                                   .oldest_allowed = timeline_oldest_allowed(now)};
}

void timeline_touch(struct timeline_query *query, uint64_t generation)
{
    query->touched_at = generation;
}

bool timeline_is_behind(const struct timeline_query *query, const struct timeline *now)
{
    return query->epoch != now->epoch ||
           (query->has_snapshot && query->snapshot < query->oldest_allowed);
}

bool timeline_is_ahead(const struct timeline_query *query, const struct timeline *now)
{
    return query->snapshot > now->seen && timeline_is_watched(now) && !now->is_lost;
}

enum timeline_verdict timeline_judge(const struct timeline_query *query, const struct timeline *now)
{
    if (timeline_is_behind(query, now))
        return TIMELINE_BEHIND;
    if (!timeline_is_ahead(query, now))
        return TIMELINE_USE;
    return query->n_looks < TIMELINE_LOOKS_MAX ? TIMELINE_AHEAD : TIMELINE_ELSEWHERE;
}

bool timeline_may_share(const struct timeline_query *query, const struct timeline *now)
{
    uint64_t at_least = later(query->oldest_allowed, query->snapshot); /* 0: no row has come */
    return query->epoch == now->epoch && at_least >= timeline_oldest_allowed(now);
}

static bool is_untouched(const struct timeline_query *query)
{
    return query->touched_at <= query->snapshot;
}

bool timeline_may_keep(const struct timeline_query *query, const struct timeline *now)
{
    return is_untouched(query) && timeline_is_watched(now);
}

uint64_t timeline_generation_to_show(const struct timeline_query *query, const struct timeline *now)
{
    return is_untouched(query) ? later(query->snapshot, now->seen) : query->snapshot;
}

/* --- what is kept --- */

uint64_t timeline_kept_generation(uint64_t snapshot, const struct timeline *now)
{
    return later(snapshot, now->seen);
}

bool timeline_may_show(uint64_t snapshot, const struct timeline *now)
{
    return timeline_kept_generation(snapshot, now) >= now->shown;
}

bool timeline_may_serve(uint64_t snapshot, bool has_expired, const struct timeline *now)
{
    return (now->stale_seconds > 0 || !has_expired) && timeline_may_show(snapshot, now);
}

bool timeline_is_latest(uint64_t generation, const struct timeline *now)
{
    return generation == now->seen && timeline_is_watched(now);
}
