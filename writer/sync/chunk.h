/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some tags of a repository, on their way from the registry into the database.
 */
#ifndef SYNC_CHUNK_H
#define SYNC_CHUNK_H

#include "writer/sync/sync_internal.h"

struct chunk;

/* What became of it; views until the callback ends. */
struct chunk_result {
    const struct ms_error *err; /* NULL: all of it is in the database, or waits there */
    uint64_t manifests, added, unreadable;
    bool is_staged;            /* it waits for the apply that takes all of the repository */
    const struct ms_str *gone; /* of its tags: deleted since the list was read */
    size_t n_gone;
};

struct chunk_callbacks {
    void (*on_ready)(struct chunk *chunk, void *arg); /* it waits for chunk_write */
    void (*on_done)(struct chunk *chunk, const struct chunk_result *result, void *arg);
    void *arg;
};

/* `names` (at least one) must live as long as the chunk. `is_whole`: the repository has no other
 * tags, so tags and manifests are applied in one transaction; else the manifests are, untagged, and
 * the tags are staged, so that a repository's tags never move by halves. The chunk frees itself
 * after on_done. */
struct chunk *chunk_start(const struct sync_job *job, const struct ms_str *names, size_t n_names,
                          bool is_whole, const struct chunk_callbacks *callbacks);
/* Some of its tags answered 404, and the tag list is being read again. */
bool chunk_waits_for_list(const struct chunk *chunk);
/* Events wait for its end: its requests go before those of other repositories. */
void chunk_hurry(struct chunk *chunk);
/* Once, after on_ready. */
void chunk_write(struct chunk *chunk);
/* No callback any more; frees it. Not after chunk_write, unless the job is cancelled. */
void chunk_cancel(struct chunk *chunk);

#endif
