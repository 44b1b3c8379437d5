/* SPDX-License-Identifier: Apache-2.0 */
/* See flatpak_refs.h. One statement every 15 s, which looks at a bounded number of images. */
#include "writer/upkeep/flatpak_refs.h"

#include "common/base/alloc.h"
#include "common/runtime/metrics.h"
#include "writer/env.h"
#include "writer/store/store.h"
#include "writer/upkeep/periodic_task.h"

#include <stdlib.h>

enum { COUNT_EVERY_MS = 15 * 1000 };

struct flatpak_refs {
    const struct env *env;
    struct periodic_task *task;
    struct ms_store_call *call;
};

static void on_counted(const struct ms_error *err, uint64_t count, void *arg)
{
    struct flatpak_refs *refs = arg;
    refs->call = NULL;
    if (err == NULL)
        ms_metrics_set(MS_METRIC_FLATPAK_REFS_DOUBLED, NULL, NULL, (double)count);
    periodic_task_done(refs->task, err);
}

static void count_doubled(void *arg)
{
    struct flatpak_refs *refs = arg;
    refs->call = ms_store_flatpak_doubled(refs->env->store, refs->env->term, on_counted, refs);
}

struct flatpak_refs *flatpak_refs_new(const struct env *env)
{
    struct flatpak_refs *refs = ms_alloc(sizeof(*refs));
    refs->env = env;
    refs->task = periodic_task_new(env, "Flatpak refs", count_doubled, refs);
    return refs;
}

void flatpak_refs_free(struct flatpak_refs *refs)
{
    if (refs == NULL)
        return;
    flatpak_refs_end_term(refs);
    periodic_task_free(refs->task);
    free(refs);
}

void flatpak_refs_begin_term(struct flatpak_refs *refs)
{
    periodic_task_begin(refs->task, COUNT_EVERY_MS, COUNT_EVERY_MS);
}

void flatpak_refs_end_term(struct flatpak_refs *refs)
{
    periodic_task_end(refs->task);
    ms_store_call_cancel(refs->call);
    refs->call = NULL;
}
