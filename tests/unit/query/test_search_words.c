/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a plain search and their patterns; the regular expressions are tried with POSIX's
 * own matcher, which reads what we write as PostgreSQL does. */
#include "reader/query/search_words.h"
#include "tests/support/check_main.h"

#include <regex.h>
#include <stdio.h>

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

static bool matches(const char *pattern, const char *subject)
{
    regex_t regex;
    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool matched = regexec(&regex, subject, 0, NULL, 0) == 0;
    regfree(&regex);
    return matched;
}

#define LONG                                                                                       \
    "abcdefghijklmnopqrstuvwxyzabcdefabcdefghijklmnopqrstuvwxyzabcdef" /* SEARCH_NEAR_MAX */

static bool is_near(const char *word, const char *subject)
{
    ms_buf_clear(&text);
    return search_words_append_near(&text, ms_str(word)) && matches(text.data, subject);
}

START_TEST(one_edit_is_near)
{
    static const char *const NEAR[] = {
        "redis", "edis",  "rdis",  "redi",  "xredis", "rexdis",     "redisx",      "xedis",
        "rexis", "redix", "erdis", "rdeis", "redsi",  "lib/rediss", "redi-server",
    };
    static const char *const FAR[] = {"dis", "rxxis", "sider", "predict", "rediscover", "red-hat"};
    for (size_t i = 0; i < sizeof(NEAR) / sizeof(NEAR[0]); i++)
        ck_assert_msg(is_near("redis", NEAR[i]), "%s", NEAR[i]);
    for (size_t i = 0; i < sizeof(FAR) / sizeof(FAR[0]); i++)
        ck_assert_msg(!is_near("redis", FAR[i]), "%s", FAR[i]);
}
END_TEST

static bool is_near_last(const char *word, const char *subject)
{
    ms_buf_clear(&text);
    return search_words_append_near_last(&text, ms_str(word)) && matches(text.data, subject);
}

START_TEST(a_name_is_near_as_a_whole_or_by_its_last_component)
{
    ck_assert(is_near_last("redsi", "redis"));
    ck_assert(is_near_last("redis", "library/rediss"));
    ck_assert(is_near_last("libary/redis", "library/redis"));
    ck_assert(!is_near_last("redsi", "library/redis-server"));
    ck_assert(!is_near_last("redsi", "redis/server"));
}
END_TEST

START_TEST(one_edit_of_a_long_word_is_near_wherever_it_is)
{
    static const char WORD[] = "abcdefghijklmnopqrstuvwxyz/01234";
    static const size_t LENGTH = sizeof(WORD) - 1;
    char edited[128];
    for (size_t i = 0; i < LENGTH; i++) {
        snprintf(edited, sizeof(edited), "%.*s%s", (int)i, WORD, WORD + i + 1);
        ck_assert_msg(is_near(WORD, edited), "%s", edited);
        snprintf(edited, sizeof(edited), "%.*s#%s", (int)i, WORD, WORD + i + 1);
        ck_assert_msg(is_near(WORD, edited), "%s", edited);
        snprintf(edited, sizeof(edited), "%.*s#%s", (int)i, WORD, WORD + i);
        ck_assert_msg(is_near(WORD, edited), "%s", edited);
        snprintf(edited, sizeof(edited), "%s", WORD);
        edited[i] = WORD[(i + 1) % LENGTH];
        edited[(i + 1) % LENGTH] = WORD[i];
        ck_assert_msg(is_near(WORD, edited) == (i + 1 < LENGTH), "%s", edited);
        snprintf(edited, sizeof(edited), "#%.*s#%s", (int)i, WORD, WORD + i + 1);
        ck_assert_msg(is_near(WORD, edited), "%s", edited); /* it begins behind what is no letter */
        edited[0] = 'x';
        ck_assert_msg(!is_near(WORD, edited) || i == 0, "%s", edited);
    }
    ck_assert_uint_lt(text.len, 1024);
}
END_TEST

