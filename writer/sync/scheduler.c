/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See scheduler.h. What waits is in the inbox's table, not in memory: the scheduler asks the store
 * which repositories have events due, starts jobs for them, and asks again when rows were
 * committed, when a job has ended, when the next postponed event is due, and every second all the
 * same (another process may have put dead letters back).
 *
 * Each kind of due events has slots of its own, so that none waits for the end of another's
 * backlog. The last ones to come go first: a push is seen at once, and looked at again in time,
 * whatever waits. So that nothing is left behind for ever, repositories with fresh events are also
 * taken in turn, by name (`after` is where the last walk through them had to stop), and those with
 * events to be looked at again by how long they are due.
 */
#include "writer/sync/scheduler.h"

#include "common/base/alloc.h"
#include "common/base/refname.h"
#include "writer/env.h"
#include "writer/store/store.h"

#include <stdlib.h>
#include <string.h>

enum {
    SCHEDULER_POLL_MS = 1000,
    SCHEDULER_TURN_MS = 10 /* before a walk that began in the middle begins from the start */
};

struct job_slot {
    struct scheduler *scheduler;
    enum ms_due_kind kind; /* what it was started for */
    uint64_t commits_seen; /* rows that these brought are its job's to load */
    struct sync_job *job;
    struct job_slot *next;
};

/* A visit that was asked for while its repository had a job. */
struct visit_request {
    char *repository;
    int64_t scan_id;
    sync_visited *on_visited;
    void *arg;
    struct visit_request *next;
};

struct scheduler {
    const struct env *env;
    sync_scan_wanted *on_scan_wanted;
    void *scan_wanted_arg;
    struct job_slot *jobs;
    struct visit_request *visits;
    struct ms_timer *due_timer;
    uint64_t n_commits;           /* of rows into the inbox, by this process */
    struct ms_store_call *asking; /* the store is asked what is due; or NULL */
    bool ask_again;               /* rows came meanwhile */
    bool has_unserved;            /* more is due than jobs may run */
    bool is_running;              /* between terms nothing is started */

    struct ms_str after; /* of fresh repositories; in after_text; empty: from the start */
    char after_text[MS_REPOSITORY_NAME_MAX];
    size_t n_fresh; /* that the store has told of since it was asked */
    bool is_stuck;  /* one of them had no slot */
    bool walk_began_late;
};

static void ask(struct scheduler *scheduler);
static void on_ended(struct sync_job *job, void *arg);

static struct job_slot *find_job(const struct scheduler *scheduler, struct ms_str repository)
{
    for (struct job_slot *slot = scheduler->jobs; slot != NULL; slot = slot->next) {
        if (ms_str_equal(sync_job_repository(slot->job), repository))
            return slot;
    }
    return NULL;
}

/* --- jobs --- */

static bool has_slot(const struct scheduler *scheduler, enum ms_due_kind kind)
{
    size_t n_of_kind = 0;
    for (const struct job_slot *slot = scheduler->jobs; slot != NULL; slot = slot->next)
        n_of_kind += slot->kind == kind && !sync_job_is_visit(slot->job);
    return n_of_kind < SCHEDULER_KIND_JOBS_MAX;
}

static struct job_slot *start_job(struct scheduler *scheduler, struct sync_options options)
{
    struct job_slot *slot = ms_alloc(sizeof(*slot));
    options.on_scan_wanted = scheduler->on_scan_wanted;
    options.scan_wanted_arg = scheduler->scan_wanted_arg;
    options.on_ended = on_ended;
    options.arg = slot;
    slot->scheduler = scheduler;
    slot->commits_seen = scheduler->n_commits;
    slot->job = sync_start(scheduler->env, &options);
    slot->next = scheduler->jobs;
    scheduler->jobs = slot;
    return slot;
}

static void start_visit(struct scheduler *scheduler, struct ms_str repository, int64_t scan_id,
                        sync_visited *on_visited, void *arg)
{
    (void)start_job(scheduler, (struct sync_options){.repository = repository,
                                                     .scan_id = scan_id,
                                                     .on_visited = on_visited,
                                                     .visited_arg = arg});
}

static void free_visit(struct visit_request *request)
{
    free(request->repository);
    free(request);
}

/* Its repository may have a visit that waited for it. */
static void on_ended(struct sync_job *job, void *arg)
{
    struct job_slot *slot = arg;
    struct scheduler *scheduler = slot->scheduler;
    struct job_slot **place = &scheduler->jobs;
    struct visit_request **next = &scheduler->visits;
    while (*place != slot)
        place = &(*place)->next;
    *place = slot->next;
    free(slot);
    while (*next != NULL && !ms_str_equal(ms_str((*next)->repository), sync_job_repository(job)))
        next = &(*next)->next;
    if (*next != NULL) {
        struct visit_request *visit = *next;
        *next = visit->next;
        start_visit(scheduler, sync_job_repository(job), visit->scan_id, visit->on_visited,
                    visit->arg);
        free_visit(visit);
    }
    if (scheduler->has_unserved || sync_job_had_events(job))
        ask(scheduler); /* the job may have postponed some: when is the next one due? */
}

