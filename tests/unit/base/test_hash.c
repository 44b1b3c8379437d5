/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/hash.c against the examples of FIPS 180-4 and against itself in pieces. */
#include "common/base/hash.h"
#include "tests/support/check_main.h"

#include <string.h>

#define SHA256_EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA512_ABC                                                                                 \
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"                      \
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

static void assert_digest(const struct ms_digest *digest, const char *expected)
{
    char text[MS_DIGEST_TEXT_MAX];
    ck_assert_str_eq(ms_digest_format(text, digest), expected);
}

START_TEST(hashes_known_values)
{
    struct ms_digest digest;
    ms_hash_digest(&digest, MS_SHA256, MS_STR("abc"));
    assert_digest(&digest, SHA256_ABC);
    ms_hash_digest(&digest, MS_SHA512, MS_STR("abc"));
    assert_digest(&digest, SHA512_ABC);
    ms_hash_digest(&digest, MS_SHA256, MS_STR_ABSENT);
    assert_digest(&digest, SHA256_EMPTY);
}
END_TEST

START_TEST(pieces_give_the_same)
{
    static const enum ms_digest_algorithm ALGORITHMS[] = {MS_SHA256, MS_SHA512};
    char bytes[1000];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7);
    for (size_t a = 0; a < 2; a++) {
        struct ms_digest whole;
        struct ms_digest pieces;
        ms_hash_digest(&whole, ALGORITHMS[a], ms_str_n(bytes, sizeof(bytes)));
        struct ms_hash *hash = ms_hash_new(ALGORITHMS[a]);
        for (size_t at = 0, piece = 0; at < sizeof(bytes); at += piece, piece++)
            ms_hash_update(hash, ms_str_slice(ms_str_n(bytes, sizeof(bytes)), at, at + piece));
        ms_hash_update(hash, MS_STR_ABSENT);
        ms_hash_finish(&pieces, hash);
        ck_assert(ms_digest_equal(&whole, &pieces));
    }
}
END_TEST

START_TEST(is_given_up_without_a_result)
{
    struct ms_hash *hash = ms_hash_new(MS_SHA256);
    ms_hash_update(hash, MS_STR("abc"));
    ms_hash_free(hash);
    ms_hash_free(NULL);
}
END_TEST

START_TEST(checks_content)
{
    static const char *const TEXTS[] = {SHA256_ABC, SHA512_ABC};
    struct ms_digest digest;
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(ms_digest_parse(&digest, ms_str(TEXTS[i])), MS_OK);
        ck_assert(ms_hash_matches(&digest, MS_STR("abc")));
        ck_assert(!ms_hash_matches(&digest, MS_STR("abd")));
        ck_assert(!ms_hash_matches(&digest, MS_STR_ABSENT));
    }
    struct ms_digest none = {0};
    ck_assert(!ms_hash_matches(&none, MS_STR("")));
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("hash");
    tcase_add_test(tests, hashes_known_values);
    tcase_add_test(tests, pieces_give_the_same);
    tcase_add_test(tests, is_given_up_without_a_result);
    tcase_add_test(tests, checks_content);
    Suite *suite = suite_create("hash");
    suite_add_tcase(suite, tests);
    return suite;
}
