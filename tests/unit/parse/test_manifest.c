/* SPDX-License-Identifier: Apache-2.0 */
/* writer/parse/manifest.c, manifest_type.c, manifest_schema1.c: manifests of every kind, and
 * hostile ones. */
#include "common/base/buf.h"
#include "tests/support/manifest_fixture.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void must_parse(struct fixture *f, const char *raw, const char *type)
{
    enum ms_status status = fixture_parse(f, raw, type);
    ck_assert_msg(status == MS_OK, "%s", status == MS_OK ? "" : f->err.text);
}

static void assert_refused(const char *raw, const char *type, enum ms_status expected)
{
    struct fixture f;
    ck_assert_msg(fixture_parse(&f, raw, type) == expected, "not refused: %s", raw);
    ck_assert_int_eq(f.record.kind, MS_KIND_UNKNOWN);
    ck_assert_uint_gt(strlen(f.err.text), 0);
    fixture_free(&f);
}

/* --- kinds --- */

START_TEST(an_oci_image)
{
    struct fixture f;
    must_parse(&f, IMAGE, OCI_MANIFEST);
    ck_assert_int_eq(f.record.kind, MS_KIND_IMAGE);
    ck_assert(f.wants_config);
    ck_assert_int_eq(f.record.size, (int64_t)strlen(IMAGE));
    assert_digest(&f.record.digest, HEX_A);
    assert_digest(&f.record.config_digest, HEX_B);
    ck_assert_int_eq(f.record.config_size, 7023);
    assert_text(f.record.media_type, OCI_MANIFEST);
    assert_text(f.record.artifact_type, OCI_CONFIG); /* as referrers show it */
    assert_text(f.record.annotations, "{}");
    ck_assert_uint_eq(f.record.n_layers, 2);
    assert_digest(&f.record.layers[1].digest, HEX_D);
    ck_assert_int_eq(f.record.layers[1].size, 16724);
    assert_text(f.record.layers[1].media_type, OCI_LAYER);
    ck_assert(ms_digest_is_none(&f.record.subject));
    assert_text(f.record.document, NULL); /* comes with the configuration */
    fixture_free(&f);
}
END_TEST

START_TEST(a_docker_image)
{
    struct fixture f;
    must_parse(
        &f,
        "{\"schemaVersion\":2,\"mediaType\":\"" DOCKER_MANIFEST "\",\"config\":" DESCRIPTOR(
            "application/vnd.docker.container.image.v1+json", HEX_B,
            1469) ",\"layers\":[" DESCRIPTOR("application/vnd.docker.image.rootfs.foreign.diff.tar."
                                             "gzip",
                                             HEX_C,
                                             1000) "," DESCRIPTOR("application/"
                                                                  "vnd.docker.image.rootfs.diff."
                                                                  "tar.gzip",
                                                                  HEX_D, 772) "]}",
        DOCKER_MANIFEST);
    ck_assert_int_eq(f.record.kind, MS_KIND_IMAGE);
    assert_text(f.record.media_type, DOCKER_MANIFEST);
    fixture_free(&f);
}
END_TEST

static enum ms_manifest_kind kind_of(const char *config_type, const char *layer_type,
                                     const char *members)
{
    struct fixture f;
    struct ms_buf raw;
    ms_buf_init(&raw, 4096);
    ms_buf_printf(&raw,
                  "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"%s\",\"digest\":\"sha256:" HEX_B
                  "\",\"size\":2},\"layers\":[",
                  config_type);
    if (layer_type != NULL)
        ms_buf_printf(&raw, "{\"mediaType\":\"%s\",\"digest\":\"sha256:" HEX_C "\",\"size\":2}",
                      layer_type);
    ms_buf_printf(&raw, "]%s}", members);
    must_parse(&f, raw.data, OCI_MANIFEST);
    enum ms_manifest_kind kind = f.record.kind;
    ck_assert(f.wants_config == (kind == MS_KIND_IMAGE));
    fixture_free(&f);
    ms_buf_free(&raw);
    return kind;
}

