/* SPDX-License-Identifier: Apache-2.0 */
/* What the page of statistics shows. */
#ifndef STATS_H
#define STATS_H

#include "reader/pages/view.h"

struct stats_namespace {
    struct ms_str name;
    int64_t repositories, bytes;
};

struct stats_unreadable {
    struct ms_str repository, reference; /* a tag or a digest */
    struct ms_str reason;
    struct ms_str since;
};

struct stats {
    int64_t repositories, tags, manifests, images, indexes, artifacts, unreadable, untagged, bytes,
        pulls;
    const struct stats_namespace *namespaces; /* by bytes */
    size_t n_namespaces;
    const struct stats_namespace
        *largest; /* repositories, by bytes; `repositories` is their tags */
    size_t n_largest;
    struct view_counts platforms;
    struct view_counts media_types;
    struct chart_days activity;
    const struct stats_unreadable *unreadable_rows;
    size_t n_unreadable_rows;
    int64_t doubled_refs; /* of Flatpak: offered by more than one repository */
};

#endif
