/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image configurations: what one adds to the record of its image.
 */
#include "common/base/clock.h"
#include "writer/parse/manifest_internal.h"

static enum ms_status read_root(struct ms_manifest_record *record, struct ms_arena *arena,
                                struct json_object *root, struct ms_error *err)
{
    struct manifest_platform platform;
    struct ms_str created;
    if (!json_is_object(root))
        return ms_error_set(err, MS_INVALID, "its configuration is not a JSON object");
    enum ms_status status = manifest_read_platform(&platform, arena, root, err);
    if (status == MS_OK)
        status = manifest_pairs(&record->labels, &record->n_labels, arena,
                                json_member(json_member(root, "config"), "Labels"), err);
    if (status != MS_OK)
        return status;
    record->os = platform.os;
    record->architecture = platform.architecture;
    record->variant = platform.variant;
    record->os_version = platform.os_version;
    if (json_get_string(&created, root, "created") != MS_OK ||
        ms_clock_parse(&record->created_ms, created) != MS_OK)
        record->created_ms = 0;
    manifest_choose_title(record);
    status = manifest_make_chain(record, arena, root, err);
    if (status == MS_OK)
        status = manifest_make_config_document(record, arena, root, err);
    return status == MS_OK ? manifest_make_document(record, arena, err) : status;
}

enum ms_status manifest_add_config(struct ms_manifest_record *record, struct ms_arena *arena,
                                   struct ms_str config_raw, struct ms_error *err)
{
    struct json_object *root = NULL;
    struct ms_error detail;
    enum ms_status status =
        json_parse(&root, config_raw, MANIFEST_DEPTH_MAX, MANIFEST_VALUES_MAX, &detail);
    if (status != MS_OK)
        return ms_error_set(err, status, "its configuration: %s", detail.text);
    struct ms_manifest_record complete = *record;
    complete.config_raw = config_raw;
    complete.config_size = (int64_t)config_raw.len; /* whatever its descriptor says */
    status = read_root(&complete, arena, root, err);
    json_release(root);
    if (status == MS_OK)
        *record = complete;
    return status;
}
