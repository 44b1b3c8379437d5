/* SPDX-License-Identifier: Apache-2.0 */
/* gzip (zlib), for response bodies. The only file that includes zlib. */
#ifndef MS_COMPRESS_H
#define MS_COMPRESS_H

#include "common/base/doc.h"

/* A gzip member of `bytes`; the same input always gives the same output (no time, no name). */
enum ms_status ms_compress_gzip(struct ms_doc **out, struct ms_str bytes) MS_CHECKED;

/* Incremental, for bodies that are written to a file piece by piece. */
struct ms_gzip;
struct ms_gzip *ms_gzip_new(void);
void ms_gzip_free(struct ms_gzip *gzip);
/* Appends compressed bytes to `out` (which has its own limit); `last` finishes the member. */
enum ms_status ms_gzip_write(struct ms_gzip *gzip, struct ms_buf *out, struct ms_str bytes,
                             bool last) MS_CHECKED;

#endif
