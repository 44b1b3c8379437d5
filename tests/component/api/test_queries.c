/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /v1 and /v2 from the URL's query to the body: the real handlers and statements against a real
 * database. Only HTTP and the cache are missing.
 */
#include "tests/component/api/read_database.h"
#include "tests/support/check_main.h"

/* --- /v1 --- */

/* The names of the results, each followed by a blank. */
static void expect_names(const char *query, const char *names)
{
    static const char NAME[] = "{\"name\":\"";
    char found[1024] = "";
    ask(api_search, NULL, query);
    ck_assert_int_eq(answered.status, 200);
    for (const char *at = strstr(answered.body, NAME); at != NULL; at = strstr(at, NAME)) {
        at += sizeof(NAME) - 1;
        (void)snprintf(found + strlen(found), sizeof(found) - strlen(found), "%.*s ",
                       (int)strcspn(at, "\""), at);
    }
    ck_assert_msg(strcmp(found, names) == 0, "%s: %s\nexpected: %s", query, found, names);
}

START_TEST(a_search_has_every_field)
{
    ask(api_search, NULL, "q=ODD&n=5");
    expect_body("odd", "{\"query\":\"ODD\",\"num_results\":1,\"num_pages\":1,\"page\":1,"
                       "\"page_size\":5,\"results\":[{\"name\":\"library/odd\",\"description\":"
                       "\"Oddities of every backend\",\"star_count\":10,\"is_official\":true,"
                       "\"is_automated\":false,\"is_trusted\":false}]}");
    ck_assert(answered.shows_counts);
    ask(api_search, NULL, "q=nothing%20at%20all&x=y");
    expect_body("nothing", "{\"query\":\"nothing at all\",\"num_results\":0,\"num_pages\":0,"
                           "\"page\":1,\"page_size\":100,\"results\":[]}");
    ask(api_search, NULL, "q=app/api&n=1");
    expect_body("api", "{\"query\":\"app/api\",\"num_results\":2,\"num_pages\":2,\"page\":1,"
                       "\"page_size\":1,\"results\":[{\"name\":\"app/api\",\"description\":\"\","
                       "\"star_count\":500,\"is_official\":false,\"is_automated\":false,"
                       "\"is_trusted\":false}]}");
}
END_TEST

START_TEST(the_best_match_comes_first)
{
    expect_names("q=app/apitest", "app/apitest ");
    expect_names("q=apitest", "app/apitest ");
    expect_names("q=api", "app/api app/apitest ");         /* component before prefix */
    expect_names("q=app", "app/api app/web app/apitest "); /* equal: by pulls */
    expect_names("q=web", "app/web copy/web ");
    expect_names("q=eb", "app/web copy/web ");
    expect_names("q=backend", "copy/web library/odd ");  /* title before description */
    expect_names("q=acme", "app/api app/web copy/web "); /* labels */
    expect_names("q=web+acme", "app/web copy/web ");
    expect_names("q=web+other", "app/web ");
    expect_names("q=web+nowhere", "app/web copy/web "); /* nothing has both: what has most */
    expect_names("q=no+where", "");
    expect_names("q=100%25_%5C", "library/odd ");
    expect_names("q=0%25_", "library/odd ");
    expect_names("q=0_%25", "");
    expect_names("q=repository", ""); /* gone, or without a tag */
}
END_TEST

/* What people type, and what other programs hand on: references, patterns, hosts. */
START_TEST(references_and_patterns_find_their_repository)
{
    expect_names("q=web*", "app/web copy/web ");
    expect_names("q=%22app/web%22", "app/web ");
    expect_names("q=*/odd", "library/odd ");
    expect_names("q=**", "app/api app/web library/odd app/apitest copy/web "); /* no word at all */
    expect_names("q=docker.io/library/odd", "library/odd ");
    expect_names("q=localhost/odd", "library/odd ");
    expect_names("q=registry:5000/web", "app/web copy/web ");
    expect_names("q=docker.io/", "app/api app/web library/odd app/apitest copy/web ");
    expect_names("q=docker.io", "");
    expect_names("q=web:1.0", "app/web ");
    expect_names("q=web:", "app/web copy/web ");
    expect_names("q=web:Lost", "app/web ");
    expect_names("q=web:lost", "");
    expect_names("q=web:v2", "");
    expect_names("q=:latest", "app/api app/web app/apitest ");
    expect_names("q=docker.io/app/web:only*", "");
    expect_names("q=host:5000/copy/web:only", "copy/web ");
    expect_names("q=copi/web:only", "copy/web "); /* misspelled */
    expect_names("q=copi/web:none", "");
}
END_TEST

