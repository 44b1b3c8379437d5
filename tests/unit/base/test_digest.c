/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/digest.c: the grammar, the database form and the fallback tags. */
#include "common/base/digest.h"
#include "tests/support/check_main.h"

#include <string.h>

#define HEX32 "0123456789abcdef0123456789abcdef"
#define HEX64 HEX32 HEX32
#define HEX128 HEX64 HEX64

static const struct ms_digest UNTOUCHED = {.len = 33, .bytes = {MS_SHA256, 0x77}};

START_TEST(parses_and_formats)
{
    static const char *const TEXTS[] = {"sha256:" HEX64, "sha512:" HEX128};
    for (size_t i = 0; i < 2; i++) {
        struct ms_digest digest;
        char text[MS_DIGEST_TEXT_MAX];
        ck_assert_int_eq(ms_digest_parse(&digest, ms_str(TEXTS[i])), MS_OK);
        ck_assert_uint_eq(digest.len, i == 0 ? 33 : 65);
        ck_assert_uint_eq(digest.bytes[0], i == 0 ? MS_SHA256 : MS_SHA512);
        ck_assert_uint_eq(digest.bytes[1], 0x01);
        ck_assert_uint_eq(digest.bytes[digest.len - 1], 0xef);
        ck_assert_ptr_eq(ms_digest_format(text, &digest), text);
        ck_assert_str_eq(text, TEXTS[i]);
    }
}
END_TEST

START_TEST(refuses_what_is_no_digest)
{
    static const char *const TEXTS[] = {
        "",
        "sha256:",
        "sha256",
        "sha256:" HEX32,
        "sha256:" HEX64 "0",
        "sha256:" HEX128,
        "sha512:" HEX64,
        "sha384:" HEX64 HEX32,
        "SHA256:" HEX64,
        "sha256-" HEX64,
        " sha256:" HEX64,
        "sha256:0123456789ABCDEF0123456789abcdef" HEX32,
        "sha256:g123456789abcdef0123456789abcdef" HEX32,
        "sha256:012345678 abcdef0123456789abcdef" HEX32,
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        struct ms_digest digest = UNTOUCHED;
        ck_assert_msg(ms_digest_parse(&digest, ms_str(TEXTS[i])) == MS_INVALID, "accepted '%s'",
                      TEXTS[i]);
        ck_assert(ms_digest_equal(&digest, &UNTOUCHED));
    }
    struct ms_digest digest;
    ck_assert_int_eq(ms_digest_parse(&digest, MS_STR_ABSENT), MS_INVALID);
}
END_TEST

START_TEST(database_form_goes_both_ways)
{
    struct ms_digest digest;
    struct ms_digest again;
    ck_assert_int_eq(ms_digest_parse(&digest, MS_STR("sha512:" HEX128)), MS_OK);
    ck_assert_uint_eq(ms_digest_bytes(&digest).len, 65);
    ck_assert_int_eq(ms_digest_from_bytes(&again, ms_digest_bytes(&digest)), MS_OK);
    ck_assert(ms_digest_equal(&digest, &again));
    ck_assert_int_eq(ms_digest_from_bytes(&digest, ms_digest_bytes(&digest)), MS_OK);
    ck_assert(ms_digest_equal(&digest, &again));
}
END_TEST

START_TEST(refuses_other_bytes)
{
    char bytes[66];
    memset(bytes, 0x55, sizeof(bytes));
    struct ms_digest digest = UNTOUCHED;
    static const struct {
        char algorithm;
        size_t len;
    } BAD[] = {{0, 33}, {1, 0},  {1, 1},  {1, 32}, {1, 34},
               {1, 65}, {2, 33}, {2, 64}, {2, 66}, {3, 33}};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        bytes[0] = BAD[i].algorithm;
        ck_assert_int_eq(ms_digest_from_bytes(&digest, ms_str_n(bytes, BAD[i].len)), MS_INVALID);
    }
    ck_assert_int_eq(ms_digest_from_bytes(&digest, MS_STR_ABSENT), MS_INVALID);
    ck_assert(ms_digest_equal(&digest, &UNTOUCHED));
}
END_TEST

START_TEST(compares)
{
    struct ms_digest a = {.len = 33, .bytes = {MS_SHA256}};
    struct ms_digest b = a;
    struct ms_digest longer = {.len = 65, .bytes = {MS_SHA512}};
    struct ms_digest none = {0};
    ck_assert(ms_digest_equal(&a, &b));
    b.bytes[32] = 1;
    ck_assert(!ms_digest_equal(&a, &b));
    b = a;
    b.bytes[60] = 1; /* behind its length: not part of it */
    ck_assert(ms_digest_equal(&a, &b));
    ck_assert(!ms_digest_equal(&a, &longer));
    ck_assert(!ms_digest_equal(&a, &none));
    ck_assert(ms_digest_is_none(&none));
    ck_assert(!ms_digest_is_none(&a));
}
END_TEST

START_TEST(none_is_the_empty_text)
{
    struct ms_digest none = {0};
    char text[MS_DIGEST_TEXT_MAX] = "x";
    ck_assert_str_eq(ms_digest_format(text, &none), "");
    ck_assert_uint_eq(ms_digest_bytes(&none).len, 0);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("digest");
    tcase_add_test(tests, parses_and_formats);
    tcase_add_test(tests, refuses_what_is_no_digest);
    tcase_add_test(tests, database_form_goes_both_ways);
    tcase_add_test(tests, refuses_other_bytes);
    tcase_add_test(tests, compares);
    tcase_add_test(tests, none_is_the_empty_text);
    Suite *suite = suite_create("digest");
    suite_add_tcase(suite, tests);
    return suite;
}
