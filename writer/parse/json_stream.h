/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads JSON as it comes, in memory that depends neither on its length nor on that of its strings:
 * a string is told in pieces, a number is checked and forgotten. For documents too large to be held
 * as a tree (json.h); parsers that give whole strings would hold a document that is wrapped into
 * one string of another.
 *
 * Escapes are decoded. What \u cannot be (NUL, half of a surrogate pair) becomes U+FFFD; bytes that
 * are no UTF-8 are passed on as they are.
 */
#ifndef JSON_STREAM_H
#define JSON_STREAM_H

#include "common/base/str.h"

enum {
    JSON_STREAM_DEPTH_MAX = 200, /* objects and arrays in one another */
    JSON_STREAM_PIECE_MAX = 4096 /* bytes of a piece; a longer key is cut there */
};

/* What comes, in order. Views are valid during the call. */
struct json_stream_events {
    void (*on_open)(bool is_array, void *arg);
    void (*on_close)(void *arg);
    void (*on_key)(struct ms_str key, void *arg);
    void (*on_string)(struct ms_str piece, bool is_last, void *arg); /* the last may be empty */
    void (*on_other)(void *arg); /* a number, true, false, null */
};

struct json_stream;
struct json_stream *json_stream_new(const struct json_stream_events *events, void *arg);
void json_stream_free(struct json_stream *stream); /* NULL is fine */

/* MS_INVALID, with the place, for what is no JSON, MS_TOO_LARGE for what is nested too deep;
 * nothing may be written afterwards. */
enum ms_status json_stream_write(struct json_stream *stream, struct ms_str bytes,
                                 struct ms_error *err) MS_CHECKED;
/* There is no more: MS_INVALID when the value is not whole. */
enum ms_status json_stream_end(struct json_stream *stream, struct ms_error *err) MS_CHECKED;

#endif
