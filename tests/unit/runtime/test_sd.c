/* SPDX-License-Identifier: Apache-2.0 */
/* common/runtime/sd.c: datagrams to a socket of our own, and the watchdog's variables. */
#include "common/runtime/sd.h"
#include "tests/support/check_main.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A datagram socket at `name`; a leading '@' stands for the abstract space. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    ck_assert_uint_lt(length, sizeof(address.sun_path));
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    ck_assert_int_ge(fd, 0);
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, bytes), 0);
    return fd;
}

static void assert_received(int fd, const char *expected)
{
    char text[100];
    ssize_t len = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
    ck_assert_int_ge(len, 0);
    text[len] = '\0';
    ck_assert_str_eq(text, expected);
}

START_TEST(notifies_at_a_path)
{
    char path[100];
    snprintf(path, sizeof(path), "/tmp/metastore-test-sd-%d", (int)getpid());
    int fd = listen_at(path);
    setenv("NOTIFY_SOCKET", path, 1);
    ms_sd_notify("READY=1\nSTATUS=at work");
    assert_received(fd, "READY=1\nSTATUS=at work");
    unlink(path);
    close(fd);
}
END_TEST

START_TEST(notifies_in_the_abstract_space)
{
    char name[100];
    snprintf(name, sizeof(name), "@metastore-test-sd-%d", (int)getpid());
    int fd = listen_at(name);
    setenv("NOTIFY_SOCKET", name, 1);
    ms_sd_notify("STOPPING=1");
    assert_received(fd, "STOPPING=1");
    close(fd);
}
END_TEST

START_TEST(does_nothing_without_a_listener)
{
    char longest[300];
    memset(longest, '/', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    const char *const names[] = {"", "@", "relative", "/nonexistent/socket", longest};
    int before = dup(STDOUT_FILENO);
    close(before);
    unsetenv("NOTIFY_SOCKET");
    ms_sd_notify("READY=1");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        ms_sd_notify("READY=1");
    }
    /* No descriptor was left open: the next one is the same as before. */
    int after = dup(STDOUT_FILENO);
    ck_assert_int_eq(after, before);
    close(after);
}
END_TEST

START_TEST(reads_the_watchdog)
{
    char pid[20];
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    ck_assert_uint_eq(ms_sd_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    ck_assert_uint_eq(ms_sd_watchdog_ms(), 15000);
    setenv("WATCHDOG_PID", pid, 1);
    ck_assert_uint_eq(ms_sd_watchdog_ms(), 15000);
    setenv("WATCHDOG_PID", "1", 1);
    ck_assert_uint_eq(ms_sd_watchdog_ms(), 0);
    unsetenv("WATCHDOG_PID");
    setenv("WATCHDOG_USEC", "1", 1);
    ck_assert_uint_eq(ms_sd_watchdog_ms(), 1);
    setenv("WATCHDOG_USEC", "0", 1);
    ck_assert_uint_eq(ms_sd_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "soon", 1);
    ck_assert_uint_eq(ms_sd_watchdog_ms(), 0);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("sd");
    tcase_add_test(tests, notifies_at_a_path);
    tcase_add_test(tests, notifies_in_the_abstract_space);
    tcase_add_test(tests, does_nothing_without_a_listener);
    tcase_add_test(tests, reads_the_watchdog);
    Suite *suite = suite_create("sd");
    suite_add_tcase(suite, tests);
    return suite;
}
