/* SPDX-License-Identifier: Apache-2.0 */
/* writer/registry/answer.c, name_list.c: what answers mean; lists of names. */
#include "tests/support/check_main.h"
#include "writer/registry/answer.h"
#include "writer/registry/name_list.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KIND(kind) REGISTRY_KIND_##kind

static enum registry_verdict judge(enum registry_kind kind, int status, const char *code)
{
    struct registry_answer answer = {.kind = kind, .http_status = status, .error_code = code};
    return registry_judge(&answer);
}

START_TEST(only_the_registrys_own_word_says_absent)
{
    ck_assert_int_eq(judge(KIND(MANIFEST), 404, "MANIFEST_UNKNOWN"), REGISTRY_SAYS_ABSENT);
    ck_assert_int_eq(judge(KIND(MANIFEST), 404, "NAME_UNKNOWN"), REGISTRY_SAYS_ABSENT);
    ck_assert_int_eq(judge(KIND(TAGS), 404, "NAME_UNKNOWN"), REGISTRY_SAYS_ABSENT);
    ck_assert_int_eq(judge(KIND(BLOB), 404, "BLOB_UNKNOWN"), REGISTRY_SAYS_ABSENT);
    ck_assert_int_eq(judge(KIND(HEAD), 404, NULL), REGISTRY_SAYS_ABSENT);
    ck_assert_int_eq(judge(KIND(MANIFEST), 404, NULL), REGISTRY_IN_TROUBLE);
    ck_assert_int_eq(judge(KIND(MANIFEST), 404, "UNSUPPORTED"), REGISTRY_IN_TROUBLE);
    ck_assert_int_eq(judge(KIND(TAGS), 404, "MANIFEST_UNKNOWN"), REGISTRY_IN_TROUBLE);
    ck_assert_int_eq(judge(KIND(TAGS), 404, NULL), REGISTRY_IN_TROUBLE);
    ck_assert_int_eq(judge(KIND(CATALOG), 404, "NAME_UNKNOWN"), REGISTRY_IN_TROUBLE);
}
END_TEST

START_TEST(success_must_be_the_expected_one)
{
    ck_assert_int_eq(judge(KIND(MANIFEST), 200, NULL), REGISTRY_SAYS_FOUND);
    ck_assert_int_eq(judge(KIND(DELETE), 202, NULL), REGISTRY_SAYS_FOUND);
    ck_assert_int_eq(judge(KIND(MANIFEST), 204, NULL), REGISTRY_IN_TROUBLE);
    ck_assert_int_eq(judge(KIND(BLOB), 206, NULL), REGISTRY_IN_TROUBLE);
    ck_assert_int_eq(judge(KIND(HEAD), 304, NULL), REGISTRY_IN_TROUBLE);
    ck_assert_int_eq(judge(KIND(DELETE), 307, NULL), REGISTRY_SAYS_NO);
    struct registry_answer answer = {
        .kind = KIND(HEAD), .http_status = 304, .is_conditional = true};
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_SAYS_NOT_MODIFIED);
    answer = (struct registry_answer){.kind = KIND(TAGS), .http_status = 200, .is_html = true};
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_IN_TROUBLE);
}
END_TEST

START_TEST(refusals)
{
    ck_assert_int_eq(judge(KIND(MANIFEST), 400, "TAG_INVALID"), REGISTRY_SAYS_UNREADABLE);
    ck_assert_int_eq(judge(KIND(MANIFEST), 400, NULL), REGISTRY_IN_TROUBLE);
    ck_assert_int_eq(judge(KIND(MANIFEST), 403, "DENIED"), REGISTRY_SAYS_UNREADABLE);
    ck_assert_int_eq(judge(KIND(CATALOG), 403, "DENIED"), REGISTRY_SAYS_NO);
    ck_assert_int_eq(judge(KIND(HEAD), 403, NULL), REGISTRY_SAYS_ASK_BY_GET);
    ck_assert_int_eq(judge(KIND(DELETE), 405, "UNSUPPORTED"), REGISTRY_SAYS_UNREADABLE);
    ck_assert_int_eq(judge(KIND(MANIFEST), 401, "UNAUTHORIZED"), REGISTRY_SAYS_CHALLENGE);
    ck_assert_int_eq(judge(KIND(MANIFEST), 429, NULL), REGISTRY_SAYS_SLOWER);
    ck_assert_int_eq(judge(KIND(MANIFEST), 408, NULL), REGISTRY_IN_TROUBLE);
}
END_TEST

