/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of lists: what their parameters mean, which cursors are taken, where links lead. */
#include "reader/api/paging.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

static const struct query_param TABLE[] = {
    {"all", QUERY_PLAIN}, {"cursor", QUERY_PLAIN}, {"n", QUERY_PLAIN},
    {"q", QUERY_PLAIN},   {"sort", QUERY_PLAIN},   {"total", QUERY_PLAIN},
};
static const struct paging_sort SORTS[] = {{"name", false}, {"pulls", true}};
enum { N_TABLE = sizeof(TABLE) / sizeof(TABLE[0]), N_SORTS = sizeof(SORTS) / sizeof(SORTS[0]) };

static struct ms_arena *arena;
static struct query query;
static struct query_fault fault;

static void begin(void)
{
    arena = ms_arena_new(1024 * 1024);
}

static void end(void)
{
    ms_arena_free(arena);
}

static enum ms_status try_read(struct paging *out, const char *raw)
{
    fault = (struct query_fault){MS_STR_ABSENT, MS_STR_ABSENT};
    ck_assert_int_eq(query_parse(&query, ms_str(raw), TABLE, N_TABLE, arena, &fault), MS_OK);
    return paging_read(out, &query, TABLE, SORTS, N_SORTS, arena, &fault);
}

static struct paging read_paging(const char *raw)
{
    struct paging paging;
    ck_assert_msg(try_read(&paging, raw) == MS_OK, "%s: %.*s", raw, MS_STR_ARG(fault.detail));
    return paging;
}

static void expect_str(struct ms_str found, const char *expected)
{
    ck_assert_msg(ms_str_is_absent(found) == (expected == NULL) &&
                      ms_str_equal(found, ms_str(expected)),
                  "%.*s, expected %s", MS_STR_ARG(found), expected != NULL ? expected : "nothing");
}

START_TEST(nothing_is_the_first_hundred_by_the_first_sort)
{
    struct paging paging = read_paging("");
    ck_assert_uint_eq(paging.n, 100);
    ck_assert_ptr_eq(paging.sort, &SORTS[0]);
    ck_assert(!paging.is_reversed && !paging.is_back && !paging.wants_total);
    expect_str(paging.number, NULL);
    expect_str(paging.text, NULL);
}
END_TEST

START_TEST(a_sort_is_reversed_against_the_statements_own)
{
    ck_assert(!read_paging("sort=name").is_reversed);
    ck_assert(read_paging("sort=-name").is_reversed);
    ck_assert(read_paging("sort=pulls").is_reversed);
    ck_assert(!read_paging("sort=-pulls").is_reversed);
    ck_assert_ptr_eq(read_paging("sort=-pulls").sort, &SORTS[1]);
}
END_TEST

/* What the statement is given: backwards when exactly one of sort and cursor turns it around. */
START_TEST(parameters_say_which_way_to_walk)
{
    static const struct {
        const char *raw;
        const char *params[PAGING_PARAMS];
    } CASES[] = {
        {"", {NULL, NULL, "100", "f", "f", "f"}},
        {"total=1&n=7", {NULL, NULL, "7", "f", "f", "t"}},
        {"sort=pulls&total=0", {NULL, NULL, "100", "t", "f", "f"}},
        {"cursor=next.name.0.a/b", {"0", "a/b", "100", "f", "f", "f"}},
        {"cursor=prev.name.0.a/b", {"0", "a/b", "100", "t", "t", "f"}},
        {"sort=pulls&cursor=prev.pulls.12.a", {"12", "a", "100", "f", "t", "f"}},
        {"sort=-pulls&cursor=prev.-pulls.12.a", {"12", "a", "100", "t", "t", "f"}},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct paging paging = read_paging(CASES[i].raw);
        struct ms_str params[PAGING_PARAMS];
        paging_params(params, &paging, arena);
        for (size_t p = 0; p < PAGING_PARAMS; p++)
            expect_str(params[p], CASES[i].params[p]);
    }
}
END_TEST