/* A name may begin as a host does. */
START_TEST(a_name_that_begins_like_a_host_is_found_first)
{
    run(connection, "BEGIN READ WRITE;"
                    "SELECT put_repository('ghcr.io/pause', 1, NULL, NULL), "
                    "put_repository('pause', 900, NULL, NULL);"
                    "UPDATE repository SET tag_count = 1 WHERE name LIKE '%pause'");
    expect_names("q=ghcr.io/pause", "pause ghcr.io/pause ");
    expect_names("q=quay.io/pause", "pause ghcr.io/pause ");
    run(connection, "UPDATE repository SET name = 'k8s/pause' WHERE name = 'pause'");
    expect_names("q=ghcr.io/pause", "ghcr.io/pause k8s/pause ");
    run(connection, "ROLLBACK");
}
END_TEST

START_TEST(misspellings_come_when_there_is_room)
{
    expect_names("q=librery", "library/odd ");
    expect_names("q=lirbary/odd", "library/odd ");
    expect_names("q=bakend", "copy/web "); /* in the title, not in descriptions */
    expect_names("q=lybrery", "");
    expect_names("q=appi", "");
    expect_names("q=librery+oddities", "library/odd ");
    expect_names("q=oddities+librery+backend", "library/odd ");
    expect_names("q=apitesx", "app/apitest ");
    expect_names("q=apites", "app/apitest ");
}
END_TEST

/* "grape" is one edit from "grapes" and a prefix of it; "graph" is only an edit away. */
START_TEST(misspellings_wait_until_better_matches_leave_room)
{
    run(connection,
        "BEGIN READ WRITE;"
        "SELECT put_repository('fruit/grapes', 1, NULL, NULL);"
        "SELECT put_repository('plot/graph', 900, NULL, NULL);"
        "UPDATE repository SET tag_count = 1 WHERE name IN ('fruit/grapes', 'plot/graph')");
    expect_names("q=grape", "fruit/grapes plot/graph ");
    expect_names("q=grape&n=1", "fruit/grapes ");
    ck_assert_ptr_nonnull(strstr(answered.body, "\"num_results\":1,"));
    expect_names("q=grape&n=1&page=2", "");
    ck_assert_ptr_nonnull(strstr(answered.body, "\"num_results\":1,"));
    run(connection, "ROLLBACK");
}
END_TEST

START_TEST(no_words_list_by_popularity)
{
    expect_names("", "app/api app/web library/odd app/apitest copy/web ");
    ck_assert_int_eq(answered.query, MS_READ_SEARCH_POPULAR);
    expect_names("q=+%20&n=2", "app/api app/web ");
    expect_names("q=&n=2&page=2", "library/odd app/apitest ");
    expect_names("q=&n=2&page=3", "copy/web ");
    expect_names("q=&n=2&page=4", "");
    ck_assert_ptr_nonnull(strstr(answered.body, "\"num_results\":5,\"num_pages\":3,\"page\":4,"));
}
END_TEST

