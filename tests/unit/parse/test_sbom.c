/* SPDX-License-Identifier: Apache-2.0 */
/* SBOM documents: each is written whole, and byte by byte, which must tell the same. */
#include "common/base/buf.h"
#include "writer/parse/sbom.h"

#include <string.h>

#include <check.h>

enum { TOLD_MAX = 1024 * 1024 };

#define DIGEST "1111111111111111111111111111111111111111111111111111111111111111"

static void on_package(const struct sbom_package *package, void *arg)
{
    ms_buf_printf(arg, "%.*s|%.*s|%.*s|%.*s\n", MS_STR_ARG(package->name),
                  MS_STR_ARG(package->version), MS_STR_ARG(package->type),
                  MS_STR_ARG(package->purl));
}

static void on_subject(const struct ms_digest *digest, void *arg)
{
    char text[MS_DIGEST_TEXT_MAX] = "none";
    if (!ms_digest_is_none(digest))
        (void)ms_digest_format(text, digest);
    ms_buf_printf(arg, "about %s\n", text);
}

static void on_material(const struct sbom_material *material, void *arg)
{
    char text[MS_DIGEST_TEXT_MAX];
    ms_buf_printf(arg, "from %s %.*s\n", ms_digest_format(text, &material->digest),
                  MS_STR_ARG(material->uri));
}

static enum ms_status read_in(struct ms_buf *told, struct sbom_totals *totals, struct ms_str bytes,
                              size_t step, struct ms_error *err)
{
    struct sbom *sbom = sbom_new(&(struct sbom_events){.on_package = on_package,
                                                       .on_subject = on_subject,
                                                       .on_material = on_material},
                                 told);
    enum ms_status status = MS_OK;
    for (size_t at = 0; at < bytes.len && status == MS_OK; at += step)
        status = sbom_write(sbom, ms_str_slice(bytes, at, at + step), err);
    if (status == MS_OK)
        status = sbom_end(totals, sbom, err);
    sbom_free(sbom);
    return status;
}

static struct ms_error last_error;

/* The rows and subjects that a document tells, or NULL: it is refused, last_error says why. */
static const char *read_document(const char *document, struct sbom_totals *totals)
{
    static struct ms_buf told[2];
    enum ms_status status[2];
    for (size_t i = 0; i < 2; i++) {
        ms_buf_free(&told[i]);
        ms_buf_init(&told[i], TOLD_MAX);
        status[i] = read_in(&told[i], totals, ms_str(document), i == 0 ? TOLD_MAX : 1, &last_error);
    }
    ck_assert_int_eq(status[0], status[1]);
    ck_assert(status[0] != MS_OK || ms_str_equal(ms_buf_view(&told[0]), ms_buf_view(&told[1])));
    if (status[0] != MS_OK)
        return NULL;
    return told[0].len > 0 ? told[0].data : "";
}

#define ASSERT_TELLS(document, told)                                                               \
    do {                                                                                           \
        struct sbom_totals read_totals;                                                            \
        const char *read = read_document(document, &read_totals);                                  \
        ck_assert_msg(read != NULL, "%s", last_error.text);                                        \
        ck_assert_str_eq(read, told);                                                              \
    } while (0)

#define ASSERT_REFUSED(document, why)                                                              \
    do {                                                                                           \
        struct sbom_totals read_totals;                                                            \
        ck_assert_ptr_null(read_document(document, &read_totals));                                 \
        ck_assert_ptr_nonnull(strstr(last_error.text, why));                                       \
    } while (0)

START_TEST(spdx_is_read)
{
    ASSERT_TELLS(
        "{\"spdxVersion\":\"SPDX-2.3\",\"name\":\"doc\",\"packages\":["
        "{\"name\":\"libc6\",\"versionInfo\":\"2.36-9\",\"checksums\":[{\"name\":\"x\"}],"
        "\"externalRefs\":[{\"referenceCategory\":\"SECURITY\",\"referenceType\":\"cpe23Type\","
        "\"referenceLocator\":\"cpe:2.3\"},{\"referenceCategory\":\"PACKAGE-MANAGER\","
        "\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:deb/debian/"
        "libc6@2.36-9?arch=amd64\"}"
        "]},{\"name\":\"bare\",\"versionInfo\":\"NOASSERTION\"},"
        "{\"name\":\"img\",\"primaryPackagePurpose\":\"CONTAINER\"},{\"SPDXID\":\"nameless\"}],"
        "\"files\":[{\"name\":\"f\"}]}",
        "libc6|2.36-9|deb|pkg:deb/debian/libc6@2.36-9?arch=amd64\nbare|||\n");
}
END_TEST

