/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/str.c: views, also absent ones, and the grammar of UTF-8. */
#include "common/base/str.h"
#include "tests/support/check_main.h"

static void assert_view(struct ms_str actual, const char *expected)
{
    ck_assert_msg(ms_str_equal(actual, ms_str(expected)), "got '%.*s', wanted '%s'",
                  MS_STR_ARG(actual), expected);
    ck_assert(!ms_str_is_absent(actual));
}

START_TEST(makes_views)
{
    ck_assert(ms_str_is_absent(ms_str(NULL)));
    ck_assert(ms_str_is_absent(ms_str_n(NULL, 3)));
    ck_assert_uint_eq(ms_str_n(NULL, 3).len, 0);
    ck_assert(!ms_str_is_absent(MS_STR("")));
    ck_assert_uint_eq(MS_STR("a\0b").len, 3);
}
END_TEST

START_TEST(compares)
{
    ck_assert(ms_str_equal(MS_STR("abc"), MS_STR("abc")));
    ck_assert(!ms_str_equal(MS_STR("abc"), MS_STR("abC")));
    ck_assert(!ms_str_equal(MS_STR("abc"), MS_STR("ab")));
    ck_assert(ms_str_equal(MS_STR_ABSENT, MS_STR("")));
    ck_assert(ms_str_equal_ci(MS_STR("GZip"), MS_STR("gzIP")));
    ck_assert(!ms_str_equal_ci(MS_STR("[@`{"), MS_STR("{`@[")));
    ck_assert_int_lt(ms_str_compare(MS_STR("a"), MS_STR("ab")), 0);
    ck_assert_int_gt(ms_str_compare(MS_STR("b"), MS_STR("ab")), 0);
    ck_assert_int_gt(ms_str_compare(MS_STR("\xff"), MS_STR("a")), 0);
    ck_assert_int_eq(ms_str_compare(MS_STR_ABSENT, MS_STR("")), 0);
}
END_TEST

START_TEST(compares_secrets)
{
    ck_assert(ms_str_equal_secret(MS_STR("s3cret"), MS_STR("s3cret")));
    ck_assert(!ms_str_equal_secret(MS_STR("s3cret"), MS_STR("s3creT")));
    ck_assert(!ms_str_equal_secret(MS_STR("s3cret"), MS_STR("s3cre")));
    ck_assert(!ms_str_equal_secret(MS_STR("s3cret"), MS_STR_ABSENT));
    ck_assert(!ms_str_equal_secret(MS_STR_ABSENT, MS_STR("s3cret")));
    ck_assert(ms_str_equal_secret(MS_STR_ABSENT, MS_STR("")));
}
END_TEST

START_TEST(finds_parts)
{
    ck_assert(ms_str_starts_with(MS_STR("sha256:00"), MS_STR("sha256:")));
    ck_assert(!ms_str_starts_with(MS_STR("sha"), MS_STR("sha256:")));
    ck_assert(ms_str_starts_with(MS_STR_ABSENT, MS_STR("")));
    ck_assert(ms_str_ends_with(MS_STR("a.sig"), MS_STR(".sig")));
    ck_assert(!ms_str_ends_with(MS_STR("sig"), MS_STR(".sig")));
    ck_assert(ms_str_contains(MS_STR("a\0bc"), MS_STR("\0b")));
    ck_assert(!ms_str_contains(MS_STR("abc"), MS_STR("ac")));
    ck_assert(ms_str_contains(MS_STR_ABSENT, MS_STR("")));
    ck_assert(!ms_str_contains(MS_STR_ABSENT, MS_STR("a")));
}
END_TEST

START_TEST(cuts)
{
    assert_view(ms_str_skip(MS_STR("abc"), 1), "bc");
    assert_view(ms_str_skip(MS_STR("abc"), 9), "");
    assert_view(ms_str_slice(MS_STR("abc"), 1, 2), "b");
    assert_view(ms_str_slice(MS_STR("abc"), 2, 1), "");
    assert_view(ms_str_slice(MS_STR("abc"), 1, SIZE_MAX), "bc");
    ck_assert(ms_str_is_absent(ms_str_skip(MS_STR_ABSENT, 1)));
    assert_view(ms_str_trim(MS_STR(" \t a b\t ")), "a b");
    assert_view(ms_str_trim(MS_STR(" \t ")), "");
    ck_assert(ms_str_is_absent(ms_str_trim(MS_STR_ABSENT)));
}
END_TEST

START_TEST(walks_pieces)
{
    struct ms_str rest = MS_STR("a,,b,");
    assert_view(ms_str_next(&rest, ','), "a");
    assert_view(ms_str_next(&rest, ','), "");
    assert_view(ms_str_next(&rest, ','), "b");
    ck_assert(!ms_str_is_absent(rest));
    assert_view(ms_str_next(&rest, ','), "");
    ck_assert(ms_str_is_absent(rest));
}
END_TEST

START_TEST(reads_numbers)
{
    uint64_t value = 7;
    ck_assert_int_eq(ms_str_to_u64(&value, MS_STR("18446744073709551615")), MS_OK);
    ck_assert(value == UINT64_MAX);
    ck_assert_int_eq(ms_str_to_u64(&value, MS_STR("007")), MS_OK);
    ck_assert_uint_eq(value, 7);
    static const char *const BAD[] = {
        "",    "-1", "+1", " 1", "1 ", "1x", "18446744073709551616", "99999999999999999999",
        "0x1", "1\n"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_msg(ms_str_to_u64(&value, ms_str(BAD[i])) == MS_INVALID, "accepted '%s'", BAD[i]);
        ck_assert_uint_eq(value, 7);
    }
    ck_assert_int_eq(ms_str_to_u64(&value, MS_STR_ABSENT), MS_INVALID);
}
END_TEST

