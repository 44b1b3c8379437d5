/* SPDX-License-Identifier: Apache-2.0 */
/* reader/html: frame, tables, bars, JSON and the other parts; everything that is written is read
 * again by a strict reader. */
#include "reader/assets/assets.h"
#include "reader/html/chart.h"
#include "reader/html/html.h"
#include "reader/html/layout.h"
#include "reader/html/part.h"
#include "reader/html/table.h"
#include "tests/support/check_main.h"
#include "tests/support/html_reader.h"

#include <stdio.h>

static struct ms_buf buf;

static void begin(void)
{
    ms_buf_init(&buf, 1000000);
}

static void end(void)
{
    ms_buf_free(&buf);
}

static void on_fault(const char *what)
{
    ck_abort_msg("%s in %s", what, buf.data);
}

static void assert_text(const char *expected)
{
    struct html_reader reader;
    html_reader_read(&reader, ms_buf_view(&buf), on_fault);
    ck_assert_str_eq(reader.text.data != NULL ? reader.text.data : "", expected);
    html_reader_free(&reader);
    ms_buf_clear(&buf);
}

static void assert_has(const char *part)
{
    ck_assert_msg(strstr(buf.data, part) != NULL, "no %s in %s", part, buf.data);
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

START_TEST(json_is_indented_and_its_digests_are_links)
{
    part_json(&buf,
              MS_STR("{\"a\":[],\"b\":{\"d\":\"sha256:" ZEROS "\",\"n\":[1,true]},\"s\":\"{,\"}"),
              MS_STR("team/app"), 10000);
    assert_has("<a href=\"/r/team/app/-/sha256:" ZEROS "\">");
    assert_text("{\n  \"a\": [],\n  \"b\": {\n    \"d\": \"sha256:" ZEROS
                "\",\n    \"n\": [\n      1,\n      true\n    ]\n  },\n  \"s\": \"{,\"\n}\n");
}
END_TEST

START_TEST(what_is_no_json_is_shown_as_it_is)
{
    part_json(&buf, MS_STR("}}]\"no end\\"), MS_STR("a"), 10000);
    assert_text("\n}\n}\n]\"no end\\\n");
    part_json(&buf, MS_STR("12345678"), MS_STR("a"), 5);
    assert_text("12345\n… (3 more bytes)\n");
}
END_TEST

START_TEST(heads_sort_one_way_and_then_the_other)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Name", .sort = "name", .is_row_header = true},
        {.title = "Size", .sort = "-size", .is_number = true},
        {.title = "Kind"},
    };
    struct link link = link_to_repository(MS_STR("a"));
    link_set(&link, "cursor", MS_STR("c"));
    struct table table = {"t", "All", false, COLUMNS, 3, &link, MS_STR("-size")};
    table_begin(&buf, &table);
    table_row(&buf);
    for (size_t i = 0; i < 3; i++) {
        table_cell(&buf, &table, i);
        html_text(&buf, MS_STR("<"));
        table_cell_end(&buf, &table, i);
    }
    table_row_end(&buf);
    table_end(&buf);
    assert_has("<th scope=\"col\"><a href=\"/r/a?sort=name\">Name</a></th>");
    assert_has("aria-sort=\"descending\"><a href=\"/r/a?sort=size\">Size</a>");
    assert_has("<th scope=\"row\">&lt;</th><td class=\"number\">&lt;</td><td>&lt;</td>");
    ms_buf_clear(&buf);
    table.sort = MS_STR("name");
    table_begin(&buf, &table);
    assert_has("aria-sort=\"ascending\"><a href=\"/r/a?sort=-name\">");
    assert_has("<a href=\"/r/a?sort=-size\">");
}
END_TEST

START_TEST(bars_stay_within_their_whole)
{
    static const int64_t CASES[][3] = {{0, 1, 1000000},           {0, 0, 0},
                                       {900, 200, 1000},          {-1, -1, 5},
                                       {0, INT64_MAX, INT64_MAX}, {INT64_MAX, 1, INT64_MAX}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        long x, width;
        chart_span(&buf, CASES[i][0], CASES[i][1], CASES[i][2], "");
        ck_assert_int_eq(
            sscanf(strstr(buf.data, "<rect"), "<rect x=\"%ld\" width=\"%ld\"", &x, &width), 2);
        ck_assert_int_ge(x, 0);
        ck_assert_int_le(x + width, 1000);
        assert_text("");
    }
    chart_bar(&buf, 1, 1000000, "other"); /* what is there can be seen */
    assert_has("width=\"1\"");
}
END_TEST

