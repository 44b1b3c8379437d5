/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pass over the waiting events of one repository: the registry is asked about what they name, and
 * what it says is applied.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "writer/sync/sync.h"

struct events_pass;

enum events_end {
    EVENTS_DONE, /* for now: some may have been postponed, or wait since the pass failed */
    EVENTS_MORE, /* the pass loaded as many as it may: there may be more */
    /* The database refuses for good what some of them would write: they are to be tried one by one,
     * and the one that is refused alone becomes a dead letter. */
    EVENTS_REFUSED
};

struct events_options {
    struct ms_str repository; /* lives as long as the pass */
    bool one_by_one;
    sync_scan_wanted *on_scan_wanted;
    void *scan_wanted_arg;
    void (*on_ended)(enum events_end how, void *arg);
    void *arg; /* on_ended's */
};

/* The pass frees itself after on_ended. */
struct events_pass *events_pass_start(const struct env *env, const struct events_options *options);
void events_pass_cancel(struct events_pass *pass); /* no callback any more; NULL is fine */

#endif
