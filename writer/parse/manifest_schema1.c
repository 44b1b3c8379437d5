/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's manifest schema 1, which old images still have: name, tag, architecture, and a history
 * whose entries are JSON inside strings, the newest first. It is no image for
 * /index, so it gets neither a document nor a configuration.
 */
#include "common/base/clock.h"
#include "writer/parse/manifest_internal.h"

static enum ms_status check_members(struct json_object *root, struct ms_error *err)
{
    struct ms_str text;
    if (json_get_string(&text, root, "name") != MS_OK ||
        json_get_string(&text, root, "tag") != MS_OK)
        return ms_error_set(err, MS_INVALID, "a schema 1 manifest without name or tag");
    struct json_object *layers = json_member(root, "fsLayers");
    struct json_object *history = json_member(root, "history");
    if (!json_is_array(layers) || json_array_length(layers) != json_array_length(history))
        return ms_error_set(err, MS_INVALID,
                            "a schema 1 manifest whose layers and history do not match");
    if (json_array_length(layers) > MANIFEST_LAYERS_MAX)
        return ms_error_set(err, MS_TOO_LARGE, "too many layers: %zu", json_array_length(layers));
    return MS_OK;
}

static enum ms_status check_layers(struct json_object *root, struct ms_error *err)
{
    struct json_object *layers = json_member(root, "fsLayers");
    for (size_t i = 0; i < json_array_length(layers); i++) {
        struct ms_str text;
        struct ms_digest digest;
        if (json_get_string(&text, json_array_at(layers, i), "blobSum") != MS_OK ||
            ms_digest_parse(&digest, text) != MS_OK)
            return ms_error_set(err, MS_INVALID, "a layer without a digest");
    }
    return MS_OK;
}

static enum ms_status read_newest(struct ms_manifest_record *record, struct ms_arena *arena,
                                  struct json_object *newest, struct ms_error *err)
{
    struct ms_str created;
    int64_t created_ms;
    if (json_get_string(&created, newest, "created") == MS_OK &&
        ms_clock_parse(&created_ms, created) == MS_OK)
        record->created_ms = created_ms;
    return manifest_platform_member(&record->os, arena, newest, "os", err);
}

/* What is no JSON in there tells nothing, and harms nothing. */
static enum ms_status read_history(struct ms_manifest_record *record, struct ms_arena *arena,
                                   struct json_object *root, struct ms_error *err)
{
    struct json_object *entry = json_array_at(json_member(root, "history"), 0);
    struct ms_str text;
    struct json_object *newest = NULL;
    if (json_get_string(&text, entry, "v1Compatibility") != MS_OK ||
        json_parse(&newest, text, MANIFEST_DEPTH_MAX, MANIFEST_VALUES_MAX, NULL) != MS_OK)
        return MS_OK;
    enum ms_status status = read_newest(record, arena, newest, err);
    json_release(newest);
    return status;
}

enum ms_status manifest_parse_schema1(struct ms_manifest_record *record, struct ms_arena *arena,
                                      struct json_object *root, struct ms_error *err)
{
    enum ms_status status = check_members(root, err);
    if (status == MS_OK)
        status = check_layers(root, err);
    if (status == MS_OK)
        status = manifest_platform_member(&record->architecture, arena, root, "architecture", err);
    if (status == MS_OK)
        status = read_history(record, arena, root, err);
    if (status == MS_OK)
        record->kind = MS_KIND_SCHEMA1;
    return status;
}
