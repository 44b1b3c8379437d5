/* SPDX-License-Identifier: Apache-2.0 */
/* What a wildcard or an escape interrupts is no row of characters. */
#include "reader/query/package_pattern.h"

enum { TRIGRAM = 3 };

enum ms_status package_pattern_lower(struct ms_str *out, struct ms_str pattern,
                                     struct ms_arena *arena)
{
    if (ms_str_is_absent(pattern)) {
        *out = pattern;
        return MS_OK;
    }
    char *text = ms_arena_try_alloc(arena, pattern.len + 1);
    if (text == NULL)
        return MS_TOO_LARGE;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        text[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    *out = ms_str_n(text, pattern.len);
    return MS_OK;
}

bool package_pattern_has_index(struct ms_str pattern)
{
    size_t run = 0;
    for (size_t i = 0; i < pattern.len && run < TRIGRAM; i++) {
        char c = pattern.ptr[i];
        run = c == '%' || c == '_' || c == '\\' ? 0 : run + 1;
    }
    return run == TRIGRAM;
}
