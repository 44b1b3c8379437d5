/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON, over json-c. What it may cost is limited before anything is allocated; getters
 * check types and never convert. No string that comes out holds NUL or is anything but UTF-8.
 */
#ifndef JSON_H
#define JSON_H

#include "common/base/str.h"

struct json_object; /* json-c's; opaque here */

/* The whole of `bytes` must be one JSON value (white space around it is fine) with at most
 * `max_values` values (a cheap count of brackets and commas): MS_TOO_LARGE beyond the limit,
 * MS_INVALID for what is no JSON. Free with json_release; a top-level null is NULL. Of duplicate
 * keys the last one wins.
 *
 * Read as Go's clients read it: a byte that is not UTF-8 becomes U+FFFD. Beyond that a NUL becomes
 * U+FFFD, too, which PostgreSQL can store, and an object or array that is nested deeper than
 * `max_depth` becomes null: nobody looks there. */
enum ms_status json_parse(struct json_object **out, struct ms_str bytes, int max_depth,
                          size_t max_values, struct ms_error *err) MS_CHECKED;
void json_release(struct json_object *value); /* NULL is fine */

/* The value as JSON text again, appended to `out`. */
struct ms_buf;
void json_text(struct ms_buf *out, struct json_object *value);

/* Members; NULL for what is missing or null. If no key is exactly `key`, the last counts that is
 * but for the case of ASCII letters, as in Go: published images have "rootfS" and "Architecture".
 */
struct json_object *json_member(struct json_object *object, const char *key);
bool json_has_member(struct json_object *object, const char *key); /* also one that is null */
bool json_is_object(struct json_object *value);
bool json_is_array(struct json_object *value);
bool json_is_string(struct json_object *value);
size_t json_array_length(struct json_object *array); /* 0 when it is no array */
struct json_object *json_array_at(struct json_object *array, size_t index);

/* Typed getters: MS_NOT_FOUND when missing or null, MS_INVALID when of another type or out of
 * range. A string view lives as long as its value. */
enum ms_status json_get_string(struct ms_str *out, struct json_object *object,
                               const char *key) MS_CHECKED;
enum ms_status json_get_i64(int64_t *out, struct json_object *object, const char *key) MS_CHECKED;
/* Of any number; its next neighbour that a double can hold. */
enum ms_status json_get_f64(double *out, struct json_object *object, const char *key) MS_CHECKED;
enum ms_status json_get_bool(bool *out, struct json_object *object, const char *key) MS_CHECKED;
enum ms_status json_string_value(struct ms_str *out, struct json_object *value) MS_CHECKED;

/* Members of an object in the order they came. `visit` returning false ends the walk. */
void json_each_member(struct json_object *object,
                      bool (*visit)(struct ms_str key, struct json_object *value, void *arg),
                      void *arg);

#endif
