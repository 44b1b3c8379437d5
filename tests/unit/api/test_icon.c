/* SPDX-License-Identifier: Apache-2.0 */
/* Icons in labels: which are linked, what they hold, and that nothing else of an entry changes. */
#include "common/base/alloc.h"
#include "reader/api/icon.h"
#include "tests/support/check_main.h"

#include <string.h>

#define KEY_64 "\"org.freedesktop.appstream.icon-64\":"
#define KEY_128 "\"org.freedesktop.appstream.icon-128\":"
#define PNG "data:image/png;base64,aGVsbG8="
/* printf %s data:image/png;base64,aGVsbG8= | sha256sum */
#define PNG_URL "/index/icons/3ce781d3ab1d65fee96552a54415d9902cf9622911ab54192015a158e18dc0e6"

static struct ms_buf out;

static void begin(void)
{
    ms_buf_init(&out, 4 * ICON_BYTES_MAX);
}

static void end(void)
{
    ms_buf_free(&out);
}

static void expect_linked(const char *entry, const char *linked)
{
    ms_buf_clear(&out);
    icon_append_linked(&out, ms_str(entry));
    ck_assert_str_eq(out.data != NULL ? out.data : "", linked);
}

static void expect_same(const char *entry)
{
    expect_linked(entry, entry);
}

START_TEST(icons_of_labels_are_linked)
{
    expect_linked("{\"Tags\":[],\"Labels\":{" KEY_64 "\"" PNG "\"}}",
                  "{\"Tags\":[],\"Labels\":{" KEY_64 "\"" PNG_URL "\"}}");
    expect_linked("{\"Labels\":{\"a\":\"}\\\"\"," KEY_128 "\"" PNG "\"," KEY_64 "\"" PNG
                  "\",\"z\":\"\"},\"x\":[]}",
                  "{\"Labels\":{\"a\":\"}\\\"\"," KEY_128 "\"" PNG_URL "\"," KEY_64 "\"" PNG_URL
                  "\",\"z\":\"\"},\"x\":[]}");
    /* a list, whose images have labels each */
    expect_linked("{\"Images\":[{\"Labels\":{" KEY_64 "\"" PNG "\"}},{\"Labels\":{" KEY_64 "\"" PNG
                  "\"}}]}",
                  "{\"Images\":[{\"Labels\":{" KEY_64 "\"" PNG_URL "\"}},{\"Labels\":{" KEY_64
                  "\"" PNG_URL "\"}}]}");
}
END_TEST

START_TEST(nothing_else_changes)
{
    expect_same("");
    expect_same("{\"Labels\":{\"icon\":\"" PNG "\"}}");
    expect_same("{\"Annotations\":{" KEY_64 "\"" PNG "\"},\"Labels\":{\"a\":\"b\"}}");
    expect_same("{\"Labels\":{" KEY_64 "\"https://example.com/icon.png\"}}");
    expect_same("{\"Annotations\":{\"a\":\"\\\"Labels\\\":{" KEY_64 "\\\"" PNG "\\\"}\"}}");
    /* the key as a value, and quotes that an escape is for */
    expect_same("{\"Labels\":{\"a\":\"org.freedesktop.appstream.icon-64\",\"b\":\"" PNG "\"}}");
    expect_same("{\"Labels\":{\"x\\\"org.freedesktop.appstream.icon-64\":\"" PNG "\"}}");
    /* what the writer does not make */
    expect_same("{\"Labels\":{" KEY_64);
    expect_same("{\"Labels\":{" KEY_64 "\"" PNG);
    expect_same("{\"Labels\":{" KEY_64 "{\"a\":\"" PNG "\"}}}");
    expect_same("{\"Labels\":{\"");
    expect_same("{\"Labels\":{\"\\");
    expect_same("{\"Labels\":{");
}
END_TEST

START_TEST(what_cannot_be_served_stays)
{
    static const char *const VALUES[] = {
        "",
        "data:image/png;base64,",
        "data:image/png;base64,a",
        "data:image/png;base64,aGVsbG8",
        "data:image/png;base64,aGVsbG8-",
        "data:image/png;base64,aGVs bG8=",
        "data:image/png;base64,aGVs=G8=",
        "data:image/png;base64,a===",
        "data:image/png;base64,====",
        "data:image/png,aGVsbG8=",
        "data:text/html;base64,aGVsbG8=",
        "data:image/png;charset=x;base64,aGVsbG8=",
        "data:application/xhtml+xml;base64,aGVsbG8=",
        " data:image/png;base64,aGVsbG8=",
    };
    for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
        struct icon icon = {.media_type = NULL};
        ck_assert_msg(!icon_parse(&icon, ms_str(VALUES[i])), "%s", VALUES[i]);
        ck_assert_ptr_null(icon.media_type);
    }
    ck_assert(!icon_parse(&(struct icon){.media_type = NULL}, MS_STR_ABSENT));
}
END_TEST

START_TEST(bytes_are_what_was_encoded)
{
    static const struct {
        const char *value, *media_type, *bytes;
    } ICONS[] = {
        {PNG, "image/png", "hello"},
        {"data:image/svg+xml;base64,PHN2Zy8+", "image/svg+xml", "<svg/>"},
        {"data:image/jpeg;base64,YQ==", "image/jpeg", "a"},
        {"data:image/webp;base64,YWI=", "image/webp", "ab"},
        {"data:image/gif;base64,////", "image/gif", "\xff\xff\xff"},
    };
    for (size_t i = 0; i < sizeof(ICONS) / sizeof(ICONS[0]); i++) {
        struct icon icon;
        ck_assert(icon_parse(&icon, ms_str(ICONS[i].value)));
        ck_assert_str_eq(icon.media_type, ICONS[i].media_type);
        ms_buf_clear(&out);
        icon_append_bytes(&out, &icon);
        ck_assert_str_eq(out.data, ICONS[i].bytes);
    }
}
END_TEST

/* "data:image/png;base64," and so many groups of four characters. */
static struct ms_str long_value(char **memory, size_t n_groups, const char *end)
{
    static const char PREFIX[] = "data:image/png;base64,";
    size_t len = strlen(PREFIX) + 4 * n_groups;
    char *value = ms_alloc(len);
    memcpy(value, PREFIX, strlen(PREFIX));
    memset(value + strlen(PREFIX), 'A', 4 * n_groups);
    memcpy(value + len - strlen(end), end, strlen(end));
    *memory = value;
    return ms_str_n(value, len);
}

START_TEST(a_mebibyte_is_the_most)
{
    struct icon icon;
    char *most, *more;
    size_t n_groups = ICON_BYTES_MAX / 3 + 1; /* one byte is in the last group */
    ck_assert(icon_parse(&icon, long_value(&most, n_groups, "AA==")));
    icon_append_bytes(&out, &icon);
    ck_assert_uint_eq(out.len, ICON_BYTES_MAX);
    ck_assert(!icon_parse(&icon, long_value(&more, n_groups, "AAA=")));
    free(most);
    free(more);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("icon");
    TCase *test = tcase_create("icon");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, icons_of_labels_are_linked);
    tcase_add_test(test, nothing_else_changes);
    tcase_add_test(test, what_cannot_be_served_stays);
    tcase_add_test(test, bytes_are_what_was_encoded);
    tcase_add_test(test, a_mebibyte_is_the_most);
    suite_add_tcase(suite, test);
    return suite;
}
