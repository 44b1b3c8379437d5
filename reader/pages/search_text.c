/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms of a query as pieces of its text: what stands between blanks that are in no quotation
 * marks.
 */
#include "reader/pages/search_text.h"

#include "reader/query/search_query.h"

#include <string.h>

enum { TEXT_MAX = 4096 };

static const struct ms_str LABEL = MS_STR_INIT("label:");

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

/* The next term from `*at` on; absent: there is no more. */
static struct ms_str next_term(struct ms_str text, size_t *at)
{
    size_t begin = *at;
    bool is_quoted = false;
    while (begin < text.len && is_blank(text.ptr[begin]))
        begin++;
    size_t end = begin;
    while (end < text.len && (is_quoted || !is_blank(text.ptr[end])))
        is_quoted ^= text.ptr[end++] == '"';
    *at = end;
    return end > begin ? ms_str_slice(text, begin, end) : MS_STR_ABSENT;
}

static struct ms_str without_quotes(struct ms_str s)
{
    bool is_quoted = s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"';
    return is_quoted ? ms_str_slice(s, 1, s.len - 1) : s;
}

static bool is_word(struct ms_str term)
{
    return term.ptr[0] == '"' || (term.ptr[0] != '-' && !ms_str_contains(term, MS_STR(":")));
}

/* `a`, a blank if there is something on both sides of it, `b` and `c`. */
static struct ms_str join(struct ms_arena *arena, struct ms_str a, struct ms_str b, struct ms_str c)
{
    struct ms_str joined = MS_STR_ABSENT;
    struct ms_buf text;
    ms_buf_init(&text, TEXT_MAX);
    ms_buf_append(&text, a);
    if (a.len > 0 && b.len + c.len > 0)
        ms_buf_append_char(&text, ' ');
    ms_buf_append(&text, b);
    ms_buf_append(&text, c);
    if (ms_buf_status(&text) == MS_OK)
        joined = ms_arena_dup(arena, ms_buf_view(&text));
    ms_buf_free(&text);
    return joined;
}

static struct ms_str trim_end(struct ms_str s)
{
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

void search_text_read(struct search *out, struct ms_arena *arena)
{
    struct search_filter *filters = ms_arena_alloc(arena, SEARCH_TERMS_MAX * sizeof(*filters));
    struct ms_str *words = ms_arena_alloc(arena, SEARCH_TERMS_MAX * sizeof(*words));
    struct ms_str term;
    size_t at = 0;
    out->words = (struct view_strings){words, 0};
    out->filters = filters;
    while (out->n_filters < SEARCH_TERMS_MAX && out->words.n < SEARCH_TERMS_MAX &&
           (term = next_term(out->q, &at)).len > 0) {
        if (is_word(term)) {
            words[out->words.n++] = without_quotes(term);
            continue;
        }
        struct ms_str before = trim_end(ms_str_slice(out->q, 0, at - term.len));
        size_t behind = at;
        while (behind < out->q.len && is_blank(out->q.ptr[behind]))
            behind++;
        filters[out->n_filters++] = (struct search_filter){
            term, join(arena, before, ms_str_skip(out->q, behind), MS_STR(""))};
    }
}

struct ms_str search_text_label(const struct search *search)
{
    for (size_t i = 0; i < search->n_filters; i++) {
        struct ms_str rest = search->filters[i].text;
        if (ms_str_starts_with(rest, LABEL)) {
            rest = ms_str_skip(rest, LABEL.len);
            return ms_str_next(&rest, '=');
        }
    }
    return MS_STR_ABSENT;
}

struct ms_str search_text_label_field(struct ms_arena *arena, struct ms_str label)
{
    struct ms_str key = label.len <= TEXT_MAX / 2 ? label : MS_STR("");
    char *field = ms_arena_alloc(arena, LABEL.len + key.len + 2);
    memcpy(field, LABEL.ptr, LABEL.len);
    if (key.len > 0)
        memcpy(field + LABEL.len, key.ptr, key.len);
    field[LABEL.len + key.len] = '=';
    return ms_str_n(field, LABEL.len + key.len + 1);
}

static bool has_term(struct ms_str q, struct ms_str wanted)
{
    struct ms_str term;
    size_t at = 0;
    while ((term = next_term(q, &at)).len > 0)
        if (ms_str_equal(term, wanted))
            return true;
    return false;
}

struct ms_str search_text_with(struct ms_arena *arena, struct ms_str q, const char *field,
                               struct ms_str value)
{
    bool has_blank = false, is_key = !ms_str_contains(ms_str(field), MS_STR("="));
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '"' || (is_key && value.ptr[i] == '='))
            return MS_STR_ABSENT;
        has_blank = has_blank || is_blank(value.ptr[i]);
    }
    if (value.len == 0 || value.len > TEXT_MAX / 4 || (has_blank && is_key))
        return MS_STR_ABSENT;
    struct ms_str quoted = value;
    if (has_blank) {
        char *text = ms_arena_alloc(arena, value.len + 2);
        text[0] = '"';
        memcpy(text + 1, value.ptr, value.len);
        text[value.len + 1] = '"';
        quoted = ms_str_n(text, value.len + 2);
    }
    struct ms_str term = join(arena, MS_STR(""), ms_str(field), quoted);
    if (ms_str_is_absent(term) || has_term(q, term))
        return ms_str_is_absent(term) ? term : q;
    return join(arena, trim_end(q), term, MS_STR(""));
}

