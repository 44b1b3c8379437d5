/* SPDX-License-Identifier: Apache-2.0 */
/* The materials of SLSA provenance: it has no packages, and no more materials than are kept. */
#include "tests/fuzz/parse/sbom_told.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told;
    struct sbom_totals totals;
    enum ms_status status =
        sbom_told_framed(&told, &totals,
                         "{\"predicateType\":\"https://slsa.dev/provenance/"
                         "v1\",\"predicate\":{\"buildDefinition\":{\"resolvedDependencies\":[",
                         ms_str_n((const char *)data, size), "]}}}");
    assert(status != MS_OK || told.materials <= SBOM_MATERIALS_MAX);
    return 0;
}