START_TEST(what_an_image_is)
{
    static const char *const LAYERS[] = {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
        "application/vnd.oci.image.layer.v1.tar+zstd+encrypted",
        "application/vnd.oci.image.layer.nydus.blob.v1",
        "application/vnd.oci.image.layer.v1.tar+lz4",
        "application/vnd.oci.image.layer.squashfs",
    };
    for (size_t i = 0; i < COUNT(LAYERS); i++)
        ck_assert_int_eq(kind_of(OCI_CONFIG, LAYERS[i], ""), MS_KIND_IMAGE);
    ck_assert_int_eq(kind_of(OCI_CONFIG, NULL, ""), MS_KIND_IMAGE);
    ck_assert_int_eq(kind_of(OCI_CONFIG, OCI_LAYER, ",\"artifactType\":\"\""), MS_KIND_IMAGE);
}
END_TEST

START_TEST(what_an_artifact_is)
{
    static const char *const LAYERS[] = {
        "application/vnd.dev.cosign.simplesigning.v1+json", "application/vnd.in-toto+json",
        "application/vnd.oci.image.layer", "x-application/vnd.oci.image.layer.v1.tar", ""};
    for (size_t i = 0; i < COUNT(LAYERS); i++)
        ck_assert_int_eq(kind_of(OCI_CONFIG, LAYERS[i], ""), MS_KIND_ARTIFACT);
    ck_assert_int_eq(kind_of("application/vnd.cncf.helm.config.v1+json", OCI_LAYER, ""),
                     MS_KIND_ARTIFACT);
    ck_assert_int_eq(kind_of("application/vnd.oci.empty.v1+json", NULL, ""), MS_KIND_ARTIFACT);
    ck_assert_int_eq(kind_of(OCI_CONFIG, OCI_LAYER, ",\"artifactType\":\"application/x\""),
                     MS_KIND_ARTIFACT);
}
END_TEST

START_TEST(an_artifact_with_a_subject)
{
    struct fixture f;
    must_parse(
        &f,
        "{\"schemaVersion\":2,\"mediaType\":\"" OCI_MANIFEST
        "\",\"artifactType\":\"application/spdx+json\",\"config\":" DESCRIPTOR(
            "application/vnd.oci.empty.v1+json", HEX_B,
            2) ",\"layers\":[" DESCRIPTOR("application/spdx+json", HEX_C,
                                          100) "],\"subject\":" DESCRIPTOR(OCI_MANIFEST, HEX_D,
                                                                           700) ",\"annotations\":{"
                                                                                "\"org."
                                                                                "opencontainers."
                                                                                "image.title\":"
                                                                                "\"sbom\",\"n\":1}"
                                                                                "}",
        OCI_MANIFEST);
    ck_assert_int_eq(f.record.kind, MS_KIND_ARTIFACT);
    ck_assert(!f.wants_config);
    assert_text(f.record.artifact_type, "application/spdx+json");
    assert_digest(&f.record.subject, HEX_D);
    assert_text(f.record.annotations, "{\"org.opencontainers.image.title\":\"sbom\"}");
    ck_assert_uint_eq(f.record.n_annotation_rows, 1);
    assert_text(f.record.title, "sbom");
    assert_text(f.record.document, NULL);
    fixture_free(&f);
}
END_TEST

#define CHILD(hex, os, arch, more)                                                                 \
    "{\"mediaType\":\"" OCI_MANIFEST "\",\"digest\":\"sha256:" hex                                 \
    "\",\"size\":2100,\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\"" more

