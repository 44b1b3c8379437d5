/* SPDX-License-Identifier: Apache-2.0 */
/* The search language: what each term says, where a fault is, and which way in is chosen. */
#include "reader/query/search_plan.h"
#include "tests/support/check_main.h"

#include <string.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };
static const int64_t NEW_YEAR_2026_MS = 1767225600000;

static struct search_query query;
static struct search_fault fault;

static void parse(const char *text)
{
    enum ms_status status = search_query_parse(&query, ms_str(text), &fault);
    ck_assert_msg(status == MS_OK, "%s: character %zu: %s", text, fault.character, fault.what);
}

/* The n-th term; "-" stands for what is absent. */
static void expect_term(size_t n, enum search_kind kind, bool is_not, const char *key,
                        const char *value)
{
    ck_assert_uint_lt(n, query.n_terms);
    const struct search_term *term = &query.terms[n];
    ck_assert_int_eq(term->kind, kind);
    ck_assert_int_eq(term->is_not, is_not);
    ck_assert_int_eq(ms_str_is_absent(term->key), strcmp(key, "-") == 0);
    ck_assert_int_eq(ms_str_is_absent(term->value), strcmp(value, "-") == 0);
    if (strcmp(key, "-") != 0)
        ck_assert_msg(ms_str_equal(term->key, ms_str(key)), "%.*s", MS_STR_ARG(term->key));
    if (strcmp(value, "-") != 0)
        ck_assert_msg(ms_str_equal(term->value, ms_str(value)), "%.*s", MS_STR_ARG(term->value));
}

static void expect_one(const char *text, enum search_kind kind, const char *key, const char *value)
{
    parse(text);
    ck_assert_uint_eq(query.n_terms, 1);
    expect_term(0, kind, false, key, value);
}

START_TEST(every_field_is_read)
{
    expect_one("postgres", SEARCH_WORD, "-", "postgres");
    expect_one("  postgres\t", SEARCH_WORD, "-", "postgres");
    expect_one("k=v", SEARCH_WORD, "-", "k=v");
    expect_one("käse", SEARCH_WORD, "-", "käse");
    expect_one("\"two words\"", SEARCH_WORD, "-", "two words");
    expect_one("\"label:x -y\"", SEARCH_WORD, "-", "label:x -y");
    expect_one("library/postgres:18.6", SEARCH_TAG, "library/postgres", "18.6");
    expect_one(":latest", SEARCH_TAG, "-", "latest");
    expect_one("sha256:0af9", SEARCH_DIGEST, "-", "0af9");
    expect_one("label:a.b", SEARCH_LABEL, "a.b", "-");
    expect_one("label:a.b=", SEARCH_LABEL, "a.b", "");
    expect_one("label:a:b=c=d", SEARCH_LABEL, "a:b", "c=d");
    expect_one("label:a=\"c d\"", SEARCH_LABEL, "a", "c d");
    expect_one("annotation:a=b", SEARCH_ANNOTATION, "a", "b");
    expect_one("os:linux", SEARCH_OS, "-", "linux");
    expect_one("arch:arm64", SEARCH_ARCH, "-", "arm64");
    expect_one("is:index", SEARCH_IS, "-", "index");
    expect_one("is:artifact", SEARCH_IS, "-", "artifact");
    expect_one("is:outdated", SEARCH_IS, "-", "outdated");
    expect_one("is:signed", SEARCH_HAS, "-", "signed");
    expect_one("has:sbom", SEARCH_HAS, "-", "sbom");
    expect_one("base:library/debian", SEARCH_BASE, "library/debian", "-");
    expect_one("base:debian:12-slim", SEARCH_BASE, "debian", "12-slim");
    expect_one("base:sha256:0af", SEARCH_BASE_DIGEST, "-", "0af");
    expect_one("is:image", SEARCH_IS, "-", "image");
    expect_one("package:zlib", SEARCH_PACKAGE, "zlib", "-");
    expect_one("package:zlib@1.2", SEARCH_PACKAGE, "zlib", "1.2");
    ck_assert(ms_str_equal(query.terms[0].comparison, MS_STR("=")));
    expect_one("package:@babel/core@>=7.1", SEARCH_PACKAGE, "@babel/core", "7.1");
    ck_assert(ms_str_equal(query.terms[0].comparison, MS_STR(">=")));
    expect_one("package:@babel/core", SEARCH_PACKAGE, "@babel/core", "-");
    expect_one("package:\"a b@< 1 2\"", SEARCH_PACKAGE, "a b", "1 2");
    expect_one("labels", SEARCH_WORD, "-", "labels");
}
END_TEST

