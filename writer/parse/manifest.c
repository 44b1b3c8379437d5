/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests and indexes to records. The
 * configuration of an image follows in manifest_config.c.
 *
 * Nothing of the parsed JSON outlives manifest_parse: what a record keeps is copied into the arena.
 * A fault fails the whole manifest with words for people; a member that nothing depends on is
 * ignored when it has the wrong type.
 */
#include "writer/parse/manifest_internal.h"

/* One parse under way. */
struct parse {
    struct ms_manifest_record *record;
    struct ms_arena *arena;
    struct ms_error *err;
};

/* --- descriptors --- */

struct descriptor {
    struct ms_digest digest;
    int64_t size;
    struct ms_str media_type;
};

static enum ms_status read_digest(struct ms_digest *out, struct json_object *object,
                                  const char *key, const char *what, struct ms_error *err)
{
    struct ms_str text;
    if (json_get_string(&text, object, key) != MS_OK)
        return ms_error_set(err, MS_INVALID, "%s without a digest", what);
    if (ms_digest_parse(out, text) != MS_OK)
        return ms_error_set(err, MS_INVALID, "%s with a digest that is none", what);
    return MS_OK;
}

static enum ms_status read_size(int64_t *out, struct json_object *object, const char *what,
                                struct ms_error *err)
{
    int64_t size = 0;
    enum ms_status status = json_get_i64(&size, object, "size");
    if (status == MS_INVALID || size < 0)
        return ms_error_set(err, MS_INVALID, "%s with a size that is none", what);
    *out = size;
    return MS_OK;
}

static enum ms_status read_descriptor(struct descriptor *out, struct parse *parse,
                                      struct json_object *object, const char *what)
{
    if (!json_is_object(object))
        return ms_error_set(parse->err, MS_INVALID, "%s that is no descriptor", what);
    enum ms_status status = read_digest(&out->digest, object, "digest", what, parse->err);
    if (status == MS_OK)
        status = read_size(&out->size, object, what, parse->err);
    if (status == MS_OK)
        status =
            manifest_text_member(&out->media_type, parse->arena, object, "mediaType", parse->err);
    return status;
}

/* --- what manifests and indexes have in common --- */

static enum ms_status read_subject(struct parse *parse, struct json_object *root)
{
    struct json_object *subject = json_member(root, "subject");
    if (subject == NULL)
        return MS_OK;
    struct descriptor descriptor;
    enum ms_status status = read_descriptor(&descriptor, parse, subject, "a subject");
    if (status == MS_OK)
        parse->record->subject = descriptor.digest;
    return status;
}

static enum ms_status read_annotations(struct parse *parse, struct json_object *root)
{
    struct ms_manifest_record *record = parse->record;
    enum ms_status status =
        manifest_pairs(&record->annotation_rows, &record->n_annotation_rows, parse->arena,
                       json_member(root, "annotations"), parse->err);
    if (status != MS_OK)
        return status;
    return manifest_pairs_json(&record->annotations, parse->arena, record->annotation_rows,
                               record->n_annotation_rows, parse->err);
}

static enum ms_status check_version(struct json_object *root, int64_t expected,
                                    struct ms_error *err)
{
    int64_t version;
    if (json_get_i64(&version, root, "schemaVersion") != MS_OK || version != expected)
        return ms_error_set(err, MS_INVALID, "its schemaVersion is not %lld", (long long)expected);
    return MS_OK;
}

static enum ms_status read_common(struct parse *parse, struct json_object *root)
{
    enum ms_status status = check_version(root, 2, parse->err);
    if (status == MS_OK)
        status = manifest_text_member(&parse->record->artifact_type, parse->arena, root,
                                      "artifactType", parse->err);
    if (status == MS_OK)
        status = read_annotations(parse, root);
    if (status == MS_OK)
        status = read_subject(parse, root);
    return status;
}

