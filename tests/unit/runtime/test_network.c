/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and networks, as they are written. */
#include "common/runtime/network.h"
#include "tests/support/check_main.h"

START_TEST(networks_hold_what_is_in_them)
{
    static const struct {
        const char *network;
        const char *inside;
        const char *outside;
    } CASES[] = {
        {"127.0.0.1", "127.0.0.1", "127.0.0.2"},
        {"10.0.0.0/8", "10.255.1.2", "11.0.0.0"},
        {"10.1.2.3/8", "10.255.1.2", "11.0.0.0"},
        {"192.168.4.0/23", "192.168.5.255", "192.168.6.0"},
        {"0.0.0.0/0", "255.1.2.3", "::1"},
        {"::1", "::1", "::2"},
        {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"},
        {"::/0", "1.2.3.4", NULL},
        {"fd00::/8", "[fdab::1]", "fe80::1"},
    };
    struct ms_network network;
    struct ms_ip ip;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        enum ms_status status = ms_network_parse(&network, ms_str(CASES[i].network));
        ck_assert_msg(status == MS_OK, "%s", CASES[i].network);
        ck_assert_int_eq(ms_ip_parse(&ip, ms_str(CASES[i].inside)), MS_OK);
        ck_assert_msg(ms_network_contains(&network, &ip), "%s", CASES[i].network);
        if (CASES[i].outside == NULL)
            continue;
        ck_assert_int_eq(ms_ip_parse(&ip, ms_str(CASES[i].outside)), MS_OK);
        ck_assert_msg(!ms_network_contains(&network, &ip), "%s", CASES[i].network);
    }
}
END_TEST

START_TEST(what_is_no_network_is_refused)
{
    static const char *const CASES[] = {
        "",
        "x",
        "10.0.0/8",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "::/129",
        "1.2.3.4/08x",
        "[::1",
        "localhost",
        "10.0.0.0/8/8",
        "1.2.3.4 ",
        "::ffff:10.0.0.0/104",
        "[1.2.3.4]",
        "1.2.3.4:80",
        "::1%lo",
        "/8",
        "10.0.0.0/0000",
    };
    struct ms_network network;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        ck_assert_msg(ms_network_parse(&network, ms_str(CASES[i])) == MS_INVALID, "%s", CASES[i]);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("network");
    TCase *tcase = tcase_create("network");
    tcase_add_test(tcase, networks_hold_what_is_in_them);
    tcase_add_test(tcase, what_is_no_network_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
