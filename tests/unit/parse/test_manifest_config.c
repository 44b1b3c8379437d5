/* SPDX-License-Identifier: Apache-2.0 */
/* writer/parse/manifest_config.c, manifest_document.c: what configurations add, and the documents.
 */
#include "common/base/buf.h"
#include "tests/support/manifest_fixture.h"

#include <string.h>

static void must_add(struct fixture *f, const char *manifest, const char *config)
{
    enum ms_status status = fixture_parse(f, manifest, OCI_MANIFEST);
    if (status == MS_OK)
        status = manifest_add_config(&f->record, f->arena, ms_str(config), &f->err);
    ck_assert_msg(status == MS_OK, "%s", status == MS_OK ? "" : f->err.text);
}

static const char FULL_CONFIG[] =
    "{\"created\":\"2024-01-01T02:00:00.5+02:00\",\"author\":\"me\",\"architecture\":\"arm64\","
    "\"os\":\"linux\",\"variant\":\"v8\",\"os.version\":\"10\",\"os.features\":[\"win32k\",7],"
    "\"config\":{\"User\":\"\",\"Env\":["
    "\"PATH=/bin\",7],\"Entrypoint\":[\"/run\"],\"Cmd\":null,\"WorkingDir\":\"/\",\"ExposedPorts\":"
    "{\"5432/tcp\":{}},\"Volumes\":{\"/"
    "data\":{}},\"StopSignal\":\"SIGINT\",\"Labels\":{\"k\":\"v\","
    "\"n\":1,\"z\":\"a\\u0000b\"}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX_C
    "\",\"sha256:" HEX_D "\"]},\"history\":[{\"created\":\"2024-01-01T00:00:00Z\",\"created_by\":"
    "\"ADD\",\"comment\":\"c\"},{\"created\":\"x\",\"empty_layer\":true}]}";

START_TEST(adds_what_the_configuration_tells)
{
    struct fixture f;
    must_add(&f, IMAGE, FULL_CONFIG);
    assert_text(f.record.os, "linux");
    assert_text(f.record.architecture, "arm64");
    assert_text(f.record.variant, "v8");
    assert_text(f.record.os_version, "10");
    ck_assert_int_eq(f.record.created_ms, INT64_C(1704067200500));
    ck_assert_uint_eq(f.record.n_labels, 2);
    assert_text(f.record.labels[0].key, "k");
    assert_text(f.record.labels[1].value, "a\xef\xbf\xbd"
                                          "b");
    assert_text(f.record.config_raw, FULL_CONFIG);
    fixture_free(&f);
}
END_TEST

START_TEST(a_platform_too_long_to_be_one_counts_as_missing)
{
    struct fixture f;
    char config[1024];
    char os[MANIFEST_PLATFORM_BYTES_MAX + 2] = "";
    memset(os, 'x', MANIFEST_PLATFORM_BYTES_MAX);
    (void)snprintf(config, sizeof(config), "{\"os\":\"%s\",\"architecture\":\"%sx\"}", os, os);
    must_add(&f, IMAGE, config);
    assert_text(f.record.os, os);
    assert_text(f.record.architecture, NULL);
    ck_assert_ptr_nonnull(strstr(f.record.config_document.ptr, "\"architecture\":null"));
    fixture_free(&f);
}
END_TEST

START_TEST(the_document_of_an_image)
{
    struct fixture f;
    must_add(&f, IMAGE_WITH(",\"annotations\":{\"a\":\"1\",\"b\":2}"), FULL_CONFIG);
    assert_text(f.record.document, "\"Digest\":\"sha256:" HEX_A "\",\"MediaType\":\"" OCI_MANIFEST
                                   "\",\"OS\":\"linux\",\"Architecture\":\"arm64\",\"Annotations\":"
                                   "{\"a\":\"1\"},\"Labels\":{\"k\":\"v\",\"z\":\"a\xef\xbf\xbd"
                                   "b\"}");
    fixture_free(&f);
    must_add(&f, IMAGE, "{}");
    assert_text(f.record.document, "\"Digest\":\"sha256:" HEX_A "\",\"MediaType\":\"" OCI_MANIFEST
                                   "\",\"OS\":\"\",\"Architecture\":\"\"");
    fixture_free(&f);
}
END_TEST