START_TEST(an_index_with_an_attestation)
{
    struct fixture f;
    must_parse(&f,
               "{\"schemaVersion\":2,\"mediaType\":\"" OCI_INDEX "\",\"manifests\":[" CHILD(
                   HEX_B, "linux", "arm64",
                   ",\"variant\":\"v8\",\"os.version\":\"1\",\"os.features\":["
                   "\"a\",1,\"b\"]}}") "," CHILD(HEX_C, "unknown", "unknown",
                                                 "},\"annotations\":{"
                                                 "\"vnd.docker."
                                                 "reference.type\":"
                                                 "\"attestation-"
                                                 "manifest\",\"vnd."
                                                 "docker.reference."
                                                 "digest\":\"sha256:" HEX_B
                                                 "\"}}") "],\"annotations\":{"
                                                         "\"a\":\"<é>\\u0000\"}"
                                                         "}",
               "");
    ck_assert_int_eq(f.record.kind, MS_KIND_INDEX);
    ck_assert(!f.wants_config);
    assert_text(f.record.artifact_type, NULL);
    ck_assert_uint_eq(f.record.n_children, 2);
    const struct ms_child_record *image = &f.record.children[0];
    const struct ms_child_record *attestation = &f.record.children[1];
    assert_digest(&image->digest, HEX_B);
    ck_assert_int_eq(image->size, 2100);
    assert_text(image->os, "linux");
    assert_text(image->architecture, "arm64");
    assert_text(image->variant, "v8");
    assert_text(image->os_version, "1");
    assert_text(image->os_features, "[\"a\",\"b\"]");
    assert_text(image->annotations, "{}");
    ck_assert(!image->is_attestation);
    ck_assert(attestation->is_attestation);
    assert_text(attestation->os_features, NULL);
    assert_digest(&attestation->about, HEX_B);
    assert_text(f.record.document, "\"Digest\":\"sha256:" HEX_A "\",\"MediaType\":\"" OCI_INDEX
                                   "\",\"Annotations\":{\"a\":\"<é>\xef\xbf\xbd\"}");
    assert_text(f.record.annotation_rows[0].value, "<é>\xef\xbf\xbd");
    assert_text(f.record.title, NULL);
    fixture_free(&f);
}
END_TEST

/* As `docker buildx build --cache-to type=registry` writes it. */
START_TEST(entries_that_are_no_manifests_belong_to_the_index)
{
    struct fixture f;
    must_parse(
        &f,
        "{\"schemaVersion\":2,\"mediaType\":\"" OCI_INDEX
        "\",\"manifests\":[" DESCRIPTOR(OCI_LAYER, HEX_B, 100) "," DESCRIPTOR(
            OCI_MANIFEST, HEX_A,
            7) ","
               "{\"digest\":\"sha256:" HEX_A "\",\"size\":7}," DESCRIPTOR(
                   "application/vnd.oci.artifact.manifest.v1+json", HEX_A,
                   7) "," DESCRIPTOR(OCI_LAYER, HEX_C,
                                     9007199254740992) "," DESCRIPTOR("application/"
                                                                      "vnd.buildkit.cacheconfig.v0",
                                                                      HEX_D, 30) "]}",
        OCI_INDEX);
    ck_assert_int_eq(f.record.kind, MS_KIND_INDEX);
    ck_assert_uint_eq(f.record.n_children, 3);
    assert_digest(&f.record.children[2].digest, HEX_A);
    ck_assert_uint_eq(f.record.n_layers, 3);
    assert_digest(&f.record.layers[0].digest, HEX_B);
    ck_assert_int_eq(f.record.layers[0].size, 100);
    ck_assert_int_eq(f.record.layers[1].size, MS_SIZE_UNKNOWN);
    assert_text(f.record.layers[2].media_type, "application/vnd.buildkit.cacheconfig.v0");
    fixture_free(&f);
}
END_TEST

/* BuildKit 0.32: the attestation tells by its type what it is, and is a referrer, too. */
START_TEST(an_attestation_by_its_type)
{
    struct fixture f;
    must_parse(
        &f,
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" OCI_MANIFEST
        "\",\"digest\":\"sha256:" HEX_C
        "\",\"size\":1,\"artifactType\":\"application/vnd.docker.attestation.manifest.v1+json\"}"
        "]}",
        OCI_INDEX);
    ck_assert(f.record.children[0].is_attestation);
    ck_assert(ms_digest_is_none(&f.record.children[0].about));
    fixture_free(&f);
}
END_TEST

