/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes out of a configuration: secrets that do not, printing that loads again, the manual.
 */
#include "tests/support/config_fixture.h"

/* --- secrets --- */

#define SECRETS_YAML                                                                               \
    "registry: {url: \"http://r\", username: u, password_file: %s}\nevents: {token_file: %s}\n"

START_TEST(secrets_come_from_files)
{
    static const struct {
        const char *bytes;
        const char *secret;
    } FILES[] = {{"geheim", "geheim"}, {"ge heim\n", "ge heim"}, {"geheim\r\n", "geheim"}};
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        char path[32];
        char yaml[256];
        write_file(path, FILES[i].bytes, strlen(FILES[i].bytes));
        (void)snprintf(yaml, sizeof(yaml), SECRETS_YAML, path, path);
        struct ms_config *config = parse(yaml);
        ck_assert_str_eq(config->registry.password, FILES[i].secret);
        ck_assert_str_eq(config->events.token, FILES[i].secret);
        ms_config_free(config);
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

START_TEST(readers_neither_open_nor_keep_secrets)
{
    struct ms_config *config =
        parse_as("registry: {url: \"http://r\", username: u, password_file: /nonexistent/p}\n"
                 "events: {token_file: /nonexistent/t}\n",
                 MS_CONFIG_READER);
    ck_assert_ptr_null(config->registry.password);
    ck_assert_ptr_null(config->events.token);
    ck_assert_str_eq(config->registry.password_file, "/nonexistent/p");
    ms_config_free(config);
    config = parse_as("registry: {url: \"http://r\", username: u, password: geheim}\n"
                      "events: {token: geheim}\n",
                      MS_CONFIG_READER);
    ck_assert_ptr_null(config->registry.password);
    ck_assert_ptr_null(config->events.token);
    ms_config_free(config);
}
END_TEST

START_TEST(secrets_given_both_ways_are_a_fault_for_both_programs)
{
    static const char YAML[] = "registry:\n  url: http://r\n  username: u\n  password: geheim\n"
                               "  password_file: /nonexistent/p\n"
                               "events: {token: geheim, token_file: /nonexistent/t}\n";
    for (int program = MS_CONFIG_WRITER; program <= MS_CONFIG_READER; program++) {
        struct ms_buf diagnostics;
        ms_buf_init(&diagnostics, DIAGNOSTICS_MAX);
        struct ms_config *config = NULL;
        ck_assert_int_eq(ms_config_parse(&config, ms_str(YAML), "f",
                                         (enum ms_config_program)program, &diagnostics),
                         MS_INVALID);
        ck_assert_str_eq(diagnostics.data,
                         "f:5:3: registry.password_file: given beside registry.password: use one "
                         "of them\n"
                         "f:6:25: events.token_file: given beside events.token: use one of them\n");
        ms_buf_free(&diagnostics);
    }
}
END_TEST

static void assert_bad_secret(const char *bytes, size_t len, const char *what)
{
    char path[32];
    char yaml[256];
    char expected[256];
    write_file(path, bytes, len);
    (void)snprintf(yaml, sizeof(yaml), URL "events: {token_file: %s}\n", path);
    (void)snprintf(expected, sizeof(expected), "f:2:22: events.token_file: %s%s\n",
                   *what == ' ' ? path : "", what);
    assert_faults(yaml, expected);
    ck_assert_int_eq(unlink(path), 0);
}

START_TEST(bad_files_of_secrets_are_faults)
{
    char large[4097];
    memset(large, 'x', sizeof(large));
    assert_bad_secret("", 0, " is empty");
    assert_bad_secret("\n", 1, " is empty");
    assert_bad_secret(large, sizeof(large), " is larger than 4 KiB");
    assert_bad_secret("a\nb\n", 4, "must not hold control characters");
    assert_bad_secret("a\0b\n", 4, "must not hold control characters");
    assert_faults(URL "events: {token_file: /nonexistent/t}\n",
                  "f:2:22: events.token_file: cannot read /nonexistent/t: No such file or "
                  "directory\n");
}
END_TEST

START_TEST(printing_hides_secrets)
{
    char path[32];
    char yaml[512];
    write_file(path, "geheim", 6);
    (void)snprintf(yaml, sizeof(yaml),
                   "registry: {url: \"http://r\", username: u, password: geheim}\n"
                   "events: {token_file: %s}\n"
                   "database: {postgres: {url: \"postgres://u:geheim@h/d\","
                   " read_url: \"host=h password='ge heim'\"}}\n",
                   path);
    struct ms_config *config = parse(yaml);
    ck_assert_int_eq(unlink(path), 0);
    struct ms_buf text = print(config);
    ck_assert_ptr_null(strstr(text.data, "heim"));
    ck_assert_ptr_nonnull(strstr(text.data, "    password: \"****\"  #"));
    ck_assert_ptr_nonnull(strstr(text.data, "    token:  #"));
    ck_assert_ptr_nonnull(strstr(text.data, "        url: \"postgres://u:****@h/d\"  #"));
    ck_assert_ptr_nonnull(strstr(text.data, "        read_url: \"password=**** host=h\"  #"));
    ms_buf_free(&text);
    ms_config_free(config);
}
END_TEST

/* --- printing --- */

START_TEST(what_is_printed_loads_again)
{
    struct ms_buf sample = read_whole(ORIGINAL_SAMPLE);
    struct ms_config *config = parse(sample.data);
    assert_loads_again(config);
    ms_config_free(config);
    ms_buf_free(&sample);
}
END_TEST

START_TEST(everything_is_printed_with_its_unit)
{
    struct ms_config *config = parse(URL);
    struct ms_buf text = print(config);
    struct ms_arena *arena = ms_arena_new(MS_YAML_ARENA_BYTES);
    struct ms_buf none;
    ms_buf_init(&none, 1024);
    struct ms_yaml_document document;
    ck_assert_int_eq(ms_yaml_read(&document, arena, ms_buf_view(&text), "p", &none), MS_OK);
    size_t row = 0;
    for (size_t i = 0; i < document.n_entries; i++) {
        if (document.entries[i].is_map)
            continue;
        ck_assert(ms_str_equal(document.entries[i].key, ms_str(MS_CONFIG_KEYS[row].name)));
        row++;
    }
    ck_assert_ptr_null(MS_CONFIG_KEYS[row].name);
    assert_printed(config, "    max_body: 4MiB  # default: 4MiB\n");
    assert_printed(config, "    statement_timeout: 15s  # default: 15s\n");
    assert_printed(config, "        url:  # default: PG* environment\n");
    assert_printed(config, "    url: \"https://r.example\"  # required\n");
    assert_printed(config, "    idle_timeout: 75s  # default: 75s\n");
    assert_printed(config, "    include: [\"*\"]  # default: [\"*\"]\n");
    ms_arena_free(arena);
    ms_buf_free(&text);
    ms_config_free(config);
}
END_TEST

START_TEST(the_manual_has_every_key)
{
    struct ms_buf text;
    ms_buf_init(&text, TEXT_MAX);
    ms_config_manual(&text);
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++) {
        char row[128];
        (void)snprintf(row, sizeof(row), "\n| `%s` | ", key->name);
        ck_assert_ptr_nonnull(strstr(text.data, row));
        ck_assert_str_ne(key->meaning, "");
    }
    ck_assert_ptr_nonnull(strstr(text.data,
                                 "| `registry.concurrency` | 32 | number, 1 to 1024 | yes"
                                 " | requests in flight towards the registry |\n"));
    ms_buf_free(&text);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("config_print");
    TCase *secrets = tcase_create("secrets");
    tcase_add_test(secrets, secrets_come_from_files);
    tcase_add_test(secrets, readers_neither_open_nor_keep_secrets);
    tcase_add_test(secrets, secrets_given_both_ways_are_a_fault_for_both_programs);
    tcase_add_test(secrets, bad_files_of_secrets_are_faults);
    tcase_add_test(secrets, printing_hides_secrets);
    suite_add_tcase(suite, secrets);
    TCase *printing = tcase_create("printing");
    tcase_add_test(printing, what_is_printed_loads_again);
    tcase_add_test(printing, everything_is_printed_with_its_unit);
    tcase_add_test(printing, the_manual_has_every_key);
    suite_add_tcase(suite, printing);
    return suite;
}

#include "tests/support/check_main.h"
