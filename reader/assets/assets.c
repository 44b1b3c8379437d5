/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The style sheet and the script, under names that are made at their first use.
 */
#include "reader/assets/assets.h"

#include "common/base/hash.h"

#include <stdio.h>

enum { PATH_MAX_BYTES = 64, HASH_BYTES = 6 };

/* Made by the build of metastore.css and metastore.js. */
extern const char reader_sheet_metastore[];
extern const size_t reader_sheet_metastore_len;
extern const char reader_script_metastore[];
extern const size_t reader_script_metastore_len;

static void make(struct asset *asset, char path[static PATH_MAX_BYTES], struct ms_str bytes,
                 const char *ending, const char *content_type)
{
    struct ms_digest digest;
    ms_hash_digest(&digest, MS_SHA256, bytes);
    int len = snprintf(path, PATH_MAX_BYTES, "/assets/metastore.");
    for (size_t i = 0; i < HASH_BYTES; i++) /* behind the byte that names the algorithm */
        len += snprintf(path + len, (size_t)(PATH_MAX_BYTES - len), "%02x", digest.bytes[1 + i]);
    len += snprintf(path + len, (size_t)(PATH_MAX_BYTES - len), "%s", ending);
    *asset = (struct asset){ms_str_n(path, (size_t)len), content_type, bytes};
}

const struct asset *assets_sheet(void)
{
    static struct asset asset;
    static char path[PATH_MAX_BYTES];
    if (ms_str_is_absent(asset.path))
        make(&asset, path, ms_str_n(reader_sheet_metastore, reader_sheet_metastore_len), ".css",
             "text/css; charset=utf-8");
    return &asset;
}

const struct asset *assets_script(void)
{
    static struct asset asset;
    static char path[PATH_MAX_BYTES];
    if (ms_str_is_absent(asset.path))
        make(&asset, path, ms_str_n(reader_script_metastore, reader_script_metastore_len), ".js",
             "text/javascript; charset=utf-8");
    return &asset;
}

const struct asset *assets_find(struct ms_str path)
{
    if (ms_str_equal(path, assets_sheet()->path))
        return assets_sheet();
    return ms_str_equal(path, assets_script()->path) ? assets_script() : NULL;
}
