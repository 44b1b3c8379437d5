/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values of the configuration, good and bad: what loads and how it is printed, what is
 * refused and with which words.
 */
#include "tests/support/config_fixture.h"

/* "section: {key: VALUE}" beside a good URL, or in the place of it. */
static void with_value(char *yaml, size_t size, const char *key, const char *value)
{
    const char *dot = strchr(key, '.');
    const char *url = strncmp(key, "registry.", 9) == 0 && strcmp(key, "registry.url") != 0
                          ? "url: \"https://r.example\", "
                          : "";
    if (dot == NULL)
        (void)snprintf(yaml, size, URL "%s: %s\n", key, value);
    else if (strncmp(key, "database.postgres.", 18) == 0)
        (void)snprintf(yaml, size, URL "database: {postgres: {%s: %s}}\n", key + 18, value);
    else
        (void)snprintf(yaml, size, "%s%.*s: {%s%s: %s}\n",
                       strncmp(key, "registry.", 9) == 0 ? "" : URL, (int)(dot - key), key, url,
                       dot + 1, value);
}

/* What loads, and how --print-config writes it. */
static const struct {
    const char *key;
    const char *value;
    const char *printed;
} GOOD[] = {
    {"registry.url", "http://r.example:5000/a/b/", "    url: \"http://r.example:5000/a/b\"  #"},
    {"registry.url", "\"https://[::1]:5000//\"", "    url: \"https://[::1]:5000\"  #"},
    {"registry.url", "HTTPS://R.example", "    url: \"HTTPS://R.example\"  #"},
    {"registry.public_url", "/", "    public_url: \"/\"  #"},
    {"registry.public_url", "https://pub.example/x",
     "    public_url: \"https://pub.example/x\"  #"},
    {"registry.public_url", "", "    public_url: \"https://r.example\"  #"},
    {"registry.username", "null", "    username:  #"},
    {"registry.username", "~", "    username:  #"},
    {"registry.username", "\"null\"", "    username: \"null\"  #"},
    {"registry.username", "123", "    username: \"123\"  #"},
    {"registry.username", "\"j\\\"\\\\\\u00fc\\u2028\"",
     "    username: \"j\\\"\\\\\\U000000fc\\U00002028\"  #"},
    {"registry.ca_file", "\"\"", "    ca_file:  #"},
    {"registry.concurrency", "1024", "    concurrency: 1024  #"},
    {"registry.timeout", "1h", "    timeout: 1h  #"},
    {"registry.timeout", "100ms", "    timeout: 100ms  #"},
    {"registry.timeout", "1m90s500ms", "    timeout: 2m30s500ms  #"},
    {"registry.timeout", "\"90s\"", "    timeout: 90s  #"},
    {"registry.include", "[a/*, \"?\"]", "    include: [\"a/*\", \"?\"]  #"},
    {"registry.exclude", "[]", "    exclude: []  #"},
    {"registry.repositories", "[library/postgres, a]",
     "    repositories: [\"library/postgres\", \"a\"]  #"},
    {"events.token", "\"\"", "    token:  #"},
    {"events.max_body", "1MB", "    max_body: 1MB  #"},
    {"events.max_body", "1048576B", "    max_body: 1MiB  #"},
    {"events.max_body", "64MiB", "    max_body: 64MiB  #"},
    {"events.max_body", "1025B", "    max_body: 1025B  #"},
    {"cache.size", "0", "    size: 0  #"},
    {"database.postgres.url", "host=db password=x dbname=y",
     "        url: \"password=**** dbname=y host=db\"  #"},
    {"database.postgres.read_url", "postgresql:///metastore",
     "        read_url: \"postgresql:///metastore\"  #"},
    {"writer.listen", "127.0.0.1:0", "    listen: \"127.0.0.1:0\"  #"},
    {"writer.listen", "\"[::1]:8087\"", "    listen: \"[::1]:8087\"  #"},
    {"writer.listen", "unix:/run/w.sock", "    listen: \"unix:/run/w.sock\"  #"},
    {"reader.workers", "64", "    workers: 64  #"},
    {"reader.workers", "auto", "    workers: auto  #"},
    {"reader.trusted_proxies", "[]", "    trusted_proxies: []  #"},
    {"reader.trusted_proxies", "[127.0.0.1, 10.0.0.0/8, \"fd00::/8\"]",
     "    trusted_proxies: [\"127.0.0.1\", \"10.0.0.0/8\", \"fd00::/8\"]  #"},
    {"reader.cors_origin", "\"*\"", "    cors_origin: \"*\"  #"},
    {"interval.fetch_all", "0", "    fetch_all: 0  #"},
    {"interval.fetch_all", "1h30m", "    fetch_all: 1h30m  #"},
    {"garbage_collect.registry", "dry-run", "    registry: \"dry-run\"  #"},
    {"garbage_collect.registry", "\"on\"", "    registry: \"on\"  #"},
    {"index.icons", "link", "    icons: \"link\"  #"},
    {"retention.changes", "0", "    changes: 0  #"},
    {"components.web_ui", "false", "    web_ui: false  #"},
    {"log.level", "debug", "    level: \"debug\"  #"},
    {"log.format", "json", "    format: \"json\"  #"},
    {"shutdown_timeout", "0", "shutdown_timeout: 0  #"},
};

