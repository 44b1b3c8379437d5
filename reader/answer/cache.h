/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The response cache of one worker: answers by canonical key, bounded in bytes, least recently used
 * goes first. An entry knows the repository it depends on (or that it depends on all). Knows
 * nothing of requests, of time or of the database. A worker has two, see struct caches.
 */
#ifndef CACHE_H
#define CACHE_H

#include "common/http/response.h"
#include "reader/answer/spool.h"

struct cache;

struct cache_entry {
    struct ms_http_entity entity; /* the entry holds the references */
    struct spool_file *file;      /* instead of the entity when the answer is large; else NULL */
    struct ms_doc *link;          /* value of the Link header, or NULL */
    uint64_t generation;          /* of the snapshot it was made from */
    int64_t expires_ms;           /* monotonic, for the caller to judge; 0: never */
    bool is_nothing;              /* what its builder said: query.h */
};

/* Takes the references of *from as well: both hold them afterwards. */
void cache_entry_copy(struct cache_entry *to, const struct cache_entry *from);
void cache_entry_release(struct cache_entry *entry);

/* 0: keeps nothing. An entry of more than `largest_bytes` is not kept. */
struct cache *cache_new(uint64_t max_bytes, uint64_t largest_bytes);
void cache_free(struct cache *cache); /* NULL is fine */
uint64_t cache_bytes(const struct cache *cache);

/* NULL when there is none. Valid until the next call that changes the cache; take references to
 * what must live longer. */
const struct cache_entry *cache_find(struct cache *cache, struct ms_str key);
/* Keeps a copy of *entry, with references of its own. `repository_hash` 0: depends on everything.
 * False: it is larger than an entry may be. */
bool cache_put(struct cache *cache, struct ms_str key, uint64_t repository_hash,
               const struct cache_entry *entry);
/* The entry under the key may grow by so many bytes (a gzip variant is made). False: it would be
 * alone more than the cache holds; that is counted. */
bool cache_may_grow(struct cache *cache, struct ms_str key, uint64_t bytes);
/* It has grown: others make room for it. */
void cache_recount(struct cache *cache, struct ms_str key);
void cache_remove(struct cache *cache, struct ms_str key); /* if it is there */
/* Drops what depends on this repository, and what depends on everything, if it is older than the
 * generation that touched it. */
void cache_invalidate(struct cache *cache, uint64_t repository_hash, uint64_t generation);
/* False when there is nothing to drop. */
bool cache_drop_oldest(struct cache *cache);
void cache_clear(struct cache *cache);

/* --- what a worker keeps --- */

struct caches {
    struct cache *memory;
    struct cache *files; /* large answers in files of the spool; its bytes are the disk's */
    struct spool *spool;
    /* caches_put() was given what is too large to be kept. May be NULL. */
    void (*on_too_large)(struct ms_str key, void *arg);
    void *arg;
};

/* As cache_find and cache_put, in the cache that fits the entry; a key is in one of them only. */
const struct cache_entry *caches_find(const struct caches *caches, struct ms_str key);
void caches_put(const struct caches *caches, struct ms_str key, uint64_t repository_hash,
                const struct cache_entry *entry);

#endif
