/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the manifest module share: manifest.c (manifests and indexes), manifest_type.c
 * (media types), manifest_schema1.c, manifest_config.c (configurations), manifest_chain.c (chains
 * of layers), manifest_evidence.c (signatures, SBOMs, provenance), manifest_text.c (texts and pairs
 * into the arena) and manifest_document.c (what readers send).
 */
#ifndef MANIFEST_INTERNAL_H
#define MANIFEST_INTERNAL_H

#include "common/base/json_write.h"
#include "writer/parse/json.h"
#include "writer/parse/manifest.h"

/* --- manifest_type.c --- */

enum manifest_shape { SHAPE_UNKNOWN, SHAPE_MANIFEST, SHAPE_INDEX, SHAPE_SCHEMA1 };

/* Content of this type is an image's configuration. */
bool manifest_is_image_config_type(struct ms_str media_type);
/* Content of this type is a layer of an image. */
bool manifest_is_layer_type(struct ms_str media_type);
/* Content of this type is asked for as a manifest; in an index all else is a blob. */
bool manifest_is_manifest_type(struct ms_str media_type);
/* Decides what `root` is: by its own mediaType, else by that of the answer, else by its members;
 * the members must fit. `out_type` becomes a view into `root`, `content_type` or a constant. */
enum ms_status manifest_decide_type(enum manifest_shape *out_shape, struct ms_str *out_type,
                                    struct json_object *root, struct ms_str content_type,
                                    struct ms_error *err) MS_CHECKED;

/* --- manifest_text.c --- */

/* Copies into the arena. */
enum ms_status manifest_text(struct ms_str *out, struct ms_arena *arena, struct ms_str s,
                             struct ms_error *err) MS_CHECKED;
/* A string member as text; what is missing, empty or no string is absent. */
enum ms_status manifest_text_member(struct ms_str *out, struct ms_arena *arena,
                                    struct json_object *object, const char *key,
                                    struct ms_error *err) MS_CHECKED;
/* One of the texts that name a platform. What is longer than any name is absent: every answer that
 * counts platforms would repeat it. */
enum ms_status manifest_platform_member(struct ms_str *out, struct ms_arena *arena,
                                        struct json_object *object, const char *key,
                                        struct ms_error *err) MS_CHECKED;
/* The members that name a platform, alike in a configuration and in an entry of an index. */
struct manifest_platform {
    struct ms_str os, architecture, variant, os_version; /* absent: not said */
    struct ms_str os_features;                           /* JSON array of strings; absent: none */
};
enum ms_status manifest_read_platform(struct manifest_platform *out, struct ms_arena *arena,
                                      struct json_object *object, struct ms_error *err) MS_CHECKED;
/* The string members of an object (others are dropped); no object gives none. */
enum ms_status manifest_pairs(struct ms_pair **out, size_t *out_count, struct ms_arena *arena,
                              struct json_object *object, struct ms_error *err) MS_CHECKED;
/* The value of a key that is there and not empty; else absent. */
struct ms_str manifest_pair_value(const struct ms_pair *pairs, size_t count, const char *key);
/* The strings of an array as a JSON array. Docker takes a single string for one, too. */
void manifest_write_strings(struct ms_json_writer *json, struct json_object *object,
                            const char *name);
/* Pairs as a JSON object: into a document, or as a text of its own. */
void manifest_write_pairs(struct ms_json_writer *json, const struct ms_pair *pairs, size_t count);
enum ms_status manifest_pairs_json(struct ms_str *out, struct ms_arena *arena,
                                   const struct ms_pair *pairs, size_t count,
                                   struct ms_error *err) MS_CHECKED;
/* Moves a finished JSON object without its braces into the arena and frees the buffer. */
enum ms_status manifest_keep_members(struct ms_str *out, struct ms_arena *arena, struct ms_buf *buf,
                                     struct ms_error *err) MS_CHECKED;
/* "too large" for whatever did not fit into the arena. */
enum ms_status manifest_full(struct ms_error *err);

/* --- manifest_schema1.c --- */

enum ms_status manifest_parse_schema1(struct ms_manifest_record *record, struct ms_arena *arena,
                                      struct json_object *root, struct ms_error *err) MS_CHECKED;

/* --- manifest_chain.c --- */

/* Sets record->chain from the configuration's diff-IDs; one that is no digest, or more of them than
 * MANIFEST_CHAIN_MAX: there is none. */
enum ms_status manifest_make_chain(struct ms_manifest_record *record, struct ms_arena *arena,
                                   struct json_object *root, struct ms_error *err) MS_CHECKED;

/* --- manifest_evidence.c --- */

/* Sets record->evidence, after everything else that the manifest alone tells. */
void manifest_find_evidence(struct ms_manifest_record *record, struct json_object *root);

/* --- manifest_document.c --- */

/* Sets record->document of an image or an index, from what the record holds. */
enum ms_status manifest_make_document(struct ms_manifest_record *record, struct ms_arena *arena,
                                      struct ms_error *err) MS_CHECKED;
/* Sets record->config_document from the configuration. */
enum ms_status manifest_make_config_document(struct ms_manifest_record *record,
                                             struct ms_arena *arena, struct json_object *root,
                                             struct ms_error *err) MS_CHECKED;
/* Sets title and description from annotations and labels: the first found of a fixed list of keys.
 */
void manifest_choose_title(struct ms_manifest_record *record);

#endif