START_TEST(terms_are_cut_at_blanks_and_may_be_negated)
{
    parse("redis -\"old cache\" -label:eol=1 -is:index a-b");
    ck_assert_uint_eq(query.n_terms, 5);
    expect_term(0, SEARCH_WORD, false, "-", "redis");
    expect_term(1, SEARCH_WORD, true, "-", "old cache");
    expect_term(2, SEARCH_LABEL, true, "eol", "1");
    expect_term(3, SEARCH_IS, true, "-", "index");
    expect_term(4, SEARCH_WORD, false, "-", "a-b");
    parse("");
    ck_assert_uint_eq(query.n_terms, 0);
    parse(" \t ");
    ck_assert_uint_eq(query.n_terms, 0);
}
END_TEST

static void expect_times(const char *text, int64_t not_before_ms, int64_t before_ms)
{
    parse(text);
    ck_assert_int_eq(query.terms[0].kind, SEARCH_UPDATED);
    ck_assert_int_eq(query.terms[0].not_before_ms, not_before_ms);
    ck_assert_int_eq(query.terms[0].before_ms, before_ms);
}

START_TEST(a_date_is_a_whole_day)
{
    const int64_t day = NEW_YEAR_2026_MS;
    expect_times("updated:>2026-01-01", day + DAY_MS, INT64_MAX);
    expect_times("updated:>=2026-01-01", day, INT64_MAX);
    expect_times("updated:<2026-01-01", INT64_MIN, day);
    expect_times("updated:<=2026-01-01", INT64_MIN, day + DAY_MS);
    expect_times("updated:2026-01-01", day, day + DAY_MS);
    expect_times("updated:>2026-01-01T00:00:00Z", day + 1, INT64_MAX);
    expect_times("updated:<=2026-01-01T01:00:00+01:00", INT64_MIN, day + 1);
}
END_TEST

static void expect_fault(const char *text, size_t character)
{
    enum ms_status status = search_query_parse(&query, ms_str(text), &fault);
    ck_assert_msg(status == MS_INVALID, "%s", text);
    ck_assert_msg(fault.character == character, "%s: character %zu: %s", text, fault.character,
                  fault.what);
    ck_assert_uint_gt(strlen(fault.what), 0);
}

START_TEST(a_fault_points_at_its_character)
{
    expect_fault("a \"b c", 3);
    expect_fault("\"\"", 1);
    expect_fault("\" \"", 1);
    expect_fault("\"a\"b", 4);
    expect_fault("a\"b", 2);
    expect_fault("-", 2);
    expect_fault("a - b", 4);
    expect_fault("label:", 7);
    expect_fault("label:=x", 7);
    expect_fault("label:a=\"x", 9);
    expect_fault("sha256:", 8);
    expect_fault("sha256:12g", 10);
    expect_fault("sha256:12A", 10);
    expect_fault("sha256:00000000000000000000000000000000000000000000000000000000000000000", 72);
    expect_fault("os:", 4);
    expect_fault("arch: x", 6);
    expect_fault("is:", 4);
    expect_fault("is:good", 4);
    expect_fault("updated:", 9);
    expect_fault("updated:>yesterday", 10);
    expect_fault("updated:>=2026-02-30", 11);
    expect_fault("updated:=2026-01-01", 9);
    expect_fault("redis:", 7);
    expect_fault("redis:a:b", 7);
    expect_fault(":", 2);
    expect_fault(":.x", 2);
    expect_fault("Redis:latest", 1);
    expect_fault("käse käse:1", 6); /* characters, not bytes */
}
END_TEST

START_TEST(terms_are_limited)
{
    char text[2 * SEARCH_TERMS_MAX + 3];
    for (size_t i = 0; i < SEARCH_TERMS_MAX + 1; i++)
        memcpy(text + 2 * i, "a ", 3);
    text[2 * SEARCH_TERMS_MAX] = '\0';
    parse(text);
    ck_assert_uint_eq(query.n_terms, SEARCH_TERMS_MAX);
    text[2 * SEARCH_TERMS_MAX] = 'a';
    expect_fault(text, 2 * SEARCH_TERMS_MAX + 1);
}
END_TEST

START_TEST(words_are_limited)
{
    char text[SEARCH_WORD_BYTES_MAX + 6];
    memset(text, 'x', sizeof(text));
    memcpy(text, "a b ", 4);
    text[SEARCH_WORD_BYTES_MAX + 4] = '\0';
    parse(text);
    ck_assert_uint_eq(query.terms[2].value.len, SEARCH_WORD_BYTES_MAX);
    text[SEARCH_WORD_BYTES_MAX + 4] = 'x';
    text[SEARCH_WORD_BYTES_MAX + 5] = '\0';
    expect_fault(text, 5);
}
END_TEST