START_TEST(the_document_of_a_configuration)
{
    struct fixture f;
    must_add(&f, IMAGE, FULL_CONFIG);
    assert_text(
        f.record.config_document,
        "\"os_features\":[\"win32k\"],\"config_digest\":\"sha256:" HEX_B
        "\",\"os\":\"linux\",\"architecture\":\"arm64\","
        "\"variant\":\"v8\",\"os_version\":\"10\",\"created\":\"2024-01-01T00:00:00Z\",\"author\":"
        "\"me\",\"labels\":{\"k\":\"v\",\"z\":\"a\xef\xbf\xbd"
        "b\"},\"env\":[\"PATH=/bin\"],\"entrypoint\":[\"/run\"],\"cmd\":[],\"user\":null,"
        "\"working_dir\":\"/\",\"exposed_ports\":[\"5432/tcp\"],\"volumes\":[\"/data\"],"
        "\"stop_signal\":\"SIGINT\",\"diff_ids\":[\"sha256:" HEX_C "\",\"sha256:" HEX_D "\"],"
        "\"history\":[{\"created\":\"2024-01-01T00:00:00Z\",\"created_by\":\"ADD\",\"comment\":"
        "\"c\",\"empty_layer\":false},{\"created\":null,\"created_by\":null,\"comment\":null,"
        "\"empty_layer\":true}]");
    fixture_free(&f);
}
END_TEST

START_TEST(every_member_is_there)
{
    struct fixture f;
    must_add(&f, IMAGE, "{\"config\":{\"Cmd\":\"/bin/sh\"},\"history\":[7]}");
    assert_text(f.record.config_document,
                "\"os_features\":[],\"config_digest\":\"sha256:" HEX_B
                "\",\"os\":null,\"architecture\":null,\"variant\":null,\"os_version\":null,"
                "\"created\":null,\"author\":null,\"labels\":{},\"env\":[],\"entrypoint\":[],"
                "\"cmd\":[\"/bin/sh\"],\"user\":null,\"working_dir\":null,\"exposed_ports\":[],"
                "\"volumes\":[],\"stop_signal\":null,\"diff_ids\":[],\"history\":[{\"created\":"
                "null,\"created_by\":null,\"comment\":null,\"empty_layer\":false}]");
    fixture_free(&f);
}
END_TEST

/* Keys in the case of published Windows images, bytes that are no UTF-8, and depth. */
START_TEST(what_go_reads_is_read)
{
    struct fixture f;
    char config[1024];
    char deep[201] = "";
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    (void)snprintf(
        config, sizeof(config),
        "{\"OS\":\"windows\",\"Architecture\":\"amd64\",\"rootfS\":{\"Diff_IDs\":[\"sha256:x\"]},"
        "\"extra\":%s,\"config\":{\"labels\":{\"caf\xe9\":\"\xff\"}}}",
        deep);
    must_add(&f, IMAGE, config);
    assert_text(f.record.os, "windows");
    assert_text(f.record.architecture, "amd64");
    ck_assert_uint_eq(f.record.n_labels, 1);
    assert_text(f.record.labels[0].key, "caf\uFFFD");
    assert_text(f.record.labels[0].value, "\uFFFD");
    ck_assert_ptr_nonnull(strstr(f.record.config_document.ptr, "\"diff_ids\":[\"sha256:x\"]"));
    ck_assert_int_eq(f.record.config_size, (int64_t)strlen(config));
    assert_text(f.record.config_raw, config); /* the bytes that have the digest */
    fixture_free(&f);
}
END_TEST

START_TEST(a_broken_configuration_leaves_the_record_alone)
{
    static const char *const BAD[] = {"", "[]", "null", "{\"a\":}", "\xff"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct fixture f;
        ck_assert_int_eq(fixture_parse(&f, IMAGE, OCI_MANIFEST), MS_OK);
        ck_assert_int_eq(manifest_add_config(&f.record, f.arena, ms_str(BAD[i]), &f.err),
                         MS_INVALID);
        ck_assert_ptr_nonnull(strstr(f.err.text, "configuration"));
        assert_text(f.record.config_raw, NULL);
        assert_text(f.record.document, NULL);
        fixture_free(&f);
    }
}
END_TEST

START_TEST(odd_members_tell_nothing)
{
    struct fixture f;
    must_add(&f, IMAGE,
             "{\"os\":7,\"created\":\"yesterday\",\"config\":[],\"history\":{},\"rootfs\":1}");
    assert_text(f.record.os, NULL);
    ck_assert_int_eq(f.record.created_ms, 0);
    ck_assert_uint_eq(f.record.n_labels, 0);
    fixture_free(&f);
}
END_TEST

#define CHAIN_A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define DIFF_B "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
#define CHAIN_AB "51c0c8ace48498d6f5fee6b0592cc06f2da0f3cbe09c5a34a97dce85c3889676"
#define CHAIN_ABB "46ec43a32592ad892f7c17823d94e844b9e2e21c787684e5dde2715402cb22b0"

