/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries and what builders say of their results.
 */
#include "reader/answer/query.h"

#include <string.h>

enum ms_status answer_query_copy(struct answer_query *out, struct ms_arena *arena,
                                 const struct answer_query *query)
{
    struct answer_query copy = *query;
    struct ms_str *params = ms_arena_try_array(arena, query->n_params + 1, sizeof(struct ms_str));
    if (params == NULL || ms_arena_copy(&copy.key, arena, query->key) != MS_OK)
        return MS_TOO_LARGE;
    for (size_t i = 0; i < query->n_params; i++) {
        if (ms_arena_copy(&params[i], arena, query->params[i]) != MS_OK)
            return MS_TOO_LARGE;
    }
    copy.params = params;
    copy.repository = MS_STR_ABSENT;
    if (query->state_bytes > 0) {
        void *state = ms_arena_alloc(arena, query->state_bytes);
        memcpy(state, query->state, query->state_bytes);
        copy.state = state;
    }
    *out = copy;
    return MS_OK;
}

void answer_result_end_object(struct answer_result *result)
{
    size_t before = result->body.len;
    ms_buf_append_c(&result->body, ",\"generation\":");
    ms_buf_append_u64(&result->body, result->generation);
    ms_buf_append_char(&result->body, '}');
    result->untagged_end = result->body.len - before;
}
