/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See scan.h. The way of a scan:
 *
 *   begin     a row in the table of scans; its id is the scan's number
 *   catalog   page by page (or the fixed list), names queued as they come
 *   known     then the repositories that the database knows and the catalog did not name: absence
 *             from a catalog only makes the writer ask
 *   visits    meanwhile: a bounded number of repositories under way through the scheduler
 *   removals  what the visits put down is applied, or held
 *   end       the row is completed
 *
 * When the next one starts is scan/plan.c's.
 */
#include "writer/scan/scan.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/config/config.h"
#include "common/runtime/limit.h"
#include "common/runtime/log.h"
#include "writer/env.h"
#include "writer/parse/selection.h"
#include "writer/registry/client.h"
#include "writer/registry/name_list.h"
#include "writer/scan/plan.h"
#include "writer/scan/removals.h"
#include "writer/sync/scheduler.h"

#include <stdlib.h>
#include <string.h>

enum { SCAN_KNOWN_PAGE = 1000 };

struct scan {
    const struct env *env;
    struct scheduler *scheduler;
    struct scan_plan *plan;
    bool is_running;
    bool accept_removals;
    void (*on_end)(bool complete, void *arg);
    void *on_end_arg;

    /* of the running scan */
    struct ms_scan_record record;
    struct ms_error err; /* the first failure; status MS_OK: none */
    int64_t started_ms;
    uint64_t requests_before;         /* the registry client's counter at its beginning */
    struct ms_store_call *store_call; /* begin and end, or NULL */
    struct registry_call *catalog_call;
    char *remembered_page; /* an earlier `next` of the catalog; see remember_page() */
    uint64_t n_pages;
    bool catalog_is_read;
    struct ms_store_call *known_call; /* a page of known repositories is being read, or NULL */
    size_t n_known_rows;              /* of that page */
    char *after;                      /* last known repository that was queued */
    bool known_is_read;
    struct name_list *queue; /* repositories to visit, in order of discovery */
    size_t next;             /* the first of them that was not begun */
    size_t in_flight;
    struct removals *removals; /* everything was visited; or NULL */
};

static void read_catalog(struct scan *scan, struct ms_str next);
static void read_known(struct scan *scan);
static void pump(struct scan *scan);

/* --- failures --- */

/* The first one makes the scan incomplete; it goes on all the same. */
static void note_failure(struct scan *scan, const struct ms_error *err)
{
    if (scan->err.status == MS_OK)
        scan->err = *err;
}

/* --- the queue of repositories --- */

static void enqueue(struct scan *scan, struct ms_str name)
{
    struct ms_error err;
    bool is_new;
    if (!selection_has(scan->env->config, name))
        return;
    if (name_list_add(&is_new, scan->queue, name) != MS_OK) {
        ms_limit_reached(MS_LIMIT_SCAN_NAMES);
        (void)ms_error_set(&err, MS_TOO_LARGE, "too many repositories for one scan");
        note_failure(scan, &err);
    }
}

/* --- the end --- */

static void free_run(struct scan *scan)
{
    ms_store_call_cancel(scan->store_call);
    ms_store_call_cancel(scan->known_call);
    registry_call_cancel(scan->catalog_call);
    removals_cancel(scan->removals);
    name_list_free(scan->queue);
    free(scan->after);
    free(scan->remembered_page);
    scan->store_call = scan->known_call = NULL;
    scan->catalog_call = NULL;
    scan->removals = NULL;
    scan->queue = NULL;
    scan->after = scan->remembered_page = NULL;
    scan->n_pages = 0;
    scan->next = scan->in_flight = 0;
    scan->is_running = scan->accept_removals = false;
}

static void tell_end(struct scan *scan, enum scan_end how)
{
    free_run(scan);
    scan_plan_note_end(scan->plan, how);
    if (scan->on_end != NULL)
        scan->on_end(how == SCAN_COMPLETE, scan->on_end_arg);
}

static void on_ended(const struct ms_error *err, void *arg)
{
    struct scan *scan = arg;
    scan->store_call = NULL;
    if (err != NULL)
        ms_log(MS_LOG_ERROR, "the end of the scan could not be recorded",
               MS_FIELDS(ms_field_error(err)));
    tell_end(scan, err == NULL && scan->record.complete ? SCAN_COMPLETE : SCAN_INCOMPLETE);
}

