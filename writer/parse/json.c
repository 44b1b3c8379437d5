/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON from outside: manifests, configurations, token answers, event envelopes.
 *
 * json-c is lenient where we must not be (NaN, control characters, odd white space) and takes 264
 * bytes for a `{}`: so one cheap walk over the bytes comes first, and only what it lets through is
 * parsed. json-c would cut a key at a NUL: the walk replaces it, in a copy, the one that it makes.
 */
#include "writer/parse/json.h"

#include "common/base/buf.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <json-c/linkhash.h>

/* --- the walk before --- */

struct walk {
    struct ms_str bytes; /* or the copy */
    char *copy;          /* NULL until a key has to be changed */
    size_t at;
    size_t depth;
    size_t values;
    size_t string_at;    /* where the last string began */
    bool string_has_nul; /* the last string that ended */
};

static bool is_nul_escape(struct ms_str bytes, size_t at)
{
    return ms_str_equal(ms_str_slice(bytes, at, at + 6), MS_STR("\\u0000"));
}

/* From behind the opening quote to behind the closing one. */
static enum ms_status walk_string(struct walk *walk, struct ms_error *err)
{
    walk->string_at = walk->at;
    walk->string_has_nul = false;
    while (walk->at < walk->bytes.len) {
        char c = walk->bytes.ptr[walk->at];
        if ((unsigned char)c < 0x20)
            return ms_error_set(err, MS_INVALID, "a control character in a JSON string");
        if (c == '\\') {
            walk->string_has_nul |= is_nul_escape(walk->bytes, walk->at);
            walk->at++;
        }
        walk->at++;
        if (c == '"')
            return MS_OK;
    }
    return ms_error_set(err, MS_INVALID, "JSON ends inside a string");
}

/* Of the key that ended: U+FFFD in place of each NUL. */
static enum ms_status change_key(struct walk *walk, struct ms_error *err)
{
    if (walk->copy == NULL) {
        walk->copy = malloc(walk->bytes.len);
        if (walk->copy == NULL)
            return ms_error_set(err, MS_TOO_LARGE, "out of memory for JSON");
        memcpy(walk->copy, walk->bytes.ptr, walk->bytes.len);
        walk->bytes.ptr = walk->copy;
    }
    for (size_t at = walk->string_at; at < walk->at; at++) {
        if (walk->copy[at] != '\\')
            continue;
        if (is_nul_escape(walk->bytes, at))
            memcpy(walk->copy + at, "\\ufffd", 6);
        at++; /* what is escaped, a backslash perhaps */
    }
    return MS_OK;
}

/* What may stand outside strings: structure, white space, numbers, true, false, null. */
static bool is_structural(char c)
{
    return c != '\0' && strchr(" \t\r\n{}[]:,+-.0123456789eEtrufalsn", c) != NULL;
}

static enum ms_status walk_structure(struct walk *walk, char c, struct ms_error *err)
{
    if (!is_structural(c))
        return ms_error_set(err, MS_INVALID, "not JSON");
    if (c == ':' && walk->string_has_nul)
        return change_key(walk, err);
    if (c == '{' || c == '[')
        walk->depth++;
    if ((c == '}' || c == ']') && walk->depth > 0)
        walk->depth--;
    walk->values += c == '{' || c == '[' || c == ',';
    return MS_OK;
}

static enum ms_status walk_all(struct walk *walk, size_t max_depth, size_t max_values,
                               struct ms_error *err)
{
    if (walk->bytes.len >= INT_MAX)
        return ms_error_set(err, MS_TOO_LARGE, "JSON too large");
    if (!ms_str_is_utf8(walk->bytes))
        return ms_error_set(err, MS_INVALID, "JSON is not valid UTF-8");
    while (walk->at < walk->bytes.len) {
        char c = walk->bytes.ptr[walk->at++];
        enum ms_status status = c == '"' ? walk_string(walk, err) : walk_structure(walk, c, err);
        if (status != MS_OK)
            return status;
        if (walk->depth > max_depth)
            return ms_error_set(err, MS_TOO_LARGE, "JSON nested deeper than %zu", max_depth);
        if (walk->values > max_values)
            return ms_error_set(err, MS_TOO_LARGE, "JSON with more than %zu values", max_values);
    }
    return MS_OK;
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
    return error == json_tokener_success && json_tokener_get_parse_end(tokener) == bytes.len;
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
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
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
    struct walk walk = {.bytes = bytes};
    enum ms_status status = walk_all(&walk, (size_t)max_depth, max_values, err);
    if (status == MS_OK)
        status = parse_checked(out, walk.bytes, max_depth, err);
    free(walk.copy);
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

struct json_object *json_member(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    if (json_is_object(object))
        json_object_object_get_ex(object, key, &value);
    return value;
}

bool json_has_member(struct json_object *object, const char *key)
{
    return json_is_object(object) && json_object_object_get_ex(object, key, NULL);
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
