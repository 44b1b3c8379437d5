/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storing contents: what manifests, indexes and configurations say, by digest, once. What is stored
 * already is left as it is.
 */
#include "common/pg/array.h"
#include "writer/store/call.h"

#include <stddef.h>
#include <string.h>

MS_STORE_STATEMENT(write_content_blobs);
MS_STORE_STATEMENT(write_content_configs);
MS_STORE_STATEMENT(write_content_manifests);
MS_STORE_STATEMENT(write_content_layers);
MS_STORE_STATEMENT(write_content_children);
MS_STORE_STATEMENT(write_content_labels);
MS_STORE_STATEMENT(write_content_annotations);
MS_STORE_STATEMENT(write_content_chains);
MS_STORE_STATEMENT(write_content_index_images);
MS_STORE_STATEMENT(write_remake_locks);
MS_STORE_STATEMENT(write_remake_manifests);
MS_STORE_STATEMENT(write_remake_uncount);
MS_STORE_STATEMENT(write_remake_forget);
MS_STORE_STATEMENT(write_remake_count);

struct contents {
    const struct ms_manifest_record *manifests;
    size_t n;
};

static const char *kind_name(enum ms_manifest_kind kind)
{
    switch (kind) {
    case MS_KIND_IMAGE:
        return "image";
    case MS_KIND_INDEX:
        return "index";
    case MS_KIND_ARTIFACT:
        return "artifact";
    case MS_KIND_SCHEMA1:
        return "schema1";
    case MS_KIND_UNKNOWN:
        break;
    }
    return "unknown";
}

/* Of the step that is open already. */
static void put_blobs(struct ms_store_call *base, const struct contents *contents)
{
    struct ms_buf *digests = ms_store_call_array(base);
    struct ms_buf *sizes = ms_store_call_array(base);
    for (size_t i = 0; i < contents->n; i++) {
        const struct ms_manifest_record *manifest = &contents->manifests[i];
        for (size_t j = 0; j < manifest->n_layers; j++) {
            ms_store_add_digest(digests, &manifest->layers[j].digest);
            ms_pg_array_i64(sizes, manifest->layers[j].size);
        }
        if (!ms_digest_is_none(&manifest->config_digest)) {
            ms_store_add_digest(digests, &manifest->config_digest);
            ms_pg_array_i64(sizes, manifest->config_size);
        }
    }
}

static void put_configs(struct ms_store_call *base, const struct contents *contents)
{
    ms_store_call_step(base, &write_content_configs);
    struct ms_buf *digests = ms_store_call_array(base);
    struct ms_buf *raws = ms_store_call_array(base);
    struct ms_buf *documents = ms_store_call_array(base);
    for (size_t i = 0; i < contents->n; i++) {
        const struct ms_manifest_record *manifest = &contents->manifests[i];
        if (ms_digest_is_none(&manifest->config_digest))
            continue;
        ms_store_add_digest(digests, &manifest->config_digest);
        ms_store_add_bytes(raws, manifest->config_raw);
        ms_store_add_text(documents, manifest->config_document);
    }
    ms_store_call_i64(base, MS_DOCUMENT_VERSION);
}

static void add_own_digests(struct ms_store_call *base, const struct contents *contents)
{
    struct ms_buf *digests = ms_store_call_array(base);
    for (size_t i = 0; i < contents->n; i++)
        ms_store_add_digest(digests, &contents->manifests[i].digest);
}

static void add_child_digests(struct ms_store_call *base, const struct contents *contents)
{
    struct ms_buf *digests = ms_store_call_array(base);
    for (size_t i = 0; i < contents->n; i++) {
        const struct ms_manifest_record *manifest = &contents->manifests[i];
        for (size_t j = 0; j < manifest->n_children; j++)
            ms_store_add_digest(digests, &manifest->children[j].digest);
    }
}

static void put_layers(struct ms_store_call *base, const struct contents *contents)
{
    ms_store_call_step(base, &write_content_layers);
    struct ms_buf *manifests = ms_store_call_array(base);
    struct ms_buf *positions = ms_store_call_array(base);
    struct ms_buf *layers = ms_store_call_array(base);
    struct ms_buf *media_types = ms_store_call_array(base);
    struct ms_buf *sizes = ms_store_call_array(base);
    for (size_t i = 0; i < contents->n; i++) {
        const struct ms_manifest_record *manifest = &contents->manifests[i];
        for (size_t j = 0; j < manifest->n_layers; j++) {
            ms_store_add_digest(manifests, &manifest->digest);
            ms_pg_array_i64(positions, (int64_t)j);
            ms_store_add_digest(layers, &manifest->layers[j].digest);
            ms_store_add_text(media_types, manifest->layers[j].media_type);
            ms_pg_array_i64(sizes, manifest->layers[j].size);
        }
    }
}

