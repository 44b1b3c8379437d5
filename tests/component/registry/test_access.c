/* SPDX-License-Identifier: Apache-2.0 */
/* writer/registry/auth.c, curl_loop.c: credentials, tokens, TLS. */
#include "tests/support/registry_fixture.h"

/* --- basic --- */

START_TEST(basic_when_challenged_then_at_once)
{
    struct fixture f;
    start_with_credentials(&f, "\"auth\":\"basic\"");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 2);
    expect(get_manifest(&f, "b", "1"), REGISTRY_FOUND);
    expect(catalog_page(&f, NULL), REGISTRY_FOUND);
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 3);
    fixture_stop(&f);
}
END_TEST

START_TEST(basic_with_a_wrong_password)
{
    struct fixture f;
    start_with_credentials(&f, "\"auth\":\"basic\"");
    fake_do(&f.fake, "{\"settings\":{\"password\":\"other\"}}");
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "refuses the credentials");
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 2);
    fixture_stop(&f);
}
END_TEST

START_TEST(no_credentials)
{
    struct fixture f;
    fixture_start(&f);
    fake_do(&f.fake, "{\"settings\":{\"auth\":\"basic\"}}");
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "none are configured");
    fixture_stop(&f);
}
END_TEST

START_TEST(challenges_that_are_not_understood)
{
    static const char *const CHALLENGES[] = {"Digest realm=\\\"x\\\"", "Bearer realm=\\\"open",
                                             "Bearer realm=\\\"/token\\\""};
    struct fixture f;
    start_with_credentials(&f, "\"auth\":\"none\"");
    for (size_t i = 0; i < sizeof(CHALLENGES) / sizeof(CHALLENGES[0]); i++) {
        fake_do(&f.fake,
                "{\"clear_faults\":true,\"fault\":{\"path\":\"manifests\",\"kind\":\"status\","
                "\"status\":401,\"headers\":{\"WWW-Authenticate\":\"%s\"}}}",
                CHALLENGES[i]);
        expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "WWW-Authenticate");
    }
    assert_report(&f, "Basic ", false); /* credentials were never sent */
    fixture_stop(&f);
}
END_TEST

/* --- tokens --- */

START_TEST(requests_share_a_token)
{
    enum { N_TAGS = 3 };
    static const char *const TAGS[N_TAGS] = {"1", "2", "3"};
    struct ended ended[N_TAGS];
    struct fixture f;
    start_with_credentials(&f, "\"auth\":\"bearer\"");
    for (size_t i = 0; i < N_TAGS; i++) {
        ended[i] = (struct ended){.fixture = &f};
        registry_get_manifest(f.client, REGISTRY_SCAN, MS_STR("a"), ms_str(TAGS[i]), on_ended,
                              &ended[i]);
    }
    for (size_t i = 0; i < N_TAGS; i++) {
        await(&ended[i]);
        expect(ended[i], REGISTRY_FOUND);
    }
    ck_assert_int_eq(fake_count(&f.fake, "token"), 1);
    expect(list_tags(&f, "a"), REGISTRY_FOUND);
    ck_assert_int_eq(fake_count(&f.fake, "token"), 1);
    expect(get_manifest(&f, "b", "1"), REGISTRY_FOUND); /* another scope, asked for beforehand */
    ck_assert_int_eq(fake_count(&f.fake, "token"), 2);
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 2 * N_TAGS + 1);
    assert_report(&f, "/token?service=fake&scope=repository%3Aa%3Apull&account=scanner", true);
    expect(catalog_page(&f, NULL), REGISTRY_FOUND);
    assert_report(&f, "scope=registry%3Acatalog%3A%2A", true);
    fixture_stop(&f);
}
END_TEST

START_TEST(tokens_that_are_no_longer_good)
{
    struct fixture f;
    start_with_credentials(&f, "\"auth\":\"bearer\",\"expires_in\":null");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
    fake_do(&f.fake, "{\"revoke_tokens\":true}");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
    ck_assert_int_eq(fake_count(&f.fake, "token"), 2);
    fake_do(&f.fake, "{\"revoke_tokens\":true,\"settings\":{\"token_seconds\":0}}");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FAILED); /* never good: no endless loop */
    ck_assert_int_le(fake_count(&f.fake, "token"), 5);
    fixture_stop(&f);
}
END_TEST

