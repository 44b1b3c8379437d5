/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests that may list SBOM documents. */
#include "writer/parse/sbom_manifest.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sbom_layers layers;
    sbom_manifest_layers(&layers, ms_str_n((const char *)data, size));
    assert(layers.n <= SBOM_LAYERS_MAX);
    for (size_t i = 0; i < layers.n; i++)
        assert(!ms_digest_is_none(&layers.layers[i].digest) && layers.layers[i].size >= -1);
    return 0;
}
