/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a software bill of materials as it comes, in bounded memory: SPDX 2 and CycloneDX 1, in
 * JSON; bare, as the predicate of an in-toto statement, in a DSSE envelope (whose payload is
 * base64) and in a sigstore bundle, whichever is in which.
 *
 * A package is an entry of `packages` (SPDX) or of `components` (CycloneDX, nested ones too) that
 * has a name, files and the image itself left out. Its type is that of its package URL.
 *
 * Statements of SLSA provenance (0.2 and 1) are read likewise: of what an image was made from, its
 * materials, those that have a digest are told.
 */
#ifndef SBOM_H
#define SBOM_H

#include "common/base/digest.h"
#include "common/base/str.h"

enum {
    SBOM_PACKAGES_MAX = 100000, /* of a document; with more it is too large */
    SBOM_SUBJECTS_MAX = 1000,   /* likewise */
    SBOM_MATERIALS_MAX = 256,   /* more are left out, and counted */
    SBOM_WRAPPERS_MAX = 4,      /* strings of JSON in strings of JSON */
    /* Bytes. A package with a longer one is left out, and counted. */
    SBOM_NAME_MAX = 512,
    SBOM_VERSION_MAX = 256,
    SBOM_TYPE_MAX = 64,
    SBOM_PURL_MAX = 1024,
    SBOM_URI_MAX = 512 /* of a material; a longer one is not told */
};

/* Bytes as they come: they may be no UTF-8. */
struct sbom_package {
    struct ms_str name;
    struct ms_str version; /* empty: none, or not known */
    struct ms_str type;    /* as in the package URL, lower case: "deb"; empty: it has none */
    struct ms_str purl;    /* empty: none */
};

/* Of provenance. */
struct sbom_material {
    struct ms_digest digest;
    struct ms_str uri; /* empty: none */
};

struct sbom_totals {
    uint64_t packages;
    uint64_t left_out; /* packages with a name, version or URL longer than is kept; materials */
    uint64_t subjects; /* of the statement; 0: there is no statement, or it names none */
    bool is_provenance;
};

/* Views are valid during the call. Packages may come before it is known that the document is one:
 * they count only when sbom_end says MS_OK. */
struct sbom_events {
    void (*on_package)(const struct sbom_package *package, void *arg);
    /* What the statement is about; those whose digest is no digest are told with none (len 0). */
    void (*on_subject)(const struct ms_digest *digest, void *arg);
    void (*on_material)(const struct sbom_material *material, void *arg);
};

struct sbom;
struct sbom *sbom_new(const struct sbom_events *events, void *arg);
void sbom_free(struct sbom *sbom); /* NULL is fine */

/* MS_INVALID, MS_TOO_LARGE: the document cannot be read, `err` says why in words for people;
 * nothing may be written afterwards. */
enum ms_status sbom_write(struct sbom *sbom, struct ms_str bytes, struct ms_error *err) MS_CHECKED;
enum ms_status sbom_end(struct sbom_totals *out, struct sbom *sbom,
                        struct ms_error *err) MS_CHECKED;

#endif