struct ms_str search_text_without(struct ms_arena *arena, struct ms_str q, struct ms_str prefix)
{
    struct ms_str term, rest = MS_STR("");
    size_t at = 0;
    bool has_any = false;
    while ((term = next_term(q, &at)).len > 0) {
        if (ms_str_starts_with(term, prefix))
            has_any = true;
        else
            rest = join(arena, rest, term, MS_STR(""));
    }
    return has_any ? rest : MS_STR_ABSENT;
}

/* --- the types of results --- */

static const struct {
    const char *type, *text;
    const char *term, *opposite; /* which asks for it, which excludes it; NULL: there are none */
    bool needs_term;             /* it is found only if the term asks for it */
} TYPES[SEARCH_CHOICES] = {
    {"", "everything", NULL, NULL, false},
    {"repository", "repositories", NULL, NULL, false},
    {"image", "images", "is:image", "-is:image", false},
    {"index", "indexes", "is:index", "-is:index", true},
    {"artifact", "artifacts", "is:artifact", "-is:artifact", true},
};

static struct ms_str without_any(struct ms_arena *arena, struct ms_str q, const char *term)
{
    return has_term(q, ms_str(term)) ? search_text_without(arena, q, ms_str(term)) : q;
}

void search_text_read_choices(struct search *out, struct ms_arena *arena)
{
    struct ms_str rest = ms_str_is_absent(out->q) ? MS_STR("") : out->q;
    out->chosen = 0;
    for (size_t i = 1; i < SEARCH_CHOICES; i++) {
        bool is_asked = TYPES[i].term != NULL && has_term(out->q, ms_str(TYPES[i].term));
        if (is_asked)
            rest = without_any(arena, rest, TYPES[i].term);
        if (out->kind.len > 0)
            is_asked = ms_str_equal(out->kind, ms_str(TYPES[i].type));
        if (is_asked && out->chosen == 0)
            out->chosen = i;
    }
    for (size_t i = 0; i < SEARCH_CHOICES; i++) {
        struct ms_str q = rest, kind = ms_str(TYPES[i].type);
        if (TYPES[i].opposite != NULL)
            q = without_any(arena, q, TYPES[i].opposite);
        if (TYPES[i].needs_term)
            q = search_text_with(arena, q, "is:", kind);
        out->choices[i] =
            (struct search_choice){TYPES[i].text, q, TYPES[i].needs_term ? MS_STR_ABSENT : kind};
    }
}
