/* SPDX-License-Identifier: Apache-2.0 */
/* SBOM documents by what became of them, for /status and the gauges. */
#ifndef SBOM_COUNTS_H
#define SBOM_COUNTS_H

#include <stdint.h>

struct sbom_counts {
    uint64_t waiting; /* manifests that may hold some */
    uint64_t done, too_large, malformed, about_something_else, gone;
};

#endif
