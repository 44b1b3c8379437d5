/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared memory between the watcher (its only writer) and the workers: generation, epoch, and a
 * ring of the repositories that the last generations touched.
 *
 * Always: a slot is good only while its own generation is the one looked for, before and after its
 * hash was read (the watcher may lap a slow worker); `generation` is stored after the slots it
 * promises, `epoch` before the generation that begins it. A worker that cannot tell forgets all.
 */
#include "reader/shared/freshness.h"

#include "common/base/clock.h"

#include <stdatomic.h>

struct slot {
    _Atomic uint64_t generation; /* 0: empty or being written */
    _Atomic uint64_t repository_hash;
};

struct freshness_shared {
    _Atomic uint64_t epoch;
    _Atomic uint64_t generation;
    _Atomic int64_t seen_ms; /* monotonic, the same clock in all processes; 0: never */
    _Atomic int64_t replay_lag_ms;
    _Atomic int schema;
    _Atomic int loss; /* enum ms_status; MS_OK: none */
    _Atomic bool standby;
    struct slot ring[FRESHNESS_RING];
};

size_t freshness_shared_size(void)
{
    return sizeof(struct freshness_shared);
}

static struct slot *slot_of(struct freshness_shared *shared, uint64_t generation)
{
    return &shared->ring[generation % FRESHNESS_RING];
}

void freshness_reset(struct freshness_shared *shared, uint64_t generation)
{
    atomic_fetch_add_explicit(&shared->epoch, 1, memory_order_acq_rel);
    for (size_t i = 0; i < FRESHNESS_RING; i++)
        atomic_store_explicit(&shared->ring[i].generation, 0, memory_order_release);
    atomic_store_explicit(&shared->generation, generation, memory_order_release);
}

void freshness_touch(struct freshness_shared *shared, uint64_t generation, uint64_t repository_hash)
{
    struct slot *slot = slot_of(shared, generation);
    atomic_store_explicit(&slot->generation, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&slot->repository_hash, repository_hash, memory_order_relaxed);
    atomic_store_explicit(&slot->generation, generation, memory_order_release);
    atomic_store_explicit(&shared->generation, generation, memory_order_release);
}

void freshness_seen(struct freshness_shared *shared, bool standby, int64_t replay_lag_ms,
                    enum freshness_schema schema)
{
    atomic_store_explicit(&shared->standby, standby, memory_order_relaxed);
    atomic_store_explicit(&shared->replay_lag_ms, replay_lag_ms, memory_order_relaxed);
    atomic_store_explicit(&shared->schema, (int)schema, memory_order_relaxed);
    atomic_store_explicit(&shared->loss, MS_OK, memory_order_relaxed);
    atomic_store_explicit(&shared->seen_ms, ms_clock_mono_ms(), memory_order_release);
}

void freshness_lost(struct freshness_shared *shared, enum ms_status why)
{
    atomic_store_explicit(&shared->loss, (int)why, memory_order_relaxed);
}

void freshness_init(struct freshness *freshness, struct freshness_shared *shared)
{
    *freshness = (struct freshness){.shared = shared};
    freshness->generation = atomic_load_explicit(&shared->generation, memory_order_acquire);
    freshness->epoch = atomic_load_explicit(&shared->epoch, memory_order_acquire);
}

/* False when the slot does not hold that generation (any more). */
static bool read_slot(uint64_t *out_hash, struct freshness_shared *shared, uint64_t generation)
{
    struct slot *slot = slot_of(shared, generation);
    if (atomic_load_explicit(&slot->generation, memory_order_acquire) != generation)
        return false;
    uint64_t hash = atomic_load_explicit(&slot->repository_hash, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&slot->generation, memory_order_relaxed) != generation)
        return false;
    *out_hash = hash;
    return true;
}

/* Walks the ring up to `generation`; false when something is missing on the way. */
static bool catch_up(struct freshness *freshness, uint64_t generation,
                     freshness_touched *on_touched, void *arg)
{
    if (generation < freshness->generation || generation - freshness->generation > FRESHNESS_RING)
        return false;
    while (freshness->generation < generation) {
        uint64_t hash;
        if (!read_slot(&hash, freshness->shared, freshness->generation + 1))
            return false;
        freshness->generation++;
        on_touched(freshness->generation, hash, arg);
    }
    return true;
}

void freshness_update(struct freshness *freshness, freshness_touched *on_touched,
                      freshness_forget *on_reset, void *arg)
{
    struct freshness_shared *shared = freshness->shared;
    uint64_t generation = atomic_load_explicit(&shared->generation, memory_order_acquire);
    uint64_t epoch = atomic_load_explicit(&shared->epoch, memory_order_acquire);
    if (epoch == freshness->epoch && generation == freshness->generation)
        return;
    if (epoch == freshness->epoch && catch_up(freshness, generation, on_touched, arg))
        return;
    freshness->epoch = epoch;
    freshness->generation = generation;
    on_reset(arg);
}

uint64_t freshness_generation(const struct freshness *freshness)
{
    return freshness->generation;
}

static int64_t seen_ms(const struct freshness *freshness)
{
    return atomic_load_explicit(&freshness->shared->seen_ms, memory_order_acquire);
}

bool freshness_is_known(const struct freshness *freshness)
{
    return seen_ms(freshness) != 0;
}

const char *freshness_loss(const struct freshness *freshness)
{
    int loss = atomic_load_explicit(&freshness->shared->loss, memory_order_relaxed);
    if (loss == MS_OK)
        return NULL;
    if (loss == MS_UNAUTHORIZED)
        return "its role may not SELECT: see sql/roles.sql";
    return "it cannot be reached, or does not let us in: the log says why";
}

uint64_t freshness_age_ms(const struct freshness *freshness)
{
    int64_t seen = seen_ms(freshness);
    if (seen == 0)
        return UINT64_MAX;
    int64_t age = ms_clock_mono_ms() - seen;
    return age > 0 ? (uint64_t)age : 0;
}

uint64_t freshness_stale_seconds(const struct freshness *freshness)
{
    uint64_t age_ms = freshness_age_ms(freshness);
    bool is_fresh = age_ms <= FRESHNESS_FRESH_MS || !freshness_is_known(freshness);
    return is_fresh ? 0 : age_ms / 1000;
}

const char *freshness_schema_problem(const struct freshness *freshness)
{
    int schema = atomic_load_explicit(&freshness->shared->schema, memory_order_relaxed);
    switch ((enum freshness_schema)schema) {
    case FRESHNESS_SCHEMA_MISSING:
        return "the database has no schema yet: start a writer, or run metastore-writer --migrate";
    case FRESHNESS_SCHEMA_OLD:
        return "the database's schema is older than this reader: run metastore-writer --migrate";
    case FRESHNESS_SCHEMA_NEW:
        return "the database's schema is newer than this reader understands: upgrade the reader";
    case FRESHNESS_SCHEMA_UNKNOWN:
    case FRESHNESS_SCHEMA_OK:
        break;
    }
    return NULL;
}

bool freshness_is_standby(const struct freshness *freshness)
{
    return atomic_load_explicit(&freshness->shared->standby, memory_order_relaxed);
}

int64_t freshness_replay_lag_ms(const struct freshness *freshness)
{
    return atomic_load_explicit(&freshness->shared->replay_lag_ms, memory_order_relaxed);
}
