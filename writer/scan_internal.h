/* SPDX-License-Identifier: Apache-2.0 */
/* What scan.c (the walk over repositories) and scan_removals.c (its end) share. */
#ifndef SCAN_INTERNAL_H
#define SCAN_INTERNAL_H

#include "writer/scan.h"
#include "writer/sync.h"
#include "writer/writer.h"

struct removals;

struct scan {
    struct writer *writer;
    struct ms_timer *timer;  /* interval.fetch_all, or a request that waits its minute */
    int64_t last_request_ms; /* monotonic; when a request last started one */
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
    struct ms_arena *names_arena;
    struct ms_str *queue; /* repositories to visit, in order of discovery */
    size_t n_queued, queue_capacity, next;
    size_t *slots; /* hash table over queue: index + 1, or 0 */
    size_t n_slots;
    size_t in_flight;
    char *after; /* last known repository that was queued */
    struct removals *removals;
    bool is_ending; /* everything was visited */
};

/* scan.c: the first failure makes the scan incomplete; it goes on all the same. */
void scan_note_failure(struct scan *scan, const struct ms_error *err);

/* scan_removals.c: applies, or holds, what the visits put down. Ends in scan_removals_ended. */
struct removals *removals_start(struct scan *scan);
void removals_cancel(struct removals *removals); /* NULL is fine */
void scan_removals_ended(struct scan *scan, uint64_t n_removed);

#endif
