/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of digests and their database form. Pure. A digest is either none (len 0) or has an
 * algorithm that the table knows and a hash of its length.
 */
#include "common/base/digest.h"

#include <string.h>

struct algorithm {
    enum ms_digest_algorithm id;
    struct ms_str prefix;
    size_t hash_bytes;
};

static const struct algorithm ALGORITHMS[] = {
    {MS_SHA256, MS_STR_INIT("sha256:"), 32},
    {MS_SHA512, MS_STR_INIT("sha512:"), 64},
};
enum { N_ALGORITHMS = sizeof(ALGORITHMS) / sizeof(ALGORITHMS[0]) };

static const struct algorithm *algorithm_of_text(struct ms_str text)
{
    for (size_t i = 0; i < N_ALGORITHMS; i++) {
        if (ms_str_starts_with(text, ALGORITHMS[i].prefix))
            return &ALGORITHMS[i];
    }
    return NULL;
}

static const struct algorithm *algorithm_of_id(uint8_t id)
{
    for (size_t i = 0; i < N_ALGORITHMS; i++) {
        if (ALGORITHMS[i].id == id)
            return &ALGORITHMS[i];
    }
    return NULL;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum ms_status decode(struct ms_digest *out, const struct algorithm *algorithm,
                             struct ms_str hex)
{
    if (hex.len != algorithm->hash_bytes * 2)
        return MS_INVALID;
    struct ms_digest digest = {.len = (uint8_t)(1 + algorithm->hash_bytes)};
    digest.bytes[0] = (uint8_t)algorithm->id;
    for (size_t i = 0; i < algorithm->hash_bytes; i++) {
        int high = nibble(hex.ptr[2 * i]);
        int low = nibble(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return MS_INVALID;
        digest.bytes[1 + i] = (uint8_t)(high * 16 + low);
    }
    *out = digest;
    return MS_OK;
}

enum ms_status ms_digest_parse(struct ms_digest *out, struct ms_str text)
{
    const struct algorithm *algorithm = algorithm_of_text(text);
    if (algorithm == NULL)
        return MS_INVALID;
    return decode(out, algorithm, ms_str_skip(text, algorithm->prefix.len));
}

enum ms_status ms_digest_from_bytes(struct ms_digest *out, struct ms_str bytes)
{
    if (bytes.len == 0)
        return MS_INVALID;
    const struct algorithm *algorithm = algorithm_of_id((uint8_t)bytes.ptr[0]);
    if (algorithm == NULL || bytes.len != 1 + algorithm->hash_bytes)
        return MS_INVALID;
    struct ms_digest digest = {.len = (uint8_t)bytes.len};
    memcpy(digest.bytes, bytes.ptr, bytes.len);
    *out = digest;
    return MS_OK;
}

struct ms_str ms_digest_bytes(const struct ms_digest *digest)
{
    return ms_str_n((const char *)digest->bytes, digest->len);
}

bool ms_digest_equal(const struct ms_digest *a, const struct ms_digest *b)
{
    return ms_str_equal(ms_digest_bytes(a), ms_digest_bytes(b));
}

bool ms_digest_is_none(const struct ms_digest *digest)
{
    return digest->len == 0;
}

const char *ms_digest_format(char out[static MS_DIGEST_TEXT_MAX], const struct ms_digest *digest)
{
    static const char DIGITS[] = "0123456789abcdef";
    const struct algorithm *algorithm =
        ms_digest_is_none(digest) ? NULL : algorithm_of_id(digest->bytes[0]);
    out[0] = '\0';
    if (algorithm == NULL)
        return out;
    memcpy(out, algorithm->prefix.ptr, algorithm->prefix.len);
    char *at = out + algorithm->prefix.len;
    for (size_t i = 1; i <= algorithm->hash_bytes; i++) {
        *at++ = DIGITS[digest->bytes[i] >> 4];
        *at++ = DIGITS[digest->bytes[i] & 15];
    }
    *at = '\0';
    return out;
}
