/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's manifest schema 1, which old images still have and registries up to 2.8 serve: name,
 * tag, architecture, and a history whose entries are JSON inside strings, the newest first. It is
 * no image for /index, so it gets neither a document nor a configuration.
 */
#include "common/base/clock.h"
#include "writer/parse/manifest_internal.h"

/* Name, tag, and a digest for each entry of the history. */
static enum ms_status check_members(struct json_object *root, struct ms_error *err)
{
    struct ms_str text;
    struct ms_digest digest;
    struct json_object *layers = json_member(root, "fsLayers");
    if (json_get_string(&text, root, "name") != MS_OK ||
        json_get_string(&text, root, "tag") != MS_OK)
        return ms_error_set(err, MS_INVALID, "a schema 1 manifest without name or tag");
    if (!json_is_array(layers) ||
        json_array_length(layers) != json_array_length(json_member(root, "history")))
        return ms_error_set(err, MS_INVALID,
                            "a schema 1 manifest whose layers and history do not match");
    if (json_array_length(layers) > MANIFEST_LAYERS_MAX)
        return ms_error_set(err, MS_TOO_LARGE, "too many layers: %zu", json_array_length(layers));
    for (size_t i = 0; i < json_array_length(layers); i++) {
        if (json_get_string(&text, json_array_at(layers, i), "blobSum") != MS_OK ||
            ms_digest_parse(&digest, text) != MS_OK)
            return ms_error_set(err, MS_INVALID, "a layer without a digest");
    }
    return MS_OK;
}

/* Time and operating system from the newest entry of the history; one that is not JSON tells
 * nothing. */
static enum ms_status read_newest(struct ms_manifest_record *record, struct ms_arena *arena,
                                  struct json_object *root, struct ms_error *err)
{
    struct json_object *entry = json_array_at(json_member(root, "history"), 0);
    struct json_object *newest = NULL;
    struct ms_str text, created;
    if (json_get_string(&text, entry, "v1Compatibility") != MS_OK ||
        json_parse(&newest, text, MANIFEST_DEPTH_MAX, MANIFEST_VALUES_MAX, NULL) != MS_OK)
        return MS_OK;
    if (json_get_string(&created, newest, "created") != MS_OK ||
        ms_clock_parse(&record->created_ms, created) != MS_OK)
        record->created_ms = 0;
    enum ms_status status = manifest_platform_member(&record->os, arena, newest, "os", err);
    json_release(newest);
    return status;
}

enum ms_status manifest_parse_schema1(struct ms_manifest_record *record, struct ms_arena *arena,
                                      struct json_object *root, struct ms_error *err)
{
    enum ms_status status = check_members(root, err);
    if (status == MS_OK)
        status = manifest_platform_member(&record->architecture, arena, root, "architecture", err);
    if (status == MS_OK)
        status = read_newest(record, arena, root, err);
    if (status == MS_OK)
        record->kind = MS_KIND_SCHEMA1;
    return status;
}
