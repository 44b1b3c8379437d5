/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of freshness: what may be shown, kept and shared, as comparisons of generations. Pure:
 * they know nothing of requests, of shared memory or of the database.
 *
 * The database's generation rises with each visible change. An epoch ends when it may have gone
 * back (another primary, a gap): generations of two epochs cannot be compared. Within an epoch a
 * worker never answers a request from before a generation that it has shown.
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

/* Looks of the watcher that a result from a later generation than it has told is held for: only the
 * third look has surely begun after the result came. */
enum { TIMELINE_LOOKS_MAX = 3 };

/* The present, as a worker knows it. */
struct timeline {
    uint64_t epoch;
    uint64_t seen;          /* the generation that the watcher has told */
    uint64_t shown;         /* the highest of any answer in this epoch */
    bool is_known;          /* the watcher has seen the database once */
    bool is_lost;           /* it says that it cannot see the database any more */
    uint64_t stale_seconds; /* since it saw the database; 0: it does, or never has */
};

/* A query: what was known when it was asked, and what has come of it since. */
struct timeline_query {
    uint64_t epoch;
    uint64_t oldest_allowed; /* generation */
    uint64_t touched_at;     /* the last generation since then that concerns it; 0: none */
    bool has_snapshot;       /* a row has come */
    uint64_t snapshot;       /* the generation of the query's own snapshot */
    unsigned n_looks;        /* of the watcher since the result came */
};

/* How the result of a query is to be used. */
enum timeline_verdict {
    TIMELINE_USE,
    /* It is from before what was shown, or from another epoch: a standby lags, or the database went
     * back, which the watcher has told or will soon tell. Ask again. */
    TIMELINE_BEHIND,
    /* The watcher has not told this generation yet, and will soon. Wait for its look. */
    TIMELINE_AHEAD,
    /* It has looked often enough and has not found this generation. So our connection leads to
     * another server than the watcher's does: a former primary, with changes that were lost when
     * another took over. */
    TIMELINE_ELSEWHERE
};

/* The watcher sees the database: so what is kept can be invalidated. */
bool timeline_is_watched(const struct timeline *now);
/* No answer to a request that comes now may be from before this generation. */
uint64_t timeline_oldest_allowed(const struct timeline *now);
/* An answer of this generation is being sent: none from before it is from now on. */
void timeline_note_shown(struct timeline *now, uint64_t generation);
/* All is forgotten: the generation goes on from `seen`, wherever that is. */
void timeline_begin_epoch(struct timeline *now);

void timeline_ask(struct timeline_query *out, const struct timeline *now);
/* The watcher has told that `generation` touched what the query asks about. */
void timeline_touch(struct timeline_query *query, uint64_t generation);
/* It was asked in another epoch, or its snapshot is older than is allowed. */
bool timeline_is_behind(const struct timeline_query *query, const struct timeline *now);
/* Its snapshot is from after what the watcher has told, and the watcher sees the database. */
bool timeline_is_ahead(const struct timeline_query *query, const struct timeline *now);
enum timeline_verdict timeline_judge(const struct timeline_query *query,
                                     const struct timeline *now);
/* A request that comes now may share its result, whether that has come or not. */
bool timeline_may_share(const struct timeline_query *query, const struct timeline *now);
/* Its result may go into the cache: nothing that concerns it has happened since its snapshot, and
 * what happens from now on will be told. */
bool timeline_may_keep(const struct timeline_query *query, const struct timeline *now);
/* The latest generation at which its result is known to be true. */
uint64_t timeline_generation_to_show(const struct timeline_query *query,
                                     const struct timeline *now);

/* An entry that is still kept has survived all that was told, or is from after it: so it is true at
 * this generation. */
uint64_t timeline_kept_generation(uint64_t snapshot, const struct timeline *now);
/* It is not older than what was shown. (When the watcher does not see the database, a query may
 * show what comes after all that is kept.) */
bool timeline_may_show(uint64_t snapshot, const struct timeline *now);
/* The same, and it has not expired, which does not count while the database cannot be seen. */
bool timeline_may_serve(uint64_t snapshot, bool has_expired, const struct timeline *now);
/* Nothing has happened after this generation, as far as can be known without asking. */
bool timeline_is_latest(uint64_t generation, const struct timeline *now);

#endif
