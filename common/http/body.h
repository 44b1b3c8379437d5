/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the body of a request ends: a length, or the chunked coding (RFC 9112 6 and 7), read as
 * strictly as the head. Pure and fuzzed. A plain value that lives in its connection.
 */
#ifndef MS_HTTP_BODY_H
#define MS_HTTP_BODY_H

#include "common/base/str.h"

/* Sizes, extensions and trailers beyond this are an attack on memory or patience. */
enum { MS_HTTP_CHUNK_LINE_MAX = 1024, MS_HTTP_TRAILER_MAX = 8192 };

enum ms_http_body_state {
    MS_BODY_DATA, /* of the whole body or of a chunk */
    MS_BODY_DATA_CR,
    MS_BODY_DATA_LF,
    MS_BODY_SIZE_FIRST,
    MS_BODY_SIZE,
    MS_BODY_EXTENSION,
    MS_BODY_SIZE_LF,
    MS_BODY_TRAILER_START,
    MS_BODY_TRAILER,
    MS_BODY_TRAILER_LF,
    MS_BODY_LAST_LF,
    MS_BODY_END
};

struct ms_http_body {
    enum ms_http_body_state state;
    bool is_chunked;
    uint64_t left;     /* bytes until the end of the body or of the chunk */
    size_t line_bytes; /* of the present size line, or of all trailers */
};

void ms_http_body_begin(struct ms_http_body *body, bool is_chunked, uint64_t content_length);

enum ms_http_body_found {
    MS_HTTP_BODY_PIECE,      /* data, not empty */
    MS_HTTP_BODY_NEEDS_MORE, /* `*in` is used up */
    MS_HTTP_BODY_END,        /* the body is complete, `*in` is what follows it */
    MS_HTTP_BODY_MALFORMED,  /* this and the next: not to be called again */
    MS_HTTP_BODY_TOO_LONG,   /* a size line or the trailers */
};
/* Cuts the next piece of data off the front of `*in`; framing bytes are skipped. Sets `*out` only
 * when there is a piece. */
enum ms_http_body_found ms_http_body_next(struct ms_str *out, struct ms_http_body *body,
                                          struct ms_str *in) MS_CHECKED;

#endif