/* The array `key` of `root`; missing counts as empty. */
static enum ms_status read_array(struct json_object **out, struct json_object *root,
                                 const char *key, size_t max, struct ms_error *err)
{
    struct json_object *array = json_member(root, key);
    if (array != NULL && !json_is_array(array))
        return ms_error_set(err, MS_INVALID, "its %s are no list", key);
    if (json_array_length(array) > max)
        return ms_error_set(err, MS_TOO_LARGE, "too many %s: %zu", key, json_array_length(array));
    *out = array;
    return MS_OK;
}

/* --- manifests: images and artifacts --- */

static enum ms_status read_layers(struct parse *parse, struct json_object *root)
{
    struct json_object *array;
    enum ms_status status = read_array(&array, root, "layers", MANIFEST_LAYERS_MAX, parse->err);
    if (status != MS_OK)
        return status;
    size_t count = json_array_length(array);
    struct ms_layer_record *layers = ms_arena_try_array(parse->arena, count, sizeof(*layers));
    if (layers == NULL && count > 0)
        return manifest_full(parse->err);
    for (size_t i = 0; i < count; i++) {
        struct descriptor descriptor;
        status = read_descriptor(&descriptor, parse, json_array_at(array, i), "a layer");
        if (status != MS_OK)
            return status;
        layers[i] = (struct ms_layer_record){
            .digest = descriptor.digest,
            .size = descriptor.size,
            .media_type = descriptor.media_type,
        };
    }
    parse->record->layers = layers;
    parse->record->n_layers = count;
    return MS_OK;
}

static bool is_image(const struct ms_manifest_record *record, struct ms_str config_type)
{
    if (!ms_str_is_absent(record->artifact_type) || !manifest_is_image_config_type(config_type))
        return false;
    for (size_t i = 0; i < record->n_layers; i++) {
        if (!manifest_is_layer_type(record->layers[i].media_type))
            return false;
    }
    return true;
}

static enum ms_status parse_manifest(struct parse *parse, struct json_object *root)
{
    struct ms_manifest_record *record = parse->record;
    struct descriptor config;
    enum ms_status status = read_common(parse, root);
    if (status == MS_OK)
        status = read_descriptor(&config, parse, json_member(root, "config"), "a configuration");
    if (status == MS_OK)
        status = read_layers(parse, root);
    if (status != MS_OK)
        return status;
    record->config_digest = config.digest;
    record->config_size = config.size;
    record->kind = is_image(record, config.media_type) ? MS_KIND_IMAGE : MS_KIND_ARTIFACT;
    if (ms_str_is_absent(record->artifact_type))
        record->artifact_type = config.media_type;
    manifest_choose_title(record);
    return MS_OK;
}

/* --- indexes --- */

static enum ms_status read_platform(struct ms_child_record *child, struct parse *parse,
                                    struct json_object *platform)
{
    const struct {
        struct ms_str *out;
        const char *key;
    } members[] = {
        {&child->os, "os"},
        {&child->architecture, "architecture"},
        {&child->variant, "variant"},
        {&child->os_version, "os.version"},
    };
    enum ms_status status = MS_OK;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && status == MS_OK; i++)
        status = manifest_platform_member(members[i].out, parse->arena, platform, members[i].key,
                                          parse->err);
    return status;
}

/* BuildKit's annotations on the attestations that it puts beside the images of an index. */
static void read_attestation(struct ms_child_record *child, const struct ms_pair *pairs,
                             size_t count)
{
    struct ms_str type = manifest_pair_value(pairs, count, "vnd.docker.reference.type");
    struct ms_str about = manifest_pair_value(pairs, count, "vnd.docker.reference.digest");
    struct ms_digest digest;
    child->is_attestation = ms_str_equal(type, MS_STR("attestation-manifest"));
    if (child->is_attestation && ms_digest_parse(&digest, about) == MS_OK)
        child->about = digest;
}

static enum ms_status read_child_annotations(struct ms_child_record *child, struct parse *parse,
                                             struct json_object *object)
{
    struct ms_pair *pairs;
    size_t count;
    enum ms_status status = manifest_pairs(&pairs, &count, parse->arena,
                                           json_member(object, "annotations"), parse->err);
    if (status != MS_OK)
        return status;
    read_attestation(child, pairs, count);
    return manifest_pairs_json(&child->annotations, parse->arena, pairs, count, parse->err);
}