START_TEST(cyclonedx_is_read)
{
    ASSERT_TELLS(
        "{\"components\":[{\"components\":[{\"name\":\"inner\",\"version\":\"1\"}],"
        "\"type\":\"library\",\"name\":\"log4j-core\",\"group\":\"org.apache\",\"version\":\"2.14."
        "1\","
        "\"purl\":\"pkg:Maven/org.apache/log4j-core@2.14.1\"},{\"type\":\"file\",\"name\":\"/a\"}],"
        "\"metadata\":{\"component\":{\"name\":\"image\",\"type\":\"container\"}},"
        "\"specVersion\":\"1.6\",\"bomFormat\":\"CycloneDX\"}",
        "inner|1||\nlog4j-core|2.14.1|maven|pkg:Maven/org.apache/log4j-core@2.14.1\n");
}
END_TEST

#define STATEMENT                                                                                  \
    "{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"predicateType\":\"https://spdx.dev/"       \
    "Document\",\"subject\":[{\"name\":\"a\",\"digest\":{\"sha512\":\"x\",\"sha256\":\"%s\"}},"    \
    "{\"name\":\"b\"}],\"predicate\":%s}"
#define SPDX "{\"spdxVersion\":\"SPDX-2.2\",\"packages\":[{\"name\":\"a\"}]}"

START_TEST(statements_are_read)
{
    static const char *const PREDICATES[] = {
        SPDX,
        "{\"Data\":" SPDX ",\"Timestamp\":\"\"}",
        "\"{\\\"spdxVersion\\\":\\\"SPDX-2.2\\\",\\\"packages\\\":[{\\\"name\\\":\\\"a\\\"}]}\"",
    };
    for (size_t i = 0; i < sizeof(PREDICATES) / sizeof(PREDICATES[0]); i++) {
        struct ms_buf document, told;
        ms_buf_init(&document, TOLD_MAX);
        ms_buf_init(&told, TOLD_MAX);
        ms_buf_printf(&document, STATEMENT, DIGEST, PREDICATES[i]);
        ms_buf_printf(&told, "about sha256:%s\nabout none\na|||\n", DIGEST);
        ASSERT_TELLS(document.data, told.data);
        ms_buf_free(&document);
        ms_buf_free(&told);
    }
}
END_TEST

/* The payload is an SPDX document. */
START_TEST(envelopes_and_bundles_are_read)
{
#define PAYLOAD "eyJzcGR4VmVyc2lvbiI6IlNQRFgtMi4yIiwicGFja2FnZXMiOlt7Im5hbWUiOiJhIn1dfQ=="
    ASSERT_TELLS("{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"" PAYLOAD
                 "\",\"signatures\":[{\"sig\":\"MEU\",\"keyid\":\"\"}]}",
                 "a|||\n");
    ASSERT_TELLS("{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
                 "\"verificationMaterial\":{\"tlogEntries\":[{\"logIndex\":\"1\"}]},"
                 "\"dsseEnvelope\":{\"payload\":\"" PAYLOAD "\"}}",
                 "a|||\n");
    ASSERT_REFUSED("{\"payload\":\"eyJz!!\"}", "base64");
    ASSERT_REFUSED("{\"payload\":\"eyJz\"}", "no whole JSON");
    ASSERT_REFUSED("{\"payload\":\"\"}", "no whole JSON");
}
END_TEST

