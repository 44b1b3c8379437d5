/* SPDX-License-Identifier: Apache-2.0 */
/* What loop.c and runtime/drain.c share. Nobody else includes it. */
#ifndef MS_LOOP_INTERNAL_H
#define MS_LOOP_INTERNAL_H

#include "common/runtime/loop.h"

/* The drain steps of a loop: made and freed with it. */
struct ms_drains;
struct ms_drains *ms_drains_new(void);
void ms_drains_free(struct ms_drains *drains); /* also what is still registered */
struct ms_drains *ms_loop_drains(const struct ms_loop *loop);

#endif
