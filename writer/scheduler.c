/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See scheduler.h. What waits is in the inbox's table, not in memory: the scheduler asks the store
 * which repositories have events due, starts jobs for them, and asks again when rows were
 * committed, when a job has ended, or when the next postponed event is due.
 */
#include "writer/scheduler.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/metrics.h"
#include "writer/writer.h"

enum { SCHEDULER_STORE_PAUSE_MS = 1000, SCHEDULER_BURY_MAX = 500 };

struct job_slot {
    struct scheduler *scheduler;
    struct sync_job *job;
    struct job_slot *next;
};

/* A visit that was asked for while its repository had a job. */
struct visit_request {
    char *repository;
    sync_visited *on_visited;
    void *arg;
    struct visit_request *next;
};

struct scheduler {
    struct writer *writer;
    struct job_slot *jobs;
    struct visit_request *visits;
    struct ms_timer *due_timer;
    bool is_asking;    /* the store is asked what is due */
    bool ask_again;    /* rows came meanwhile */
    bool has_unserved; /* more is due than jobs may run */
    bool has_nameless; /* events that name no repository are due: to be buried */
    uint64_t term;     /* 0: between terms nothing is started */
    int64_t bury_ids[SCHEDULER_BURY_MAX];
    size_t n_bury;
};

static void ask(struct scheduler *scheduler);
static void start_job(struct scheduler *scheduler, struct ms_str repository,
                      sync_visited *on_visited, void *visited_arg);

static struct job_slot *find_job(const struct scheduler *scheduler, struct ms_str repository)
{
    for (struct job_slot *slot = scheduler->jobs; slot != NULL; slot = slot->next) {
        if (ms_str_equal(sync_job_repository(slot->job), repository))
            return slot;
    }
    return NULL;
}

/* --- visits that wait for a job to end --- */

static void queue_visit(struct scheduler *scheduler, struct ms_str repository,
                        sync_visited *on_visited, void *arg)
{
    struct visit_request *request = ms_alloc(sizeof(*request));
    *request = (struct visit_request){ms_alloc_str(repository), on_visited, arg, scheduler->visits};
    scheduler->visits = request;
}

static void free_visit(struct visit_request *request)
{
    free(request->repository);
    free(request);
}

static bool start_queued_visit(struct scheduler *scheduler, struct ms_str repository)
{
    struct visit_request **link = &scheduler->visits;
    while (*link != NULL && !ms_str_equal(ms_str((*link)->repository), repository))
        link = &(*link)->next;
    if (*link == NULL)
        return false;
    struct visit_request *request = *link;
    *link = request->next;
    start_job(scheduler, repository, request->on_visited, request->arg);
    free_visit(request);
    return true;
}

/* --- jobs --- */

static void remove_slot(struct scheduler *scheduler, struct job_slot *slot)
{
    struct job_slot **link = &scheduler->jobs;
    while (*link != slot)
        link = &(*link)->next;
    *link = slot->next;
    free(slot);
}

static size_t count_event_jobs(const struct scheduler *scheduler)
{
    size_t n = 0;
    for (const struct job_slot *slot = scheduler->jobs; slot != NULL; slot = slot->next)
        n += !sync_job_is_visit(slot->job);
    return n;
}

static void on_ended(struct sync_job *job, void *arg)
{
    struct job_slot *slot = arg;
    struct scheduler *scheduler = slot->scheduler;
    remove_slot(scheduler, slot);
    (void)start_queued_visit(scheduler, sync_job_repository(job));
    if (scheduler->has_unserved || sync_job_had_events(job))
        ask(scheduler); /* the job may have postponed some: when is the next one due? */
}

static void start_job(struct scheduler *scheduler, struct ms_str repository,
                      sync_visited *on_visited, void *visited_arg)
{
    struct job_slot *slot = ms_alloc(sizeof(*slot));
    slot->scheduler = scheduler;
    slot->job = sync_start(scheduler->writer, repository, on_visited, visited_arg, on_ended, slot);
    slot->next = scheduler->jobs;
    scheduler->jobs = slot;
}

/* --- events that name no repository: nothing can be looked at --- */

static void on_nameless_row(const struct ms_inbox_row *row, void *arg)
{
    struct scheduler *scheduler = arg;
    if (scheduler->n_bury < SCHEDULER_BURY_MAX)
        scheduler->bury_ids[scheduler->n_bury++] = row->id;
}

static void on_buried(const struct ms_error *err, void *arg)
{
    struct scheduler *scheduler = arg;
    if (err != NULL)
        return; /* they stay due */
    ms_metrics_add(MS_METRIC_EVENTS, "other", "dead", (double)scheduler->n_bury);
    if (scheduler->term != 0)
        ask(scheduler);
}

