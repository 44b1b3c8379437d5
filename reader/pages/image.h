/* SPDX-License-Identifier: Apache-2.0 */
/* What the page of a manifest shows: an image, an index, an artifact. */
#ifndef IMAGE_H
#define IMAGE_H

#include "reader/pages/view.h"

struct image_child {
    struct ms_str digest;
    const char *kind; /* ours: "image", "index", "artifact", "attestation", "unreadable" */
    struct ms_str platform;
    struct ms_str about; /* of an attestation: the image's digest */
    /* Of an image all that a pull fetches, of an attestation its manifest; of others unknown. */
    int64_t bytes;
};

struct image_layer {
    struct ms_str digest;
    int64_t bytes;
    struct ms_str made_by; /* the instruction; absent: not known */
};

/* A label or an annotation. */
struct image_label {
    struct ms_str key;
    struct ms_str value;
    const char *origin; /* ours: "label", "annotation" */
};

/* A line of the configuration; lists are several lines with one term. */
struct image_setting {
    const char *term; /* ours */
    struct view_strings values;
    bool is_line; /* the values are short, or words of one command */
};

struct image_referrer {
    struct ms_str digest;
    struct ms_str what; /* in words: "signature", or the artifact type */
    int64_t bytes;
};

struct image_derived {
    struct ms_str repository;
    struct view_strings tags;
    struct ms_str digest;
    struct ms_str platform;
    struct ms_str updated;
};

struct image_history {
    struct ms_str digest;
    struct ms_str from, until; /* until absent: it is the present one */
    struct ms_str by;
    struct ms_str source; /* "event", "scan" */
};

struct image_package {
    struct ms_str name, version, type;
};

struct image {
    struct ms_str repository;
    struct ms_str reference; /* as in the URL */
    struct ms_str digest;
    const char *kind; /* ours, as of struct image_child */
    struct ms_str media_type, artifact_type;
    struct ms_str platform; /* of an image */
    struct ms_str updated;
    int64_t bytes, pulls;
    struct ms_str unreadable; /* why; absent: it is not */
    struct ms_str unreadable_since;
    struct ms_str subject;
    bool is_signed, has_sbom, has_provenance;
    struct view_strings tags;
    struct view_strings also_in;
    struct view_strings indexes; /* digests of the indexes of this repository that list it */
    const struct image_child *children;
    size_t n_children;
    int64_t all_platforms; /* of an index and of those in it */
    const struct image_setting *settings;
    size_t n_settings;
    const struct image_layer *layers;
    size_t n_layers;
    struct ms_str base; /* the base image's name and tag; absent: none is known */
    struct ms_str base_repository, base_tag, base_digest;
    const char *base_witness; /* what names it, too: "provenance", "annotations"; NULL: nothing */
    int64_t base_behind;      /* how often its tag has moved since; 0: not */
    size_t base_layers;       /* how many layers are the base's; 0: not known */
    /* What the annotations or the provenance name and the layers do not confirm. */
    struct ms_str claimed_base;
    const struct image_label *labels;
    size_t n_labels;
    struct ms_str package; /* what the packages' names are filtered by */
    bool has_packages;     /* an SBOM of it was read, whatever the filter lets through */
    const struct image_package *packages;
    size_t n_packages;
    int64_t all_packages;
    const struct image_referrer *referrers;
    size_t n_referrers;
    bool has_more_referrers;
    const struct image_derived *derived;
    size_t n_derived;
    bool has_more_derived;
    int64_t all_derived;                 /* images, each once */
    const struct image_history *history; /* of the tag, newest first */
    size_t n_history;
    bool has_more_history;
    struct ms_str raw;        /* the manifest's bytes; absent: not known */
    struct ms_str raw_config; /* the configuration's */
};

#endif
