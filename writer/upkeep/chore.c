/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See chore.h. Always holds: while the work is under way the timer rests; chore_done starts it
 * again if the chore has not ended meanwhile.
 */
#include "writer/upkeep/chore.h"

#include "common/base/alloc.h"
#include "common/runtime/log.h"
#include "writer/env.h"
#include "writer/store/store.h"

struct chore {
    const struct env *env;
    const char *name;
    chore_start *start;
    void *arg;
    struct ms_timer *timer;
    uint64_t every_ms; /* 0: ended */
    bool is_under_way;
    bool has_failed; /* the last time; the log knows */
};

static void rest(struct chore *chore)
{
    if (chore->every_ms > 0)
        ms_timer_start(chore->timer, chore->every_ms);
}

static void on_expire(void *arg)
{
    struct chore *chore = arg;
    if (chore->env->term == 0 || !ms_store_writer_is_connected(chore->env->store)) {
        rest(chore);
        return;
    }
    chore->is_under_way = true;
    if (chore->start(chore, chore->arg) == MS_OK)
        return;
    chore->is_under_way = false;
    rest(chore);
}

struct chore *chore_new(const struct env *env, const char *name, chore_start *start, void *arg)
{
    struct chore *chore = ms_alloc(sizeof(*chore));
    *chore = (struct chore){.env = env, .name = name, .start = start, .arg = arg};
    chore->timer = ms_timer_new(env->loop, on_expire, chore);
    return chore;
}

void chore_free(struct chore *chore)
{
    if (chore == NULL)
        return;
    ms_timer_free(chore->timer);
    free(chore);
}

void chore_begin(struct chore *chore, uint64_t first_ms, uint64_t every_ms)
{
    chore->every_ms = every_ms;
    ms_timer_stop(chore->timer);
    if (every_ms > 0 && !chore->is_under_way)
        ms_timer_start(chore->timer, first_ms);
}

void chore_end(struct chore *chore)
{
    chore->every_ms = 0;
    ms_timer_stop(chore->timer);
}

static void note(struct chore *chore, const struct ms_error *err)
{
    /* Who no longer leads fails at everything, and has said so. */
    bool failed = err != NULL && chore->every_ms > 0;
    if (failed && !chore->has_failed)
        ms_log(MS_LOG_WARN, "a chore failed and will be tried again",
               MS_FIELDS(ms_field_c("chore", chore->name), ms_field_error(err)));
    chore->has_failed = failed;
}

void chore_done(struct chore *chore, const struct ms_error *err)
{
    chore->is_under_way = false;
    note(chore, err);
    rest(chore);
}
