/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state machine that takes one byte after another. What is open is a stack of bits, one a level.
 * Numbers and words (true, false, null) end with the first byte behind them, which is then taken
 * again in the state that follows.
 */
#include "writer/parse/json_stream.h"

#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum state {
    BEFORE_VALUE,
    BEFORE_VALUE_OR_CLOSE, /* behind "[" */
    BEFORE_KEY_OR_CLOSE,   /* behind "{" */
    BEFORE_KEY,            /* behind "," in an object */
    BEFORE_COLON,
    AFTER_VALUE,
    IN_STRING,
    IN_ESCAPE,
    IN_UNICODE, /* behind "\u" */
    IN_NUMBER,
    IN_WORD,
    FAILED
};

/* Where in a number, by the last byte. */
enum number { SIGN, ZERO, DIGITS, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS };

enum { REPLACEMENT = 0xfffd };

struct json_stream {
    struct json_stream_events events;
    void *arg;
    enum state state;
    enum number number;
    const char *word; /* what is left of it */
    uint64_t offset;
    unsigned depth;
    bool is_array[JSON_STREAM_DEPTH_MAX];
    bool is_key;    /* of the string */
    unsigned n_hex; /* digits of \u so far */
    uint32_t unit;  /* which they make */
    uint32_t high;  /* half of a surrogate pair that was read before; 0: none */
    size_t len;     /* of the piece */
    char piece[JSON_STREAM_PIECE_MAX];
};

struct json_stream *json_stream_new(const struct json_stream_events *events, void *arg)
{
    struct json_stream *stream = ms_alloc(sizeof(*stream));
    stream->events = *events;
    stream->arg = arg;
    stream->state = BEFORE_VALUE;
    return stream;
}

