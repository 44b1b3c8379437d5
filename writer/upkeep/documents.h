/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making documents again after an upgrade: when this program makes others than the one before
 * (MS_DOCUMENT_VERSION), the stored ones are made again from the stored bytes, without the
 * registry. Once in a term.
 */
#ifndef DOCUMENTS_H
#define DOCUMENTS_H

struct env;
struct documents;

struct documents *documents_new(const struct env *env);
void documents_free(struct documents *documents); /* before the store; NULL is fine */
void documents_begin_term(struct documents *documents);
void documents_end_term(struct documents *documents);

#endif
