/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies: the same bytes mean the same, whether they come at once or one at a time. The first byte
 * of the input says how long the body is, 0: chunked. */
#include "common/base/buf.h"
#include "common/http/body.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    struct ms_buf data;
    size_t used;
    enum ms_http_body_found found;
};

static void decode(struct outcome *outcome, struct ms_str input, uint8_t length, size_t step)
{
    struct ms_http_body body;
    ms_http_body_begin(&body, length == 0, length);
    ms_buf_init(&outcome->data, input.len);
    outcome->used = 0;
    outcome->found = MS_HTTP_BODY_NEEDS_MORE;
    for (size_t at = 0; at < input.len && outcome->found == MS_HTTP_BODY_NEEDS_MORE; at += step) {
        struct ms_str in = ms_str_slice(input, at, at + step);
        size_t before = in.len;
        struct ms_str piece;
        while ((outcome->found = ms_http_body_next(&piece, &body, &in)) == MS_HTTP_BODY_PIECE) {
            assert(piece.len > 0);
            ms_buf_append(&outcome->data, piece);
        }
        outcome->used += before - in.len;
    }
    assert(ms_buf_status(&outcome->data) == MS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct ms_str input = ms_str_n((const char *)data + 1, size - 1);
    struct outcome whole, pieces;
    decode(&whole, input, data[0], input.len);
    decode(&pieces, input, data[0], 1);
    assert(whole.found == pieces.found && whole.used == pieces.used);
    assert(ms_str_equal(ms_buf_view(&whole.data), ms_buf_view(&pieces.data)));
    ms_buf_free(&whole.data);
    ms_buf_free(&pieces.data);
    return 0;
}
