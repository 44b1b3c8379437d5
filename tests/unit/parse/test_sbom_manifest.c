/* SPDX-License-Identifier: Apache-2.0 */
/* Which layers of a manifest are SBOM documents: the shapes of BuildKit, ORAS, cosign, sigstore. */
#include "common/base/buf.h"
#include "writer/parse/sbom_manifest.h"

#include <check.h>

#define DIGEST(c) "sha256:" c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define LAYER(type, annotations)                                                                   \
    "{\"mediaType\":\"" type "\",\"digest\":\"" DIGEST("ab") "\",\"size\":7," annotations "}"
#define NO_ANNOTATIONS "\"annotations\":null"
#define ANNOTATION(key, value) "\"annotations\":{\"" key "\":\"" value "\"}"

static size_t count(const char *manifest)
{
    struct sbom_layers layers;
    sbom_manifest_layers(&layers, ms_str(manifest));
    for (size_t i = 0; i < layers.n; i++)
        ck_assert_int_eq(layers.layers[i].size, 7);
    return layers.n;
}

START_TEST(documents_are_found)
{
    static const char *const MANIFESTS[] = {
        "{\"layers\":[" LAYER(
            "application/vnd.in-toto+json",
            ANNOTATION("in-toto.io/predicate-type", "https://spdx.dev/Document")) "]}",
        "{\"layers\":[" LAYER(
            "application/vnd.in-toto+json",
            ANNOTATION("in-toto.io/predicate-type", "https://slsa.dev/provenance/v1")) "]}",
        "{\"layers\":[" LAYER("application/spdx+json", NO_ANNOTATIONS) "]}",
        "{\"layers\":[" LAYER("application/vnd.cyclonedx+json;version=1.6", NO_ANNOTATIONS) "]}",
        "{\"artifactType\":\"application/spdx+json\",\"layers\":[" LAYER("application/json",
                                                                         NO_ANNOTATIONS) "]}",
        "{\"config\":{\"mediaType\":\"application/vnd.cyclonedx+json\"},\"layers\":[" LAYER(
            "x/y", NO_ANNOTATIONS) "]}",
        "{\"layers\":[" LAYER("application/vnd.dsse.envelope.v1+json",
                              ANNOTATION("predicateType", "https://cyclonedx.org/bom/v1.4")) "]}",
        "{" ANNOTATION(
            "dev.sigstore.bundle.predicateType",
            "https://spdx.dev/Document/"
            "v2.3") ",\"layers\":[" LAYER("application/vnd.dev.sigstore.bundle.v0.3+json",
                                          NO_ANNOTATIONS) "]}",
    };
    for (size_t i = 0; i < sizeof(MANIFESTS) / sizeof(MANIFESTS[0]); i++)
        ck_assert_msg(count(MANIFESTS[i]) == 1, "%s", MANIFESTS[i]);
}
END_TEST

START_TEST(others_are_none)
{
    static const char *const MANIFESTS[] = {
        "",
        "[]",
        "{\"layers\":{}}",
        "{\"layers\":[1,null,{}]}",
        "{\"artifactType\":\"application/spdx+json\",\"layers\":[{\"digest\":\"x\"}]}",
        "{\"layers\":[" LAYER("application/vnd.in-toto+json", NO_ANNOTATIONS) "]}",
        "{\"layers\":[" LAYER(
            "application/vnd.in-toto+json",
            ANNOTATION("in-toto.io/predicate-type", "https://in-toto.io/attestation/vulns")) "]}",
        "{\"layers\":[" LAYER("application/vnd.oci.image.layer.v1.tar", NO_ANNOTATIONS) "]}",
    };
    for (size_t i = 0; i < sizeof(MANIFESTS) / sizeof(MANIFESTS[0]); i++)
        ck_assert_msg(count(MANIFESTS[i]) == 0, "%s", MANIFESTS[i]);
}
END_TEST

START_TEST(each_once_and_so_many)
{
    struct sbom_layers layers;
    struct ms_buf manifest;
    ck_assert_uint_eq(
        count("{\"layers\":[" LAYER("application/spdx+json", NO_ANNOTATIONS) "," LAYER(
            "application/spdx+json", NO_ANNOTATIONS) "]}"),
        1);
    ms_buf_init(&manifest, 65536);
    ms_buf_append_c(&manifest, "{\"layers\":[1");
    for (int i = 0; i <= SBOM_LAYERS_MAX; i++)
        ms_buf_printf(&manifest, ",{\"mediaType\":\"spdx+json\",\"digest\":\"sha256:%064d\"}", i);
    ms_buf_append_c(&manifest, "]}");
    sbom_manifest_layers(&layers, ms_buf_view(&manifest));
    ck_assert_uint_eq(layers.n, SBOM_LAYERS_MAX);
    ck_assert(layers.has_more);
    ck_assert_int_eq(layers.layers[0].size, -1);
    ms_buf_free(&manifest);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("sbom_manifest");
    TCase *tests = tcase_create("layers");
    tcase_add_test(tests, documents_are_found);
    tcase_add_test(tests, others_are_none);
    tcase_add_test(tests, each_once_and_so_many);
    suite_add_tcase(suite, tests);
    return suite;
}

#include "tests/support/check_main.h"