static void on_removals_done(const struct ms_error *err, uint64_t n_removed, void *arg)
{
    struct scan *scan = arg;
    struct ms_scan_record *record = &scan->record;
    struct registry_health health;
    registry_client_health(&health, scan->env->registry);
    scan->removals = NULL;
    if (err != NULL)
        note_failure(scan, err);
    record->removed = n_removed;
    record->requests = health.requests - scan->requests_before;
    record->complete = scan->err.status == MS_OK;
    if (!record->complete)
        record->error = ms_str(scan->err.text);
    ms_log(record->complete ? MS_LOG_INFO : MS_LOG_WARN,
           record->complete ? "scan complete" : "scan incomplete",
           MS_FIELDS(ms_field_u64("repositories", record->repositories),
                     ms_field_u64("tags", record->tags),
                     ms_field_u64("manifests", record->manifests),
                     ms_field_u64("added", record->added), ms_field_u64("removed", record->removed),
                     ms_field_u64("unreadable", record->unreadable),
                     ms_field_u64("requests", record->requests),
                     ms_field_i64("ms", ms_clock_wall_ms() - scan->started_ms),
                     ms_field_str("error", record->error)));
    scan->store_call = ms_store_scan_end(scan->env->store, scan->env->term, record, on_ended, scan);
}

/* --- visits --- */

static void on_visited(struct ms_str repository, const struct sync_report *report, void *arg)
{
    struct scan *scan = arg;
    scan->in_flight--;
    scan->record.repositories++;
    scan->record.tags += report->tags;
    scan->record.manifests += report->manifests;
    scan->record.added += report->added;
    scan->record.unreadable += report->unreadable;
    if (report->err != NULL) {
        ms_log(MS_LOG_WARN, "repository could not be scanned",
               MS_FIELDS(ms_field_str("repository", repository), ms_field_error(report->err)));
        note_failure(scan, report->err);
    }
    pump(scan);
}

static void pump(struct scan *scan)
{
    uint64_t window = scan->env->config->registry.concurrency;
    size_t n_queued;
    const struct ms_str *queue = name_list_all(scan->queue, &n_queued);
    while (scan->next < n_queued && scan->in_flight < window) {
        scan->in_flight++;
        scheduler_visit(scan->scheduler, queue[scan->next++], scan->record.id, on_visited, scan);
    }
    bool has_ended = scan->removals != NULL || scan->store_call != NULL;
    if (scan->catalog_is_read && scan->known_is_read && scan->in_flight == 0 && !has_ended)
        scan->removals = removals_start(scan->env, scan->record.id, scan->accept_removals,
                                        on_removals_done, scan);
}

/* --- known repositories --- */

static void on_known(struct ms_str name, void *arg)
{
    struct scan *scan = arg;
    enqueue(scan, name);
    free(scan->after);
    scan->after = ms_alloc_str(name);
    scan->n_known_rows++;
}

static void on_known_page(const struct ms_error *err, void *arg)
{
    struct scan *scan = arg;
    scan->known_call = NULL;
    if (err != NULL)
        note_failure(scan, err);
    if (err == NULL && scan->n_known_rows == SCAN_KNOWN_PAGE)
        read_known(scan);
    else
        scan->known_is_read = true;
    pump(scan);
}

static void read_known(struct scan *scan)
{
    struct ms_str after = scan->after != NULL ? ms_str(scan->after) : MS_STR("");
    scan->n_known_rows = 0;
    scan->known_call = ms_store_repositories_after(scan->env->store, after, SCAN_KNOWN_PAGE,
                                                   on_known, on_known_page, scan);
}

/* --- catalog --- */

static void end_catalog(struct scan *scan)
{
    scan->catalog_is_read = true;
    read_known(scan);
    pump(scan);
}

/* Pages that lead in a circle, of whatever length, are noticed by keeping one earlier page, a new
 * one each time the number of pages has doubled (Brent's algorithm). */
static void remember_page(struct scan *scan, struct ms_str next)
{
    scan->n_pages++;
    if ((scan->n_pages & (scan->n_pages - 1)) != 0)
        return;
    free(scan->remembered_page);
    scan->remembered_page = ms_alloc_str(next);
}

static void on_catalog_page(const struct registry_reply *reply, void *arg)
{
    struct scan *scan = arg;
    struct ms_error err;
    scan->catalog_call = NULL;
    for (size_t i = 0; i < reply->n_names; i++)
        enqueue(scan, reply->names[i]);
    if (reply->outcome != REGISTRY_FOUND)
        note_failure(scan, reply->error);
    bool has_next = reply->outcome == REGISTRY_FOUND && !ms_str_is_absent(reply->next);
    if (has_next && reply->n_names > 0) {
        /* distribution 2.8 comes upon "lib/0ad" before "lib", and leaves "lib" out when a page ends
         * between the two: so whatever the last name of a page lies in is asked for, too. */
        struct ms_str last = reply->names[reply->n_names - 1];
        for (size_t len = last.len; len > 0; len--)
            if (last.ptr[len - 1] == '/')
                enqueue(scan, ms_str_slice(last, 0, len - 1));
    }
    bool is_circle = has_next && scan->remembered_page != NULL &&
                     ms_str_equal(ms_str(scan->remembered_page), reply->next);
    if (is_circle) {
        (void)ms_error_set(&err, MS_PROTOCOL, "the registry's catalog repeats itself");
        note_failure(scan, &err);
    }
    if (!has_next || is_circle) {
        end_catalog(scan);
        return;
    }
    remember_page(scan, reply->next);
    read_catalog(scan, reply->next);
    pump(scan);
}

