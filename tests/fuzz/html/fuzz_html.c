/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever text goes into the writers of HTML, what comes out is read by a strict reader, and its
 * text is the one that went in, as html_shown() shows it. */
#include "common/base/buf.h"
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/layout.h"
#include "reader/html/part.h"
#include "tests/support/html_reader.h"

#include <stdio.h>
#include <stdlib.h>

enum { OUT_MAX = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_fault(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

static void must(bool holds, const char *what)
{
    if (!holds)
        on_fault(what);
}

static void same_text(const struct ms_buf *html, struct ms_str shown)
{
    struct html_reader reader;
    must(ms_buf_status(html) == MS_OK, "overflow");
    html_reader_read(&reader, ms_buf_view(html), on_fault);
    must(ms_str_equal(ms_buf_view(&reader.text), shown), "another text");
    html_reader_free(&reader);
}

static void check_text(struct ms_str input, struct ms_str shown)
{
    static void (*const WRITERS[])(struct ms_buf *, struct ms_str) = {html_text, html_foreign,
                                                                      html_name};
    const struct ms_str words[] = {ms_str_slice(input, 0, 2), ms_str_slice(input, 1, 6)};
    struct ms_buf html;
    ms_buf_init(&html, OUT_MAX);
    for (size_t i = 0; i < sizeof(WRITERS) / sizeof(WRITERS[0]); i++) {
        ms_buf_clear(&html);
        WRITERS[i](&html, input);
        same_text(&html, shown);
    }
    ms_buf_clear(&html);
    html_name_marked(&html, input, words, 2);
    same_text(&html, shown);
    ms_buf_clear(&html);
    link_foreign(&html, input, SIZE_MAX);
    same_text(&html, shown);
    ms_buf_free(&html);
}

static void check_attribute(struct ms_str input, struct ms_str shown)
{
    struct html_reader reader;
    struct ms_buf html;
    ms_buf_init(&html, OUT_MAX);
    html_raw(&html, "<i a=\"");
    html_attribute(&html, input);
    html_raw(&html, "\"></i>");
    html_reader_read(&reader, ms_buf_view(&html), on_fault);
    must(ms_str_equal(ms_str_slice(ms_buf_view(&reader.values), 0, reader.values.len - 1), shown),
         "another value");
    must(reader.n_elements == 1 && reader.text.len == 0, "more than a value");
    html_reader_free(&reader);
    ms_buf_free(&html);
}

static unsigned hex_value(char c)
{
    must((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'), "no hexadecimal digit");
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'A') + 10;
}

static void check_encoded(struct ms_str input, void (*write)(struct ms_buf *, struct ms_str))
{
    struct ms_buf encoded, back;
    ms_buf_init(&encoded, OUT_MAX);
    ms_buf_init(&back, OUT_MAX);
    write(&encoded, input);
    for (size_t i = 0; i < encoded.len; i++) {
        char c = encoded.data[i];
        if (c == '%') {
            must(i + 2 < encoded.len, "an escape that is cut");
            c = (char)(hex_value(encoded.data[i + 1]) * 16 + hex_value(encoded.data[i + 2]));
            i += 2;
        } else {
            must(c > ' ' && c < 0x7f && strchr("\"'<>&?#+", c) == NULL, "not escaped");
        }
        ms_buf_append_char(&back, c);
    }
    must(ms_str_equal(ms_buf_view(&back), input), "another URL part");
    ms_buf_free(&encoded);
    ms_buf_free(&back);
}

/* Blanks outside strings may change; we leave out all. U+240D is how a carriage return is shown. */
static void without_blanks(struct ms_buf *out, struct ms_str text)
{
    static const struct ms_str RETURN = MS_STR_INIT("\xe2\x90\x8d");
    while (text.len > 0) {
        bool is_return = ms_str_starts_with(text, RETURN);
        if (!is_return && strchr(" \t\n\r", text.ptr[0]) == NULL)
            ms_buf_append_char(out, text.ptr[0]);
        text = ms_str_skip(text, is_return ? RETURN.len : 1);
    }
}

static void check_json(struct ms_str input, struct ms_str shown)
{
    struct html_reader reader;
    struct ms_buf html, expected, found;
    ms_buf_init(&html, OUT_MAX);
    ms_buf_init(&expected, OUT_MAX);
    ms_buf_init(&found, OUT_MAX);
    part_json(&html, input, MS_STR("a/b"), SIZE_MAX);
    must(ms_buf_status(&html) == MS_OK, "overflow");
    html_reader_read(&reader, ms_buf_view(&html), on_fault);
    without_blanks(&expected, shown);
    without_blanks(&found, ms_buf_view(&reader.text));
    must(ms_str_equal(ms_buf_view(&expected), ms_buf_view(&found)), "another JSON");
    html_reader_free(&reader);
    ms_buf_free(&html);
    ms_buf_free(&expected);
    ms_buf_free(&found);
}

/* All that a frame shows, and what is cut, in one page. */
static void check_page(struct ms_str input)
{
    const struct layout_site site = {.sheet = input, .script = input, .registry = input};
    struct link link = link_to_manifest(input, input);
    struct html_reader reader;
    struct ms_buf html;
    link_set(&link, "sort", input);
    struct layout layout = {.site = &site,
                            .truth = {input, input, input, input.len},
                            .title = input,
                            .q = input,
                            .canonical = link,
                            .prev = &link,
                            .next = &link,
                            .json = &link,
                            .atom = &link};
    ms_buf_init(&html, OUT_MAX);
    layout_add_repository(&layout, input);
    layout_begin(&html, &layout);
    html_text_at_most(&html, input, 5);
    link_foreign(&html, input, 5);
    format_time(&html, input);
    part_manifest_digest(&html, input, input);
    part_chip(&html, input, &link);
    part_json(&html, input, input, 7);
    layout_end(&html, &layout);
    must(ms_buf_status(&html) == MS_OK, "overflow");
    html_reader_read(&reader, ms_buf_view(&html), on_fault);
    html_reader_free(&reader);
    ms_buf_free(&html);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str input = ms_str_n((const char *)data, size);
    struct ms_buf shown;
    ms_buf_init(&shown, OUT_MAX);
    html_shown(&shown, input);
    must(ms_buf_status(&shown) == MS_OK, "overflow");
    check_text(input, ms_buf_view(&shown));
    check_attribute(input, ms_buf_view(&shown));
    check_encoded(input, html_path);
    check_encoded(input, html_query);
    check_json(input, ms_buf_view(&shown));
    check_page(input);
    ms_buf_free(&shown);
    return 0;
}
