/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting of reached limits, and what the manual says of those that a question can reach.
 */
#include "common/runtime/limit.h"

#include "common/base/buf.h"
#include "common/runtime/metrics.h"

static const char *const NAMES[MS_LIMIT_COUNT] = {
#define MS_LIMIT_NAME(upper, lower) #lower,
    MS_LIMITS(MS_LIMIT_NAME)
#undef MS_LIMIT_NAME
};

void ms_limit_reached(enum ms_limit limit)
{
    ms_metrics_add(MS_METRIC_LIMIT_REACHED, NAMES[limit], NULL, 1);
}

void ms_limit_manual(struct ms_buf *out)
{
    static const struct {
        enum ms_limit limit;
        const char *bound, *beyond;
    } ROWS[] = {
        {MS_LIMIT_QUERY_PARAMETERS, "256 parameters in the query of a URL",
         "`/index`, `/api`: 400"},
        {MS_LIMIT_QUERY_GLOBS, "32 globs (`:matches`) in the query of a URL",
         "400 that names the parameter"},
        {MS_LIMIT_QUERY_GLOB_BYTES, "256 bytes of a glob, and of `q` of a list",
         "400 that names the parameter"},
        {MS_LIMIT_SEARCH_TERMS, "16 terms of a search, 8 words in `/v1/search`",
         "`/api`: 400 that points at the character; `/v1/search`: the rest is ignored"},
        {MS_LIMIT_SEARCH_WORD_BYTES, "512 bytes of a word or phrase",
         "`/api`: 400 that points at the character; `/v1/search`: the rest is ignored"},
        {MS_LIMIT_SEARCH_CANDIDATES,
         "10,000 repositories and 10,000 manifests that a search looks at; 2,500 that are found by "
         "words or without an "
         "index; 500 on pages",
         "the answer is of these, the most popular: `\"truncated\": true`, \"at least\" on pages"},
    };
    ms_buf_append_c(out, "| `metastore_limit_reached_total{limit}` | at most | beyond it "
                         "|\n|---|---|---|\n");
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
        ms_buf_printf(out, "| `%s` | %s | %s |\n", NAMES[ROWS[i].limit], ROWS[i].bound,
                      ROWS[i].beyond);
    ms_buf_append_c(out,
                    "\nA glob is compared with the first 4096 characters of a value, a word with "
                    "the first 4096 of a title or description and the first 1000 of a label's "
                    "value.\n");
}
