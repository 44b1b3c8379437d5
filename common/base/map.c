/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table with open addressing and linear probing.
 *
 * Always holds: at least a quarter of the slots is free, so every search ends; between the slot
 * that a key's hash points to and the slot that holds it none is free, which removing restores by
 * moving the entries behind it.
 */
#include "common/base/map.h"

#include "common/base/alloc.h"
#include "common/base/siphash.h"

#include <assert.h>

enum { FIRST_CAPACITY = 16 };

void ms_map_free(struct ms_map *map)
{
    free(map->slots);
    *map = (struct ms_map){.slots = NULL};
}

/* The slot that holds the key, or the free one where it belongs. */
static struct ms_map_entry *find(const struct ms_map *map, struct ms_str key, uint64_t hash)
{
    size_t at = (size_t)hash & (map->capacity - 1);
    while (map->slots[at].value != NULL &&
           (map->slots[at].hash != hash || !ms_str_equal(map->slots[at].key, key)))
        at = (at + 1) & (map->capacity - 1);
    return &map->slots[at];
}

static void grow(struct ms_map *map)
{
    struct ms_map old = *map;
    map->capacity = old.capacity == 0 ? FIRST_CAPACITY : old.capacity * 2;
    map->slots = ms_alloc(map->capacity * sizeof(*map->slots));
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].value != NULL)
            *find(map, old.slots[i].key, old.slots[i].hash) = old.slots[i];
    }
    free(old.slots);
}

void *ms_map_get(const struct ms_map *map, struct ms_str key)
{
    return map->count == 0 ? NULL : find(map, key, ms_siphash_own(key))->value;
}

void *ms_map_put(struct ms_map *map, struct ms_str key, void *value)
{
    assert(value != NULL);
    if (map->count >= map->capacity / 4 * 3)
        grow(map);
    uint64_t hash = ms_siphash_own(key);
    struct ms_map_entry *slot = find(map, key, hash);
    void *before = slot->value;
    map->count += before == NULL ? 1 : 0;
    *slot = (struct ms_map_entry){.key = key, .hash = hash, .value = value};
    return before;
}

void *ms_map_remove(struct ms_map *map, struct ms_str key)
{
    if (map->count == 0)
        return NULL;
    struct ms_map_entry *hole = find(map, key, ms_siphash_own(key));
    void *removed = hole->value;
    if (removed == NULL)
        return NULL;
    map->count--;
    size_t mask = map->capacity - 1;
    size_t hole_at = (size_t)(hole - map->slots);
    for (size_t at = (hole_at + 1) & mask; map->slots[at].value != NULL; at = (at + 1) & mask) {
        size_t home = (size_t)map->slots[at].hash & mask;
        bool is_cut_off = ((at - home) & mask) >= ((at - hole_at) & mask); /* from its home */
        if (is_cut_off) {
            map->slots[hole_at] = map->slots[at];
            hole_at = at;
        }
    }
    map->slots[hole_at] = (struct ms_map_entry){.value = NULL};
    return removed;
}

const struct ms_map_entry *ms_map_next(const struct ms_map *map,
                                       const struct ms_map_entry *previous)
{
    size_t at = previous == NULL ? 0 : (size_t)(previous - map->slots) + 1;
    while (at < map->capacity && map->slots[at].value == NULL)
        at++;
    return at < map->capacity ? &map->slots[at] : NULL;
}