START_TEST(good_values_load_and_print)
{
    char yaml[512];
    with_value(yaml, sizeof(yaml), GOOD[_i].key, GOOD[_i].value);
    struct ms_config *config = parse(yaml);
    assert_printed(config, GOOD[_i].printed);
    assert_loads_again(config);
    ms_config_free(config);
}
END_TEST

/* One fault; the message behind "f:LINE:COLUMN: KEY: ". */
#define NO_URL "must be an absolute URL such as https://registry.example.com"
#define USER_IN_URL                                                                                \
    "must not hold user information, which would leak: use registry.username and "                 \
    "registry.password_file"
#define NO_DURATION "must be a duration such as 500ms, 30s, 1h30m or 0, not "
#define NO_SIZE "must be a size such as 64MiB, 1MB or 0, not "
#define NO_ADDRESS                                                                                 \
    "must be an address such as \":8088\", \"127.0.0.1:8088\", \"[::1]:8088\" or \"unix:/path\""
#define NO_NETWORK "must be an address or a network such as 10.0.0.0/8 or fd00::/8, not "
#define NO_LIBPQ "libpq cannot read it: "
#define NO_DATABASE                                                                                \
    "must be a URI such as postgresql://user@host/database or a keyword string such as "           \
    "\"host=db dbname=metastore\""
