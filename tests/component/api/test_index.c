/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /index from the URL's query to the body: the real handlers and statements against a real
 * database. Only HTTP and the cache are missing.
 */
#include "tests/component/api/read_database.h"
#include "tests/support/check_main.h"

#define HEAD "{\"Registry\":\"https://registry.example.com/\\\"\",\"Results\":["
#define REPOSITORY(name, images, lists)                                                            \
    "{\"Name\":\"" name "\",\"Images\":[" images "],\"Lists\":[" lists "]}"
#define TAGGED(digest, tags, more) "{\"Tags\":[" tags "],\"Digest\":\"" digest "\"" more "}"
#define IMAGE(digest) "{\"Digest\":\"" digest "\"}"
#define IMAGES(images) ",\"Images\":[" images "]"

#define API REPOSITORY("app/api", TAGGED("api", "\"latest\",\"v2\"", ""), "")
#define WEB_AMD64 TAGGED("web-amd64", "\"1.0-amd64\"", "")
#define WEB_LIST(images) TAGGED("web-list", "\"1.0\",\"latest\"", IMAGES(images))
#define WEB REPOSITORY("app/web", WEB_AMD64, WEB_LIST(IMAGE("web-arm64") "," IMAGE("web-amd64")))
#define WEB_AMD64_ONLY REPOSITORY("app/web", WEB_AMD64, WEB_LIST(IMAGE("web-amd64")))
#define WEB_ARM64_ONLY REPOSITORY("app/web", "", WEB_LIST(IMAGE("web-arm64")))
#define COPY REPOSITORY("copy/web", TAGGED("web-amd64", "\"only\"", ""), "")
#define ODD_IMAGE TAGGED("odd", "\"odd\"", "")
#define ODD REPOSITORY("library/odd", ODD_IMAGE "," TAGGED("odd-decoy", "\"decoy\"", ""), "")
#define ODD_ONLY REPOSITORY("library/odd", ODD_IMAGE, "")

static void expect_index(const char *query, const char *results)
{
    char body[4096];
    (void)snprintf(body, sizeof(body), HEAD "%s]}", results);
    ask(api_index_dynamic, NULL, query);
    expect_body(query, body);
}

START_TEST(everything_and_platforms)
{
    expect_index("", API "," WEB "," COPY "," ODD);
    ck_assert_int_eq(answered.query, MS_READ_INDEX_WHOLE);
    ck_assert(answered.is_large);
    expect_index("os=linux", WEB "," COPY "," ODD);
    expect_index("os=linux&os=windows&architecture=amd64", API "," WEB_AMD64_ONLY "," COPY "," ODD);
    expect_index("architecture=s390x", "");
    expect_index("os=", "");
}
END_TEST

START_TEST(repositories_are_filtered)
{
    expect_index("repository=app/web", WEB);
    ck_assert_str_eq(answered.repository, "app/web");
    expect_index("repository=copy/web&repository=app/api&repository=nowhere", API "," COPY);
    expect_index("repository:matches=*/web", WEB "," COPY);
    expect_index("repository:matches=app/w?b", WEB);
    expect_index("repository:matches=app_web", "");
    expect_index("repository:matches=APP/*", "");
    expect_index("repository=app/web&repository:matches=copy/*", "");
    expect_index("repository=app/apitest", ""); /* its manifest cannot be read there */
    expect_index("repository=gone/repository", "");
    expect_index("repository=only/digest", "");
    expect_index("repository=bare/repository", "");
    expect_index("repository=", "");
}
END_TEST

START_TEST(tags_are_filtered)
{
    expect_index("tag=only", COPY);
    expect_index(
        "tag=latest",
        API "," REPOSITORY("app/web", "", WEB_LIST(IMAGE("web-arm64") "," IMAGE("web-amd64"))));
    /* A tag of the image is met in the list that holds it. */
    expect_index("tag=1.0-amd64", WEB_AMD64_ONLY);
    expect_index("tag:matches=1.0-*", WEB_AMD64_ONLY);
    expect_index("tag=latest&tag=only",
                 API "," REPOSITORY("app/web", "",
                                    WEB_LIST(IMAGE("web-arm64") "," IMAGE("web-amd64"))) "," COPY);
    expect_index("tag=latest&tag:matches=v*", API);
    expect_index("tag=latest&tag:matches=w*", "");
    expect_index("tag=none", ""); /* its only image cannot be read */
    expect_index("tag=sbom", "");
    expect_index("tag=old", "");
    expect_index("tag=Lost", "");
    expect_index("tag:matches=sha256-*", "");
    expect_index("tag:matches=1.0?", "");
    expect_index("tag=1.0-amd64&repository=copy/web", "");
}
END_TEST

START_TEST(labels_are_filtered)
{
    expect_index("label:vendor=Acme", API "," WEB_AMD64_ONLY "," COPY);
    ck_assert_int_eq(answered.query, MS_READ_INDEX_LABEL);
    expect_index("label:vendor=acme", "");
    expect_index("label:vendor=Acme&label:vendor=Other", API "," WEB "," COPY);
    expect_index("label:vendor:matches=O*r", WEB_ARM64_ONLY);
    expect_index("label:vendor:exists=1", API "," WEB "," COPY);
    expect_index("label%3Aorg.flatpak.ref%3Aexists=1&architecture=amd64&os=linux&tag=latest",
                 REPOSITORY("app/web", "", WEB_LIST(IMAGE("web-amd64"))));
    expect_index("label:vendor=Acme&label:org.flatpak.ref=app/web", WEB_AMD64_ONLY "," COPY);
    expect_index("label:vendor=Acme&label:org.flatpak.ref=app/web&repository=copy/web", COPY);
    expect_index("label:vendor=Other&label:vendor:matches=A*", "");
    expect_index("label:empty=", API);
    expect_index("label:a:b=1", WEB_AMD64_ONLY "," COPY);
    expect_index("label:x:matches:matches=y", WEB_AMD64_ONLY "," COPY);
    expect_index("label:x:matches:exists=1", WEB_AMD64_ONLY "," COPY);
    expect_index("label:nothing:exists=1", "");
}
END_TEST

