/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of images as parameters of a statement (see write_content_chains.sql). */
#ifndef STORE_CHAINS_H
#define STORE_CHAINS_H

#include "writer/store/call.h"

/* The next four parameters of the present step: arrays, one element a depth. */
struct chains {
    struct ms_buf *manifests, *depths, *links, *are_whole;
};

void chains_begin(struct chains *out, struct ms_store_call *base);
void chains_add(struct chains *chains, const struct ms_digest *manifest,
                const struct ms_digest *chain, size_t n_chain);

#endif
