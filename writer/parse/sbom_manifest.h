/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which layers of a manifest are SBOM documents or statements of provenance, told from the manifest
 * alone: by their media type, by the artifact type of the manifest, or, of statements that are
 * wrapped or signed, by the annotation that names the type of their predicate.
 */
#ifndef SBOM_MANIFEST_H
#define SBOM_MANIFEST_H

#include "common/base/digest.h"
#include "common/base/str.h"

enum { SBOM_LAYERS_MAX = 16 /* documents of one manifest; more are left alone */ };

struct sbom_layer {
    struct ms_digest digest;
    int64_t size; /* as the descriptor says; -1: it says none */
};

struct sbom_layers {
    struct sbom_layer layers[SBOM_LAYERS_MAX];
    size_t n;
    bool has_more;
};

/* Nothing for what is no manifest with layers. */
void sbom_manifest_layers(struct sbom_layers *out, struct ms_str manifest);

#endif
