/* SPDX-License-Identifier: Apache-2.0 */
/* See counts.h. Each statement looks at a bounded number of rows, whatever there is. */
#include "writer/upkeep/counts.h"

#include "common/base/alloc.h"
#include "common/runtime/metrics.h"
#include "writer/env.h"
#include "writer/store/store.h"
#include "writer/upkeep/periodic_task.h"

#include <stdlib.h>

enum { COUNT_EVERY_MS = 15 * 1000 };

struct kind {
    const char *name; /* for the log */
    struct ms_store_call *(*start)(struct ms_store_writer *store, uint64_t term,
                                   ms_store_count_done *on_done, void *arg);
    void (*on_counted)(uint64_t count);
};

static void on_pulls(uint64_t count)
{
    ms_metrics_add(MS_METRIC_EVENTS, "pull", "applied", (double)count);
}

static void on_flatpak_refs(uint64_t count)
{
    ms_metrics_set(MS_METRIC_FLATPAK_REFS_DOUBLED, NULL, NULL, (double)count);
}

static const struct kind KINDS[] = {
    {"pull counts", ms_store_pulls_collect, on_pulls},
    {"Flatpak refs", ms_store_flatpak_doubled, on_flatpak_refs},
};

enum { N_KINDS = sizeof(KINDS) / sizeof(KINDS[0]) };

struct count {
    const struct kind *kind;
    const struct env *env;
    struct periodic_task *task;
    struct ms_store_call *call;
};

struct counts {
    struct count each[N_KINDS];
};

static void on_counted(const struct ms_error *err, uint64_t number, void *arg)
{
    struct count *count = arg;
    count->call = NULL;
    if (err == NULL)
        count->kind->on_counted(number);
    periodic_task_done(count->task, err);
}

static void start(void *arg)
{
    struct count *count = arg;
    count->call = count->kind->start(count->env->store, count->env->term, on_counted, count);
}

struct counts *counts_new(const struct env *env)
{
    struct counts *counts = ms_alloc(sizeof(*counts));
    for (size_t i = 0; i < N_KINDS; i++) {
        struct count *count = &counts->each[i];
        count->kind = &KINDS[i];
        count->env = env;
        count->task = periodic_task_new(env, KINDS[i].name, start, count);
    }
    return counts;
}

void counts_free(struct counts *counts)
{
    if (counts == NULL)
        return;
    counts_end_term(counts);
    for (size_t i = 0; i < N_KINDS; i++)
        periodic_task_free(counts->each[i].task);
    free(counts);
}

void counts_begin_term(struct counts *counts)
{
    for (size_t i = 0; i < N_KINDS; i++)
        periodic_task_begin(counts->each[i].task, COUNT_EVERY_MS, COUNT_EVERY_MS);
}

void counts_end_term(struct counts *counts)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        struct count *count = &counts->each[i];
        periodic_task_end(count->task);
        ms_store_call_cancel(count->call);
        count->call = NULL;
    }
}
