/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict reader of the HTML that we write, which is a small part of the language: elements that
 * nest, attributes in double quotes, five character references and those of numbers. Anything else
 * is a fault, at which `on_fault` is called, which does not return.
 */
#ifndef HTML_READER_H
#define HTML_READER_H

#include "common/base/buf.h"

#include <stdlib.h>
#include <string.h>

enum { HTML_READER_DEPTH_MAX = 64, HTML_READER_TEXT_MAX = 16 * 1024 * 1024 };

struct html_reader {
    struct ms_buf text;   /* of everything, references undone */
    struct ms_buf values; /* of every attribute, the same, each with a newline behind it */
    struct ms_str open[HTML_READER_DEPTH_MAX];
    size_t depth;
    size_t n_elements;
    void (*on_fault)(const char *what);
};

static inline void html_reader_reference(struct html_reader *reader, struct ms_buf *out,
                                         struct ms_str *rest)
{
    static const struct {
        const char *reference;
        char character;
    } KNOWN[] = {{"&lt;", '<'},   {"&gt;", '>'},   {"&amp;", '&'}, {"&quot;", '"'},
                 {"&#39;", '\''}, {"&#10;", '\n'}, {"&#9;", '\t'}};
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
        if (ms_str_starts_with(*rest, ms_str(KNOWN[i].reference))) {
            ms_buf_append_char(out, KNOWN[i].character);
            *rest = ms_str_skip(*rest, strlen(KNOWN[i].reference));
            return;
        }
    }
    reader->on_fault("an ampersand that begins no known reference");
}

static inline void html_reader_characters(struct html_reader *reader, struct ms_buf *out,
                                          struct ms_str *rest, char end)
{
    while (rest->len > 0 && rest->ptr[0] != end) {
        unsigned char c = (unsigned char)rest->ptr[0];
        if (c == '<' || c == '>' || (end != '<' && c == '"'))
            reader->on_fault("a character that has to be escaped");
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            reader->on_fault("a control character");
        if (c == '&') {
            html_reader_reference(reader, out, rest);
            continue;
        }
        ms_buf_append_char(out, (char)c);
        *rest = ms_str_skip(*rest, 1);
    }
}

static inline struct ms_str html_reader_word(struct html_reader *reader, struct ms_str *rest)
{
    size_t len = 0;
    while (len < rest->len && ((rest->ptr[len] >= 'a' && rest->ptr[len] <= 'z') ||
                               (rest->ptr[len] >= 'A' && rest->ptr[len] <= 'Z') ||
                               (len > 0 && (rest->ptr[len] == '-' ||
                                            (rest->ptr[len] >= '0' && rest->ptr[len] <= '9')))))
        len++;
    if (len == 0)
        reader->on_fault("a name was expected");
    struct ms_str word = ms_str_slice(*rest, 0, len);
    *rest = ms_str_skip(*rest, len);
    return word;
}

static inline bool html_reader_take(struct ms_str *rest, const char *what)
{
    if (!ms_str_starts_with(*rest, ms_str(what)))
        return false;
    *rest = ms_str_skip(*rest, strlen(what));
    return true;
}

static inline bool html_reader_is_void(struct ms_str name)
{
    static const char *const VOID[] = {"wbr", "meta", "link", "input", "br"};
    for (size_t i = 0; i < sizeof(VOID) / sizeof(VOID[0]); i++)
        if (ms_str_equal(name, ms_str(VOID[i])))
            return true;
    return false;
}

static inline void html_reader_open(struct html_reader *reader, struct ms_str *rest)
{
    struct ms_str name = html_reader_word(reader, rest);
    reader->n_elements++;
    while (html_reader_take(rest, " ")) {
        html_reader_word(reader, rest);
        if (!html_reader_take(rest, "=\""))
            continue; /* one without a value */
        html_reader_characters(reader, &reader->values, rest, '"');
        ms_buf_append_char(&reader->values, '\n');
        if (!html_reader_take(rest, "\""))
            reader->on_fault("an attribute without an end");
    }
    bool is_closed = html_reader_take(rest, "/");
    if (!html_reader_take(rest, ">"))
        reader->on_fault("a tag without an end");
    if (is_closed || html_reader_is_void(name))
        return;
    if (reader->depth == HTML_READER_DEPTH_MAX)
        reader->on_fault("too deep");
    reader->open[reader->depth++] = name;
}

static inline void html_reader_close(struct html_reader *reader, struct ms_str *rest)
{
    struct ms_str name = html_reader_word(reader, rest);
    if (reader->depth == 0 || !ms_str_equal(reader->open[reader->depth - 1], name))
        reader->on_fault("an end tag of what is not open");
    reader->depth--;
    if (!html_reader_take(rest, ">"))
        reader->on_fault("an end tag without an end");
}

static inline void html_reader_read(struct html_reader *out, struct ms_str html,
                                    void (*on_fault)(const char *what))
{
    struct ms_str rest = html;
    *out = (struct html_reader){.on_fault = on_fault};
    ms_buf_init(&out->text, HTML_READER_TEXT_MAX);
    ms_buf_init(&out->values, HTML_READER_TEXT_MAX);
    if (!ms_str_is_utf8(html))
        on_fault("no UTF-8");
    html_reader_take(&rest, "<!DOCTYPE html>\n");
    while (rest.len > 0) {
        if (html_reader_take(&rest, "</"))
            html_reader_close(out, &rest);
        else if (html_reader_take(&rest, "<"))
            html_reader_open(out, &rest);
        else
            html_reader_characters(out, &out->text, &rest, '<');
    }
    if (out->depth > 0)
        on_fault("an element without an end");
}

static inline void html_reader_free(struct html_reader *reader)
{
    ms_buf_free(&reader->text);
    ms_buf_free(&reader->values);
}

#endif
