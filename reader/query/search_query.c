/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser of the search language: one pass from left to right, one function a rule of the
 * grammar. Always: `at` only moves
 * forward, and a fault points at the first character that cannot be what it should.
 */
#include "reader/query/search_query.h"

#include "common/base/clock.h"
#include "common/base/refname.h"
#include "common/runtime/limit.h"
#include "reader/query/package_version.h"

#include <stdio.h>
#include <string.h>

static const int64_t DAY_MS = 24 * 60 * 60 * 1000;
enum { DATE_LENGTH = 10, TIME_TEXT_MAX = 32 };

struct parse {
    struct ms_str text;
    size_t at; /* bytes */
    struct search_query *query;
    struct search_fault *fault;
};

const char *search_kind_name(enum search_kind kind)
{
    static const char *const NAMES[] = {
        [SEARCH_WORD] = "word",       [SEARCH_TAG] = "tag",   [SEARCH_DIGEST] = "digest",
        [SEARCH_LABEL] = "label",     [SEARCH_OS] = "os",     [SEARCH_ANNOTATION] = "annotation",
        [SEARCH_ARCH] = "arch",       [SEARCH_IS] = "is",     [SEARCH_PACKAGE] = "package",
        [SEARCH_UPDATED] = "updated", [SEARCH_BASE] = "base", [SEARCH_BASE_DIGEST] = "base_digest",
        [SEARCH_HAS] = "has"};
    return NAMES[kind];
}

/* --- characters --- */

static size_t character_at(struct ms_str text, size_t byte)
{
    size_t n = 1;
    for (size_t i = 0; i < byte && i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80; /* not the middle of a character */
    return n;
}

static enum ms_status fail_at(struct parse *parse, size_t byte, const char *what)
{
    *parse->fault = (struct search_fault){character_at(parse->text, byte), what};
    return MS_INVALID;
}

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool is_end(const struct parse *parse)
{
    return parse->at == parse->text.len;
}

static char peek(const struct parse *parse)
{
    return is_end(parse) ? ' ' : parse->text.ptr[parse->at];
}

static bool take(struct parse *parse, const char *literal)
{
    struct ms_str wanted = ms_str(literal);
    if (!ms_str_starts_with(ms_str_skip(parse->text, parse->at), wanted))
        return false;
    parse->at += wanted.len;
    return true;
}

static struct ms_str since(const struct parse *parse, size_t begin)
{
    return ms_str_slice(parse->text, begin, parse->at);
}

/* Up to a blank, or to `stop`; 0: a blank only. */
static struct ms_str take_run(struct parse *parse, char stop)
{
    size_t begin = parse->at;
    while (!is_end(parse) && !is_blank(peek(parse)) && (stop == '\0' || peek(parse) != stop))
        parse->at++;
    return since(parse, begin);
}

/* --- values --- */

/* The opening mark is the next character. */
static enum ms_status read_phrase(struct ms_str *out, struct parse *parse)
{
    size_t mark = parse->at++;
    size_t begin = parse->at;
    while (!is_end(parse) && peek(parse) != '"')
        parse->at++;
    if (is_end(parse))
        return fail_at(parse, mark, "a quotation mark that is never closed");
    struct ms_str phrase = since(parse, begin);
    parse->at++;
    if (!is_blank(peek(parse)))
        return fail_at(parse, parse->at, "a blank is missing behind the quotation mark");
    *out = phrase;
    return MS_OK;
}

static enum ms_status read_value(struct ms_str *out, struct parse *parse, const char *missing)
{
    if (peek(parse) == '"')
        return read_phrase(out, parse);
    size_t begin = parse->at;
    struct ms_str value = take_run(parse, '\0');
    if (value.len == 0)
        return fail_at(parse, begin, missing);
    *out = value;
    return MS_OK;
}

/* --- terms --- */

/* label:key, label:key=value; the value may be empty */
static enum ms_status read_map(struct search_term *term, struct parse *parse)
{
    size_t begin = parse->at;
    term->key = take_run(parse, '=');
    if (term->key.len == 0)
        return fail_at(parse, begin, "a key is missing");
    if (!take(parse, "="))
        return MS_OK;
    if (peek(parse) == '"')
        return read_phrase(&term->value, parse);
    term->value = take_run(parse, '\0');
    return MS_OK;
}

static enum ms_status read_digest(struct search_term *term, struct parse *parse)
{
    size_t begin = parse->at;
    while (!is_blank(peek(parse))) {
        char c = peek(parse);
        bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (!is_hex)
            return fail_at(parse, parse->at, "no hexadecimal digit (0-9, a-f)");
        if (parse->at - begin == SEARCH_DIGEST_HEX)
            return fail_at(parse, parse->at, "more digits than a digest has");
        parse->at++;
    }
    term->value = since(parse, begin);
    return term->value.len > 0 ? MS_OK : fail_at(parse, begin, "digits of a digest are missing");
}

static const char *const IS_VALUES[] = {"image", "index", "artifact", "outdated"};
static const char *const HAS_VALUES[] = {"sbom", "provenance"};

static bool is_one_of(struct ms_str value, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ms_str_equal(value, ms_str(list[i])))
            return true;
    }
    return false;
}

