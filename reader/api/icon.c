/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Icons are found in the bytes of an entry: nothing is parsed but the pairs of strings in an object
 * "Labels". Outside of strings alone these bytes can stand: in a string the quotes would be
 * escaped, and "Annotations" hold no objects. A value that is linked has no escapes in it, so its
 * bytes are those of the label.
 */
#include "reader/api/icon.h"

#include "common/base/base64.h"
#include "common/base/hash.h"

#include <string.h>

enum { GROUP_CHARS = 4, GROUP_BYTES = 3, PADDING_MAX = 2, PIECE_CHARS = 4096 };

static const struct ms_str LABELS = MS_STR_INIT("\"Labels\":{");

/* --- a value --- */

static const char *take_media_type(struct ms_str *value)
{
    static const struct {
        const char *prefix, *media_type;
    } TYPES[] = {
        {"data:image/png;base64,", "image/png"},   {"data:image/svg+xml;base64,", "image/svg+xml"},
        {"data:image/jpeg;base64,", "image/jpeg"}, {"data:image/webp;base64,", "image/webp"},
        {"data:image/gif;base64,", "image/gif"},
    };
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        struct ms_str prefix = ms_str(TYPES[i].prefix);
        if (ms_str_starts_with(*value, prefix)) {
            *value = ms_str_skip(*value, prefix.len);
            return TYPES[i].media_type;
        }
    }
    return NULL;
}

static bool is_base64(struct ms_str text)
{
    size_t end = text.len;
    if (end == 0 || end % GROUP_CHARS != 0)
        return false;
    while (text.len - end < PADDING_MAX && text.ptr[end - 1] == '=')
        end--;
    for (size_t i = 0; i < end; i++) {
        char c = text.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '+' || c == '/'))
            return false;
    }
    return true;
}

bool icon_parse(struct icon *out, struct ms_str value)
{
    const char *media_type = take_media_type(&value);
    if (media_type == NULL || !is_base64(value))
        return false;
    size_t bytes = value.len / GROUP_CHARS * GROUP_BYTES;
    for (size_t i = value.len; value.ptr[i - 1] == '='; i--)
        bytes--;
    if (bytes > ICON_BYTES_MAX)
        return false;
    *out = (struct icon){media_type, value};
    return true;
}

void icon_append_bytes(struct ms_buf *out, const struct icon *icon)
{
    struct ms_base64_decoder decoder = {.n_chars = 0};
    for (size_t at = 0; at < icon->base64.len; at += PIECE_CHARS) {
        char bytes[MS_BASE64_DECODED_MAX(PIECE_CHARS)];
        size_t n_bytes;
        struct ms_str piece = ms_str_slice(icon->base64, at, at + PIECE_CHARS);
        if (ms_base64_decode(bytes, &n_bytes, &decoder, piece) != MS_OK)
            return; /* not of an icon that was parsed */
        ms_buf_append(out, ms_str_n(bytes, n_bytes));
    }
}

/* --- an entry --- */

static void append_url(struct ms_buf *out, struct ms_str value)
{
    struct ms_digest digest;
    ms_hash_digest(&digest, MS_SHA256, value);
    ms_buf_append_c(out, "/index/icons/");
    ms_buf_append_hex(out, digest.bytes + 1, digest.len - 1U); /* the first is the algorithm */
}

/* Behind the string that begins at `at`; 0: there is none. */
static size_t string_end(struct ms_str json, size_t at)
{
    if (at >= json.len || json.ptr[at] != '"')
        return 0;
    for (size_t i = at + 1; i < json.len; i++) {
        if (json.ptr[i] == '\\')
            i++;
        else if (json.ptr[i] == '"')
            return i + 1;
    }
    return 0;
}

static bool is_icon_key(struct ms_str quoted)
{
    return ms_str_equal(quoted, MS_STR("\"org.freedesktop.appstream.icon-64\"")) ||
           ms_str_equal(quoted, MS_STR("\"org.freedesktop.appstream.icon-128\""));
}

/* The members that `json` begins with. Returns what is behind them. */
static struct ms_str append_labels(struct ms_buf *out, struct ms_str json)
{
    size_t copied = 0, at = 0;
    for (size_t key_end, value_end; (key_end = string_end(json, at)) > 0; at = value_end + 1) {
        value_end = string_end(json, key_end + 1);
        if (value_end == 0 || json.ptr[key_end] != ':')
            break;
        struct icon icon;
        struct ms_str value = ms_str_slice(json, key_end + 2, value_end - 1);
        if (!is_icon_key(ms_str_slice(json, at, key_end)) || !icon_parse(&icon, value))
            continue;
        ms_buf_append(out, ms_str_slice(json, copied, key_end + 2));
        append_url(out, value);
        copied = value_end - 1;
    }
    ms_buf_append(out, ms_str_slice(json, copied, at));
    return ms_str_skip(json, at);
}

void icon_append_linked(struct ms_buf *out, struct ms_str entry)
{
    const char *labels = memmem(entry.ptr, entry.len, LABELS.ptr, LABELS.len);
    while (labels != NULL) {
        size_t begin = (size_t)(labels - entry.ptr) + LABELS.len;
        ms_buf_append(out, ms_str_slice(entry, 0, begin));
        entry = append_labels(out, ms_str_skip(entry, begin));
        labels = entry.len > 0 ? memmem(entry.ptr, entry.len, LABELS.ptr, LABELS.len) : NULL;
    }
    ms_buf_append(out, entry);
}
