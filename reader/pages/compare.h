/* SPDX-License-Identifier: Apache-2.0 */
/* What the page of a comparison shows. */
#ifndef COMPARE_H
#define COMPARE_H

#include "reader/pages/view.h"

struct compare_side {
    struct ms_str name; /* as asked: name:tag@digest, or less; empty: not asked yet */
    struct ms_str repository, reference, digest;
    int64_t bytes;
    bool is_missing; /* there is no such image */
    bool is_unreadable;
    bool has_packages; /* an SBOM of it was read */
};

struct compare_row {
    struct ms_str key;
    struct ms_str a, b; /* absent: not there */
    bool is_same;
    struct ms_str type; /* of a package; absent: it has none */
};

/* There may be fewer rows than were compared. */
struct compare_section {
    const char *id, *title; /* ours */
    const char *one, *many; /* ours: "label", "labels"; NULL: not counted in the sentence */
    const struct compare_row *rows;
    size_t n;
    int64_t n_different, n_compared; /* of all, with those that have no row */
    bool are_digests;                /* a and b are digests */
};

/* Without both images there is only the form. */
struct compare {
    struct compare_side a, b;
    struct ms_str previous; /* of b: the same repository at the tag's digest before; absent: none */
    const struct compare_section *sections;
    size_t n_sections;
    int64_t shared_layers, all_layers; /* of b */
    bool shows_all;
};

#endif
