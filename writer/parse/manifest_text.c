/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts, platforms and pairs, from parsed JSON into the arena of the caller.
 */
#include "writer/parse/manifest_internal.h"

enum ms_status manifest_full(struct ms_error *err)
{
    return ms_error_set(err, MS_TOO_LARGE, "too large: more text than one manifest may hold");
}

enum ms_status manifest_text(struct ms_str *out, struct ms_arena *arena, struct ms_str s,
                             struct ms_error *err)
{
    return ms_arena_copy(out, arena, s) == MS_OK ? MS_OK : manifest_full(err);
}

enum ms_status manifest_text_member(struct ms_str *out, struct ms_arena *arena,
                                    struct json_object *object, const char *key,
                                    struct ms_error *err)
{
    struct ms_str value;
    if (json_get_string(&value, object, key) != MS_OK || value.len == 0) {
        *out = MS_STR_ABSENT;
        return MS_OK;
    }
    return manifest_text(out, arena, value, err);
}

enum ms_status manifest_platform_member(struct ms_str *out, struct ms_arena *arena,
                                        struct json_object *object, const char *key,
                                        struct ms_error *err)
{
    struct ms_str value;
    if (json_get_string(&value, object, key) == MS_OK && value.len > MANIFEST_PLATFORM_BYTES_MAX) {
        *out = MS_STR_ABSENT;
        return MS_OK;
    }
    return manifest_text_member(out, arena, object, key, err);
}

/* Moves finished JSON, without `cut` bytes at either end, into the arena and frees the buffer. */
static enum ms_status keep(struct ms_str *out, struct ms_arena *arena, struct ms_buf *buf,
                           size_t cut, struct ms_error *err)
{
    enum ms_status status = ms_buf_status(buf);
    if (status == MS_OK)
        status = ms_arena_copy(out, arena, ms_str_slice(ms_buf_view(buf), cut, buf->len - cut));
    ms_buf_free(buf);
    return status == MS_OK ? MS_OK : manifest_full(err);
}

void manifest_write_strings(struct ms_json_writer *json, struct json_object *object,
                            const char *name)
{
    struct json_object *value = json_member(object, name);
    struct ms_str text;
    ms_json_array(json);
    if (json_string_value(&text, value) == MS_OK)
        ms_json_string(json, text);
    for (size_t i = 0; i < json_array_length(value); i++) {
        if (json_string_value(&text, json_array_at(value, i)) == MS_OK)
            ms_json_string(json, text);
    }
    ms_json_end_array(json);
}

/* The strings of an array as JSON; absent when there is none. */
static enum ms_status keep_strings(struct ms_str *out, struct ms_arena *arena,
                                   struct json_object *object, const char *name,
                                   struct ms_error *err)
{
    struct ms_buf buf;
    struct ms_json_writer json;
    struct ms_str text;
    ms_buf_init(&buf, MANIFEST_DOCUMENT_MAX);
    ms_json_begin(&json, &buf);
    manifest_write_strings(&json, object, name);
    enum ms_status status = keep(&text, arena, &buf, 0, err);
    if (status == MS_OK)
        *out = ms_str_equal(text, MS_STR("[]")) ? MS_STR_ABSENT : text;
    return status;
}

enum ms_status manifest_read_platform(struct manifest_platform *out, struct ms_arena *arena,
                                      struct json_object *object, struct ms_error *err)
{
    struct manifest_platform platform;
    enum ms_status status = manifest_platform_member(&platform.os, arena, object, "os", err);
    if (status == MS_OK)
        status =
            manifest_platform_member(&platform.architecture, arena, object, "architecture", err);
    if (status == MS_OK)
        status = manifest_platform_member(&platform.variant, arena, object, "variant", err);
    if (status == MS_OK)
        status = manifest_platform_member(&platform.os_version, arena, object, "os.version", err);
    if (status == MS_OK)
        status = keep_strings(&platform.os_features, arena, object, "os.features", err);
    if (status == MS_OK)
        *out = platform;
    return status;
}

/* --- pairs --- */

static bool count_string(struct ms_str key, struct json_object *value, void *arg)
{
    (void)key;
    size_t *count = arg;
    *count += json_is_string(value);
    return true;
}

struct pair_list {
    struct ms_pair *pairs;
    size_t count;
    struct ms_arena *arena;
    struct ms_error *err;
    enum ms_status status;
};

static bool add_pair(struct ms_str key, struct json_object *value, void *arg)
{
    struct pair_list *list = arg;
    struct ms_str text;
    if (json_string_value(&text, value) != MS_OK)
        return true;
    struct ms_pair *pair = &list->pairs[list->count];
    list->status = manifest_text(&pair->key, list->arena, key, list->err);
    if (list->status == MS_OK)
        list->status = manifest_text(&pair->value, list->arena, text, list->err);
    list->count++;
    return list->status == MS_OK;
}

enum ms_status manifest_pairs(struct ms_pair **out, size_t *out_count, struct ms_arena *arena,
                              struct json_object *object, struct ms_error *err)
{
    size_t count = 0;
    json_each_member(object, count_string, &count);
    if (count > MANIFEST_PAIRS_MAX)
        return ms_error_set(err, MS_TOO_LARGE, "too many labels or annotations: %zu", count);
    struct pair_list list = {.arena = arena, .err = err};
    list.pairs = ms_arena_try_array(arena, count, sizeof(*list.pairs));
    if (list.pairs == NULL && count > 0)
        return manifest_full(err);
    json_each_member(object, add_pair, &list);
    if (list.status != MS_OK)
        return list.status;
    *out = count > 0 ? list.pairs : NULL;
    *out_count = count;
    return MS_OK;
}

struct ms_str manifest_pair_value(const struct ms_pair *pairs, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].value.len > 0 && ms_str_equal(pairs[i].key, ms_str(key)))
            return pairs[i].value;
    }
    return MS_STR_ABSENT;
}

void manifest_write_pairs(struct ms_json_writer *json, const struct ms_pair *pairs, size_t count)
{
    ms_json_object(json);
    for (size_t i = 0; i < count; i++) {
        ms_json_key_str(json, pairs[i].key);
        ms_json_string(json, pairs[i].value);
    }
    ms_json_end_object(json);
}

enum ms_status manifest_pairs_json(struct ms_str *out, struct ms_arena *arena,
                                   const struct ms_pair *pairs, size_t count, struct ms_error *err)
{
    struct ms_buf buf;
    struct ms_json_writer json;
    ms_buf_init(&buf, MANIFEST_DOCUMENT_MAX);
    ms_json_begin(&json, &buf);
    manifest_write_pairs(&json, pairs, count);
    return keep(out, arena, &buf, 0, err);
}

enum ms_status manifest_keep_members(struct ms_str *out, struct ms_arena *arena, struct ms_buf *buf,
                                     struct ms_error *err)
{
    return keep(out, arena, buf, 1, err);
}
