/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a configuration: the original sample, defaults, faults of keys and of the file with their
 * messages, reloading, and that the shipped sample knows all keys.
 */
#include "tests/support/config_fixture.h"

START_TEST(the_original_sample_loads_as_it_stands)
{
    for (int program = MS_CONFIG_WRITER; program <= MS_CONFIG_READER; program++) {
        struct ms_buf diagnostics;
        ms_buf_init(&diagnostics, DIAGNOSTICS_MAX);
        struct ms_config *config = NULL;
        enum ms_status status =
            ms_config_load(&config, ORIGINAL_SAMPLE, (enum ms_config_program)program, &diagnostics);
        ck_assert_msg(status == MS_OK, "%s", diagnostics.data);
        ck_assert_str_eq(config->registry.url, "https://registry.example.com");
        ck_assert_str_eq(config->registry.public_url, "https://registry.example.com");
        if (program == MS_CONFIG_WRITER)
            ck_assert_str_eq(config->events.token, "<token>");
        else
            ck_assert_ptr_null(config->events.token);
        ck_assert_str_eq(
            config->database.url,
            "postgres://<username>:<password>@<host>:<port>/<database>?sslmode=disable");
        ck_assert_uint_eq(config->interval.fetch_all_ms, 3600000);
        ck_assert_uint_eq(config->interval.garbage_collect_ms, 1800000);
        ms_config_free(config);
    }
}
END_TEST

START_TEST(the_original_sample_has_tabs)
{
    struct ms_buf bytes = read_whole(ORIGINAL_SAMPLE);
    ck_assert_ptr_nonnull(strstr(bytes.data, "\n\ttoken: \"<token>\"\n"));
    ck_assert_ptr_nonnull(strstr(bytes.data, "\n\t\t# Standard postgresql URI\n"));
    ms_buf_free(&bytes);
}
END_TEST

START_TEST(defaults_are_the_documented_ones)
{
    struct ms_config *c = parse(URL);
    ck_assert_str_eq(c->registry.public_url, "https://r.example");
    ck_assert_ptr_null(c->registry.username);
    ck_assert_ptr_null(c->registry.password);
    ck_assert_ptr_null(c->registry.ca_file);
    ck_assert_uint_eq(c->registry.concurrency, 32);
    ck_assert_uint_eq(c->registry.timeout_ms, 30000);
    ck_assert_uint_eq(c->registry.include.count, 1);
    ck_assert_str_eq(c->registry.include.items[0], "*");
    ck_assert_uint_eq(c->registry.exclude.count, 0);
    ck_assert_uint_eq(c->registry.repositories.count, 0);
    ck_assert_ptr_null(c->events.token);
    ck_assert_uint_eq(c->events.max_body_bytes, 4 << 20);
    ck_assert_ptr_null(c->database.url);
    ck_assert_ptr_null(c->database.read_url);
    ck_assert_uint_eq(c->database.connections, 4);
    ck_assert_str_eq(c->writer.listen, ":8087");
    ck_assert_str_eq(c->reader.listen, ":8088");
    ck_assert_uint_eq(c->reader.workers, 0);
    ck_assert_ptr_null(c->reader.cors_origin);
    ck_assert_uint_eq(c->reader.max_stale_ms, 300000);
    ck_assert_uint_eq(c->reader.max_connections, 10000);
    ck_assert_uint_eq(c->reader.header_timeout_ms, 10000);
    ck_assert_uint_eq(c->reader.idle_timeout_ms, 75000);
    ck_assert_uint_eq(c->reader.write_timeout_ms, 30000);
    ck_assert_uint_eq(c->reader.statement_timeout_ms, 15000);
    ck_assert_uint_eq(c->reader.max_waiting, 1000);
    ck_assert_uint_eq(c->cache.max_age_index_ms, 5000);
    ck_assert_uint_eq(c->cache.max_age_html_ms, 5000);
    ck_assert_uint_eq(c->cache.size_bytes, 64 << 20);
    ck_assert_uint_eq(c->cache.spool_size_bytes, UINT64_C(4) << 30);
    ck_assert_str_eq(c->cache.spool_dir, "/var/tmp");
    ck_assert_uint_eq(c->interval.fetch_all_ms, 3600000);
    ck_assert_uint_eq(c->interval.garbage_collect_ms, 1800000);
    ck_assert_int_eq(c->index.icons, MS_ICONS_INLINE);
    ck_assert_int_eq(c->garbage_collect.registry, MS_COLLECT_OFF);
    ck_assert_uint_eq(c->garbage_collect.grace_ms, 86400000);
    ck_assert_uint_eq(c->retention.changes_ms, UINT64_C(720) * 3600000);
    ck_assert_uint_eq(c->retention.history_ms, 0);
    ck_assert(c->components.web_ui);
    ck_assert(!c->components.assert_endpoint);
    ck_assert_uint_eq(c->search.official.count, 1);
    ck_assert_str_eq(c->search.official.items[0], "library/*");
    ck_assert_int_eq(c->log.level, MS_LOG_INFO);
    ck_assert_int_eq(c->log.format, MS_LOG_LOGFMT);
    ck_assert(!c->log.access);
    ck_assert_uint_eq(c->shutdown_timeout_ms, 30000);
    ms_config_free(c);
}
END_TEST

