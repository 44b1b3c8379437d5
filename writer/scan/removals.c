/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See removals.h. In order:
 *
 *   count    forget what this scan did not find again; is it too much?
 *   list     a page of repositories with removals that may be applied
 *   apply    (repeated) one repository, one transaction
 */
#include "writer/scan/removals.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/runtime/log.h"
#include "writer/env.h"
#include "writer/store/store.h"

#include <stdlib.h>

enum {
    REMOVALS_UNSUSPICIOUS = 20, /* up to so many repositories, or tags, are believed at once */
    REMOVALS_SHARE = 10,        /* and up to one in so many */
    REMOVALS_CONFIRM_AFTER_MS = 10 * 60 * 1000,
    REMOVALS_PAGE = 100
};

/* Later than anything: independent of the database's clock. */
static const int64_t REMOVALS_ALL_MS = 4102444800000; /* 2100-01-01 */

struct removals {
    const struct env *env;
    bool accept;
    removals_done *on_done;
    void *arg;
    int64_t before_ms; /* only what was first found before this is applied */
    char *page[REMOVALS_PAGE];
    size_t n_page, next;
    char *after;
    uint64_t n_removed;
    struct ms_store_call *call;
};

static void list(struct removals *removals);
static void apply_next(struct removals *removals);

void removals_cancel(struct removals *removals)
{
    if (removals == NULL)
        return;
    ms_store_call_cancel(removals->call);
    for (size_t i = 0; i < removals->n_page; i++)
        free(removals->page[i]);
    free(removals->after);
    ms_loop_defer_free(removals->env->loop, removals);
}

static void end(struct removals *removals, const struct ms_error *err)
{
    removals->on_done(err, removals->n_removed, removals->arg);
    removals_cancel(removals);
}

/* --- apply --- */

static void on_applied(const struct ms_error *err, const struct ms_apply_result *result, void *arg)
{
    struct removals *removals = arg;
    removals->call = NULL;
    if (err != NULL) {
        end(removals, err);
        return;
    }
    removals->n_removed += result->tags_removed;
    apply_next(removals);
}

static void apply_next(struct removals *removals)
{
    if (removals->next == removals->n_page) {
        list(removals);
        return;
    }
    struct ms_apply change = {.term = removals->env->term,
                              .from_scan = true,
                              .repository = ms_str(removals->page[removals->next++]),
                              .removals_before_ms = removals->before_ms};
    removals->call = ms_store_apply(removals->env->store, &change, on_applied, removals);
}

/* --- list --- */

static void on_repository(struct ms_str name, void *arg)
{
    struct removals *removals = arg;
    if (removals->n_page < REMOVALS_PAGE)
        removals->page[removals->n_page++] = ms_alloc_str(name);
}

static void on_listed(const struct ms_error *err, void *arg)
{
    struct removals *removals = arg;
    removals->call = NULL;
    if (err != NULL || removals->n_page == 0)
        end(removals, err);
    else
        apply_next(removals);
}

static void list(struct removals *removals)
{
    if (removals->n_page > 0) {
        free(removals->after);
        removals->after = ms_alloc_copy(removals->page[removals->n_page - 1]);
    }
    for (size_t i = 0; i < removals->n_page; i++)
        free(removals->page[i]);
    removals->n_page = removals->next = 0;
    struct ms_str after = removals->after != NULL ? ms_str(removals->after) : MS_STR("");
    removals->call = ms_store_removals_after(removals->env->store, after, removals->before_ms,
                                             REMOVALS_PAGE, on_repository, on_listed, removals);
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
    removals->call = NULL;
    if (err != NULL || counts->repositories + counts->tags == 0) {
        end(removals, err);
        return;
    }
    removals->before_ms = REMOVALS_ALL_MS;
    bool is_held = is_suspicious(counts->repositories, counts->all_repositories) ||
                   is_suspicious(counts->tags, counts->all_tags);
    if (is_held && !removals->accept) {
        ms_log(MS_LOG_WARN, "removals are held until a later scan confirms them",
               MS_FIELDS(ms_field_u64("repositories", counts->repositories),
                         ms_field_u64("tags", counts->tags)));
        removals->before_ms = ms_clock_wall_ms() - REMOVALS_CONFIRM_AFTER_MS;
    }
    list(removals);
}

struct removals *removals_start(const struct env *env, int64_t scan_id, bool accept,
                                removals_done *on_done, void *arg)
{
    struct removals *removals = ms_alloc(sizeof(*removals));
    *removals = (struct removals){.env = env, .accept = accept, .on_done = on_done, .arg = arg};
    removals->call = ms_store_removals_count(env->store, env->term, scan_id, on_counted, removals);
    return removals;
}
