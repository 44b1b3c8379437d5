/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collector: every interval.garbage_collect what nothing references leaves the database, and,
 * with garbage_collect.registry, the registry; and what has passed its retention is
 * forgotten.
 */
#ifndef GC_H
#define GC_H

struct env;
struct collector;

struct collector *gc_new(const struct env *env);
void gc_free(struct collector *collector); /* before the store; NULL is fine */
void gc_begin_term(struct collector *collector);
void gc_end_term(struct collector *collector);
/* The configuration has changed. */
void gc_reload(struct collector *collector);

#endif