START_TEST(knows_utf8)
{
    static const struct ms_str GOOD[] = {
        MS_STR_INIT(""),
        MS_STR_INIT("a\0b"),
        MS_STR_INIT("\x7f"),
        MS_STR_INIT("\xc2\x80"),
        MS_STR_INIT("\xdf\xbf"),
        MS_STR_INIT("\xe0\xa0\x80"),
        MS_STR_INIT("\xed\x9f\xbf"),
        MS_STR_INIT("\xee\x80\x80"),
        MS_STR_INIT("\xef\xbf\xbf"),
        MS_STR_INIT("\xf0\x90\x80\x80"),
        MS_STR_INIT("\xf4\x8f\xbf\xbf"),
        MS_STR_INIT("aé€😀z"),
    };
    static const struct ms_str BAD[] = {
        MS_STR_INIT("\x80"),             /* continuation alone */
        MS_STR_INIT("\xc0\x80"),         /* overlong NUL */
        MS_STR_INIT("\xc1\xbf"),         /* overlong */
        MS_STR_INIT("\xe0\x9f\xbf"),     /* overlong */
        MS_STR_INIT("\xf0\x8f\xbf\xbf"), /* overlong */
        MS_STR_INIT("\xed\xa0\x80"),     /* surrogate */
        MS_STR_INIT("\xf4\x90\x80\x80"), /* past U+10FFFF */
        MS_STR_INIT("\xf5\x80\x80\x80"),
        MS_STR_INIT("\xff"),
        MS_STR_INIT("\xc3"), /* cut */
        MS_STR_INIT("\xe2\x82"),
        MS_STR_INIT("\xf0\x9f\x98"),
        MS_STR_INIT("\xe2\x28\xa1"),
        MS_STR_INIT("a\xc3z"),
    };
    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++)
        ck_assert_msg(ms_str_is_utf8(GOOD[i]), "refused good[%zu]", i);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        ck_assert_msg(!ms_str_is_utf8(BAD[i]), "accepted bad[%zu]", i);
    ck_assert(ms_str_is_utf8(MS_STR_ABSENT));
}
END_TEST

START_TEST(measures_characters)
{
    ck_assert_uint_eq(ms_str_utf8_length(MS_STR("az")), 1);
    ck_assert_uint_eq(ms_str_utf8_length(MS_STR("éz")), 2);
    ck_assert_uint_eq(ms_str_utf8_length(MS_STR("€z")), 3);
    ck_assert_uint_eq(ms_str_utf8_length(MS_STR("😀z")), 4);
    ck_assert_uint_eq(ms_str_utf8_length(MS_STR("\xc3z")), 0);
    ck_assert_uint_eq(ms_str_utf8_length(MS_STR("")), 0);
}
END_TEST

START_TEST(counts_edits)
{
    char text[MS_STR_EDITS_MAX + 1];
    memset(text, 'a', sizeof(text));
    struct ms_str longest = ms_str_n(text, MS_STR_EDITS_MAX);
    ck_assert_uint_eq(ms_str_edits(MS_STR(""), MS_STR("")), 0);
    ck_assert_uint_eq(ms_str_edits(MS_STR("tag"), MS_STR("tag")), 0);
    ck_assert_uint_eq(ms_str_edits(MS_STR(""), MS_STR("tag")), 3);
    ck_assert_uint_eq(ms_str_edits(MS_STR("tag"), MS_STR("tags")), 1);
    ck_assert_uint_eq(ms_str_edits(MS_STR("tag"), MS_STR("tug")), 1);
    ck_assert_uint_eq(ms_str_edits(MS_STR("kitten"), MS_STR("sitting")), 3);
    ck_assert_uint_eq(ms_str_edits(longest, MS_STR("a")), MS_STR_EDITS_MAX - 1);
    ck_assert_uint_eq(ms_str_edits(ms_str_n(text, sizeof(text)), longest), SIZE_MAX);
    ck_assert_uint_eq(ms_str_edits(longest, ms_str_n(text, sizeof(text))), SIZE_MAX);
}
END_TEST

/* Values from the reference (draft-eastlake-fnv, appendix C). */
START_TEST(hashes)
{
    ck_assert(ms_str_hash(MS_STR("")) == UINT64_C(0xcbf29ce484222325));
    ck_assert(ms_str_hash(MS_STR("a")) == UINT64_C(0xaf63dc4c8601ec8c));
    ck_assert(ms_str_hash(MS_STR("foobar")) == UINT64_C(0x85944171f73967e8));
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("str");
    tcase_add_test(tests, makes_views);
    tcase_add_test(tests, compares);
    tcase_add_test(tests, compares_secrets);
    tcase_add_test(tests, finds_parts);
    tcase_add_test(tests, cuts);
    tcase_add_test(tests, walks_pieces);
    tcase_add_test(tests, reads_numbers);
    tcase_add_test(tests, knows_utf8);
    tcase_add_test(tests, measures_characters);
    tcase_add_test(tests, counts_edits);
    tcase_add_test(tests, hashes);
    Suite *suite = suite_create("str");
    suite_add_tcase(suite, tests);
    return suite;
}
