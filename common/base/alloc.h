/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small allocations, which abort the process when they fail; all are freed with free(). What has
 * its size from outside, without a limit, goes into a capped ms_buf or an arena instead.
 */
#ifndef MS_ALLOC_H
#define MS_ALLOC_H

#include "common/base/str.h"

#include <stdlib.h>
#include <string.h>

/* Zeroed; never NULL. */
static inline void *ms_alloc(size_t bytes)
{
    void *memory = calloc(1, bytes > 0 ? bytes : 1);
    if (memory == NULL)
        abort();
    return memory;
}

/* `memory` (NULL: none yet) with room for `count` elements; what is new is not zeroed. */
static inline void *ms_alloc_resize(void *memory, size_t count, size_t element_bytes)
{
    void *resized = reallocarray(memory, count, element_bytes);
    if (resized == NULL)
        abort();
    return resized;
}

/* Room for `needed` elements at least: doubles *capacity (0: nothing yet) as often as it takes.
 * What is new is not zeroed. Usage: `list = ms_alloc_grow(list, &capacity, count + 1,
 * sizeof(*list));` */
static inline void *ms_alloc_grow(void *memory, size_t *capacity, size_t needed,
                                  size_t element_bytes)
{
    size_t wanted = *capacity > 0 ? *capacity : 16;
    while (wanted < needed) {
        if (wanted > SIZE_MAX / 2)
            abort();
        wanted *= 2;
    }
    if (wanted == *capacity)
        return memory;
    *capacity = wanted;
    return ms_alloc_resize(memory, wanted, element_bytes);
}

/* A terminated copy. */
static inline char *ms_alloc_str(struct ms_str s)
{
    char *copy = ms_alloc(s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

/* The same of a string; NULL stays NULL. */
static inline char *ms_alloc_copy(const char *s)
{
    return s != NULL ? ms_alloc_str(ms_str(s)) : NULL;
}

/* Frees a string that may hold a secret, and leaves no trace of it; NULL is fine. */
static inline void ms_alloc_wipe(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

#endif
