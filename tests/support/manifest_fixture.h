/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of writer/manifest*.c: digests, a record with its arena, manifests as tools make
 * them. */
#ifndef MANIFEST_FIXTURE_H
#define MANIFEST_FIXTURE_H

#include "tests/support/check_main.h"
#include "writer/parse/manifest.h"

#include <stdio.h>

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEX_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define HEX_D "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"

#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define OCI_LAYER "application/vnd.oci.image.layer.v1.tar+gzip"
#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define SCHEMA1 "application/vnd.docker.distribution.manifest.v1+prettyjws"

#define DESCRIPTOR(type, hex, size)                                                                \
    "{\"mediaType\":\"" type "\",\"digest\":\"sha256:" hex "\",\"size\":" #size "}"
#define IMAGE_WITH(members)                                                                        \
    "{\"schemaVersion\":2,\"mediaType\":\"" OCI_MANIFEST                                           \
    "\",\"config\":" DESCRIPTOR(OCI_CONFIG, HEX_B, 7023) ",\"layers\":[" DESCRIPTOR(               \
        OCI_LAYER, HEX_C, 32654) "," DESCRIPTOR(OCI_LAYER, HEX_D, 16724) "]" members "}"
#define IMAGE IMAGE_WITH("")

struct fixture {
    struct ms_arena *arena;
    struct ms_manifest_record record;
    bool wants_config;
    struct ms_error err;
};

static inline struct ms_digest digest_of_hex(const char *hex)
{
    struct ms_digest digest;
    char text[MS_DIGEST_TEXT_MAX];
    snprintf(text, sizeof(text), "sha256:%s", hex);
    ck_assert_int_eq(ms_digest_parse(&digest, ms_str(text)), MS_OK);
    return digest;
}

static inline void fixture_free(struct fixture *f)
{
    ms_arena_free(f->arena);
}

static inline enum ms_status fixture_parse_bytes(struct fixture *f, struct ms_str raw,
                                                 const char *content_type)
{
    struct ms_digest digest = digest_of_hex(HEX_A);
    *f = (struct fixture){.arena = ms_arena_new(MANIFEST_ARENA_BYTES)};
    return manifest_parse(&f->record, &f->wants_config, f->arena, raw, ms_str(content_type),
                          &digest, &f->err);
}

static inline enum ms_status fixture_parse(struct fixture *f, const char *raw,
                                           const char *content_type)
{
    return fixture_parse_bytes(f, ms_str(raw), content_type);
}

static inline void assert_text(struct ms_str actual, const char *expected)
{
    if (expected == NULL)
        ck_assert_msg(ms_str_is_absent(actual), "'%.*s' instead of nothing", MS_STR_ARG(actual));
    else
        ck_assert_msg(ms_str_equal(actual, ms_str(expected)) && !ms_str_is_absent(actual),
                      "'%.*s' instead of '%s'", MS_STR_ARG(actual), expected);
}

static inline void assert_digest(const struct ms_digest *actual, const char *hex)
{
    struct ms_digest expected = digest_of_hex(hex);
    ck_assert(ms_digest_equal(actual, &expected));
}

#endif
