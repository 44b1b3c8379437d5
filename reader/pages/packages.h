/* SPDX-License-Identifier: Apache-2.0 */
/* The page /packages, as plain data. */
#ifndef PACKAGES_H
#define PACKAGES_H

#include "reader/pages/view.h"

struct packages_row {
    struct ms_str name;
    struct ms_str type;          /* absent: unknown */
    struct view_counts versions; /* in order; an empty name: the version is not known */
    int64_t images;
};

struct packages {
    struct ms_str q;
    struct ms_str type; /* what is filtered by; empty: nothing */
    const struct packages_row *rows;
    size_t n_rows;
    int64_t total;
    struct view_cursors cursors;
};

#endif
