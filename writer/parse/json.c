/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON from outside: manifests, configurations, token answers, event envelopes.
 *
 * json-c is lenient where we must not be (NaN, control characters, trailing commas), takes 264
 * bytes for a `{}`, cuts a key at a NUL and frees by recursion; its strict mode refuses, in 0.18,
 * strings with other letters than ASCII's and integers of more than 64 bits. So one walk over the
 * bytes comes first: it refuses what is no JSON or too much, and replaces what we read otherwise
 * than it stands there (json.h). Only what it lets through is parsed, by the lenient mode.
 */
#include "writer/parse/json.h"

#include "common/base/buf.h"

#include <limits.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <json-c/linkhash.h>

enum { JSON_BYTES_MAX = INT_MAX / 3 - 1 }; /* json-c counts in int */

/* --- the walk before --- */

struct walk {
    struct ms_str bytes;
    size_t at;
    size_t depth, max_depth;
    size_t values, max_values;
    size_t too_deep_at;   /* where the value begins that is too deep; while depth > max_depth */
    struct ms_buf edited; /* `bytes` with replacements, up to `edited_to`; empty: there are none */
    size_t edited_to;
    char last; /* the first character of what came last, white space left out */
};

/* json-c is to read `text` in place of the bytes from `from` to `to`. Replacements come in order.
 */
static void replace(struct walk *walk, size_t from, size_t to, struct ms_str text)
{
    ms_buf_append(&walk->edited, ms_str_slice(walk->bytes, walk->edited_to, from));
    ms_buf_append(&walk->edited, text);
    walk->edited_to = to;
}

