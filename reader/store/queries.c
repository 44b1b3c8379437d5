/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each statement can cost, from the table of queries.h.
 */
#include "reader/store/queries.h"

static const enum ms_read_class CLASSES[] = {
#define MS_READ_CLASS(upper, lower, class) MS_CLASS_##class,
    MS_READ_QUERIES(MS_READ_CLASS)
#undef MS_READ_CLASS
};

const char *const QUERIES_CLASS_NAMES[MS_CLASS_COUNT] = {"lookup", "list",  "words",
                                                         "search", "index", "walk"};

enum ms_read_class queries_class_of(enum ms_read_query query, bool is_filtered)
{
    enum ms_read_class class = CLASSES[query];
    return class == MS_CLASS_LIST && is_filtered ? MS_CLASS_SEARCH : class;
}

enum ms_read_query queries_unbounded(enum ms_read_query query)
{
    return query == MS_READ_INDEX_REPOSITORY ? MS_READ_INDEX_REPOSITORY_LARGE : query;
}
