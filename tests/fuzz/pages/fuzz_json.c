/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into anything: every value lies within the text, walks end, and strings get no longer. */
#include "reader/pages/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str text = ms_str_n((const char *)data, size), rest = text, key, value;
    struct ms_arena *arena = ms_arena_new(64 * 1024 + 8 * size * size);
    size_t n = 0;
    while (json_next(&key, &value, &rest)) {
        must(value.len > 0 && value.ptr >= text.ptr &&
             value.ptr + value.len <= text.ptr + text.len);
        struct ms_str string = json_text(value, arena);
        must(string.len <= value.len + 2);
        must(json_number(value) >= -1);
        must(++n <= size);
    }
    must(json_count(text, SIZE_MAX) == n);
    value = json_get(text, "a");
    must(value.len <= size);
    ms_arena_free(arena);
    return 0;
}
