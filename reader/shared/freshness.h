/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fresh a worker's cache is: shared memory, which the watcher process writes and each worker
 * looks at with each request.
 */
#ifndef FRESHNESS_H
#define FRESHNESS_H

#include "common/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRESHNESS_RING = 4096, FRESHNESS_FRESH_MS = 3000 };

/* In shared memory. The watcher is the only writer; fields are read and written with C11 atomics
 * (acquire and release), `generation` last. */
struct freshness_shared;

/* Bytes of the shared structure; zeroed memory is one that has seen nothing yet. */
size_t freshness_shared_size(void);

/* --- the watcher's side --- */

/* Begins a new epoch: everything cached is worth nothing (start, new term, generation went back,
 * gap). */
void freshness_reset(struct freshness_shared *shared, uint64_t generation);
/* One generation was seen, in order; `repository_hash` is ms_str_hash of the touched name. */
void freshness_touch(struct freshness_shared *shared, uint64_t generation,
                     uint64_t repository_hash);

enum freshness_schema {
    FRESHNESS_SCHEMA_UNKNOWN, /* nothing seen yet */
    FRESHNESS_SCHEMA_OK,
    FRESHNESS_SCHEMA_MISSING, /* no tables yet */
    FRESHNESS_SCHEMA_OLD,     /* a migration is needed */
    FRESHNESS_SCHEMA_NEW      /* this program is too old */
};
/* The database was seen at this moment; called at least every second while it can be.
 * `replay_lag_ms` -1: unknown or no standby. */
void freshness_seen(struct freshness_shared *shared, bool standby, int64_t replay_lag_ms,
                    enum freshness_schema schema);

/* It cannot be seen, for this reason, until it is seen again. */
void freshness_lost(struct freshness_shared *shared, enum ms_status why);

/* --- a worker's side --- */

struct freshness {
    struct freshness_shared *shared;
    uint64_t epoch;
    uint64_t generation; /* up to which the ring was read */
};

void freshness_init(struct freshness *freshness, struct freshness_shared *shared);
/* Calls on_touched for each repository touched since the last call, or on_reset (empty the cache).
 */
typedef void freshness_touched(uint64_t generation, uint64_t repository_hash, void *arg);
typedef void freshness_forget(void *arg);
void freshness_update(struct freshness *freshness, freshness_touched *on_touched,
                      freshness_forget *on_reset, void *arg);
uint64_t freshness_generation(const struct freshness *freshness);
bool freshness_is_known(
    const struct freshness *freshness); /* the watcher has seen the database once */
/* Why the database cannot be seen (static string); NULL when it can, or nobody has tried yet. */
const char *freshness_loss(const struct freshness *freshness);
/* Milliseconds since the database was last seen; UINT64_MAX before the first time. */
uint64_t freshness_age_ms(const struct freshness *freshness);
/* Whole seconds for X-Metastore-Stale; 0 while fresh (seen within FRESHNESS_FRESH_MS), and before
 * the first time, when nothing is kept that could be stale. */
uint64_t freshness_stale_seconds(const struct freshness *freshness);
/* NULL when the schema is understood or not known yet, else why not (static string). */
const char *freshness_schema_problem(const struct freshness *freshness);
bool freshness_is_standby(const struct freshness *freshness);
int64_t freshness_replay_lag_ms(const struct freshness *freshness);

#endif
