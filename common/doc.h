/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents: immutable bytes with a reference count. What a cache holds and what several responses
 * send at once without copying. Counts are not atomic: a document belongs to one process.
 */
#ifndef MS_DOC_H
#define MS_DOC_H

#include "common/buf.h"

struct ms_doc;

struct ms_doc *ms_doc_copy(struct ms_str bytes);
struct ms_doc *ms_doc_take(struct ms_buf *buf);    /* moves the bytes out of the buffer */
struct ms_doc *ms_doc_static(struct ms_str bytes); /* borrows bytes that live for ever */
struct ms_doc *ms_doc_ref(struct ms_doc *doc);     /* returns doc */
void ms_doc_unref(struct ms_doc *doc);             /* NULL is fine */
struct ms_str ms_doc_view(const struct ms_doc *doc);

#endif
