/* SPDX-License-Identifier: Apache-2.0 */
/* writer/registry/link.c: where the next page is. */
#include "tests/support/check_main.h"
#include "writer/registry/link.h"

static void assert_next(const char *header, const char *expected)
{
    struct ms_str query = MS_STR("untouched");
    enum ms_status status = registry_link_next(&query, ms_str(header));
    ck_assert_msg(status == MS_OK, "refused: %s", header);
    ck_assert_msg(ms_str_equal(query, ms_str(expected)), "%.*s", MS_STR_ARG(query));
}

static void assert_status(const char *header, enum ms_status expected)
{
    struct ms_str query = MS_STR("untouched");
    ck_assert_msg(registry_link_next(&query, ms_str(header)) == expected, "%s", header);
    ck_assert(ms_str_equal(query, MS_STR("untouched")));
}

START_TEST(relative)
{
    assert_next("</v2/_catalog?last=b&n=100>; rel=\"next\"", "last=b&n=100");
    assert_next("</v2/a/b/tags/list?n=2&last=x>; rel=\"next\"", "n=2&last=x");
    assert_next("<?last=b>; rel=next", "last=b");
    assert_next("<_catalog?last=b>;rel=NEXT", "last=b");
    assert_next("</v2/_catalog?last=a%2Fb#top>; rel=\"next\"", "last=a%2Fb");
    assert_next("</v2/_catalog?last=a?b>; rel=\"next\"", "last=a?b");
}
END_TEST

START_TEST(hosts_and_paths_that_we_cannot_use)
{
    assert_next("<https://reg.example.com/v2/_catalog?last=b>; rel=\"next\"", "last=b");
    assert_next("<http://pulp-api:24817/pulp/v2/_catalog?last=b>; rel=\"next\"", "last=b");
    assert_next("<//elsewhere.example/v2/_catalog?last=b>; rel=\"next\"", "last=b");
    assert_next("</api/docker/local/v2/x/tags/list?last=b>; rel=\"next\"", "last=b");
    assert_next("<http://[?last=b>; rel=\"next\"", "last=b");
}
END_TEST

START_TEST(without_a_query)
{
    assert_status("</v2/_catalog>; rel=\"next\"", MS_INVALID);
    assert_status("</v2/_catalog?>; rel=\"next\"", MS_INVALID);
    assert_status("</v2/_catalog#?last=b>; rel=\"next\"", MS_INVALID);
    assert_status("<>; rel=\"next\"", MS_INVALID);
    assert_status("</v2/_catalog?a b>; rel=\"next\"", MS_INVALID);
    assert_status("</v2/_catalog?a\x01>; rel=\"next\"", MS_INVALID);
}
END_TEST

START_TEST(several_links)
{
    assert_next("</v2/_catalog?a=1>; rel=\"prev\", </v2/_catalog?b=2>; rel=\"next\"", "b=2");
    assert_next("</x>; title=\"a, b; <c>\"; rel=\"first\" , </v2/_catalog?b=2>; rel=\"last next\"",
                "b=2");
    assert_next("</x>;rel=prev,</v2/_catalog?b=2>;foo;rel=next", "b=2");
    assert_status("</v2/_catalog?a=1>; rel=\"prev\"", MS_NOT_FOUND);
    assert_status("</v2/_catalog?a=1>; rel=\"nextish\"", MS_NOT_FOUND);
    assert_status("</v2/_catalog?a=1>; rel=\"\"", MS_NOT_FOUND);
    assert_status("", MS_NOT_FOUND);
}
END_TEST

START_TEST(without_a_relation)
{
    assert_next("</v2/_catalog?a=1>", "a=1");
    assert_next("</v2/_catalog?a=1>; title=\"rel=prev\"", "a=1");
    assert_next("</v2/_catalog?a=1>, </v2/_catalog?b=2>", "a=1");
    assert_next("</v2/_catalog?a=1>, </v2/_catalog?b=2>; rel=next", "b=2");
    assert_status("<https://docs.example/>", MS_NOT_FOUND);
    assert_status("</v2/_catalog?a=1>, nonsense", MS_INVALID);
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

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("registry_link");
    tcase_add_test(tests, relative);
    tcase_add_test(tests, hosts_and_paths_that_we_cannot_use);
    tcase_add_test(tests, without_a_query);
    tcase_add_test(tests, several_links);
    tcase_add_test(tests, without_a_relation);
    tcase_add_test(tests, no_link_header);
    Suite *suite = suite_create("registry_link");
    suite_add_tcase(suite, tests);
    return suite;
}
