/* SPDX-License-Identifier: Apache-2.0 */
/* common/runtime/log.c: what arrives on standard error. Each test has a process of its own (check
 * forks), whose standard error is a datagram socket: one write is one datagram. It is announced as
 * the journal's, so that logfmt has no time, unless a test says otherwise. */
#include "common/base/clock.h"
#include "common/runtime/log.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_LIMIT = 8192 };

static int received_fd;
static int saved_stderr;
static char line[LINE_LIMIT + 100];

static void announce_journal(uint64_t device, uint64_t inode)
{
    char stream[64];
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)device,
             (unsigned long long)inode);
    ck_assert_int_eq(setenv("JOURNAL_STREAM", stream, 1), 0);
    ms_log_configure(MS_LOG_INFO, MS_LOG_LOGFMT);
}

static void capture(void)
{
    struct stat info;
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    saved_stderr = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(pair[1], STDERR_FILENO), 0);
    close(pair[1]);
    received_fd = pair[0];
    ck_assert_int_eq(fstat(STDERR_FILENO, &info), 0);
    announce_journal(info.st_dev, info.st_ino);
}

static void release(void)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(received_fd);
    ms_log_configure(MS_LOG_INFO, MS_LOG_LOGFMT);
}

/* The next line written, without its newline; NULL when there was none. */
static const char *next_line(void)
{
    ssize_t len = recv(received_fd, line, sizeof(line) - 1, MSG_DONTWAIT);
    if (len < 0)
        return NULL;
    ck_assert_int_gt(len, 0);
    ck_assert_int_le(len, LINE_LIMIT);
    ck_assert_int_eq(line[len - 1], '\n');
    line[len - 1] = '\0';
    ck_assert_ptr_null(strchr(line, '\n'));
    ck_assert(ms_str_is_utf8(ms_str(line)));
    return line;
}

static void assert_value(struct ms_str value, const char *expected)
{
    char wanted[200];
    snprintf(wanted, sizeof(wanted), "level=info msg=m v=%s", expected);
    ms_log(MS_LOG_INFO, "m", MS_FIELDS(ms_field_str("v", value)));
    ck_assert_str_eq(next_line(), wanted);
}

START_TEST(writes_logfmt)
{
    struct ms_error err;
    ms_error_set(&err, MS_IO, "no space");
    ms_log(MS_LOG_WARN, "scan complete",
           MS_FIELDS(ms_field_u64("u", UINT64_MAX), ms_field_i64("i", INT64_MIN),
                     ms_field_f64("f", 0.25), ms_field_bool("yes", true),
                     ms_field_bool("no", false), ms_field_c("by", "me"), ms_field_error(&err)));
    ck_assert_str_eq(next_line(),
                     "level=warn msg=\"scan complete\" u=18446744073709551615 "
                     "i=-9223372036854775808 f=0.25 yes=true no=false by=me error=\"no space\"");
    ms_log(MS_LOG_ERROR, "away", NULL);
    ck_assert_str_eq(next_line(), "level=error msg=away");
}
END_TEST

/* The line is `before`, a time with milliseconds between `from` and now, `after`. */
static void assert_timed(const char *before, int64_t from, const char *after)
{
    struct ms_str rest = ms_str(next_line());
    int64_t when;
    ck_assert(ms_str_starts_with(rest, ms_str(before)));
    rest = ms_str_skip(rest, strlen(before));
    struct ms_str text = ms_str_slice(rest, 0, strlen("2026-11-23T10:00:00.000Z"));
    ck_assert_int_eq(ms_clock_parse(&when, text), MS_OK);
    ck_assert_int_eq(text.ptr[text.len - 5], '.');
    ck_assert(when >= from && when <= ms_clock_wall_ms());
    ck_assert(ms_str_equal(ms_str_skip(rest, text.len), ms_str(after)));
}

START_TEST(begins_with_the_time_but_in_the_journal)
{
    struct stat info;
    ck_assert_int_eq(fstat(STDERR_FILENO, &info), 0);
    int64_t from = ms_clock_wall_ms();
    ms_log(MS_LOG_INFO, "m", NULL);
    ck_assert_str_eq(next_line(), "level=info msg=m");

    announce_journal(info.st_dev, info.st_ino + 1); /* redirected since */
    ms_log(MS_LOG_INFO, "m", NULL);
    assert_timed("time=", from, " level=info msg=m");
    setenv("JOURNAL_STREAM", "7", 1);
    ms_log_configure(MS_LOG_INFO, MS_LOG_LOGFMT);
    ms_log(MS_LOG_INFO, "m", NULL);
    assert_timed("time=", from, " level=info msg=m");
    unsetenv("JOURNAL_STREAM");
    ms_log_configure(MS_LOG_INFO, MS_LOG_LOGFMT);
    ms_log(MS_LOG_INFO, "m", NULL);
    assert_timed("time=", from, " level=info msg=m");
}
END_TEST