START_TEST(faults_are_at_the_value)
{
    assert_faults(URL "log:\n  access: false\n  level:   loud\n",
                  "f:4:12: log.level: must be one of debug, info, warn, error, not \"loud\"\n");
    assert_faults(URL "search:\n\tofficial:\n\t- ok\n\t- not ok\n",
                  "f:5:7: search.official: must be a glob such as library/*, not \"not ok\"\n");
}
END_TEST

START_TEST(every_fault_is_reported)
{
    assert_faults(
        "regsitry:\n    url: x\nlog: {level: loud, leve: info}\nlog: 1\ncache: {size: 1}\n",
        "f:4:1: log: given twice (first in line 3)\n"
        "f:1:1: regsitry: unknown key; did you mean \"registry\"?\n"
        "f:3:14: log.level: must be one of debug, info, warn, error, not \"loud\"\n"
        "f:3:20: log.leve: unknown key; did you mean \"log.level\"?\n"
        "f:5:15: cache.size: must be a size such as 64MiB, 1MB or 0, not \"1\"\n"
        "f: registry.url: required\n");
}
END_TEST

START_TEST(unknown_keys_get_a_suggestion_when_close)
{
    assert_faults(URL "reader: {max_conections: 1}\n",
                  "f:2:10: reader.max_conections: unknown key; did you mean "
                  "\"reader.max_connections\"?\n");
    assert_faults(URL "fetch_all: 1h\n",
                  "f:2:1: fetch_all: unknown key; did you mean \"interval.fetch_all\"?\n");
    assert_faults(URL "database: {url: x}\n",
                  "f:2:12: database.url: unknown key; did you mean \"database.postgres.url\"?\n");
    assert_faults(URL "something: {else: {entirely: 1}}\nlog: {colour: on}\n",
                  "f:2:1: something: unknown key\nf:3:7: log.colour: unknown key\n");
}
END_TEST

START_TEST(missing_keys_have_no_position)
{
    assert_faults("", "f: registry.url: required\n");
    assert_faults("registry:\n    url:\n", "f: registry.url: required\n");
    assert_faults("registry: {url: ~}\n", "f: registry.url: required\n");
    assert_faults("registry: {url: \"http://r\", client_cert: /dev/null}\n",
                  "f: registry.client_key: required beside registry.client_cert\n");
    assert_faults("registry: {url: \"http://r\", client_key: /dev/null}\n",
                  "f: registry.client_cert: required beside registry.client_key\n");
    assert_faults("registry: {url: \"http://r\", password: geheim}\n",
                  "f: registry.username: required beside the password\n");
}
END_TEST

START_TEST(sections_must_be_maps)
{
    assert_faults(URL "log: info\n", "f:2:1: log: must be a map of keys\n");
    assert_faults(URL "log: [info]\n", "f:2:1: log: must be a map of keys\n");
    assert_faults(URL "database: {postgres: \"host=x\"}\n",
                  "f:2:12: database.postgres: must be a map of keys\n");
    ms_config_free(parse(URL "log:\ndatabase: {postgres: }\nreader: {}\ncache: ~\n"));
}
END_TEST

START_TEST(empty_keys_are_not_set)
{
    struct ms_config *config = parse(URL "log:\n    level:\nreader: {listen: }\n"
                                         "events: {token: }\nsearch:\n    official:\n");
    ck_assert_int_eq(config->log.level, MS_LOG_INFO);
    ck_assert_str_eq(config->reader.listen, ":8088");
    ck_assert_ptr_null(config->events.token);
    ck_assert_uint_eq(config->search.official.count, 1);
    ms_config_free(config);
}
END_TEST

START_TEST(ports_need_no_quotes_in_a_block)
{
    struct ms_config *config = parse(URL "writer:\n    listen: :8090\n");
    ck_assert_str_eq(config->writer.listen, ":8090");
    ms_config_free(config);
}
END_TEST

