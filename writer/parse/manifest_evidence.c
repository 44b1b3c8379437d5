/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a manifest is to another one that it is attached to: a signature, an SBOM, provenance. Told
 * from the manifest alone, no blob of it is read. Sources: cosign 2 and 3 (attached and bundled
 * signatures), the Notary Project's signature specification, BuildKit's attestation storage, ORAS.
 */
#include "writer/parse/manifest_internal.h"

static const struct ms_str SIGNATURE_TYPES[] = {
    MS_STR_INIT("application/vnd.dev.cosign.artifact.sig.v1+json"),
    MS_STR_INIT("application/vnd.cncf.notary.signature"),
};

/* Documents come as JSON, XML, text; with or without a version in the type. */
static const struct ms_str SBOM_TYPES[] = {
    MS_STR_INIT("application/spdx"),
    MS_STR_INIT("text/spdx"),
    MS_STR_INIT("application/vnd.cyclonedx"),
    MS_STR_INIT("application/vnd.dev.cosign.artifact.sbom"),
};
static const struct ms_str SBOM_PREDICATES[] = {
    MS_STR_INIT("https://spdx.dev/Document"),
    MS_STR_INIT("https://cyclonedx.org/"),
};
static const struct ms_str PROVENANCE_PREDICATES[] = {
    MS_STR_INIT("https://slsa.dev/provenance"),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool begins_with_one(struct ms_str s, const struct ms_str *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ms_str_starts_with(s, list[i]))
            return true;
    }
    return false;
}

static unsigned of_type(struct ms_str type)
{
    for (size_t i = 0; i < COUNT(SIGNATURE_TYPES); i++) {
        if (ms_str_equal(type, SIGNATURE_TYPES[i]))
            return MS_EVIDENCE_SIGNATURE;
    }
    return begins_with_one(type, SBOM_TYPES, COUNT(SBOM_TYPES)) ? MS_EVIDENCE_SBOM : 0;
}

static unsigned of_predicate(struct ms_str predicate)
{
    if (begins_with_one(predicate, SBOM_PREDICATES, COUNT(SBOM_PREDICATES)))
        return MS_EVIDENCE_SBOM;
    if (begins_with_one(predicate, PROVENANCE_PREDICATES, COUNT(PROVENANCE_PREDICATES)))
        return MS_EVIDENCE_PROVENANCE;
    return 0;
}

/* Of a sigstore bundle: signatures and attestations have the same type. */
static unsigned of_bundle(const struct ms_manifest_record *record)
{
    struct ms_str predicate = manifest_pair_value(
        record->annotation_rows, record->n_annotation_rows, "dev.sigstore.bundle.predicateType");
    if (!ms_str_starts_with(record->artifact_type, MS_STR("application/vnd.dev.sigstore.bundle")))
        return 0;
    return ms_str_equal(predicate, MS_STR("https://sigstore.dev/cosign/sign/v1"))
               ? MS_EVIDENCE_SIGNATURE
               : of_predicate(predicate);
}

/* BuildKit names the predicate of each layer, cosign does so under another key. */
static unsigned of_layer(struct json_object *layer)
{
    static const char *const KEYS[] = {"in-toto.io/predicate-type", "predicateType"};
    struct json_object *annotations = json_member(layer, "annotations");
    struct ms_str text;
    unsigned evidence = 0;
    if (json_get_string(&text, layer, "mediaType") == MS_OK)
        evidence |= of_type(text) & MS_EVIDENCE_SBOM;
    for (size_t i = 0; i < COUNT(KEYS); i++) {
        if (json_get_string(&text, annotations, KEYS[i]) == MS_OK)
            evidence |= of_predicate(text);
    }
    return evidence;
}

void manifest_find_evidence(struct ms_manifest_record *record, struct json_object *root)
{
    struct json_object *layers = json_member(root, "layers");
    if (record->kind != MS_KIND_ARTIFACT)
        return;
    unsigned evidence = of_bundle(record);
    if (!ms_str_is_absent(record->artifact_type))
        evidence |= of_type(record->artifact_type);
    for (size_t i = 0; i < json_array_length(layers); i++)
        evidence |= of_layer(json_array_at(layers, i));
    record->evidence = evidence;
}
