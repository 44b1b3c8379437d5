/* SPDX-License-Identifier: Apache-2.0 */
/* What the home page shows. */
#ifndef HOME_H
#define HOME_H

#include "reader/pages/view.h"

enum { HOME_EXAMPLES = 3 };

struct home_repository {
    struct ms_str name;
    struct ms_str updated;
    int64_t tags;
    int64_t pulls;
};

struct home_namespace {
    struct ms_str name;
    int64_t repositories;
    int64_t bytes;
};

/* What needs somebody. Zeroed: all is well. */
struct home_troubles {
    bool scan_failed; /* the last one that ended was not complete */
    struct ms_str scan_ended;
    int64_t oldest_event_seconds;
    int64_t held_tags, held_repositories; /* removals that wait for a second scan */
    int64_t unreadable;                   /* manifests and tags */
    int64_t dead_letters;
    int64_t doubled_refs; /* of Flatpak: offered by more than one repository */
};

struct home {
    int64_t repositories, tags, images, bytes, pulls;
    struct ms_str examples[HOME_EXAMPLES]; /* queries; absent: fewer */
    struct home_troubles troubles;
    const struct home_repository *pushed;
    size_t n_pushed;
    const struct home_repository *pulled;
    size_t n_pulled;
    const struct home_namespace *namespaces; /* the largest, by bytes */
    size_t n_namespaces;
    int64_t all_namespaces;
};

#endif
