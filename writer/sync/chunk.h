/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some tags of a repository, on their way from the registry into the database.
 */
#ifndef SYNC_CHUNK_H
#define SYNC_CHUNK_H

#include "writer/store/store.h"

struct env;
struct chunk;

/* The result; views until the callback ends. */
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

struct chunk_options {
    struct ms_str repository;   /* lives as long as the chunk, as do the names */
    const struct ms_str *names; /* at least one; sorted */
    size_t n_names;
    /* The repository has no other tags, so tags and manifests are applied in one transaction; else
     * the manifests are, untagged, and the tags are staged, so that a repository's tags never move
     * by halves. */
    bool is_whole;
    int64_t scan_id; /* other tags are asked about more thoroughly in each scan */
    struct chunk_callbacks callbacks;
};

/* The chunk frees itself after on_done. */
struct chunk *chunk_start(const struct env *env, const struct chunk_options *options);
/* Some of its tags answered 404, and the tag list is being read again. */
bool chunk_waits_for_list(const struct chunk *chunk);
/* Events wait for its end: its requests go before those of other repositories. */
void chunk_hurry(struct chunk *chunk);
/* Once, after on_ready. */
void chunk_write(struct chunk *chunk);
/* No callback any more; frees it. After chunk_write it may be applied all the same. */
void chunk_cancel(struct chunk *chunk);

#endif
