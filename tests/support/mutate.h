/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts as the world spoils them, always the same for a seed: most changes keep JSON well-formed
 * and put odd values into it, the others damage its bytes.
 */
#ifndef MUTATE_H
#define MUTATE_H

#include "common/base/buf.h"

struct mutate {
    uint64_t state; /* the seed, then what xorshift makes of it; not 0 */
};

/* From 0 to `n` - 1. */
size_t mutate_below(struct mutate *mutate, size_t n);
/* Changes `text` once, which may leave it as it is. Only `text`'s maximum limits how it grows. */
void mutate_json(struct mutate *mutate, struct ms_buf *text);

#endif
