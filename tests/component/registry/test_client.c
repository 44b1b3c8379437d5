/* SPDX-License-Identifier: Apache-2.0 */
/* writer/registry/client.c and below: what calls give of a registry that works, item by item. */
#include "common/base/hash.h"
#include "tests/support/registry_fixture.h"

#define MISSING "sha256:0000000000000000000000000000000000000000000000000000000000000000"
#define INDEX "application/vnd.oci.image.index.v1+json"
#define SIGNED "application/vnd.docker.distribution.manifest.v1+prettyjws"

/* Puts an image in; digests of its manifest and configuration. */
static void put_image(struct fixture *f, const char *repository, const char *tag,
                      char digest[static MS_DIGEST_TEXT_MAX],
                      char config[static MS_DIGEST_TEXT_MAX])
{
    char *answer = fake_command(&f->fake, "{\"image\":{\"repository\":\"%s\",\"tag\":\"%s\"}}",
                                repository, tag);
    fake_member(digest, MS_DIGEST_TEXT_MAX, answer, "digest");
    fake_member(config, MS_DIGEST_TEXT_MAX, answer, "config");
    free(answer);
}

/* --- items --- */

START_TEST(manifests_by_tag_and_digest)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    char config[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    put_image(&f, "a/b", "latest", digest, config);
    struct ended by_tag = get_manifest(&f, "a/b", "latest");
    ck_assert_str_eq(by_tag.digest, digest);
    ck_assert_str_eq(by_tag.media_type, "application/vnd.oci.image.manifest.v1+json");
    ck_assert_int_eq(by_tag.http_status, 200);
    ck_assert_ptr_nonnull(strstr(by_tag.body, "schemaVersion"));
    expect(by_tag, REGISTRY_FOUND);
    struct ended by_digest = get_manifest(&f, "a/b", digest);
    ck_assert_str_eq(by_digest.digest, digest);
    expect(by_digest, REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

START_TEST(heads_and_conditions)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    char config[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    put_image(&f, "a/b", "latest", digest, config);
    struct ended head = head_manifest(&f, "a/b", "latest");
    ck_assert_str_eq(head.digest, digest);
    ck_assert_uint_eq(head.body_len, 0);
    expect(head, REGISTRY_FOUND);
    struct ended absent = head_manifest(&f, "a/b", "nope");
    ck_assert_str_eq(absent.code, "");
    expect(absent, REGISTRY_ABSENT);
    fixture_stop(&f);
}
END_TEST

START_TEST(unless_it_is_known)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    fake_do(&f.fake, "{\"image\":{\"repository\":\"a\",\"tag\":\"1\",\"os\":\"plan9\"}}");
    struct ended whole = get_manifest_unless(&f, "a", "1", MISSING);
    (void)snprintf(digest, sizeof(digest), "%s", whole.digest);
    ck_assert_ptr_nonnull(strstr(whole.body, "schemaVersion"));
    expect(whole, REGISTRY_FOUND);
    struct ended same = get_manifest_unless(&f, "a", "1", digest);
    ck_assert_str_eq(same.digest, digest);
    ck_assert_uint_eq(same.body_len, 0);
    expect(same, REGISTRY_NOT_MODIFIED);
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 2);
    ck_assert_int_eq(fake_count(&f.fake, "head"), 0);
    expect(get_manifest_unless(&f, "a", "nope", digest), REGISTRY_ABSENT);
    fixture_stop(&f);
}
END_TEST