START_TEST(numbers_are_brought_into_range)
{
    static const struct {
        const char *query;
        const char *numbers;
    } CASES[] = {
        {"n=0", "\"page\":1,\"page_size\":1,"},
        {"n=-3", "\"page\":1,\"page_size\":1,"},
        {"n=1000&page=0", "\"page\":1,\"page_size\":100,"},
        {"n=99999999999999999999999999", "\"page\":1,\"page_size\":100,"},
        {"n=x&page=y", "\"page\":1,\"page_size\":25,"},
        {"n=&page=-1", "\"page\":1,\"page_size\":25,"},
        {"n=1.5", "\"page\":1,\"page_size\":25,"},
        {"page=99999999999999999999999999", "\"page\":1000000000,\"page_size\":100,"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        ask(api_search, NULL, CASES[i].query);
        ck_assert_msg(strstr(answered.body, CASES[i].numbers) != NULL, "%s: %s", CASES[i].query,
                      answered.body);
    }
}
END_TEST

START_TEST(a_search_is_never_an_error)
{
    static const char *const CASES[] = {
        "q=%",
        "q=%00",
        "q=%ff",
        "q=\xff\xfe",
        "q=(((((%5B%5B%5B{{",
        "q=%5C",
        "q=***aaaaa",
        "q='%22;--",
        "q=%5Cd%2B%5Cw%2B",
        "q=a{9999999}",
        "q=%F0%9F%98%80%F0%9F%98%80%F0%9F%98%80%F0%9F%98%80%F0%9F%98%80",
        "q=%C4%B0stanbul",
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        ask(api_search, NULL, CASES[i]);
        ck_assert_msg(answered.status == 200 && strstr(answered.body, "\"results\":[") != NULL,
                      "%s: %s", CASES[i], answered.body);
    }
}
END_TEST

START_TEST(ping_answers_as_docker_wants)
{
    ask(api_search_ping, NULL, "");
    expect_body("ping", "true");
    ck_assert_str_eq(answered.headers, "X-Docker-Registry-Version: 0.6.0\n"
                                       "X-Docker-Registry-Standalone: false\n");
}
END_TEST

/* --- /v2 --- */

static void expect_link(const char *link)
{
    if (link == NULL)
        ck_assert_msg(answered.link == NULL, "%s", answered.link);
    else
        ck_assert_msg(answered.link != NULL && strcmp(answered.link, link) == 0, "%s",
                      answered.link);
}

static void expect_catalog(const char *query, const char *names, const char *link)
{
    char body[1024];
    (void)snprintf(body, sizeof(body), "{\"repositories\":[%s]}", names);
    ask(api_distribution_catalog, NULL, query);
    expect_body(query, body);
    expect_link(link);
    ck_assert_str_eq(answered.headers, "Docker-Distribution-Api-Version: registry/2.0\n");
}

START_TEST(the_catalog_has_what_has_content)
{
    expect_catalog("",
                   "\"app/api\",\"app/apitest\",\"app/web\",\"copy/web\",\"library/odd\","
                   "\"only/digest\"",
                   NULL);
    expect_catalog("n=2&unknown=1", "\"app/api\",\"app/apitest\"",
                   "</v2/_catalog?last=app%2Fapitest&n=2>; rel=\"next\"");
    expect_catalog("last=app%2Fapitest&n=2", "\"app/web\",\"copy/web\"",
                   "</v2/_catalog?last=copy%2Fweb&n=2>; rel=\"next\"");
    expect_catalog("last=copy/web&n=2", "\"library/odd\",\"only/digest\"", NULL);
    expect_catalog("last=b", "\"copy/web\",\"library/odd\",\"only/digest\"", NULL);
    expect_catalog("last=zzz&n=5", "", NULL);
    expect_catalog("n=0", "", NULL);
    expect_catalog("n=6",
                   "\"app/api\",\"app/apitest\",\"app/web\",\"copy/web\",\"library/odd\","
                   "\"only/digest\"",
                   NULL);
    ask(api_distribution_catalog, NULL, "n=1000000000000000000000000");
    ck_assert_str_eq(answered.key, "/v2/_catalog?last=&n=10000");
}
END_TEST

#define FALLBACK "sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void expect_tags(const char *name, const char *query, const char *tags, const char *link)
{
    char body[1024];
    (void)snprintf(body, sizeof(body), "{\"name\":\"%s\",\"tags\":[%s]}", name, tags);
    ask(api_distribution_tags_list, name, query);
    expect_body(query, body);
    expect_link(link);
    ck_assert_str_eq(answered.headers, "Docker-Distribution-Api-Version: registry/2.0\n");
    ck_assert_str_eq(answered.repository, name);
}

START_TEST(tag_lists_have_every_tag)
{
    expect_tags("app/web", "",
                "\"1.0\",\"1.0-amd64\",\"Lost\",\"latest\",\"none\",\"old\",\"sbom\",\"" FALLBACK
                "\",\"" FALLBACK ".sig\"",
                NULL);
    expect_tags("app/web", "n=3", "\"1.0\",\"1.0-amd64\",\"Lost\"",
                "</v2/app/web/tags/list?last=Lost&n=3>; rel=\"next\"");
    expect_tags("app/web", "n=3&last=Lost", "\"latest\",\"none\",\"old\"",
                "</v2/app/web/tags/list?last=old&n=3>; rel=\"next\"");
    expect_tags("app/web", "n=2&last=sbom", "\"" FALLBACK "\",\"" FALLBACK ".sig\"", NULL);
    expect_tags("app/web", "n=0", "", NULL);
    expect_tags("app/web", "last=zzz", "", NULL);
    expect_tags("app/web", "last=%zz",
                "\"1.0\",\"1.0-amd64\",\"Lost\",\"latest\",\"none\","
                "\"old\",\"sbom\",\"" FALLBACK "\",\"" FALLBACK ".sig\"",
                NULL);
    expect_tags("only/digest", "", "", NULL);
    expect_tags("bare/repository", "n=1", "", NULL);
}
END_TEST

START_TEST(unknown_repositories_are_404)
{
    static const char *const CASES[] = {"no/where", "gone/repository"};
    for (size_t i = 0; i < 2; i++) {
        char body[256];
        ask(api_distribution_tags_list, CASES[i], i == 0 ? "" : "n=0");
        (void)snprintf(body, sizeof(body),
                       "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"repository name not "
                       "known to registry\",\"detail\":{\"name\":\"%s\"}}]}",
                       CASES[i]);
        ck_assert_int_eq(answered.status, 404);
        ck_assert_str_eq(answered.body, body);
        ck_assert_str_eq(answered.headers, "Docker-Distribution-Api-Version: registry/2.0\n");
        ck_assert_str_eq(answered.repository, CASES[i]);
    }
}
END_TEST

START_TEST(impossible_names_and_numbers_are_400)
{
    static const char *const NUMBERS[] = {"n=-1",  "n=x",    "n=",   "n",
                                          "n=1.0", "n=%2B1", "n=1x", "n=%zz"};
    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++) {
        ask(api_distribution_catalog, NULL, NUMBERS[i]);
        ck_assert_int_eq(answered.status, 400);
        ck_assert_str_eq(answered.code, "PAGINATION_NUMBER_INVALID");
        ask(api_distribution_tags_list, "app/web", NUMBERS[i]);
        ck_assert_int_eq(answered.status, 400);
        ck_assert_str_eq(answered.code, "PAGINATION_NUMBER_INVALID");
    }
    ask(api_distribution_tags_list, "App/Web", "n=x");
    ck_assert_int_eq(answered.status, 400);
    ck_assert_str_eq(answered.code, "NAME_INVALID");
}
END_TEST