START_TEST(impossible_sizes_are_unknown)
{
    static const struct {
        const char *text;
        int64_t size;
    } SIZES[] = {
        {"0", 0},
        {"9007199254740991", INT64_C(9007199254740991)},
        {"9007199254740992", MS_SIZE_UNKNOWN},
        {"9223372036854774000", MS_SIZE_UNKNOWN},
        {"9223372036854775808", MS_SIZE_UNKNOWN},
        {"18446744073709551616", MS_SIZE_UNKNOWN},
        {"99999999999999999999999999", MS_SIZE_UNKNOWN},
        {"1e300", MS_SIZE_UNKNOWN},
        {"-1", MS_SIZE_UNKNOWN},
        {"-9223372036854775808", MS_SIZE_UNKNOWN},
        {"-1e-5", MS_SIZE_UNKNOWN},
        {"null", 0},
    };
    for (size_t i = 0; i < COUNT(SIZES); i++) {
        struct fixture f;
        char raw[1024];
        (void)snprintf(raw, sizeof(raw),
                       "{\"schemaVersion\":2,\"config\":" DESCRIPTOR(
                           OCI_CONFIG, HEX_B, 2) ",\"layers\":[{\"mediaType\":\"" OCI_LAYER
                                                 "\",\"digest\":\"sha256:" HEX_C
                                                 "\",\"size\":%s}]}",
                       SIZES[i].text);
        must_parse(&f, raw, OCI_MANIFEST);
        ck_assert_msg(f.record.layers[0].size == SIZES[i].size, "%s", SIZES[i].text);
        ck_assert_int_eq(f.record.kind, MS_KIND_IMAGE);
        fixture_free(&f);
    }
}
END_TEST

START_TEST(an_empty_index)
{
    static const char *const TEXTS[] = {
        "{\"schemaVersion\":2,\"mediaType\":\"" OCI_INDEX "\",\"manifests\":[]}",
        "{\"schemaVersion\":2,\"mediaType\":\"" OCI_INDEX "\",\"manifests\":null}",
    };
    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        struct fixture f;
        must_parse(&f, TEXTS[i], OCI_INDEX);
        ck_assert_int_eq(f.record.kind, MS_KIND_INDEX);
        ck_assert_uint_eq(f.record.n_children, 0);
        fixture_free(&f);
    }
}
END_TEST

#define SCHEMA1_BODY(history)                                                                      \
    "{\"schemaVersion\":1,\"name\":\"old\",\"tag\":\"1\",\"architecture\":\"amd64\",\"fsLayers\":" \
    "[{\"blobSum\":\"sha256:" HEX_B "\"}],\"history\":[" history "]}"

START_TEST(schema_1)
{
    struct fixture f;
    must_parse(&f,
               SCHEMA1_BODY("{\"v1Compatibility\":\"{\\\"os\\\":\\\"linux\\\",\\\"created\\\":"
                            "\\\"2015-04-08T18:52:59Z\\\"}\"}"),
               SCHEMA1);
    ck_assert_int_eq(f.record.kind, MS_KIND_SCHEMA1);
    ck_assert(!f.wants_config);
    assert_text(f.record.media_type, SCHEMA1);
    assert_text(f.record.architecture, "amd64");
    assert_text(f.record.os, "linux");
    ck_assert_int_eq(f.record.created_ms, INT64_C(1428519179000));
    assert_text(f.record.document, NULL);
    assert_text(f.record.annotations, "{}");
    fixture_free(&f);
    must_parse(&f, SCHEMA1_BODY("{\"v1Compatibility\":\"not json\"}"), "");
    ck_assert_int_eq(f.record.kind, MS_KIND_SCHEMA1);
    assert_text(f.record.media_type, SCHEMA1);
    assert_text(f.record.os, NULL);
    fixture_free(&f);
}
END_TEST

START_TEST(schema_1_must_be_whole)
{
    assert_refused(SCHEMA1_BODY(""), SCHEMA1, MS_INVALID);
    assert_refused("{\"schemaVersion\":1,\"tag\":\"1\",\"fsLayers\":[],\"history\":[]}", SCHEMA1,
                   MS_INVALID);
    assert_refused("{\"schemaVersion\":1,\"name\":\"a\",\"tag\":\"1\",\"fsLayers\":[{\"blobSum\":"
                   "\"x\"}],\"history\":[{}]}",
                   SCHEMA1, MS_INVALID);
    assert_refused("{\"schemaVersion\":2,\"name\":\"a\",\"tag\":\"1\",\"fsLayers\":[],\"history\":"
                   "[]}",
                   SCHEMA1, MS_INVALID);
}
END_TEST

/* --- types --- */

