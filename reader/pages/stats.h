/* SPDX-License-Identifier: Apache-2.0 */
/* What the page of statistics shows. */
#ifndef STATS_H
#define STATS_H

#include "reader/pages/view.h"

/* A namespace or a repository. */
struct stats_size {
    struct ms_str name;
    int64_t count;        /* its repositories, or its tags */
    int64_t bytes;        /* of a namespace the sum over its repositories */
    int64_t shared_bytes; /* of a repository: what others have, too */
    int64_t grown_bytes;  /* of a namespace, since stats.grown_since: may be below 0 */
};

struct stats_unreadable {
    struct ms_str repository, reference; /* a tag or a digest */
    struct ms_str reason;
    struct ms_str since;
};

struct stats {
    int64_t repositories, tags, manifests, images, indexes, artifacts, unreadable, untagged, bytes,
        pulls;
    struct ms_str grown_since; /* a day, 30 ago or fewer; absent: nothing was kept before today */
    int64_t grown_bytes;
    int64_t is_signed, have_sbom, have_provenance; /* of images and indexes */
    const struct stats_size *namespaces;           /* by bytes */
    size_t n_namespaces;
    int64_t all_namespaces;
    const struct stats_size *largest; /* repositories, by bytes */
    size_t n_largest;
    struct view_counts platforms;   /* images; one of several repositories counts in each */
    struct view_counts media_types; /* of the manifests that were stored last */
    struct chart_days activity;
    const struct stats_unreadable *unreadable_rows;
    size_t n_unreadable_rows;
    int64_t doubled_refs; /* of Flatpak: offered by more than one repository */
};

#endif
