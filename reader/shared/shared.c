/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of a reader's shared memory: three parts one after the other, each on a cache line of
 * its own, so that counting in one process does not slow down another. Always: the same in every
 * process, since it depends on constants and on the labels of metrics only, which are set before
 * the fork.
 */
#include "reader/shared/shared.h"

#include "common/config/config.h"
#include "common/runtime/metrics.h"
#include "reader/shared/freshness.h"

enum { CACHE_LINE_BYTES = 64 };

static size_t round_up(size_t bytes)
{
    return (bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
}

static size_t spool_offset(void)
{
    return round_up(freshness_shared_size());
}

static size_t slots_offset(void)
{
    return spool_offset() + round_up(MS_WORKERS_MAX * sizeof(_Atomic uint64_t));
}

size_t shared_slot_stride(void)
{
    return round_up(ms_metrics_size());
}

size_t shared_n_slots(size_t n_workers)
{
    return n_workers + 2;
}

size_t shared_size(size_t n_workers)
{
    return slots_offset() + shared_n_slots(n_workers) * shared_slot_stride();
}

struct freshness_shared *shared_freshness(void *shared)
{
    return shared;
}

_Atomic uint64_t *shared_spool_used(void *shared)
{
    return (_Atomic uint64_t *)((uintptr_t)shared + spool_offset());
}

void *shared_slot(void *shared, size_t index)
{
    return (void *)((uintptr_t)shared + slots_offset() + index * shared_slot_stride());
}
