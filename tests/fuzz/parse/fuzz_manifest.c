/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and configurations: whatever is accepted has a kind, documents that are JSON, and no
 * text with NUL. Input: content type, a line feed, the manifest, and after a line "---" the
 * configuration. */
#include "common/base/buf.h"
#include "writer/parse/json.h"
#include "writer/parse/manifest.h"
#include "writer/registry/jws.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 16 * 1024 * 1024, DOCUMENT_DEPTH = 8, DOCUMENT_VALUES = 10 * 1000 * 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(struct ms_str text)
{
    must(ms_str_is_utf8(text));
    must(text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL);
}

static void check_json(struct ms_str text)
{
    struct json_object *value = NULL;
    struct ms_error err;
    check_text(text);
    must(json_parse(&value, text, DOCUMENT_DEPTH, DOCUMENT_VALUES, &err) == MS_OK);
    must(json_is_object(value));
    json_release(value);
}

static void check_members(struct ms_str members)
{
    struct ms_buf text;
    if (ms_str_is_absent(members))
        return;
    ms_buf_init(&text, 64 * 1024 * 1024);
    ms_buf_append_char(&text, '{');
    ms_buf_append(&text, members);
    ms_buf_append_char(&text, '}');
    check_json(ms_buf_view(&text));
    ms_buf_free(&text);
}

static void check_pairs(const struct ms_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_text(pairs[i].key);
        check_text(pairs[i].value);
    }
}

static void check_record(const struct ms_manifest_record *record)
{
    must(record->kind != MS_KIND_UNKNOWN);
    must(record->media_type.len > 0);
    check_text(record->artifact_type);
    check_text(record->os);
    check_text(record->title);
    check_json(record->annotations);
    check_members(record->document);
    check_members(record->config_document);
    check_pairs(record->labels, record->n_labels);
    check_pairs(record->annotation_rows, record->n_annotation_rows);
    for (size_t i = 0; i < record->n_children; i++)
        check_json(record->children[i].annotations);
}

static void check_payload(struct ms_str manifest)
{
    struct ms_buf payload;
    ms_buf_init(&payload, manifest.len);
    if (registry_jws_payload(&payload, manifest) == MS_OK)
        must(payload.len > 0 && payload.len <= manifest.len);
    ms_buf_free(&payload);
}

static struct ms_str cut_at(struct ms_str *rest, struct ms_str mark)
{
    struct ms_str whole = *rest;
    const char *found =
        whole.len >= mark.len ? memmem(whole.ptr, whole.len, mark.ptr, mark.len) : NULL;
    size_t at = found != NULL ? (size_t)(found - whole.ptr) : whole.len;
    *rest = ms_str_skip(whole, at + (found != NULL ? mark.len : 0));
    return ms_str_slice(whole, 0, at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str rest = ms_str_n((const char *)data, size);
    struct ms_str type = cut_at(&rest, MS_STR("\n"));
    struct ms_str manifest = cut_at(&rest, MS_STR("\n---\n"));
    struct ms_digest digest = {.len = 33, .bytes = {MS_SHA256}};
    struct ms_arena *arena = ms_arena_new(ARENA_BYTES);
    struct ms_manifest_record record;
    struct ms_error err;
    bool wants_config = false;
    check_payload(manifest);
    if (manifest_parse(&record, &wants_config, arena, manifest, type, &digest, &err) == MS_OK) {
        check_record(&record);
        if (wants_config && manifest_add_config(&record, arena, rest, &err) == MS_OK)
            check_record(&record);
    }
    ms_arena_free(arena);
    return 0;
}
