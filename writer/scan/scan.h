/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Full scans: catalog (or the fixed list) and the known repositories, each visited through the
 * scheduler; removals are applied at the end, or held when they are too many to believe.
 */
#ifndef SCAN_H
#define SCAN_H

#include "writer/store/store.h"

struct env;
struct scheduler;
struct scan;

struct scan_progress {
    bool is_running;
    int64_t started_ms;                             /* wall clock */
    uint64_t repositories_done, repositories_total; /* total grows while the catalog is read */
    uint64_t tags, manifests;
    double rate;         /* manifests a second, over the whole scan */
    int64_t eta_seconds; /* -1: unknown */
};

struct scan *scan_new(const struct env *env, struct scheduler *scheduler);
void scan_free(struct scan *scan);

/* From now on scans are started by plan: one when the last complete one is too old. */
void scan_begin_term(struct scan *scan);
void scan_end_term(struct scan *scan); /* abandons a running one, stops timers */
/* Starts at once; MS_CONFLICT while one runs. */
enum ms_status scan_start(struct scan *scan, bool accept_removals) MS_CHECKED;
/* Asks for one soon: several at once make one, at most one a minute. `why` goes to the log. */
void scan_request(struct scan *scan, const char *why);
/* interval.fetch_all may have changed. */
void scan_reload(struct scan *scan);
void scan_get_progress(struct scan_progress *out, const struct scan *scan);
/* Told at the end of each scan: whether it was complete. For --scan. */
void scan_on_end(struct scan *scan, void (*on_end)(bool complete, void *arg), void *arg);

#endif