START_TEST(materials_of_provenance_are_read)
{
    ASSERT_TELLS("{\"_type\":\"https://in-toto.io/Statement/"
                 "v0.1\",\"predicate\":{\"buildType\":\"x\",\"materials\":["
                 "{\"uri\":\"pkg:docker/debian@12\",\"digest\":{\"sha256\":\"" DIGEST "\"}},"
                 "{\"uri\":\"https://example.com/"
                 "a.git\",\"digest\":{\"sha1\":\"12\"}},{\"digest\":{\"sha256\":\"" DIGEST
                 "\"}},{},3]},\"predicateType\":\"https://slsa.dev/provenance/v0.2\","
                 "\"subject\":[{\"digest\":{\"sha256\":\"" DIGEST "\"}}]}",
                 "from sha256:" DIGEST " pkg:docker/debian@12\nfrom sha256:" DIGEST
                 " \nabout sha256:" DIGEST "\n");
    ASSERT_TELLS(
        "{\"predicateType\":\"https://slsa.dev/provenance/v1\",\"predicate\":{\"buildDefinition\":{"
        "\"resolvedDependencies\":[{\"digest\":{\"sha256\":\"" DIGEST
        "\"},\"uri\":\"pkg:docker/debian@12\"}]},\"runDetails\":{\"materials\":[{\"digest\":{"
        "\"sha256\":\"" DIGEST "\"}}]}}}",
        "from sha256:" DIGEST " pkg:docker/debian@12\n");
    ASSERT_TELLS("{\"predicateType\":\"https://slsa.dev/provenance/v1\",\"predicate\":{}}", "");
    ASSERT_REFUSED(
        "{\"predicateType\":\"https://slsa.dev/verification_summary/v1\",\"predicate\":{}}",
        "neither");
    ASSERT_REFUSED(
        "{\"predicateType\":\"https://slsa.dev/provenance/v1\",\"predicate\":{\"packages\":[{"
        "\"name\":\"a\"}]}}",
        "packages in");
}
END_TEST

START_TEST(escapes_are_decoded)
{
    ASSERT_TELLS("{\"spdxVersion\":\"SPDX-2.3\",\"pack\\u0061ges\":[{\"name\":"
                 "\"\\u00e9\\ud83d\\ude00\\/\\n\\ud83dx\\u0000\"}]}",
                 "\xc3\xa9\xf0\x9f\x98\x80/\n\xef\xbf\xbdx\xef\xbf\xbd|||\n");
}
END_TEST

START_TEST(what_is_no_document_is_refused)
{
    ASSERT_REFUSED("", "no whole JSON");
    ASSERT_REFUSED("{}", "neither");
    ASSERT_REFUSED("[]", "neither");
    ASSERT_REFUSED("\"SPDX\"", "neither");
    ASSERT_REFUSED("{\"spdxVersion\":\"SPDX-2.3\"", "no whole JSON");
    ASSERT_REFUSED("{\"spdxVersion\":\"SPDX-3.0\",\"packages\":[]}", "SPDX-3.0");
    ASSERT_REFUSED("{\"bomFormat\":\"CycloneDX\",\"components\":[]}", "not known");
    ASSERT_REFUSED("{\"bomFormat\":\"x\",\"specVersion\":\"1.5\"}", "not CycloneDX");
    ASSERT_REFUSED("{\"spdxVersion\":\"SPDX-2.3\",\"bomFormat\":\"CycloneDX\"}", "several");
    ASSERT_REFUSED("{\"spdxVersion\":\"SPDX-2.3\",\"components\":[{\"name\":\"a\"}]}", "both");
    static const char *const NO_JSON[] = {
        "{\"a\":01}",      "{\"a\":1.}",          "{\"a\":-}", "{\"a\" 1}",
        "{\"a\":tru}",     "{\"a\":1,}",          "[1,]",      "[1}",
        "{\"a\":\"\\x\"}", "{\"a\":\"\\u00g0\"}", "{1:2}",     "{} {}",
        "{\"a\":\"\n\"}",  "\xef\xbb\xbf{}"};
    for (size_t i = 0; i < sizeof(NO_JSON) / sizeof(NO_JSON[0]); i++)
        ASSERT_REFUSED(NO_JSON[i], "no JSON at byte");
    ASSERT_TELLS(" {\"spdxVersion\":\"SPDX-2.3\",\"a\":[-0.5e+10,0,1E2,true,false,null,{}]} ", "");
}
END_TEST

