/* SPDX-License-Identifier: Apache-2.0 */
/* Listen addresses: what is one, what it becomes, and what is none. */
#include "common/runtime/address.h"
#include "tests/support/check_main.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static const struct {
    const char *text;
    int family;
    const char *host;
    uint16_t port;
} GOOD[] = {
    {":8088", AF_INET6, "::", 8088},
    {":0", AF_INET6, "::", 0},
    {"127.0.0.1:8088", AF_INET, "127.0.0.1", 8088},
    {"127.0.0.1:0", AF_INET, "127.0.0.1", 0},
    {"[::1]:65535", AF_INET6, "::1", 65535},
};

START_TEST(addresses_are_read)
{
    struct ms_address address;
    struct ms_error err = {.text = ""};
    ck_assert_msg(ms_address_parse(&address, ms_str(GOOD[_i].text), &err) == MS_OK, "%s", err.text);
    ck_assert_int_eq(address.socket.ss_family, GOOD[_i].family);
    ck_assert_uint_eq(address.port, GOOD[_i].port);
    ck_assert_int_eq(address.is_any, GOOD[_i].text[0] == ':');
    char host[INET6_ADDRSTRLEN];
    uint16_t port;
    if (GOOD[_i].family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address.socket;
        ck_assert_uint_eq(address.len, sizeof(*v4));
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        port = ntohs(v4->sin_port);
    } else {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address.socket;
        ck_assert_uint_eq(address.len, sizeof(*v6));
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        port = ntohs(v6->sin6_port);
    }
    ck_assert_str_eq(host, GOOD[_i].host);
    ck_assert_uint_eq(port, GOOD[_i].port);
}
END_TEST

START_TEST(unix_sockets_have_a_path)
{
    struct ms_address address;
    ck_assert_int_eq(ms_address_parse(&address, MS_STR("unix:/run/m.sock"), NULL), MS_OK);
    ck_assert_int_eq(address.socket.ss_family, AF_UNIX);
    ck_assert_str_eq(((const struct sockaddr_un *)&address.socket)->sun_path, "/run/m.sock");
}
END_TEST

static const char *const BAD[] = {
    "",       "8088",      ":",        ":x",           ":80x",          ":+80",
    ":65536", ":000080",   "host:80",  "1.2.3:80",     "1.2.3.4",       "::1:80",
    "[::1]",  "[::1]x:80", "[::1:80",  "[1.2.3.4]:80", "1.2.3.4:80:80", "1.2.3.4 :80",
    " :80",   "unix:",     "unix:rel", "[]:80",        "[::1]:",
};

START_TEST(anything_else_is_refused)
{
    struct ms_address address;
    struct ms_error err;
    ck_assert_int_eq(ms_address_parse(&address, ms_str(BAD[_i]), &err), MS_INVALID);
    ck_assert_str_ne(err.text, "");
}
END_TEST

static Suite *make_suite(void)
{
    TCase *address = tcase_create("address");
    tcase_add_loop_test(address, addresses_are_read, 0, sizeof(GOOD) / sizeof(GOOD[0]));
    tcase_add_test(address, unix_sockets_have_a_path);
    tcase_add_loop_test(address, anything_else_is_refused, 0, sizeof(BAD) / sizeof(BAD[0]));
    Suite *suite = suite_create("address");
    suite_add_tcase(suite, address);
    return suite;
}
