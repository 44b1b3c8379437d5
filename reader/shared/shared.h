/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that all processes of a reader share: freshness, bytes on disk, and a slot of metrics
 * for each process. Laid out in one place; made by the supervisor.
 */
#ifndef SHARED_H
#define SHARED_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct freshness_shared;

/* After the labels of metrics were set. */
size_t shared_size(size_t n_workers);

struct freshness_shared *shared_freshness(void *shared);
/* Of each worker, by its index. */
_Atomic uint64_t *shared_spool_used(void *shared);
/* Workers by their index, then the watcher, then the supervisor. */
size_t shared_n_slots(size_t n_workers);
void *shared_slot(void *shared, size_t index);
size_t shared_slot_stride(void);

#endif
