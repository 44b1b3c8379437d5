/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of an image: what its layers are at each depth, whoever packed them and however. By the
 * OCI image specification (config.md, "Layer ChainID"):
 *
 *     chain 1 = diff-ID 1;   chain n = sha256 of "<chain n - 1> <diff-ID n>"
 *
 * Equal chains are equal file systems; an image whose last chain is among those of another one is
 * what that one was built on.
 */
#include "common/base/hash.h"
#include "writer/parse/manifest_internal.h"

#include <string.h>

enum { CHAIN_TEXT_MAX = 2 * MS_DIGEST_TEXT_MAX };

static void add_link(struct ms_digest *out, const struct ms_digest *before,
                     const struct ms_digest *diff_id)
{
    char text[CHAIN_TEXT_MAX], tail[MS_DIGEST_TEXT_MAX];
    size_t len = strlen(ms_digest_format(text, before));
    text[len++] = ' ';
    const char *end = ms_digest_format(tail, diff_id);
    memcpy(text + len, end, strlen(end));
    ms_hash_digest(out, MS_SHA256, ms_str_n(text, len + strlen(end)));
}

enum ms_status manifest_make_chain(struct ms_manifest_record *record, struct ms_arena *arena,
                                   struct json_object *root, struct ms_error *err)
{
    struct json_object *diff_ids = json_member(json_member(root, "rootfs"), "diff_ids");
    size_t count = json_array_length(diff_ids);
    record->is_chain_too_long = count > MANIFEST_CHAIN_MAX;
    if (count == 0 || count > MANIFEST_CHAIN_MAX)
        return MS_OK;
    struct ms_digest *chain = ms_arena_try_array(arena, count, sizeof(*chain));
    if (chain == NULL)
        return manifest_full(err);
    for (size_t i = 0; i < count; i++) {
        struct ms_str text;
        struct ms_digest diff_id;
        if (json_string_value(&text, json_array_at(diff_ids, i)) != MS_OK ||
            ms_digest_parse(&diff_id, text) != MS_OK)
            return MS_OK; /* nobody can tell what is below it */
        if (i == 0)
            chain[i] = diff_id;
        else
            add_link(&chain[i], &chain[i - 1], &diff_id);
    }
    record->chain = chain;
    record->n_chain = count;
    return MS_OK;
}
