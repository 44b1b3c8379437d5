/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person sees of `--scan`: a bar on a terminal, else a line in the log every 5 s.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "common/base/buf.h"
#include "writer/scan/scan.h"

enum { PROGRESS_LINE_MAX = 512 };

struct progress;
/* `fd` is where the bar is drawn if it is a terminal. Begins at once. */
struct progress *progress_new(struct ms_loop *loop, const struct scan *scan, int fd);
/* Clears the bar. NULL is fine. */
void progress_free(struct progress *progress);

/* The bar's line, at most `width` columns (all of it ASCII, one column a byte), without line end.
 * Pure. What does not fit is left out from the right, the bar takes what is left over. */
void progress_render(struct ms_buf *out, const struct scan_progress *progress, size_t width);

#endif
