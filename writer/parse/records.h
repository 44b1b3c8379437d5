/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records that parsing makes and the store takes: events of an envelope, manifests and what
 * they describe. Plain values; their views belong to the caller's arena (see envelope.h,
 * manifest.h).
 */
#ifndef WRITER_PARSE_RECORDS_H
#define WRITER_PARSE_RECORDS_H

#include "common/base/digest.h"
#include "common/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An event, ready for the inbox. */
struct ms_event_record {
    struct ms_str event_id;    /* made from the body's digest when the sender gave none; absent: an
                                  event of no interest, only its instance is noted */
    struct ms_str action;      /* "push", "pull", "delete", "mount", or what else was sent */
    struct ms_str repository;  /* absent: none */
    struct ms_str tag;         /* absent: none */
    struct ms_digest digest;   /* none: len 0 */
    int64_t event_time_ms;     /* 0: unknown */
    struct ms_str actor;       /* absent: unknown */
    struct ms_str instance_id; /* absent: unknown */
    struct ms_str body;        /* the event's own bytes; any bytes */
    struct ms_str fault; /* why it leads nowhere: a dead letter at once; absent: it does not */
};

/* Else only its instance is of interest. */
static inline bool ms_event_is_kept(const struct ms_event_record *event)
{
    return !ms_str_is_absent(event->event_id);
}

enum ms_manifest_kind {
    MS_KIND_UNKNOWN,
    MS_KIND_IMAGE,
    MS_KIND_INDEX,
    MS_KIND_ARTIFACT,
    MS_KIND_SCHEMA1
};

struct ms_pair {
    struct ms_str key;
    struct ms_str value;
};

/* The size of a descriptor that says an impossible one; it counts in no sum. */
enum { MS_SIZE_UNKNOWN = -1 };

struct ms_layer_record {
    struct ms_digest digest;
    int64_t size; /* or MS_SIZE_UNKNOWN */
    struct ms_str media_type;
};

struct ms_child_record {
    struct ms_digest digest;
    struct ms_str media_type;
    struct ms_str artifact_type;
    int64_t size;                                        /* or MS_SIZE_UNKNOWN */
    struct ms_str os, architecture, variant, os_version; /* absent: not said */
    struct ms_str os_features;                           /* JSON array of strings; absent: none */
    struct ms_str annotations;                           /* JSON object */
    bool is_attestation;
    struct ms_digest about; /* of an attestation */
};

/* What a manifest is to the one that it is attached to: bits. */
enum { MS_EVIDENCE_SIGNATURE = 1, MS_EVIDENCE_SBOM = 2, MS_EVIDENCE_PROVENANCE = 4 };

/* A manifest that was read: made by writer/parse/manifest.c, stored once whatever repository it is
 * in. */
struct ms_manifest_record {
    struct ms_digest digest;
    enum ms_manifest_kind kind;
    struct ms_str media_type;
    struct ms_str artifact_type;
    int64_t size;
    struct ms_str raw;
    struct ms_digest subject;       /* len 0: none */
    struct ms_digest config_digest; /* len 0: none */
    int64_t config_size; /* of an image what was read; else its descriptor's, or MS_SIZE_UNKNOWN */
    struct ms_str config_raw;      /* absent: not fetched (not an image configuration) */
    struct ms_str config_document; /* JSON members, see sql: config.document */
    struct ms_str os, architecture, variant, os_version;
    int64_t created_ms; /* 0: unknown */
    struct ms_str title, description;
    struct ms_str annotations; /* JSON object of strings */
    struct ms_str document;    /* see sql: manifest.document */
    struct ms_pair *labels;
    size_t n_labels;
    struct ms_pair *annotation_rows;
    size_t n_annotation_rows;
    struct ms_layer_record *layers; /* of an index: its entries that are no manifests */
    size_t n_layers;
    struct ms_child_record *children; /* its entries that are manifests */
    size_t n_children;
    unsigned evidence;       /* of an artifact: MS_EVIDENCE_* */
    struct ms_digest *chain; /* of an image: its layers up to each depth, see manifest_chain.c */
    size_t n_chain;          /* 0: there is none, or it is not kept */
    bool is_chain_too_long;  /* it has more than MANIFEST_CHAIN_MAX layers */
};
/* Rises when documents, or rows that are made from stored contents, are to be made again. */
enum { MS_DOCUMENT_VERSION = 3 };

#endif
