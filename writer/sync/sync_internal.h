/* SPDX-License-Identifier: Apache-2.0 */
/* What sync.c (the job), sync/events.c (a pass over waiting events) and sync/visit.c (a scan's
 * visit) share. A pass over events runs alone, but for a visit that only reads the tag list. */
#ifndef SYNC_INTERNAL_H
#define SYNC_INTERNAL_H

#include "writer/env.h"
#include "writer/sync/content.h"
#include "writer/sync/sync.h"
#include "writer/sync/tags.h"

struct events_pass;
struct visit;

struct sync_job {
    const struct env *env;
    struct ms_str repository; /* in `memory` */
    char *memory;
    struct sync_options options; /* but for `repository` */
    bool has_events;             /* rows may wait in the inbox */
    bool had_events;             /* a pass over events was made */
    bool one_by_one;             /* some event cannot be applied: which? */
    struct events_pass *events;  /* the pass under way, or NULL */
    struct visit *visit;         /* NULL: no visit, or it has ended */
    bool is_stepping;            /* a step of the visit is under way */
    size_t store_calls;          /* callbacks that will still come, also after a cancel */
    bool cancelled;
};

/* Every store callback of a job begins with this; false: nobody waits, touch nothing. */
bool sync_store_call_ended(struct sync_job *job);

/* A pass over the waiting events of the job's repository; ends in sync_events_ended. */
struct events_pass *events_pass_start(struct sync_job *job);
void events_pass_cancel(struct events_pass *pass); /* NULL is fine */
/* `may_be_more`: the pass loaded as many events as it may at once. */
void sync_events_ended(struct sync_job *job, bool may_be_more);

/* A visit advances by one step (a chunk of tags) each time; a step ends in sync_visit_stepped. */
struct visit *visit_new(struct sync_job *job);
void visit_step(struct visit *visit);
/* Events wait: what can be begun again is given up, and the step ends. */
void visit_yield(struct visit *visit);
/* The step under way only reads what later steps ask about one by one: events need not wait for it.
 */
bool visit_only_reads(const struct visit *visit);
/* In the tags that are done; NULL is fine. */
uint64_t visit_manifests(const struct visit *visit);
void visit_free(struct visit *visit); /* cancels the step under way; NULL is fine */
void sync_visit_stepped(struct sync_job *job, const struct sync_report *report, bool is_finished);

#endif
