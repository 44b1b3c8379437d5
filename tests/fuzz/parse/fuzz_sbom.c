/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a document: what is told is within its bounds, and it is the same however they are
 * cut. */
#include "tests/fuzz/parse/sbom_told.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told;
    struct sbom_totals totals;
    (void)sbom_told_both(&told, &totals, ms_str_n((const char *)data, size));
    return 0;
}
