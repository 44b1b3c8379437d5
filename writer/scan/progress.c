/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See progress.h; the line itself is made in progress_line.c. The bar stands in the line below the
 * cursor, which rests at the beginning of an empty line: so a line of the log that comes between
 * two drawings is whole, and the next drawing puts the bar below it.
 */
#include "writer/scan/progress.h"

#include "common/base/alloc.h"
#include "common/runtime/log.h"

#include <sys/ioctl.h>
#include <unistd.h>

enum { DRAW_EVERY_MS = 200, LOG_EVERY_MS = 5000, WIDTH_DEFAULT = 80, WIDTH_MAX = 200 };

struct progress {
    const struct scan *scan;
    struct ms_timer *timer;
    int fd; /* -1: no terminal */
};

static size_t terminal_width(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

/* A terminal that does not take it shows no bar: nothing to be done about it. */
static void put(int fd, struct ms_str bytes)
{
    ssize_t written = write(fd, bytes.ptr, bytes.len);
    (void)written;
}

static void draw(int fd, const struct scan_progress *now)
{
    struct ms_buf out;
    ms_buf_init(&out, 2 * PROGRESS_LINE_MAX);
    ms_buf_append(&out,
                  MS_STR("\r\033[K\n\033[K")); /* an empty line, then the bar's own, emptied */
    progress_render(&out, now, terminal_width(fd) - 1); /* the last column would wrap */
    ms_buf_append(&out, MS_STR("\033[A\r"));
    put(fd, ms_buf_view(&out));
    ms_buf_free(&out);
}

static void log_line(const struct scan_progress *now)
{
    ms_log(MS_LOG_INFO, "scanning",
           MS_FIELDS(ms_field_u64("repositories", now->repositories_done),
                     ms_field_u64("of", now->repositories_total),
                     ms_field_u64("manifests", now->manifests),
                     ms_field_f64("rate", (double)(int64_t)(now->rate * 10) / 10),
                     ms_field_i64("eta_seconds", now->eta_seconds)));
}

static void on_tick(void *arg)
{
    struct progress *progress = arg;
    struct scan_progress now;
    scan_get_progress(&now, progress->scan);
    if (progress->fd >= 0)
        draw(progress->fd, &now);
    else if (now.is_running)
        log_line(&now);
    ms_timer_start(progress->timer, progress->fd >= 0 ? DRAW_EVERY_MS : LOG_EVERY_MS);
}

struct progress *progress_new(struct ms_loop *loop, const struct scan *scan, int fd)
{
    struct progress *progress = ms_alloc(sizeof(*progress));
    progress->scan = scan;
    progress->fd = isatty(fd) ? fd : -1;
    progress->timer = ms_timer_new(loop, on_tick, progress);
    ms_timer_start(progress->timer, progress->fd >= 0 ? 0 : LOG_EVERY_MS);
    return progress;
}

void progress_free(struct progress *progress)
{
    if (progress == NULL)
        return;
    if (progress->fd >= 0)
        put(progress->fd, MS_STR("\r\033[J"));
    ms_timer_free(progress->timer);
    free(progress);
}
