/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counted, immutable bytes: a document is freed with its last reference, its bytes never change
 * before that.
 */
#include "common/base/doc.h"

#include "common/base/alloc.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct ms_doc {
    unsigned references;
    struct ms_str bytes;
    char *owned; /* NULL when the bytes are borrowed */
    struct ms_doc *form;
};

static struct ms_doc *new_doc(struct ms_str bytes, char *owned)
{
    struct ms_doc *doc = ms_alloc(sizeof(*doc));
    *doc = (struct ms_doc){.references = 1, .bytes = bytes, .owned = owned};
    return doc;
}

struct ms_doc *ms_doc_copy(struct ms_str bytes)
{
    char *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    if (copy == NULL)
        abort();
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    return new_doc(ms_str_n(copy, bytes.len), copy);
}

struct ms_doc *ms_doc_take(struct ms_buf *buf)
{
    assert(!buf->overflowed);
    size_t len;
    char *data = ms_buf_take(buf, &len);
    return new_doc(ms_str_n(data, len), data);
}

struct ms_doc *ms_doc_static(struct ms_str bytes)
{
    return new_doc(ms_str_is_absent(bytes) ? MS_STR("") : bytes, NULL);
}

struct ms_doc *ms_doc_ref(struct ms_doc *doc)
{
    assert(doc->references < UINT_MAX);
    doc->references++;
    return doc;
}

void ms_doc_unref(struct ms_doc *doc)
{
    if (doc == NULL || --doc->references > 0)
        return;
    ms_doc_unref(doc->form); /* which has none itself: no deep recursion */
    free(doc->owned);
    free(doc);
}

struct ms_str ms_doc_view(const struct ms_doc *doc)
{
    return doc->bytes;
}

struct ms_doc *ms_doc_form(const struct ms_doc *doc)
{
    return doc->form;
}

void ms_doc_set_form(struct ms_doc *doc, struct ms_doc *form)
{
    assert(doc->form == NULL && form->form == NULL);
    doc->form = form;
}
