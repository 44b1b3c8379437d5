/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 as it comes in pieces: either alphabet (RFC 4648, sections 4 and 5), with padding or
 * without, white space between. */
#ifndef MS_BASE64_H
#define MS_BASE64_H

#include "common/base/str.h"

struct ms_base64_decoder {
    unsigned n_chars; /* so far, but for line breaks and spaces */
    uint32_t bits;
    bool is_padded; /* the end has come */
};

/* Of so many characters, those left over from the piece before included. */
#define MS_BASE64_DECODED_MAX(chars) (((chars) + 3) / 4 * 3 + 3)

/* Decodes a piece into `out`, which holds MS_BASE64_DECODED_MAX(piece.len) bytes. MS_INVALID for
 * what is in neither alphabet. */
enum ms_status ms_base64_decode(char *out, size_t *out_len, struct ms_base64_decoder *decoder,
                                struct ms_str piece) MS_CHECKED;

#endif