/* --- what is due? --- */

/* False: there is no slot for it. */
static bool serve(struct scheduler *scheduler, struct ms_str repository, enum ms_due_kind kind)
{
    struct job_slot *running = find_job(scheduler, repository);
    if (running == NULL) {
        if (!has_slot(scheduler, kind))
            return false;
        start_job(scheduler, (struct sync_options){.repository = repository})->kind = kind;
        return true;
    }
    /* A job of events has loaded what was due when it began, and when it ends the store is asked
     * again: only rows that were committed since then are news for it. */
    if (running->commits_seen != scheduler->n_commits || sync_job_is_visit(running->job)) {
        running->commits_seen = scheduler->n_commits;
        sync_job_wake(running->job);
    }
    return true;
}

static void on_due(struct ms_str repository, enum ms_due_kind kind, void *arg)
{
    struct scheduler *scheduler = arg;
    bool is_served = serve(scheduler, repository, kind);
    scheduler->has_unserved |= !is_served;
    if (kind != MS_DUE_FRESH)
        return;
    scheduler->n_fresh++;
    scheduler->is_stuck |= !is_served;
    /* No registry has a longer name, and so it is no repository's event. */
    if (!scheduler->is_stuck && repository.len <= sizeof(scheduler->after_text)) {
        memcpy(scheduler->after_text, repository.ptr, repository.len);
        scheduler->after = ms_str_n(scheduler->after_text, repository.len);
    }
}

/* Where does the next walk through the fresh repositories begin, and how soon must it? */
static void on_asked(const struct ms_error *err, int64_t next_due_ms, void *arg)
{
    struct scheduler *scheduler = arg;
    uint64_t wait_ms = SCHEDULER_POLL_MS;
    scheduler->asking = NULL;
    if (err == NULL) {
        bool began_late = scheduler->walk_began_late;
        bool is_over = scheduler->n_fresh < SCHEDULER_DUE_BATCH;
        if (is_over && !scheduler->is_stuck)
            scheduler->after = MS_STR("");
        if (!scheduler->is_stuck && (!is_over || began_late))
            wait_ms = SCHEDULER_TURN_MS;
        else if (next_due_ms >= 0 && next_due_ms < SCHEDULER_POLL_MS)
            wait_ms = (uint64_t)next_due_ms;
    }
    if (err == NULL && scheduler->ask_again)
        ask(scheduler);
    else
        ms_timer_start(scheduler->due_timer, wait_ms);
}

static void ask(struct scheduler *scheduler)
{
    if (scheduler->asking != NULL) {
        scheduler->ask_again = true;
        return;
    }
    scheduler->ask_again = scheduler->has_unserved = scheduler->is_stuck = false;
    scheduler->n_fresh = 0;
    scheduler->walk_began_late = scheduler->after.len > 0;
    ms_timer_stop(scheduler->due_timer);
    scheduler->asking = ms_store_inbox_due(scheduler->env->store, scheduler->after,
                                           SCHEDULER_DUE_BATCH, on_due, on_asked, scheduler);
}

static void on_due_timer(void *arg)
{
    ask(arg);
}

/* --- life --- */

struct scheduler *scheduler_new(const struct env *env, sync_scan_wanted *on_scan_wanted, void *arg)
{
    struct scheduler *scheduler = ms_alloc(sizeof(*scheduler));
    scheduler->env = env;
    scheduler->on_scan_wanted = on_scan_wanted;
    scheduler->scan_wanted_arg = arg;
    scheduler->after = MS_STR("");
    scheduler->due_timer = ms_timer_new(env->loop, on_due_timer, scheduler);
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
    scheduler->is_running = true;
    ask(scheduler);
}

void scheduler_end_term(struct scheduler *scheduler)
{
    scheduler->is_running = false;
    ms_timer_stop(scheduler->due_timer);
    ms_store_call_cancel(scheduler->asking);
    scheduler->asking = NULL;
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
    scheduler->n_commits++;
    if (scheduler->is_running)
        ask(scheduler);
}

void scheduler_visit(struct scheduler *scheduler, struct ms_str repository, int64_t scan_id,
                     sync_visited *on_visited, void *arg)
{
    if (find_job(scheduler, repository) == NULL) {
        start_visit(scheduler, repository, scan_id, on_visited, arg);
        return;
    }
    struct visit_request *visit = ms_alloc(sizeof(*visit)); /* begins when the job has ended */
    *visit = (struct visit_request){.repository = ms_alloc_str(repository),
                                    .scan_id = scan_id,
                                    .on_visited = on_visited,
                                    .arg = arg,
                                    .next = scheduler->visits};
    scheduler->visits = visit;
}

uint64_t scheduler_visited_manifests(const struct scheduler *scheduler)
{
    uint64_t n = 0;
    for (const struct job_slot *slot = scheduler->jobs; slot != NULL; slot = slot->next)
        n += sync_job_manifests(slot->job);
    return n;
}
