/* SPDX-License-Identifier: Apache-2.0 */
/* What the page of a repository shows. */
#ifndef REPOSITORY_H
#define REPOSITORY_H

#include "reader/pages/view.h"

struct repository_tag {
    struct ms_str name;
    struct view_strings aliases; /* other tags of the same digest */
    struct ms_str digest;
    const char *kind; /* ours: "image", "index", "artifact", "unreadable" */
    struct view_strings platforms;
    int64_t bytes, pulls;
    struct ms_str updated;
    struct ms_str pushed_by;
    struct ms_str unreadable; /* why; absent: it is not */
    bool is_signed, has_sbom, has_provenance;
    bool is_outdated; /* the tag that its base had has moved since */
};

struct repository_untagged {
    struct ms_str digest;
    const char *kind;
    struct ms_str what;  /* artifact type or platform */
    struct ms_str about; /* the digest of what it is attached to; absent: nothing that is here */
    int64_t bytes;
    struct ms_str first_seen;
};

struct repository_label {
    struct ms_str key;
    struct ms_str value;
};

struct repository {
    struct ms_str name, title, description;
    bool is_official;
    struct ms_str flatpak_ref; /* of the application in it; absent: it has none */
    int64_t tags, images, artifacts, untagged, unreadable, bytes, pulls;
    struct ms_str created, updated;
    struct ms_str pull_tag; /* the tag to be pulled: latest, or the newest; absent: there is none */
    struct ms_str pull_digest; /* what it points to */
    const char *pull_kind;     /* ours, as of struct repository_tag */
    struct ms_str q, sort;     /* as in the URL */
    bool is_all;               /* hidden tags, too */
    const struct repository_tag *rows;
    size_t n_rows;
    int64_t total; /* of tags that the filter leaves */
    struct view_cursors cursors;
    int64_t hidden;                                  /* tags of signatures and the like */
    const struct repository_untagged *untagged_rows; /* no tag leads there, or a hidden one */
    size_t n_untagged_rows;
    struct chart_days activity;
    const struct repository_label *labels; /* that all of its images have */
    size_t n_labels;
};

#endif
