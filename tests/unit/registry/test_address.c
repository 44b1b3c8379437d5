/* SPDX-License-Identifier: Apache-2.0 */
/* writer/registry/address.c, redirect.c: where a registry may send us. */
#include "tests/support/check_main.h"
#include "writer/registry/address.h"
#include "writer/registry/redirect.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum registry_address_kind kind_of(const char *text)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.any = {.sa_family = AF_INET}};
    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1)
        return registry_address_kind(&address.any);
    address.v6.sin6_family = AF_INET6;
    ck_assert_msg(inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1, "%s", text);
    return registry_address_kind(&address.any);
}

START_TEST(kinds_of_addresses)
{
    static const struct {
        const char *text;
        enum registry_address_kind kind;
    } CASES[] = {
        {"127.0.0.1", REGISTRY_ADDRESS_LOOPBACK},
        {"127.255.255.255", REGISTRY_ADDRESS_LOOPBACK},
        {"128.0.0.1", REGISTRY_ADDRESS_ORDINARY},
        {"126.255.255.255", REGISTRY_ADDRESS_ORDINARY},
        {"0.0.0.0", REGISTRY_ADDRESS_LOOPBACK},
        {"1.0.0.0", REGISTRY_ADDRESS_ORDINARY},
        {"::", REGISTRY_ADDRESS_LOOPBACK},
        {"::1", REGISTRY_ADDRESS_LOOPBACK},
        {"::2", REGISTRY_ADDRESS_ORDINARY},
        {"::ffff:127.0.0.1", REGISTRY_ADDRESS_LOOPBACK},
        {"::ffff:0.0.0.0", REGISTRY_ADDRESS_LOOPBACK},
        {"64:ff9b::7f00:1", REGISTRY_ADDRESS_LOOPBACK},
        {"169.254.169.254", REGISTRY_ADDRESS_LINK_LOCAL},
        {"169.253.255.255", REGISTRY_ADDRESS_ORDINARY},
        {"::ffff:169.254.0.1", REGISTRY_ADDRESS_LINK_LOCAL},
        {"fe80::1", REGISTRY_ADDRESS_LINK_LOCAL},
        {"febf:ffff::1", REGISTRY_ADDRESS_LINK_LOCAL},
        {"fec0::1", REGISTRY_ADDRESS_ORDINARY},
        {"100.100.100.200", REGISTRY_ADDRESS_LINK_LOCAL},
        {"fd00:ec2::254", REGISTRY_ADDRESS_LINK_LOCAL},
        {"fd20:ce::254", REGISTRY_ADDRESS_LINK_LOCAL},
        {"10.0.0.1", REGISTRY_ADDRESS_ORDINARY},
        {"192.168.1.1", REGISTRY_ADDRESS_ORDINARY},
        {"fd12::1", REGISTRY_ADDRESS_ORDINARY},
        {"::ffff:10.0.0.1", REGISTRY_ADDRESS_ORDINARY},
    };
    for (size_t i = 0; i < COUNT(CASES); i++)
        ck_assert_msg(kind_of(CASES[i].text) == CASES[i].kind, "%s: %d", CASES[i].text,
                      (int)kind_of(CASES[i].text));
    const struct sockaddr local = {.sa_family = AF_UNIX};
    ck_assert_int_eq(registry_address_kind(&local), REGISTRY_ADDRESS_UNKNOWN);
}
END_TEST

START_TEST(origins)
{
    ck_assert(registry_redirect_is_same_origin("http://a/x", "http://A:80/y?z"));
    ck_assert(registry_redirect_is_same_origin("https://a:443", "https://a/v2/"));
    ck_assert(registry_redirect_is_same_origin("http://[::1]:5000/", "http://[::1]:5000/x"));
    ck_assert(!registry_redirect_is_same_origin("http://a/", "https://a/"));
    ck_assert(!registry_redirect_is_same_origin("http://a/", "http://a:5000/"));
    ck_assert(!registry_redirect_is_same_origin("http://a/", "http://b/"));
    ck_assert(!registry_redirect_is_same_origin("http://a/", "http://a.b/"));
    ck_assert(!registry_redirect_is_same_origin("http://a/", "http://b@a/"));
    ck_assert(!registry_redirect_is_same_origin("http://a/", "http://a@b/"));
    ck_assert(!registry_redirect_is_same_origin("nonsense", "nonsense"));
}
END_TEST

static void assert_redirect(enum registry_redirects allowed, const char *from, const char *to,
                            const char *refusal)
{
    struct ms_error err = {.text = ""};
    char *url = NULL;
    enum ms_status status =
        registry_redirect_judge(&url, allowed, from, to, "https://reg:5000/p", &err);
    ck_assert((status == MS_OK) == (url != NULL));
    free(url);
    ck_assert_msg((status == MS_OK) == (refusal == NULL), "%s: %s", to, err.text);
    if (refusal != NULL)
        ck_assert_msg(strstr(err.text, refusal) != NULL, "no '%s' in '%s'", refusal, err.text);
}

START_TEST(redirects)
{
    static const char FROM[] = "https://reg:5000/v2/a/blobs/x";
    enum registry_redirects own = REGISTRY_REDIRECTS_OWN_ORIGIN;
    enum registry_redirects any = REGISTRY_REDIRECTS_ANYWHERE;
    assert_redirect(own, FROM, "https://reg:5000/elsewhere", NULL);
    assert_redirect(own, FROM, "https://reg/v2/", "https://reg:443/v2/, which is not the registry");
    assert_redirect(own, FROM, "https://store/x?signature=s", "https://store:443/x, which");
    assert_redirect(any, FROM, "https://store/x?signature=s", NULL);
    assert_redirect(any, FROM, "http://store/x", "no TLS");
    assert_redirect(any, "http://reg/", "http://store/x", NULL);
    assert_redirect(any, "http://reg/", "https://store/x", NULL);
    assert_redirect(any, FROM, "file:///etc/passwd", "no plain web address");
    assert_redirect(any, FROM, "gopher://x/", "no plain web address");
    assert_redirect(any, FROM, "https://user:password@store/", "no plain web address");
    assert_redirect(any, FROM, "https://[::1/", "no plain web address");
    assert_redirect(own, FROM, "/v2/elsewhere", NULL);
    assert_redirect(own, FROM, "../y?z", NULL);
    assert_redirect(own, FROM, "//reg:5000/y", NULL);
    assert_redirect(own, FROM, "//store/y", "not the registry");
    assert_redirect(any, FROM, "https://store/with a blank", NULL);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("registry_address");
    tcase_add_test(tests, kinds_of_addresses);
    tcase_add_test(tests, origins);
    tcase_add_test(tests, redirects);
    Suite *suite = suite_create("registry_address");
    suite_add_tcase(suite, tests);
    return suite;
}
