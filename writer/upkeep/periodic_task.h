/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that is done every so often while this writer leads, never twice at once.
 */
#ifndef PERIODIC_TASK_H
#define PERIODIC_TASK_H

#include "common/base/status.h"

#include <stdint.h>

struct env;
struct periodic_task;

/* Begins the work, which ends with periodic_task_done in a later turn. */
typedef void periodic_task_start(void *arg);

/* `name` is for the log, and lives as long as the task. */
struct periodic_task *periodic_task_new(const struct env *env, const char *name,
                                        periodic_task_start *start, void *arg);
void periodic_task_free(struct periodic_task *task); /* NULL is fine */

/* For the first time after `first_ms`, then `every_ms` after the end of the one before (0: never).
 * May be called again to change the times. */
void periodic_task_begin(struct periodic_task *task, uint64_t first_ms, uint64_t every_ms);
/* Nothing is begun any more. What is under way is the owner's to cancel: periodic_task_done must
 * not be called for it. */
void periodic_task_end(struct periodic_task *task);
/* `err` NULL: it went well. A failure is logged when the one before went well. */
void periodic_task_done(struct periodic_task *task, const struct ms_error *err);

#endif