/* --- plans --- */

static void expect_plan(const char *text, const char *way, const char *key, const char *value)
{
    struct search_plan plan;
    struct ms_arena *arena = ms_arena_new(1024 * 1024);
    const char *expected[] = {way, key, value};
    parse(text);
    ck_assert_int_eq(search_plan_make(&plan, &query, arena), MS_OK);
    for (size_t i = 0; i < 3; i++) {
        struct ms_str found = plan.params[i + 1];
        bool is_same = expected[i] == NULL ? ms_str_is_absent(found)
                                           : ms_str_equal(found, ms_str(expected[i]));
        ck_assert_msg(is_same, "%s: %.*s", text, MS_STR_ARG(found));
    }
    ms_arena_free(arena);
}

START_TEST(the_most_telling_term_leads)
{
    expect_plan("", "all", NULL, NULL);
    expect_plan("os:linux -redis is:index updated:>2026-01-01", "all", NULL, NULL);
    expect_plan("os:linux has:provenance", "has", NULL, "provenance");
    expect_plan("os:linux -is:signed", "all", NULL, NULL);
    expect_plan("os:linux is:outdated", "outdated", NULL, "outdated");
    expect_plan("redis is:outdated base:debian:12", "base", "debian", "12");
    expect_plan("base:debian", "base", "debian", NULL);
    expect_plan("a redis os:linux", "word", NULL, "redis");
    expect_plan("100%_\\", "word", NULL, "100\\%\\_\\\\");
    expect_plan("a re -redis d-b 1.2", "all", NULL, NULL); /* no index has them */
    expect_plan("redis label:a", "word", NULL, "redis");
    expect_plan("label:a os:linux", "label_key", "a", NULL);
    expect_plan("annotation:a", "annotation_key", "a", NULL);
    expect_plan("redis :latest label:a=b label:c=longer", "label", "c", "longer");
    expect_plan("redis x:latest", "repository_tag", "x", "latest");
    expect_plan("redis :latest", "word", NULL, "redis");
    expect_plan(":latest re label:a", "tag", NULL, "latest");
    expect_plan("annotation:a=b :latest", "annotation", "a", "b");
    expect_plan("label:a=b sha256:ab", "digest", NULL, "ab");
    expect_plan("-label:a=b redis", "word", NULL, "redis");
}
END_TEST

START_TEST(terms_become_json)
{
    struct search_plan plan;
    struct ms_arena *arena = ms_arena_new(1024 * 1024);
    parse("-\"a\\\" x:1 label:k=v updated:2026-01-01");
    ck_assert_int_eq(search_plan_make(&plan, &query, arena), MS_OK);
    static const char JSON[] =
        "[{\"kind\":\"word\",\"is_not\":true,\"plain\":\"a\\\\\",\"like\":\"a\\\\\\\\\",\"whole\":";
    ck_assert(ms_str_starts_with(plan.params[0], ms_str(JSON)));
    ck_assert(ms_str_contains(
        plan.params[0],
        ms_str("{\"kind\":\"tag\",\"is_not\":false,\"key\":\"x\",\"value\":\"1\"},"
               "{\"kind\":\"label\",\"is_not\":false,\"key\":\"k\",\"value\":\"v\"},"
               "{\"kind\":\"updated\",\"is_not\":false,\"from_ms\":1767225600000,"
               "\"before_ms\":1767312000000}]")));
    ms_arena_free(arena);
}
END_TEST

START_TEST(a_full_arena_is_said)
{
    struct search_plan plan;
    struct ms_arena *arena = ms_arena_new(16);
    parse("redis");
    ck_assert_int_eq(search_plan_make(&plan, &query, arena), MS_TOO_LARGE);
    ms_arena_free(arena);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("search_query");
    TCase *test = tcase_create("search_query");
    tcase_add_test(test, every_field_is_read);
    tcase_add_test(test, terms_are_cut_at_blanks_and_may_be_negated);
    tcase_add_test(test, a_date_is_a_whole_day);
    tcase_add_test(test, a_fault_points_at_its_character);
    tcase_add_test(test, terms_are_limited);
    tcase_add_test(test, words_are_limited);
    tcase_add_test(test, the_most_telling_term_leads);
    tcase_add_test(test, terms_become_json);
    tcase_add_test(test, a_full_arena_is_said);
    suite_add_tcase(suite, test);
    return suite;
}
