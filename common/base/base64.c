/* SPDX-License-Identifier: Apache-2.0 */
/* Each character brings six bits; a byte leaves as soon as it has eight. */
#include "common/base/base64.h"

enum { NO_VALUE = -1 };

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : NO_VALUE;
}

enum ms_status ms_base64_decode(char *out, size_t *out_len, struct ms_base64_decoder *decoder,
                                struct ms_str piece)
{
    size_t len = 0;
    for (size_t i = 0; i < piece.len; i++) {
        char c = piece.ptr[i];
        int value = value_of(c);
        if (c == '\n' || c == '\r' || c == ' ')
            continue;
        if (c == '=') {
            decoder->is_padded = true;
            continue;
        }
        if (value == NO_VALUE || decoder->is_padded)
            return MS_INVALID;
        decoder->bits = (decoder->bits << 6 | (uint32_t)value) & 0xffffff;
        decoder->n_chars++;
        unsigned spare = 6 - 2 * ((decoder->n_chars + 3) % 4); /* bits that are not yet of a byte */
        if (decoder->n_chars % 4 != 1)
            out[len++] = (char)(decoder->bits >> spare & 0xff);
    }
    *out_len = len;
    return MS_OK;
}
