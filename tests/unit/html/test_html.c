/* SPDX-License-Identifier: Apache-2.0 */
/* reader/html/html.c and link.c: each context escapes what it has to, and says what it leaves out.
 */
#include "reader/html/html.h"
#include "reader/html/link.h"
#include "tests/support/check_main.h"

static struct ms_buf buf;

static void begin(void)
{
    ms_buf_init(&buf, 100000);
}

static void end(void)
{
    ms_buf_free(&buf);
}

static void assert_written(const char *expected)
{
    ck_assert_int_eq(ms_buf_status(&buf), MS_OK);
    ck_assert_str_eq(buf.data != NULL ? buf.data : "", expected);
    ms_buf_clear(&buf);
}

START_TEST(text_is_escaped)
{
    html_text(&buf, MS_STR("<a href=\"x\">'&amp;'</a>\n\té€😀"));
    assert_written("&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39;&lt;/a&gt;\n\té€😀");
    html_text(&buf, MS_STR_ABSENT);
    html_text_c(&buf, NULL);
    assert_written("");
}
END_TEST

START_TEST(what_no_page_may_hold_is_shown_otherwise)
{
    html_text(&buf, MS_STR("a\0b\x1b\r\x7f"));
    assert_written("a␀b␛␍␡");
    html_text(&buf, MS_STR("\xff\xc3(\xed\xa0\x80"));
    assert_written("\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    html_text(&buf, MS_STR("\xc2\x85|\xef\xbf\xbf|\xef\xb7\x90|\xf0\x9f\xbf\xbe"));
    assert_written("\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd");
}
END_TEST

START_TEST(nothing_changes_the_direction_of_what_follows)
{
    html_text(&buf, MS_STR("\xe2\x80\xaegpj\xe2\x81\xa6"));
    assert_written("[U+202E]gpj[U+2066]");
    html_attribute(&buf, MS_STR("\xe2\x80\xad"));
    assert_written("[U+202D]");
    html_foreign(&buf, MS_STR("שלום"));
    assert_written("<bdi>שלום</bdi>");
}
END_TEST

START_TEST(what_is_cut_is_told)
{
    html_text_at_most(&buf, MS_STR("12345"), 5);
    assert_written("12345");
    html_text_at_most(&buf, MS_STR("123456789"), 5);
    assert_written("12345<span class=\"cut\">… (4 more bytes)</span>");
    html_text_at_most(&buf, MS_STR("123é5"), 4); /* not within a character */
    assert_written("123<span class=\"cut\">… (3 more bytes)</span>");
    html_text_at_most(&buf, MS_STR("\x80\x80\x80\x80\x80\x80"), 5);
    ck_assert_int_eq(ms_buf_status(&buf), MS_OK);
}
END_TEST

START_TEST(attributes_keep_their_newlines)
{
    html_attribute(&buf, MS_STR("\"><script>\n'\t&"));
    assert_written("&quot;&gt;&lt;script&gt;&#10;&#39;&#9;&amp;");
}
END_TEST

START_TEST(paths_keep_their_slashes)
{
    html_path(&buf, MS_STR("team/a b/c?d#e%f\"<é@sha256:1"));
    assert_written("team/a%20b/c%3Fd%23e%25f%22%3C%C3%A9@sha256:1");
    html_query(&buf, MS_STR("label:a=b&c d+e\"'<>*"));
    assert_written("label:a%3Db%26c%20d%2Be%22%27%3C%3E*");
    html_path(&buf, MS_STR("a\0b"));
    assert_written("a%00b");
}
END_TEST

START_TEST(names_break_where_people_read_a_break)
{
    html_name(&buf, MS_STR("longer/b.c-d_0123456789"));
    assert_written("<bdi class=\"name\">longer/<wbr>b.<wbr>c-<wbr>d_<wbr>0123456789</bdi>");
    html_name(&buf, MS_STR("longer/and/longer/and/"));
    assert_written("<bdi class=\"name\">longer/<wbr>and/<wbr>longer/<wbr>and/</bdi>");
    html_name(&buf, MS_STR("b.c-d_e/0123456789/z"));
    assert_written("<bdi class=\"name\">b.c-d_e/0123456789/z</bdi>");
}
END_TEST

START_TEST(the_matched_part_is_marked)
{
    const struct ms_str words[] = {MS_STR("post"), MS_STR("postgres"), MS_STR("")};
    html_name_marked(&buf, MS_STR("example/Postgres-post"), words, 3);
    assert_written(
        "<bdi class=\"name\">example/<wbr><mark>Postgres</mark>-<wbr><mark>post</mark></bdi>");
    html_name_marked(&buf, MS_STR("pos"), words, 3);
    assert_written("<bdi class=\"name\">pos</bdi>");
}
END_TEST

START_TEST(breaks_do_not_make_a_long_text_huge)
{
    static char slashes[20000];
    memset(slashes, '/', sizeof(slashes));
    html_foreign(&buf, ms_str_n(slashes, sizeof(slashes)));
    ck_assert_int_eq(ms_buf_status(&buf), MS_OK);
    ck_assert_uint_lt(buf.len, sizeof(slashes) + 512 * 5 + 100);
}
END_TEST

START_TEST(digests_are_twelve_digits)
{
    html_digest(&buf,
                MS_STR("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
    assert_written("0123456789ab");
    html_digest(&buf, MS_STR("sha512:0123456789abcdef"));
    assert_written("sha512:0123456789ab");
    html_digest(&buf, MS_STR("<i>"));
    assert_written("&lt;i&gt;");
}
END_TEST

START_TEST(equal_states_have_equal_urls)
{
    struct link link = link_to_repository(MS_STR("team/app"));
    link_set(&link, "sort", MS_STR("-size"));
    link_set(&link, "n", MS_STR("10"));
    link_set(&link, "q", MS_STR(""));
    link_set(&link, "cursor", MS_STR("x y"));
    link_write(&buf, &link);
    assert_written("/r/team/app?cursor=x%20y&amp;n=10&amp;sort=-size");
    link_set(&link, "n", MS_STR_ABSENT);
    link_set(&link, "cursor", MS_STR("z"));
    link_write(&buf, &link);
    assert_written("/r/team/app?cursor=z&amp;sort=-size");
    link = link_to_manifest(MS_STR("a"), MS_STR("v 1"));
    link_open(&buf, &link);
    assert_written("<a href=\"/r/a/-/v%201\">");
}
END_TEST

START_TEST(only_web_addresses_become_links)
{
    static const char *const NONE[] = {
        "javascript:alert(1)",
        "https:",
        "https://",
        "ftp://a",
        "data:text/html,x",
        "//a",
        "https://a b",
        "https://a\"b",
        "https:///x",
        "https://\xc3\xa9",
        "HTTPS://a",
        " https://a",
        "https://a\\b",
        "https://a\nb",
    };
    for (size_t i = 0; i < sizeof(NONE) / sizeof(NONE[0]); i++) {
        link_foreign(&buf, ms_str(NONE[i]), 1000);
        ck_assert_msg(strstr(buf.data, "<a") == NULL, "%s", NONE[i]);
        ms_buf_clear(&buf);
    }
    link_foreign(&buf, MS_STR("https://a.bcdefgh/c?d&e"), 1000);
    assert_written("<a rel=\"noopener noreferrer nofollow\" href=\"https://a.bcdefgh/c?d&amp;e\">"
                   "<bdi>https:<wbr>/<wbr>/<wbr>a.<wbr>bcdefgh/<wbr>c?d&amp;e</bdi></a>");
    link_foreign(&buf, MS_STR("http://[::1]:5000/"), 4);
    assert_written("<a rel=\"noopener noreferrer nofollow\" href=\"http://[::1]:5000/\">"
                   "<bdi>http<span class=\"cut\">… (14 more bytes)</span></bdi></a>");
}
END_TEST

START_TEST(what_does_not_fit_is_told_by_the_buffer)
{
    ms_buf_free(&buf);
    ms_buf_init(&buf, 10);
    html_text(&buf, MS_STR("0123456789<"));
    ck_assert_int_eq(ms_buf_status(&buf), MS_TOO_LARGE);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("html");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, text_is_escaped);
    tcase_add_test(tests, what_no_page_may_hold_is_shown_otherwise);
    tcase_add_test(tests, nothing_changes_the_direction_of_what_follows);
    tcase_add_test(tests, what_is_cut_is_told);
    tcase_add_test(tests, attributes_keep_their_newlines);
    tcase_add_test(tests, paths_keep_their_slashes);
    tcase_add_test(tests, names_break_where_people_read_a_break);
    tcase_add_test(tests, the_matched_part_is_marked);
    tcase_add_test(tests, breaks_do_not_make_a_long_text_huge);
    tcase_add_test(tests, digests_are_twelve_digits);
    tcase_add_test(tests, equal_states_have_equal_urls);
    tcase_add_test(tests, only_web_addresses_become_links);
    tcase_add_test(tests, what_does_not_fit_is_told_by_the_buffer);
    Suite *suite = suite_create("html");
    suite_add_tcase(suite, tests);
    return suite;
}
