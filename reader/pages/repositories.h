/* SPDX-License-Identifier: Apache-2.0 */
/* What the page of a namespace shows. */
#ifndef REPOSITORIES_H
#define REPOSITORIES_H

#include "reader/pages/view.h"

struct repositories_namespace {
    struct ms_str name; /* whole, without a slash at its end */
    int64_t repositories, tags, bytes;
    struct ms_str updated;
};

struct repositories_row {
    struct ms_str name;
    struct ms_str title;
    struct ms_str description;
    bool is_official;
    int64_t tags, bytes, pulls;
    struct ms_str updated;
    struct view_strings platforms;
};

struct repositories {
    struct ms_str prefix; /* with its slash; empty: all */
    struct ms_str q;      /* what names are filtered by */
    struct ms_str sort;   /* as in the URL */
    struct ms_str ns;     /* the namespaces' cursor, as in the URL; absent: the largest are shown */
    bool is_flat;         /* repositories of namespaces below, too, and no namespaces */
    int64_t all_below;    /* how many repositories are below, in all namespaces */
    const struct repositories_namespace *namespaces;
    size_t n_namespaces;
    int64_t all_namespaces; /* of this level; those shown may be fewer; 0: none are to be shown */
    struct view_cursors namespace_cursors;
    const struct repositories_row *rows;
    size_t n_rows;
    int64_t total;
    struct view_cursors cursors;
};

#endif
