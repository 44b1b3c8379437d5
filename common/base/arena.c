/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas: a list of chunks from which allocations are cut. Chunks come zeroed and are never used
 * twice, so an allocation is zero. Under AddressSanitizer the unused parts of a chunk are poisoned,
 * with a gap between neighbours.
 */
#include "common/base/arena.h"

#include "common/base/alloc.h"

#include <stddef.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
enum { GAP_BYTES = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
enum { GAP_BYTES = 0 };
#endif

enum { ALIGNMENT = _Alignof(max_align_t), CHUNK_MIN = 2048, CHUNK_MAX = 64 * 1024 };

struct chunk {
    struct chunk *next;
    size_t size;
    size_t used;
    max_align_t data[];
};

struct ms_arena {
    struct chunk *chunks; /* the first one is being cut */
    size_t limit_bytes;
    size_t used_bytes;
    size_t chunk_bytes; /* size of the next common chunk */
};

struct ms_arena *ms_arena_new(size_t limit_bytes)
{
    struct ms_arena *arena = ms_alloc(sizeof(*arena));
    arena->limit_bytes = limit_bytes;
    arena->chunk_bytes = CHUNK_MIN;
    return arena;
}

void ms_arena_free(struct ms_arena *arena)
{
    if (arena == NULL)
        return;
    for (struct chunk *chunk = arena->chunks; chunk != NULL;) {
        struct chunk *next = chunk->next;
        ASAN_UNPOISON_MEMORY_REGION(chunk->data, chunk->size);
        free(chunk);
        chunk = next;
    }
    free(arena);
}

static struct chunk *new_chunk(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct chunk))
        return NULL;
    struct chunk *chunk = calloc(1, sizeof(*chunk) + size);
    if (chunk == NULL)
        return NULL;
    chunk->size = size;
    ASAN_POISON_MEMORY_REGION(chunk->data, size);
    return chunk;
}

/* A large allocation gets a chunk of its own, behind the current one, whose rest stays in use. */
static struct chunk *add_large(struct ms_arena *arena, size_t size)
{
    struct chunk *chunk = new_chunk(size);
    if (chunk == NULL)
        return NULL;
    struct chunk **place = arena->chunks != NULL ? &arena->chunks->next : &arena->chunks;
    chunk->next = *place;
    *place = chunk;
    return chunk;
}

static struct chunk *add_common(struct ms_arena *arena)
{
    struct chunk *chunk = new_chunk(arena->chunk_bytes);
    if (chunk == NULL)
        return NULL;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    if (arena->chunk_bytes < CHUNK_MAX)
        arena->chunk_bytes *= 2;
    return chunk;
}

static struct chunk *chunk_with_room(struct ms_arena *arena, size_t size)
{
    struct chunk *first = arena->chunks;
    if (first != NULL && first->size - first->used >= size)
        return first;
    return size > arena->chunk_bytes / 4 ? add_large(arena, size) : add_common(arena);
}

void *ms_arena_try_alloc(struct ms_arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX - ALIGNMENT - GAP_BYTES)
        return NULL;
    size_t size = ((bytes > 0 ? bytes : 1) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > arena->limit_bytes - arena->used_bytes)
        return NULL;
    struct chunk *chunk = chunk_with_room(arena, size + GAP_BYTES);
    if (chunk == NULL)
        return NULL;
    char *memory = (char *)chunk->data + chunk->used;
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
    chunk->used += size + GAP_BYTES;
    arena->used_bytes += size;
    return memory;
}

void *ms_arena_alloc(struct ms_arena *arena, size_t bytes)
{
    void *memory = ms_arena_try_alloc(arena, bytes);
    if (memory == NULL)
        abort();
    return memory;
}

void *ms_arena_try_array(struct ms_arena *arena, size_t count, size_t element_bytes)
{
    if (element_bytes > 0 && count > SIZE_MAX / element_bytes)
        return NULL;
    return ms_arena_try_alloc(arena, count * element_bytes);
}

enum ms_status ms_arena_copy(struct ms_str *out, struct ms_arena *arena, struct ms_str s)
{
    if (ms_str_is_absent(s)) {
        *out = s;
        return MS_OK;
    }
    char *copy = s.len < SIZE_MAX ? ms_arena_try_alloc(arena, s.len + 1) : NULL;
    if (copy == NULL)
        return MS_TOO_LARGE;
    memcpy(copy, s.ptr, s.len);
    *out = ms_str_n(copy, s.len);
    return MS_OK;
}

struct ms_str ms_arena_dup(struct ms_arena *arena, struct ms_str s)
{
    struct ms_str copy;
    if (ms_arena_copy(&copy, arena, s) != MS_OK)
        abort();
    return copy;
}
