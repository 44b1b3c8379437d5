/* SPDX-License-Identifier: Apache-2.0 */
/* /index parameters: the key, the way in, the statement's parameters. */
#include "reader/query/index_query.h"
#include "tests/support/check_main.h"

static struct ms_arena *arena;

static void begin(void)
{
    arena = ms_arena_new(1024 * 1024);
}

static void end(void)
{
    ms_arena_free(arena);
}

static struct index_query parse(const char *raw)
{
    struct index_query query;
    struct query_fault fault = {MS_STR(""), MS_STR("")};
    ck_assert_msg(index_query_parse(&query, ms_str(raw), arena, &fault) == MS_OK, "%s: %.*s", raw,
                  MS_STR_ARG(fault.detail));
    return query;
}

/* `number` as in the statement: 1 is $1. NULL: absent. */
static void expect_param(const struct index_query *query, size_t number, const char *value)
{
    struct ms_str param = query->params[number - 1];
    ck_assert_int_eq(ms_str_is_absent(param), value == NULL);
    ck_assert_msg(ms_str_equal(param, ms_str(value)), "$%zu: %.*s", number, MS_STR_ARG(param));
}

START_TEST(the_most_telling_filter_is_the_way_in)
{
    static const struct {
        const char *raw;
        enum ms_read_query statement;
        size_t n_params;
        bool is_large;
    } CASES[] = {
        {"", MS_READ_INDEX_WHOLE, 9, true},
        {"os=linux&architecture=amd64", MS_READ_INDEX_ALL, 9, true},
        {"repository:matches=a*", MS_READ_INDEX_ALL, 9, true},
        {"tag:matches=v*", MS_READ_INDEX_ALL, 9, true},
        {"tag=latest", MS_READ_INDEX_TAG, 9, false},
        {"tag=latest&repository=a", MS_READ_INDEX_REPOSITORY, 9, false},
        {"repository=a&label:x=1", MS_READ_INDEX_REPOSITORY, 9, false},
        {"label:x=1&tag=a&annotation:y=1", MS_READ_INDEX_LABEL, 11, false},
        {"annotation:y=1&label:x:exists=1", MS_READ_INDEX_ANNOTATION, 11, false},
        {"annotation:y:exists=1", MS_READ_INDEX_ANNOTATION_KEY, 11, false},
        {"annotation:y:matches=*", MS_READ_INDEX_ANNOTATION_KEY, 11, false},
        {"label:x:matches=*", MS_READ_INDEX_LABEL_KEY, 11, false},
        {"label%3Aorg.flatpak.ref%3Aexists=1&architecture=amd64&os=linux&tag=latest",
         MS_READ_INDEX_LABEL_KEY, 11, false},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct index_query query = parse(CASES[i].raw);
        ck_assert_msg(query.statement == CASES[i].statement, "%s: %d", CASES[i].raw,
                      (int)query.statement);
        ck_assert_uint_eq(query.n_params, CASES[i].n_params);
        ck_assert_msg(query.is_large == CASES[i].is_large, "%s", CASES[i].raw);
    }
}
END_TEST

START_TEST(no_filter_is_an_absent_parameter)
{
    struct index_query query = parse("");
    for (size_t i = 1; i <= query.n_params; i++)
        expect_param(&query, i, NULL);
    ck_assert(ms_str_equal(query.key, MS_STR("/index")));
    ck_assert(ms_str_is_absent(query.repository));
}
END_TEST

START_TEST(every_filter_has_its_place)
{
    struct index_query query =
        parse("os=linux&os=windows&architecture=arm64&tag=b&tag=a&tag:matches=v?_*&repository=r/s&"
              "repository:matches=r/*&label:k=1&label:k=2&label:k:matches=%25*&label:l:exists=1&"
              "annotation:n=%22%5C");
    ck_assert_int_eq(query.statement, MS_READ_INDEX_REPOSITORY);
    expect_param(&query, 1, "{\"r/s\"}");
    expect_param(&query, 2, "{\"r/%\"}");
    expect_param(&query, 3, "{\"a\",\"b\"}");
    expect_param(&query, 4, "{\"v_\\\\_%\"}");
    expect_param(&query, 5, "{\"linux\",\"windows\"}");
    expect_param(&query, 6, "{\"arm64\"}");
    expect_param(&query, 7,
                 "[{\"key\":\"k\",\"equal\":[\"1\",\"2\"]},{\"key\":\"k\",\"like\":[\"\\\\%%\"]},"
                 "{\"key\":\"l\"}]");
    expect_param(&query, 8, "[{\"key\":\"n\",\"equal\":[\"\\\"\\\\\"]}]");
    ck_assert(ms_str_equal(query.repository, MS_STR("r/s")));
}
END_TEST

