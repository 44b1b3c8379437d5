/* SPDX-License-Identifier: Apache-2.0 */
/* A document in an in-toto statement, that one in a DSSE envelope, that one in a sigstore bundle:
 * the same is told of each as of the document alone. */
#include "tests/fuzz/parse/sbom_told.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void append_base64(struct ms_buf *out, struct ms_str bytes)
{
    for (size_t at = 0; at < bytes.len; at += 3) {
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++)
            bits = bits << 8 | (at + i < bytes.len ? (unsigned char)bytes.ptr[at + i] : 0);
        for (size_t i = 0; i < 4; i++)
            ms_buf_append_char(out,
                               at + i <= bytes.len ? ALPHABET[bits >> (18 - 6 * i) & 63] : '=');
    }
}

/* What wraps it may be one level too many, or one that has its size. */
static void check(const struct told *alone, enum ms_status status, const struct told *wrapped)
{
    assert(status == MS_OK || status == MS_TOO_LARGE);
    assert(status != MS_OK || memcmp(alone, wrapped, sizeof(*alone)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char STATEMENT[] = "{\"_type\":\"https://in-toto.io/Statement/v1\","
                                    "\"predicateType\":\"https://spdx.dev/Document\","
                                    "\"predicate\":";
    struct ms_str bytes = ms_str_n((const char *)data, size);
    struct told alone, wrapped;
    struct sbom_totals totals;
    struct ms_buf statement, base64;
    if (sbom_told_both(&alone, &totals, bytes) != MS_OK)
        return 0;
    ms_buf_init(&statement, SBOM_TOLD_FRAMED_MAX);
    ms_buf_init(&base64, SBOM_TOLD_FRAMED_MAX);
    ms_buf_append_c(&statement, STATEMENT);
    ms_buf_append(&statement, bytes);
    ms_buf_append_char(&statement, '}');
    append_base64(&base64, ms_buf_view(&statement));
    if (ms_buf_status(&statement) == MS_OK && ms_buf_status(&base64) == MS_OK) {
        check(&alone, sbom_told_both(&wrapped, &totals, ms_buf_view(&statement)), &wrapped);
        check(&alone,
              sbom_told_framed(&wrapped, &totals, "{\"payload\":\"", ms_buf_view(&base64), "\"}"),
              &wrapped);
        check(&alone,
              sbom_told_framed(&wrapped, &totals, "{\"dsseEnvelope\":{\"payload\":\"",
                               ms_buf_view(&base64), "\"}}"),
              &wrapped);
    }
    ms_buf_free(&statement);
    ms_buf_free(&base64);
    return 0;
}