START_TEST(the_manifest_names_its_type)
{
    struct fixture f;
    must_parse(&f, IMAGE, DOCKER_MANIFEST); /* its own mediaType wins */
    assert_text(f.record.media_type, OCI_MANIFEST);
    fixture_free(&f);
    must_parse(&f, IMAGE, "text/plain");
    assert_text(f.record.media_type, OCI_MANIFEST);
    fixture_free(&f);
}
END_TEST

START_TEST(else_the_answer_does_else_its_members)
{
    static const char MANIFEST[] =
        "{\"schemaVersion\":2,\"config\":" DESCRIPTOR(OCI_CONFIG, HEX_B, 1) "}";
    struct fixture f;
    must_parse(&f, MANIFEST, DOCKER_MANIFEST);
    assert_text(f.record.media_type, DOCKER_MANIFEST);
    fixture_free(&f);
    must_parse(&f, MANIFEST, "application/json");
    assert_text(f.record.media_type, OCI_MANIFEST);
    fixture_free(&f);
    must_parse(&f, "{\"schemaVersion\":2,\"manifests\":[]}", "application/octet-stream");
    assert_text(f.record.media_type, OCI_INDEX);
    fixture_free(&f);
}
END_TEST

START_TEST(type_and_members_must_fit)
{
    /* CVE-2021-41190: one document, two meanings. */
    assert_refused(IMAGE_WITH(",\"manifests\":[]"), OCI_MANIFEST, MS_INVALID);
    assert_refused("{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", OCI_INDEX, MS_INVALID);
    assert_refused("{\"schemaVersion\":2,\"mediaType\":\"" OCI_INDEX
                   "\",\"config\":" DESCRIPTOR(OCI_CONFIG, HEX_B, 1) "}",
                   OCI_MANIFEST, MS_INVALID);
    assert_refused("{\"schemaVersion\":2,\"mediaType\":\"" OCI_MANIFEST "\",\"manifests\":[]}",
                   OCI_INDEX, MS_INVALID);
    assert_refused(IMAGE_WITH(",\"fsLayers\":[]"), OCI_MANIFEST, MS_INVALID);
    assert_refused("{\"schemaVersion\":2,\"manifests\":[]}", OCI_MANIFEST, MS_INVALID);
}
END_TEST

START_TEST(unknown_types_are_named_when_they_can_be_shown)
{
    struct fixture f;
    ck_assert_int_eq(fixture_parse(&f, "{\"mediaType\":\"application/x-other\"}", OCI_MANIFEST),
                     MS_INVALID);
    ck_assert_str_eq(f.err.text, "unknown media type application/x-other");
    fixture_free(&f);
    ck_assert_int_eq(fixture_parse(&f, "{\"mediaType\":\"a b\"}", OCI_MANIFEST), MS_INVALID);
    ck_assert_str_eq(f.err.text, "unknown media type");
    fixture_free(&f);
    assert_refused("{\"mediaType\":7}", OCI_MANIFEST, MS_INVALID);
    assert_refused("{\"schemaVersion\":2}", "application/json", MS_INVALID);
    assert_refused("{\"schemaVersion\":2}", "text/html", MS_INVALID);
}
END_TEST

/* --- hostile ones --- */

START_TEST(broken_members)
{
    static const char *const BAD[] = {
        "",
        "null",
        "[]",
        "{",
        "<html></html>",
        "{\"schemaVersion\":2}",
        "{\"schemaVersion\":1,\"config\":" DESCRIPTOR(OCI_CONFIG, HEX_B, 1) "}",
        "{\"schemaVersion\":\"2\",\"config\":" DESCRIPTOR(OCI_CONFIG, HEX_B, 1) "}",
        "{\"schemaVersion\":2,\"config\":{}}",
        "{\"schemaVersion\":2,\"config\":7,\"layers\":[]}",
        "{\"schemaVersion\":2,\"layers\":[]}",
        "{\"schemaVersion\":2,\"config\":" DESCRIPTOR(OCI_CONFIG, "xyz", 1) "}",
        "{\"schemaVersion\":2,\"config\":" DESCRIPTOR(OCI_CONFIG, HEX_B, 1.5) "}",
        "{\"schemaVersion\":2,\"config\":" DESCRIPTOR(OCI_CONFIG, HEX_B, "1") "}",
        "{\"schemaVersion\":2,\"config\":" DESCRIPTOR(OCI_CONFIG, HEX_B, 1) ",\"layers\":{}}",
        "{\"schemaVersion\":2,\"config\":" DESCRIPTOR(OCI_CONFIG, HEX_B, 1) ",\"layers\":[null]}",
        "{\"schemaVersion\":2,\"config\":" DESCRIPTOR(OCI_CONFIG, HEX_B, 1) ",\"subject\":{}}",
    };
    for (size_t i = 0; i < COUNT(BAD); i++)
        assert_refused(BAD[i], OCI_MANIFEST, MS_INVALID);
    assert_refused("{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:1\"}]}", OCI_INDEX,
                   MS_INVALID);
    assert_refused("{\"schemaVersion\":2,\"manifests\":7}", OCI_INDEX, MS_INVALID);
}
END_TEST

