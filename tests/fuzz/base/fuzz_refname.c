/* SPDX-License-Identifier: Apache-2.0 */
/* Names and globs. The first line of the input is a pattern, the rest a value; the matcher must
 * agree with a plain recursive one. A name that is accepted obeys rules told in other words. */
#include "common/base/refname.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the recursive matcher can do in a reasonable time. */
enum { PATTERN_MAX_BYTES = 12, VALUE_MAX_BYTES = 16 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static size_t character_length(struct ms_str s)
{
    size_t length = ms_str_utf8_length(s);
    return length > 0 ? length : 1;
}

static bool plain_match(struct ms_str pattern, struct ms_str value)
{
    if (pattern.len == 0)
        return value.len == 0;
    size_t length = value.len > 0 ? character_length(value) : 0;
    if (pattern.ptr[0] == '*')
        return plain_match(ms_str_skip(pattern, 1), value) ||
               (value.len > 0 && plain_match(pattern, ms_str_skip(value, length)));
    if (value.len == 0)
        return false;
    size_t wanted = pattern.ptr[0] == '?' ? 1 : character_length(pattern);
    if (pattern.ptr[0] != '?' &&
        !ms_str_equal(ms_str_slice(pattern, 0, wanted), ms_str_slice(value, 0, length)))
        return false;
    return plain_match(ms_str_skip(pattern, wanted), ms_str_skip(value, length));
}

static void check_glob(struct ms_str pattern, struct ms_str value)
{
    bool matches = ms_refname_glob_match(pattern, value);
    if (pattern.len <= PATTERN_MAX_BYTES && value.len <= VALUE_MAX_BYTES)
        must(matches == plain_match(pattern, value));
    must(ms_refname_glob_match(MS_STR("*"), value));
    if (memchr(value.ptr, '*', value.len) == NULL)
        must(ms_refname_glob_match(value, value));
}

static void check_names(struct ms_str name)
{
    if (ms_refname_is_repository(name)) {
        must(name.len > 0 && name.len <= MS_REPOSITORY_NAME_MAX);
        must(!ms_str_contains(name, MS_STR("//")) && !ms_str_contains(name, MS_STR("..")));
        must(!ms_str_contains(name, MS_STR("___")) && !ms_str_contains(name, MS_STR(":")));
        must(name.ptr[0] != '/' && name.ptr[name.len - 1] != '/');
    }
    if (ms_refname_is_tag(name))
        must(name.len <= MS_TAG_NAME_MAX && !ms_str_contains(name, MS_STR("/")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str value = ms_str_n(size > 0 ? (const char *)data : "", size);
    check_names(value);
    struct ms_str pattern = ms_str_next(&value, '\n');
    check_glob(pattern, ms_str_is_absent(value) ? MS_STR("") : value);
    return 0;
}
