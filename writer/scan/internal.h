/* SPDX-License-Identifier: Apache-2.0 */
/* What scan.c (the walk over repositories), scan/removals.c (its end) and scan/plan.c (when the
 * next one starts) share. */
#ifndef SCAN_INTERNAL_H
#define SCAN_INTERNAL_H

#include "writer/env.h"
#include "writer/registry/client.h"
#include "writer/registry/name_list.h"
#include "writer/scan/scan.h"
#include "writer/sync/sync.h"

struct removals;

enum scan_end { SCAN_NOT_BEGUN, SCAN_INCOMPLETE, SCAN_COMPLETE };

/* Times are monotonic; 0: never. */
struct scan_plan {
    struct ms_timer *timer;
    bool is_ready;           /* the database has told when the last complete scan was */
    int64_t due_ms;          /* when the interval, or a failure, wants the next one */
    uint64_t interval_ms;    /* interval.fetch_all, as planned with */
    int64_t requested_ms;    /* the latest request that no complete scan has met; 0: none waits */
    int64_t last_met_ms;     /* when a scan last started because of a request */
    int64_t started_ms;      /* the running or last scan */
    struct ms_backoff retry; /* after incomplete ones */
};

struct scan {
    const struct env *env;
    struct scheduler *scheduler;
    struct scan_plan plan;
    size_t store_calls; /* callbacks that will still come, also after the end of the term */
    bool is_running;
    bool accept_removals;
    void (*on_end)(bool complete, void *arg);
    void *on_end_arg;

    /* of the running scan */
    struct ms_scan_record record;
    struct ms_error err; /* the first failure; status MS_OK: none */
    int64_t started_ms;
    uint64_t requests_before; /* the registry client's counter at its beginning */
    struct registry_call *catalog_call;
    char *remembered_page; /* an earlier `next` of the catalog; see repeats_itself() */
    uint64_t n_pages;
    bool catalog_is_read, known_is_read, known_is_asked;
    struct name_list *queue; /* repositories to visit, in order of discovery */
    size_t next;             /* the first of them that was not begun */
    size_t in_flight;
    char *after; /* last known repository that was queued */
    struct removals *removals;
    bool is_ending; /* everything was visited */
};

/* scan.c: the first failure makes the scan incomplete; it goes on all the same. */
void scan_note_failure(struct scan *scan, const struct ms_error *err);

/* scan/plan.c */
void scan_plan_init(struct scan *scan);
void scan_plan_started(struct scan *scan);
void scan_plan_after(struct scan *scan, enum scan_end how);
void scan_plan_end_term(struct scan *scan);

/* scan/removals.c: applies, or holds, what the visits put down. Ends in scan_removals_ended. */
struct removals *removals_start(struct scan *scan);
void removals_cancel(struct removals *removals); /* NULL is fine */
void scan_removals_ended(struct scan *scan, uint64_t n_removed);

#endif