void json_stream_free(struct json_stream *stream)
{
    free(stream);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* --- strings --- */

static void flush(struct json_stream *stream, bool is_last)
{
    struct ms_str piece = ms_str_n(stream->piece, stream->len);
    if (!stream->is_key)
        stream->events.on_string(piece, is_last, stream->arg);
    else if (is_last)
        stream->events.on_key(piece, stream->arg);
    stream->len = 0;
}

static void add_byte(struct json_stream *stream, char byte)
{
    if (stream->len == JSON_STREAM_PIECE_MAX) {
        if (stream->is_key)
            return;
        flush(stream, false);
    }
    stream->piece[stream->len++] = byte;
}

static void add_code_point(struct json_stream *stream, uint32_t code)
{
    if (code < 0x80) {
        add_byte(stream, (char)code);
    } else if (code < 0x800) {
        add_byte(stream, (char)(0xc0 | code >> 6));
        add_byte(stream, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        add_byte(stream, (char)(0xe0 | code >> 12));
        add_byte(stream, (char)(0x80 | (code >> 6 & 0x3f)));
        add_byte(stream, (char)(0x80 | (code & 0x3f)));
    } else {
        add_byte(stream, (char)(0xf0 | code >> 18));
        add_byte(stream, (char)(0x80 | (code >> 12 & 0x3f)));
        add_byte(stream, (char)(0x80 | (code >> 6 & 0x3f)));
        add_byte(stream, (char)(0x80 | (code & 0x3f)));
    }
}

/* What follows is not the other half of the pair. */
static void end_pair(struct json_stream *stream)
{
    if (stream->high != 0)
        add_code_point(stream, REPLACEMENT);
    stream->high = 0;
}

static void add_unit(struct json_stream *stream, uint32_t unit)
{
    if (unit >= 0xdc00 && unit <= 0xdfff && stream->high != 0) {
        add_code_point(stream, 0x10000 + ((stream->high - 0xd800) << 10) + (unit - 0xdc00));
        stream->high = 0;
        return;
    }
    end_pair(stream);
    if (unit >= 0xd800 && unit <= 0xdbff)
        stream->high = unit;
    else if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        add_code_point(stream, REPLACEMENT);
    else
        add_code_point(stream, unit);
}

static void begin_string(struct json_stream *stream, bool is_key)
{
    stream->is_key = is_key;
    stream->len = 0;
    stream->high = 0;
    stream->state = IN_STRING;
}

static bool take_in_string(struct json_stream *stream, char c)
{
    if (c == '\\') {
        stream->state = IN_ESCAPE;
        return true;
    }
    end_pair(stream);
    if (c == '"') {
        flush(stream, true);
        stream->state = stream->is_key ? BEFORE_COLON : AFTER_VALUE;
        return true;
    }
    add_byte(stream, c);
    return (unsigned char)c >= 0x20;
}

static bool take_escape(struct json_stream *stream, char c)
{
    static const char FROM[] = "\"\\/bfnrt";
    static const char TO[] = "\"\\/\b\f\n\r\t";
    stream->state = IN_STRING;
    if (c == 'u') {
        stream->state = IN_UNICODE;
        stream->n_hex = 0;
        stream->unit = 0;
        return true;
    }
    const char *found = c != '\0' ? strchr(FROM, c) : NULL;
    if (found == NULL)
        return false;
    end_pair(stream);
    add_byte(stream, TO[found - FROM]);
    return true;
}

static bool take_hex(struct json_stream *stream, char c)
{
    static const char HEX[] = "0123456789abcdef";
    char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    const char *found = lower != '\0' ? strchr(HEX, lower) : NULL;
    if (found == NULL)
        return false;
    stream->unit = stream->unit << 4 | (uint32_t)(found - HEX);
    if (++stream->n_hex == 4) {
        add_unit(stream, stream->unit);
        stream->state = IN_STRING;
    }
    return true;
}

/* --- numbers and words --- */

/* True: the byte belongs to the number. */
static bool take_in_number(struct json_stream *stream, char c)
{
    enum number *number = &stream->number;
    if (is_digit(c)) {
        if (*number == ZERO)
            return false;
        if (*number == SIGN)
            *number = c == '0' ? ZERO : DIGITS;
        else if (*number == POINT)
            *number = FRACTION;
        else if (*number == EXPONENT || *number == EXPONENT_SIGN)
            *number = EXPONENT_DIGITS;
        return true;
    }
    bool is_integer = *number == ZERO || *number == DIGITS;
    if (c == '.' && is_integer)
        *number = POINT;
    else if ((c == 'e' || c == 'E') && (is_integer || *number == FRACTION))
        *number = EXPONENT;
    else if ((c == '+' || c == '-') && *number == EXPONENT)
        *number = EXPONENT_SIGN;
    else
        return false;
    return true;
}

static bool is_whole_number(enum number number)
{
    return number == ZERO || number == DIGITS || number == FRACTION || number == EXPONENT_DIGITS;
}

static void end_other(struct json_stream *stream)
{
    stream->state = AFTER_VALUE;
    stream->events.on_other(stream->arg);
}

static bool take_word(struct json_stream *stream, char c)
{
    if (c != *stream->word)
        return false;
    stream->word++;
    if (*stream->word == '\0')
        end_other(stream);
    return true;
}

/* --- values --- */

static bool begin_container(struct json_stream *stream, bool is_array)
{
    stream->is_array[stream->depth++] = is_array;
    stream->state = is_array ? BEFORE_VALUE_OR_CLOSE : BEFORE_KEY_OR_CLOSE;
    stream->events.on_open(is_array, stream->arg);
    return true;
}

static bool end_container(struct json_stream *stream)
{
    stream->depth--;
    stream->state = AFTER_VALUE;
    stream->events.on_close(stream->arg);
    return true;
}

static bool begin_value(struct json_stream *stream, char c)
{
    if (c == '"') {
        begin_string(stream, false);
    } else if (c == '{' || c == '[') {
        return begin_container(stream, c == '[');
    } else if (c == '-' || is_digit(c)) {
        stream->state = IN_NUMBER;
        stream->number = c == '-' ? SIGN : c == '0' ? ZERO : DIGITS;
    } else if (c == 't' || c == 'f' || c == 'n') {
        stream->state = IN_WORD;
        stream->word = c == 't' ? "rue" : c == 'f' ? "alse" : "ull";
    } else {
        return false;
    }
    return true;
}

static bool take_between(struct json_stream *stream, char c)
{
    bool is_in_array = stream->depth > 0 && stream->is_array[stream->depth - 1];
    switch (stream->state) {
    case BEFORE_VALUE_OR_CLOSE:
        return c == ']' ? end_container(stream) : begin_value(stream, c);
    case BEFORE_VALUE:
        return begin_value(stream, c);
    case BEFORE_KEY_OR_CLOSE:
    case BEFORE_KEY:
        if (c == '}' && stream->state == BEFORE_KEY_OR_CLOSE)
            return end_container(stream);
        begin_string(stream, true);
        return c == '"';
    case BEFORE_COLON:
        stream->state = BEFORE_VALUE;
        return c == ':';
    case AFTER_VALUE:
        if (stream->depth == 0)
            return false;
        if (c == (is_in_array ? ']' : '}'))
            return end_container(stream);
        stream->state = is_in_array ? BEFORE_VALUE : BEFORE_KEY;
        return c == ',';
    case IN_STRING:
    case IN_ESCAPE:
    case IN_UNICODE:
    case IN_NUMBER:
    case IN_WORD:
    case FAILED:
        break;
    }
    return false;
}

static bool take(struct json_stream *stream, char c)
{
    switch (stream->state) {
    case IN_STRING:
        return take_in_string(stream, c);
    case IN_ESCAPE:
        return take_escape(stream, c);
    case IN_UNICODE:
        return take_hex(stream, c);
    case IN_WORD:
        return take_word(stream, c);
    case IN_NUMBER:
        if (take_in_number(stream, c))
            return true;
        if (!is_whole_number(stream->number))
            return false;
        end_other(stream);
        break;
    case BEFORE_VALUE:
    case BEFORE_VALUE_OR_CLOSE:
    case BEFORE_KEY_OR_CLOSE:
    case BEFORE_KEY:
    case BEFORE_COLON:
    case AFTER_VALUE:
        break;
    case FAILED:
        return false;
    }
    return is_space(c) || take_between(stream, c);
}

enum ms_status json_stream_write(struct json_stream *stream, struct ms_str bytes,
                                 struct ms_error *err)
{
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.ptr[i];
        bool opens = (c == '{' || c == '[') && stream->state < AFTER_VALUE;
        if (opens && stream->depth == JSON_STREAM_DEPTH_MAX) {
            stream->state = FAILED;
            return ms_error_set(err, MS_TOO_LARGE, "nested deeper than %d", JSON_STREAM_DEPTH_MAX);
        }
        if (!take(stream, c)) {
            stream->state = FAILED;
            return ms_error_set(err, MS_INVALID, "no JSON at byte %llu",
                                (unsigned long long)stream->offset + i);
        }
    }
    stream->offset += bytes.len;
    return MS_OK;
}

enum ms_status json_stream_end(struct json_stream *stream, struct ms_error *err)
{
    if (stream->state == IN_NUMBER && is_whole_number(stream->number))
        end_other(stream);
    if (stream->state == AFTER_VALUE && stream->depth == 0)
        return MS_OK;
    return ms_error_set(err, MS_INVALID, "no whole JSON value in %llu bytes",
                        (unsigned long long)stream->offset);
}
