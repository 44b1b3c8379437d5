/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip by zlib. Members carry neither time nor name, so equal input gives equal output.
 */
#include "common/base/compress.h"

#include "common/base/alloc.h"

#include <assert.h>
#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>

enum {
    GZIP_WINDOW_BITS = 15 + 16, /* + 16: a gzip header instead of zlib's */
    MEMORY_LEVEL = 8,
    PIECE_BYTES = 16 * 1024,
    INPUT_MAX = 1 << 30 /* what zlib is given at once: its counts are unsigned int */
};

struct ms_gzip {
    z_stream stream;
    bool finished;
};

struct ms_gzip *ms_gzip_new(void)
{
    struct ms_gzip *gzip = ms_alloc(sizeof(*gzip));
    if (deflateInit2(&gzip->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS,
                     MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    return gzip;
}

void ms_gzip_free(struct ms_gzip *gzip)
{
    if (gzip == NULL)
        return;
    deflateEnd(&gzip->stream);
    free(gzip);
}

/* Compresses what the stream has as input; with Z_FINISH to the end of the member. */
static void pump(struct ms_gzip *gzip, struct ms_buf *out, int flush)
{
    char piece[PIECE_BYTES];
    do {
        gzip->stream.next_out = (Bytef *)piece;
        gzip->stream.avail_out = sizeof(piece);
        int result = deflate(&gzip->stream, flush);
        assert(result != Z_STREAM_ERROR);
        gzip->finished = result == Z_STREAM_END;
        ms_buf_append(out, ms_str_n(piece, sizeof(piece) - gzip->stream.avail_out));
    } while (gzip->stream.avail_out == 0 && !gzip->finished && !out->overflowed);
}

enum ms_status ms_gzip_write(struct ms_gzip *gzip, struct ms_buf *out, struct ms_str bytes,
                             bool last)
{
    assert(!gzip->finished);
    do {
        struct ms_str part = ms_str_slice(bytes, 0, INPUT_MAX);
        bytes = ms_str_skip(bytes, part.len);
        gzip->stream.next_in = (const Bytef *)part.ptr;
        gzip->stream.avail_in = (uInt)part.len;
        pump(gzip, out, last && bytes.len == 0 ? Z_FINISH : Z_NO_FLUSH);
    } while (bytes.len > 0 && !out->overflowed);
    return ms_buf_status(out);
}

/* One stream serves all bodies: to allocate and clear its quarter of a mebibyte costs more than to
 * compress a small body. A process has one thread. */
static struct ms_gzip *shared_stream(void)
{
    static struct ms_gzip *shared;
    if (shared == NULL)
        shared = ms_gzip_new();
    else if (deflateReset(&shared->stream) != Z_OK)
        abort();
    shared->finished = false;
    return shared;
}

enum ms_status ms_compress_gzip(struct ms_doc **out, struct ms_str bytes)
{
    struct ms_gzip *gzip = shared_stream();
    struct ms_buf buf;
    ms_buf_init(&buf, deflateBound(&gzip->stream, bytes.len));
    enum ms_status status = ms_gzip_write(gzip, &buf, bytes, true);
    if (status == MS_OK)
        *out = ms_doc_take(&buf);
    ms_buf_free(&buf);
    return status;
}