static void on_nameless_loaded(const struct ms_error *err, void *arg)
{
    struct scheduler *scheduler = arg;
    struct writer *writer = scheduler->writer;
    if (err != NULL || scheduler->n_bury == 0 || scheduler->term == 0)
        return;
    ms_log(MS_LOG_WARN, "events that name no repository became dead letters",
           MS_FIELDS(ms_field_u64("events", scheduler->n_bury)));
    if (ms_store_inbox_bury(writer->store, writer->term, scheduler->bury_ids, scheduler->n_bury,
                            MS_STR("names no repository"), on_buried, scheduler) != MS_OK)
        return; /* they stay due */
}

static void bury_nameless(struct scheduler *scheduler)
{
    scheduler->has_nameless = false;
    scheduler->n_bury = 0;
    if (ms_store_inbox_load(scheduler->writer->store, MS_STR(""), SCHEDULER_BURY_MAX,
                            on_nameless_row, on_nameless_loaded, scheduler) != MS_OK)
        return; /* they stay due */
}

/* --- what is due? --- */

static void on_due(struct ms_str repository, void *arg)
{
    struct scheduler *scheduler = arg;
    if (scheduler->term == 0)
        return;
    struct job_slot *running = find_job(scheduler, repository);
    if (repository.len == 0)
        scheduler->has_nameless = true;
    else if (running != NULL)
        sync_job_wake(running->job);
    else if (count_event_jobs(scheduler) < SCHEDULER_EVENT_JOBS_MAX)
        start_job(scheduler, repository, NULL, NULL);
    else
        scheduler->has_unserved = true;
}

static void on_asked(const struct ms_error *err, int64_t next_due_ms, void *arg)
{
    struct scheduler *scheduler = arg;
    scheduler->is_asking = false;
    if (scheduler->term == 0)
        return;
    if (scheduler->has_nameless)
        bury_nameless(scheduler);
    if (err != NULL)
        ms_timer_start(scheduler->due_timer, SCHEDULER_STORE_PAUSE_MS);
    else if (scheduler->ask_again)
        ask(scheduler);
    else if (next_due_ms >= 0)
        ms_timer_start(scheduler->due_timer, (uint64_t)next_due_ms);
}

static void ask(struct scheduler *scheduler)
{
    if (scheduler->is_asking) {
        scheduler->ask_again = true;
        return;
    }
    scheduler->ask_again = false;
    scheduler->has_unserved = false;
    ms_timer_stop(scheduler->due_timer);
    if (ms_store_inbox_due(scheduler->writer->store, SCHEDULER_DUE_BATCH, on_due, on_asked,
                           scheduler) == MS_OK)
        scheduler->is_asking = true;
    else
        ms_timer_start(scheduler->due_timer, SCHEDULER_STORE_PAUSE_MS);
}

static void on_due_timer(void *arg)
{
    ask(arg);
}

/* --- life --- */

struct scheduler *scheduler_new(struct writer *writer)
{
    struct scheduler *scheduler = ms_alloc(sizeof(*scheduler));
    scheduler->writer = writer;
    scheduler->due_timer = ms_timer_new(writer->loop, on_due_timer, scheduler);
    return scheduler;
}

void scheduler_free(struct scheduler *scheduler)
{
    if (scheduler == NULL)
        return;
    scheduler_end_term(scheduler);
    ms_timer_free(scheduler->due_timer);
    free(scheduler);
}

void scheduler_begin_term(struct scheduler *scheduler)
{
    scheduler->term = scheduler->writer->term;
    ask(scheduler);
}

void scheduler_end_term(struct scheduler *scheduler)
{
    scheduler->term = 0;
    ms_timer_stop(scheduler->due_timer);
    while (scheduler->jobs != NULL) {
        struct job_slot *slot = scheduler->jobs;
        scheduler->jobs = slot->next;
        sync_job_cancel(slot->job);
        free(slot);
    }
    while (scheduler->visits != NULL) {
        struct visit_request *request = scheduler->visits;
        scheduler->visits = request->next;
        free_visit(request);
    }
}

void scheduler_wake(struct scheduler *scheduler)
{
    if (scheduler->term != 0)
        ask(scheduler);
}

void scheduler_visit(struct scheduler *scheduler, struct ms_str repository,
                     sync_visited *on_visited, void *arg)
{
    if (find_job(scheduler, repository) != NULL)
        queue_visit(scheduler, repository, on_visited, arg);
    else
        start_job(scheduler, repository, on_visited, arg);
}

uint64_t scheduler_visited_manifests(const struct scheduler *scheduler)
{
    uint64_t n = 0;
    for (const struct job_slot *slot = scheduler->jobs; slot != NULL; slot = slot->next)
        n += sync_job_manifests(slot->job);
    return n;
}