START_TEST(short_words_and_numbers_have_no_misspellings)
{
    ck_assert(!search_words_append_near(&text, MS_STR("")));
    ck_assert(!search_words_append_near(&text, MS_STR("curl")));
    ck_assert(!search_words_append_near(&text, MS_STR("a.b.c")));
    ck_assert(!search_words_append_near(&text, MS_STR("10.14.21")));
    ck_assert(!search_words_append_near(&text, MS_STR(LONG "x")));
    ck_assert_uint_eq(text.len, 0);
    ck_assert(search_words_append_near(&text, MS_STR(LONG)));
    ck_assert(search_words_append_near(&text, MS_STR("log4j")));
    ck_assert(search_words_append_near(&text, MS_STR("gr\xc3\xbc\xc3\x9f"
                                                     "e")));
}
END_TEST

START_TEST(special_characters_are_literal)
{
    search_words_append_whole(&text, MS_STR("a.*b"));
    ck_assert(matches(text.data, "x/a.*b"));
    ck_assert(!matches(text.data, "x/aXXb"));
    ck_assert(!matches(text.data, "xa.*b"));
    ck_assert(!is_near("c++(])[x", "cccc"));
    ck_assert(is_near("c++stdx(", "c++sdtx("));
}
END_TEST

START_TEST(words_are_cut_at_spaces)
{
    struct search_words words;
    ck_assert_int_eq(search_words_read(&words,
                                       MS_STR(" a\t50%_\n\x7f"
                                              "bb "),
                                       arena),
                     MS_OK);
    ck_assert_uint_eq(words.n_words, 4);
    ck_assert(ms_str_contains(words.json, MS_STR("\"like\":\"50\"")));
    ck_assert(!ms_str_contains(words.json, MS_STR("near")));
    ck_assert_msg(
        ms_str_equal(words.json,
                     MS_STR("[{\"plain\":\"a\",\"like\":\"a\",\"whole\":\"(^|[^a-z0-9])a([^a-z0-9]|"
                            "$)\",\"is_indexed\":false},"
                            "{\"plain\":\"50\",\"like\":\"50\",\"whole\":\"(^|[^a-z0-9])50([^a-z0-"
                            "9]|$)\",\"is_indexed\":false},"
                            "{\"plain\":\"_\",\"like\":\"\\\\_\","
                            "\"whole\":\"(^|[^a-z0-9])\\\\_([^a-z0-9]|$)\",\"is_indexed\":false},"
                            "{\"plain\":\"bb\",\"like\":\"bb\","
                            "\"whole\":\"(^|[^a-z0-9])bb([^a-z0-9]|$)\",\"is_indexed\":false}]")),
        "%.*s", MS_STR_ARG(words.json));
    ck_assert_int_eq(search_words_read(&words, MS_STR(" \t"), arena), MS_OK);
    ck_assert_uint_eq(words.n_words, 0);
    ck_assert_int_eq(search_words_read(&words, MS_STR_ABSENT, arena), MS_OK);
    ck_assert_uint_eq(words.n_words, 0);
}
END_TEST

static void expect_words(const char *typed, size_t n_words, const char *part)
{
    struct search_words words;
    ck_assert_int_eq(search_words_read(&words, ms_str(typed), arena), MS_OK);
    ck_assert_msg(words.n_words == n_words && ms_str_contains(words.json, ms_str(part)), "%s: %.*s",
                  typed, MS_STR_ARG(words.json));
}