static void read_catalog(struct scan *scan, struct ms_str next)
{
    scan->catalog_call = registry_catalog_page(scan->env->registry, next, on_catalog_page, scan);
}

/* --- begin --- */

static void on_begun(const struct ms_error *err, int64_t scan_id, void *arg)
{
    struct scan *scan = arg;
    const struct ms_string_list *fixed = &scan->env->config->registry.repositories;
    scan->store_call = NULL;
    if (err != NULL) {
        ms_log(MS_LOG_WARN, "scan could not begin", MS_FIELDS(ms_field_error(err)));
        tell_end(scan, SCAN_NOT_BEGUN);
        return;
    }
    scan->record.id = scan_id;
    if (fixed->count == 0) {
        read_catalog(scan, MS_STR_ABSENT);
        return;
    }
    for (size_t i = 0; i < fixed->count; i++)
        enqueue(scan, ms_str(fixed->items[i]));
    end_catalog(scan);
}

enum ms_status scan_start(struct scan *scan, bool accept_removals)
{
    const struct env *env = scan->env;
    struct registry_health health;
    if (scan->is_running)
        return MS_CONFLICT;
    if (env->term == 0)
        return MS_UNAVAILABLE;
    registry_client_health(&health, env->registry);
    registry_client_forget_own_notifications(env->registry);
    scan->is_running = true;
    scan->accept_removals = accept_removals;
    scan->record = (struct ms_scan_record){.id = 0};
    scan->err = (struct ms_error){.status = MS_OK};
    scan->started_ms = ms_clock_wall_ms();
    scan->requests_before = health.requests;
    scan->catalog_is_read = scan->known_is_read = false;
    scan->queue = name_list_new();
    scan->store_call = ms_store_scan_begin(env->store, env->term, on_begun, scan);
    scan_plan_note_start(scan->plan);
    ms_log(MS_LOG_INFO, "scan started", NULL);
    return MS_OK;
}

/* --- by plan --- */

static void on_due(void *arg)
{
    if (scan_start(arg, false) != MS_OK)
        ms_log(MS_LOG_DEBUG, "a scan runs already", NULL);
}

void scan_request(struct scan *scan, const char *why)
{
    if (scan->env->term == 0)
        return;
    ms_log(MS_LOG_INFO, "scan requested", MS_FIELDS(ms_field_c("why", why)));
    scan_plan_request(scan->plan);
}

void scan_begin_term(struct scan *scan)
{
    scan_plan_begin_term(scan->plan);
}

void scan_reload(struct scan *scan)
{
    scan_plan_reload(scan->plan);
}

/* --- life --- */

void scan_end_term(struct scan *scan)
{
    scan_plan_end_term(scan->plan);
    if (!scan->is_running)
        return;
    ms_log(MS_LOG_WARN, "scan abandoned", NULL);
    free_run(scan);
}

struct scan *scan_new(const struct env *env, struct scheduler *scheduler)
{
    struct scan *scan = ms_alloc(sizeof(*scan));
    scan->env = env;
    scan->scheduler = scheduler;
    scan->plan = scan_plan_new(env, on_due, scan);
    return scan;
}

void scan_free(struct scan *scan)
{
    if (scan == NULL)
        return;
    free_run(scan);
    scan_plan_free(scan->plan);
    free(scan);
}

void scan_on_end(struct scan *scan, void (*on_end)(bool complete, void *arg), void *arg)
{
    scan->on_end = on_end;
    scan->on_end_arg = arg;
}

void scan_get_progress(struct scan_progress *out, const struct scan *scan)
{
    *out = (struct scan_progress){.is_running = scan->is_running, .eta_seconds = -1};
    if (!scan->is_running)
        return;
    double seconds = (double)(ms_clock_wall_ms() - scan->started_ms) / 1000.0;
    size_t n_queued;
    (void)name_list_all(scan->queue, &n_queued);
    out->started_ms = scan->started_ms;
    out->repositories_done = scan->record.repositories;
    out->repositories_total = n_queued;
    out->tags = scan->record.tags;
    out->manifests = scan->record.manifests + scheduler_visited_manifests(scan->scheduler);
    out->rate = seconds > 0 ? (double)out->manifests / seconds : 0;
    if (scan->record.repositories > 0 && scan->catalog_is_read)
        out->eta_seconds = (int64_t)(seconds / (double)scan->record.repositories *
                                     (double)(n_queued - scan->record.repositories));
}
