/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gc: every interval.garbage_collect what nothing references leaves the database, and,
 * with garbage_collect.registry, the registry; and what has passed its retention is
 * forgotten.
 */
#ifndef GC_H
#define GC_H

struct env;
struct gc;

struct gc *gc_new(const struct env *env);
void gc_free(struct gc *gc); /* before the store; NULL is fine */
void gc_begin_term(struct gc *gc);
void gc_end_term(struct gc *gc);
/* The configuration has changed. */
void gc_reload(struct gc *gc);

#endif
