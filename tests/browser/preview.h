/* SPDX-License-Identifier: Apache-2.0 */
/* Content for pages without a database: three sets of it, each for every page. */
#ifndef PREVIEW_H
#define PREVIEW_H

#include "common/base/arena.h"
#include "reader/pages/view.h"

enum preview_set { PREVIEW_SMALL, PREVIEW_LARGE, PREVIEW_HOSTILE, PREVIEW_SETS };

struct preview {
    enum preview_set set;
    struct ms_arena *arena;
    size_t n_texts; /* hostile ones given so far */
};

/* `text`, or in the hostile set something that wants to be more than text. */
struct ms_str preview_text(struct preview *preview, const char *text);
struct ms_str preview_format(struct preview *preview, const char *format, ...) MS_PRINTF(2, 3);
struct ms_str preview_digest(struct preview *preview, unsigned seed);
struct ms_str preview_time(struct preview *preview, unsigned hours_ago);
struct view_strings preview_platforms(struct preview *preview, size_t n);
struct chart_days preview_activity(struct preview *preview, size_t n);
/* Of the small set's repositories. */
struct ms_str preview_repository(struct preview *preview, size_t i);
size_t preview_scale(const struct preview *preview, size_t small, size_t large, size_t hostile);

void preview_home(struct ms_buf *out, const struct view_frame *frame, struct preview *preview);
void preview_repositories(struct ms_buf *out, const struct view_frame *frame,
                          struct preview *preview);
void preview_search(struct ms_buf *out, const struct view_frame *frame, struct preview *preview);
void preview_nothing(struct ms_buf *out, const struct view_frame *frame, struct preview *preview);
void preview_fault(struct ms_buf *out, const struct view_frame *frame, struct preview *preview);
void preview_page_of_repository(struct ms_buf *out, const struct view_frame *frame,
                                struct preview *preview);
void preview_image(struct ms_buf *out, const struct view_frame *frame, struct preview *preview);
void preview_index(struct ms_buf *out, const struct view_frame *frame, struct preview *preview);
void preview_compare(struct ms_buf *out, const struct view_frame *frame, struct preview *preview);
void preview_stats(struct ms_buf *out, const struct view_frame *frame, struct preview *preview);
void preview_failure(struct ms_buf *out, const struct view_frame *frame, struct preview *preview);

#endif
