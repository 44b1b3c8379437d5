/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which repository is worked on when: at most one job a repository, a bounded number of jobs at
 * once, events before scan. Jobs are sync.c's.
 */
#ifndef SCHEDULER_H
#define SCHEDULER_H

#include "common/base/str.h"
#include "writer/sync/sync.h"

struct env;
struct scheduler;

enum {
    SCHEDULER_KIND_JOBS_MAX = 8, /* for events of each kind (enum ms_due_kind) */
    SCHEDULER_DUE_BATCH = 64
};

/* `on_scan_wanted`: some events gave reason for a scan. */
struct scheduler *scheduler_new(const struct env *env, sync_scan_wanted *on_scan_wanted, void *arg);
void scheduler_free(struct scheduler *scheduler);

void scheduler_begin_term(struct scheduler *scheduler); /* looks into the inbox at once */
void scheduler_end_term(struct scheduler *scheduler);   /* cancels every job, without callbacks */
/* Rows were committed into the inbox. */
void scheduler_wake(struct scheduler *scheduler);

/* Visits a repository for the scan of this id; on_visited comes exactly once, unless the term ends.
 * The caller bounds how many it has under way. */
void scheduler_visit(struct scheduler *scheduler, struct ms_str repository, int64_t scan_id,
                     sync_visited *on_visited, void *arg);

/* Manifests that the visits under way have gone through so far. */
uint64_t scheduler_visited_manifests(const struct scheduler *scheduler);

#endif
