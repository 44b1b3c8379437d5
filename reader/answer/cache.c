/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The response cache: a map by key, a second one by repository (so that an invalidation touches
 * only what it drops), and a list by use. Always: every node is in all three, and `bytes` is the
 * sum over them, at most `max_bytes`.
 */
#include "reader/answer/cache.h"

#include "common/base/alloc.h"
#include "common/base/map.h"
#include "common/runtime/limit.h"

#include <string.h>
#include <sys/queue.h>

/* A node costs this much beside its bytes: allocator, documents, slots of the maps. */
enum { NODE_OVERHEAD_BYTES = 256 };

struct node {
    LIST_ENTRY(node) by_repository;
    TAILQ_ENTRY(node) by_use;
    struct repository *repository;
    uint64_t cost_bytes;
    struct cache_entry entry;
    size_t key_len;
    char key[];
};
LIST_HEAD(node_list, node);
TAILQ_HEAD(use_list, node);

/* The nodes that depend on one repository, or, with hash 0, on everything. Never empty. */
struct repository {
    uint64_t hash;
    struct node_list nodes;
};

struct cache {
    struct ms_map nodes;        /* by key */
    struct ms_map repositories; /* by hash */
    uint64_t bytes;
    uint64_t max_bytes;
    uint64_t largest_bytes;
    struct use_list recent; /* the head was used last */
};

static struct ms_str node_key(const struct node *node)
{
    return ms_str_n(node->key, node->key_len);
}

static struct ms_str hash_key(const uint64_t *hash)
{
    return ms_str_n((const char *)hash, sizeof(*hash));
}

void cache_entry_release(struct cache_entry *entry)
{
    ms_http_entity_release(&entry->entity);
    spool_file_unref(entry->file);
    ms_doc_unref(entry->link);
}

static struct ms_doc *ref_or_null(struct ms_doc *doc)
{
    return doc == NULL ? NULL : ms_doc_ref(doc);
}

void cache_entry_copy(struct cache_entry *to, const struct cache_entry *from)
{
    *to = *from;
    ref_or_null(to->entity.body);
    ref_or_null(to->link);
    if (to->file != NULL)
        spool_file_ref(to->file);
}

static void drop(struct cache *cache, struct node *node)
{
    struct repository *repository = node->repository;
    ms_map_remove(&cache->nodes, node_key(node));
    LIST_REMOVE(node, by_repository);
    TAILQ_REMOVE(&cache->recent, node, by_use);
    if (LIST_EMPTY(&repository->nodes)) {
        ms_map_remove(&cache->repositories, hash_key(&repository->hash));
        free(repository);
    }
    cache->bytes -= node->cost_bytes;
    cache_entry_release(&node->entry);
    free(node);
}

bool cache_drop_oldest(struct cache *cache)
{
    struct node *oldest = TAILQ_LAST(&cache->recent, use_list);
    if (oldest == NULL)
        return false;
    drop(cache, oldest);
    return true;
}

static void shrink_to(struct cache *cache, uint64_t bytes)
{
    while (cache->bytes > bytes && cache_drop_oldest(cache))
        continue;
}

struct cache *cache_new(uint64_t max_bytes, uint64_t largest_bytes)
{
    struct cache *cache = ms_alloc(sizeof(*cache));
    cache->max_bytes = max_bytes;
    cache->largest_bytes = largest_bytes < max_bytes ? largest_bytes : max_bytes;
    TAILQ_INIT(&cache->recent);
    return cache;
}

void cache_free(struct cache *cache)
{
    if (cache == NULL)
        return;
    cache_clear(cache);
    ms_map_free(&cache->nodes);
    ms_map_free(&cache->repositories);
    free(cache);
}

uint64_t cache_bytes(const struct cache *cache)
{
    return cache->bytes;
}

const struct cache_entry *cache_find(struct cache *cache, struct ms_str key)
{
    struct node *node = ms_map_get(&cache->nodes, key);
    if (node == NULL)
        return NULL;
    TAILQ_REMOVE(&cache->recent, node, by_use);
    TAILQ_INSERT_HEAD(&cache->recent, node, by_use);
    return &node->entry;
}

