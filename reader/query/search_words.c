/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes the text of a search apart and writes the patterns that read_search.sql compares with.
 * Whatever the text is, the patterns are valid: every ASCII character that is no letter or digit is
 * escaped.
 */
#include "reader/query/search_words.h"

#include "common/base/json_write.h"
#include "common/base/refname.h"
#include "common/runtime/limit.h"
#include "reader/query/query.h"

enum { JSON_MAX = 512 * 1024, RUN_MIN = 3 };

static const char BEFORE[] = "(^|[^a-z0-9])";
static const char BEHIND[] = "([^a-z0-9]|$)";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* Text for a regular expression (PostgreSQL's advanced ones). */
static void append_literal(struct ms_buf *out, struct ms_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_letter(text.ptr[i]) && !is_digit(text.ptr[i]))
            ms_buf_append_char(out, '\\');
        ms_buf_append_char(out, text.ptr[i]);
    }
}

bool search_words_is_indexed(struct ms_str word)
{
    size_t run = 0;
    for (size_t i = 0; i < word.len && run < RUN_MIN; i++) {
        char c = word.ptr[i];
        bool is_part = (unsigned char)c < 0x80 && (is_letter(c) || is_digit(c));
        run = is_part ? run + 1 : 0;
    }
    return run >= RUN_MIN;
}

void search_words_append_whole(struct ms_buf *out, struct ms_str word)
{
    ms_buf_append_c(out, BEFORE);
    append_literal(out, word);
    ms_buf_append_c(out, BEHIND);
}

/* The characters of a word: starts[i] to starts[i + 1]. */
struct characters {
    struct ms_str word;
    size_t starts[SEARCH_NEAR_MAX + 1];
    size_t count;
};

/* False when the word is none that has misspellings. */
static bool read_characters(struct characters *out, struct ms_str word)
{
    size_t n_alphanumeric = 0;
    bool has_letter = false;
    out->word = word;
    out->count = 0;
    for (size_t i = 0; i < word.len;) {
        size_t length = ms_str_utf8_length(ms_str_skip(word, i));
        if (length == 0 || out->count == SEARCH_NEAR_MAX)
            return false;
        has_letter = has_letter || is_letter(word.ptr[i]);
        n_alphanumeric += is_letter(word.ptr[i]) || is_digit(word.ptr[i]) ? 1 : 0;
        out->starts[out->count++] = i;
        i += length;
    }
    out->starts[out->count] = word.len;
    return has_letter && n_alphanumeric >= SEARCH_NEAR_MIN;
}

static void append_characters(struct ms_buf *out, const struct characters *c, size_t from,
                              size_t to)
{
    append_literal(out, ms_str_slice(c->word, c->starts[from], c->starts[to]));
}

/* Appends all that one edit makes of the characters from `from` to `to`, but for a character more
 * at the end: either half of them stays as it is and the other one is edited, or the two in the
 * middle are swapped. The pattern is hardly longer than the word, which matters: the server
 * compiles it anew and tries it on many texts. */
static void append_edited(struct ms_buf *out, const struct characters *c, size_t from, size_t to)
{
    if (to - from == 1) {
        ms_buf_append_c(out, "(.?|."); /* another character or none, or one more before it */
        append_characters(out, c, from, to);
        ms_buf_append_char(out, ')');
        return;
    }
    size_t middle = from + (to - from) / 2;
    ms_buf_append_char(out, '(');
    append_characters(out, c, from, middle);
    append_edited(out, c, middle, to);
    ms_buf_append_char(out, '|');
    append_edited(out, c, from, middle);
    append_characters(out, c, middle, to);
    ms_buf_append_char(out, '|');
    append_characters(out, c, from, middle - 1);
    append_characters(out, c, middle, middle + 1);
    append_characters(out, c, middle - 1, middle);
    append_characters(out, c, middle + 1, to);
    ms_buf_append_char(out, ')');
}

static bool append_near(struct ms_buf *out, struct ms_str word, const char *before,
                        const char *behind)
{
    struct characters c;
    if (!read_characters(&c, word))
        return false;
    ms_buf_append_c(out, before);
    ms_buf_append_char(out, '(');
    append_edited(out, &c, 0, c.count);
    ms_buf_append_char(out, '|');
    append_literal(out, word);
    ms_buf_append_c(out, ".)");
    ms_buf_append_c(out, behind);
    return true;
}

bool search_words_append_near(struct ms_buf *out, struct ms_str word)
{
    return append_near(out, word, BEFORE, BEHIND);
}

bool search_words_append_near_last(struct ms_buf *out, struct ms_str word)
{
    return append_near(out, word, "(^|/)", "$");
}

/* One pattern in `scratch` as the value of `key`. */
static void write_pattern(struct ms_json_writer *json, const char *key, struct ms_buf *scratch)
{
    ms_json_key(json, key);
    ms_json_string(json, ms_buf_view(scratch));
    ms_buf_clear(scratch);
}

