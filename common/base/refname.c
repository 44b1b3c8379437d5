/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammars of repository and tag names, and globs. Pure.
 */
#include "common/base/refname.h"

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Length of the separator that `s` begins with: `.`, `_`, `__` or any number of `-`; 0: none. */
static size_t separator_length(struct ms_str s)
{
    if (s.len == 0)
        return 0;
    if (s.ptr[0] == '.')
        return 1;
    if (s.ptr[0] == '_')
        return s.len > 1 && s.ptr[1] == '_' ? 2 : 1;
    size_t dashes = 0;
    while (dashes < s.len && s.ptr[dashes] == '-')
        dashes++;
    return dashes;
}

static bool is_path_component(struct ms_str s)
{
    while (s.len > 0 && is_lower_alnum(s.ptr[0])) {
        size_t run = 1;
        while (run < s.len && is_lower_alnum(s.ptr[run]))
            run++;
        s = ms_str_skip(s, run);
        if (s.len == 0)
            return true;
        s = ms_str_skip(s, separator_length(s));
    }
    return false;
}

bool ms_refname_is_repository(struct ms_str name)
{
    if (name.len == 0 || name.len > MS_REPOSITORY_NAME_MAX)
        return false;
    for (struct ms_str rest = name; !ms_str_is_absent(rest);) {
        if (!is_path_component(ms_str_next(&rest, '/')))
            return false;
    }
    return true;
}

static bool is_word(char c)
{
    return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

bool ms_refname_is_tag(struct ms_str tag)
{
    if (tag.len == 0 || tag.len > MS_TAG_NAME_MAX || !is_word(tag.ptr[0]))
        return false;
    for (size_t i = 1; i < tag.len; i++) {
        if (!is_word(tag.ptr[i]) && tag.ptr[i] != '.' && tag.ptr[i] != '-')
            return false;
    }
    return true;
}

/* The first character of a string that is not empty: a UTF-8 sequence, or a byte that begins none.
 */
static struct ms_str first_character(struct ms_str s)
{
    size_t length = ms_str_utf8_length(s);
    return ms_str_slice(s, 0, length > 0 ? length : 1);
}

/* Whether one character of the value meets one of the pattern, which is no star. */
static bool meets(struct ms_str wanted, struct ms_str character)
{
    return ms_str_equal(wanted, MS_STR("?")) || ms_str_equal(wanted, character);
}

bool ms_refname_glob_match(struct ms_str pattern, struct ms_str value)
{
    /* Only the last star met needs trying again: an earlier one that takes more characters cannot
     * make a match possible that the last one's longer runs do not. */
    bool starred = false;
    struct ms_str after_star = pattern;
    struct ms_str star_value = value; /* what the last star has not taken */
    while (value.len > 0) {
        struct ms_str wanted = pattern.len > 0 ? first_character(pattern) : MS_STR("");
        struct ms_str character = first_character(value);
        if (ms_str_equal(wanted, MS_STR("*"))) {
            starred = true;
            pattern = ms_str_skip(pattern, 1);
            after_star = pattern;
            star_value = value;
        } else if (wanted.len > 0 && meets(wanted, character)) {
            pattern = ms_str_skip(pattern, wanted.len);
            value = ms_str_skip(value, character.len);
        } else if (starred) {
            star_value = ms_str_skip(star_value, first_character(star_value).len);
            value = star_value;
            pattern = after_star;
        } else {
            return false;
        }
    }
    while (ms_str_starts_with(pattern, MS_STR("*")))
        pattern = ms_str_skip(pattern, 1);
    return pattern.len == 0;
}