static const struct {
    const char *key;
    const char *value;
    const char *what;
} BAD[] = {
    {"registry.url", "registry.example.com", NO_URL},
    {"registry.url", "\"\"", NO_URL},
    {"registry.url", "ftp://r.example", NO_URL},
    {"registry.url", "https://u:geheim@r.example", USER_IN_URL},
    {"registry.url", "https://u@r.example/x", USER_IN_URL},
    {"registry.url", "https://u:p/q@r.example", USER_IN_URL},
    {"registry.url", "https://", "has no valid host and port"},
    {"registry.url", "\"https://r.example:\"", "has no valid host and port"},
    {"registry.url", "https://r.example:0", "has no valid host and port"},
    {"registry.url", "https://r.example:65536", "has no valid host and port"},
    {"registry.url", "\"https://[::g]\"", "has no valid host and port"},
    {"registry.url", "https://r example/", "has no valid host and port"},
    {"registry.url", "https://r.example:80x/", "has no valid host and port"},
    {"registry.url", "\"https://r.example/a b\"",
     "must not hold a query, a fragment, spaces or signs to be escaped"},
    {"registry.url", "\"https://r.example/%zz\"",
     "must not hold a query, a fragment, spaces or signs to be escaped"},
    {"registry.url", "https://r.example/?q=1",
     "must not hold a query, a fragment, spaces or signs to be escaped"},
    {"registry.url", "\"https://r.example/#x\"",
     "must not hold a query, a fragment, spaces or signs to be escaped"},
    {"registry.url", "[https://r.example]", "must be a single value, not a list"},
    {"registry.url", "{a: b}", "must be a single value, not a map of keys"},
    {"registry.url", "{}", "must be a single value, not a map of keys"},
    {"registry.public_url", "registry", "must be an absolute URL or a path such as /"},
    {"registry.public_url", "//host/path", "is no path of a URL"},
    {"registry.public_url", "/a b", "is no path of a URL"},
    {"registry.public_url", "https://u:p@r.example", USER_IN_URL},
    {"registry.username", "\"a\\nb\"", "must not hold control characters"},
    {"registry.concurrency", "0", "must be between 1 and 1024"},
    {"registry.concurrency", "1025", "must be between 1 and 1024"},
    {"registry.concurrency", "-1", "must be between 1 and 1024"},
    {"registry.concurrency", "many", "must be a number, not \"many\""},
    {"registry.concurrency", "1.5", "must be a number, not \"1.5\""},
    {"registry.concurrency", "99999999999999999999",
     "must be a number, not \"99999999999999999999\""},
    {"registry.concurrency", "\"32\"", "must be a number without quotes, not \"32\""},
    {"registry.timeout", "30", NO_DURATION "\"30\""},
    {"registry.timeout", "30 s", NO_DURATION "\"30 s\""},
    {"registry.timeout", "1.5h", NO_DURATION "\"1.5h\""},
    {"registry.timeout", "-1s", NO_DURATION "\"-1s\""},
    {"registry.timeout", "30m1h", NO_DURATION "\"30m1h\""},
    {"registry.timeout", "1s1s", NO_DURATION "\"1s1s\""},
    {"registry.timeout", "1d", NO_DURATION "\"1d\""},
    {"registry.timeout", "s", NO_DURATION "\"s\""},
    {"registry.timeout", "99999999999999999h", NO_DURATION "\"99999999999999999h\""},
    {"registry.timeout", "0", "must be between 100ms and 1h"},
    {"registry.timeout", "2h", "must be between 100ms and 1h"},
    {"registry.include", "\"*\"", "must be a list, such as [\"team/*\"]"},
    {"registry.include", "{a: b}", "must be a list, such as [\"team/*\"]"},
    {"registry.include", "[]", "the list must not be empty"},
    {"reader.trusted_proxies", "[10.0.0.0/33]", NO_NETWORK "\"10.0.0.0/33\""},
    {"reader.trusted_proxies", "[proxy.example.com]", NO_NETWORK "\"proxy.example.com\""},
    {"reader.trusted_proxies", "[\"\"]", NO_NETWORK "\"\""},
    {"registry.exclude", "[~]", "an item of the list is empty"},
    {"registry.exclude", "[\"\"]", "must be a glob such as library/*, not \"\""},
    {"registry.exclude", "[a b]", "must be a glob such as library/*, not \"a b\""},
    {"registry.repositories", "[Upper]",
     "must be the name of a repository such as library/postgres, not \"Upper\""},
    {"events.max_body", "4", NO_SIZE "\"4\""},
    {"events.max_body", "4Mi", NO_SIZE "\"4Mi\""},
    {"events.max_body", "1MiB1KiB", NO_SIZE "\"1MiB1KiB\""},
    {"events.max_body", "18446744073709551615KiB", NO_SIZE "\"18446744073709551615KiB\""},
    {"events.max_body", "0", "must be between 1B and 64MiB"},
    {"events.max_body", "65MiB", "must be between 1B and 64MiB"},
    {"database.postgres.url", "mysql://h/db?a=b", NO_DATABASE},
    {"database.postgres.url", "metastore", NO_DATABASE},
    {"database.postgres.url", "host=db geheim", NO_LIBPQ "missing \"=\" after"},
    {"database.postgres.url", "host=db geheim=x", NO_LIBPQ "invalid connection option"},
    {"database.postgres.url", "\"host=db password='geheim\"",
     NO_LIBPQ "unterminated quoted string in connection info string"},
    {"database.postgres.url", "postgres://a:geheim%zz@h/d",
     NO_LIBPQ "invalid percent-encoded token"},
    {"database.postgres.read_url", "\"postgres://a:geheim@[::1/d\"",
     NO_LIBPQ "end of string reached when looking for matching \"]\" in IPv6 host address in URI"},
    {"database.postgres.url", "postgres://h/d?geheim=1", NO_LIBPQ "invalid URI query parameter"},
    {"database.postgres.connections", "0", "must be between 1 and 1000"},
    {"writer.listen", "8087", NO_ADDRESS},
    {"writer.listen", "localhost:8087", NO_ADDRESS},
    {"writer.listen", "1.2.3:80", NO_ADDRESS},
    {"writer.listen", "1.2.3.4.5.6.7.8.9.10.11.12:80", NO_ADDRESS},
    {"writer.listen", "\":65536\"", NO_ADDRESS},
    {"writer.listen", "\":\"", NO_ADDRESS},
    {"writer.listen", "\"[::1]\"", NO_ADDRESS},
    {"writer.listen", "\"::1:80\"", NO_ADDRESS},
    {"writer.listen", "\"\"", "must not be empty"},
    {"writer.listen", "unix:run/x", "the path of a Unix socket must begin with /"},
    {"writer.listen",
     "unix:/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
     "56789012345678901234567890123456789",
     "the path of a Unix socket is at most 107 bytes"},
    {"reader.workers", "0", "must be auto or between 1 and 64"},
    {"reader.workers", "65", "must be auto or between 1 and 64"},
    {"reader.workers", "-1", "must be auto or between 1 and 64"},
    {"database.postgres.connections", "-", "must be a number, not \"-\""},
    {"reader.workers", "all", "must be auto or a number, not \"all\""},
    {"reader.cors_origin", "\"a b\"", "must be \"*\" or an origin such as \"https://example.com\""},
    {"interval.fetch_all", "1ms", "must be 0 or between 100ms and 8760h"},
    {"interval.fetch_all", "1", NO_DURATION "\"1\""},
    {"garbage_collect.registry", "maybe", "must be one of off, dry-run, on, not \"maybe\""},
    {"garbage_collect.registry", "true", "must be one of off, dry-run, on, not \"true\""},
    {"index.icons", "url", "must be one of inline, link, not \"url\""},
    {"components.web_ui", "yes", "must be true or false, not \"yes\""},
    {"components.web_ui", "\"true\"", "must be true or false without quotes, not \"true\""},
    {"components.web_ui", "1", "must be true or false, not \"1\""},
    {"log.level", "trace", "must be one of debug, info, warn, error, not \"trace\""},
    {"log.level", "0123456789012345678901234567890123456789012345678901234567890123456789",
     "must be one of debug, info, warn, error, not "
     "\"0123456789012345678901234567890123456789012345678901234567890123\" and so on"},
    {"log.format", "xml", "must be one of logfmt, json, not \"xml\""},
};

