/* SPDX-License-Identifier: Apache-2.0 */
/* Which repositories are official: search.official of the configuration, as statements take it. */
#ifndef OFFICIAL_H
#define OFFICIAL_H

#include "common/base/arena.h"
#include "common/config/config.h"

/* An array of LIKE patterns, in the arena. MS_TOO_LARGE: the list is too long. */
enum ms_status official_patterns(struct ms_str *out, const struct ms_config *config,
                                 struct ms_arena *arena) MS_CHECKED;

#endif
