/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of events into the database: requests that arrive together commit together, and each is
 * told when its events are safe.
 */
#ifndef INBOX_H
#define INBOX_H

#include "writer/store/store.h"

struct env;
struct inbox;

enum {
    /* Events that wait for a commit; what comes while others wait and would go beyond is MS_BUSY
     * (503, counted). */
    INBOX_WAITING_MAX_BYTES = 32 * 1024 * 1024,
    /* A commit takes whole submissions until it has so many events. */
    INBOX_COMMIT_MAX_EVENTS = 1000
};

struct inbox_events {
    void (*on_committed)(void *arg); /* new rows of changes are in the database */
    /* The reason for a scan is committed, so that it survives a crash. */
    void (*on_scan_wanted)(const char *why, void *arg);
    void *arg;
};
struct inbox *inbox_new(const struct env *env, const struct inbox_events *events);
void inbox_free(struct inbox *inbox); /* before the store; no callbacks any more; NULL is fine */

/* What one request brings. */
struct inbox_submission {
    const struct ms_event_record *events; /* copied */
    size_t n_events;
    bool wants_scan; /* something was not read: a scan is to find what it told */
};

/* Commits it and then calls on_done, with the error of the commit or NULL. Whatever scan it gives
 * reason for is durable then, and requested. */
struct inbox_ticket;
enum ms_status inbox_submit(struct inbox_ticket **out, struct inbox *inbox,
                            const struct inbox_submission *submission, ms_store_done *on_done,
                            void *arg) MS_CHECKED;
/* The id needs no commit: it is none, or in the database already. */
bool inbox_knows_instance(const struct inbox *inbox, struct ms_str id);
/* No callback comes; the events are committed all the same. */
void inbox_ticket_cancel(struct inbox_ticket *ticket);

struct inbox_counts {
    uint64_t accepted, duplicates, oversized;
};
void inbox_get_counts(struct inbox_counts *out, const struct inbox *inbox);
void inbox_count_oversized(struct inbox *inbox);

#endif