START_TEST(the_chart_has_a_table)
{
    static const struct ms_str DAYS[] = {MS_STR_INIT("2026-01-01"), MS_STR_INIT("2026-01-02"),
                                         MS_STR_INIT("2026-01-03")};
    static const int64_t PULLS[] = {5, 0, 1200}, PUSHES[] = {1, 0, 0};
    chart_activity(&buf, &(struct chart_days){"c", DAYS, PULLS, PUSHES, 3});
    assert_has("1,205 pulls");
    assert_has("1 push (below");
    assert_has("<th scope=\"row\">2026-01-03</th><td class=\"number\">1,200</td>");
    ck_assert_ptr_null(strstr(buf.data, "<th scope=\"row\">2026-01-02"));
    struct html_reader reader;
    html_reader_read(&reader, ms_buf_view(&buf), on_fault);
    html_reader_free(&reader);
}
END_TEST

START_TEST(a_page_has_its_frame)
{
    const struct layout_site site = {MS_STR("/assets/a.css"), MS_STR("/assets/a.js"),
                                     MS_STR("registry.test")};
    struct link next = link_to_repository(MS_STR("a/b"));
    link_set(&next, "cursor", MS_STR("2"));
    struct layout layout = {
        .site = &site,
        .truth = {MS_STR("2026-11-20T08:00:00Z"), MS_STR("7"), MS_STR_ABSENT, 120},
        .title = MS_STR("a/b<"),
        .q = MS_STR("\"><script>"),
        .canonical = link_to_repository(MS_STR("a/b")),
        .next = &next};
    layout_add_repository(&layout, MS_STR("a/b"));
    layout_begin(&buf, &layout);
    layout_end(&buf, &layout);
    assert_has("<title>a/b&lt; · metastore</title>");
    assert_has("<link rel=\"canonical\" href=\"/r/a/b\">");
    assert_has("<link rel=\"next\" href=\"/r/a/b?cursor=2\">");
    assert_has("value=\"&quot;&gt;&lt;script&gt;\"");
    assert_has(
        "<li><a href=\"/r/a/\"><bdi>a</bdi></a></li><li aria-current=\"page\"><bdi>b</bdi></li>");
    assert_has("has not seen its database for 2 minutes");
    assert_has("generation 7, last complete scan never");
    struct html_reader reader;
    html_reader_read(&reader, ms_buf_view(&buf), on_fault);
    html_reader_free(&reader);
}
END_TEST

START_TEST(a_long_title_is_cut_without_markup)
{
    const struct layout_site site = {.sheet = MS_STR("")};
    char title[300];
    memset(title, 'a', sizeof(title));
    const struct layout layout = {
        .site = &site, .title = ms_str_n(title, sizeof(title)), .is_error = true};
    layout_begin(&buf, &layout);
    assert_has("aaa… · metastore</title>");
    ck_assert_ptr_null(strstr(buf.data, "<span class=\"cut\">"));
}
END_TEST

START_TEST(a_name_of_many_components_has_a_breadcrumb)
{
    const struct layout_site site = {.sheet = MS_STR("")};
    struct layout layout = {.site = &site};
    layout_add_repository(&layout, MS_STR("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p"));
    ck_assert_uint_lt(layout.n_crumbs, LAYOUT_CRUMBS_MAX);
    ck_assert(ms_str_equal(layout.crumbs[layout.n_crumbs - 1].text, MS_STR("j/k/l/m/n/o/p")));
}
END_TEST

START_TEST(assets_have_their_hash_in_their_name)
{
    const struct asset *sheet = assets_sheet(), *script = assets_script();
    ck_assert(ms_str_starts_with(sheet->path, MS_STR("/assets/metastore.")));
    ck_assert(ms_str_ends_with(sheet->path, MS_STR(".css")));
    ck_assert(ms_str_ends_with(script->path, MS_STR(".js")));
    ck_assert_uint_eq(sheet->path.len, strlen("/assets/metastore.0123456789ab.css"));
    ck_assert_ptr_eq(assets_find(sheet->path), sheet);
    ck_assert_ptr_eq(assets_find(script->path), script);
    ck_assert_ptr_null(assets_find(MS_STR("/assets/metastore.000000000000.css")));
    ck_assert_uint_le(sheet->bytes.len, 16 * 1024);
    ck_assert_uint_le(script->bytes.len, 8 * 1024);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("part");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, json_is_indented_and_its_digests_are_links);
    tcase_add_test(tests, what_is_no_json_is_shown_as_it_is);
    tcase_add_test(tests, heads_sort_one_way_and_then_the_other);
    tcase_add_test(tests, bars_stay_within_their_whole);
    tcase_add_test(tests, the_chart_has_a_table);
    tcase_add_test(tests, a_page_has_its_frame);
    tcase_add_test(tests, a_long_title_is_cut_without_markup);
    tcase_add_test(tests, a_name_of_many_components_has_a_breadcrumb);
    tcase_add_test(tests, assets_have_their_hash_in_their_name);
    Suite *suite = suite_create("part");
    suite_add_tcase(suite, tests);
    return suite;
}