/* is:signed is of the kind of has:sbom. */
static enum ms_status read_is(struct search_term *term, struct parse *parse)
{
    size_t begin = parse->at;
    term->value = take_run(parse, '\0');
    if (ms_str_equal(term->value, MS_STR("signed")))
        term->kind = SEARCH_HAS;
    else if (!is_one_of(term->value, IS_VALUES, sizeof(IS_VALUES) / sizeof(IS_VALUES[0])))
        return fail_at(parse, begin, "one of image, index, artifact, outdated, signed is missing");
    return MS_OK;
}

static enum ms_status read_has(struct search_term *term, struct parse *parse)
{
    size_t begin = parse->at;
    term->value = take_run(parse, '\0');
    return is_one_of(term->value, HAS_VALUES, sizeof(HAS_VALUES) / sizeof(HAS_VALUES[0]))
               ? MS_OK
               : fail_at(parse, begin, "one of sbom, provenance is missing");
}

/* A day, or a moment, which lasts a millisecond. */
static enum ms_status read_moment(int64_t *out_ms, int64_t *out_length_ms, struct ms_str text)
{
    char midnight[TIME_TEXT_MAX];
    if (text.len != DATE_LENGTH) {
        *out_length_ms = 1;
        return ms_clock_parse(out_ms, text);
    }
    *out_length_ms = DAY_MS;
    int len = snprintf(midnight, sizeof(midnight), "%.*sT00:00:00Z", MS_STR_ARG(text));
    return ms_clock_parse(out_ms, ms_str_n(midnight, (size_t)len));
}

static enum ms_status read_updated(struct search_term *term, struct parse *parse)
{
    bool is_less = take(parse, "<");
    bool is_greater = !is_less && take(parse, ">");
    bool includes = (is_less || is_greater) && take(parse, "=");
    size_t begin = parse->at;
    int64_t moment_ms, length_ms;
    term->value = take_run(parse, '\0');
    if (read_moment(&moment_ms, &length_ms, term->value) != MS_OK)
        return fail_at(parse, begin, "no date such as 2026-01-31");
    if (is_greater)
        term->not_before_ms = includes ? moment_ms : moment_ms + length_ms;
    else if (!is_less)
        term->not_before_ms = moment_ms;
    if (is_less)
        term->before_ms = includes ? moment_ms + length_ms : moment_ms;
    else if (!is_greater)
        term->before_ms = moment_ms + length_ms;
    return MS_OK;
}

static enum ms_status read_os(struct search_term *term, struct parse *parse)
{
    return read_value(&term->value, parse, "the name of an operating system is missing");
}

/* package:name, package:name@version, package:name@<version; a name may begin with "@". */
static enum ms_status read_package(struct search_term *term, struct parse *parse)
{
    struct package_version version = {MS_STR_ABSENT, MS_STR_ABSENT};
    size_t begin = parse->at;
    struct ms_str text;
    enum ms_status status = read_value(&text, parse, "the name of a package is missing");
    if (status != MS_OK)
        return status;
    const char *at = text.len > 1 ? memrchr(text.ptr + 1, '@', text.len - 1) : NULL;
    size_t name_len = at != NULL ? (size_t)(at - text.ptr) : text.len;
    if (name_len == 0)
        return fail_at(parse, begin, "the name of a package is missing");
    if (at != NULL && package_version_parse(&version, ms_str_skip(text, name_len + 1)) != MS_OK)
        return fail_at(parse, begin + name_len + 1, "a version is missing");
    term->key = ms_str_slice(text, 0, name_len);
    term->comparison = version.comparison;
    term->value = version.version;
    return MS_OK;
}

static enum ms_status read_arch(struct search_term *term, struct parse *parse)
{
    return read_value(&term->value, parse, "the name of an architecture is missing");
}

/* The part behind the colon of `repository:tag` and `:tag`. */
static enum ms_status read_tag(struct search_term *term, struct parse *parse)
{
    size_t begin = parse->at;
    term->value = take_run(parse, '\0');
    if (term->value.len == 0)
        return fail_at(parse, begin, "a tag is missing");
    return ms_refname_is_tag(term->value) ? MS_OK : fail_at(parse, begin, "no possible tag");
}