static void put_children(struct ms_store_call *base, const struct contents *contents)
{
    ms_store_call_step(base, &write_content_children);
    struct ms_buf *parents = ms_store_call_array(base);
    struct ms_buf *positions = ms_store_call_array(base);
    struct ms_buf *digests = ms_store_call_array(base);
    struct ms_buf *media_types = ms_store_call_array(base);
    struct ms_buf *artifact_types = ms_store_call_array(base);
    struct ms_buf *sizes = ms_store_call_array(base);
    struct ms_buf *os = ms_store_call_array(base);
    struct ms_buf *architectures = ms_store_call_array(base);
    struct ms_buf *variants = ms_store_call_array(base);
    struct ms_buf *os_versions = ms_store_call_array(base);
    struct ms_buf *annotations = ms_store_call_array(base);
    struct ms_buf *attestations = ms_store_call_array(base);
    struct ms_buf *abouts = ms_store_call_array(base);
    struct ms_buf *os_features = ms_store_call_array(base);
    for (size_t i = 0; i < contents->n; i++) {
        const struct ms_manifest_record *parent = &contents->manifests[i];
        for (size_t j = 0; j < parent->n_children; j++) {
            const struct ms_child_record *child = &parent->children[j];
            ms_store_add_digest(parents, &parent->digest);
            ms_pg_array_i64(positions, (int64_t)j);
            ms_store_add_digest(digests, &child->digest);
            ms_store_add_text(media_types, child->media_type);
            ms_store_add_text(artifact_types, child->artifact_type);
            ms_pg_array_i64(sizes, child->size);
            ms_store_add_text(os, child->os);
            ms_store_add_text(architectures, child->architecture);
            ms_store_add_text(variants, child->variant);
            ms_store_add_text(os_versions, child->os_version);
            ms_store_add_text(annotations, child->annotations);
            ms_store_add_bool(attestations, child->is_attestation);
            ms_store_add_digest(abouts, &child->about);
            ms_store_add_text(os_features, child->os_features);
        }
    }
}

static void put_pairs(struct ms_store_call *base, const struct contents *contents, bool labels)
{
    ms_store_call_step(base, labels ? &write_content_labels : &write_content_annotations);
    struct ms_buf *manifests = ms_store_call_array(base);
    struct ms_buf *keys = ms_store_call_array(base);
    struct ms_buf *values = ms_store_call_array(base);
    for (size_t i = 0; i < contents->n; i++) {
        const struct ms_manifest_record *manifest = &contents->manifests[i];
        const struct ms_pair *pairs = labels ? manifest->labels : manifest->annotation_rows;
        size_t n = labels ? manifest->n_labels : manifest->n_annotation_rows;
        for (size_t j = 0; j < n; j++) {
            ms_store_add_digest(manifests, &manifest->digest);
            ms_store_add_text(keys, pairs[j].key);
            ms_store_add_text(values, pairs[j].value);
        }
    }
}

static void put_chains(struct ms_store_call *base, const struct contents *contents)
{
    ms_store_call_step(base, &write_content_chains);
    struct ms_buf *manifests = ms_store_call_array(base);
    struct ms_buf *depths = ms_store_call_array(base);
    struct ms_buf *links = ms_store_call_array(base);
    struct ms_buf *are_whole = ms_store_call_array(base);
    for (size_t i = 0; i < contents->n; i++) {
        const struct ms_manifest_record *manifest = &contents->manifests[i];
        for (size_t depth = 1; depth <= manifest->n_chain; depth++) {
            ms_store_add_digest(manifests, &manifest->digest);
            ms_pg_array_i64(depths, (int64_t)depth);
            ms_store_add_digest(links, &manifest->chain[depth - 1]);
            ms_store_add_bool(are_whole, depth == manifest->n_chain);
        }
    }
}

static void add_texts(struct ms_store_call *base, const struct contents *contents, size_t offset)
{
    struct ms_buf *texts = ms_store_call_array(base);
    for (size_t i = 0; i < contents->n; i++) {
        struct ms_str text;
        memcpy(&text, (const char *)&contents->manifests[i] + offset, sizeof(text));
        ms_store_add_text(texts, text);
    }
}

