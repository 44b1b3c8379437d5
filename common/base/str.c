/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views into bytes. No function reads outside a view, dereferences an absent one, or adds to its
 * NULL pointer.
 */
#include "common/base/str.h"

#include <stdio.h>
#include <string.h>

struct ms_str ms_str(const char *terminated)
{
    return (struct ms_str){terminated, terminated != NULL ? strlen(terminated) : 0};
}

struct ms_str ms_str_n(const char *ptr, size_t len)
{
    return (struct ms_str){ptr, ptr != NULL ? len : 0};
}

bool ms_str_is_absent(struct ms_str s)
{
    return s.ptr == NULL;
}

bool ms_str_equal(struct ms_str a, struct ms_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static unsigned char ascii_lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool ms_str_equal_ci(struct ms_str a, struct ms_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
            return false;
    }
    return true;
}

int ms_str_compare(struct ms_str a, struct ms_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool ms_str_starts_with(struct ms_str s, struct ms_str prefix)
{
    return s.len >= prefix.len && ms_str_equal(ms_str_slice(s, 0, prefix.len), prefix);
}

bool ms_str_ends_with(struct ms_str s, struct ms_str suffix)
{
    return s.len >= suffix.len && ms_str_equal(ms_str_skip(s, s.len - suffix.len), suffix);
}

bool ms_str_contains(struct ms_str s, struct ms_str part)
{
    if (part.len == 0)
        return true;
    return s.len >= part.len && memmem(s.ptr, s.len, part.ptr, part.len) != NULL;
}

struct ms_str ms_str_skip(struct ms_str s, size_t n)
{
    return ms_str_slice(s, n, s.len);
}

struct ms_str ms_str_slice(struct ms_str s, size_t from, size_t to)
{
    if (s.ptr == NULL)
        return s;
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (struct ms_str){s.ptr + from, to - from};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct ms_str ms_str_trim(struct ms_str s)
{
    size_t from = 0;
    size_t to = s.len;
    while (from < to && is_blank(s.ptr[from]))
        from++;
    while (to > from && is_blank(s.ptr[to - 1]))
        to--;
    return ms_str_slice(s, from, to);
}

struct ms_str ms_str_next(struct ms_str *rest, char separator)
{
    struct ms_str whole = *rest;
    const char *found = whole.len > 0 ? memchr(whole.ptr, separator, whole.len) : NULL;
    if (found == NULL) {
        *rest = MS_STR_ABSENT;
        return whole;
    }
    size_t at = (size_t)(found - whole.ptr);
    *rest = ms_str_skip(whole, at + 1);
    return ms_str_slice(whole, 0, at);
}

struct ms_str ms_str_from_u64(char out[static MS_STR_NUMBER_MAX], uint64_t number)
{
    int len = snprintf(out, MS_STR_NUMBER_MAX, "%llu", (unsigned long long)number);
    return ms_str_n(out, (size_t)len);
}

enum ms_status ms_str_to_u64(uint64_t *out, struct ms_str s)
{
    if (s.len == 0)
        return MS_INVALID;
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(unsigned char)s.ptr[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return MS_INVALID;
        value = value * 10 + digit;
    }
    *out = value;
    return MS_OK;
}

/* Bytes of the sequence that `lead` begins, and the range of its second byte (RFC 3629, 4). */
static size_t sequence_length(unsigned char lead, unsigned char *min, unsigned char *max)
{
    *min = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *max = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t ms_str_utf8_length(struct ms_str s)
{
    if (s.len == 0)
        return 0;
    const unsigned char *bytes = (const unsigned char *)s.ptr;
    unsigned char min;
    unsigned char max;
    size_t length = sequence_length(bytes[0], &min, &max);
    if (length > s.len)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if (bytes[i] < min || bytes[i] > max)
            return 0;
        min = 0x80;
        max = 0xbf;
    }
    return length;
}

bool ms_str_is_utf8(struct ms_str s)
{
    for (size_t i = 0; i < s.len;) {
        if ((unsigned char)s.ptr[i] < 0x80) {
            i++;
            continue;
        }
        size_t length = ms_str_utf8_length(ms_str_skip(s, i));
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

bool ms_str_equal_secret(struct ms_str a, struct ms_str b)
{
    /* With another length `a` is compared with itself: the duration depends on `a.len` alone. */
    const bool same_length = a.len == b.len;
    const char *other = same_length ? b.ptr : a.ptr;
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < a.len; i++)
        difference = (unsigned char)(difference | (unsigned char)(a.ptr[i] ^ other[i]));
    return same_length && difference == 0;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

size_t ms_str_edits(struct ms_str a, struct ms_str b)
{
    size_t row[MS_STR_EDITS_MAX + 1]; /* row[j]: from the bytes of `a` so far to b[0, j) */
    if (a.len > MS_STR_EDITS_MAX || b.len > MS_STR_EDITS_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t replaced = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, replaced);
        }
    }
    return row[b.len];
}

uint64_t ms_str_hash(struct ms_str s)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < s.len; i++) {
        hash ^= (unsigned char)s.ptr[i];
        hash *= UINT64_C(0x100000001b3);
    }
    return hash;
}
