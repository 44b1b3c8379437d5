/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests and indexes to records: the type is decided (manifest_type.c), then the members of that
 * type are read. The configuration of an image follows in manifest_config.c.
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

/* No content has less than 0 bytes, or more than 2^53 - 1: beyond that not every JSON reader counts
 * exactly. Such a size is a mistake or a trap, and no reason not to list the image. */
static enum ms_status read_size(int64_t *out, struct json_object *object, const char *what,
                                struct ms_error *err)
{
    static const double SIZE_MAX_KNOWN = 9007199254740991.0;
    int64_t size = 0;
    double number = 0;
    enum ms_status status = json_get_f64(&number, object, "size");
    if (status == MS_OK && (number < 0 || number > SIZE_MAX_KNOWN))
        size = MS_SIZE_UNKNOWN;
    else if (status == MS_OK)
        status = json_get_i64(&size, object, "size");
    if (status == MS_INVALID)
        return ms_error_set(err, MS_INVALID, "%s with a size that is none", what);
    *out = size;
    return MS_OK;
}

static enum ms_status read_descriptor(struct descriptor *out, struct parse *parse,
                                      struct json_object *object, const char *what)
{
    struct ms_str digest;
    if (!json_is_object(object))
        return ms_error_set(parse->err, MS_INVALID, "%s that is no descriptor", what);
    if (json_get_string(&digest, object, "digest") != MS_OK)
        return ms_error_set(parse->err, MS_INVALID, "%s without a digest", what);
    if (ms_digest_parse(&out->digest, digest) != MS_OK)
        return ms_error_set(parse->err, MS_INVALID, "%s with a digest that is none", what);
    enum ms_status status = read_size(&out->size, object, what, parse->err);
    if (status == MS_OK)
        status =
            manifest_text_member(&out->media_type, parse->arena, object, "mediaType", parse->err);
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

/* --- what manifests and indexes have in common --- */

static enum ms_status check_version(struct json_object *root, int64_t expected,
                                    struct ms_error *err)
{
    int64_t version;
    if (json_get_i64(&version, root, "schemaVersion") != MS_OK || version != expected)
        return ms_error_set(err, MS_INVALID, "its schemaVersion is not %lld", (long long)expected);
    return MS_OK;
}

/* schemaVersion, artifactType, annotations, subject. */
static enum ms_status read_common(struct parse *parse, struct json_object *root)
{
    struct ms_manifest_record *record = parse->record;
    struct json_object *subject = json_member(root, "subject");
    enum ms_status status = check_version(root, 2, parse->err);
    if (status == MS_OK)
        status = manifest_text_member(&record->artifact_type, parse->arena, root, "artifactType",
                                      parse->err);
    if (status == MS_OK)
        status = manifest_pairs(&record->annotation_rows, &record->n_annotation_rows, parse->arena,
                                json_member(root, "annotations"), parse->err);
    if (status == MS_OK)
        status = manifest_pairs_json(&record->annotations, parse->arena, record->annotation_rows,
                                     record->n_annotation_rows, parse->err);
    if (status != MS_OK || subject == NULL)
        return status;
    struct descriptor descriptor;
    status = read_descriptor(&descriptor, parse, subject, "a subject");
    if (status == MS_OK)
        record->subject = descriptor.digest;
    return status;
}

/* --- manifests: images and artifacts --- */

static enum ms_status read_layers(struct parse *parse, struct json_object *root)
{
    struct json_object *array = NULL;
    enum ms_status status = read_array(&array, root, "layers", MANIFEST_LAYERS_MAX, parse->err);
    if (status != MS_OK)
        return status;
    size_t count = json_array_length(array);
    struct ms_layer_record *layers = ms_arena_try_array(parse->arena, count, sizeof(*layers));
    if (layers == NULL && count > 0)
        return manifest_full(parse->err);
    for (size_t i = 0; i < count; i++) {
        struct descriptor layer;
        status = read_descriptor(&layer, parse, json_array_at(array, i), "a layer");
        if (status != MS_OK)
            return status;
        layers[i] = (struct ms_layer_record){layer.digest, layer.size, layer.media_type};
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
    manifest_find_evidence(record, root);
    manifest_choose_title(record);
    return MS_OK;
}

/* --- indexes --- */

/* BuildKit puts an attestation beside the image that it is about. It says so by annotations, and
 * since version 0.32 by the artifact type, too. */
static void read_attestation(struct ms_child_record *child, const struct ms_pair *pairs,
                             size_t count)
{
    struct ms_str type = manifest_pair_value(pairs, count, "vnd.docker.reference.type");
    struct ms_str about = manifest_pair_value(pairs, count, "vnd.docker.reference.digest");
    struct ms_digest digest;
    child->is_attestation =
        ms_str_equal(type, MS_STR("attestation-manifest")) ||
        ms_str_equal(child->artifact_type,
                     MS_STR("application/vnd.docker.attestation.manifest.v1+json"));
    if (child->is_attestation && ms_digest_parse(&digest, about) == MS_OK)
        child->about = digest;
}

static enum ms_status read_child(struct ms_child_record *out, struct parse *parse,
                                 struct json_object *object, const struct descriptor *descriptor)
{
    struct manifest_platform platform;
    struct ms_pair *pairs;
    size_t n_pairs;
    struct ms_child_record child = {.digest = descriptor->digest,
                                    .size = descriptor->size,
                                    .media_type = descriptor->media_type};
    enum ms_status status = manifest_text_member(&child.artifact_type, parse->arena, object,
                                                 "artifactType", parse->err);
    if (status == MS_OK)
        status = manifest_read_platform(&platform, parse->arena, json_member(object, "platform"),
                                        parse->err);
    if (status == MS_OK)
        status = manifest_pairs(&pairs, &n_pairs, parse->arena, json_member(object, "annotations"),
                                parse->err);
    if (status == MS_OK)
        status = manifest_pairs_json(&child.annotations, parse->arena, pairs, n_pairs, parse->err);
    if (status != MS_OK)
        return status;
    child.os = platform.os;
    child.architecture = platform.architecture;
    child.variant = platform.variant;
    child.os_version = platform.os_version;
    child.os_features = platform.os_features;
    read_attestation(&child, pairs, n_pairs);
    *out = child;
    return MS_OK;
}

/* Entries are manifests or, as in BuildKit's caches, blobs: nobody can ask for those as manifests,
 * they belong to the index as layers belong to an image. An entry without a type is a manifest. */
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
    record->children = ms_arena_try_array(parse->arena, count, sizeof(*record->children));
    record->layers = ms_arena_try_array(parse->arena, count, sizeof(*record->layers));
    if (count > 0 && (record->children == NULL || record->layers == NULL))
        return manifest_full(parse->err);
    for (size_t i = 0; i < count; i++) {
        struct json_object *object = json_array_at(array, i);
        struct descriptor entry;
        status = read_descriptor(&entry, parse, object, "an entry of the index");
        if (status != MS_OK)
            return status;
        if (!ms_str_is_absent(entry.media_type) && !manifest_is_manifest_type(entry.media_type)) {
            record->layers[record->n_layers++] =
                (struct ms_layer_record){entry.digest, entry.size, entry.media_type};
            continue;
        }
        status = read_child(&record->children[record->n_children++], parse, object, &entry);
        if (status != MS_OK)
            return status;
    }
    record->kind = MS_KIND_INDEX;
    manifest_choose_title(record);
    return manifest_make_document(record, parse->arena, parse->err);
}

/* --- any of them --- */

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
    if (status != MS_OK)
        return status;
    switch (shape) {
    case SHAPE_MANIFEST:
        return parse_manifest(parse, root);
    case SHAPE_INDEX:
        return parse_index(parse, root);
    case SHAPE_SCHEMA1:
        status = check_version(root, 1, parse->err);
        return status != MS_OK
                   ? status
                   : manifest_parse_schema1(parse->record, parse->arena, root, parse->err);
    case SHAPE_UNKNOWN:
        break;
    }
    return ms_error_set(parse->err, MS_INVALID, "unknown media type");
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
