/* SPDX-License-Identifier: Apache-2.0 */
/* Array literals and the meaning of SQLSTATEs. */
#include "common/pg/array.h"
#include "common/pg/pg.h"
#include "common/pg/prepared.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

static struct ms_buf buf;

static const char *ended(void)
{
    ms_pg_array_end(&buf);
    return buf.data;
}

static void begin(void)
{
    ms_buf_init(&buf, 4096);
    ms_pg_array_begin(&buf);
}

static void end(void)
{
    ms_buf_free(&buf);
}

START_TEST(empty)
{
    ck_assert_str_eq(ended(), "{}");
}
END_TEST

START_TEST(numbers)
{
    ms_pg_array_i64(&buf, 0);
    ms_pg_array_i64(&buf, INT64_MIN);
    ms_pg_array_i64(&buf, INT64_MAX);
    ck_assert_str_eq(ended(), "{0,-9223372036854775808,9223372036854775807}");
}
END_TEST

START_TEST(texts_are_quoted_and_escaped)
{
    ms_pg_array_text(&buf, MS_STR("plain"));
    ms_pg_array_text(&buf, MS_STR(""));
    ms_pg_array_text(&buf, MS_STR_ABSENT);
    ms_pg_array_text(&buf, MS_STR("NULL"));
    ms_pg_array_text(&buf, MS_STR("a\"b\\c"));
    ms_pg_array_text(&buf, MS_STR("\\\""));
    ms_pg_array_text(&buf, MS_STR("{,}"));
    ms_pg_array_text(&buf, MS_STR("{"));
    ms_pg_array_text(&buf, MS_STR("h\xc3\xa9"));
    ck_assert_str_eq(ended(), "{\"plain\",\"\",NULL,\"NULL\",\"a\\\"b\\\\c\",\"\\\\\\\"\",\"{,}\","
                              "\"{\",\"h\xc3\xa9\"}");
}
END_TEST

START_TEST(bytes_are_hexadecimal)
{
    ms_pg_array_bytes(&buf, MS_STR("\0\xff\\"));
    ms_pg_array_bytes(&buf, MS_STR(""));
    ms_pg_array_bytes(&buf, MS_STR_ABSENT);
    ck_assert_str_eq(ended(), "{\"\\\\x00ff5c\",\"\\\\x\",NULL}");
}
END_TEST

START_TEST(an_array_behind_other_text)
{
    ms_buf_clear(&buf);
    ms_buf_append_c(&buf, "x{");
    ms_pg_array_begin(&buf);
    ms_pg_array_i64(&buf, 1);
    ms_pg_array_i64(&buf, 2);
    ck_assert_str_eq(ended(), "x{{1,2}");
}
END_TEST

START_TEST(too_large_is_told_once_at_the_end)
{
    ms_buf_free(&buf);
    ms_buf_init(&buf, 16);
    ms_pg_array_begin(&buf);
    for (int i = 0; i < 10; i++)
        ms_pg_array_text(&buf, MS_STR("text"));
    ms_pg_array_end(&buf);
    ck_assert_int_eq(ms_buf_status(&buf), MS_TOO_LARGE);
}
END_TEST

START_TEST(sqlstates)
{
    static const struct {
        const char *sqlstate;
        enum ms_status status;
    } CASES[] = {
        {"", MS_UNAVAILABLE},      {"08006", MS_UNAVAILABLE},  {"57P01", MS_UNAVAILABLE},
        {"57P03", MS_UNAVAILABLE}, {"53300", MS_UNAVAILABLE},  {"53100", MS_UNAVAILABLE},
        {"58030", MS_UNAVAILABLE}, {"25006", MS_UNAVAILABLE},  {"40001", MS_CONFLICT},
        {"40P01", MS_CONFLICT},    {"55P03", MS_CONFLICT},     {"57014", MS_TIMEOUT},
        {"57P05", MS_TIMEOUT},     {"22P02", MS_INVALID},      {"22P05", MS_INVALID},
        {"23505", MS_INVALID},     {"42601", MS_PROTOCOL},     {"42P01", MS_NOT_FOUND},
        {"3D000", MS_NOT_FOUND},   {"28P01", MS_UNAUTHORIZED}, {"42501", MS_UNAUTHORIZED},
        {"54000", MS_TOO_LARGE},   {"MS001", MS_DEPOSED},      {"MS002", MS_PROTOCOL},
        {"XX000", MS_PROTOCOL},    {"P0001", MS_PROTOCOL},     {"0A000", MS_PROTOCOL},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        ck_assert_msg(ms_pg_status_of(CASES[i].sqlstate) == CASES[i].status, "%s",
                      CASES[i].sqlstate);
}
END_TEST

START_TEST(prepared_statements_are_remembered_by_name)
{
    enum { MANY = 1000 };
    static char names[MANY][72];
    static struct ms_pg_statement statements[MANY];
    struct ms_pg_prepared_set set = {0};
    for (int i = 0; i < MANY; i++) { /* alike in their first 50 characters */
        (void)snprintf(names[i], sizeof(names[i]), "%050d%d", 0, i);
        statements[i] = (struct ms_pg_statement){.name = names[i], .sql = "SELECT 1"};
        struct ms_pg_prepared *prepared = ms_pg_prepared_get(&set, &statements[i]);
        ck_assert(!prepared->usable);
        ms_pg_prepared_renew(&set, prepared);
    }
    for (int i = 0; i < MANY; i++) {
        struct ms_pg_statement same = {.name = names[i]};
        struct ms_pg_prepared *prepared = ms_pg_prepared_get(&set, &same);
        ck_assert(prepared->usable && prepared->statement == &statements[i]);
        for (int other = 0; other < i; other += 37)
            ck_assert_str_ne(prepared->wire_name,
                             ms_pg_prepared_get(&set, &statements[other])->wire_name);
    }
    ms_pg_prepared_set_free(&set);
}
END_TEST

START_TEST(an_old_failure_does_not_spoil_a_new_parse)
{
    static const struct ms_pg_statement STATEMENT = {.name = "s", .sql = "SELECT 1"};
    struct ms_pg_prepared_set set = {0};
    struct ms_pg_prepared *prepared = ms_pg_prepared_get(&set, &STATEMENT);
    ms_pg_prepared_renew(&set, prepared);
    unsigned first = prepared->serial;
    ms_pg_prepared_renew(&set, prepared);
    ms_pg_prepared_confirm(prepared, first);
    ck_assert(!prepared->confirmed);
    ms_pg_prepared_forget(prepared, first);
    ck_assert(prepared->usable);
    ms_pg_prepared_forget(prepared, prepared->serial);
    ck_assert(!prepared->usable);
    ms_pg_prepared_set_free(&set);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("pg_array");
    TCase *array = tcase_create("array");
    tcase_add_checked_fixture(array, begin, end);
    tcase_add_test(array, empty);
    tcase_add_test(array, numbers);
    tcase_add_test(array, texts_are_quoted_and_escaped);
    tcase_add_test(array, bytes_are_hexadecimal);
    tcase_add_test(array, an_array_behind_other_text);
    tcase_add_test(array, too_large_is_told_once_at_the_end);
    suite_add_tcase(suite, array);
    TCase *pure = tcase_create("pure");
    tcase_add_test(pure, sqlstates);
    tcase_add_test(pure, prepared_statements_are_remembered_by_name);
    tcase_add_test(pure, an_old_failure_does_not_spoil_a_new_parse);
    suite_add_tcase(suite, pure);
    return suite;
}
