/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a scan: what its visits put down as gone is applied, or held when it is too much to
 * believe at once: more than 20 and more than a tenth of all tags, or of all repositories.
 *
 *   count    forget what this scan did not find again; is it too much?
 *   list     a page of repositories with removals that may be applied
 *   apply    (repeated) one repository, one transaction
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/runtime/log.h"
#include "writer/scan/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    REMOVALS_UNSUSPICIOUS = 20, /* up to so many repositories, or tags, are believed at once */
    REMOVALS_SHARE = 10,        /* and up to one in so many */
    REMOVALS_CONFIRM_AFTER_MS = 10 * 60 * 1000,
    REMOVALS_PAGE = 100
};

/* Later than anything: independent of the database's clock. */
static const int64_t REMOVALS_ALL_MS = 4102444800000; /* 2100-01-01 */

struct removals {
    struct scan *scan;
    int64_t before_ms; /* only what was first found before this is applied */
    char *page[REMOVALS_PAGE];
    size_t n_page, next;
    char *after;
    uint64_t n_removed;
    size_t store_calls;
    bool cancelled;
};

static void list(struct removals *removals);

static void release(struct removals *removals)
{
    for (size_t i = 0; i < removals->n_page; i++)
        free(removals->page[i]);
    free(removals->after);
    ms_loop_defer_free(removals->scan->env->loop, removals);
}

void removals_cancel(struct removals *removals)
{
    if (removals == NULL)
        return;
    removals->cancelled = true;
    if (removals->store_calls == 0)
        release(removals);
}

static bool store_call_ended(struct removals *removals)
{
    removals->store_calls--;
    if (!removals->cancelled)
        return true;
    if (removals->store_calls == 0)
        release(removals);
    return false;
}

static void end(struct removals *removals, const struct ms_error *err)
{
    struct scan *scan = removals->scan;
    uint64_t n_removed = removals->n_removed;
    if (err != NULL)
        scan_note_failure(scan, err);
    release(removals);
    scan_removals_ended(scan, n_removed);
}

static void refused(struct removals *removals)
{
    removals->store_calls--;
    end(removals, ms_store_writer_refusal(removals->scan->env->store));
}

/* --- apply --- */

static void apply_next(struct removals *removals);

static void on_applied(const struct ms_error *err, const struct ms_apply_result *result, void *arg)
{
    struct removals *removals = arg;
    if (!store_call_ended(removals))
        return;
    if (err != NULL) {
        end(removals, err);
        return;
    }
    removals->n_removed += result->tags_removed;
    apply_next(removals);
}

static void apply_next(struct removals *removals)
{
    const struct env *env = removals->scan->env;
    if (removals->next == removals->n_page) {
        list(removals);
        return;
    }
    struct ms_apply change = {.term = env->term,
                              .from_scan = true,
                              .repository = ms_str(removals->page[removals->next++]),
                              .removals_before_ms = removals->before_ms};
    removals->store_calls++;
    if (ms_store_apply(env->store, &change, on_applied, removals) != MS_OK)
        refused(removals);
}

/* --- list --- */

static void on_repository(struct ms_str name, void *arg)
{
    struct removals *removals = arg;
    if (!removals->cancelled && removals->n_page < REMOVALS_PAGE)
        removals->page[removals->n_page++] = ms_alloc_str(name);
}

static void on_listed(const struct ms_error *err, void *arg)
{
    struct removals *removals = arg;
    if (!store_call_ended(removals))
        return;
    if (err != NULL || removals->n_page == 0)
        end(removals, err);
    else
        apply_next(removals);
}

static void forget_page(struct removals *removals)
{
    if (removals->n_page > 0) {
        free(removals->after);
        removals->after = ms_alloc_copy(removals->page[removals->n_page - 1]);
    }
    for (size_t i = 0; i < removals->n_page; i++)
        free(removals->page[i]);
    removals->n_page = removals->next = 0;
}

static void list(struct removals *removals)
{
    forget_page(removals);
    struct ms_str after = removals->after != NULL ? ms_str(removals->after) : MS_STR("");
    removals->store_calls++;
    if (ms_store_removals_after(removals->scan->env->store, after, removals->before_ms,
                                REMOVALS_PAGE, on_repository, on_listed, removals) != MS_OK)
        refused(removals);
}

/* --- count --- */

static bool is_suspicious(uint64_t n, uint64_t of_all)
{
    return n > REMOVALS_UNSUSPICIOUS && n > of_all / REMOVALS_SHARE;
}

static void on_counted(const struct ms_error *err, const struct ms_removal_counts *counts,
                       void *arg)
{
    struct removals *removals = arg;
    if (!store_call_ended(removals))
        return;
    if (err != NULL || counts->repositories + counts->tags == 0) {
        end(removals, err);
        return;
    }
    removals->before_ms = REMOVALS_ALL_MS;
    bool is_held = is_suspicious(counts->repositories, counts->all_repositories) ||
                   is_suspicious(counts->tags, counts->all_tags);
    if (is_held && !removals->scan->accept_removals) {
        ms_log(MS_LOG_WARN, "removals are held until a later scan confirms them",
               MS_FIELDS(ms_field_u64("repositories", counts->repositories),
                         ms_field_u64("tags", counts->tags)));
        removals->before_ms = ms_clock_wall_ms() - REMOVALS_CONFIRM_AFTER_MS;
    }
    list(removals);
}

static void on_refused(void *arg)
{
    struct removals *removals = arg;
    on_counted(ms_store_writer_refusal(removals->scan->env->store), NULL, removals);
}

struct removals *removals_start(struct scan *scan)
{
    struct removals *removals = ms_alloc(sizeof(*removals));
    removals->scan = scan;
    removals->store_calls++;
    if (ms_store_removals_count(scan->env->store, scan->env->term, scan->record.id, on_counted,
                                removals) != MS_OK)
        ms_loop_defer(scan->env->loop, on_refused, removals);
    return removals;
}