START_TEST(insufficient_scope_adds_the_scope)
{
    struct fixture f;
    start_with_credentials(&f,
                           "\"auth\":\"bearer\",\"extra_scope\":{\"a\":\"repository:base:pull\"}");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
    assert_report(&f, "scope=repository%3Aa%3Apull&scope=repository%3Abase%3Apull", true);
    long tokens = fake_count(&f.fake, "token");
    expect(get_manifest(&f, "a", "2"), REGISTRY_FOUND);
    ck_assert_int_eq(fake_count(&f.fake, "token"), tokens);
    fixture_stop(&f);
}
END_TEST

START_TEST(a_repository_that_is_denied)
{
    struct fixture f;
    start_with_credentials(&f, "\"auth\":\"bearer\",\"denied\":[\"a\"]");
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "401");
    expect(get_manifest(&f, "b", "1"), REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

START_TEST(a_token_server_that_refuses)
{
    struct fixture f;
    start_with_credentials(&f, "\"auth\":\"bearer\"");
    fake_do(&f.fake, "{\"settings\":{\"password\":\"other\"}}");
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "token server refuses");
    ck_assert_int_eq(fake_count(&f.fake, "token"), 1);
    fixture_stop(&f);
}
END_TEST

START_TEST(a_token_server_in_trouble)
{
    static const char *const FAULTS[] = {
        "\"kind\":\"status\",\"status\":500", "\"kind\":\"html200\"",
        "\"kind\":\"status\",\"status\":200,\"body\":\"{\\\"token\\\":\\\"a b\\\"}\"",
        "\"kind\":\"status\",\"status\":429,\"headers\":{\"Retry-After\":\"1\"}"};
    struct fixture f;
    for (size_t i = 0; i < sizeof(FAULTS) / sizeof(FAULTS[0]); i++) {
        start_with_credentials(&f, "\"auth\":\"bearer\"");
        fake_do(&f.fake, "{\"fault\":{\"path\":\"/token\",\"times\":1,%s}}", FAULTS[i]);
        expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
        ck_assert_int_eq(fake_count(&f.fake, "token"), 2);
        fixture_stop(&f);
    }
}
END_TEST

START_TEST(a_token_server_that_never_gives_one)
{
    static const char *const FAULTS[] = {"\"kind\":\"endless\"", "\"kind\":\"html200\"",
                                         "\"kind\":\"redirect\"",
                                         "\"kind\":\"status\",\"status\":200,\"body\":\"[]\""};
    struct fixture f;
    for (size_t i = 0; i < sizeof(FAULTS) / sizeof(FAULTS[0]); i++) {
        start_with_credentials(&f, "\"auth\":\"bearer\"");
        fake_do(&f.fake, "{\"fault\":{\"path\":\"/token\",%s}}", FAULTS[i]);
        expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "token server");
        ck_assert_int_eq(fake_count(&f.fake, "token"), 4); /* REGISTRY_ATTEMPTS_MAX */
        assert_report(&f, "\"authorization\": \"Bearer", false);
        fixture_stop(&f);
    }
}
END_TEST

START_TEST(a_token_server_that_hangs)
{
    struct fixture f;
    start_with_credentials(&f, "\"auth\":\"bearer\"");
    f.config.registry.timeout_ms = 200;
    registry_client_reload(f.client, &f.config);
    fake_do(&f.fake, "{\"fault\":{\"path\":\"/token\",\"kind\":\"hang\"}}");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FAILED);
    ck_assert_int_le(fake_count(&f.fake, "token"), 4);
    fixture_stop(&f);
}
END_TEST

START_TEST(deletions_have_a_scope_of_their_own)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    start_with_credentials(&f, "\"auth\":\"bearer\"");
    char *answer = fake_command(&f.fake, "{\"image\":{\"repository\":\"a\",\"tag\":\"gone\"}}");
    fake_member(digest, sizeof(digest), answer, "digest");
    free(answer);
    expect(get_manifest(&f, "a", "gone"), REGISTRY_FOUND);
    assert_report(&f, "scope=repository%3Aa%3Adelete", false);
    expect(delete_manifest(&f, "a", digest), REGISTRY_FOUND);
    assert_report(&f, "scope=repository%3Aa%3Adelete", true);
    fixture_stop(&f);
}
END_TEST

