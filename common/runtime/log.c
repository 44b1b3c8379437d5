/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines. A line is made in a fixed buffer on the stack, so that logging needs no memory; it is
 * always one line of well-formed UTF-8, and in the JSON format one well-formed object.
 */
#include "common/runtime/log.h"

#include "common/base/clock.h"
#include "common/runtime/sd.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 8192,
    TAIL_BYTES = 16, /* kept free for what ends a cut line: the mark, a quote, a brace, a newline */
};

static enum ms_log_level least_level = MS_LOG_INFO;
static enum ms_log_format line_format = MS_LOG_LOGFMT;
static enum { NOT_ASKED, HAS_TIME, HAS_NO_TIME } destination; /* does it note the time itself? */

struct line {
    size_t len;
    bool cut; /* something did not fit: nothing is put any more */
    char bytes[LINE_MAX_BYTES];
};

static const char *const LEVEL_NAMES[] = {
    [MS_LOG_DEBUG] = "debug",
    [MS_LOG_INFO] = "info",
    [MS_LOG_WARN] = "warn",
    [MS_LOG_ERROR] = "error",
};

static struct ms_field field(const char *key)
{
    return (struct ms_field){.key = key};
}

struct ms_field ms_field_str(const char *key, struct ms_str value)
{
    struct ms_field made = field(key);
    made.type = MS_FIELD_STR;
    made.value.str = value;
    return made;
}

struct ms_field ms_field_c(const char *key, const char *value)
{
    return ms_field_str(key, ms_str(value));
}

struct ms_field ms_field_i64(const char *key, int64_t value)
{
    struct ms_field made = field(key);
    made.type = MS_FIELD_I64;
    made.value.i64 = value;
    return made;
}

struct ms_field ms_field_u64(const char *key, uint64_t value)
{
    struct ms_field made = field(key);
    made.type = MS_FIELD_U64;
    made.value.u64 = value;
    return made;
}

struct ms_field ms_field_f64(const char *key, double value)
{
    struct ms_field made = field(key);
    made.type = MS_FIELD_F64;
    made.value.f64 = value;
    return made;
}

struct ms_field ms_field_bool(const char *key, bool value)
{
    struct ms_field made = field(key);
    made.type = MS_FIELD_BOOL;
    made.value.boolean = value;
    return made;
}

struct ms_field ms_field_error(const struct ms_error *err)
{
    return ms_field_c("error", err->text);
}

/* All of `piece` or nothing: an escape or a UTF-8 sequence is never cut in two. */
static void put(struct line *line, struct ms_str piece)
{
    if (line->cut || line->len + piece.len > LINE_MAX_BYTES - TAIL_BYTES) {
        line->cut = true;
        return;
    }
    memcpy(line->bytes + line->len, piece.ptr, piece.len);
    line->len += piece.len;
}

/* For what ends a line: goes into the tail if need be. */
static void put_end(struct line *line, struct ms_str piece)
{
    memcpy(line->bytes + line->len, piece.ptr, piece.len);
    line->len += piece.len;
}

static void put_escape(struct line *line, unsigned code)
{
    char escape[8];
    switch (code) {
    case '\n':
        put(line, MS_STR("\\n"));
        return;
    case '\r':
        put(line, MS_STR("\\r"));
        return;
    case '\t':
        put(line, MS_STR("\\t"));
        return;
    default:
        snprintf(escape, sizeof(escape), "\\u%04x", code & 0xffff);
        put(line, ms_str(escape));
        return;
    }
}

/* C0 and C1 controls and DEL: a terminal obeys all of them. Otherwise 0xffffffff. */
static unsigned control_code(struct ms_str character)
{
    unsigned char first = (unsigned char)character.ptr[0];
    if (character.len == 1 && (first < 0x20 || first == 0x7f))
        return first;
    if (character.len == 2 && first == 0xc2 && (unsigned char)character.ptr[1] < 0xa0)
        return (unsigned char)character.ptr[1];
    return 0xffffffff;
}

static void put_character(struct line *line, struct ms_str character)
{
    unsigned control = control_code(character);
    if (control != 0xffffffff)
        put_escape(line, control);
    else if (ms_str_equal(character, MS_STR("\"")))
        put(line, MS_STR("\\\""));
    else if (ms_str_equal(character, MS_STR("\\")))
        put(line, MS_STR("\\\\"));
    else
        put(line, character);
}