START_TEST(heads_that_name_another_digest)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    char config[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    put_image(&f, "a", "1", digest, config);
    fake_do(&f.fake, "{\"settings\":{\"head_digest\":\"sha256:%064d\"}}", 1);
    struct ended ended = get_manifest_unless(&f, "a", "1", MISSING);
    ck_assert_str_eq(ended.digest, digest); /* the GET is believed */
    ck_assert_uint_gt(ended.body_len, 0);
    expect(ended, REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

START_TEST(blobs)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    char config[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    put_image(&f, "a/b", "latest", digest, config);
    struct ended blob = get_blob(&f, "a/b", config, 1000);
    ck_assert_ptr_nonnull(strstr(blob.body, "architecture"));
    size_t size = blob.body_len;
    expect(blob, REGISTRY_FOUND);
    expect(get_blob(&f, "a/b", config, size), REGISTRY_FOUND);
    expect_error(get_blob(&f, "a/b", config, size - 1), REGISTRY_UNREADABLE, "too large");
    struct ended absent = get_blob(&f, "a/b", MISSING, 1000);
    ck_assert_str_eq(absent.code, "BLOB_UNKNOWN");
    expect(absent, REGISTRY_ABSENT);
    fixture_stop(&f);
}
END_TEST

START_TEST(other_algorithms)
{
    struct fixture f;
    struct ms_digest digest;
    char text[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    ms_hash_digest(&digest, MS_SHA512, MS_STR("content"));
    ms_digest_format(text, &digest);
    fake_do(&f.fake, "{\"put_blob\":{\"repository\":\"a\",\"body\":\"content\",\"digest\":\"%s\"}}",
            text);
    expect(get_blob(&f, "a", text, 100), REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

START_TEST(what_is_absent)
{
    struct fixture f;
    fixture_start(&f);
    fake_do(&f.fake, "{\"content\":{\"a/b\":{\"1\":{}}}}");
    struct ended ended = get_manifest(&f, "a/b", "nope");
    ck_assert_str_eq(ended.code, "MANIFEST_UNKNOWN");
    ck_assert_int_eq(ended.http_status, 404);
    expect(ended, REGISTRY_ABSENT);
    expect(get_manifest(&f, "a/b", MISSING), REGISTRY_ABSENT);
    expect(get_manifest(&f, "nope", "1"), REGISTRY_ABSENT);
    ended = list_tags(&f, "nope");
    ck_assert_str_eq(ended.code, "NAME_UNKNOWN");
    expect(ended, REGISTRY_ABSENT);
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 3); /* each asked once */
    fixture_stop(&f);
}
END_TEST

START_TEST(signed_manifests)
{
    static const char PAYLOAD_SHA[] =
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"; /* of {} */
    struct fixture f;
    fixture_start(&f);
    fake_do(&f.fake,
            "{\"put_manifest\":{\"repository\":\"old\",\"tag\":\"1\",\"type\":\"%s\",\"digest\":"
            "\"%s\",\"body\":\"{\\\"signatures\\\":[{\\\"protected\\\":"
            "\\\"eyJmb3JtYXRMZW5ndGgiOjEsImZvcm1hdFRhaWwiOiJmUSJ9\\\"}]}\"}}",
            SIGNED, PAYLOAD_SHA);
    struct ended ended = get_manifest(&f, "old", "1");
    ck_assert_str_eq(ended.digest, PAYLOAD_SHA);
    ck_assert_str_eq(ended.body, "{}");
    expect(ended, REGISTRY_FOUND);
    expect(get_manifest(&f, "old", PAYLOAD_SHA), REGISTRY_FOUND);
    fake_do(&f.fake,
            "{\"put_manifest\":{\"repository\":\"old\",\"tag\":\"2\",\"type\":\"%s\",\"body\":"
            "\"{\\\"signatures\\\":[]}\"}}",
            SIGNED);
    expect_error(get_manifest(&f, "old", "2"), REGISTRY_UNREADABLE, "signatures");
    fixture_stop(&f);
}
END_TEST

START_TEST(without_a_digest_header)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    char config[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    put_image(&f, "a", "1", digest, config);
    fake_do(&f.fake, "{\"settings\":{\"no_digest_header\":true}}");
    struct ended head = head_manifest(&f, "a", "1");
    ck_assert_str_eq(head.digest, "");
    expect(head, REGISTRY_FOUND);
    struct ended get = get_manifest(&f, "a", "1");
    ck_assert_str_eq(get.digest, digest);
    expect(get, REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

START_TEST(deletions)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    char config[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    put_image(&f, "a", "1", digest, config);
    fake_do(&f.fake, "{\"settings\":{\"delete_enabled\":false}}");
    struct ended forbidden = delete_manifest(&f, "a", digest);
    ck_assert_int_eq(forbidden.http_status, 405);
    expect(forbidden, REGISTRY_UNREADABLE);
    fake_do(&f.fake, "{\"settings\":{\"delete_enabled\":true}}");
    expect(delete_manifest(&f, "a", digest), REGISTRY_FOUND);
    expect(delete_manifest(&f, "a", digest), REGISTRY_ABSENT);
    fixture_stop(&f);
}
END_TEST

START_TEST(what_is_no_name_is_never_asked)
{
    struct fixture f;
    fixture_start(&f);
    expect(get_manifest(&f, "../x", "1"), REGISTRY_UNREADABLE);
    expect(get_manifest(&f, "a", "no tag"), REGISTRY_UNREADABLE);
    expect(head_manifest(&f, "a", "sha256:xyz"), REGISTRY_UNREADABLE);
    expect(get_blob(&f, "A", MISSING, 10), REGISTRY_UNREADABLE);
    expect(list_tags(&f, ""), REGISTRY_UNREADABLE);
    struct registry_health health;
    registry_client_health(&health, f.client);
    ck_assert_uint_eq(health.requests, 0);
    fixture_stop(&f);
}
END_TEST

START_TEST(what_is_sent)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    char config[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    put_image(&f, "a", "1", digest, config);
    expect(head_manifest(&f, "a", "1"), REGISTRY_FOUND);
    expect(get_manifest_unless(&f, "a", "1", MISSING), REGISTRY_FOUND);
    expect(get_blob(&f, "a", config, 1000), REGISTRY_FOUND);
    char *report = fake_report(&f.fake);
    ck_assert_ptr_nonnull(strstr(report, "\"user_agent\": \"" REGISTRY_USER_AGENT "\""));
    ck_assert_ptr_nonnull(strstr(report, "\"if_none_match\": \"\\\"" MISSING "\\\"\""));
    ck_assert_ptr_nonnull(strstr(report, INDEX ", application/vnd.docker.distribution.manifest.list"
                                               ".v2+json, application/vnd.oci.image.manifest.v1+"
                                               "json, application/vnd.docker.distribution.manifest"
                                               ".v2+json, " SIGNED));
    ck_assert_ptr_nonnull(strstr(report, "\"accept_encoding\": \"identity\""));
    ck_assert_ptr_null(strstr(report, "\"accept_encoding\": null"));
    ck_assert_ptr_null(strstr(report, "\"authorization\": \""));
    free(report);
    fixture_stop(&f);
}
END_TEST

START_TEST(what_comes_coded_unasked)
{
    struct fixture f;
    char digest[MS_DIGEST_TEXT_MAX];
    char config[MS_DIGEST_TEXT_MAX];
    fixture_start(&f);
    put_image(&f, "a", "1", digest, config);
    fake_do(&f.fake, "{\"fault\":{\"path\":\"/v2/\",\"kind\":\"coded\"}}");
    struct ended manifest = get_manifest(&f, "a", "1");
    ck_assert_str_eq(manifest.digest, digest);
    ck_assert_ptr_nonnull(strstr(manifest.body, "schemaVersion"));
    expect(manifest, REGISTRY_FOUND);
    expect(head_manifest(&f, "a", "1"), REGISTRY_FOUND);
    expect(get_blob(&f, "a", config, 1000), REGISTRY_FOUND);
    expect(list_tags(&f, "a"), REGISTRY_FOUND);
    expect_error(get_blob(&f, "a", config, 10), REGISTRY_UNREADABLE, "too large"); /* decoded */
    fake_do(&f.fake, "{\"clear_faults\":true,\"fault\":{\"path\":\"manifests\",\"kind\":\"coded\","
                     "\"coding\":\"squeeze\"}}");
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_UNREADABLE, "coded as 'squeeze'");
    fixture_stop(&f);
}
END_TEST

/* --- lists --- */

static const char FIVE_TAGS[] =
    "{\"content\":{\"a/b\":{\"1\":{},\"2\":{},\"3\":{},\"4\":{},\"5\":{}}}}";

START_TEST(tags_over_all_pages)
{
    struct fixture f;
    fixture_start(&f);
    fake_do(&f.fake, "%s", FIVE_TAGS);
    struct ended ended = list_tags(&f, "a/b");
    ck_assert_str_eq(ended.names, "1 2 3 4 5 ");
    expect(ended, REGISTRY_FOUND);
    fake_do(&f.fake, "{\"settings\":{\"tags_page\":2,\"link_base\":\"http://127.0.0.1:1\"},"
                     "\"forget_requests\":true}");
    ended = list_tags(&f, "a/b");
    ck_assert_str_eq(ended.names, "1 2 3 4 5 ");
    expect(ended, REGISTRY_FOUND);
    ck_assert_int_eq(fake_count(&f.fake, "tags"), 3);
    fixture_stop(&f);
}
END_TEST

START_TEST(no_tags)
{
    struct fixture f;
    fixture_start(&f);
    fake_do(&f.fake, "{\"content\":{\"a\":{}},\"settings\":{\"null_tags\":true}}");
    struct ended ended = list_tags(&f, "a");
    ck_assert_uint_eq(ended.n_names, 0);
    expect(ended, REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

START_TEST(names_that_break_the_grammar)
{
    struct fixture f;
    fixture_start(&f);
    fake_do(&f.fake,
            "{\"fault\":{\"path\":\"tags/list\",\"kind\":\"status\",\"status\":200,\"body\":"
            "\"{\\\"name\\\":\\\"a\\\",\\\"tags\\\":[\\\"ok\\\",\\\"../x\\\",\\\"ok\\\","
            "\\\"a b\\\",\\\"fine\\\"]}\"}}");
    struct ended ended = list_tags(&f, "a");
    ck_assert_str_eq(ended.names, "ok fine ");
    expect(ended, REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

START_TEST(lists_that_repeat_themselves)
{
    struct fixture f;
    fixture_start(&f);
    fake_do(&f.fake, "%s", FIVE_TAGS);
    fake_do(&f.fake, "{\"settings\":{\"tags_page\":2,\"repeat_pages\":true}}");
    expect_error(list_tags(&f, "a/b"), REGISTRY_FAILED, "repeats itself");
    ck_assert_int_le(fake_count(&f.fake, "tags"), 3);
    fixture_stop(&f);
}
END_TEST

START_TEST(links_that_name_another_host_or_nothing)
{
    struct fixture f;
    fixture_start(&f);
    fake_do(&f.fake, "%s", FIVE_TAGS);
    fake_do(&f.fake, "{\"settings\":{\"tags_page\":2,\"link_base\":\"http://inner.invalid/api\"}}");
    struct ended ended = list_tags(&f, "a/b");
    ck_assert_str_eq(ended.names, "1 2 3 4 5 ");
    expect(ended, REGISTRY_FOUND);
    fake_do(&f.fake, "{\"settings\":{\"link_relation\":\"\"}}");
    ended = list_tags(&f, "a/b");
    ck_assert_str_eq(ended.names, "1 2 3 4 5 ");
    expect(ended, REGISTRY_FOUND);
    fake_do(&f.fake,
            "{\"fault\":{\"path\":\"tags/list\",\"kind\":\"status\",\"status\":200,\"body\":"
            "\"{\\\"tags\\\":[\\\"1\\\"]}\",\"headers\":{\"Link\":"
            "\"</v2/>; rel=\\\"next\\\"\"}}}");
    expect_error(list_tags(&f, "a/b"), REGISTRY_FAILED, "cannot be followed");
    fixture_stop(&f);
}
END_TEST

START_TEST(what_is_no_list)
{
    static const char *const BODIES[] = {
        "{}", "[]", "{\\\"tags\\\":7}", "{\\\"tags\\\":[7]}", "{\\\"tags\\\":[", "null"};
    struct fixture f;
    fixture_start(&f);
    for (size_t i = 0; i < sizeof(BODIES) / sizeof(BODIES[0]); i++) {
        fake_do(&f.fake,
                "{\"reset\":true,\"fault\":{\"path\":\"tags/list\",\"kind\":\"status\","
                "\"status\":200,\"body\":\"%s\"}}",
                BODIES[i]);
        expect(list_tags(&f, "a"), REGISTRY_FAILED);
    }
    fixture_stop(&f);
}
END_TEST

START_TEST(the_catalog_page_by_page)
{
    struct fixture f;
    fixture_start(&f);
    fake_do(&f.fake,
            "{\"content\":{\"a\":{},\"b/c\":{},\"d\":{}},\"settings\":{\"catalog_max\":500,"
            "\"catalog_page\":2}}");
    struct ended first = catalog_page(&f, NULL); /* our page size is refused; then its own */
    ck_assert_str_eq(first.names, "a b/c ");
    ck_assert_str_eq(first.next, "last=b%2Fc&n=2");
    expect(first, REGISTRY_FOUND);
    struct ended second = catalog_page(&f, first.next);
    ck_assert_str_eq(second.names, "d ");
    ck_assert_str_eq(second.next, "");
    expect(second, REGISTRY_FOUND);
    fake_do(&f.fake, "{\"settings\":{\"repeat_pages\":true}}");
    expect_error(catalog_page(&f, first.next), REGISTRY_FAILED, "repeats itself");
    fake_do(&f.fake, "{\"settings\":{\"catalog_max\":1000,\"catalog_only\":[]}}");
    struct ended empty = catalog_page(&f, NULL);
    ck_assert_uint_eq(empty.n_names, 0);
    expect(empty, REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

/* Repositories "a0000", "a0001" and so on. */
static void make_repositories(struct fixture *f, int count)
{
    static char content[32 * 1024];
    size_t len = 0;
    for (int i = 0; i < count; i++)
        len += (size_t)snprintf(content + len, sizeof(content) - len, "%s\"a%04d\":{}",
                                i == 0 ? "" : ",", i);
    fake_do(&f->fake, "{\"reset\":true,\"content\":{%s},\"settings\":{\"lose_links\":true}}",
            content);
}

START_TEST(a_full_page_of_the_catalog_is_no_end)
{
    enum { PAGE = 1000 };
    struct fixture f;
    fixture_start(&f);
    make_repositories(&f, PAGE + 1);
    struct ended first = catalog_page(&f, NULL);
    ck_assert_uint_eq(first.n_names, PAGE);
    ck_assert_str_eq(first.next, "n=1000&last=a0999");
    expect(first, REGISTRY_FOUND);
    struct ended second = catalog_page(&f, first.next);
    ck_assert_str_eq(second.names, "a1000 ");
    ck_assert_str_eq(second.next, "");
    expect(second, REGISTRY_FOUND);
    make_repositories(&f, PAGE);
    fake_do(&f.fake, "{\"settings\":{\"repeat_pages\":true}}"); /* it does not know `last` */
    struct ended same = catalog_page(&f, first.next);
    ck_assert_uint_eq(same.n_names, PAGE);
    ck_assert_str_eq(same.next, "");
    expect(same, REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

START_TEST(behind_a_path_prefix)
{
    struct fixture f;
    char url[64];
    fixture_init(&f);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/some/where", f.fake.port);
    f.config.registry.url = url;
    fixture_connect(&f);
    fake_do(&f.fake, "%s", FIVE_TAGS);
    fake_do(&f.fake, "{\"settings\":{\"prefix\":\"/some/where\",\"tags_page\":2}}");
    struct ended ended = list_tags(&f, "a/b");
    ck_assert_str_eq(ended.names, "1 2 3 4 5 ");
    expect(ended, REGISTRY_FOUND);
    expect(get_manifest(&f, "a/b", "1"), REGISTRY_FOUND);
    fixture_stop(&f);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("registry_client");
    tcase_set_timeout(tests, FIXTURE_CASE_TIMEOUT_S);
    tcase_add_test(tests, manifests_by_tag_and_digest);
    tcase_add_test(tests, heads_and_conditions);
    tcase_add_test(tests, unless_it_is_known);
    tcase_add_test(tests, heads_that_name_another_digest);
    tcase_add_test(tests, blobs);
    tcase_add_test(tests, other_algorithms);
    tcase_add_test(tests, what_is_absent);
    tcase_add_test(tests, signed_manifests);
    tcase_add_test(tests, without_a_digest_header);
    tcase_add_test(tests, deletions);
    tcase_add_test(tests, what_is_no_name_is_never_asked);
    tcase_add_test(tests, what_is_sent);
    tcase_add_test(tests, what_comes_coded_unasked);
    tcase_add_test(tests, tags_over_all_pages);
    tcase_add_test(tests, no_tags);
    tcase_add_test(tests, names_that_break_the_grammar);
    tcase_add_test(tests, lists_that_repeat_themselves);
    tcase_add_test(tests, links_that_name_another_host_or_nothing);
    tcase_add_test(tests, what_is_no_list);
    tcase_add_test(tests, the_catalog_page_by_page);
    tcase_add_test(tests, a_full_page_of_the_catalog_is_no_end);
    tcase_add_test(tests, behind_a_path_prefix);
    Suite *suite = suite_create("registry_client");
    suite_add_tcase(suite, tests);
    return suite;
}
