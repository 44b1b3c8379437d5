/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents: immutable bytes with a reference count. What a cache holds and what several responses
 * send at once without copying. Counts are not atomic: a document belongs to one process.
 */
#ifndef MS_DOC_H
#define MS_DOC_H

#include "common/base/buf.h"

struct ms_doc;

struct ms_doc *ms_doc_copy(struct ms_str bytes);
struct ms_doc *ms_doc_take(struct ms_buf *buf);    /* moves the bytes out of the buffer */
struct ms_doc *ms_doc_static(struct ms_str bytes); /* borrows bytes that live for ever */
struct ms_doc *ms_doc_ref(struct ms_doc *doc);     /* returns doc */
void ms_doc_unref(struct ms_doc *doc);             /* NULL is fine */
struct ms_str ms_doc_view(const struct ms_doc *doc);

/* Another form of the document (its bytes compressed), made once and kept as long as the document:
 * whoever shares the one shares the other. NULL until it was set. */
struct ms_doc *ms_doc_form(const struct ms_doc *doc);
/* Once at most. Takes the reference to `form`. */
void ms_doc_set_form(struct ms_doc *doc, struct ms_doc *form);

#endif