START_TEST(wrong_values_are_named)
{
    static const struct {
        const char *raw;
        const char *parameter;
        const char *detail;
    } CASES[] = {
        {"n=0", "n", "n is no number from 1 to 1000"},
        {"n=1001", "n", "n is no number from 1 to 1000"},
        {"n=-1", "n", "n is no number from 1 to 1000"},
        {"n=", "n", "n is no number from 1 to 1000"},
        {"n=%2B1", "n", "n is no number from 1 to 1000"},
        {"n=1&n=2", "n", "n is given twice"},
        {"sort=size", "sort", "sort is none of name, pulls, nor one of them with - in front"},
        {"sort=", "sort", "sort is none of name, pulls, nor one of them with - in front"},
        {"sort=--name", "sort", "sort is none of name, pulls, nor one of them with - in front"},
        {"sort=Name", "sort", "sort is none of name, pulls, nor one of them with - in front"},
        {"total=yes", "total", "total is neither 1 nor 0"},
        {"total", "total", "total is neither 1 nor 0"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct paging paging = {.n = 4711};
        ck_assert_int_eq(try_read(&paging, CASES[i].raw), MS_INVALID);
        expect_str(fault.parameter, CASES[i].parameter);
        expect_str(fault.detail, CASES[i].detail);
        ck_assert_uint_eq(paging.n, 4711);
    }
    ck_assert_uint_eq(read_paging("n=1").n, 1);
    ck_assert_uint_eq(read_paging("n=1000&n=1000").n, 1000);
}
END_TEST

START_TEST(only_cursors_of_ours_are_taken)
{
    static const char *const GOOD[] = {
        "next.name.0.",      "prev.name.-9223372036854775807.x", "next.name.9223372036854775807.x",
        "next.name.-1.a.b.", "next.name.10.%C3%A9%20%26%3E",
    };
    static const char *const BAD[] = {
        "",
        "next",
        "next.name",
        "next.name.0",
        "next.name..x",
        "next.name.00.x",
        "next.name.-0.x",
        "next.name.+1.x",
        "next.name.01.x",
        "next.name.1e3.x",
        "next.name.- 1.x",
        "next.name.-.x",
        "next.name.9223372036854775808.x",
        "next.name.99999999999999999999999.x",
        "Next.name.0.x",
        " next.name.0.x",
        "next.-name.0.x",
        "next.pulls.0.x",
        "next..0.x",
        "last.name.0.x",
    };
    char raw[512];
    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
        (void)snprintf(raw, sizeof(raw), "cursor=%s", GOOD[i]);
        ck_assert(!ms_str_is_absent(read_paging(raw).text));
    }
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct paging paging;
        (void)snprintf(raw, sizeof(raw), "cursor=%s", BAD[i]);
        ck_assert_msg(try_read(&paging, raw) == MS_INVALID, "%s", raw);
        expect_str(fault.parameter, "cursor");
    }
}
END_TEST

START_TEST(a_second_list_has_a_cursor_of_its_own)
{
    struct paging paging = {.sort = &SORTS[1]};
    fault = (struct query_fault){MS_STR_ABSENT, MS_STR_ABSENT};
    ck_assert_int_eq(
        paging_read_cursor(&paging, "other", MS_STR("prev.-pulls.12.a/b"), arena, &fault), MS_OK);
    ck_assert(paging.is_back);
    expect_str(paging.number, "12");
    expect_str(paging.text, "a/b");
    ck_assert_int_eq(paging_read_cursor(&paging, "other", MS_STR("next.name.0.x"), arena, &fault),
                     MS_INVALID);
    expect_str(fault.parameter, "other");
    ck_assert_int_eq(paging_read_cursor(&paging, "other", MS_STR_ABSENT, arena, &fault), MS_OK);
    expect_str(paging.number, NULL);
    ck_assert(!paging.is_back);
}
END_TEST

START_TEST(a_cursors_text_has_a_limit)
{
    char raw[400] = "cursor=next.name.0.";
    size_t len = strlen(raw);
    struct paging paging;
    memset(raw + len, 'x', PAGING_TEXT_MAX);
    ck_assert_uint_eq(read_paging(raw).text.len, PAGING_TEXT_MAX);
    raw[len + PAGING_TEXT_MAX] = 'x';
    ck_assert_int_eq(try_read(&paging, raw), MS_INVALID);
}
END_TEST

/* The page that `raw` asks for shows these two rows. */
static void expect_links(const char *raw, bool has_more, const char *links)
{
    struct paging paging = read_paging(raw);
    struct paging_page page;
    struct ms_buf found;
    ms_buf_init(&found, 16 * 1024);
    ck_assert_int_eq(paging_page_init(&page, MS_STR("/api/v1/x y/z"), &query, TABLE, &paging),
                     MS_OK);
    page.has_more = has_more;
    paging_page_note(&page, MS_STR("-3"), MS_STR("first/\"&<"));
    paging_page_note(&page, MS_STR("7"), MS_STR("between"));
    paging_page_note(&page, MS_STR("12"), MS_STR("last.one"));
    paging_page_append_links(&found, &page);
    ck_assert_msg(ms_str_equal(ms_buf_view(&found), ms_str(links)), "%s: %.*s", raw,
                  MS_STR_ARG(ms_buf_view(&found)));
    ms_buf_free(&found);
}

