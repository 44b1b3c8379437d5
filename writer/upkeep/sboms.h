/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SBOMs and provenance: the documents that the registry holds are read, one after the other and
 * behind everything else, after the images that they are about are visible; what they say is kept
 * as packages and materials. With contents.sbom off, what is there is removed.
 */
#ifndef SBOMS_H
#define SBOMS_H

#include "writer/store/sbom_state.h"

#include <stdint.h>

struct env;
struct sboms;

struct sbom_counts {
    uint64_t of[MS_SBOM_STATE_COUNT];
};

struct sboms *sboms_new(const struct env *env);
void sboms_free(struct sboms *sboms); /* before the store; NULL is fine */
void sboms_begin_term(struct sboms *sboms);
void sboms_end_term(struct sboms *sboms);
void sboms_get_counts(struct sbom_counts *out, const struct sboms *sboms);

#endif
