/* SPDX-License-Identifier: Apache-2.0 */
/* writer/registry/curl_loop.c, redirect.c: where the registry may send us, and who never gets to
 * see credentials. */
#include "tests/support/registry_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* --- origins --- */

START_TEST(blob_stores_get_no_credentials)
{
    static const char *const MODES[] = {"basic", "bearer"};
    struct fixture f;
    char config[MS_DIGEST_TEXT_MAX];
    for (size_t i = 0; i < sizeof(MODES) / sizeof(MODES[0]); i++) {
        char settings[64];
        (void)snprintf(settings, sizeof(settings), "\"redirect_blobs\":true,\"auth\":\"%s\"",
                       MODES[i]);
        start_with_credentials(&f, settings);
        f.config.registry.concurrency = 1; /* one connection must do for both hosts */
        registry_client_reload(f.client, &f.config);
        char *answer =
            fake_command(&f.fake, "{\"put_blob\":{\"repository\":\"a\",\"body\":\"x\"}}");
        fake_member(config, sizeof(config), answer, "digest");
        free(answer);
        expect(get_blob(&f, "a", config, 100), REGISTRY_FOUND);
        ck_assert_int_eq(fake_count(&f.fake, "storage"), 1);
        char *report = fake_report(&f.fake);
        const char *stored = strstr(report, "\"kind\": \"storage\"");
        ck_assert_ptr_nonnull(stored);
        ck_assert_ptr_nonnull(strstr(stored, "\"authorization\": null"));
        ck_assert_ptr_null(strstr(stored, "\"authorization\": \""));
        ck_assert_ptr_nonnull(strstr(report, "\"authorization\": \"B"));
        free(report);
        fixture_stop(&f);
    }
}
END_TEST

START_TEST(blob_stores_do_not_tell_where_credentials_go)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    start_with_credentials(&f, "\"auth\":\"bearer\",\"redirect_blobs\":true");
    char *answer = fake_command(&f.fake, "{\"put_blob\":{\"repository\":\"a\",\"body\":\"x\"}}");
    fake_member(digest, sizeof(digest), answer, "digest");
    free(answer);
    fake_do(
        &f.fake,
        "{\"fault\":{\"path\":\"blobs\",\"method\":\"STORED\",\"kind\":\"status\",\"status\":401,"
        "\"headers\":{\"WWW-Authenticate\":\"Bearer realm=\\\"http://127.0.0.1:%d/thief\\\"\"}}}",
        f.fake.port);
    expect(get_blob(&f, "a", digest, 100), REGISTRY_UNREADABLE);
    assert_report(&f, "/thief", false);
    fixture_stop(&f);
}
END_TEST

static void put_blob(struct fixture *f, char digest[static MS_DIGEST_TEXT_MAX])
{
    char *answer = fake_command(&f->fake, "{\"content\":{\"a\":{\"1\":{}}},\"put_blob\":{"
                                          "\"repository\":\"a\",\"body\":\"x\"}}");
    fake_member(digest, MS_DIGEST_TEXT_MAX, answer, "digest");
    free(answer);
}

/* The store's port is another origin on the same host. */
START_TEST(lists_and_manifests_come_from_the_registry_itself)
{
    static const char *const PATHS[] = {"manifests", "tags/list", "_catalog"};
    struct fixture f;
    char elsewhere[64];
    fixture_start(&f);
    (void)snprintf(elsewhere, sizeof(elsewhere), "http://127.0.0.1:%d/v2/x", f.fake.storage_port);
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++)
        fake_do(&f.fake, "{\"fault\":{\"path\":\"%s\",\"kind\":\"redirect\",\"to\":\"%s?secret\"}}",
                PATHS[i], elsewhere);
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, elsewhere);
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 1); /* asking again would not help */
    expect_error(head_manifest(&f, "a", "1"), REGISTRY_FAILED, "must not be followed");
    expect_error(list_tags(&f, "a"), REGISTRY_FAILED, elsewhere);
    struct ended catalog = catalog_page(&f, NULL);
    ck_assert_ptr_null(strstr(catalog.error, "secret"));
    expect_error(catalog, REGISTRY_FAILED, elsewhere);
    ck_assert_int_eq(fake_count(&f.fake, "storage"), 0);
    fixture_stop(&f);
}
END_TEST

START_TEST(redirects_of_the_registry_to_itself)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    start_with_credentials(&f, "\"auth\":\"basic\"");
    put_blob(&f, digest);
    fake_do(&f.fake, "{\"fault\":{\"path\":\"manifests/moved\",\"kind\":\"redirect\",\"to\":"
                     "\"/v2/a/manifests/1\"}}");
    fake_do(&f.fake, "{\"fault\":{\"path\":\"blobs\",\"times\":2,\"kind\":\"redirect\"}}");
    expect(get_manifest(&f, "a", "moved"), REGISTRY_FOUND); /* with credentials */
    expect(get_blob(&f, "a", digest, 100), REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

START_TEST(redirects_that_name_credentials)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    put_blob(&f, digest);
    fake_do(&f.fake,
            "{\"fault\":{\"path\":\"blobs\",\"kind\":\"redirect\",\"to\":\"http://u:p@127.0.0.1:%d/"
            "\"}}",
            f.fake.storage_port);
    expect_error(get_blob(&f, "a", digest, 100), REGISTRY_FAILED, "must not be followed");
    ck_assert_int_eq(fake_count(&f.fake, "storage"), 0);
    fixture_stop(&f);
}
END_TEST

