/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The escaping writer. One scanner takes a text apart into characters, and says what each is shown
 * as; the contexts differ in how they write it.
 *
 * Always: none of `<`, `>`, `&`, `"` and `'` of a foreign text is written as itself.
 */
#include "reader/html/html.h"

#include <stdio.h>
#include <string.h>

/* A text longer than this has few places to be broken: each costs five bytes. */
enum { BREAKS_MAX = 512, UNBROKEN_MAX = 20 };

static const struct ms_str REPLACEMENT = MS_STR_INIT("\xef\xbf\xbd"); /* U+FFFD */

/* One character of a text: its bytes, and how it is shown. */
struct character {
    struct ms_str bytes;
    struct ms_str shown; /* into `bytes`, `buffer`, or static */
    char buffer[16];
};

static uint32_t code_point(struct ms_str bytes)
{
    static const unsigned char FIRST[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)bytes.ptr[0] & FIRST[bytes.len];
    for (size_t i = 1; i < bytes.len; i++)
        code = code << 6 | ((unsigned char)bytes.ptr[i] & 0x3f);
    return code;
}

static bool turns_direction(uint32_t code)
{
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static bool is_noncharacter(uint32_t code)
{
    return (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
}

/* Takes the first character of a text that is not empty. */
static void take(struct character *out, struct ms_str *rest)
{
    size_t length = ms_str_utf8_length(*rest);
    out->bytes = ms_str_slice(*rest, 0, length > 0 ? length : 1);
    out->shown = out->bytes;
    *rest = ms_str_skip(*rest, out->bytes.len);
    if (length == 0) {
        out->shown = REPLACEMENT;
        return;
    }
    uint32_t code = code_point(out->bytes);
    if (code < 0x20 && code != '\t' && code != '\n') {
        memcpy(out->buffer, "\xe2\x90", 2); /* U+2400 and up */
        out->buffer[2] = (char)(0x80 + code);
        out->shown = ms_str_n(out->buffer, 3);
    } else if (code == 0x7f) {
        out->shown = MS_STR("\xe2\x90\xa1"); /* U+2421 */
    } else if ((code >= 0x80 && code < 0xa0) || is_noncharacter(code)) {
        out->shown = REPLACEMENT;
    } else if (turns_direction(code)) {
        int len = snprintf(out->buffer, sizeof(out->buffer), "[U+%04X]", (unsigned)code);
        out->shown = ms_str_n(out->buffer, (size_t)len);
    }
}

void html_shown(struct ms_buf *out, struct ms_str text)
{
    struct character c;
    while (text.len > 0 && !out->overflowed) {
        take(&c, &text);
        ms_buf_append(out, c.shown);
    }
}

static const char *escape_of(struct ms_str shown)
{
    switch (shown.ptr[0]) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void write_escaped(struct ms_buf *out, struct ms_str shown)
{
    const char *escape = escape_of(shown);
    if (escape != NULL)
        ms_buf_append_c(out, escape);
    else
        ms_buf_append(out, shown);
}

static bool is_plain(char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '<' && byte != '>' && byte != '&' &&
           byte != '"' && byte != '\'';
}

/* Bytes at the beginning of the text that are written as they are. */
static size_t plain_run(struct ms_str text)
{
    size_t run = 0;
    while (run < text.len && is_plain(text.ptr[run]))
        run++;
    return run;
}

void html_raw(struct ms_buf *out, const char *markup)
{
    ms_buf_append_c(out, markup);
}

void html_text(struct ms_buf *out, struct ms_str text)
{
    struct character c;
    while (text.len > 0 && !out->overflowed) {
        size_t run = plain_run(text);
        ms_buf_append(out, ms_str_slice(text, 0, run));
        text = ms_str_skip(text, run);
        if (text.len == 0)
            break;
        take(&c, &text);
        write_escaped(out, c.shown);
    }
}

void html_text_c(struct ms_buf *out, const char *text)
{
    html_text(out, ms_str(text));
}

struct ms_str html_beginning(struct ms_str text, size_t max_bytes)
{
    if (text.len <= max_bytes)
        return text;
    size_t end = max_bytes;
    while (end > 0 && max_bytes - end < 3 && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
        end--;
    return ms_str_slice(text, 0, end);
}

void html_text_at_most(struct ms_buf *out, struct ms_str text, size_t max_bytes)
{
    struct ms_str shown = html_beginning(text, max_bytes);
    html_text(out, shown);
    if (shown.len < text.len)
        ms_buf_printf(out, "<span class=\"cut\">… (%zu more bytes)</span>", text.len - shown.len);
}

/* A newline is written by number: some readers of attributes make it a space. */
void html_attribute(struct ms_buf *out, struct ms_str value)
{
    struct character c;
    while (value.len > 0 && !out->overflowed) {
        size_t run = plain_run(value);
        ms_buf_append(out, ms_str_slice(value, 0, run));
        value = ms_str_skip(value, run);
        if (value.len == 0)
            break;
        take(&c, &value);
        if (c.shown.ptr[0] == '\n' || c.shown.ptr[0] == '\t')
            ms_buf_printf(out, "&#%d;", c.shown.ptr[0]);
        else
            write_escaped(out, c.shown);
    }
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void write_percent_encoded(struct ms_buf *out, struct ms_str s, const char *keep)
{
    for (size_t i = 0; i < s.len && !out->overflowed; i++) {
        char c = s.ptr[i];
        if (is_unreserved(c) || (c != '\0' && strchr(keep, c) != NULL))
            ms_buf_append_char(out, c);
        else
            ms_buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

void html_path(struct ms_buf *out, struct ms_str part)
{
    write_percent_encoded(out, part, "/:@");
}

void html_query(struct ms_buf *out, struct ms_str value)
{
    write_percent_encoded(out, value, "/:@,*");
}

/* --- foreign strings --- */

static bool may_break_behind(char c)
{
    return strchr("/.-_:@,=", c) != NULL && c != '\0';
}

/* The number of the word that the text begins with, letters in any case; n_words: none. */
static size_t word_at(struct ms_str text, const struct ms_str *words, size_t n_words)
{
    size_t found = n_words;
    for (size_t i = 0; i < n_words; i++)
        if (words[i].len > 0 && ms_str_equal_ci(ms_str_slice(text, 0, words[i].len), words[i]) &&
            (found == n_words || words[i].len > words[found].len))
            found = i;
    return found;
}

static void write_breakable(struct ms_buf *out, struct ms_str text, const struct ms_str *words,
                            size_t n_words)
{
    struct character c;
    size_t n_breaks = text.len > UNBROKEN_MAX ? 0 : BREAKS_MAX;
    const char *mark_end = NULL;
    while (text.len > 0 && !out->overflowed) {
        size_t word = mark_end == NULL ? word_at(text, words, n_words) : n_words;
        if (word < n_words) {
            html_raw(out, "<mark>");
            mark_end = text.ptr + words[word].len;
        }
        take(&c, &text);
        write_escaped(out, c.shown);
        if (mark_end != NULL && text.ptr >= mark_end) {
            html_raw(out, "</mark>");
            mark_end = NULL;
        }
        if (text.len > 0 && may_break_behind(c.shown.ptr[0]) && n_breaks++ < BREAKS_MAX)
            html_raw(out, "<wbr>");
    }
}

void html_foreign(struct ms_buf *out, struct ms_str text)
{
    html_raw(out, "<bdi>");
    write_breakable(out, text, NULL, 0);
    html_raw(out, "</bdi>");
}

void html_name(struct ms_buf *out, struct ms_str name)
{
    html_name_marked(out, name, NULL, 0);
}

void html_name_marked(struct ms_buf *out, struct ms_str name, const struct ms_str *words,
                      size_t n_words)
{
    html_raw(out, "<bdi class=\"name\">");
    write_breakable(out, name, words, n_words);
    html_raw(out, "</bdi>");
}

void html_digest(struct ms_buf *out, struct ms_str digest)
{
    struct ms_str hash = digest;
    struct ms_str algorithm = ms_str_next(&hash, ':');
    if (ms_str_is_absent(hash))
        hash = digest;
    else if (!ms_str_equal(algorithm, MS_STR("sha256"))) {
        html_text(out, algorithm);
        html_raw(out, ":");
    }
    html_text(out, html_beginning(hash, HTML_DIGEST_DIGITS));
}
