/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict JSON reading over json-c: the only file that includes it. Depth, size and bracket counts
 * are limited before anything is allocated; getters check types and never convert.
 */
#ifndef JSON_H
#define JSON_H

#include "common/base/str.h"

struct json_object; /* json-c's; opaque here */

/* The whole of `bytes` must be one JSON value (white space around it is fine), valid UTF-8, at most
 * `max_depth` deep and with at most `max_values` values (a cheap count of brackets and commas):
 * MS_TOO_LARGE beyond the limits, MS_INVALID for what is no JSON. Free with json_release; a
 * top-level null is NULL. Duplicate keys: the last one wins. NUL in a key becomes U+FFFD. */
enum ms_status json_parse(struct json_object **out, struct ms_str bytes, int max_depth,
                          size_t max_values, struct ms_error *err) MS_CHECKED;
void json_release(struct json_object *value); /* NULL is fine */

/* The value as JSON text again, appended to `out`. NUL in strings stays, as \u0000. */
struct ms_buf;
void json_text(struct ms_buf *out, struct json_object *value);

/* Members; NULL for what is missing or null. */
struct json_object *json_member(struct json_object *object, const char *key);
bool json_has_member(struct json_object *object, const char *key); /* also one that is null */
bool json_is_object(struct json_object *value);
bool json_is_array(struct json_object *value);
bool json_is_string(struct json_object *value);
size_t json_array_length(struct json_object *array); /* 0 when it is no array */
struct json_object *json_array_at(struct json_object *array, size_t index);

/* Typed getters: MS_NOT_FOUND when missing or null, MS_INVALID when of another type or out of
 * range. A string view lives as long as its value; it may hold NUL. */
enum ms_status json_get_string(struct ms_str *out, struct json_object *object,
                               const char *key) MS_CHECKED;
enum ms_status json_get_i64(int64_t *out, struct json_object *object, const char *key) MS_CHECKED;
enum ms_status json_get_bool(bool *out, struct json_object *object, const char *key) MS_CHECKED;
enum ms_status json_string_value(struct ms_str *out, struct json_object *value) MS_CHECKED;

/* Members of an object in the order they came. `visit` returning false ends the walk. */
void json_each_member(struct json_object *object,
                      bool (*visit)(struct ms_str key, struct json_object *value, void *arg),
                      void *arg);

#endif
