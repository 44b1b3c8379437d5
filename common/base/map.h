/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table from bytes to pointers. It owns neither: a key's bytes must stay as they are while
 * the entry is there (most often they lie in the value). Grows without limit; the limit is the
 * caller's, who knows what the entries are. A zeroed map is an empty one.
 */
#ifndef MS_MAP_H
#define MS_MAP_H

#include "common/base/str.h"

struct ms_map_entry {
    struct ms_str key;
    uint64_t hash;
    void *value; /* NULL: the slot is free */
};

struct ms_map {
    struct ms_map_entry *slots;
    size_t capacity; /* 0, or a power of two */
    size_t count;
};

void ms_map_free(struct ms_map *map); /* leaves an empty one; what it pointed to stays */

/* NULL: there is none. */
void *ms_map_get(const struct ms_map *map, struct ms_str key);
/* Enters `value`, which is not NULL; returns the one that had this key before, or NULL. From then
 * on the entry's key is the new `key`. */
void *ms_map_put(struct ms_map *map, struct ms_str key, void *value);
/* Returns what was taken out, or NULL. */
void *ms_map_remove(struct ms_map *map, struct ms_str key);

/* The entries in no particular order: the one after `previous` (NULL: the first), NULL at the end.
 * The map must not change on the way. */
const struct ms_map_entry *ms_map_next(const struct ms_map *map,
                                       const struct ms_map_entry *previous);

#endif