START_TEST(server_errors)
{
    ck_assert_int_eq(judge(KIND(MANIFEST), 500, "UNKNOWN"), REGISTRY_PERHAPS_UNREADABLE);
    ck_assert_int_eq(judge(KIND(HEAD), 500, NULL), REGISTRY_PERHAPS_UNREADABLE);
    ck_assert_int_eq(judge(KIND(TAGS), 500, "UNKNOWN"), REGISTRY_IN_TROUBLE);
    ck_assert_int_eq(judge(KIND(MANIFEST), 502, NULL), REGISTRY_IN_TROUBLE);
    ck_assert_int_eq(judge(KIND(MANIFEST), 503, NULL), REGISTRY_IN_TROUBLE);
    struct registry_answer answer = {
        .kind = KIND(MANIFEST), .http_status = 503, .names_pause = true};
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_SAYS_SLOWER);
}
END_TEST

START_TEST(no_answer)
{
    struct registry_answer answer = {.kind = KIND(MANIFEST), .transport = MS_UNAVAILABLE};
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_IN_TROUBLE);
    ck_assert(!registry_is_alive(&answer));
    answer.http_status = 200; /* cut in the middle */
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_PERHAPS_UNREADABLE);
    answer.transport = MS_TOO_LARGE;
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_SAYS_UNREADABLE);
    ck_assert(registry_is_alive(&answer));
    answer.kind = KIND(TAGS);
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_SAYS_NO);
}
END_TEST

START_TEST(blob_stores_say_nothing_of_absence)
{
    struct registry_answer answer = {.kind = KIND(BLOB),
                                     .http_status = 404,
                                     .was_sent_away = true,
                                     .error_code = "BLOB_UNKNOWN"};
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_PERHAPS_UNREADABLE);
    answer.http_status = 403;
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_PERHAPS_UNREADABLE);
}
END_TEST

START_TEST(only_the_registry_may_challenge)
{
    struct registry_answer answer = {.kind = REGISTRY_KIND_BLOB, .http_status = 401};
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_SAYS_CHALLENGE);
    answer.was_sent_away = true;
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_PERHAPS_UNREADABLE);
    answer.kind = REGISTRY_KIND_TAGS;
    ck_assert_int_eq(registry_judge(&answer), REGISTRY_IN_TROUBLE);
}
END_TEST

START_TEST(aliveness)
{
    static const int DEAD[] = {502, 503, 504};
    static const int ALIVE[] = {200, 304, 401, 404, 429, 500};
    struct registry_answer answer = {.kind = KIND(PING)};
    for (size_t i = 0; i < COUNT(DEAD); i++) {
        answer.http_status = DEAD[i];
        ck_assert(!registry_is_alive(&answer));
    }
    for (size_t i = 0; i < COUNT(ALIVE); i++) {
        answer.http_status = ALIVE[i];
        ck_assert(registry_is_alive(&answer));
    }
}
END_TEST

START_TEST(error_bodies)
{
    struct registry_error_body body;
    ck_assert(registry_error_parse(
        &body, MS_STR("{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"a\\n\xc3\xa4\"}]}")));
    ck_assert_str_eq(body.code, "NAME_UNKNOWN");
    ck_assert_str_eq(body.message, "a???");
    ck_assert(registry_error_parse(&body, MS_STR("{\"errors\":[{\"code\":\"X_1\"}]}")));
    ck_assert_str_eq(body.message, "");
}
END_TEST

START_TEST(what_is_no_error_body)
{
    static const char *const BAD[] = {"",
                                      "<html>404</html>",
                                      "{}",
                                      "{\"errors\":[]}",
                                      "{\"errors\":{}}",
                                      "{\"errors\":[{\"message\":\"x\"}]}",
                                      "{\"errors\":[{\"code\":\"\"}]}",
                                      "{\"errors\":[{\"code\":\"not found\"}]}",
                                      "{\"errors\":[{\"code\":404}]}",
                                      "{\"error\":\"Not Found\"}"};
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct registry_error_body body;
        ck_assert_msg(!registry_error_parse(&body, ms_str(BAD[i])), "%s", BAD[i]);
    }
}
END_TEST

enum { RETRY_AFTER_MAX_MS = 60000 };