START_TEST(broken_yaml_is_one_fault)
{
    struct ms_buf diagnostics = faults_of("registry: [\n");
    ck_assert_ptr_nonnull(strstr(diagnostics.data, "f:2:1: no YAML: "));
    ck_assert_ptr_null(strstr(diagnostics.data, "required"));
    ms_buf_free(&diagnostics);
}
END_TEST

START_TEST(what_cannot_be_read_is_said)
{
    struct ms_buf diagnostics;
    ms_buf_init(&diagnostics, DIAGNOSTICS_MAX);
    struct ms_config *config = NULL;
    ck_assert_int_eq(ms_config_load(&config, "/nonexistent/x", MS_CONFIG_WRITER, &diagnostics),
                     MS_IO);
    ck_assert_str_eq(diagnostics.data,
                     "/nonexistent/x: cannot be read: No such file or directory\n");
    ms_buf_clear(&diagnostics);
    ck_assert_int_eq(ms_config_load(&config, "/tmp", MS_CONFIG_WRITER, &diagnostics), MS_IO);
    ck_assert_str_eq(diagnostics.data, "/tmp: cannot be read: Is a directory\n");
    ms_buf_clear(&diagnostics);
    ck_assert_int_eq(ms_config_load(&config, "/dev/zero", MS_CONFIG_WRITER, &diagnostics),
                     MS_INVALID);
    ck_assert_str_eq(diagnostics.data, "/dev/zero:1:1: the file is larger than 64 KiB\n");
    ck_assert_ptr_null(config);
    ms_buf_free(&diagnostics);
}
END_TEST

START_TEST(files_that_only_the_writer_needs)
{
    static const char YAML[] =
        "registry: {url: \"http://r\", ca_file: /nonexistent/ca, client_cert: /tmp,\n"
        "           client_key: /dev/null}\n";
    assert_faults(YAML, "f:1:38: registry.ca_file: cannot read /nonexistent/ca: No such file or "
                        "directory\n"
                        "f:1:68: registry.client_cert: cannot read /tmp: Is a directory\n");
    ms_config_free(parse_as(YAML, MS_CONFIG_READER));
}
END_TEST

/* --- the shipped sample --- */

/* Lines such as "    #key: value" become keys; prose has a space behind the sign. */
static void uncomment(struct ms_buf *bytes)
{
    for (size_t i = 0; i + 1 < bytes->len; i++) {
        bool begins_key = bytes->data[i + 1] >= 'a' && bytes->data[i + 1] <= 'z';
        bool is_indented = i == 0 || bytes->data[i - 1] == ' ' || bytes->data[i - 1] == '\n';
        if (bytes->data[i] != '#' || !is_indented || !begins_key)
            continue;
        memmove(bytes->data + i, bytes->data + i + 1, bytes->len - i);
        bytes->len--;
    }
}

START_TEST(the_shipped_sample_is_the_defaults)
{
    struct ms_buf bytes = read_whole(SHIPPED_SAMPLE);
    struct ms_config *sample = parse(bytes.data);
    struct ms_config *defaults = parse("registry: {url: \"https://registry.example.com\"}\n");
    struct ms_buf sample_text = print(sample);
    struct ms_buf default_text = print(defaults);
    ck_assert_str_eq(sample_text.data, default_text.data);
    ms_buf_free(&sample_text);
    ms_buf_free(&default_text);
    ms_config_free(sample);
    ms_config_free(defaults);
    ms_buf_free(&bytes);
}
END_TEST

START_TEST(the_shipped_sample_has_every_key_and_its_examples_load)
{
    struct ms_buf bytes = read_whole(SHIPPED_SAMPLE);
    uncomment(&bytes);
    struct ms_buf diagnostics;
    ms_buf_init(&diagnostics, DIAGNOSTICS_MAX);
    struct ms_arena *arena = ms_arena_new(MS_YAML_ARENA_BYTES);
    struct ms_yaml_document document;
    ck_assert_int_eq(ms_yaml_read(&document, arena, ms_buf_view(&bytes), "s", &diagnostics), MS_OK);
    ck_assert_uint_eq(document.n_faults, 0);
    size_t row = 0;
    for (size_t i = 0; i < document.n_entries; i++) {
        if (document.entries[i].is_map)
            continue;
        ck_assert_msg(ms_str_equal(document.entries[i].key, ms_str(MS_CONFIG_KEYS[row].name)),
                      "%s is not in its place", MS_CONFIG_KEYS[row].name);
        row++;
    }
    ck_assert_ptr_null(MS_CONFIG_KEYS[row].name);
    ms_arena_free(arena);

    /* All at once gives the secrets both ways, and nothing else is wrong. */
    struct ms_config *config = NULL;
    ck_assert_int_eq(
        ms_config_parse(&config, ms_buf_view(&bytes), "s", MS_CONFIG_READER, &diagnostics),
        MS_INVALID);
    struct ms_str rest = ms_buf_view(&diagnostics);
    ck_assert(ms_str_contains(ms_str_next(&rest, '\n'), MS_STR("registry.password_file: given")));
    ck_assert(ms_str_contains(ms_str_next(&rest, '\n'), MS_STR("events.token_file: given")));
    ck_assert_uint_eq(rest.len, 0);
    ms_buf_free(&diagnostics);
    ms_buf_free(&bytes);
}
END_TEST

