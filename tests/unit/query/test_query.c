/* SPDX-License-Identifier: Apache-2.0 */
/* Query parameters: canonical order, operators, faults with suggestions, patterns for LIKE. */
#include "reader/query/query.h"
#include "tests/support/check_main.h"

#include <string.h>

static const struct query_param TABLE[] = {
    {"label", QUERY_MAP},
    {"limit", QUERY_PLAIN},
    {"repository", QUERY_GLOB},
};
enum { TABLE_SIZE = sizeof(TABLE) / sizeof(TABLE[0]) };

static struct ms_arena *arena;
static struct ms_buf text;

static void begin(void)
{
    arena = ms_arena_new(1024 * 1024);
    ms_buf_init(&text, 64 * 1024);
}

static void end(void)
{
    ms_buf_free(&text);
    ms_arena_free(arena);
}

static struct query parse(const char *raw)
{
    struct query query;
    struct query_fault fault = {MS_STR(""), MS_STR("")};
    enum ms_status status = query_parse(&query, ms_str(raw), TABLE, TABLE_SIZE, arena, &fault);
    ck_assert_msg(status == MS_OK, "%s: %.*s", raw, MS_STR_ARG(fault.detail));
    return query;
}

static const char *key_of(const char *raw)
{
    struct query query = parse(raw);
    ms_buf_clear(&text);
    ms_buf_append_char(&text, '.');
    query_append_key(&text, &query, TABLE);
    return text.data + 1;
}

static void expect_fault(const char *raw, const char *detail, const char *parameter)
{
    struct query query = {NULL, 12345};
    struct query_fault fault;
    enum ms_status status = query_parse(&query, ms_str(raw), TABLE, TABLE_SIZE, arena, &fault);
    ck_assert_int_eq(status, MS_INVALID);
    ck_assert_uint_eq(query.n_terms, 12345);
    ck_assert_msg(ms_str_equal(fault.detail, ms_str(detail)), "%s: %.*s", raw,
                  MS_STR_ARG(fault.detail));
    ck_assert_msg(ms_str_equal(fault.parameter, ms_str(parameter)), "%s: %.*s", raw,
                  MS_STR_ARG(fault.parameter));
}

