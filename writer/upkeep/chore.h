/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chores: work that is done every so often while this writer leads, never twice at once.
 */
#ifndef CHORE_H
#define CHORE_H

#include "common/base/status.h"

#include <stdint.h>

struct env;
struct chore;

/* Begins the work, which ends with chore_done (also from a later callback). When it returns
 * anything but MS_OK nothing was begun and chore_done must not be called. */
typedef enum ms_status chore_start(struct chore *chore, void *arg);

struct chore *chore_new(const struct env *env, const char *name, chore_start *start, void *arg);
void chore_free(struct chore *chore); /* NULL is fine */

/* For the first time after `first_ms`, then `every_ms` after the end of the one before (0: never).
 * May be called again to change the times. */
void chore_begin(struct chore *chore, uint64_t first_ms, uint64_t every_ms);
/* Begins nothing any more; what is under way still ends with chore_done. */
void chore_end(struct chore *chore);
/* `err` NULL: it went well. A failure is logged when the one before went well. */
void chore_done(struct chore *chore, const struct ms_error *err);

#endif