/* A word as it was typed: `host/name:tag`. */
struct word {
    struct ms_str typed; /* without the tag */
    struct ms_str name;  /* without the host, too */
    struct ms_str tag;   /* absent: any */
};

static void write_word(struct ms_json_writer *json, const struct word *word, struct ms_buf *scratch)
{
    ms_json_object(json);
    ms_json_key(json, "plain");
    ms_json_string(json, word->name);
    if (word->typed.len > word->name.len) {
        ms_json_key(json, "typed");
        ms_json_string(json, word->typed);
    }
    if (!ms_str_is_absent(word->tag)) {
        ms_json_key(json, "tag");
        ms_json_string(json, word->tag);
    }
    query_append_like_literal(scratch, word->name);
    write_pattern(json, "like", scratch);
    if (word->name.len <= MS_REPOSITORY_NAME_MAX) {
        search_words_append_whole(scratch, word->name);
        write_pattern(json, "whole", scratch);
    }
    if (search_words_append_near(scratch, word->name))
        write_pattern(json, "near", scratch);
    if (search_words_append_near_last(scratch, word->name))
        write_pattern(json, "near_last", scratch);
    ms_json_key(json, "is_indexed");
    ms_json_bool(json, search_words_is_indexed(word->name));
    ms_json_end_object(json);
}

/* A word ends at what can stand in no reference to an image: `foo*` is foo, and `"foo bar"` is two
 * words. Letters beyond ASCII stand in titles. */
static bool is_part_of_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-' || c == '/' || c == ':';
}

/* As docker tells a host from the first component of a name. */
static bool is_host(struct ms_str s)
{
    return ms_str_contains(s, MS_STR(".")) || ms_str_contains(s, MS_STR(":")) ||
           ms_str_equal(s, MS_STR("localhost"));
}

/* False: nothing is left of it but a host or colons. */
static bool read_word(struct word *out, struct ms_str text)
{
    struct ms_str rest = text;
    struct ms_str first = ms_str_next(&rest, '/');
    bool has_host = !ms_str_is_absent(rest) && is_host(first);
    out->name = has_host ? rest : text;
    out->tag = out->name;
    out->name = ms_str_next(&out->tag, ':');
    out->typed = ms_str_n(text.ptr, (size_t)(out->name.ptr - text.ptr) + out->name.len);
    if (out->tag.len == 0)
        out->tag = MS_STR_ABSENT;
    return out->name.len > 0 || !ms_str_is_absent(out->tag);
}

/* Between two characters. */
static struct ms_str cut(struct ms_str text)
{
    size_t end = SEARCH_WORDS_BYTES_MAX;
    if (text.len <= end)
        return text;
    ms_limit_reached(MS_LIMIT_SEARCH_WORD_BYTES);
    while (end > 0 && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
        end--;
    return ms_str_slice(text, 0, end);
}

/* False: there are no more. */
static bool next_word(struct word *out, struct ms_str *rest)
{
    while (rest->len > 0) {
        size_t begin = 0;
        while (begin < rest->len && !is_part_of_word(rest->ptr[begin]))
            begin++;
        size_t end = begin;
        while (end < rest->len && is_part_of_word(rest->ptr[end]))
            end++;
        struct ms_str text = cut(ms_str_slice(*rest, begin, end));
        *rest = ms_str_skip(*rest, end);
        if (text.len > 0 && read_word(out, text))
            return true;
    }
    return false;
}

static size_t write_words(struct ms_buf *out, struct ms_str text)
{
    struct ms_json_writer json;
    struct ms_buf scratch;
    size_t n_words = 0;
    struct word word;
    ms_buf_init(&scratch, JSON_MAX);
    ms_json_begin(&json, out);
    ms_json_array(&json);
    while (n_words < SEARCH_WORDS_MAX && next_word(&word, &text)) {
        write_word(&json, &word, &scratch);
        n_words++;
    }
    if (n_words == SEARCH_WORDS_MAX && next_word(&word, &text))
        ms_limit_reached(MS_LIMIT_SEARCH_TERMS);
    ms_json_end_array(&json);
    ms_buf_free(&scratch);
    return n_words;
}

enum ms_status search_words_read(struct search_words *out, struct ms_str text,
                                 struct ms_arena *arena)
{
    struct search_words made;
    struct ms_buf buf;
    ms_buf_init(&buf, JSON_MAX);
    made.n_words = write_words(&buf, text);
    enum ms_status status = ms_buf_status(&buf);
    if (status == MS_OK)
        status = ms_arena_copy(&made.json, arena, ms_buf_view(&buf));
    ms_buf_free(&buf);
    if (status == MS_OK)
        *out = made;
    return status;
}
