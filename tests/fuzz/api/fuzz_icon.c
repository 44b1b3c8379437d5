/* SPDX-License-Identifier: Apache-2.0 */
/* Links in an entry of the index: whatever the entry is, nothing in it is linked twice, and without
 * an icon it stays as it is. What is taken for an icon has bytes. */
#include "reader/api/icon.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(struct ms_str entry)
{
    struct ms_buf once, twice;
    ms_buf_init(&once, 4 * 1024 * 1024);
    ms_buf_init(&twice, 4 * 1024 * 1024);
    icon_append_linked(&once, entry);
    icon_append_linked(&twice, ms_buf_view(&once));
    assert(ms_str_equal(ms_buf_view(&once), ms_buf_view(&twice)));
    assert(ms_str_contains(entry, MS_STR("data:image/")) ||
           ms_str_equal(ms_buf_view(&once), entry));
    ms_buf_free(&twice);
    ms_buf_free(&once);
}

static void check_value(struct ms_str value)
{
    struct icon icon;
    struct ms_buf bytes;
    if (!icon_parse(&icon, value))
        return;
    ms_buf_init(&bytes, 2 * ICON_BYTES_MAX);
    icon_append_bytes(&bytes, &icon);
    assert(bytes.len > 0 && bytes.len <= ICON_BYTES_MAX);
    assert(bytes.len > (icon.base64.len / 4 - 1) * 3);
    ms_buf_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str input = ms_str_n((const char *)data, size);
    check_entry(input);
    check_value(input);
    return 0;
}