START_TEST(retry_after)
{
    const int64_t now_ms = INT64_C(784111777000); /* Sun, 06 Nov 1994 08:49:37 GMT */
    ck_assert_uint_eq(registry_retry_after_ms(MS_STR("3"), now_ms, RETRY_AFTER_MAX_MS), 3000);
    ck_assert_uint_eq(registry_retry_after_ms(MS_STR(" 0 "), now_ms, RETRY_AFTER_MAX_MS), 0);
    ck_assert_uint_eq(registry_retry_after_ms(MS_STR("99999"), now_ms, RETRY_AFTER_MAX_MS),
                      RETRY_AFTER_MAX_MS);
    ck_assert_uint_eq(
        registry_retry_after_ms(MS_STR("18446744073709551615"), now_ms, RETRY_AFTER_MAX_MS),
        RETRY_AFTER_MAX_MS);
    ck_assert_uint_eq(registry_retry_after_ms(MS_STR("Sun, 06 Nov 1994 08:49:47 GMT"), now_ms,
                                              RETRY_AFTER_MAX_MS),
                      10000);
    ck_assert_uint_eq(registry_retry_after_ms(MS_STR("Sun, 06 Nov 1994 08:49:27 GMT"), now_ms,
                                              RETRY_AFTER_MAX_MS),
                      0);
    ck_assert_uint_eq(registry_retry_after_ms(MS_STR("Sun, 06 Nov 2094 08:49:27 GMT"), now_ms,
                                              RETRY_AFTER_MAX_MS),
                      RETRY_AFTER_MAX_MS);
    ck_assert_uint_eq(registry_retry_after_ms(MS_STR("Sunday, 06-Nov-94 08:49:47 GMT"), now_ms,
                                              RETRY_AFTER_MAX_MS),
                      10000);
    ck_assert_uint_eq(registry_retry_after_ms(MS_STR("-3"), now_ms, RETRY_AFTER_MAX_MS), 0);
    ck_assert_uint_eq(registry_retry_after_ms(MS_STR("soon"), now_ms, RETRY_AFTER_MAX_MS), 0);
    ck_assert_uint_eq(registry_retry_after_ms(MS_STR_ABSENT, now_ms, RETRY_AFTER_MAX_MS), 0);
}
END_TEST

/* Needs a locale whose months are not English; where there is none, the C locale proves nothing. */
START_TEST(dates_are_english_in_any_locale)
{
    static const char *const LOCALES[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ja_JP.UTF-8"};
    const int64_t now_ms = INT64_C(784111777000);
    for (size_t i = 0; i < COUNT(LOCALES); i++) {
        (void)setlocale(LC_ALL, LOCALES[i]);
        ck_assert_uint_eq(registry_retry_after_ms(MS_STR("Sun, 06 Nov 1994 08:49:47 GMT"), now_ms,
                                                  RETRY_AFTER_MAX_MS),
                          10000);
    }
}
END_TEST

START_TEST(names_once_in_order)
{
    enum { MANY = 5000 };
    struct name_list *names = name_list_new();
    char text[32];
    bool is_new;
    for (int i = 0; i < 2 * MANY; i++) {
        snprintf(text, sizeof(text), "name-%d", i % MANY);
        ck_assert_int_eq(name_list_add(&is_new, names, ms_str(text)), MS_OK);
        ck_assert(is_new == (i < MANY));
    }
    size_t count;
    const struct ms_str *list = name_list_all(names, &count);
    ck_assert_uint_eq(count, MANY);
    ck_assert(ms_str_equal(list[0], MS_STR("name-0")));
    ck_assert(ms_str_equal(list[MANY - 1], MS_STR("name-4999")));
    name_list_free(names);
    name_list_free(NULL);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("registry_answer");
    tcase_add_test(tests, only_the_registrys_own_word_says_absent);
    tcase_add_test(tests, success_must_be_the_expected_one);
    tcase_add_test(tests, refusals);
    tcase_add_test(tests, server_errors);
    tcase_add_test(tests, no_answer);
    tcase_add_test(tests, blob_stores_say_nothing_of_absence);
    tcase_add_test(tests, only_the_registry_may_challenge);
    tcase_add_test(tests, aliveness);
    tcase_add_test(tests, error_bodies);
    tcase_add_test(tests, what_is_no_error_body);
    tcase_add_test(tests, retry_after);
    tcase_add_test(tests, dates_are_english_in_any_locale);
    tcase_add_test(tests, names_once_in_order);
    Suite *suite = suite_create("registry_answer");
    suite_add_tcase(suite, tests);
    return suite;
}