/* --- addresses --- */

/* The registry's own address counts as one somewhere in the internet; the rest is as it is. */
static enum registry_address_kind judge_as_if_elsewhere(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    memcpy(&v4, address, sizeof(v4));
    if (v4.sin_family == AF_INET && v4.sin_addr.s_addr == htonl(INADDR_LOOPBACK))
        return REGISTRY_ADDRESS_ORDINARY;
    return registry_address_kind(address);
}

static void start_elsewhere(struct fixture *f, char digest[static MS_DIGEST_TEXT_MAX])
{
    fixture_start(f);
    curl_loop_judge_addresses_by(f->client->peer.curl, judge_as_if_elsewhere);
    put_blob(f, digest);
}

START_TEST(blob_stores_at_addresses_that_trust_this_machine)
{
    static const char *const PLACES[] = {
        "127.0.0.2", "0.0.0.0", "[::1]", "2130706434", "[::ffff:127.0.0.3]", "169.254.169.254"};
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    char place[128];
    start_elsewhere(&f, digest);
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
        (void)snprintf(place, sizeof(place), "http://%s:%d/latest", PLACES[i], f.fake.storage_port);
        fake_do(&f.fake,
                "{\"clear_faults\":true,\"forget_requests\":true,\"fault\":{\"path\":\"blobs\","
                "\"kind\":\"redirect\",\"to\":\"%s\"}}",
                place);
        expect_error(get_blob(&f, "a", digest, 100), REGISTRY_FAILED, "not asked");
        ck_assert_int_eq(fake_count(&f.fake, "blob"), 1);
        ck_assert_int_eq(fake_count(&f.fake, "storage"), 0);
    }
    struct registry_health health;
    registry_client_health(&health, f.client);
    ck_assert(health.reachable);
    fixture_stop(&f);
}
END_TEST

START_TEST(token_servers_at_addresses_that_trust_this_machine)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    start_elsewhere(&f, digest);
    fake_do(&f.fake, "{\"settings\":{\"auth\":\"bearer\",\"realm\":\"http://127.0.0.2:%d/token\"}}",
            f.fake.port);
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "127.0.0.2 is a loopback address");
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 1);
    ck_assert_int_eq(fake_count(&f.fake, "token"), 0);
    fixture_stop(&f);
}
END_TEST

/* Being on one kind of such addresses says nothing of the other. */
START_TEST(a_registry_on_this_machine)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    put_blob(&f, digest);
    fake_do(&f.fake, "{\"settings\":{\"redirect_blobs\":true}}");
    expect(get_blob(&f, "a", digest, 100), REGISTRY_FOUND);
    fake_do(
        &f.fake,
        "{\"fault\":{\"path\":\"blobs\",\"kind\":\"redirect\",\"to\":\"http://169.254.1.1/\"}}");
    expect_error(get_blob(&f, "a", digest, 100), REGISTRY_FAILED, "a link-local address");
    fixture_stop(&f);
}
END_TEST

START_TEST(a_blob_that_its_store_has_lost)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    char *answer = fake_command(&f.fake, "{\"put_blob\":{\"repository\":\"a\",\"body\":\"x\"},"
                                         "\"settings\":{\"redirect_blobs\":true},\"fault\":{"
                                         "\"path\":\"blobs\",\"method\":\"STORED\",\"kind\":"
                                         "\"status\",\"status\":404}}");
    fake_member(digest, sizeof(digest), answer, "digest");
    free(answer);
    expect(get_blob(&f, "a", digest, 100), REGISTRY_UNREADABLE);
    fixture_stop(&f);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("registry_redirects");
    tcase_set_timeout(tests, FIXTURE_CASE_TIMEOUT_S);
    tcase_add_test(tests, blob_stores_get_no_credentials);
    tcase_add_test(tests, blob_stores_do_not_tell_where_credentials_go);
    tcase_add_test(tests, lists_and_manifests_come_from_the_registry_itself);
    tcase_add_test(tests, redirects_of_the_registry_to_itself);
    tcase_add_test(tests, redirects_that_name_credentials);
    tcase_add_test(tests, blob_stores_at_addresses_that_trust_this_machine);
    tcase_add_test(tests, token_servers_at_addresses_that_trust_this_machine);
    tcase_add_test(tests, a_registry_on_this_machine);
    tcase_add_test(tests, a_blob_that_its_store_has_lost);
    Suite *suite = suite_create("registry_redirects");
    suite_add_tcase(suite, tests);
    return suite;
}