static enum ms_status read_child(struct ms_child_record *child, struct parse *parse,
                                 struct json_object *object)
{
    struct descriptor descriptor;
    enum ms_status status = read_descriptor(&descriptor, parse, object, "an entry of the index");
    if (status != MS_OK)
        return status;
    child->digest = descriptor.digest;
    child->size = descriptor.size;
    child->media_type = descriptor.media_type;
    status = manifest_text_member(&child->artifact_type, parse->arena, object, "artifactType",
                                  parse->err);
    if (status == MS_OK)
        status = read_platform(child, parse, json_member(object, "platform"));
    if (status == MS_OK)
        status = read_child_annotations(child, parse, object);
    return status;
}

static enum ms_status parse_index(struct parse *parse, struct json_object *root)
{
    struct ms_manifest_record *record = parse->record;
    struct json_object *array = NULL;
    enum ms_status status = read_common(parse, root);
    if (status == MS_OK)
        status = read_array(&array, root, "manifests", MANIFEST_CHILDREN_MAX, parse->err);
    if (status != MS_OK)
        return status;
    size_t count = json_array_length(array);
    struct ms_child_record *children = ms_arena_try_array(parse->arena, count, sizeof(*children));
    if (children == NULL && count > 0)
        return manifest_full(parse->err);
    for (size_t i = 0; i < count && status == MS_OK; i++)
        status = read_child(&children[i], parse, json_array_at(array, i));
    if (status != MS_OK)
        return status;
    record->kind = MS_KIND_INDEX;
    record->children = children;
    record->n_children = count;
    manifest_choose_title(record);
    return manifest_make_document(record, parse->arena, parse->err);
}

/* --- any of them --- */

static enum ms_status parse_shape(struct parse *parse, enum manifest_shape shape,
                                  struct json_object *root)
{
    switch (shape) {
    case SHAPE_MANIFEST:
        return parse_manifest(parse, root);
    case SHAPE_INDEX:
        return parse_index(parse, root);
    case SHAPE_SCHEMA1: {
        enum ms_status status = check_version(root, 1, parse->err);
        return status == MS_OK
                   ? manifest_parse_schema1(parse->record, parse->arena, root, parse->err)
                   : status;
    }
    case SHAPE_UNKNOWN:
        break;
    }
    return ms_error_set(parse->err, MS_INVALID, "unknown media type");
}

static enum ms_status parse_root(struct parse *parse, struct json_object *root,
                                 struct ms_str content_type)
{
    enum manifest_shape shape;
    struct ms_str type;
    if (!json_is_object(root))
        return ms_error_set(parse->err, MS_INVALID, "not a JSON object");
    enum ms_status status = manifest_decide_type(&shape, &type, root, content_type, parse->err);
    if (status == MS_OK)
        status = manifest_text(&parse->record->media_type, parse->arena, type, parse->err);
    return status == MS_OK ? parse_shape(parse, shape, root) : status;
}

enum ms_status manifest_parse(struct ms_manifest_record *out, bool *out_wants_config,
                              struct ms_arena *arena, struct ms_str raw, struct ms_str content_type,
                              const struct ms_digest *digest, struct ms_error *err)
{
    struct json_object *root = NULL;
    enum ms_status status = json_parse(&root, raw, MANIFEST_DEPTH_MAX, MANIFEST_VALUES_MAX, err);
    if (status != MS_OK)
        return status;
    struct ms_manifest_record record = {
        .digest = *digest,
        .raw = raw,
        .size = (int64_t)raw.len,
        .annotations = MS_STR("{}"),
    };
    struct parse parse = {.record = &record, .arena = arena, .err = err};
    status = parse_root(&parse, root, content_type);
    json_release(root);
    if (status != MS_OK)
        return status;
    *out_wants_config = record.kind == MS_KIND_IMAGE;
    *out = record;
    return MS_OK;
}