START_TEST(base_answers_as_clients_want)
{
    ask(api_distribution_base, NULL, "");
    expect_body("base", "{}");
    ck_assert_str_eq(answered.headers, "Docker-Distribution-Api-Version: registry/2.0\n");
}
END_TEST

static Suite *make_suite(void)
{
    const TTest *const TESTS[] = {
        a_search_has_every_field,
        references_and_patterns_find_their_repository,
        a_name_that_begins_like_a_host_is_found_first,
        the_best_match_comes_first,
        misspellings_come_when_there_is_room,
        misspellings_wait_until_better_matches_leave_room,
        no_words_list_by_popularity,
        numbers_are_brought_into_range,
        a_search_is_never_an_error,
        ping_answers_as_docker_wants,
        the_catalog_has_what_has_content,
        tag_lists_have_every_tag,
        unknown_repositories_are_404,
        impossible_names_and_numbers_are_400,
        base_answers_as_clients_want,
    };
    Suite *suite = suite_create("read_queries");
    TCase *test = tcase_create("read_queries");
    tcase_add_unchecked_fixture(test, make_database, drop_database);
    tcase_add_checked_fixture(test, begin, end);
    tcase_set_timeout(test, 60);
    for (size_t i = 0; i < sizeof(TESTS) / sizeof(TESTS[0]); i++)
        tcase_add_test(test, TESTS[i]);
    suite_add_tcase(suite, test);
    return suite;
}
