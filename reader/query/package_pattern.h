/* SPDX-License-Identifier: Apache-2.0 */
/* LIKE patterns of the names of packages, which are compared in lower case. Pure. */
#ifndef PACKAGE_PATTERN_H
#define PACKAGE_PATTERN_H

#include "common/base/arena.h"

/* The pattern in lower case (ASCII); an absent one stays absent. MS_TOO_LARGE: the arena is full.
 */
enum ms_status package_pattern_lower(struct ms_str *out, struct ms_str pattern,
                                     struct ms_arena *arena) MS_CHECKED;
/* Does it hold three characters in a row, which an index of trigrams needs? */
bool package_pattern_has_index(struct ms_str pattern);

#endif
