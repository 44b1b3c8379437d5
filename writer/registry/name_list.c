/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing list of names with a hash table of indexes beside it (open addressing, at most half
 * full). Bytes live in an arena, so that views stay valid while the list grows.
 */
#include "writer/registry/name_list.h"

#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "common/base/siphash.h"

struct name_list {
    struct ms_arena *arena;
    struct ms_str *list;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* index + 1; 0: free */
    size_t n_slots;  /* a power of two, twice the capacity */
};

enum { FIRST_CAPACITY = 64 };

struct name_list *name_list_new(void)
{
    struct name_list *names = ms_alloc(sizeof(*names));
    names->arena = ms_arena_new(NAME_LIST_BYTES_MAX);
    return names;
}

void name_list_free(struct name_list *names)
{
    if (names == NULL)
        return;
    ms_arena_free(names->arena);
    free(names->list);
    free(names->slots);
    free(names);
}

/* The slot that holds the name, or the free one where it belongs. */
static uint32_t *find_slot(const struct name_list *names, struct ms_str name)
{
    size_t at = (size_t)ms_siphash_own(name) & (names->n_slots - 1);
    while (names->slots[at] != 0 && !ms_str_equal(names->list[names->slots[at] - 1], name))
        at = (at + 1) & (names->n_slots - 1);
    return &names->slots[at];
}

static void grow(struct name_list *names)
{
    names->capacity = names->capacity == 0 ? FIRST_CAPACITY : names->capacity * 2;
    names->list = ms_alloc_resize(names->list, names->capacity, sizeof(*names->list));
    names->n_slots = names->capacity * 2;
    free(names->slots);
    names->slots = ms_alloc(names->n_slots * sizeof(*names->slots));
    for (size_t i = 0; i < names->count; i++)
        *find_slot(names, names->list[i]) = (uint32_t)(i + 1);
}

enum ms_status name_list_add(bool *out_is_new, struct name_list *names, struct ms_str name)
{
    if (names->count == names->capacity)
        grow(names);
    uint32_t *slot = find_slot(names, name);
    if (*slot != 0) {
        *out_is_new = false;
        return MS_OK;
    }
    if (names->count == NAME_LIST_MAX ||
        ms_arena_copy(&names->list[names->count], names->arena, name) != MS_OK)
        return MS_TOO_LARGE;
    *slot = (uint32_t)++names->count;
    *out_is_new = true;
    return MS_OK;
}

const struct ms_str *name_list_all(const struct name_list *names, size_t *out_count)
{
    *out_count = names->count;
    return names->list;
}
