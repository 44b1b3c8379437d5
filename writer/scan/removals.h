/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a scan: what its visits put down as gone is applied, or held when it is too much to
 * believe at once: more than 20 and more than a tenth of all tags, or of all repositories.
 */
#ifndef SCAN_REMOVALS_H
#define SCAN_REMOVALS_H

#include "common/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct env;
struct removals;

/* `err` NULL: all that may be applied was. `n_removed`: tags, also of those before a failure. */
typedef void removals_done(const struct ms_error *err, uint64_t n_removed, void *arg);

/* `accept`: however many they are. Frees itself after on_done. */
struct removals *removals_start(const struct env *env, int64_t scan_id, bool accept,
                                removals_done *on_done, void *arg);
void removals_cancel(struct removals *removals); /* no callback any more; NULL is fine */

#endif