/* base:repository, base:repository:tag, base:sha256:digits. A digest is a kind of its own. */
static enum ms_status read_base(struct search_term *term, struct parse *parse)
{
    if (take(parse, "sha256:")) {
        term->kind = SEARCH_BASE_DIGEST;
        return read_digest(term, parse);
    }
    size_t begin = parse->at;
    term->key = take_run(parse, ':');
    if (!ms_refname_is_repository(term->key))
        return fail_at(parse, begin, "the name of a repository, or a digest, is missing");
    return take(parse, ":") ? read_tag(term, parse) : MS_OK;
}

static const struct field {
    const char *prefix;
    enum search_kind kind;
    enum ms_status (*read)(struct search_term *term, struct parse *parse);
} FIELDS[] = {
    {"label:", SEARCH_LABEL, read_map},
    {"annotation:", SEARCH_ANNOTATION, read_map},
    {"sha256:", SEARCH_DIGEST, read_digest},
    {"os:", SEARCH_OS, read_os},
    {"arch:", SEARCH_ARCH, read_arch},
    {"is:", SEARCH_IS, read_is},
    {"updated:", SEARCH_UPDATED, read_updated},
    {":", SEARCH_TAG, read_tag},
    {"package:", SEARCH_PACKAGE, read_package},
    {"base:", SEARCH_BASE, read_base},
    {"has:", SEARCH_HAS, read_has},
};

/* A word, or a repository and a tag. */
static enum ms_status read_word(struct search_term *term, struct parse *parse)
{
    size_t begin = parse->at;
    struct ms_str word = take_run(parse, ':');
    if (memchr(word.ptr, '"', word.len) != NULL)
        return fail_at(parse,
                       begin + (size_t)((const char *)memchr(word.ptr, '"', word.len) - word.ptr),
                       "a quotation mark in the middle of a word");
    if (!take(parse, ":")) {
        term->kind = SEARCH_WORD;
        term->value = word;
        return MS_OK;
    }
    if (!ms_refname_is_repository(word))
        return fail_at(parse, begin, "no field, and no possible name of a repository");
    term->kind = SEARCH_TAG;
    term->key = word;
    return read_tag(term, parse);
}

static enum ms_status read_unsigned(struct search_term *term, struct parse *parse)
{
    size_t begin = parse->at;
    if (peek(parse) == '"') {
        term->kind = SEARCH_WORD;
        enum ms_status status = read_phrase(&term->value, parse);
        bool is_empty = status == MS_OK && ms_str_trim(term->value).len == 0;
        return is_empty ? fail_at(parse, begin, "an empty phrase") : status;
    }
    for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
        if (!take(parse, FIELDS[i].prefix))
            continue;
        term->kind = FIELDS[i].kind;
        return FIELDS[i].read(term, parse);
    }
    return read_word(term, parse);
}

static enum ms_status read_term(struct parse *parse)
{
    struct search_term term = {.key = MS_STR_ABSENT,
                               .value = MS_STR_ABSENT,
                               .comparison = MS_STR_ABSENT,
                               .not_before_ms = INT64_MIN,
                               .before_ms = INT64_MAX};
    size_t begin = parse->at;
    if (parse->query->n_terms == SEARCH_TERMS_MAX) {
        ms_limit_reached(MS_LIMIT_SEARCH_TERMS);
        return fail_at(parse, begin, "too many terms");
    }
    term.is_not = take(parse, "-");
    if (is_blank(peek(parse)))
        return fail_at(parse, parse->at, "nothing stands behind the minus sign");
    enum ms_status status = read_unsigned(&term, parse);
    if (status == MS_OK && term.kind == SEARCH_WORD && term.value.len > SEARCH_WORD_BYTES_MAX) {
        ms_limit_reached(MS_LIMIT_SEARCH_WORD_BYTES);
        return fail_at(parse, begin, "a word of more than 512 bytes");
    }
    if (status == MS_OK)
        parse->query->terms[parse->query->n_terms++] = term;
    return status;
}

enum ms_status search_query_parse(struct search_query *out, struct ms_str text,
                                  struct search_fault *fault)
{
    struct search_query query = {.n_terms = 0};
    struct parse parse = {.text = text, .query = &query, .fault = fault};
    for (;;) {
        while (!is_end(&parse) && is_blank(peek(&parse)))
            parse.at++;
        if (is_end(&parse))
            break;
        enum ms_status status = read_term(&parse);
        if (status != MS_OK)
            return status;
    }
    *out = query;
    return MS_OK;
}