#define BASE "</api/v1/x%20y/z"
#define FIRST "-3.first/%22%26%3C"
#define LAST "12.last.one"

START_TEST(links_lead_to_the_pages_beside)
{
    expect_links("", false, "");
    expect_links("", true, BASE "?cursor=next.name." LAST ">; rel=\"next\"");
    expect_links("sort=-pulls&n=3", true,
                 BASE "?n=3&sort=-pulls&cursor=next.-pulls." LAST ">; rel=\"next\"");
    expect_links("cursor=next.name.0.x", false, BASE "?cursor=prev.name." FIRST ">; rel=\"prev\"");
    expect_links("q=a%26b*&cursor=next.name.0.x", true,
                 BASE "?q=a%26b%2A&cursor=next.name." LAST ">; rel=\"next\", " BASE
                      "?q=a%26b%2A&cursor=prev.name." FIRST ">; rel=\"prev\"");
    expect_links("cursor=prev.name.0.x", false, BASE "?cursor=next.name." LAST ">; rel=\"next\"");
    expect_links("cursor=prev.name.0.x", true,
                 BASE "?cursor=next.name." LAST ">; rel=\"next\", " BASE "?cursor=prev.name." FIRST
                      ">; rel=\"prev\"");
}
END_TEST

START_TEST(an_empty_page_has_no_links)
{
    struct paging paging = read_paging("cursor=next.name.0.x");
    struct paging_page page;
    struct ms_buf found;
    ms_buf_init(&found, 1024);
    ck_assert_int_eq(paging_page_init(&page, MS_STR("/x"), &query, TABLE, &paging), MS_OK);
    paging_page_append_links(&found, &page);
    ck_assert_uint_eq(found.len, 0);
    ms_buf_free(&found);
}
END_TEST

START_TEST(a_row_that_no_cursor_can_name_has_no_link)
{
    static char text[PAGING_TEXT_MAX + 1];
    struct paging paging = read_paging("");
    struct paging_page page;
    struct ms_buf found;
    ms_buf_init(&found, 1024);
    memset(text, 'x', sizeof(text));
    ck_assert_int_eq(paging_page_init(&page, MS_STR("/x"), &query, TABLE, &paging), MS_OK);
    page.has_more = true;
    paging_page_note(&page, MS_STR("1"), ms_str_n(text, sizeof(text)));
    paging_page_append_links(&found, &page);
    ck_assert_uint_eq(found.len, 0);
    paging_page_note(&page, MS_STR_ABSENT, MS_STR("x"));
    paging_page_append_links(&found, &page);
    ck_assert_uint_eq(found.len, 0);
    ms_buf_free(&found);
}
END_TEST

START_TEST(too_long_a_url_is_too_large)
{
    char raw[4 + PAGING_BASE_MAX];
    struct paging_page page = {.base_len = 4711};
    memset(raw, 'x', sizeof(raw));
    memcpy(raw, "q=", 2);
    raw[sizeof(raw) - 1] = '\0';
    struct paging paging = read_paging(raw);
    ck_assert_int_eq(paging_page_init(&page, MS_STR("/x"), &query, TABLE, &paging), MS_TOO_LARGE);
    ck_assert_uint_eq(page.base_len, 4711);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("paging");
    TCase *test = tcase_create("paging");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, nothing_is_the_first_hundred_by_the_first_sort);
    tcase_add_test(test, a_sort_is_reversed_against_the_statements_own);
    tcase_add_test(test, parameters_say_which_way_to_walk);
    tcase_add_test(test, wrong_values_are_named);
    tcase_add_test(test, only_cursors_of_ours_are_taken);
    tcase_add_test(test, a_second_list_has_a_cursor_of_its_own);
    tcase_add_test(test, a_cursors_text_has_a_limit);
    tcase_add_test(test, links_lead_to_the_pages_beside);
    tcase_add_test(test, an_empty_page_has_no_links);
    tcase_add_test(test, a_row_that_no_cursor_can_name_has_no_link);
    tcase_add_test(test, too_long_a_url_is_too_large);
    suite_add_tcase(suite, test);
    return suite;
}
