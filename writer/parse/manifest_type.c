/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Media types: which are manifests, configurations and layers of images, and what a document is.
 * A document is what it says itself; its members must fit, and must not fit two types at once
 * (CVE-2021-41190).
 */
#include "writer/parse/manifest_internal.h"

static const struct {
    struct ms_str name;
    enum manifest_shape shape;
} MANIFEST_TYPES[] = {
    {MS_STR_INIT("application/vnd.oci.image.manifest.v1+json"), SHAPE_MANIFEST},
    {MS_STR_INIT("application/vnd.docker.distribution.manifest.v2+json"), SHAPE_MANIFEST},
    {MS_STR_INIT("application/vnd.oci.image.index.v1+json"), SHAPE_INDEX},
    {MS_STR_INIT("application/vnd.docker.distribution.manifest.list.v2+json"), SHAPE_INDEX},
    {MS_STR_INIT("application/vnd.docker.distribution.manifest.v1+prettyjws"), SHAPE_SCHEMA1},
    {MS_STR_INIT("application/vnd.docker.distribution.manifest.v1+json"), SHAPE_SCHEMA1},
};
enum { N_MANIFEST_TYPES = sizeof(MANIFEST_TYPES) / sizeof(MANIFEST_TYPES[0]) };

/* Servers that know nothing of manifests say these. They tell as little as no type at all. */
static const struct ms_str GENERIC_TYPES[] = {
    MS_STR_INIT(""),
    MS_STR_INIT("application/json"),
    MS_STR_INIT("application/octet-stream"),
    MS_STR_INIT("text/plain"),
};

static const struct ms_str CONFIG_TYPES[] = {
    MS_STR_INIT("application/vnd.oci.image.config.v1+json"),
    MS_STR_INIT("application/vnd.docker.container.image.v1+json"),
};

/* The rest of a type says how a layer is packed: compressed, encrypted, foreign, for nydus … New
 * ways come up all the time, and none of them makes an image something else. */
static const struct ms_str LAYER_PREFIXES[] = {
    MS_STR_INIT("application/vnd.oci.image.layer."),
    MS_STR_INIT("application/vnd.docker.image.rootfs."),
};

/* Manifests of drafts that were given up: an index may list them, but nobody can read them. */
static const struct ms_str FORMER_TYPES[] = {
    MS_STR_INIT("application/vnd.oci.artifact.manifest.v1+json"),
    MS_STR_INIT("application/vnd.cncf.oras.artifact.manifest.v1+json"),
};

static bool is_listed(struct ms_str s, const struct ms_str *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ms_str_equal(s, list[i]))
            return true;
    }
    return false;
}

#define IS_LISTED(s, list) is_listed((s), (list), sizeof(list) / sizeof((list)[0]))

/* The shape that a document of this media type must have. */
static enum manifest_shape shape_of_type(struct ms_str media_type)
{
    for (size_t i = 0; i < N_MANIFEST_TYPES; i++) {
        if (ms_str_equal(media_type, MANIFEST_TYPES[i].name))
            return MANIFEST_TYPES[i].shape;
    }
    return SHAPE_UNKNOWN;
}

bool manifest_is_image_config_type(struct ms_str media_type)
{
    return IS_LISTED(media_type, CONFIG_TYPES);
}

bool manifest_is_layer_type(struct ms_str media_type)
{
    for (size_t i = 0; i < sizeof(LAYER_PREFIXES) / sizeof(LAYER_PREFIXES[0]); i++) {
        if (ms_str_starts_with(media_type, LAYER_PREFIXES[i]))
            return true;
    }
    return false;
}

bool manifest_is_manifest_type(struct ms_str media_type)
{
    return shape_of_type(media_type) != SHAPE_UNKNOWN || IS_LISTED(media_type, FORMER_TYPES);
}

/* --- what a document is --- */

/* Members that belong to one shape only. */
struct members {
    bool of_manifest; /* config, layers */
    bool of_index;    /* manifests */
    bool of_schema1;  /* fsLayers */
};

static struct members find_members(struct json_object *root)
{
    return (struct members){
        .of_manifest = json_member(root, "config") != NULL || json_member(root, "layers") != NULL,
        .of_index = json_member(root, "manifests") != NULL,
        .of_schema1 = json_member(root, "fsLayers") != NULL,
    };
}

/* The type of a document that nobody names; `members` are known to fit one shape at most. */
static struct ms_str type_of_members(struct members members)
{
    if (members.of_index)
        return MS_STR("application/vnd.oci.image.index.v1+json");
    if (members.of_manifest)
        return MS_STR("application/vnd.oci.image.manifest.v1+json");
    if (members.of_schema1)
        return MS_STR("application/vnd.docker.distribution.manifest.v1+prettyjws");
    return MS_STR_ABSENT;
}

static bool fits(enum manifest_shape shape, struct members members)
{
    switch (shape) {
    case SHAPE_MANIFEST:
        return !members.of_index && !members.of_schema1;
    case SHAPE_INDEX:
        return !members.of_manifest && !members.of_schema1;
    case SHAPE_SCHEMA1:
        return !members.of_manifest && !members.of_index;
    case SHAPE_UNKNOWN:
        break;
    }
    return false;
}

/* The type by the document itself, the answer, the members, in this order. */
static enum ms_status name_type(struct ms_str *out, struct json_object *root,
                                struct ms_str content_type, struct members members,
                                struct ms_error *err)
{
    struct ms_str own;
    enum ms_status status = json_get_string(&own, root, "mediaType");
    if (status == MS_INVALID)
        return ms_error_set(err, MS_INVALID, "its mediaType is not a string");
    if (status == MS_OK && own.len > 0)
        *out = own;
    else if (!IS_LISTED(content_type, GENERIC_TYPES))
        *out = content_type;
    else
        *out = type_of_members(members);
    return MS_OK;
}

/* Names the type when it can be shown: reasons are stored and must be valid UTF-8. */
static enum ms_status unknown_type(struct ms_str type, struct ms_error *err)
{
    enum { SHOWN_MAX = 200 };
    bool can_be_shown = type.len > 0 && type.len <= SHOWN_MAX;
    for (size_t i = 0; i < type.len && can_be_shown; i++)
        can_be_shown = type.ptr[i] > 0x20 && type.ptr[i] < 0x7f;
    if (!can_be_shown)
        return ms_error_set(err, MS_INVALID, "unknown media type");
    return ms_error_set(err, MS_INVALID, "unknown media type %.*s", MS_STR_ARG(type));
}

enum ms_status manifest_decide_type(enum manifest_shape *out_shape, struct ms_str *out_type,
                                    struct json_object *root, struct ms_str content_type,
                                    struct ms_error *err)
{
    struct members members = find_members(root);
    if (members.of_manifest + members.of_index + members.of_schema1 > 1)
        return ms_error_set(err, MS_INVALID, "ambiguous: a manifest and an index at once");
    struct ms_str type;
    enum ms_status status = name_type(&type, root, content_type, members, err);
    if (status != MS_OK)
        return status;
    enum manifest_shape shape = shape_of_type(type);
    if (shape == SHAPE_UNKNOWN)
        return unknown_type(type, err);
    if (!fits(shape, members))
        return ms_error_set(err, MS_INVALID, "it has not the members of its type %.*s",
                            MS_STR_ARG(type));
    *out_shape = shape;
    *out_type = type;
    return MS_OK;
}