/* Nesting without end, numbers without end, names without end. */
START_TEST(bombs_are_bounded)
{
    struct ms_buf bomb;
    ms_buf_init(&bomb, 4 * TOLD_MAX);
    for (size_t i = 0; i < 10000; i++)
        ms_buf_append_c(&bomb, "[");
    ASSERT_REFUSED(bomb.data, "nested deeper");
    ms_buf_clear(&bomb);
    ms_buf_append_c(&bomb, "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[{\"name\":\"");
    for (size_t i = 0; i < 65536; i++)
        ms_buf_append_char(&bomb, 'n');
    ms_buf_append_c(&bomb, "\"},{\"name\":\"b\",\"x\":");
    for (size_t i = 0; i < 100000; i++)
        ms_buf_append_char(&bomb, '9');
    ms_buf_append_c(&bomb, "}]}");
    ASSERT_TELLS(bomb.data, "b|||\n");
    struct sbom_totals totals;
    ck_assert_ptr_nonnull(read_document(bomb.data, &totals));
    ck_assert_uint_eq(totals.packages, 1);
    ck_assert_uint_eq(totals.left_out, 1);
    ms_buf_clear(&bomb);
    for (size_t i = 0; i < 8; i++)
        ms_buf_append_c(&bomb, "{\"components\":[");
    ASSERT_REFUSED(bomb.data, "no whole JSON");
    ms_buf_free(&bomb);
    ASSERT_REFUSED("{\"payload\":\"eyJwYXlsb2FkIjoiZXlKd1lYbHNiMkZrSWpvaVpYbEtkMWxZYkhOaU1rWnJTV3B2"
                   "YVZwWWJFdGtNV3haWWtoT2FVMXJXbkpUVjNCMllWWndXV0pGZEd0TlYzaGFXV3RvVDJGVk1YSlhi"
                   "a3BWVmpOQ01sbFdXbmRYVjBwR1pFZDBUbFpZYUdGWFYyc3dUa2RLVm1GNlNsWlNNRnBvVkZSS2FX"
                   "RjdOVWxpYUU1V2ZRPT0ifQ==\"}",
                   "");
}
END_TEST

START_TEST(a_million_packages_are_too_many)
{
    struct ms_error err;
    struct sbom_totals totals;
    struct ms_buf told, document;
    ms_buf_init(&told, 0);
    ms_buf_init(&document, 4 * TOLD_MAX);
    ms_buf_append_c(&document, "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[{\"name\":\"a\"}");
    for (int i = 0; i < SBOM_PACKAGES_MAX - 1; i++)
        ms_buf_append_c(&document, ",{\"name\":\"a\"}");
    size_t len = document.len;
    ms_buf_append_c(&document, "]}");
    ck_assert_int_eq(read_in(&told, &totals, ms_buf_view(&document), TOLD_MAX, &err), MS_OK);
    ck_assert_uint_eq(totals.packages, SBOM_PACKAGES_MAX);
    document.len = len;
    ms_buf_append_c(&document, ",{\"name\":\"a\"}]}");
    ck_assert_int_eq(read_in(&told, &totals, ms_buf_view(&document), TOLD_MAX, &err), MS_TOO_LARGE);
    ms_buf_free(&document);
    ms_buf_free(&told);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("sbom");
    TCase *tests = tcase_create("documents");
    tcase_add_test(tests, spdx_is_read);
    tcase_add_test(tests, cyclonedx_is_read);
    tcase_add_test(tests, statements_are_read);
    tcase_add_test(tests, envelopes_and_bundles_are_read);
    tcase_add_test(tests, materials_of_provenance_are_read);
    tcase_add_test(tests, escapes_are_decoded);
    tcase_add_test(tests, what_is_no_document_is_refused);
    tcase_add_test(tests, bombs_are_bounded);
    tcase_add_test(tests, a_million_packages_are_too_many);
    suite_add_tcase(suite, tests);
    return suite;
}

#include "tests/support/check_main.h"
