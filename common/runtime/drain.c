/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The orderly end of a process. The main files call ms_loop_drain, the parts register steps; it
 * calls loop. States of a step: waiting (until its phase begins), begun, done. Phases only go up;
 * every pass over the steps is a deferred call, so that nothing is called back from inside a start.
 */
#include "common/base/alloc.h"
#include "common/runtime/loop_internal.h"

enum step_state { STEP_WAITING, STEP_BEGUN, STEP_DONE };

struct ms_drain {
    struct ms_drain *next;
    struct ms_loop *loop;
    enum ms_drain_phase phase;
    enum step_state state;
    const char *name;
    ms_loop_call *begin;
    void *arg;
};

enum drain_state { NOT_DRAINING, DRAINING, DRAINED, TIMED_OUT };

struct ms_drains {
    struct ms_drain *first; /* in the order of registration */
    struct ms_timer *timeout;
    enum drain_state state;
    int phase;
    bool pass_is_deferred;
};

struct ms_drains *ms_drains_new(void)
{
    return ms_alloc(sizeof(struct ms_drains));
}

void ms_drains_free(struct ms_drains *drains)
{
    ms_timer_free(drains->timeout);
    while (drains->first != NULL) {
        struct ms_drain *next = drains->first->next;
        free(drains->first);
        drains->first = next;
    }
    free(drains);
}

static struct ms_drain *find_step(const struct ms_drains *drains, bool (*wanted)(enum step_state))
{
    for (struct ms_drain *step = drains->first; step != NULL; step = step->next) {
        if ((int)step->phase <= drains->phase && wanted(step->state))
            return step;
    }
    return NULL;
}

static bool is_waiting(enum step_state state)
{
    return state == STEP_WAITING;
}

static bool is_unfinished(enum step_state state)
{
    return state != STEP_DONE;
}

/* Looks from the front for each step: `begin` may register and unregister others. */
static void begin_steps(struct ms_drains *drains)
{
    struct ms_drain *step;
    while ((step = find_step(drains, is_waiting)) != NULL) {
        step->state = STEP_BEGUN;
        step->begin(step->arg);
    }
}

static void finish(struct ms_loop *loop, enum drain_state state)
{
    struct ms_drains *drains = ms_loop_drains(loop);
    drains->state = state;
    ms_timer_stop(drains->timeout);
    ms_loop_stop(loop);
}

static void on_pass(void *arg)
{
    struct ms_loop *loop = arg;
    struct ms_drains *drains = ms_loop_drains(loop);
    drains->pass_is_deferred = false;
    while (drains->state == DRAINING) {
        begin_steps(drains);
        if (find_step(drains, is_unfinished) != NULL)
            return;
        if (++drains->phase == MS_DRAIN_PHASES)
            finish(loop, DRAINED);
    }
}

static void defer_pass(struct ms_loop *loop)
{
    struct ms_drains *drains = ms_loop_drains(loop);
    if (drains->state != DRAINING || drains->pass_is_deferred)
        return;
    drains->pass_is_deferred = true;
    ms_loop_defer(loop, on_pass, loop);
}

static void on_timeout(void *arg)
{
    finish(arg, TIMED_OUT);
}

struct ms_drain *ms_drain_register(struct ms_loop *loop, enum ms_drain_phase phase,
                                   const char *name, ms_loop_call *begin, void *arg)
{
    struct ms_drain *step = ms_alloc(sizeof(*step));
    *step =
        (struct ms_drain){.loop = loop, .phase = phase, .name = name, .begin = begin, .arg = arg};
    struct ms_drain **place = &ms_loop_drains(loop)->first;
    while (*place != NULL)
        place = &(*place)->next;
    *place = step;
    defer_pass(loop);
    return step;
}

void ms_drain_done(struct ms_drain *drain)
{
    if (drain->state != STEP_BEGUN)
        return;
    drain->state = STEP_DONE;
    defer_pass(drain->loop);
}

void ms_drain_unregister(struct ms_drain *drain)
{
    if (drain == NULL)
        return;
    struct ms_loop *loop = drain->loop;
    struct ms_drain **place = &ms_loop_drains(loop)->first;
    while (*place != drain)
        place = &(*place)->next;
    *place = drain->next;
    free(drain);
    defer_pass(loop);
}

void ms_loop_drain(struct ms_loop *loop, uint64_t timeout_ms)
{
    struct ms_drains *drains = ms_loop_drains(loop);
    if (drains->state != NOT_DRAINING)
        return;
    drains->state = DRAINING;
    drains->timeout = ms_timer_new(loop, on_timeout, loop);
    ms_timer_start(drains->timeout, timeout_ms);
    defer_pass(loop);
}

bool ms_loop_is_draining(const struct ms_loop *loop)
{
    return ms_loop_drains(loop)->state != NOT_DRAINING;
}

bool ms_loop_drained(const struct ms_loop *loop)
{
    return ms_loop_drains(loop)->state == DRAINED;
}

const char *ms_loop_drain_waits_for(const struct ms_loop *loop)
{
    const struct ms_drain *step = find_step(ms_loop_drains(loop), is_unfinished);
    return step != NULL ? step->name : NULL;
}
