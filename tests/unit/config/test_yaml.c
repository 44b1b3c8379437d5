/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/yaml.c: what is flattened and how, where things are said to be, what is refused.
 */
#include "common/config/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

/* One reading; entries live as long as it does. */
struct reading {
    struct ms_arena *arena;
    struct ms_buf diagnostics;
    struct ms_yaml_document document;
    enum ms_status status;
};

static struct reading read_bytes(const char *bytes, size_t len)
{
    struct reading reading = {.arena = ms_arena_new(MS_YAML_ARENA_BYTES)};
    ms_buf_init(&reading.diagnostics, 64 * 1024);
    reading.status = ms_yaml_read(&reading.document, reading.arena, ms_str_n(bytes, len), "f",
                                  &reading.diagnostics);
    return reading;
}

static struct reading read_text(const char *yaml)
{
    return read_bytes(yaml, strlen(yaml));
}

static void end(struct reading *reading)
{
    ms_buf_free(&reading->diagnostics);
    ms_arena_free(reading->arena);
}

static const char *diagnostics(const struct reading *reading)
{
    return reading->diagnostics.data != NULL ? reading->diagnostics.data : "";
}

static const struct ms_yaml_entry *entry(const struct reading *reading, const char *key)
{
    ck_assert_int_eq(reading->status, MS_OK);
    for (size_t i = 0; i < reading->document.n_entries; i++) {
        if (ms_str_equal(reading->document.entries[i].key, ms_str(key)))
            return &reading->document.entries[i];
    }
    ck_abort_msg("no entry %s", key);
}

static void assert_text(struct ms_str actual, const char *expected)
{
    ck_assert_msg(ms_str_equal(actual, ms_str(expected)), "\"%.*s\" is not \"%s\"",
                  MS_STR_ARG(actual), expected);
}

START_TEST(nested_maps_become_dotted_keys)
{
    struct reading r = read_text("a:\n  b:\n    c: 1\n  d: x\ne: y\n");
    ck_assert_uint_eq(r.document.n_entries, 5);
    ck_assert(entry(&r, "a")->is_map);
    ck_assert(entry(&r, "a.b")->is_map);
    assert_text(entry(&r, "a.b.c")->values[0].text, "1");
    assert_text(entry(&r, "a.d")->values[0].text, "x");
    assert_text(entry(&r, "e")->values[0].text, "y");
    ck_assert_str_eq(diagnostics(&r), "");
    end(&r);
}
END_TEST

START_TEST(positions_count_from_one)
{
    struct reading r = read_text("a:\n  bee: value\n  c: [x, \"y\"]\n");
    const struct ms_yaml_entry *b = entry(&r, "a.bee");
    ck_assert_uint_eq(b->line, 2);
    ck_assert_uint_eq(b->column, 3);
    ck_assert_uint_eq(b->values[0].line, 2);
    ck_assert_uint_eq(b->values[0].column, 8);
    const struct ms_yaml_entry *c = entry(&r, "a.c");
    ck_assert(c->is_list);
    ck_assert_uint_eq(c->n_values, 2);
    ck_assert_uint_eq(c->values[1].column, 10);
    ck_assert(!c->values[0].quoted);
    ck_assert(c->values[1].quoted);
    end(&r);
}
END_TEST

START_TEST(long_lists_are_whole)
{
    enum { ITEMS = 5000 };
    struct ms_buf yaml;
    ms_buf_init(&yaml, MS_CONFIG_FILE_MAX);
    ms_buf_append_c(&yaml, "l:\n");
    for (unsigned i = 0; i < ITEMS; i++)
        ms_buf_printf(&yaml, "- i%u\n", i);
    struct reading r = read_text(yaml.data);
    ck_assert_uint_eq(entry(&r, "l")->n_values, ITEMS);
    assert_text(entry(&r, "l")->values[ITEMS - 1].text, "i4999");
    assert_text(entry(&r, "l")->values[0].text, "i0");
    end(&r);
    ms_buf_free(&yaml);
}
END_TEST

START_TEST(nothing_is_an_empty_document)
{
    static const char *const EMPTY[] = {"", "\n", "# only a comment\n", "---\n", "--- # x\n...\n"};
    for (size_t i = 0; i < sizeof(EMPTY) / sizeof(EMPTY[0]); i++) {
        struct reading r = read_text(EMPTY[i]);
        ck_assert_int_eq(r.status, MS_OK);
        ck_assert_uint_eq(r.document.n_entries, 0);
        ck_assert_uint_eq(r.document.n_faults, 0);
        end(&r);
    }
}
END_TEST

START_TEST(tabs_that_indent_count_to_the_next_multiple_of_four)
{
    struct reading r =
        read_text("a:\n\tb: 1\n    c: 2\n  \td: 3\n \t# comment\n\te:\n\t\tf: \t4\t\n");
    assert_text(entry(&r, "a.b")->values[0].text, "1");
    assert_text(entry(&r, "a.c")->values[0].text, "2");
    assert_text(entry(&r, "a.d")->values[0].text, "3");
    assert_text(entry(&r, "a.e.f")->values[0].text, "4");
    ck_assert_uint_eq(entry(&r, "a.b")->column, 5);
    ck_assert_uint_eq(entry(&r, "a.e.f")->column, 9);
    end(&r);
}
END_TEST

