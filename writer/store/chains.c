/* SPDX-License-Identifier: Apache-2.0 */
#include "writer/store/chains.h"

#include "common/pg/array.h"

void chains_begin(struct chains *out, struct ms_store_call *base)
{
    out->manifests = ms_store_call_array(base);
    out->depths = ms_store_call_array(base);
    out->links = ms_store_call_array(base);
    out->are_whole = ms_store_call_array(base);
}

void chains_add(struct chains *chains, const struct ms_digest *manifest,
                const struct ms_digest *chain, size_t n_chain)
{
    for (size_t i = 0; i < n_chain; i++) {
        ms_store_add_digest(chains->manifests, manifest);
        ms_pg_array_i64(chains->depths, (int64_t)i + 1);
        ms_store_add_digest(chains->links, &chain[i]);
        ms_store_add_bool(chains->are_whole, i + 1 == n_chain);
    }
}