/* From behind the opening quote to behind the closing one. */
static enum ms_status walk_string(struct walk *walk, struct ms_error *err)
{
    bool is_read = walk->depth <= walk->max_depth;
    while (walk->at < walk->bytes.len) {
        size_t begin = walk->at;
        unsigned char c = (unsigned char)walk->bytes.ptr[begin];
        size_t length = c < 0x80 ? 1 : ms_str_utf8_length(ms_str_skip(walk->bytes, begin));
        if (c < 0x20)
            return ms_error_set(err, MS_INVALID, "a control character in a JSON string");
        walk->at += c == '\\' ? 2 : length > 0 ? length : 1;
        if (length == 0 && is_read)
            replace(walk, begin, walk->at, MS_STR("\xef\xbf\xbd"));
        if (c == '\\' && is_read &&
            ms_str_equal(ms_str_slice(walk->bytes, begin, begin + 6), MS_STR("\\u0000")))
            replace(walk, begin, begin + 6, MS_STR("\\ufffd"));
        if (c == '"')
            return MS_OK;
    }
    return ms_error_set(err, MS_INVALID, "JSON ends inside a string");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char peek(const struct walk *walk)
{
    return walk->at < walk->bytes.len ? walk->bytes.ptr[walk->at] : '\0';
}

/* How many digits come next; they are read. */
static size_t walk_digits(struct walk *walk)
{
    size_t begin = walk->at;
    while (peek(walk) >= '0' && peek(walk) <= '9')
        walk->at++;
    return walk->at - begin;
}

/* True when the number that begins at `at` is one as JSON writes it. */
static bool walk_number(struct walk *walk)
{
    walk->at += peek(walk) == '-';
    bool begins_with_zero = peek(walk) == '0';
    size_t digits = walk_digits(walk);
    if (digits == 0 || (begins_with_zero && digits > 1))
        return false;
    if (peek(walk) == '.') {
        walk->at++;
        if (walk_digits(walk) == 0)
            return false;
    }
    if (peek(walk) != 'e' && peek(walk) != 'E')
        return true;
    walk->at++;
    walk->at += peek(walk) == '+' || peek(walk) == '-';
    return walk_digits(walk) > 0;
}

/* True when `c`, which has been read, begins null, true or false. */
static bool walk_word(struct walk *walk, char c)
{
    struct ms_str word = c == 'n' ? MS_STR("null") : c == 't' ? MS_STR("true") : MS_STR("false");
    size_t begin = walk->at - 1;
    walk->at = begin + word.len;
    return ms_str_equal(ms_str_slice(walk->bytes, begin, walk->at), word);
}

static enum ms_status walk_structure(struct walk *walk, char c, struct ms_error *err)
{
    if (is_blank(c))
        return MS_OK;
    bool is_json = c != '\0' && strchr("{}[]:,", c) != NULL;
    if (c == '-' || (c >= '0' && c <= '9')) {
        walk->at--;
        is_json = walk_number(walk);
    } else if (c == 'n' || c == 't' || c == 'f') {
        is_json = walk_word(walk, c);
    } else if ((c == '}' || c == ']') && walk->last == ',') {
        is_json = false;
    }
    walk->last = c;
    if (!is_json)
        return ms_error_set(err, MS_INVALID, "not JSON, near byte %zu", walk->at);
    if (c == '{' || c == '[') {
        if (walk->depth++ == walk->max_depth)
            walk->too_deep_at = walk->at - 1;
    } else if ((c == '}' || c == ']') && walk->depth > 0) {
        if (--walk->depth == walk->max_depth)
            replace(walk, walk->too_deep_at, walk->at, MS_STR("null"));
    }
    if (walk->depth <= walk->max_depth)
        walk->values += c == '{' || c == '[' || c == ',';
    if (walk->values > walk->max_values)
        return ms_error_set(err, MS_TOO_LARGE, "JSON with more than %zu values", walk->max_values);
    return MS_OK;
}

static enum ms_status walk_all(struct walk *walk, struct ms_error *err)
{
    enum ms_status status = MS_OK;
    if (walk->bytes.len >= JSON_BYTES_MAX)
        return ms_error_set(err, MS_TOO_LARGE, "JSON too large");
    while (walk->at < walk->bytes.len && status == MS_OK) {
        char c = walk->bytes.ptr[walk->at++];
        if (c == '"')
            walk->last = c;
        status = c == '"' ? walk_string(walk, err) : walk_structure(walk, c, err);
    }
    if (status == MS_OK && walk->depth > walk->max_depth)
        return ms_error_set(err, MS_INVALID, "JSON ends inside a value");
    if (status == MS_OK && walk->edited_to > 0)
        replace(walk, walk->bytes.len, walk->bytes.len, MS_STR(""));
    return status;
}

/* --- parsing --- */

/* True when `tokener` has read exactly one whole value. */
static bool parse_all(struct json_object **out, struct json_tokener *tokener, struct ms_str bytes)
{
    *out = json_tokener_parse_ex(tokener, bytes.ptr, (int)bytes.len);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    /* A number at the top ends only when something follows: a NUL says that nothing does. What is
     * cut short stays an error. */
    if (error == json_tokener_continue) {
        *out = json_tokener_parse_ex(tokener, "", 1);
        return json_tokener_get_error(tokener) == json_tokener_success;
    }
    size_t end = json_tokener_get_parse_end(tokener);
    while (end < bytes.len && is_blank(bytes.ptr[end]))
        end++;
    return error == json_tokener_success && end == bytes.len;
}

static enum ms_status parse_checked(struct json_object **out, struct ms_str bytes, int max_depth,
                                    struct ms_error *err)
{
    enum ms_status status = MS_OK;
    if (ms_str_trim(bytes).len == 0)
        return ms_error_set(err, MS_INVALID, "empty where JSON was expected");
    /* json-c counts the innermost scalar as a level, and one more. */
    struct json_tokener *tokener = json_tokener_new_ex(max_depth + 2);
    if (tokener == NULL)
        return ms_error_set(err, MS_TOO_LARGE, "out of memory for JSON");
    json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *value = NULL;
    if (parse_all(&value, tokener, bytes)) {
        *out = value;
    } else {
        json_object_put(value);
        status = ms_error_set(err, MS_INVALID, "not JSON, near byte %zu",
                              json_tokener_get_parse_end(tokener));
    }
    json_tokener_free(tokener);
    return status;
}

enum ms_status json_parse(struct json_object **out, struct ms_str bytes, int max_depth,
                          size_t max_values, struct ms_error *err)
{
    struct walk walk = {.bytes = bytes, .max_depth = (size_t)max_depth, .max_values = max_values};
    ms_buf_init(&walk.edited, 3 * bytes.len + 1); /* U+FFFD has three bytes */
    enum ms_status status = walk_all(&walk, err);
    if (status == MS_OK && ms_buf_status(&walk.edited) != MS_OK)
        status = ms_error_set(err, MS_TOO_LARGE, "JSON too large");
    if (status == MS_OK)
        status = parse_checked(out, walk.edited_to > 0 ? ms_buf_view(&walk.edited) : bytes,
                               max_depth, err);
    ms_buf_free(&walk.edited);
    return status;
}

void json_release(struct json_object *value)
{
    json_object_put(value);
}

void json_text(struct ms_buf *out, struct json_object *value)
{
    size_t length = 0;
    const char *text = json_object_to_json_string_length(
        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
    ms_buf_append(out, ms_str_n(text, length));
}

/* --- reading --- */

/* False: there is no such member. */
static bool find_member(struct json_object **out, struct json_object *object, const char *key)
{
    bool is_found = false;
    if (!json_is_object(object))
        return false;
    if (json_object_object_get_ex(object, key, out))
        return true;
    struct json_object_iter member;
    json_object_object_foreachC(object, member)
    {
        if (ms_str_equal_ci(ms_str(member.key), ms_str(key))) {
            *out = member.val; /* the last of several wins, as of equal keys */
            is_found = true;
        }
    }
    return is_found;
}

struct json_object *json_member(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    return find_member(&value, object, key) ? value : NULL;
}

bool json_has_member(struct json_object *object, const char *key)
{
    struct json_object *value;
    return find_member(&value, object, key);
}

bool json_is_object(struct json_object *value)
{
    return json_object_is_type(value, json_type_object);
}

bool json_is_array(struct json_object *value)
{
    return json_object_is_type(value, json_type_array);
}

bool json_is_string(struct json_object *value)
{
    return json_object_is_type(value, json_type_string);
}

size_t json_array_length(struct json_object *array)
{
    return json_is_array(array) ? json_object_array_length(array) : 0;
}

struct json_object *json_array_at(struct json_object *array, size_t index)
{
    return index < json_array_length(array) ? json_object_array_get_idx(array, index) : NULL;
}

enum ms_status json_string_value(struct ms_str *out, struct json_object *value)
{
    if (value == NULL)
        return MS_NOT_FOUND;
    if (!json_is_string(value))
        return MS_INVALID;
    *out = ms_str_n(json_object_get_string(value), (size_t)json_object_get_string_len(value));
    return MS_OK;
}

enum ms_status json_get_string(struct ms_str *out, struct json_object *object, const char *key)
{
    return json_string_value(out, json_member(object, key));
}

enum ms_status json_get_i64(int64_t *out, struct json_object *object, const char *key)
{
    struct json_object *value = json_member(object, key);
    if (value == NULL)
        return MS_NOT_FOUND;
    if (!json_object_is_type(value, json_type_int))
        return MS_INVALID;
    /* json-c clamps what does not fit, so the ends of the range mean "out of it". */
    int64_t number = json_object_get_int64(value);
    if (number == INT64_MIN || number == INT64_MAX)
        return MS_INVALID;
    *out = number;
    return MS_OK;
}

enum ms_status json_get_f64(double *out, struct json_object *object, const char *key)
{
    struct json_object *value = json_member(object, key);
    if (value == NULL)
        return MS_NOT_FOUND;
    if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
        return MS_INVALID;
    *out = json_object_get_double(value);
    return MS_OK;
}

enum ms_status json_get_bool(bool *out, struct json_object *object, const char *key)
{
    struct json_object *value = json_member(object, key);
    if (value == NULL)
        return MS_NOT_FOUND;
    if (!json_object_is_type(value, json_type_boolean))
        return MS_INVALID;
    *out = json_object_get_boolean(value) != 0;
    return MS_OK;
}

void json_each_member(struct json_object *object,
                      bool (*visit)(struct ms_str key, struct json_object *value, void *arg),
                      void *arg)
{
    if (!json_is_object(object))
        return;
    struct json_object_iter member;
    json_object_object_foreachC(object, member)
    {
        if (!visit(ms_str(member.key), member.val, arg))
            return;
    }
}
