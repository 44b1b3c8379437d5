/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the parameter that a misspelled one was probably meant to be. Pure. */
#ifndef QUERY_SUGGEST_H
#define QUERY_SUGGEST_H

#include "common/base/buf.h"
#include "reader/query/query_param.h"

/* Appends the parameter most like `name`, with the key or operator that the user wrote where the
 * parameter takes it (`labels:x` gives `label:x`). False, and nothing appended: none is like it. */
bool query_suggest(struct ms_buf *out, struct ms_str name, const struct query_param *table,
                   size_t n_table);

#endif
