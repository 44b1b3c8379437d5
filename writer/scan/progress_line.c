/* SPDX-License-Identifier: Apache-2.0 */
/* The line of the progress bar, see progress.h. Pure. */
#include "writer/scan/progress.h"

#include <inttypes.h>
#include <string.h>

enum { BAR_MIN = 10, BAR_MAX = 50, PARTS_MAX = 4 };

static void append_left(struct ms_buf *out, int64_t seconds)
{
    if (seconds >= 3600)
        ms_buf_printf(out, "%" PRId64 ":%02" PRId64 ":%02" PRId64 " left", seconds / 3600,
                      seconds / 60 % 60, seconds % 60);
    else
        ms_buf_printf(out, "%" PRId64 ":%02" PRId64 " left", seconds / 60, seconds % 60);
}

static void append_part(struct ms_buf *out, const struct scan_progress *progress, size_t part)
{
    switch (part) {
    case 0:
        ms_buf_printf(out, "%" PRIu64 "/%" PRIu64 " repositories", progress->repositories_done,
                      progress->repositories_total);
        break;
    case 1:
        ms_buf_printf(out, "  %" PRIu64 " manifests", progress->manifests);
        break;
    case 2:
        ms_buf_printf(out, "  %.0f/s", progress->rate);
        break;
    default:
        ms_buf_append(out, MS_STR("  "));
        if (progress->eta_seconds >= 0)
            append_left(out, progress->eta_seconds);
        else
            ms_buf_append(out, MS_STR("time left unknown"));
    }
}

/* While the catalog is being read the total grows, so the bar can go back; full means done. */
static void append_bar(struct ms_buf *out, const struct scan_progress *progress, size_t columns)
{
    size_t inner = (columns > BAR_MAX ? BAR_MAX : columns) - 2;
    double share = 0;
    if (progress->repositories_total > 0)
        share = (double)progress->repositories_done / (double)progress->repositories_total;
    size_t filled = share >= 1 ? inner : (size_t)(share * (double)inner);
    ms_buf_append_char(out, '[');
    for (size_t i = 0; i < inner; i++)
        ms_buf_append_char(out, i < filled ? '#' : '-');
    ms_buf_append_char(out, ']');
}

void progress_render(struct ms_buf *out, const struct scan_progress *progress, size_t width)
{
    char text[PROGRESS_LINE_MAX];
    size_t length = 0;
    struct ms_buf part;
    ms_buf_init(&part, sizeof(text));
    for (size_t i = 0; i < PARTS_MAX; i++) {
        ms_buf_clear(&part);
        append_part(&part, progress, i);
        if (length + part.len > width || length + part.len > sizeof(text))
            break;
        memcpy(text + length, part.data, part.len);
        length += part.len;
    }
    ms_buf_free(&part);
    if (width > length + 2 && width - length - 2 >= BAR_MIN) {
        append_bar(out, progress, width - length - 2);
        ms_buf_append(out, MS_STR("  "));
    }
    ms_buf_append(out, ms_str_n(text, length));
}