static void put_quoted(struct line *line, struct ms_str s)
{
    put(line, MS_STR("\""));
    bool begun = !line->cut;
    while (s.len > 0 && !line->cut) {
        size_t length = ms_str_utf8_length(s);
        if (length > 0)
            put_character(line, ms_str_slice(s, 0, length));
        else
            put(line, MS_STR("\xef\xbf\xbd"));
        s = ms_str_skip(s, length > 0 ? length : 1);
    }
    if (begun)
        put_end(line, line->cut ? MS_STR("…\"") : MS_STR("\""));
}

static bool is_bare(struct ms_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return s.len > 0 && s.len < LINE_MAX_BYTES / 2;
}

static void put_string(struct line *line, struct ms_str s)
{
    if (ms_str_is_absent(s))
        put(line, MS_STR("null"));
    else if (line_format == MS_LOG_LOGFMT && is_bare(s))
        put(line, s);
    else
        put_quoted(line, s);
}

static void put_value(struct line *line, const struct ms_field *made)
{
    char text[32];
    switch (made->type) {
    case MS_FIELD_STR:
        put_string(line, made->value.str);
        return;
    case MS_FIELD_BOOL:
        put(line, made->value.boolean ? MS_STR("true") : MS_STR("false"));
        return;
    case MS_FIELD_I64:
        snprintf(text, sizeof(text), "%" PRId64, made->value.i64);
        break;
    case MS_FIELD_U64:
        snprintf(text, sizeof(text), "%" PRIu64, made->value.u64);
        break;
    case MS_FIELD_F64:
        if (isfinite(made->value.f64))
            snprintf(text, sizeof(text), "%.9g", made->value.f64);
        else
            snprintf(text, sizeof(text), "null"); /* JSON has no other word for it */
        break;
    }
    put(line, ms_str(text));
}

static void put_key(struct line *line, const char *key)
{
    if (line->len > 0)
        put(line, line_format == MS_LOG_JSON ? MS_STR(",") : MS_STR(" "));
    else if (line_format == MS_LOG_JSON)
        put(line, MS_STR("{"));
    if (line_format == MS_LOG_JSON)
        put(line, MS_STR("\""));
    put(line, ms_str(key));
    put(line, line_format == MS_LOG_JSON ? MS_STR("\":") : MS_STR("="));
}

/* A string may be cut inside; any other field that does not fit is left out, and the mark stands in
 * its place. */
static void put_field(struct line *line, const struct ms_field *made)
{
    if (line->cut)
        return;
    size_t start = line->len;
    put_key(line, made->key);
    size_t value_start = line->len;
    put_value(line, made);
    bool closed = line->len > value_start && line->bytes[line->len - 1] == '"';
    if (!line->cut || closed)
        return;
    line->len = start;
    put_end(line, line_format == MS_LOG_JSON ? MS_STR(",\"…\":true") : MS_STR(" …"));
}

static void end_line(struct line *line)
{
    put_end(line, line_format == MS_LOG_JSON ? MS_STR("}\n") : MS_STR("\n"));
}

/* A line that standard error does not take is lost: there is no other place to report it. */
static void write_line(const struct line *line)
{
    ssize_t written;
    do {
        written = write(STDERR_FILENO, line->bytes, line->len);
    } while (written < 0 && errno == EINTR);
}

void ms_log_configure(enum ms_log_level level, enum ms_log_format format)
{
    least_level = level;
    line_format = format;
    destination = NOT_ASKED;
}

bool ms_log_enabled(enum ms_log_level level)
{
    return level >= least_level;
}

static bool needs_time(void)
{
    if (destination == NOT_ASKED)
        destination = ms_sd_stderr_is_journal() ? HAS_TIME : HAS_NO_TIME;
    return line_format == MS_LOG_JSON || destination == HAS_NO_TIME;
}

static void put_text_field(struct line *line, const char *key, const char *value)
{
    put_field(line,
              &(struct ms_field){.key = key, .type = MS_FIELD_STR, .value.str = ms_str(value)});
}

void ms_log(enum ms_log_level level, const char *message, const struct ms_field *fields)
{
    if (!ms_log_enabled(level))
        return;
    int saved_errno = errno;
    struct line line;
    line.len = 0;
    line.cut = false;
    if (needs_time()) {
        char now[MS_CLOCK_TEXT_MAX];
        put_text_field(&line, "time", ms_clock_format_ms(now, ms_clock_wall_ms()));
    }
    put_text_field(&line, "level", LEVEL_NAMES[level]);
    put_text_field(&line, "msg", message);
    for (; fields != NULL && fields->key != NULL; fields++)
        put_field(&line, fields);
    end_line(&line);
    write_line(&line);
    errno = saved_errno;
}
