/* SPDX-License-Identifier: Apache-2.0 */
/* See pulls.h. One store call a turn, whatever the number of events. */
#include "writer/upkeep/pulls.h"

#include "common/base/alloc.h"
#include "common/runtime/metrics.h"
#include "writer/env.h"
#include "writer/store/store.h"
#include "writer/upkeep/periodic_task.h"

#include <stdlib.h>

enum { PULLS_EVERY_MS = 15 * 1000 };

struct pulls {
    const struct env *env;
    struct periodic_task *task;
    struct ms_store_call *call;
};

static void on_collected(const struct ms_error *err, uint64_t count, void *arg)
{
    struct pulls *pulls = arg;
    pulls->call = NULL;
    if (err == NULL && count > 0)
        ms_metrics_add(MS_METRIC_EVENTS, "pull", "applied", (double)count);
    periodic_task_done(pulls->task, err);
}

static void collect(void *arg)
{
    struct pulls *pulls = arg;
    pulls->call = ms_store_pulls_collect(pulls->env->store, pulls->env->term, on_collected, pulls);
}

struct pulls *pulls_new(const struct env *env)
{
    struct pulls *pulls = ms_alloc(sizeof(*pulls));
    pulls->env = env;
    pulls->task = periodic_task_new(env, "pull counts", collect, pulls);
    return pulls;
}

void pulls_free(struct pulls *pulls)
{
    if (pulls == NULL)
        return;
    pulls_end_term(pulls);
    periodic_task_free(pulls->task);
    free(pulls);
}

void pulls_begin_term(struct pulls *pulls)
{
    periodic_task_begin(pulls->task, PULLS_EVERY_MS, PULLS_EVERY_MS);
}

void pulls_end_term(struct pulls *pulls)
{
    periodic_task_end(pulls->task);
    ms_store_call_cancel(pulls->call);
    pulls->call = NULL;
}