START_TEST(a_map_is_entered_by_its_most_telling_value)
{
    struct index_query query = parse("label:a=1&label:b=0123456789&label:b=012345&label:c=0123");
    ck_assert_int_eq(query.statement, MS_READ_INDEX_LABEL);
    expect_param(&query, 10, "b");
    expect_param(&query, 11, "{\"012345\",\"0123456789\"}");
}
END_TEST

START_TEST(a_key_is_entered_with_patterns_or_without)
{
    struct index_query query = parse("label:a:matches=x*&label:a:matches=");
    ck_assert_int_eq(query.statement, MS_READ_INDEX_LABEL_KEY);
    expect_param(&query, 10, "a");
    expect_param(&query, 11, "{\"\",\"x%\"}");
    query = parse("label:a:exists=1");
    expect_param(&query, 10, "a");
    expect_param(&query, 11, NULL);
}
END_TEST

START_TEST(an_answer_depends_on_the_only_repository_it_can_have)
{
    ck_assert(ms_str_equal(parse("repository=a&label:x=1").repository, MS_STR("a")));
    ck_assert(ms_str_equal(parse("repository=a&repository=a").repository, MS_STR("a")));
    ck_assert(ms_str_is_absent(parse("repository=a&repository=b").repository));
    ck_assert(ms_str_is_absent(parse("repository:matches=a").repository));
    ck_assert(ms_str_is_absent(parse("label:x=1").repository));
}
END_TEST

START_TEST(equal_questions_share_a_key)
{
    struct index_query a = parse("tag=b&label%3Ax%3Aexists=1&tag=a&tag=a");
    struct index_query b = parse("label:x:exists=1&tag=a&tag=b");
    ck_assert(ms_str_equal(a.key, b.key));
    ck_assert(ms_str_equal(a.key, MS_STR("/index?label:x:exists=1&tag=a&tag=b")));
    ck_assert(!ms_str_equal(a.key, parse("label:x:exists=1&tag:matches=a&tag=b").key));
}
END_TEST

START_TEST(typing_errors_never_return_everything)
{
    static const char *const CASES[] = {
        "labels:x=1", "os:matches=l*", "label=1", "arch=amd64",
        "n=1",        "cursor",        "tags=1",  "label:x:exists=2"};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct index_query query;
        struct query_fault fault;
        ck_assert_int_eq(index_query_parse(&query, ms_str(CASES[i]), arena, &fault), MS_INVALID);
        ck_assert(fault.parameter.len > 0 && fault.detail.len > 0);
    }
}
END_TEST

START_TEST(a_small_arena_fails_as_too_large)
{
    struct ms_arena *small = ms_arena_new(64);
    struct index_query query = {.n_params = 77};
    struct query_fault fault;
    ck_assert_int_eq(index_query_parse(&query, MS_STR("tag=a&tag=b&tag=c"), small, &fault),
                     MS_TOO_LARGE);
    ck_assert_uint_eq(query.n_params, 77);
    ck_assert(fault.detail.len > 0);
    ms_arena_free(small);
}
END_TEST

START_TEST(below_a_prefix_is_a_question_of_its_own)
{
    struct index_query below;
    struct query_fault fault;
    ck_assert_int_eq(index_query_parse_below(&below, MS_STR("a/b"), MS_STR("tag=x"), arena, &fault),
                     MS_OK);
    expect_param(&below, 9, "a/b/");
    struct index_query whole = parse("tag=x");
    expect_param(&whole, 9, NULL);
    ck_assert(!ms_str_equal(below.key, whole.key));
    ck_assert_int_eq(below.statement, whole.statement);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("index_query");
    TCase *test = tcase_create("index_query");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, the_most_telling_filter_is_the_way_in);
    tcase_add_test(test, no_filter_is_an_absent_parameter);
    tcase_add_test(test, every_filter_has_its_place);
    tcase_add_test(test, a_map_is_entered_by_its_most_telling_value);
    tcase_add_test(test, a_key_is_entered_with_patterns_or_without);
    tcase_add_test(test, an_answer_depends_on_the_only_repository_it_can_have);
    tcase_add_test(test, equal_questions_share_a_key);
    tcase_add_test(test, typing_errors_never_return_everything);
    tcase_add_test(test, below_a_prefix_is_a_question_of_its_own);
    tcase_add_test(test, a_small_arena_fails_as_too_large);
    suite_add_tcase(suite, test);
    return suite;
}
