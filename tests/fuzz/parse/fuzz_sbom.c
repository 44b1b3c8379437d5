/* SPDX-License-Identifier: Apache-2.0 */
/* SBOM documents of every format: what is told is within its bounds, and it is the same however the
 * bytes are cut. */
#include "writer/parse/sbom.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    uint64_t packages, subjects, materials, hash;
};

static void mix(struct told *told, struct ms_str text)
{
    told->hash = told->hash * 31 + ms_str_hash(text);
}

static void on_package(const struct sbom_package *package, void *arg)
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

static void on_subject(const struct ms_digest *digest, void *arg)
{
    struct told *told = arg;
    told->subjects++;
    mix(told, ms_str_n((const char *)digest->bytes, digest->len));
}

static void on_material(const struct sbom_material *material, void *arg)
{
    struct told *told = arg;
    told->materials++;
    assert(!ms_digest_is_none(&material->digest) && material->uri.len <= SBOM_URI_MAX);
    assert(told->materials <= SBOM_MATERIALS_MAX);
    mix(told, material->uri);
}

static enum ms_status read_in(struct told *told, struct ms_str bytes, size_t step)
{
    struct ms_error err = {.status = MS_OK};
    struct sbom_totals totals;
    struct sbom *sbom = sbom_new(&(struct sbom_events){.on_package = on_package,
                                                       .on_subject = on_subject,
                                                       .on_material = on_material},
                                 told);
    enum ms_status status = MS_OK;
    for (size_t at = 0; at < bytes.len && status == MS_OK; at += step)
        status = sbom_write(sbom, ms_str_slice(bytes, at, at + step), &err);
    if (status == MS_OK)
        status = sbom_end(&totals, sbom, &err);
    assert(status == MS_OK || (status == err.status && err.text[0] != '\0'));
    assert(status != MS_OK ||
           (totals.packages == told->packages && totals.subjects == told->subjects));
    sbom_free(sbom);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str bytes = ms_str_n((const char *)data, size);
    struct told whole = {.hash = 0};
    struct told cut = {.hash = 0};
    enum ms_status status = read_in(&whole, bytes, size + 1);
    enum ms_status status_of_cut = read_in(&cut, bytes, 1 + size % 7);
    assert(status_of_cut == status);
    assert(status != MS_OK || memcmp(&whole, &cut, sizeof(whole)) == 0);
    return 0;
}
