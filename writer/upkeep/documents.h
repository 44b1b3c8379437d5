/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making contents again after an upgrade: when this program reads manifests otherwise than the one
 * before, or makes other documents of them (MS_DOCUMENT_VERSION), what is stored of them is made
 * again from the stored bytes: kind, platform, sizes, labels, titles, documents and what
 * repositories count of them. The registry is asked only for configurations that the version before
 * did not read. Once in a term.
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