START_TEST(a_word_may_be_a_reference)
{
    expect_words("foo*", 1, "{\"plain\":\"foo\",\"like\":\"foo\"");
    expect_words("*foo?bar*", 2, "{\"plain\":\"foo\",\"like\"");
    expect_words("gr\xc3\xbc\xc3\x9f"
                 "e!",
                 1,
                 "{\"plain\":\"gr\xc3\xbc\xc3\x9f"
                 "e\",");
    expect_words("Repo:Tag", 1, "{\"plain\":\"Repo\",\"tag\":\"Tag\",\"like\"");
    expect_words("docker.io/a/b", 1, "{\"plain\":\"a/b\",\"typed\":\"docker.io/a/b\",\"like\"");
    expect_words("h:1/a:t", 1, "{\"plain\":\"a\",\"typed\":\"h:1/a\",\"tag\":\"t\",\"like\"");
    expect_words("localhost/a", 1, "{\"plain\":\"a\",\"typed\":\"localhost/a\",\"like\"");
    expect_words("library/a.b", 1, "{\"plain\":\"library/a.b\",\"like\"");
    expect_words("a:b:c", 1, "{\"plain\":\"a\",\"tag\":\"b:c\",\"like\"");
    expect_words("docker.io/ : * \xc2\xa0", 1, "{\"plain\":\"\xc2\xa0\"");
    expect_words("docker.io/ : *", 0, "[]");
}
END_TEST

START_TEST(three_letters_in_a_row_are_found_by_an_index)
{
    static const char *const YES[] = {"abc", "a-1bc", "x/y/z09", "a.b.cde"};
    static const char *const NO[] = {"", "ab", "a-b", "ab-cd", "1.2", "\xc3\xa4\xc3\xb6\xc3\xbc"};
    for (size_t i = 0; i < sizeof(YES) / sizeof(YES[0]); i++)
        ck_assert_msg(search_words_is_indexed(ms_str(YES[i])), "%s", YES[i]);
    for (size_t i = 0; i < sizeof(NO) / sizeof(NO[0]); i++)
        ck_assert_msg(!search_words_is_indexed(ms_str(NO[i])), "%s", NO[i]);
    expect_words("of redis", 2,
                 "{\"plain\":\"of\",\"like\":\"of\",\"whole\":\"(^|[^a-z0-9])of([^a-z0-9]|$)\","
                 "\"is_indexed\":false}");
}
END_TEST

START_TEST(words_are_limited)
{
    struct search_words words;
    for (int i = 0; i < 1000; i++)
        ms_buf_append_c(&text, "longword ");
    ck_assert_int_eq(search_words_read(&words, ms_buf_view(&text), arena), MS_OK);
    ck_assert_uint_eq(words.n_words, SEARCH_WORDS_MAX);
}
END_TEST

START_TEST(a_long_word_is_cut_between_characters)
{
    struct search_words words;
    ms_buf_append_char(&text, 'x');
    for (int i = 0; i < 1000; i++)
        ms_buf_append_c(&text, "\xc3\xa4"); /* ends in the middle of one */
    ck_assert_int_eq(search_words_read(&words, ms_buf_view(&text), arena), MS_OK);
    ck_assert_uint_eq(words.n_words, 1);
    ms_buf_clear(&text);
    ms_buf_append_c(&text, "[{\"plain\":\"x");
    for (int i = 0; i < (SEARCH_WORDS_BYTES_MAX - 1) / 2; i++)
        ms_buf_append_c(&text, "\xc3\xa4");
    ms_buf_append_char(&text, '"');
    ck_assert(ms_str_starts_with(words.json, ms_buf_view(&text)));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("search_words");
    TCase *test = tcase_create("search_words");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, one_edit_is_near);
    tcase_add_test(test, a_name_is_near_as_a_whole_or_by_its_last_component);
    tcase_add_test(test, one_edit_of_a_long_word_is_near_wherever_it_is);
    tcase_add_test(test, short_words_and_numbers_have_no_misspellings);
    tcase_add_test(test, special_characters_are_literal);
    tcase_add_test(test, words_are_cut_at_spaces);
    tcase_add_test(test, a_word_may_be_a_reference);
    tcase_add_test(test, three_letters_in_a_row_are_found_by_an_index);
    tcase_add_test(test, words_are_limited);
    tcase_add_test(test, a_long_word_is_cut_between_characters);
    suite_add_tcase(suite, test);
    return suite;
}
