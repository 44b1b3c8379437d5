/* SPDX-License-Identifier: Apache-2.0 */
/* For the targets of SBOM documents: what reading one tells, with what always holds of it. */
#ifndef SBOM_TOLD_H
#define SBOM_TOLD_H

#include "common/base/buf.h"
#include "writer/parse/sbom.h"

#include <assert.h>
#include <string.h>

enum { SBOM_TOLD_FRAMED_MAX = 64 * 1024 * 1024 };

struct told {
    uint64_t packages, subjects, materials, hash;
};

static inline void mix(struct told *told, struct ms_str text)
{
    told->hash = told->hash * 31 + ms_str_hash(text);
}

static inline void on_package(const struct sbom_package *package, void *arg)
{
    struct told *told = arg;
    told->packages++;
    assert(package->name.len > 0 && package->name.len <= SBOM_NAME_MAX);
    assert(package->version.len <= SBOM_VERSION_MAX && package->type.len <= SBOM_TYPE_MAX);
    assert(package->purl.len <= SBOM_PURL_MAX);
    mix(told, package->name);
    mix(told, package->version);
    mix(told, package->type);
    mix(told, package->purl);
}

static inline void on_subject(const struct ms_digest *digest, void *arg)
{
    struct told *told = arg;
    told->subjects++;
    mix(told, ms_str_n((const char *)digest->bytes, digest->len));
}

static inline void on_material(const struct sbom_material *material, void *arg)
{
    struct told *told = arg;
    told->materials++;
    assert(!ms_digest_is_none(&material->digest) && material->uri.len <= SBOM_URI_MAX);
    assert(told->materials <= SBOM_MATERIALS_MAX);
    mix(told, material->uri);
}

/* `bytes` in pieces of `step`. MS_OK: what was told is in bounds, and as many as the totals say. */
static inline enum ms_status sbom_told_read(struct told *told, struct sbom_totals *out,
                                            struct ms_str bytes, size_t step)
{
    struct ms_error err = {.status = MS_OK};
    struct sbom_totals totals = {.packages = 0};
    struct told seen = {.hash = 0};
    struct sbom *sbom = sbom_new(&(struct sbom_events){.on_package = on_package,
                                                       .on_subject = on_subject,
                                                       .on_material = on_material},
                                 &seen);
    enum ms_status status = MS_OK;
    for (size_t at = 0; at < bytes.len && status == MS_OK; at += step)
        status = sbom_write(sbom, ms_str_slice(bytes, at, at + step), &err);
    if (status == MS_OK)
        status = sbom_end(&totals, sbom, &err);
    assert(status == MS_OK || (status == err.status && err.text[0] != '\0'));
    assert(status != MS_OK ||
           (totals.packages == seen.packages && totals.subjects == seen.subjects));
    assert(status != MS_OK || !totals.is_provenance || totals.packages == 0);
    sbom_free(sbom);
    *told = seen;
    *out = totals;
    return status;
}

/* Read whole and in pieces, which must come to the same. */
static inline enum ms_status sbom_told_both(struct told *told, struct sbom_totals *totals,
                                            struct ms_str bytes)
{
    struct told cut;
    struct sbom_totals totals_of_cut;
    enum ms_status status = sbom_told_read(told, totals, bytes, bytes.len + 1);
    enum ms_status status_of_cut = sbom_told_read(&cut, &totals_of_cut, bytes, 1 + bytes.len % 7);
    assert(status_of_cut == status);
    assert(status != MS_OK || memcmp(told, &cut, sizeof(cut)) == 0);
    return status;
}

/* The same with something before it and behind it. */
static inline enum ms_status sbom_told_framed(struct told *told, struct sbom_totals *totals,
                                              const char *before, struct ms_str bytes,
                                              const char *behind)
{
    struct ms_buf buf;
    ms_buf_init(&buf, SBOM_TOLD_FRAMED_MAX);
    ms_buf_append_c(&buf, before);
    ms_buf_append(&buf, bytes);
    ms_buf_append_c(&buf, behind);
    enum ms_status status = ms_buf_status(&buf);
    if (status == MS_OK)
        status = sbom_told_both(told, totals, ms_buf_view(&buf));
    ms_buf_free(&buf);
    return status;
}

#endif