/* By the formula of the OCI image specification, with sha256sum. */
START_TEST(the_chain_of_layers)
{
    static const char *const CHAIN[] = {
        "sha256:" CHAIN_A,
        "sha256:" CHAIN_AB,
        "sha256:" CHAIN_ABB,
    };
    struct fixture f;
    char text[MS_DIGEST_TEXT_MAX];
    must_add(&f, IMAGE,
             "{\"rootfs\":{\"diff_ids\":[\"sha256:" CHAIN_A "\",\"sha256:" DIFF_B
             "\",\"sha256:" DIFF_B "\"]}}");
    ck_assert_uint_eq(f.record.n_chain, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_str_eq(ms_digest_format(text, &f.record.chain[i]), CHAIN[i]);
    fixture_free(&f);
}
END_TEST

START_TEST(layers_without_a_chain)
{
    static const char *const CONFIGS[] = {
        "{}", "{\"rootfs\":{\"diff_ids\":[]}}", "{\"rootfs\":{\"diff_ids\":{}}}",
        ("{\"rootfs\":{\"diff_ids\":[\"sha256:" CHAIN_A "\",7]}}"),
        "{\"rootfs\":{\"diff_ids\":[\"sha256:short\"]}}"};
    struct fixture f;
    for (size_t i = 0; i < sizeof(CONFIGS) / sizeof(CONFIGS[0]); i++) {
        must_add(&f, IMAGE, CONFIGS[i]);
        ck_assert_uint_eq(f.record.n_chain, 0);
        ck_assert(!f.record.is_chain_too_long);
        fixture_free(&f);
    }
}
END_TEST

START_TEST(a_chain_has_an_end)
{
    struct fixture f;
    struct ms_buf config;
    ms_buf_init(&config, 1024 * 1024);
    ms_buf_append_c(&config, "{\"rootfs\":{\"diff_ids\":[");
    for (int i = 0; i <= MANIFEST_CHAIN_MAX; i++)
        ms_buf_printf(&config, "%s\"sha256:" CHAIN_A "\"", i > 0 ? "," : "");
    ms_buf_append_c(&config, "]}}");
    ck_assert_int_eq(ms_buf_status(&config), MS_OK);
    must_add(&f, IMAGE, config.data);
    ck_assert_uint_eq(f.record.n_chain, 0);
    ck_assert(f.record.is_chain_too_long);
    fixture_free(&f);
    ms_buf_free(&config);
}
END_TEST

static void assert_title(const char *annotations, const char *labels, const char *title,
                         const char *description)
{
    struct fixture f;
    char manifest[4096];
    char config[1024];
    snprintf(manifest, sizeof(manifest), "%.*s,\"annotations\":%s}", (int)strlen(IMAGE) - 1, IMAGE,
             annotations);
    snprintf(config, sizeof(config), "{\"config\":{\"Labels\":%s}}", labels);
    must_add(&f, manifest, config);
    assert_text(f.record.title, title);
    assert_text(f.record.description, description);
    fixture_free(&f);
}

START_TEST(titles)
{
    assert_title("{}", "{}", NULL, NULL);
    assert_title("{\"org.opencontainers.image.title\":\"A\"}",
                 "{\"org.opencontainers.image.title\":\"L\"}", "A", NULL);
    assert_title("{\"org.opencontainers.image.title\":\"\"}",
                 "{\"org.opencontainers.image.title\":\"L\",\"name\":\"n\"}", "L", NULL);
    assert_title("{}", "{\"name\":\"n\",\"org.label-schema.name\":\"s\",\"description\":\"d\"}",
                 "s", "d");
    assert_title("{}",
                 "{\"Name\":\"N\",\"io.k8s.display-name\":\"k\",\"io.k8s.description\":\"kd\"}",
                 "k", "kd");
    assert_title("{}", "{\"Name\":\"N\",\"Description\":\"D\"}", "N", "D");
    assert_title("{\"name\":\"of an annotation\"}", "{}", NULL, NULL);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("manifest_config");
    tcase_add_test(tests, adds_what_the_configuration_tells);
    tcase_add_test(tests, a_platform_too_long_to_be_one_counts_as_missing);
    tcase_add_test(tests, the_document_of_an_image);
    tcase_add_test(tests, the_document_of_a_configuration);
    tcase_add_test(tests, every_member_is_there);
    tcase_add_test(tests, what_go_reads_is_read);
    tcase_add_test(tests, a_broken_configuration_leaves_the_record_alone);
    tcase_add_test(tests, odd_members_tell_nothing);
    tcase_add_test(tests, the_chain_of_layers);
    tcase_add_test(tests, layers_without_a_chain);
    tcase_add_test(tests, a_chain_has_an_end);
    tcase_add_test(tests, titles);
    Suite *suite = suite_create("manifest_config");
    suite_add_tcase(suite, tests);
    return suite;
}
