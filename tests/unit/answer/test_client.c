/* SPDX-License-Identifier: Apache-2.0 */
/* Who is asking. */
#include "reader/answer/client.h"
#include "tests/support/check_main.h"

#include <string.h>

static char *trusted[] = {(char[]){"127.0.0.1"}, (char[]){"10.0.0.0/8"}, (char[]){"fd00::/8"}};
static const struct ms_string_list PROXIES = {.items = trusted, .count = 3};
static const struct ms_string_list NONE = {.items = NULL};

static void expect(const char *peer, const char *forwarded, const struct ms_string_list *proxies,
                   const char *expected)
{
    struct client client;
    struct ms_ip ip;
    client_find(&client, ms_str(peer), ms_str(forwarded), proxies);
    ck_assert_int_eq(ms_ip_parse(&ip, ms_str(expected)), MS_OK);
    ck_assert_msg(memcmp(&client.ip, &ip, sizeof(ip)) == 0, "%s, %s", peer, forwarded);
}

START_TEST(the_peer_is_the_client)
{
    expect("192.0.2.1:4000", NULL, &NONE, "192.0.2.1");
    expect("192.0.2.1:4000", "198.51.100.1", &NONE, "192.0.2.1");
    expect("192.0.2.1:4000", "198.51.100.1", &PROXIES, "192.0.2.1");
    expect("127.0.0.1:4000", "198.51.100.1", &NONE, "127.0.0.1");
    expect("unix", "198.51.100.1", &PROXIES, "::");
}
END_TEST

START_TEST(of_ipv6_a_64_is_one_client)
{
    expect("[2001:db8:1:2:3:4:5:6]:4000", NULL, &NONE, "2001:db8:1:2::");
    expect("[::ffff:192.0.2.1]:4000", NULL, &NONE, "192.0.2.1");
    expect("127.0.0.1:1", "2001:db8:1:2:3:4:5:6", &PROXIES, "2001:db8:1:2::");
    expect("127.0.0.1:1", "[2001:db8:1:2:3:4:5:6]:99", &PROXIES, "2001:db8:1:2::");
}
END_TEST

START_TEST(trusted_proxies_name_the_client)
{
    expect("127.0.0.1:1", "198.51.100.1", &PROXIES, "198.51.100.1");
    expect("127.0.0.1:1", "198.51.100.1:5000", &PROXIES, "198.51.100.1");
    expect("[fd00::1]:1", "198.51.100.1 , 10.1.2.3", &PROXIES, "198.51.100.1");
    expect("127.0.0.1:1", "203.0.113.9, 198.51.100.1, 10.1.2.3", &PROXIES, "198.51.100.1");
    expect("127.0.0.1:1", "10.9.9.9, 10.1.2.3", &PROXIES, "10.9.9.9"); /* inside the network */
    expect("127.0.0.1:1", NULL, &PROXIES, "127.0.0.1");
    expect("127.0.0.1:1", "", &PROXIES, "127.0.0.1");
}
END_TEST

/* Then it is the last one that is known. */
START_TEST(what_is_no_address_is_not_believed)
{
    expect("127.0.0.1:1", "unknown", &PROXIES, "127.0.0.1");
    expect("127.0.0.1:1", "198.51.100.1,", &PROXIES, "127.0.0.1");
    expect("127.0.0.1:1", ",", &PROXIES, "127.0.0.1");
    expect("127.0.0.1:1", "198.51.100.1, x, 10.1.2.3", &PROXIES, "10.1.2.3");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("client");
    TCase *tcase = tcase_create("client");
    tcase_add_test(tcase, the_peer_is_the_client);
    tcase_add_test(tcase, of_ipv6_a_64_is_one_client);
    tcase_add_test(tcase, trusted_proxies_name_the_client);
    tcase_add_test(tcase, what_is_no_address_is_not_believed);
    suite_add_tcase(suite, tcase);
    return suite;
}