START_TEST(what_nothing_depends_on_may_be_odd)
{
    struct fixture f;
    must_parse(&f, IMAGE_WITH(",\"annotations\":[1],\"artifactType\":7,\"subject\":null"),
               OCI_MANIFEST);
    ck_assert_int_eq(f.record.kind, MS_KIND_IMAGE);
    assert_text(f.record.annotations, "{}");
    fixture_free(&f);
    must_parse(&f,
               "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:" HEX_B
               "\",\"platform\":\"x\",\"annotations\":{\"a\":{}}}]}",
               OCI_INDEX);
    assert_text(f.record.children[0].os, NULL);
    assert_text(f.record.children[0].media_type, NULL);
    assert_text(f.record.children[0].annotations, "{}");
    fixture_free(&f);
}
END_TEST

/* A manifest with `count` elements in its list, each a number of 64 digits between two texts. */
static enum ms_status parse_many(const char *before, const char *left, const char *right,
                                 size_t count, const char *after, const char *type)
{
    struct fixture f;
    struct ms_buf raw;
    ms_buf_init(&raw, 16 * 1024 * 1024);
    ms_buf_append_c(&raw, before);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            ms_buf_append_char(&raw, ',');
        ms_buf_printf(&raw, "%s%064zx%s", left, i, right);
    }
    ms_buf_append_c(&raw, after);
    ck_assert_int_eq(ms_buf_status(&raw), MS_OK);
    enum ms_status status = fixture_parse_bytes(&f, ms_buf_view(&raw), type);
    fixture_free(&f);
    ms_buf_free(&raw);
    return status;
}

START_TEST(too_many)
{
    static const char LAYERS[] =
        "{\"schemaVersion\":2,\"config\":" DESCRIPTOR(OCI_CONFIG, HEX_B, 1) ",\"layers\":[";
    static const char LEFT[] = "{\"digest\":\"sha256:";
    ck_assert_int_eq(parse_many(LAYERS, LEFT, "\"}", MANIFEST_LAYERS_MAX, "]}", OCI_MANIFEST),
                     MS_OK);
    ck_assert_int_eq(parse_many(LAYERS, LEFT, "\"}", MANIFEST_LAYERS_MAX + 1, "]}", OCI_MANIFEST),
                     MS_TOO_LARGE);
    ck_assert_int_eq(parse_many("{\"schemaVersion\":2,\"manifests\":[", LEFT, "\"}",
                                MANIFEST_CHILDREN_MAX + 1, "]}", OCI_INDEX),
                     MS_TOO_LARGE);
    ck_assert_int_eq(parse_many("{\"schemaVersion\":2,\"manifests\":[],\"annotations\":{", "\"",
                                "\":\"\"", MANIFEST_PAIRS_MAX + 1, "}}", OCI_INDEX),
                     MS_TOO_LARGE);
    ck_assert_int_eq(parse_many("[", "[\"", "\"]", MANIFEST_VALUES_MAX, "]", OCI_INDEX),
                     MS_TOO_LARGE);
}
END_TEST

