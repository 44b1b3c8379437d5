/* SPDX-License-Identifier: Apache-2.0 */
/* writer/registry/challenge.c: the grammar of WWW-Authenticate. */
#include "common/base/buf.h"
#include "tests/support/check_main.h"
#include "writer/registry/challenge.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct registry_challenge must_parse(const char *header)
{
    struct registry_challenge challenge;
    ck_assert_msg(registry_challenge_parse(&challenge, ms_str(header)) == MS_OK, "refused: %s",
                  header);
    return challenge;
}

START_TEST(distribution)
{
    struct registry_challenge challenge =
        must_parse("Bearer realm=\"https://auth.example.com/token\",service=\"reg\",scope="
                   "\"repository:a/b:pull,push\",error=\"insufficient_scope\"");
    ck_assert_int_eq(challenge.scheme, REGISTRY_BEARER);
    ck_assert_str_eq(challenge.realm, "https://auth.example.com/token");
    ck_assert_str_eq(challenge.service, "reg");
    ck_assert_str_eq(challenge.scope, "repository:a/b:pull,push");
    ck_assert_str_eq(challenge.error, "insufficient_scope");
    challenge = must_parse("Basic realm=\"basic-realm\"");
    ck_assert_int_eq(challenge.scheme, REGISTRY_BASIC);
    ck_assert_str_eq(challenge.realm, "basic-realm");
}
END_TEST

START_TEST(odd_but_by_the_grammar)
{
    struct registry_challenge challenge = must_parse(
        ", bearer  REALM = \"http://a:1/t?x=y@z\" ,, Service=plain , foo=\"\\\"x\\\"\",");
    ck_assert_int_eq(challenge.scheme, REGISTRY_BEARER);
    ck_assert_str_eq(challenge.realm, "http://a:1/t?x=y@z");
    ck_assert_str_eq(challenge.service, "plain");
    ck_assert_str_eq(challenge.scope, "");
    challenge = must_parse("Basic");
    ck_assert_int_eq(challenge.scheme, REGISTRY_BASIC);
    challenge = must_parse("Basic realm=\"say \\\"a\\\\b\\\"\"");
    ck_assert_str_eq(challenge.realm, "say \"a\\b\"");
}
END_TEST

START_TEST(several_challenges)
{
    static const char *const HEADERS[] = {
        "Basic realm=\"a\", Bearer realm=\"https://t/\"",
        "Bearer realm=\"https://t/\", Basic realm=\"a\"",
        "Negotiate, Bearer realm=\"https://t/\"",
        "Negotiate YWJj==, Bearer realm=\"https://t/\", Digest realm=\"x\", nonce=\"y\"",
    };
    for (size_t i = 0; i < COUNT(HEADERS); i++) {
        struct registry_challenge challenge = must_parse(HEADERS[i]);
        ck_assert_int_eq(challenge.scheme, REGISTRY_BEARER);
        ck_assert_str_eq(challenge.realm, "https://t/");
    }
    ck_assert_int_eq(must_parse("Digest realm=\"x\", nonce=\"y\"").scheme, REGISTRY_SCHEME_NONE);
}
END_TEST

START_TEST(not_by_the_grammar)
{
    static const char *const BAD[] = {"",
                                      " ",
                                      ",",
                                      "Bearer realm=\"https://t/",
                                      "Bearer realm=\"https://t/\\",
                                      "Bearer realm=\"https://t/\" service=\"x\"",
                                      "Bearer realm=\"https://t/\",realm=\"https://u/\"",
                                      "Bearer realm=\"https://t/\",scope=\"a\",SCOPE=\"b\"",
                                      "Bearer realm=\"https://t/\",scope=",
                                      "=x",
                                      "Bearer\x01",
                                      "Bearer realm=\"https://t/\x01\"",
                                      "\"Bearer\"",
                                      "Bearer realm=\"https://t/\";scope=\"a\""};
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct registry_challenge challenge = {.scheme = REGISTRY_BASIC};
        ck_assert_msg(registry_challenge_parse(&challenge, ms_str(BAD[i])) == MS_INVALID,
                      "accepted: %s", BAD[i]);
        ck_assert_int_eq(challenge.scheme, REGISTRY_BASIC);
    }
}
END_TEST

START_TEST(realms_that_get_no_credentials)
{
    static const char *const BAD[] = {"Bearer",
                                      "Bearer service=\"x\"",
                                      "Bearer realm=\"\"",
                                      "Bearer realm=\"token\"",
                                      "Bearer realm=\"/token\"",
                                      "Bearer realm=\"ftp://t/\"",
                                      "Bearer realm=\"file:///etc/passwd\"",
                                      "Bearer realm=\"https://\"",
                                      "Bearer realm=\"https:///t\"",
                                      "Bearer realm=\"https://?x\"",
                                      "Bearer realm=\"https://user:pass@t/\"",
                                      "Bearer realm=\"https://t/ x\"",
                                      "Bearer realm=\"https://t/#x\"",
                                      "Bearer realm=\"https://[::1/\"",
                                      "Bearer realm=\"https://t:port/\"",
                                      "Bearer realm=\"https://a b/\"",
                                      "Bearer realm=\"https://t\\\\u/\"",
                                      "Bearer realm=\"https://t/\xc3\xa4\""};
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct registry_challenge challenge;
        ck_assert_msg(registry_challenge_parse(&challenge, ms_str(BAD[i])) == MS_INVALID,
                      "accepted: %s", BAD[i]);
    }
}
END_TEST

START_TEST(values_have_limits)
{
    struct registry_challenge challenge;
    struct ms_buf header;
    ms_buf_init(&header, 64 * 1024);
    ms_buf_append_c(&header, "Bearer realm=\"https://t/\",scope=\"");
    for (int i = 0; i < REGISTRY_SCOPE_MAX; i++)
        ms_buf_append_char(&header, 'x');
    ms_buf_append_char(&header, '"');
    ck_assert_int_eq(registry_challenge_parse(&challenge, ms_buf_view(&header)), MS_INVALID);
    ms_buf_free(&header);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("registry_auth");
    tcase_add_test(tests, distribution);
    tcase_add_test(tests, odd_but_by_the_grammar);
    tcase_add_test(tests, several_challenges);
    tcase_add_test(tests, not_by_the_grammar);
    tcase_add_test(tests, realms_that_get_no_credentials);
    tcase_add_test(tests, values_have_limits);
    Suite *suite = suite_create("registry_auth");
    suite_add_tcase(suite, tests);
    return suite;
}