START_TEST(equal_questions_have_equal_keys)
{
    static const struct {
        const char *raw;
        const char *key;
    } CASES[] = {
        {"", ""},
        {"&&", ""},
        {"repository=b&repository=a", "?repository=a&repository=b"},
        {"repository=a&repository=a", "?repository=a"},
        {"repository=a%2Fb", "?repository=a/b"},
        {"label%3Ax%3Aexists=1", "?label:x:exists=1"},
        {"label:x:exists=1&label:x=2", "?label:x=2&label:x:exists=1"},
        {"repository:matches=t*&limit=3", "?limit=3&repository:matches=t%2A"},
        {"label:b=1&label:a=2", "?label:a=2&label:b=1"},
        {"label:a=%C3%A4+%26", "?label:a=%C3%A4%20%26"},
        {"repository", "?repository="},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        ck_assert_str_eq(key_of(CASES[i].raw), CASES[i].key);
}
END_TEST

START_TEST(different_questions_have_different_keys)
{
    static const char *const CASES[] = {
        "label:a=b",        "label:a:matches=b",    "label:a:matches:matches=b", "label:a%3D=b",
        "label:a:exists=1", "label:a=b%26limit=1",  "label:a=b&limit=1",         "label:a:b=b",
        "repository=b",     "repository:matches=b",
    };
    enum { N = sizeof(CASES) / sizeof(CASES[0]) };
    char *keys[N];
    for (size_t i = 0; i < N; i++) {
        keys[i] = strdup(key_of(CASES[i]));
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(keys[i], keys[j]);
    }
    for (size_t i = 0; i < N; i++)
        free(keys[i]);
}
END_TEST

START_TEST(a_key_parses_to_itself)
{
    char *key = strdup(key_of("label:a%3D:b=%25&label:x:matches:matches=%3F&repository=%2B%20"));
    ck_assert_str_eq(key_of(key + 1), key);
    free(key);
}
END_TEST

static void expect_term(const char *raw, const char *key, enum query_operator op, const char *value)
{
    struct query query = parse(raw);
    ck_assert_uint_eq(query.n_terms, 1);
    ck_assert_msg(ms_str_equal(query.terms[0].key, ms_str(key)), "%s: %.*s", raw,
                  MS_STR_ARG(query.terms[0].key));
    ck_assert_int_eq(query.terms[0].op, op);
    ck_assert(ms_str_equal(query.terms[0].value, ms_str(value)));
}

START_TEST(the_last_operator_counts)
{
    expect_term("label:org.x=1", "org.x", QUERY_EQUAL, "1");
    expect_term("label:org.x:matches=*1", "org.x", QUERY_MATCHES, "*1");
    expect_term("label:org.x:exists=1", "org.x", QUERY_EXISTS, "1");
    expect_term("label:a:b:c=1", "a:b:c", QUERY_EQUAL, "1");
    expect_term("label:a:matches:matches=1", "a:matches", QUERY_MATCHES, "1");
    expect_term("label:a:matches:exists=1", "a:matches", QUERY_EXISTS, "1");
    expect_term("label:a:exists:matches=1", "a:exists", QUERY_MATCHES, "1");
    expect_term("label:a:=1", "a:", QUERY_EQUAL, "1");
    expect_term("label:a", "a", QUERY_EQUAL, "");
    expect_term("repository:matches=", "", QUERY_MATCHES, "");
}
END_TEST

START_TEST(unknown_parameters_are_named_with_what_was_meant)
{
    expect_fault("labels:x=1", "unknown parameter \"labels:x\"; did you mean \"label:x\"?",
                 "labels:x");
    expect_fault("lable:x:exists=1",
                 "unknown parameter \"lable:x:exists\"; did you mean \"label:x:exists\"?",
                 "lable:x:exists");
    expect_fault("label=x", "unknown parameter \"label\"; did you mean \"label:<name>\"?", "label");
    expect_fault("repo=x", "unknown parameter \"repo\"; did you mean \"repository\"?", "repo");
    expect_fault("repositry:matches=x",
                 "unknown parameter \"repositry:matches\"; did you mean \"repository:matches\"?",
                 "repositry:matches");
    expect_fault("repository:match=x",
                 "unknown parameter \"repository:match\"; did you mean \"repository:matches\"?",
                 "repository:match");
    expect_fault("repository:exists=1",
                 "unknown parameter \"repository:exists\"; did you mean \"repository\"?",
                 "repository:exists");
    expect_fault("limit:matches=1", "unknown parameter \"limit:matches\"; did you mean \"limit\"?",
                 "limit:matches");
    expect_fault("Limit=1", "unknown parameter \"Limit\"; did you mean \"limit\"?", "Limit");
    expect_fault("page=1", "unknown parameter \"page\"", "page");
    expect_fault("=1", "unknown parameter \"\"", "");
    expect_fault("repository=a&%66oo=1", "unknown parameter \"foo\"", "foo");
}
END_TEST

START_TEST(a_map_needs_a_name_and_exists_needs_1)
{
    expect_fault("label:=x", "nothing is named by \"label:\"", "label:");
    expect_fault("label::matches=x", "nothing is named by \"label::matches\"", "label::matches");
    expect_fault("label:exists=1", "nothing is named by \"label:exists\"", "label:exists");
    expect_fault("label:x:exists=0", "the only value of \"label:x:exists\" is 1", "label:x:exists");
    expect_fault("label:x:exists", "the only value of \"label:x:exists\" is 1", "label:x:exists");
    expect_fault("label:x:exists=1&label:x:exists=", "the only value of \"label:x:exists\" is 1",
                 "label:x:exists");
}
END_TEST

START_TEST(bad_encodings_are_faults)
{
    expect_fault("repository=%zz", "bad escape or not UTF-8 in parameter \"repository\"",
                 "repository");
    expect_fault("repository=%00", "bad escape or not UTF-8 in parameter \"repository\"",
                 "repository");
    expect_fault("repository=%ff", "bad escape or not UTF-8 in parameter \"repository\"",
                 "repository");
}
END_TEST

START_TEST(parameters_are_limited)
{
    for (int i = 0; i < QUERY_TERMS_MAX; i++)
        ms_buf_printf(&text, "repository=%d&", i);
    struct query query;
    struct query_fault fault;
    ck_assert_int_eq(query_parse(&query, ms_buf_view(&text), TABLE, TABLE_SIZE, arena, &fault),
                     MS_OK);
    ck_assert_uint_eq(query.n_terms, QUERY_TERMS_MAX);
    ms_buf_append_c(&text, "limit=1");
    ck_assert_int_eq(query_parse(&query, ms_buf_view(&text), TABLE, TABLE_SIZE, arena, &fault),
                     MS_TOO_LARGE);
    ck_assert(ms_str_equal(fault.parameter, MS_STR("limit")));
}
END_TEST

START_TEST(globs_are_limited)
{
    struct query query;
    struct query_fault fault;
    ms_buf_append_c(&text, "label:a:matches=");
    for (int i = 0; i < QUERY_GLOB_MAX; i++)
        ms_buf_append_char(&text, '*');
    ck_assert_int_eq(query_parse(&query, ms_buf_view(&text), TABLE, TABLE_SIZE, arena, &fault),
                     MS_OK);
    ms_buf_append_char(&text, '*');
    ck_assert_int_eq(query_parse(&query, ms_buf_view(&text), TABLE, TABLE_SIZE, arena, &fault),
                     MS_TOO_LARGE);
    ck_assert(ms_str_equal(fault.parameter, MS_STR("label:a:matches")));
    ms_buf_clear(&text);
    ms_buf_append_c(&text, "label:a=");
    for (int i = 0; i < 2 * QUERY_GLOB_MAX; i++)
        ms_buf_append_char(&text, '*'); /* a value is no glob */
    for (int i = 0; i < QUERY_GLOBS_MAX; i++)
        ms_buf_printf(&text, "&label:a:matches=%d*", i);
    ck_assert_int_eq(query_parse(&query, ms_buf_view(&text), TABLE, TABLE_SIZE, arena, &fault),
                     MS_OK);
    ms_buf_append_c(&text, "&repository:matches=*");
    ck_assert_int_eq(query_parse(&query, ms_buf_view(&text), TABLE, TABLE_SIZE, arena, &fault),
                     MS_TOO_LARGE);
    ck_assert(ms_str_equal(fault.parameter, MS_STR("repository:matches")));
}
END_TEST

START_TEST(long_names_are_cut_in_messages_only)
{
    for (int i = 0; i < 1000; i++)
        ms_buf_append_char(&text, 'x');
    struct query query;
    struct query_fault fault;
    ck_assert_int_eq(query_parse(&query, ms_buf_view(&text), TABLE, TABLE_SIZE, arena, &fault),
                     MS_INVALID);
    ck_assert_uint_lt(fault.detail.len, 300);
    ck_assert_uint_eq(fault.parameter.len, 1000);
}
END_TEST

START_TEST(groups_are_alternatives)
{
    struct query query = parse("label:a=1&label:a=2&label:a:matches=3&label:b=4");
    ck_assert_uint_eq(query_group_end(&query, 0), 2);
    ck_assert_uint_eq(query_group_end(&query, 2), 3);
    ck_assert_uint_eq(query_group_end(&query, 3), 4);
}
END_TEST

START_TEST(lenient_values_are_always_fit_for_the_database)
{
    static const struct {
        const char *raw;
        const char *value; /* NULL: absent */
    } CASES[] = {
        {"", NULL},         {"n=1", NULL},        {"q", ""},
        {"q=", ""},         {"x=1&q=a&q=b", "a"}, {"q=a+b", "a b"},
        {"q=100%", "100%"}, {"q=%00", "%00"},     {"q=\xff", "?"},
        {"q=%ff", "%ff"},   {"%&q=1", "1"},       {"q=\xc3\xa4\xc3%", "\xc3\xa4?%"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct ms_str value = query_first_value(ms_str(CASES[i].raw), "q", arena);
        ck_assert_int_eq(ms_str_is_absent(value), CASES[i].value == NULL);
        ck_assert_msg(ms_str_equal(value, ms_str(CASES[i].value)), "%s: %.*s", CASES[i].raw,
                      MS_STR_ARG(value));
    }
}
END_TEST

START_TEST(a_plus_in_a_media_type_is_a_plus)
{
    static const struct {
        const char *raw, *value;
    } CASES[] = {
        {"x=1+2&artifactType=application/spdx+json", "application/spdx+json"},
        {"artifactType=application/spdx%2Bjson", "application/spdx+json"},
        {"artifact%54ype=a%20b+c", "a b+c"},
        {"artifactType=+", "+"},
        {"x=+", ""},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct ms_str value = query_first_media_type(ms_str(CASES[i].raw), "artifactType", arena);
        ck_assert_msg(ms_str_equal(value, ms_str(CASES[i].value)), "%s: %.*s", CASES[i].raw,
                      MS_STR_ARG(value));
    }
}
END_TEST

START_TEST(globs_become_like_patterns)
{
    query_append_like(&text, MS_STR("a*b?c%d_e\\f[g]"));
    ck_assert_str_eq(text.data, "a%b_c\\%d\\_e\\\\f[g]");
    ms_buf_clear(&text);
    query_append_like_literal(&text, MS_STR("*?%_\\"));
    ck_assert_str_eq(text.data, "*?\\%\\_\\\\");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("query");
    TCase *test = tcase_create("query");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, equal_questions_have_equal_keys);
    tcase_add_test(test, different_questions_have_different_keys);
    tcase_add_test(test, a_key_parses_to_itself);
    tcase_add_test(test, the_last_operator_counts);
    tcase_add_test(test, unknown_parameters_are_named_with_what_was_meant);
    tcase_add_test(test, a_map_needs_a_name_and_exists_needs_1);
    tcase_add_test(test, bad_encodings_are_faults);
    tcase_add_test(test, parameters_are_limited);
    tcase_add_test(test, globs_are_limited);
    tcase_add_test(test, long_names_are_cut_in_messages_only);
    tcase_add_test(test, groups_are_alternatives);
    tcase_add_test(test, lenient_values_are_always_fit_for_the_database);
    tcase_add_test(test, a_plus_in_a_media_type_is_a_plus);
    tcase_add_test(test, globs_become_like_patterns);
    suite_add_tcase(suite, test);
    return suite;
}