START_TEST(bad_values_are_faults)
{
    char yaml[512];
    with_value(yaml, sizeof(yaml), BAD[_i].key, BAD[_i].value);
    struct ms_buf diagnostics = faults_of(yaml);
    struct ms_str rest = ms_buf_view(&diagnostics);
    ck_assert(ms_str_equal(ms_str_next(&rest, ':'), MS_STR("f")));
    uint64_t line = 0;
    uint64_t column = 0;
    ck_assert_int_eq(ms_str_to_u64(&line, ms_str_next(&rest, ':')), MS_OK);
    ck_assert_int_eq(ms_str_to_u64(&column, ms_str_next(&rest, ':')), MS_OK);
    char expected[512];
    (void)snprintf(expected, sizeof(expected), " %s: %s\n", BAD[_i].key, BAD[_i].what);
    ck_assert_str_eq(rest.ptr, expected);
    ck_assert_ptr_null(strstr(diagnostics.data, "geheim"));
    ms_buf_free(&diagnostics);
}
END_TEST

START_TEST(durations_of_others)
{
    uint64_t ms = 7;
    ck_assert_int_eq(ms_config_parse_duration(&ms, MS_STR("1m500ms")), MS_OK);
    ck_assert_uint_eq(ms, 60500);
    ck_assert_int_eq(ms_config_parse_duration(&ms, MS_STR("0")), MS_OK);
    ck_assert_uint_eq(ms, 0);
    ms = 7;
    ck_assert_int_eq(ms_config_parse_duration(&ms, MS_STR("60")), MS_INVALID);
    ck_assert_int_eq(ms_config_parse_duration(&ms, MS_STR("")), MS_INVALID);
    ck_assert_int_eq(ms_config_parse_duration(&ms, MS_STR_ABSENT), MS_INVALID);
    ck_assert_uint_eq(ms, 7);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("config_values");
    TCase *values = tcase_create("values");
    tcase_add_loop_test(values, good_values_load_and_print, 0, sizeof(GOOD) / sizeof(GOOD[0]));
    tcase_add_loop_test(values, bad_values_are_faults, 0, sizeof(BAD) / sizeof(BAD[0]));
    tcase_add_test(values, durations_of_others);
    suite_add_tcase(suite, values);
    return suite;
}

#include "tests/support/check_main.h"