START_TEST(tabs_inside_a_line_stay)
{
    struct reading r = read_text("a: \"x\ty\"\r\n\r\n");
    assert_text(entry(&r, "a")->values[0].text, "x\ty");
    end(&r);
}
END_TEST

START_TEST(byte_order_mark_and_crlf_are_fine)
{
    struct reading r = read_text("\xef\xbb\xbf"
                                 "a:\r\n\tb: 1\r\n");
    assert_text(entry(&r, "a.b")->values[0].text, "1");
    end(&r);
}
END_TEST

/* YAML all right, but not for us: reported, left out, and the rest is read. */
static const struct {
    const char *yaml;
    const char *expected;
} FAULTS[] = {
    {"k: 1\na: 1\na: 2\n", "f:3:1: a: given twice (first in line 2)\n"},
    {"k: 1\na: {b: 1}\na: {c: 2}\n", "f:3:1: a: given twice (first in line 2)\n"},
    {"k: 1\na:\n  b: 1\n  b: 2\n", "f:4:3: a.b: given twice (first in line 3)\n"},
    {"k: 1\na: &x 1\n", "f:2:4: a: anchors, aliases and tags are not supported (quote a value that "
                        "begins with *, & or !)\n"},
    {"k: 1\na: *x\n", "f:2:4: a: anchors, aliases and tags are not supported (quote a value that "
                      "begins with *, & or !)\n"},
    {"k: 1\na: !!str x\n", "f:2:4: a: anchors, aliases and tags are not supported (quote a value "
                           "that begins with *, & or !)\n"},
    {"k: 1\na: [*x]\n", "f:2:5: a: anchors, aliases and tags are not supported (quote a value that "
                        "begins with *, & or !)\n"},
    {"k: 1\na: [[x], {y: z}]\n",
     "f:2:5: a: a list holds single values only\nf:2:10: a: a list holds single values only\n"},
    {"k: 1\na.b: 1\n", "f:2:1: a key holds no dots: write \"registry:\", and \"url:\" indented in "
                       "the next line\n"},
    {"k: 1\n\"a b\": {x: 1}\n", "f:2:1: a key consists of letters, digits and '_'\n"},
    {"k: 1\na: {\"\\x01\": 1}\n", "f:2:5: a: a key consists of letters, digits and '_'\n"},
    {"k: 1\n\"\": 1\n", "f:2:1: a key is missing\n"},
    {"k: 1\n? [a, b]\n: x\n", "f:2:3: a key must be a single word\n"},
    {"k: 1\n---\na: 1\n", "f:2:1: a second document is not supported\n"},
    {"k: 1\na: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}\n",
     "f:2:32: a.a.a.a.a.a.a.a: nested too deeply\n"},
};

START_TEST(faults_are_reported_and_the_rest_is_read)
{
    struct reading r = read_text(FAULTS[_i].yaml);
    ck_assert_int_eq(r.status, MS_OK);
    ck_assert_str_eq(diagnostics(&r), FAULTS[_i].expected);
    ck_assert_uint_ge(r.document.n_faults, 1);
    assert_text(entry(&r, "k")->values[0].text, "1");
    end(&r);
}
END_TEST

START_TEST(the_root_must_be_a_map)
{
    static const char *const ROOTS[] = {"text\n", "- a\n- b\n", "[a, {b: c}]\n"};
    for (size_t i = 0; i < sizeof(ROOTS) / sizeof(ROOTS[0]); i++) {
        struct reading r = read_text(ROOTS[i]);
        ck_assert_str_eq(diagnostics(&r),
                         "f:1:1: the file must be a map of keys, such as \"registry:\"\n");
        ck_assert_uint_eq(r.document.n_faults, 1);
        end(&r);
    }
}
END_TEST

/* No YAML: where it breaks is said, and nothing is given out. */
static const struct {
    const char *yaml;
    const char *begin;
} BROKEN[] = {
    {"a: 1\nb: [1\n", "f:3:1: no YAML: "},
    {"a: 1\nb: c: d\n", "f:2:5: no YAML: "},
    {"a: 1\n b: 2\n", "f:2:3: no YAML: "},
    {"a: \"x\n", "f:2:1: no YAML: "},
    {"a: 1\nb: *\n", "f:2:5: no YAML: "},
    {"a: 1\nlisten: [::1]:80\n", "f:2:"},
    {"a: 1\nb: x\x01\n", "f:2:5: no YAML: control characters are not allowed"},
    {"a: 1\nb: \xff\n", "f:2:4: no YAML: "},
    {"}", "f:1:1: no YAML: "},
};

