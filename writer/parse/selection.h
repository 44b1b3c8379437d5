/* SPDX-License-Identifier: Apache-2.0 */
/* Which repositories are kept at all: registry.include and registry.exclude. Pure. */
#ifndef SELECTION_H
#define SELECTION_H

#include "common/config/config.h"

/* A possible name that one of the globs of include matches, and none of exclude. */
bool selection_has(const struct ms_config *config, struct ms_str repository);

#endif
