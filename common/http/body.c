/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decodes the framing of a request body. Pure. Framing bytes are read one at a time by a small
 * state machine, data is passed on in whole pieces.
 */
#include "common/http/body.h"

void ms_http_body_begin(struct ms_http_body *body, bool is_chunked, uint64_t content_length)
{
    body->is_chunked = is_chunked;
    body->left = content_length;
    body->line_bytes = 0;
    body->state = MS_BODY_DATA;
    if (is_chunked)
        body->state = MS_BODY_SIZE_FIRST;
    else if (content_length == 0)
        body->state = MS_BODY_END;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* A digit more; false when it is none or the size would leave 60 bits. */
static bool add_digit(struct ms_http_body *body, char c)
{
    int digit = hex_digit(c);
    if (digit < 0 || body->left >> 56 != 0)
        return false;
    body->left = body->left * 16 + (uint64_t)digit;
    body->state = MS_BODY_SIZE;
    return true;
}

static bool expect(struct ms_http_body *body, char c, char wanted, enum ms_http_body_state next)
{
    body->state = next;
    return c == wanted;
}

/* Skips to the carriage return that ends the line. */
static bool step_skip(struct ms_http_body *body, char c, enum ms_http_body_state after)
{
    if (c == '\r') {
        body->state = after;
        return true;
    }
    return !is_control(c);
}

/* One byte of framing; false: malformed. */
static bool step(struct ms_http_body *body, char c)
{
    switch (body->state) {
    case MS_BODY_DATA_CR:
        return expect(body, c, '\r', MS_BODY_DATA_LF);
    case MS_BODY_DATA_LF:
        body->state = MS_BODY_SIZE_FIRST;
        body->line_bytes = 0;
        body->left = 0;
        return c == '\n';
    case MS_BODY_SIZE_FIRST:
        return add_digit(body, c);
    case MS_BODY_SIZE: /* no blanks behind the size, whatever old grammars allowed */
        if (hex_digit(c) >= 0)
            return add_digit(body, c);
        body->state = c == ';' ? MS_BODY_EXTENSION : MS_BODY_SIZE_LF;
        return c == ';' || c == '\r';
    case MS_BODY_EXTENSION:
        return step_skip(body, c, MS_BODY_SIZE_LF);
    case MS_BODY_SIZE_LF:
        body->state = body->left > 0 ? MS_BODY_DATA : MS_BODY_TRAILER_START;
        body->line_bytes = 0;
        return c == '\n';
    case MS_BODY_TRAILER_START:
        body->state = c == '\r' ? MS_BODY_LAST_LF : MS_BODY_TRAILER;
        return c == '\r' || (!is_control(c) && c != ' ' && c != '\t' && c != ':');
    case MS_BODY_TRAILER:
        return step_skip(body, c, MS_BODY_TRAILER_LF);
    case MS_BODY_TRAILER_LF:
        return expect(body, c, '\n', MS_BODY_TRAILER_START);
    case MS_BODY_LAST_LF:
        return expect(body, c, '\n', MS_BODY_END);
    case MS_BODY_DATA:
    case MS_BODY_END:
        break;
    }
    return false;
}

static bool is_too_long(const struct ms_http_body *body)
{
    bool in_trailers = body->state == MS_BODY_TRAILER_START || body->state == MS_BODY_TRAILER ||
                       body->state == MS_BODY_TRAILER_LF;
    return body->line_bytes > (in_trailers ? MS_HTTP_TRAILER_MAX : MS_HTTP_CHUNK_LINE_MAX);
}

enum ms_http_body_found ms_http_body_next(struct ms_str *out, struct ms_http_body *body,
                                          struct ms_str *in)
{
    while (body->state != MS_BODY_END) {
        if (in->len == 0)
            return MS_HTTP_BODY_NEEDS_MORE;
        if (body->state == MS_BODY_DATA) {
            size_t n = body->left < in->len ? (size_t)body->left : in->len;
            *out = ms_str_slice(*in, 0, n);
            *in = ms_str_skip(*in, n);
            body->left -= n;
            if (body->left == 0)
                body->state = body->is_chunked ? MS_BODY_DATA_CR : MS_BODY_END;
            return MS_HTTP_BODY_PIECE;
        }
        char c = in->ptr[0];
        *in = ms_str_skip(*in, 1);
        body->line_bytes++;
        if (!step(body, c))
            return MS_HTTP_BODY_MALFORMED;
        if (is_too_long(body))
            return MS_HTTP_BODY_TOO_LONG;
    }
    return MS_HTTP_BODY_END;
}