/* --- reloading --- */

START_TEST(reloading_moves_what_can_change_and_names_the_rest)
{
    struct ms_config *current = parse(URL "log: {level: info}\nevents: {token: a}\n");
    struct ms_config *fresh = parse(
        "registry: {url: \"https://other.example\", include: [x, y], username: u, password: p}\n"
        "log: {level: debug, access: true}\n"
        "events: {token: b}\ninterval: {fetch_all: 2h}\nreader: {workers: 3, listen: \":1\"}\n"
        "garbage_collect: {registry: on}\n");
    struct ms_buf rest;
    ms_buf_init(&rest, 4096);
    ms_config_reload(current, fresh, &rest);
    ms_config_free(fresh);
    ck_assert_str_eq(rest.data,
                     "registry.url\nregistry.public_url\nreader.listen\nreader.workers\n");
    ck_assert_str_eq(current->registry.url, "https://r.example");
    ck_assert_str_eq(current->registry.password, "p");
    ck_assert_uint_eq(current->registry.include.count, 2);
    ck_assert_str_eq(current->registry.include.items[1], "y");
    ck_assert_int_eq(current->log.level, MS_LOG_DEBUG);
    ck_assert(current->log.access);
    ck_assert_str_eq(current->events.token, "b");
    ck_assert_uint_eq(current->interval.fetch_all_ms, 7200000);
    ck_assert_uint_eq(current->reader.workers, 0);
    ck_assert_int_eq(current->garbage_collect.registry, MS_COLLECT_ON);
    ms_buf_free(&rest);
    ms_config_free(current);
}
END_TEST

START_TEST(reloading_the_same_changes_nothing)
{
    struct ms_buf sample = read_whole(ORIGINAL_SAMPLE);
    struct ms_config *current = parse(sample.data);
    struct ms_config *fresh = parse(sample.data);
    const char *token = current->events.token;
    struct ms_buf rest;
    ms_buf_init(&rest, 4096);
    ms_config_reload(current, fresh, &rest);
    ck_assert_uint_eq(rest.len, 0);
    ck_assert_ptr_eq(current->events.token, token);
    ms_config_free(fresh);
    ms_config_free(current);
    ms_config_free(NULL);
    ms_buf_free(&sample);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("config");
    TCase *loading = tcase_create("loading");
    tcase_add_test(loading, the_original_sample_loads_as_it_stands);
    tcase_add_test(loading, the_original_sample_has_tabs);
    tcase_add_test(loading, defaults_are_the_documented_ones);
    suite_add_tcase(suite, loading);
    TCase *faults = tcase_create("faults");
    tcase_add_test(faults, faults_are_at_the_value);
    tcase_add_test(faults, every_fault_is_reported);
    tcase_add_test(faults, unknown_keys_get_a_suggestion_when_close);
    tcase_add_test(faults, missing_keys_have_no_position);
    tcase_add_test(faults, sections_must_be_maps);
    tcase_add_test(faults, empty_keys_are_not_set);
    tcase_add_test(faults, ports_need_no_quotes_in_a_block);
    tcase_add_test(faults, broken_yaml_is_one_fault);
    tcase_add_test(faults, what_cannot_be_read_is_said);
    tcase_add_test(faults, files_that_only_the_writer_needs);
    suite_add_tcase(suite, faults);
    TCase *sample = tcase_create("sample");
    tcase_add_test(sample, the_shipped_sample_is_the_defaults);
    tcase_add_test(sample, the_shipped_sample_has_every_key_and_its_examples_load);
    suite_add_tcase(suite, sample);
    TCase *reloading = tcase_create("reloading");
    tcase_add_test(reloading, reloading_moves_what_can_change_and_names_the_rest);
    tcase_add_test(reloading, reloading_the_same_changes_nothing);
    suite_add_tcase(suite, reloading);
    return suite;
}

#include "tests/support/check_main.h"
