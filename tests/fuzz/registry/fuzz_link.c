/* SPDX-License-Identifier: Apache-2.0 */
/* Link headers of registries. A query that is accepted lies in the header and can be appended to a
 * URL. */
#include "writer/registry/link.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str header = ms_str_n((const char *)data, size);
    struct ms_str query;
    if (registry_link_next(&query, header) != MS_OK)
        return 0;
    must(query.len > 0 && query.ptr >= header.ptr &&
         query.ptr + query.len <= header.ptr + header.len);
    for (size_t i = 0; i < query.len; i++)
        must(query.ptr[i] > 0x20 && query.ptr[i] < 0x7f && query.ptr[i] != '#');
    return 0;
}
