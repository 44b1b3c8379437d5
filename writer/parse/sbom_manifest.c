/* SPDX-License-Identifier: Apache-2.0 */
/* See sbom_manifest.h. Of BuildKit come in-toto statements, of ORAS and others artifacts of an SBOM
 * type, of cosign documents and DSSE envelopes, of sigstore bundles. */
#include "writer/parse/sbom_manifest.h"

#include "writer/parse/json.h"

#include <string.h>

enum { DEPTH_MAX = 32, VALUES_MAX = 100000 };

/* Parameters (";version=1.6") aside. */
static bool is_sbom_type(struct ms_str media_type)
{
    static const char *const TYPES[] = {
        "application/spdx+json",
        "text/spdx+json",
        "spdx+json",
        "application/vnd.cyclonedx+json",
    };
    struct ms_str rest = media_type;
    struct ms_str type = ms_str_is_absent(rest) ? rest : ms_str_trim(ms_str_next(&rest, ';'));
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        if (ms_str_equal_ci(type, ms_str(TYPES[i])))
            return true;
    }
    return false;
}

static bool is_known_predicate(struct ms_str type)
{
    return ms_str_starts_with(type, MS_STR("https://slsa.dev/provenance")) ||
           ms_str_starts_with(type, MS_STR("https://spdx.dev/Document")) ||
           ms_str_starts_with(type, MS_STR("https://cyclonedx.org/bom")) ||
           ms_str_starts_with(type, MS_STR("https://cyclonedx.org/schema"));
}

static struct ms_str member(struct json_object *object, const char *key)
{
    struct ms_str value;
    return json_get_string(&value, object, key) == MS_OK ? value : MS_STR_ABSENT;
}

/* Whether the layer, or the manifest for it, names a predicate that is an SBOM or provenance. */
static bool names_predicate(struct json_object *root, struct json_object *layer, const char *key)
{
    return is_known_predicate(member(json_member(layer, "annotations"), key)) ||
           is_known_predicate(member(json_member(root, "annotations"), key));
}

static bool is_document(struct json_object *root, struct json_object *layer)
{
    struct ms_str type = member(layer, "mediaType");
    if (ms_str_equal(type, MS_STR("application/vnd.in-toto+json")))
        return names_predicate(root, layer, "in-toto.io/predicate-type");
    if (ms_str_equal(type, MS_STR("application/vnd.dsse.envelope.v1+json")))
        return names_predicate(root, layer, "predicateType");
    if (ms_str_starts_with(type, MS_STR("application/vnd.dev.sigstore.bundle")))
        return names_predicate(root, layer, "dev.sigstore.bundle.predicateType");
    return is_sbom_type(type) || is_sbom_type(member(root, "artifactType")) ||
           is_sbom_type(member(json_member(root, "config"), "mediaType"));
}

static void add_layer(struct sbom_layers *out, struct json_object *layer)
{
    struct sbom_layer found;
    if (ms_digest_parse(&found.digest, member(layer, "digest")) != MS_OK)
        return;
    for (size_t i = 0; i < out->n; i++) {
        if (ms_digest_equal(&out->layers[i].digest, &found.digest))
            return;
    }
    if (json_get_i64(&found.size, layer, "size") != MS_OK || found.size < 0)
        found.size = -1;
    if (out->n == SBOM_LAYERS_MAX)
        out->has_more = true;
    else
        out->layers[out->n++] = found;
}

void sbom_manifest_layers(struct sbom_layers *out, struct ms_str manifest)
{
    struct json_object *root;
    struct ms_error err;
    memset(out, 0, sizeof(*out));
    if (json_parse(&root, manifest, DEPTH_MAX, VALUES_MAX, &err) != MS_OK)
        return;
    struct json_object *layers = json_member(root, "layers");
    for (size_t i = 0; i < json_array_length(layers); i++) {
        struct json_object *layer = json_array_at(layers, i);
        if (is_document(root, layer))
            add_layer(out, layer);
    }
    json_release(root);
}
