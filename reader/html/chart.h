/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures of numbers, as SVG with widths in attributes: nothing here needs a style of its own.
 */
#ifndef CHART_H
#define CHART_H

#include "common/base/buf.h"

/* A bar `value` of `max` long; for the eye alone, the number stands beside it. `class_name`: "",
 * or one of the sheet's. */
void chart_bar(struct ms_buf *out, int64_t value, int64_t max, const char *class_name);
/* The same from `from` to `from + value`: pieces of a whole, one below the other. */
void chart_span(struct ms_buf *out, int64_t from, int64_t value, int64_t max,
                const char *class_name);

enum { CHART_DAYS_MAX = 400 };

/* Pulls and pushes by day, oldest first. */
struct chart_days {
    const char *id;            /* the only one on the page */
    const struct ms_str *days; /* YYYY-MM-DD */
    const int64_t *pulls;
    const int64_t *pushes;
    size_t n;
};

/* A figure: one picture, a caption that says the sums, and a folded table. */
void chart_activity(struct ms_buf *out, const struct chart_days *chart);

#endif
