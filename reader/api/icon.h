/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Icons in labels: data URIs of images, which `index.icons: link` replaces by URLs of
 * /index/icons/<SHA-256 of the label's value>. Pure.
 *
 * A value is linked if, and only if, what it holds can be served: a media type of a fixed list,
 * strict base64 (RFC 4648, section 4), at most ICON_BYTES_MAX bytes. All else stays as it is.
 */
#ifndef ICON_H
#define ICON_H

#include "common/base/buf.h"

enum { ICON_BYTES_MAX = 1024 * 1024 /* decoded */ };

struct icon {
    const char *media_type; /* static string */
    struct ms_str base64;   /* borrowed from the value */
};

/* False: no icon that is served; *out is untouched. */
bool icon_parse(struct icon *out, struct ms_str value);
void icon_append_bytes(struct ms_buf *out, const struct icon *icon);

/* Appends an entry of /index, JSON as the writer makes it, with links in place of the icons in its
 * "Labels". */
void icon_append_linked(struct ms_buf *out, struct ms_str entry);

#endif
