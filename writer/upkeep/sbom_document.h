/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one SBOM document, or provenance: from the registry into a file without a name, its digest
 * checked, then through the parser into the database, where its packages and materials stay unseen
 * until the caller puts them. Memory does not depend on the document's length.
 */
#ifndef SBOM_DOCUMENT_H
#define SBOM_DOCUMENT_H

#include "common/base/digest.h"
#include "writer/store/store.h"

struct env;
struct sbom_document;

/* What is asked. Everything is copied. */
struct sbom_document_ask {
    struct ms_str repository;
    struct ms_digest document;
    struct ms_digest about; /* the image; a statement about none of this digest is refused */
};

/* `err`: trouble of the registry, the database or, MS_IO, the disk, which says nothing about the
 * document; else what became of it. */
typedef void sbom_document_done(const struct ms_error *err, const struct ms_sbom_record *record,
                                void *arg);

/* NULL: there is no file for it in cache.spool_dir; err says why. */
struct sbom_document *sbom_document_start(const struct env *env,
                                          const struct sbom_document_ask *ask,
                                          sbom_document_done *on_done, void *arg,
                                          struct ms_error *err);
void sbom_document_cancel(struct sbom_document *reading); /* no callback any more; NULL is fine */

#endif
