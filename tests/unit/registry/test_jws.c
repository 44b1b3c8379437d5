/* SPDX-License-Identifier: Apache-2.0 */
/* writer/registry/jws.c: the payload of signed schema 1 manifests. */
#include "common/base/hash.h"
#include "tests/support/check_main.h"
#include "writer/registry/jws.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* As distribution serves it: libtrust puts the signatures in before the end. */
static const char SIGNED_MANIFEST[] =
    "{\n"
    "   \"schemaVersion\": 1,\n"
    "   \"name\": \"library/old\",\n"
    "   \"tag\": \"1\",\n"
    "   \"architecture\": \"amd64\",\n"
    "   \"fsLayers\": [\n"
    "      {\n"
    "         \"blobSum\": "
    "\"sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"\n"
    "      }\n"
    "   ],\n"
    "   \"history\": [\n"
    "      {\n"
    "         \"v1Compatibility\": "
    "\"{\\\"os\\\":\\\"linux\\\",\\\"created\\\":\\\"2015-04-08T18:52:59Z\\\"}\"\n"
    "      }\n"
    "   ],\n"
    "   \"signatures\": [\n"
    "      {\n"
    "         \"header\": {\n"
    "            \"alg\": \"ES256\"\n"
    "         },\n"
    "         \"signature\": \"AA\",\n"
    "         \"protected\": "
    "\"eyJmb3JtYXRMZW5ndGgiOjM0OSwiZm9ybWF0VGFpbCI6IkNuMCIsInRpbWUiOiIyMDE1LTA0LTA4VDE4OjUyOjU5WiJ9"
    "\"\n"
    "      }\n"
    "   ]\n"
    "}";

static const char PAYLOAD_DIGEST[] =
    "sha256:464bd8dd5e700e861cbd893a5d5df6aace6685f55e1ae2821737989671aa7cf4";

static enum ms_status payload_of(struct ms_buf *out, const char *body)
{
    ms_buf_init(out, 64 * 1024);
    return registry_jws_payload(out, ms_str(body));
}

START_TEST(rebuilds_the_payload)
{
    struct ms_buf payload;
    struct ms_digest expected;
    ck_assert_int_eq(payload_of(&payload, SIGNED_MANIFEST), MS_OK);
    ck_assert_int_eq(ms_digest_parse(&expected, ms_str(PAYLOAD_DIGEST)), MS_OK);
    ck_assert(ms_hash_matches(&expected, ms_buf_view(&payload)));
    ck_assert(!ms_hash_matches(&expected, ms_str(SIGNED_MANIFEST)));
    ms_buf_free(&payload);
}
END_TEST

START_TEST(what_is_not_signed)
{
    struct ms_buf payload;
    ck_assert_int_eq(payload_of(&payload, "{\"schemaVersion\":1}"), MS_NOT_FOUND);
    ck_assert_uint_eq(payload.len, 0);
    ms_buf_free(&payload);
}
END_TEST

#define SIGNATURE(protected) "{\"protected\":\"" protected "\"}"
#define LENGTH_1 "eyJmb3JtYXRMZW5ndGgiOjEsImZvcm1hdFRhaWwiOiJmUSJ9"      /* 1, "}" */
#define LENGTH_2 "eyJmb3JtYXRMZW5ndGgiOjIsImZvcm1hdFRhaWwiOiJmUSJ9"      /* 2, "}" */
#define LENGTH_999 "eyJmb3JtYXRMZW5ndGgiOjk5OSwiZm9ybWF0VGFpbCI6ImZRIn0" /* 999, "}" */
#define NEGATIVE "eyJmb3JtYXRMZW5ndGgiOi0xLCJmb3JtYXRUYWlsIjoiZlEifQ"    /* -1, "}" */
#define NO_TAIL "eyJmb3JtYXRMZW5ndGgiOjF9"                               /* 1 */

START_TEST(signatures_must_agree)
{
    struct ms_buf payload;
    ck_assert_int_eq(
        payload_of(&payload, "{\"signatures\":[" SIGNATURE(LENGTH_1) "," SIGNATURE(LENGTH_1) "]}"),
        MS_OK);
    ck_assert_str_eq(payload.data, "{}");
    ms_buf_free(&payload);
    ck_assert_int_eq(
        payload_of(&payload, "{\"signatures\":[" SIGNATURE(LENGTH_1) "," SIGNATURE(LENGTH_2) "]}"),
        MS_INVALID);
    ms_buf_free(&payload);
}
END_TEST

START_TEST(hostile)
{
    static const char *const BAD[] = {"",
                                      "[",
                                      "{\"signatures\":[]}",
                                      "{\"signatures\":7}",
                                      "{\"signatures\":[{}]}",
                                      "{\"signatures\":[" SIGNATURE("") "]}",
                                      "{\"signatures\":[" SIGNATURE("*") "]}",
                                      "{\"signatures\":[" SIGNATURE("e") "]}",
                                      "{\"signatures\":[" SIGNATURE(LENGTH_999) "]}",
                                      "{\"signatures\":[" SIGNATURE(NEGATIVE) "]}",
                                      "{\"signatures\":[" SIGNATURE(NO_TAIL) "]}"};
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct ms_buf payload;
        ck_assert_msg(payload_of(&payload, BAD[i]) == MS_INVALID, "accepted: %s", BAD[i]);
        ms_buf_free(&payload);
    }
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("registry_jws");
    tcase_add_test(tests, rebuilds_the_payload);
    tcase_add_test(tests, what_is_not_signed);
    tcase_add_test(tests, signatures_must_agree);
    tcase_add_test(tests, hostile);
    Suite *suite = suite_create("registry_jws");
    suite_add_tcase(suite, tests);
    return suite;
}