static void add_digests(struct ms_store_call *base, const struct contents *contents, size_t offset)
{
    struct ms_buf *digests = ms_store_call_array(base);
    for (size_t i = 0; i < contents->n; i++) {
        struct ms_digest digest;
        memcpy(&digest, (const char *)&contents->manifests[i] + offset, sizeof(digest));
        ms_store_add_digest(digests, &digest);
    }
}

static void put_manifests(struct ms_store_call *base, const struct contents *contents)
{
    ms_store_call_step(base, &write_content_manifests);
    add_own_digests(base, contents);
    struct ms_buf *kinds = ms_store_call_array(base);
    add_texts(base, contents, offsetof(struct ms_manifest_record, media_type));
    add_texts(base, contents, offsetof(struct ms_manifest_record, artifact_type));
    struct ms_buf *sizes = ms_store_call_array(base);
    struct ms_buf *raws = ms_store_call_array(base);
    add_digests(base, contents, offsetof(struct ms_manifest_record, subject));
    add_digests(base, contents, offsetof(struct ms_manifest_record, config_digest));
    struct ms_buf *config_sizes = ms_store_call_array(base);
    add_texts(base, contents, offsetof(struct ms_manifest_record, os));
    add_texts(base, contents, offsetof(struct ms_manifest_record, architecture));
    add_texts(base, contents, offsetof(struct ms_manifest_record, variant));
    add_texts(base, contents, offsetof(struct ms_manifest_record, os_version));
    struct ms_buf *created = ms_store_call_array(base);
    add_texts(base, contents, offsetof(struct ms_manifest_record, title));
    add_texts(base, contents, offsetof(struct ms_manifest_record, description));
    add_texts(base, contents, offsetof(struct ms_manifest_record, annotations));
    add_texts(base, contents, offsetof(struct ms_manifest_record, document));
    struct ms_buf *evidence = ms_store_call_array(base);
    for (size_t i = 0; i < contents->n; i++) {
        const struct ms_manifest_record *manifest = &contents->manifests[i];
        ms_store_add_text(kinds, ms_str(kind_name(manifest->kind)));
        ms_pg_array_i64(sizes, manifest->size);
        ms_store_add_bytes(raws, manifest->raw);
        ms_pg_array_i64(config_sizes, manifest->config_size);
        ms_store_add_time(created, manifest->created_ms);
        ms_pg_array_i64(evidence, manifest->evidence);
    }
    ms_store_call_i64(base, MS_DOCUMENT_VERSION);
    add_child_digests(base, contents);
}

/* All steps of one transaction but for the first statement, which is open already. */
static void put_contents(struct ms_store_call *base, const struct contents *contents)
{
    put_blobs(base, contents);
    put_configs(base, contents);
    put_manifests(base, contents);
    put_layers(base, contents);
    put_children(base, contents);
    put_pairs(base, contents, true);
    put_pairs(base, contents, false);
    put_chains(base, contents);
    ms_store_call_step(base, &write_content_index_images);
    add_own_digests(base, contents);
}

struct ms_store_call *ms_store_contents_put(struct ms_store_writer *store, uint64_t term,
                                            const struct ms_manifest_record *manifests,
                                            size_t n_manifests, ms_store_done *on_done, void *arg)
{
    const struct contents contents = {.manifests = manifests, .n = n_manifests};
    struct ms_store_call *base =
        ms_store_call_plain(store, term, &write_content_blobs, on_done, arg);
    put_contents(base, &contents);
    return ms_store_call_start(base);
}

struct ms_store_call *ms_store_contents_remake(struct ms_store_writer *store, uint64_t term,
                                               const struct ms_manifest_record *manifests,
                                               size_t n_manifests, ms_store_done *on_done,
                                               void *arg)
{
    static const struct ms_pg_statement *const TAKE_BACK[] = {
        &write_remake_manifests, &write_remake_uncount, &write_remake_forget};
    const struct contents contents = {.manifests = manifests, .n = n_manifests};
    struct ms_store_call *base =
        ms_store_call_plain(store, term, &write_remake_locks, on_done, arg);
    add_own_digests(base, &contents);
    for (size_t i = 0; i < sizeof(TAKE_BACK) / sizeof(TAKE_BACK[0]); i++) {
        ms_store_call_step(base, TAKE_BACK[i]);
        add_own_digests(base, &contents);
    }
    ms_store_call_step(base, &write_content_blobs);
    put_contents(base, &contents);
    ms_store_call_step(base, &write_remake_count);
    add_own_digests(base, &contents);
    return ms_store_call_start(base);
}