static int64_t skipped_ms;

static int64_t skipping_clock(void)
{
    return ms_clock_mono_ms() + skipped_ms;
}

START_TEST(tokens_are_renewed_before_they_expire)
{
    static const struct {
        const char *expires_in;
        int64_t good_ms;
    } TOKENS[] = {{"300", 290000}, {"null", 50000}, {"5", 50000}};
    struct fixture f;
    for (size_t i = 0; i < sizeof(TOKENS) / sizeof(TOKENS[0]); i++) {
        char settings[64];
        (void)snprintf(settings, sizeof(settings), "\"auth\":\"bearer\",\"expires_in\":%s",
                       TOKENS[i].expires_in);
        start_with_credentials(&f, settings);
        f.timing.now_ms = skipping_clock;
        expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
        skipped_ms += TOKENS[i].good_ms - 40000; /* so much for a slow machine */
        expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
        ck_assert_int_eq(fake_count(&f.fake, "token"), 1);
        skipped_ms += 40000;
        expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
        ck_assert_int_eq(fake_count(&f.fake, "token"), 2);
        ck_assert_int_eq(fake_count(&f.fake, "manifest"), 4); /* it was never refused */
        fixture_stop(&f);
    }
}
END_TEST

START_TEST(whoever_waits_for_a_token_may_cancel)
{
    struct fixture f;
    struct ended first = {.fixture = &f};
    struct ended second = {.fixture = &f};
    start_with_credentials(&f, "\"auth\":\"bearer\"");
    fake_do(&f.fake, "{\"fault\":{\"path\":\"/token\",\"kind\":\"slow\",\"seconds\":0.3}}");
    struct registry_call *call =
        registry_get_manifest(f.client, REGISTRY_SCAN, MS_STR("a"), MS_STR("1"), on_ended, &first);
    registry_get_manifest(f.client, REGISTRY_SCAN, MS_STR("a"), MS_STR("2"), on_ended, &second);
    struct ended other = get_manifest(&f, "zzz", "1"); /* by then both wait */
    ck_assert(!first.is_done || other.is_done);
    if (!first.is_done)
        registry_call_cancel(call);
    await(&second);
    expect(second, REGISTRY_FOUND);
    ended_free(&first);
    ended_free(&other);
    fixture_stop(&f);
}
END_TEST

/* --- TLS --- */

static char directory[] = "/tmp/metastore-test-XXXXXX";
static char ca[64], ca_key[64], other_ca[64];

static void make_certificate(const char *path, const char *key)
{
    char command[512];
    (void)snprintf(command, sizeof(command),
                   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                   "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout %s -out %s "
                   "2>/dev/null",
                   key, path);
    ck_assert_int_eq(system(command), 0);
}

static void make_certificates(void)
{
    char key[64];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    (void)snprintf(ca, sizeof(ca), "%s/ca.pem", directory);
    (void)snprintf(ca_key, sizeof(ca_key), "%s/ca.key", directory);
    (void)snprintf(other_ca, sizeof(other_ca), "%s/other.pem", directory);
    (void)snprintf(key, sizeof(key), "%s/other.key", directory);
    make_certificate(ca, ca_key);
    make_certificate(other_ca, key);
}

static void remove_certificates(void)
{
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -r %s", directory);
    ck_assert_int_eq(system(command), 0);
}

static void start_with_tls(struct fixture *f, const char *const *arguments, char *ca_file,
                           bool shows)
{
    static char url[64];
    static char username[] = "scanner";
    *f = (struct fixture){.timing = FIXTURE_TIMING};
    fake_start(&f->fake, arguments);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%d", f->fake.port);
    f->config.registry.url = url;
    f->config.registry.username = username;
    f->config.registry.concurrency = 2;
    f->config.registry.timeout_ms = 60000;
    f->config.registry.ca_file = ca_file;
    f->config.registry.client_cert = shows ? ca : NULL;
    f->config.registry.client_key = shows ? ca_key : NULL;
    fixture_connect(f);
}

