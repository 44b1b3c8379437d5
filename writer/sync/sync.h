/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing one repository in the database to what the registry says: one job at a time, made of
 * passes. An event pass looks at what the waiting events name; a visit (scan) goes through all tags
 * in chunks, and lets waiting events go first between two chunks.
 *
 * The truth is the registry: an event only says where to look.
 */
#ifndef SYNC_H
#define SYNC_H

#include "common/base/status.h"
#include "common/base/str.h"

struct env;
struct sync_job;

/* What a visit found. */
struct sync_report {
    const struct ms_error *err; /* NULL: every tag was visited */
    uint64_t tags, manifests, added, unreadable;
    uint64_t removals; /* candidates that were recorded for the end of the scan */
};
typedef void sync_visited(struct ms_str repository, const struct sync_report *report, void *arg);

/* The end of a job. The scheduler starts the next for that repository if there is work. */
typedef void sync_ended(struct sync_job *job, void *arg);

/* Events gave reason for a scan, which is put down in the database already. */
typedef void sync_scan_wanted(const char *why, void *arg);

struct sync_options {
    struct ms_str repository; /* copied */
    sync_visited *on_visited; /* NULL: events only */
    void *visited_arg;
    int64_t scan_id; /* of the scan that visits */
    sync_scan_wanted *on_scan_wanted;
    void *scan_wanted_arg;
    sync_ended *on_ended;
    void *arg; /* on_ended's */
};

/* The job frees itself after on_ended. */
struct sync_job *sync_start(const struct env *env, const struct sync_options *options);
struct ms_str sync_job_repository(const struct sync_job *job);
/* Events arrived for a repository that is being visited: they go first. */
void sync_job_wake(struct sync_job *job);
/* It looked at events, and may have postponed some of them. */
bool sync_job_had_events(const struct sync_job *job);
bool sync_job_is_visit(const struct sync_job *job);
/* Manifests that its visit, not ended yet, has gone through. */
uint64_t sync_job_manifests(const struct sync_job *job);
/* No callbacks any more; frees it. */
void sync_job_cancel(struct sync_job *job);

#endif
