/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.official, as an array of LIKE patterns.
 */
#include "reader/api/official.h"

#include "common/pg/array.h"
#include "reader/query/query.h"

enum { OFFICIAL_MAX = 256 * 1024 };

enum ms_status official_patterns(struct ms_str *out, const struct ms_config *config,
                                 struct ms_arena *arena)
{
    struct ms_buf array, pattern;
    ms_buf_init(&array, OFFICIAL_MAX);
    ms_buf_init(&pattern, OFFICIAL_MAX);
    ms_pg_array_begin(&array);
    for (size_t i = 0; i < config->search.official.count; i++) {
        ms_buf_clear(&pattern);
        query_append_like(&pattern, ms_str(config->search.official.items[i]));
        ms_pg_array_text(&array, ms_buf_view(&pattern));
    }
    ms_pg_array_end(&array);
    enum ms_status status = ms_buf_status(&array);
    if (status == MS_OK)
        status = ms_arena_copy(out, arena, ms_buf_view(&array));
    ms_buf_free(&pattern);
    ms_buf_free(&array);
    return status;
}
