/* SPDX-License-Identifier: Apache-2.0 */
/* A map beside an array that cannot be wrong: each byte of the input puts or removes one of 64
 * keys, and both hold the same afterwards. */
#include "common/base/map.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEYS = 64, INPUT_MAX = 4096, CHECK_EVERY = 32 };

static void check_same(const struct ms_map *map, const struct ms_str *keys, void *const *values)
{
    size_t count = 0;
    for (size_t i = 0; i < KEYS; i++) {
        assert(ms_map_get(map, keys[i]) == values[i]);
        count += values[i] != NULL ? 1 : 0;
    }
    assert(map->count == count);
    for (const struct ms_map_entry *entry = ms_map_next(map, NULL); entry != NULL;
         entry = ms_map_next(map, entry))
        count--;
    assert(count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char bytes[KEYS][2];
    struct ms_str keys[KEYS];
    void *values[KEYS] = {NULL};
    struct ms_map map = {.slots = NULL};
    for (size_t i = 0; i < KEYS; i++) { /* the first bytes of the input make the keys collide */
        bytes[i][0] = (char)i;
        bytes[i][1] = i < size ? (char)data[i] : '\0';
        keys[i] = ms_str_n(bytes[i], 2);
    }
    for (size_t i = 0; i < size && i < INPUT_MAX; i++) {
        size_t key = data[i] % KEYS;
        void *value = &bytes[data[i] / KEYS][0];
        void *before = values[key];
        bool is_removal = data[i] / KEYS == 0;
        values[key] = is_removal ? NULL : value;
        void *told =
            is_removal ? ms_map_remove(&map, keys[key]) : ms_map_put(&map, keys[key], value);
        assert(told == before);
        assert(ms_map_get(&map, keys[key]) == values[key]);
        if (i % CHECK_EVERY == 0) /* all of it is most of the time */
            check_same(&map, keys, values);
    }
    check_same(&map, keys, values);
    ms_map_free(&map);
    return 0;
}