START_TEST(annotations_are_filtered)
{
    expect_index("annotation:team=web", WEB_AMD64_ONLY "," COPY);
    expect_index("annotation:team=lists", ""); /* the list's own, which no image has */
    expect_index("annotation:team:exists=1", API "," WEB_AMD64_ONLY "," COPY);
    expect_index("annotation:team:matches=a*&label:vendor=Acme", API);
    expect_index("annotation:team=web&annotation:team=api&os=windows", API);
}
END_TEST

START_TEST(special_characters_and_long_values)
{
    char query[1024], key[304], value[304];
    expect_index("label:pattern=100%25_%5C", ODD_ONLY);
    expect_index("label:pattern:matches=100%25*", ODD_ONLY);
    expect_index("label:pattern:matches=100%25_%5C", ODD_ONLY);
    expect_index("label:pattern:matches=100*", ODD);
    expect_index("label:utf8:matches=k?se", ODD_ONLY);
    expect_index("label:utf8=k%C3%A4se", ODD_ONLY);
    memset(key, 'k', 300);
    memset(value, 'l', 300);
    memcpy(key + 300, "end", 4);
    memcpy(value + 300, "end", 4);
    (void)snprintf(query, sizeof(query), "label:%s=v", key);
    expect_index(query, ODD_ONLY);
    (void)snprintf(query, sizeof(query), "label:%s:exists=1", key);
    expect_index(query, ODD_ONLY);
    (void)snprintf(query, sizeof(query), "label:long=%s", value);
    expect_index(query, ODD_ONLY);
    (void)snprintf(query, sizeof(query), "label:long=%.200s", value);
    expect_index(query, "");
}
END_TEST

/* "hh…hie", 4097 characters: the last one is not looked at. */
START_TEST(globs_see_the_beginning_of_a_value)
{
    expect_index("label:huge:matches=h*i",
                 REPOSITORY("library/odd", TAGGED("odd-decoy", "\"decoy\"", ""), ""));
    expect_index("repository=library/odd&label:huge:matches=h*i",
                 REPOSITORY("library/odd", TAGGED("odd-decoy", "\"decoy\"", ""), ""));
    expect_index("label:huge:matches=h*e", "");
}
END_TEST

/* The statement is only the way in: whichever is taken, the answer is the same. */
START_TEST(every_way_in_leads_to_the_same)
{
    static const char *const WAYS[] = {
        "",
        "&repository=app/web",
        "&tag=latest",
        "&label:vendor=Acme",
        "&label:vendor:exists=1",
        "&annotation:team=web",
        "&annotation:team:exists=1",
    };
    for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
        char query[512];
        (void)snprintf(query, sizeof(query),
                       "repository:matches=app/web&tag:matches=l*&annotation:team:matches=w*&"
                       "label:vendor:matches=A*%s",
                       WAYS[i]);
        expect_index(query, REPOSITORY("app/web", "", WEB_LIST(IMAGE("web-amd64"))));
    }
}
END_TEST

START_TEST(static_and_dynamic_share_all_but_cache_control)
{
    ask(api_index_static, NULL, "tag=only");
    expect_body("static", HEAD COPY "]}");
    ck_assert_str_eq(answered.cache_control, "max-age=5");
    ck_assert_str_eq(answered.key, "/index?tag=only");
    ask(api_index_dynamic, NULL, "tag=only");
    ck_assert_str_eq(answered.cache_control, "");
    ck_assert_str_eq(answered.key, "/index?tag=only");
}
END_TEST

START_TEST(a_faulty_index_query_is_a_400_that_names_it)
{
    ask(api_index_static, NULL, "labels:x=1");
    ck_assert_int_eq(answered.status, 400);
    ck_assert(!answered.served);
    ck_assert_str_eq(answered.parameter, "labels:x");
    ck_assert_str_eq(answered.detail, "unknown parameter \"labels:x\"; did you mean \"label:x\"?");
}
END_TEST

static Suite *make_suite(void)
{
    const TTest *const TESTS[] = {
        everything_and_platforms,
        repositories_are_filtered,
        tags_are_filtered,
        labels_are_filtered,
        annotations_are_filtered,
        special_characters_and_long_values,
        globs_see_the_beginning_of_a_value,
        every_way_in_leads_to_the_same,
        static_and_dynamic_share_all_but_cache_control,
        a_faulty_index_query_is_a_400_that_names_it,
    };
    Suite *suite = suite_create("read_index");
    TCase *test = tcase_create("read_index");
    tcase_add_unchecked_fixture(test, make_database, drop_database);
    tcase_add_checked_fixture(test, begin, end);
    tcase_set_timeout(test, 60);
    for (size_t i = 0; i < sizeof(TESTS) / sizeof(TESTS[0]); i++)
        tcase_add_test(test, TESTS[i]);
    suite_add_tcase(suite, test);
    return suite;
}