START_TEST(writes_json)
{
    ms_log_configure(MS_LOG_DEBUG, MS_LOG_JSON);
    int64_t from = ms_clock_wall_ms();
    ms_log(MS_LOG_DEBUG, "a \"b\"",
           MS_FIELDS(ms_field_u64("u", 1), ms_field_f64("nan", (double)NAN),
                     ms_field_c("s", "bare"), ms_field_c("none", NULL),
                     ms_field_str("bytes", MS_STR("\x1b\0\xff\\"))));
    assert_timed("{\"time\":\"", from,
                 "\",\"level\":\"debug\",\"msg\":\"a \\\"b\\\"\",\"u\":1,"
                 "\"nan\":null,\"s\":\"bare\",\"none\":null,"
                 "\"bytes\":\"\\u001b\\u0000\xef\xbf\xbd\\\\\"}");
}
END_TEST

START_TEST(escapes_what_comes_from_outside)
{
    assert_value(MS_STR("bare/v1.0:x"), "bare/v1.0:x");
    assert_value(MS_STR(""), "\"\"");
    assert_value(MS_STR_ABSENT, "null");
    assert_value(MS_STR("a b"), "\"a b\"");
    assert_value(MS_STR("a=b"), "\"a=b\"");
    assert_value(MS_STR("say \"x\"\\"), "\"say \\\"x\\\"\\\\\"");
    assert_value(MS_STR("a\nlevel=error\r\t"), "\"a\\nlevel=error\\r\\t\"");
    assert_value(MS_STR("\x1b[31m\0\x7f"), "\"\\u001b[31m\\u0000\\u007f\"");
    assert_value(MS_STR("\xc2\x9b"
                        "31m"),
                 "\"\\u009b31m\"");
    assert_value(MS_STR("\xff\xc3"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_value(MS_STR("\xc2\xa0é😀"), "\"\xc2\xa0é😀\"");
}
END_TEST

START_TEST(keeps_to_the_level)
{
    ms_log(MS_LOG_DEBUG, "hidden", NULL);
    ck_assert_ptr_null(next_line());
    ck_assert(!ms_log_enabled(MS_LOG_DEBUG));
    ck_assert(ms_log_enabled(MS_LOG_INFO));
    ms_log_configure(MS_LOG_ERROR, MS_LOG_LOGFMT);
    ms_log(MS_LOG_WARN, "hidden", NULL);
    ck_assert_ptr_null(next_line());
    ms_log(MS_LOG_ERROR, "seen", NULL);
    ck_assert_str_eq(next_line(), "level=error msg=seen");
}
END_TEST

static bool ends_with(const char *text, const char *ending)
{
    return ms_str_ends_with(ms_str(text), ms_str(ending));
}

/* Lines around the limit, byte by byte, with all that can stand at the place of the cut. */
static void log_around_the_limit(const char *filling, size_t filling_len, enum ms_log_format format)
{
    static char text[2 * LINE_LIMIT];
    ms_log_configure(MS_LOG_INFO, format);
    for (size_t i = 0; i + filling_len < sizeof(text); i += filling_len)
        memcpy(text + i, filling, filling_len);
    size_t cuts = 0;
    for (size_t len = LINE_LIMIT - 120; len < LINE_LIMIT + 20; len++) {
        ms_log(MS_LOG_INFO, "m",
               MS_FIELDS(ms_field_str("v", ms_str_n(text, len)), ms_field_u64("n", UINT64_MAX),
                         ms_field_bool("b", true), ms_field_c("last", "z")));
        const char *written = next_line();
        ck_assert_ptr_nonnull(written);
        bool cut = strstr(written, "…") != NULL;
        cuts += cut;
        ck_assert(cut || ends_with(written, format == MS_LOG_JSON ? "\"z\"}" : "last=z"));
        ck_assert(format != MS_LOG_JSON || ends_with(written, "}"));
        ck_assert(!cut || ends_with(written, "…\"") || ends_with(written, " …") ||
                  ends_with(written, "…\"}") || ends_with(written, ",\"…\":true}"));
    }
    ck_assert_uint_gt(cuts, 0);
}

START_TEST(cuts_long_lines)
{
    static const struct ms_str FILLINGS[] = {MS_STR_INIT("x"),    MS_STR_INIT("x "),
                                             MS_STR_INIT("é"),    MS_STR_INIT("😀"),
                                             MS_STR_INIT("\x01"), MS_STR_INIT("\"")};
    for (size_t i = 0; i < sizeof(FILLINGS) / sizeof(FILLINGS[0]); i++) {
        log_around_the_limit(FILLINGS[i].ptr, FILLINGS[i].len, MS_LOG_LOGFMT);
        log_around_the_limit(FILLINGS[i].ptr, FILLINGS[i].len, MS_LOG_JSON);
    }
}
END_TEST

START_TEST(leaves_errno_alone)
{
    close(STDERR_FILENO);
    errno = EAGAIN;
    ms_log(MS_LOG_ERROR, "nobody listens", NULL);
    ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("log");
    tcase_add_checked_fixture(tests, capture, release);
    tcase_add_test(tests, writes_logfmt);
    tcase_add_test(tests, begins_with_the_time_but_in_the_journal);
    tcase_add_test(tests, writes_json);
    tcase_add_test(tests, escapes_what_comes_from_outside);
    tcase_add_test(tests, keeps_to_the_level);
    tcase_add_test(tests, cuts_long_lines);
    tcase_add_test(tests, leaves_errno_alone);
    Suite *suite = suite_create("log");
    suite_add_tcase(suite, tests);
    return suite;
}
