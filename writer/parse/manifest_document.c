/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents: what readers send of an image, an index and a configuration, as JSON members
 * without the braces around them. Made once, here, when content is stored; MS_DOCUMENT_VERSION
 * rises when they change.
 *
 * Every member has always the same type: lists are never null, texts that are missing or empty are.
 */
#include "common/base/clock.h"
#include "writer/parse/manifest_internal.h"

/* --- /index: images and indexes --- */

static void string_member(struct ms_json_writer *json, const char *name, struct ms_str value)
{
    ms_json_key(json, name);
    ms_json_string(json, ms_str_is_absent(value) ? MS_STR("") : value);
}

static void pairs_member(struct ms_json_writer *json, const char *name, const struct ms_pair *pairs,
                         size_t count)
{
    if (count == 0)
        return;
    ms_json_key(json, name);
    manifest_write_pairs(json, pairs, count);
}

static void write_index_members(struct ms_json_writer *json,
                                const struct ms_manifest_record *record)
{
    char digest[MS_DIGEST_TEXT_MAX];
    bool is_image = record->kind == MS_KIND_IMAGE;
    string_member(json, "Digest", ms_str(ms_digest_format(digest, &record->digest)));
    string_member(json, "MediaType", record->media_type);
    if (is_image) {
        string_member(json, "OS", record->os);
        string_member(json, "Architecture", record->architecture);
    }
    pairs_member(json, "Annotations", record->annotation_rows, record->n_annotation_rows);
    if (is_image)
        pairs_member(json, "Labels", record->labels, record->n_labels);
}

enum ms_status manifest_make_document(struct ms_manifest_record *record, struct ms_arena *arena,
                                      struct ms_error *err)
{
    struct ms_buf out;
    struct ms_json_writer json;
    ms_buf_init(&out, MANIFEST_DOCUMENT_MAX);
    ms_json_begin(&json, &out);
    ms_json_object(&json);
    write_index_members(&json, record);
    ms_json_end_object(&json);
    return manifest_keep_members(&record->document, arena, &out, err);
}

/* --- REST: the "image" object --- */

/* A string member of `object`, or null when it is missing, empty or no string. */
static void text_of(struct ms_json_writer *json, struct json_object *object, const char *name)
{
    struct ms_str value;
    if (json_get_string(&value, object, name) != MS_OK || value.len == 0)
        value = MS_STR_ABSENT;
    ms_json_string(json, value);
}

static void time_of(struct ms_json_writer *json, struct json_object *object, const char *name)
{
    struct ms_str value;
    int64_t wall_ms;
    char text[MS_CLOCK_TEXT_MAX];
    if (json_get_string(&value, object, name) == MS_OK && ms_clock_parse(&wall_ms, value) == MS_OK)
        ms_json_string_c(json, ms_clock_format(text, wall_ms));
    else
        ms_json_null(json);
}

static void bool_of(struct ms_json_writer *json, struct json_object *object, const char *name)
{
    bool value;
    ms_json_bool(json, json_get_bool(&value, object, name) == MS_OK && value);
}

static bool add_key(struct ms_str name, struct json_object *value, void *arg)
{
    (void)value;
    ms_json_string(arg, name);
    return true;
}

/* The keys of an object, which Go uses as a set. */
static void keys_of(struct ms_json_writer *json, struct json_object *object, const char *name)
{
    ms_json_array(json);
    json_each_member(json_member(object, name), add_key, json);
    ms_json_end_array(json);
}

/* Which member of a configuration becomes which of ours, and how. */
struct member {
    const char *name;
    const char *source;
    void (*write)(struct ms_json_writer *json, struct json_object *object, const char *source);
};

static const struct member ROOT_MEMBERS[] = {
    {"created", "created", time_of},
    {"author", "author", text_of},
};

/* Of the member "config". */
static const struct member RUN_MEMBERS[] = {
    {"env", "Env", manifest_write_strings}, {"entrypoint", "Entrypoint", manifest_write_strings},
    {"cmd", "Cmd", manifest_write_strings}, {"user", "User", text_of},
    {"working_dir", "WorkingDir", text_of}, {"exposed_ports", "ExposedPorts", keys_of},
    {"volumes", "Volumes", keys_of},        {"stop_signal", "StopSignal", text_of},
};

