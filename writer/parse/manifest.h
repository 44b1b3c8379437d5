/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests, indexes and image configurations: bytes to records. Pure: no I/O, no globals, all
 * memory from the caller's arena. Also prepares the documents that readers send (each is made
 * once, when its image is stored).
 *
 * Sources: OCI image spec 1.1 (manifest.md, image-index.md, config.md, descriptor.md),
 * distribution's manifest v2 schema 1 and 2, CVE-2021-41190 (a document must not be both a manifest
 * and an index).
 *
 * Every text of a record is UTF-8 without NUL, so that PostgreSQL takes it.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include "common/base/arena.h"
#include "writer/parse/records.h"

/* Limits on what one manifest may say; beyond them it is unreadable ("too many …"). */
enum {
    MANIFEST_DEPTH_MAX = 32,      /* what lies deeper counts as null */
    MANIFEST_VALUES_MAX = 200000, /* JSON values; json-c takes up to 264 bytes for each */
    MANIFEST_LAYERS_MAX = 10000,
    MANIFEST_CHILDREN_MAX = 10000,
    MANIFEST_PAIRS_MAX = 20000,
    MANIFEST_CHAIN_MAX = 1000,         /* layers of an image whose chain is kept */
    MANIFEST_PLATFORM_BYTES_MAX = 200, /* of os, architecture …, which the store cuts at as many
                                          characters; a longer one counts as missing */
    MANIFEST_DOCUMENT_MAX = 32 * 1024 * 1024
};

/* An arena that holds a record of the largest manifest and configuration the client lets through.
 */
enum { MANIFEST_ARENA_BYTES = 128 * 1024 * 1024 };

/* Fills everything that the manifest alone tells. `content_type` is that of the registry's answer,
 * used when the manifest names none. `raw` must outlive the record (of a signed schema 1 manifest:
 * its payload or the whole). A manifest that claims one type and has the shape of another, or an
 * unknown one, is MS_INVALID with words for people; more than the limits allow is MS_TOO_LARGE.
 * When *out_wants_config is true, the configuration out->config_digest is to be fetched and given
 * to manifest_add_config; otherwise the record is complete.
 *
 * Schema 1: layers are left out (it tells no sizes, and a size once stored stays); os, architecture
 * and created come from its newest history entry. An index has the title that its annotations say;
 * without one that of an image of it counts. */
enum ms_status manifest_parse(struct ms_manifest_record *out, bool *out_wants_config,
                              struct ms_arena *arena, struct ms_str raw, struct ms_str content_type,
                              const struct ms_digest *digest, struct ms_error *err) MS_CHECKED;

/* Adds what the configuration tells (os, architecture, created, labels, config document, title) and
 * makes the document. `config_raw` must outlive the record. */
enum ms_status manifest_add_config(struct ms_manifest_record *record, struct ms_arena *arena,
                                   struct ms_str config_raw, struct ms_error *err) MS_CHECKED;

#endif