START_TEST(certificates_are_checked)
{
    struct fixture f;
    const char *const arguments[] = {"--tls-cert", ca, "--tls-key", ca_key, NULL};
    start_with_tls(&f, arguments, ca, false);
    expect(get_manifest(&f, "a", "1"), REGISTRY_ABSENT);
    fixture_stop(&f);
    start_with_tls(&f, arguments, other_ca, false);
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "certificate");
    fixture_stop(&f);
    start_with_tls(&f, arguments, NULL, false); /* the system's authorities do not know it */
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "certificate");
    fixture_stop(&f);
}
END_TEST

START_TEST(certificates_are_shown)
{
    struct fixture f;
    const char *const arguments[] = {"--tls-cert",  ca, "--tls-key", ca_key,
                                     "--client-ca", ca, NULL};
    start_with_tls(&f, arguments, ca, true);
    expect(get_manifest(&f, "a", "1"), REGISTRY_ABSENT);
    fixture_stop(&f);
    start_with_tls(&f, arguments, ca, false);
    expect(get_manifest(&f, "a", "1"), REGISTRY_FAILED);
    fixture_stop(&f);
}
END_TEST

START_TEST(no_blobs_from_stores_without_tls)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    char content_path[96];
    (void)snprintf(content_path, sizeof(content_path), "%s/content.json", directory);
    FILE *file = fopen(content_path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("{\"a\":{\"1\":{}}}", file), 0);
    int closed = fclose(file);
    ck_assert_int_eq(closed, 0);
    const char *const arguments[] = {"--tls-cert", ca,           "--tls-key",        ca_key,
                                     "--content",  content_path, "--redirect-blobs", NULL};
    start_with_tls(&f, arguments, ca, false);
    struct ended manifest = get_manifest(&f, "a", "1");
    fake_member(digest, sizeof(digest), strstr(manifest.body, "\"config\""), "digest");
    expect(manifest, REGISTRY_FOUND);
    expect_error(get_blob(&f, "a", digest, 1000), REGISTRY_FAILED, "must not be followed");
    fixture_stop(&f);
}
END_TEST

START_TEST(no_credentials_for_a_token_server_without_tls)
{
    struct fixture f;
    start_with_tls(&f,
                   (const char *const[]){"--tls-cert", ca, "--tls-key", ca_key, "--bearer-realm",
                                         "http://127.0.0.1:1/token", NULL},
                   ca, false);
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "without TLS");
    fixture_stop(&f);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("registry_access");
    tcase_set_timeout(tests, FIXTURE_CASE_TIMEOUT_S);
    tcase_add_test(tests, basic_when_challenged_then_at_once);
    tcase_add_test(tests, basic_with_a_wrong_password);
    tcase_add_test(tests, no_credentials);
    tcase_add_test(tests, challenges_that_are_not_understood);
    tcase_add_test(tests, requests_share_a_token);
    tcase_add_test(tests, tokens_that_are_no_longer_good);
    tcase_add_test(tests, insufficient_scope_adds_the_scope);
    tcase_add_test(tests, a_repository_that_is_denied);
    tcase_add_test(tests, a_token_server_that_refuses);
    tcase_add_test(tests, a_token_server_in_trouble);
    tcase_add_test(tests, a_token_server_that_never_gives_one);
    tcase_add_test(tests, a_token_server_that_hangs);
    tcase_add_test(tests, deletions_have_a_scope_of_their_own);
    tcase_add_test(tests, tokens_are_renewed_before_they_expire);
    tcase_add_test(tests, whoever_waits_for_a_token_may_cancel);
    TCase *tls = tcase_create("tls");
    tcase_set_timeout(tls, FIXTURE_CASE_TIMEOUT_S);
    tcase_add_unchecked_fixture(tls, make_certificates, remove_certificates);
    tcase_add_test(tls, certificates_are_checked);
    tcase_add_test(tls, certificates_are_shown);
    tcase_add_test(tls, no_blobs_from_stores_without_tls);
    tcase_add_test(tls, no_credentials_for_a_token_server_without_tls);
    Suite *suite = suite_create("registry_access");
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, tls);
    return suite;
}
