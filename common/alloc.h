/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small allocations of fixed size, which abort the process when they fail. What has its size from
 * outside goes into a capped ms_buf or an arena instead.
 */
#ifndef MS_ALLOC_H
#define MS_ALLOC_H

#include <stddef.h>
#include <stdlib.h>

/* Zeroed; never NULL; freed with free(). */
static inline void *ms_alloc(size_t bytes)
{
    void *memory = calloc(1, bytes > 0 ? bytes : 1);
    if (memory == NULL)
        abort();
    return memory;
}

#endif
