/* SPDX-License-Identifier: Apache-2.0 */
/* writer/registry/link.c: where the next page is. */
#include "tests/support/check_main.h"
#include "writer/registry/link.h"

#define CATALOG "/v2/_catalog"

static void assert_next(const char *header, const char *resource, const char *expected)
{
    struct ms_str query = MS_STR("untouched");
    enum ms_status status =
        registry_link_next(&query, ms_str(header), MS_STR("reg.example.com"), ms_str(resource));
    ck_assert_msg(status == MS_OK, "refused: %s", header);
    ck_assert_msg(ms_str_equal(query, ms_str(expected)), "%.*s", MS_STR_ARG(query));
}

static void assert_status(const char *header, enum ms_status expected)
{
    struct ms_str query = MS_STR("untouched");
    ck_assert_msg(registry_link_next(&query, ms_str(header), MS_STR("reg.example.com"),
                                     MS_STR(CATALOG)) == expected,
                  "%s", header);
    ck_assert(ms_str_equal(query, MS_STR("untouched")));
}

START_TEST(relative)
{
    assert_next("</v2/_catalog?last=b&n=100>; rel=\"next\"", CATALOG, "last=b&n=100");
    assert_next("</v2/a/b/tags/list?n=2&last=x>; rel=\"next\"", "/v2/a/b/tags/list", "n=2&last=x");
    assert_next("<?last=b>; rel=next", CATALOG, "last=b");
    assert_next("<_catalog?last=b>;rel=NEXT", CATALOG, "last=b");
    assert_next("</v2/_catalog?last=a%2Fb#top>; rel=\"next\"", CATALOG, "last=a%2Fb");
}
END_TEST

START_TEST(with_a_prefix)
{
    assert_next("</registry/v2/_catalog?last=b>; rel=\"next\"", CATALOG, "last=b");
    assert_next("<https://reg.example.com/p/v2/_catalog?last=b>; rel=\"next\"", CATALOG, "last=b");
}
END_TEST

START_TEST(absolute)
{
    assert_next("<http://reg.example.com/v2/_catalog?last=b>; rel=\"next\"", CATALOG, "last=b");
    assert_next("<https://REG.example.com:5000/v2/_catalog?l=b>; rel=\"next\"", CATALOG, "l=b");
    assert_next("<//reg.example.com/v2/_catalog?last=b>; rel=\"next\"", CATALOG, "last=b");
}
END_TEST

START_TEST(to_other_hosts)
{
    assert_status("<https://evil.example/v2/_catalog?last=b>; rel=\"next\"", MS_INVALID);
    assert_status("<//evil.example/v2/_catalog?last=b>; rel=\"next\"", MS_INVALID);
    assert_status("<https://reg.example.com@evil.example/v2/_catalog?l=b>; rel=\"next\"",
                  MS_INVALID);
    assert_status("<https://reg.example.com.evil/v2/_catalog?last=b>; rel=\"next\"", MS_INVALID);
    assert_status("<ftp://reg.example.com/v2/_catalog?last=b>; rel=\"next\"", MS_INVALID);
}
END_TEST

START_TEST(to_other_places)
{
    assert_status("</v2/_catalog/x?last=b>; rel=\"next\"", MS_INVALID);
    assert_status("</v2/x/tags/list?last=b>; rel=\"next\"", MS_INVALID);
    assert_status("<xv2/_catalog?last=b>; rel=\"next\"", MS_INVALID);
    assert_status("</v2/_catalog>; rel=\"next\"", MS_INVALID);
    assert_status("</v2/_catalog?>; rel=\"next\"", MS_INVALID);
    assert_status("<>; rel=\"next\"", MS_INVALID);
    assert_status("</v2/_catalog?a b>; rel=\"next\"", MS_INVALID);
    assert_status("</v2/_catalog?a\x01>; rel=\"next\"", MS_INVALID);
}
END_TEST

START_TEST(several_links)
{
    assert_next("</v2/_catalog?a=1>; rel=\"prev\", </v2/_catalog?b=2>; rel=\"next\"", CATALOG,
                "b=2");
    assert_next("</x>; title=\"a, b; <c>\"; rel=\"first\" , </v2/_catalog?b=2>; rel=\"last next\"",
                CATALOG, "b=2");
    assert_next("</x>;rel=prev,</v2/_catalog?b=2>;foo;rel=next", CATALOG, "b=2");
    assert_status("</v2/_catalog?a=1>; rel=\"prev\"", MS_NOT_FOUND);
    assert_status("</v2/_catalog?a=1>", MS_NOT_FOUND);
    assert_status("</v2/_catalog?a=1>; rel=\"nextish\"", MS_NOT_FOUND);
    assert_status("", MS_NOT_FOUND);
}
END_TEST

START_TEST(no_link_header)
{
    assert_status("/v2/_catalog?a=1; rel=\"next\"", MS_INVALID);
    assert_status("</v2/_catalog?a=1; rel=\"next\"", MS_INVALID);
    assert_status("</v2/_catalog?a=1>; rel=\"next", MS_INVALID);
    assert_status("</v2/_catalog?a=1> rel=\"next\"", MS_INVALID);
    assert_status("</x>; rel=\"prev\" garbage", MS_INVALID);
    assert_status("</x>; title=\"open\\", MS_INVALID);
}
END_TEST

static void assert_host(const char *url, const char *expected)
{
    struct ms_str host = registry_url_host(ms_str(url));
    ck_assert_msg(ms_str_is_absent(host) == (expected == NULL) &&
                      ms_str_equal(host, ms_str(expected)),
                  "%s: %.*s", url, MS_STR_ARG(host));
}

START_TEST(hosts)
{
    assert_host("http://a.b", "a.b");
    assert_host("https://a.b:5000/c", "a.b");
    assert_host("http://[::1]:5000/c", "::1");
    assert_host("HTTP://A?x", "A");
    assert_host("a.b", NULL);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("registry_link");
    tcase_add_test(tests, relative);
    tcase_add_test(tests, with_a_prefix);
    tcase_add_test(tests, absolute);
    tcase_add_test(tests, to_other_hosts);
    tcase_add_test(tests, to_other_places);
    tcase_add_test(tests, several_links);
    tcase_add_test(tests, no_link_header);
    tcase_add_test(tests, hosts);
    Suite *suite = suite_create("registry_link");
    suite_add_tcase(suite, tests);
    return suite;
}
