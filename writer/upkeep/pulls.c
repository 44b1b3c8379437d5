/* SPDX-License-Identifier: Apache-2.0 */
/* See pulls.h. One store call a turn, whatever the number of events. */
#include "writer/upkeep/pulls.h"

#include "common/base/alloc.h"
#include "common/runtime/metrics.h"
#include "writer/env.h"
#include "writer/store/store.h"
#include "writer/upkeep/chore.h"

enum { PULLS_EVERY_MS = 15 * 1000 };

struct pulls {
    const struct env *env;
    struct chore *chore;
};

static void on_collected(const struct ms_error *err, uint64_t count, void *arg)
{
    struct pulls *pulls = arg;
    if (err == NULL && count > 0)
        ms_metrics_add(MS_METRIC_EVENTS, "pull", "applied", (double)count);
    chore_done(pulls->chore, err);
}

static enum ms_status collect(struct chore *chore, void *arg)
{
    struct pulls *pulls = arg;
    (void)chore;
    return ms_store_pulls_collect(pulls->env->store, pulls->env->term, on_collected, pulls);
}

struct pulls *pulls_new(const struct env *env)
{
    struct pulls *pulls = ms_alloc(sizeof(*pulls));
    pulls->env = env;
    pulls->chore = chore_new(env, "pull counts", collect, pulls);
    return pulls;
}

void pulls_free(struct pulls *pulls)
{
    if (pulls == NULL)
        return;
    chore_free(pulls->chore);
    free(pulls);
}

void pulls_begin_term(struct pulls *pulls)
{
    chore_begin(pulls->chore, PULLS_EVERY_MS, PULLS_EVERY_MS);
}

void pulls_end_term(struct pulls *pulls)
{
    chore_end(pulls->chore);
}