static const struct member HISTORY_MEMBERS[] = {
    {"created", "created", time_of},
    {"created_by", "created_by", text_of},
    {"comment", "comment", text_of},
    {"empty_layer", "empty_layer", bool_of},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void write_members(struct ms_json_writer *json, const struct member *members, size_t count,
                          struct json_object *object)
{
    for (size_t i = 0; i < count; i++) {
        ms_json_key(json, members[i].name);
        members[i].write(json, object, members[i].source);
    }
}

static void write_history(struct ms_json_writer *json, struct json_object *history)
{
    ms_json_array(json);
    for (size_t i = 0; i < json_array_length(history); i++) {
        ms_json_object(json);
        write_members(json, HISTORY_MEMBERS, COUNT(HISTORY_MEMBERS), json_array_at(history, i));
        ms_json_end_object(json);
    }
    ms_json_end_array(json);
}

static void write_platform(struct ms_json_writer *json, const struct ms_manifest_record *record)
{
    ms_json_key(json, "os");
    ms_json_string(json, record->os);
    ms_json_key(json, "architecture");
    ms_json_string(json, record->architecture);
    ms_json_key(json, "variant");
    ms_json_string(json, record->variant);
    ms_json_key(json, "os_version");
    ms_json_string(json, record->os_version);
}

static void write_config_members(struct ms_json_writer *json,
                                 const struct ms_manifest_record *record, struct json_object *root)
{
    char digest[MS_DIGEST_TEXT_MAX];
    ms_json_key(json, "os_features"); /* the reader shows them beside the image: it stands first */
    manifest_write_strings(json, root, "os.features");
    string_member(json, "config_digest", ms_str(ms_digest_format(digest, &record->config_digest)));
    write_platform(json, record);
    write_members(json, ROOT_MEMBERS, COUNT(ROOT_MEMBERS), root);
    ms_json_key(json, "labels");
    manifest_write_pairs(json, record->labels, record->n_labels);
    write_members(json, RUN_MEMBERS, COUNT(RUN_MEMBERS), json_member(root, "config"));
    ms_json_key(json, "diff_ids");
    manifest_write_strings(json, json_member(root, "rootfs"), "diff_ids");
    ms_json_key(json, "history");
    write_history(json, json_member(root, "history"));
}

enum ms_status manifest_make_config_document(struct ms_manifest_record *record,
                                             struct ms_arena *arena, struct json_object *root,
                                             struct ms_error *err)
{
    struct ms_buf out;
    struct ms_json_writer json;
    ms_buf_init(&out, MANIFEST_DOCUMENT_MAX);
    ms_json_begin(&json, &out);
    ms_json_object(&json);
    write_config_members(&json, record, root);
    ms_json_end_object(&json);
    return manifest_keep_members(&record->config_document, arena, &out, err);
}

/* --- titles --- */

struct title_keys {
    const char *annotation;
    const char *labels[5];
};

static const struct title_keys TITLE_KEYS = {"org.opencontainers.image.title",
                                             {"org.opencontainers.image.title",
                                              "org.label-schema.name", "io.k8s.display-name",
                                              "name", "Name"}};
static const struct title_keys DESCRIPTION_KEYS = {
    "org.opencontainers.image.description",
    {"org.opencontainers.image.description", "org.label-schema.description", "io.k8s.description",
     "description", "Description"}};

static struct ms_str choose(const struct ms_manifest_record *record, const struct title_keys *keys)
{
    struct ms_str value =
        manifest_pair_value(record->annotation_rows, record->n_annotation_rows, keys->annotation);
    for (size_t i = 0; i < COUNT(keys->labels) && ms_str_is_absent(value); i++)
        value = manifest_pair_value(record->labels, record->n_labels, keys->labels[i]);
    return value;
}

void manifest_choose_title(struct ms_manifest_record *record)
{
    record->title = choose(record, &TITLE_KEYS);
    record->description = choose(record, &DESCRIPTION_KEYS);
}
