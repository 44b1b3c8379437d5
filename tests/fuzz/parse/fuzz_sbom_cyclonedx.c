/* SPDX-License-Identifier: Apache-2.0 */
/* The components of a CycloneDX document, in one another: whatever is among them, it is one and no
 * provenance. */
#include "tests/fuzz/parse/sbom_told.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told;
    struct sbom_totals totals;
    enum ms_status status = sbom_told_framed(
        &told, &totals, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":[",
        ms_str_n((const char *)data, size), "]}");
    assert(status != MS_OK || !totals.is_provenance);
    return 0;
}
