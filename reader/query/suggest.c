/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the parameter nearest to a misspelled one: the beginning of a name, or a small edit
 * distance.
 */
#include "reader/query/suggest.h"

#include <string.h>

enum { NEAR_EDITS = 2 };

/* 0 is the same, larger is farther; SIZE_MAX: nothing that was meant. */
static size_t farness(struct ms_str written, struct ms_str name)
{
    size_t distance = ms_str_edits(written, name);
    if (distance <= NEAR_EDITS && distance < written.len && distance < name.len)
        return distance;
    bool is_beginning = written.len >= 2 && ms_str_starts_with(name, written);
    return is_beginning ? NEAR_EDITS + 1 : SIZE_MAX;
}

static const struct query_param *nearest(struct ms_str written, const struct query_param *table,
                                         size_t n_table)
{
    const struct query_param *best = NULL;
    size_t best_farness = SIZE_MAX;
    for (size_t i = 0; i < n_table; i++) {
        size_t f = farness(written, ms_str(table[i].name));
        if (f < best_farness) {
            best = &table[i];
            best_farness = f;
        }
    }
    return best;
}

/* `suffix` is what stands behind the name, with its colon, or empty. */
static void append_suffix(struct ms_buf *out, enum query_shape shape, struct ms_str suffix)
{
    if (shape == QUERY_MAP) {
        ms_buf_append(out, suffix.len > 1 ? suffix : MS_STR(":<name>"));
    } else if (shape == QUERY_GLOB && suffix.len > 0) {
        if (farness(suffix, MS_STR(":matches")) != SIZE_MAX)
            ms_buf_append_c(out, ":matches");
    }
}

bool query_suggest(struct ms_buf *out, struct ms_str name, const struct query_param *table,
                   size_t n_table)
{
    struct ms_str rest = name;
    struct ms_str base = ms_str_next(&rest, ':');
    const struct query_param *param = nearest(base, table, n_table);
    if (param == NULL)
        return false;
    ms_buf_append_c(out, param->name);
    append_suffix(out, param->shape, ms_str_skip(name, base.len));
    return true;
}
