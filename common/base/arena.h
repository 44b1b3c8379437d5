/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one request or one job: many small allocations, freed together. An arena has a limit;
 * what has its size from outside asks with ms_arena_try_* and gets NULL at the limit, small fixed
 * things ask with ms_arena_alloc, which aborts the process (a bug, not an input).
 */
#ifndef MS_ARENA_H
#define MS_ARENA_H

#include "common/base/str.h"

struct ms_arena;

struct ms_arena *ms_arena_new(size_t limit_bytes);
void ms_arena_free(struct ms_arena *arena); /* NULL is fine */

/* Zeroed, aligned for anything. */
void *ms_arena_alloc(struct ms_arena *arena, size_t bytes);
void *ms_arena_try_alloc(struct ms_arena *arena, size_t bytes) MS_CHECKED;
void *ms_arena_try_array(struct ms_arena *arena, size_t count, size_t element_bytes) MS_CHECKED;

/* Copies; the copy is followed by a NUL. An absent view stays absent. */
enum ms_status ms_arena_copy(struct ms_str *out, struct ms_arena *arena,
                             struct ms_str s) MS_CHECKED;
/* The same for what is known to be small; aborts at the limit. */
struct ms_str ms_arena_dup(struct ms_arena *arena, struct ms_str s);

#endif