static uint64_t cost_of(struct ms_str key, const struct cache_entry *entry)
{
    uint64_t file_bytes = entry->file == NULL ? 0 : spool_file_bytes(entry->file);
    size_t link_bytes = entry->link == NULL ? 0 : ms_doc_view(entry->link).len;
    return file_bytes + sizeof(struct node) + NODE_OVERHEAD_BYTES + key.len +
           ms_http_entity_bytes(&entry->entity) + link_bytes;
}

static struct repository *find_or_add_repository(struct cache *cache, uint64_t hash)
{
    struct repository *repository = ms_map_get(&cache->repositories, hash_key(&hash));
    if (repository == NULL) {
        repository = ms_alloc(sizeof(*repository));
        repository->hash = hash;
        LIST_INIT(&repository->nodes);
        ms_map_put(&cache->repositories, hash_key(&repository->hash), repository);
    }
    return repository;
}

bool cache_put(struct cache *cache, struct ms_str key, uint64_t repository_hash,
               const struct cache_entry *entry)
{
    struct node *old = ms_map_get(&cache->nodes, key);
    if (old != NULL)
        drop(cache, old);
    uint64_t cost_bytes = cost_of(key, entry);
    if (cost_bytes > cache->largest_bytes) {
        if (cache->max_bytes > 0)
            ms_limit_reached(MS_LIMIT_CACHE_ENTRY);
        return false;
    }
    shrink_to(cache, cache->max_bytes - cost_bytes);
    struct node *node = ms_alloc(sizeof(*node) + key.len);
    node->repository = find_or_add_repository(cache, repository_hash);
    node->cost_bytes = cost_bytes;
    cache_entry_copy(&node->entry, entry);
    node->key_len = key.len;
    memcpy(node->key, key.ptr, key.len);
    ms_map_put(&cache->nodes, node_key(node), node);
    LIST_INSERT_HEAD(&node->repository->nodes, node, by_repository);
    TAILQ_INSERT_HEAD(&cache->recent, node, by_use);
    cache->bytes += cost_bytes;
    return true;
}

void cache_remove(struct cache *cache, struct ms_str key)
{
    struct node *node = ms_map_get(&cache->nodes, key);
    if (node != NULL)
        drop(cache, node);
}

bool cache_may_grow(struct cache *cache, struct ms_str key, uint64_t bytes)
{
    const struct node *node = ms_map_get(&cache->nodes, key);
    if (node == NULL || cost_of(key, &node->entry) + bytes <= cache->max_bytes)
        return true;
    ms_limit_reached(MS_LIMIT_CACHE_ENTRY);
    return false;
}

void cache_recount(struct cache *cache, struct ms_str key)
{
    struct node *node = ms_map_get(&cache->nodes, key);
    if (node == NULL)
        return;
    cache->bytes -= node->cost_bytes;
    node->cost_bytes = cost_of(key, &node->entry);
    cache->bytes += node->cost_bytes;
    shrink_to(cache, cache->max_bytes);
}

static void invalidate_one(struct cache *cache, uint64_t repository_hash, uint64_t generation)
{
    struct repository *repository = ms_map_get(&cache->repositories, hash_key(&repository_hash));
    struct node *node = repository == NULL ? NULL : LIST_FIRST(&repository->nodes);
    while (node != NULL) {
        struct node *next = LIST_NEXT(node, by_repository); /* none: the repository may go too */
        if (node->entry.generation < generation)
            drop(cache, node);
        node = next;
    }
}

void cache_invalidate(struct cache *cache, uint64_t repository_hash, uint64_t generation)
{
    invalidate_one(cache, 0, generation);
    if (repository_hash != 0)
        invalidate_one(cache, repository_hash, generation);
}

void cache_clear(struct cache *cache)
{
    shrink_to(cache, 0);
}

/* --- what a worker keeps --- */

const struct cache_entry *caches_find(const struct caches *caches, struct ms_str key)
{
    const struct cache_entry *entry = cache_find(caches->memory, key);
    return entry != NULL ? entry : cache_find(caches->files, key);
}

void caches_put(const struct caches *caches, struct ms_str key, uint64_t repository_hash,
                const struct cache_entry *entry)
{
    bool is_file = entry->file != NULL;
    bool is_kept = cache_put(is_file ? caches->files : caches->memory, key, repository_hash, entry);
    cache_remove(is_file ? caches->memory : caches->files, key);
    if (!is_kept && caches->on_too_large != NULL)
        caches->on_too_large(key, caches->arg);
}
