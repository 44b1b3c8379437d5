/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers that are made again in the background after a change, before somebody asks: those that
 * take long and that everybody asks for, the queries of the class MS_CLASS_INDEX.
 */
#ifndef REFILL_H
#define REFILL_H

#include "reader/answer/cache.h"
#include "reader/answer/flight.h"
#include "reader/answer/query.h"

struct refill;

struct refill *refill_new(const struct env *env, struct flights *flights,
                          const struct caches *caches);
void refill_free(struct refill *refill); /* before the flights; NULL is fine */

/* Somebody has asked for it: for a while it is worth keeping. Always the same query. */
void refill_note(struct refill *refill, const struct answer_query *query);
/* Something has changed, or all was forgotten, so that it may not be kept any more. */
void refill_wake(struct refill *refill);
/* The present answer under the key was made, and is too large to be kept: until something changes,
 * it is not made again. */
void refill_note_too_large(struct refill *refill, struct ms_str key);

#endif