START_TEST(a_full_arena_is_too_large)
{
    struct ms_digest digest = digest_of_hex(HEX_A);
    struct ms_error err;
    for (size_t limit = 16; limit < 2048; limit += 16) {
        struct ms_arena *arena = ms_arena_new(limit);
        struct ms_manifest_record record = {.kind = MS_KIND_UNKNOWN};
        bool wants_config = false;
        enum ms_status status = manifest_parse(&record, &wants_config, arena,
                                               MS_STR(IMAGE_WITH(",\"annotations\":{\"a\""
                                                                 ":\"b\"}")),
                                               MS_STR(OCI_MANIFEST), &digest, &err);
        ck_assert(status == MS_OK || status == MS_TOO_LARGE);
        ck_assert((record.kind == MS_KIND_IMAGE) == (status == MS_OK));
        ms_arena_free(arena);
    }
}
END_TEST

static void assert_evidence(const char *members, unsigned evidence)
{
    struct fixture f;
    char manifest[4096];
    (void)snprintf(manifest, sizeof(manifest),
                   "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:" HEX_C
                   "\",\"size\":2},%s}",
                   members);
    ck_assert_int_eq(fixture_parse(&f, manifest, OCI_MANIFEST), MS_OK);
    ck_assert_msg(f.record.evidence == evidence, "%s: %u", members, f.record.evidence);
    fixture_free(&f);
}

/* tests/system/attachments.py has the shapes in which tools push them. */
START_TEST(what_an_artifact_is_to_its_subject)
{
    static const char SIGSTORE[] =
        "\"artifactType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\"";
    char members[512];
    assert_evidence("\"layers\":[]", 0);
    assert_evidence("\"artifactType\":\"application/vnd.cncf.notary.signature\"", 1);
    assert_evidence("\"artifactType\":\"application/spdx+json\"", 2);
    assert_evidence(SIGSTORE, 0); /* says not what it holds */
    (void)snprintf(members, sizeof(members),
                   "%s,\"annotations\":{\"dev.sigstore.bundle.predicateType\":"
                   "\"https://sigstore.dev/cosign/sign/v1\"}",
                   SIGSTORE);
    assert_evidence(members, 1);
    assert_evidence("\"annotations\":{\"dev.sigstore.bundle.predicateType\":"
                    "\"https://sigstore.dev/cosign/sign/v1\"}",
                    0); /* is no bundle */
    assert_evidence("\"layers\":[{\"digest\":\"sha256:" HEX_C "\",\"size\":1,\"annotations\":"
                    "{\"in-toto.io/predicate-type\":\"https://spdx.dev/Document\"}},"
                    "{\"digest\":\"sha256:" HEX_C "\",\"size\":1,\"annotations\":"
                    "{\"predicateType\":\"https://slsa.dev/provenance/v1\",\"x\":7}}]",
                    6);
    assert_evidence("\"layers\":[{\"digest\":\"sha256:" HEX_C "\",\"size\":1,\"annotations\":[7],"
                    "\"mediaType\":\"application/vnd.cncf.notary.signature\"}]",
                    0); /* by its own type, not by a layer's */
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("manifest");
    tcase_add_test(tests, an_oci_image);
    tcase_add_test(tests, a_docker_image);
    tcase_add_test(tests, what_an_image_is);
    tcase_add_test(tests, what_an_artifact_is);
    tcase_add_test(tests, an_artifact_with_a_subject);
    tcase_add_test(tests, an_index_with_an_attestation);
    tcase_add_test(tests, entries_that_are_no_manifests_belong_to_the_index);
    tcase_add_test(tests, an_attestation_by_its_type);
    tcase_add_test(tests, impossible_sizes_are_unknown);
    tcase_add_test(tests, an_empty_index);
    tcase_add_test(tests, schema_1);
    tcase_add_test(tests, schema_1_must_be_whole);
    tcase_add_test(tests, the_manifest_names_its_type);
    tcase_add_test(tests, else_the_answer_does_else_its_members);
    tcase_add_test(tests, type_and_members_must_fit);
    tcase_add_test(tests, unknown_types_are_named_when_they_can_be_shown);
    tcase_add_test(tests, broken_members);
    tcase_add_test(tests, what_nothing_depends_on_may_be_odd);
    tcase_add_test(tests, too_many);
    tcase_add_test(tests, a_full_arena_is_too_large);
    tcase_add_test(tests, what_an_artifact_is_to_its_subject);
    Suite *suite = suite_create("manifest");
    suite_add_tcase(suite, tests);
    return suite;
}