START_TEST(broken_files_name_the_place)
{
    struct reading r = read_text(BROKEN[_i].yaml);
    ck_assert_int_eq(r.status, MS_INVALID);
    ck_assert_msg(ms_str_starts_with(ms_buf_view(&r.diagnostics), ms_str(BROKEN[_i].begin)),
                  "%s does not begin with %s", diagnostics(&r), BROKEN[_i].begin);
    ck_assert(ms_str_ends_with(ms_buf_view(&r.diagnostics), MS_STR("\n")));
    ck_assert_ptr_null(r.document.entries);
    end(&r);
}
END_TEST

START_TEST(a_bare_star_gets_a_hint)
{
    struct reading r = read_text("a: *\n");
    ck_assert_ptr_nonnull(strstr(diagnostics(&r), "quote a value that begins with *"));
    end(&r);
}
END_TEST

START_TEST(nul_bytes_are_refused)
{
    struct reading r = read_bytes("a: x\0y\n", 7);
    ck_assert_int_eq(r.status, MS_INVALID);
    ck_assert_ptr_nonnull(strstr(diagnostics(&r), "f:1:5: "));
    end(&r);
}
END_TEST

START_TEST(files_have_a_limit)
{
    char *yaml = malloc(MS_CONFIG_FILE_MAX + 1);
    ck_assert_ptr_nonnull(yaml);
    memset(yaml, '\t', MS_CONFIG_FILE_MAX + 1); /* the worst case of expansion */
    yaml[0] = '#';
    struct reading r = read_bytes(yaml, MS_CONFIG_FILE_MAX);
    ck_assert_int_eq(r.status, MS_OK);
    end(&r);
    r = read_bytes(yaml, MS_CONFIG_FILE_MAX + 1);
    ck_assert_int_eq(r.status, MS_INVALID);
    ck_assert_str_eq(diagnostics(&r), "f:1:1: the file is larger than 64 KiB\n");
    end(&r);
    free(yaml);
}
END_TEST

START_TEST(indentation_of_tabs_only_fits)
{
    char *yaml = malloc(MS_CONFIG_FILE_MAX);
    ck_assert_ptr_nonnull(yaml);
    memset(yaml, '\t', MS_CONFIG_FILE_MAX);
    struct reading r = read_bytes(yaml, MS_CONFIG_FILE_MAX);
    ck_assert_int_eq(r.status, MS_OK);
    ck_assert_uint_eq(r.document.n_entries, 0);
    end(&r);
    free(yaml);
}
END_TEST

START_TEST(too_many_keys_are_refused)
{
    struct ms_buf yaml;
    ms_buf_init(&yaml, MS_CONFIG_FILE_MAX);
    for (unsigned i = 0; i < 1025; i++)
        ms_buf_printf(&yaml, "k%u:\n", i);
    struct reading r = read_text(yaml.data);
    ck_assert_int_eq(r.status, MS_INVALID);
    ck_assert_str_eq(diagnostics(&r), "f:1025:7: the file holds too much\n");
    end(&r);
    ms_buf_free(&yaml);
}
END_TEST

/* Thousands of brackets cost libyaml seconds: what is skipped has a limit of its own. */
START_TEST(bottomless_nesting_is_given_up)
{
    char yaml[8192];
    memset(yaml, '[', sizeof(yaml));
    struct reading r = read_bytes(yaml, sizeof(yaml));
    ck_assert_int_eq(r.status, MS_INVALID);
    ck_assert_ptr_nonnull(strstr(diagnostics(&r), "f:1:65: the file holds too much\n"));
    end(&r);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("config_yaml");
    TCase *tests = tcase_create("config_yaml");
    tcase_add_test(tests, nested_maps_become_dotted_keys);
    tcase_add_test(tests, positions_count_from_one);
    tcase_add_test(tests, long_lists_are_whole);
    tcase_add_test(tests, nothing_is_an_empty_document);
    tcase_add_test(tests, tabs_that_indent_count_to_the_next_multiple_of_four);
    tcase_add_test(tests, tabs_inside_a_line_stay);
    tcase_add_test(tests, byte_order_mark_and_crlf_are_fine);
    tcase_add_loop_test(tests, faults_are_reported_and_the_rest_is_read, 0,
                        sizeof(FAULTS) / sizeof(FAULTS[0]));
    tcase_add_test(tests, the_root_must_be_a_map);
    tcase_add_loop_test(tests, broken_files_name_the_place, 0, sizeof(BROKEN) / sizeof(BROKEN[0]));
    tcase_add_test(tests, a_bare_star_gets_a_hint);
    tcase_add_test(tests, nul_bytes_are_refused);
    tcase_add_test(tests, files_have_a_limit);
    tcase_add_test(tests, indentation_of_tabs_only_fits);
    tcase_add_test(tests, too_many_keys_are_refused);
    tcase_add_test(tests, bottomless_nesting_is_given_up);
    suite_add_tcase(suite, tests);
    return suite;
}

#include "tests/support/check_main.h"
