/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See periodic_task.h. Always holds: while the work is under way the timer rests;
 * periodic_task_done starts it again.
 */
#include "writer/upkeep/periodic_task.h"

#include "common/base/alloc.h"
#include "common/runtime/log.h"
#include "writer/env.h"
#include "writer/store/store.h"

#include <stdlib.h>

struct periodic_task {
    const struct env *env;
    const char *name;
    periodic_task_start *start;
    void *arg;
    struct ms_timer *timer;
    uint64_t every_ms; /* 0: ended */
    bool is_under_way;
    bool has_failed; /* the last time; the log knows */
};

static void wait_for_next(struct periodic_task *task)
{
    if (task->every_ms > 0)
        ms_timer_start(task->timer, task->every_ms);
}

static void on_expire(void *arg)
{
    struct periodic_task *task = arg;
    if (task->env->term == 0 || !ms_store_writer_is_connected(task->env->store)) {
        wait_for_next(task);
        return;
    }
    task->is_under_way = true;
    task->start(task->arg);
}

struct periodic_task *periodic_task_new(const struct env *env, const char *name,
                                        periodic_task_start *start, void *arg)
{
    struct periodic_task *task = ms_alloc(sizeof(*task));
    *task = (struct periodic_task){.env = env, .name = name, .start = start, .arg = arg};
    task->timer = ms_timer_new(env->loop, on_expire, task);
    return task;
}

void periodic_task_free(struct periodic_task *task)
{
    if (task == NULL)
        return;
    ms_timer_free(task->timer);
    free(task);
}

void periodic_task_begin(struct periodic_task *task, uint64_t first_ms, uint64_t every_ms)
{
    task->every_ms = every_ms;
    ms_timer_stop(task->timer);
    if (every_ms > 0 && !task->is_under_way)
        ms_timer_start(task->timer, first_ms);
}

void periodic_task_end(struct periodic_task *task)
{
    task->every_ms = 0;
    task->is_under_way = false;
    ms_timer_stop(task->timer);
}

void periodic_task_done(struct periodic_task *task, const struct ms_error *err)
{
    task->is_under_way = false;
    if (err != NULL && !task->has_failed)
        ms_log(MS_LOG_WARN, "a periodic task failed and will be tried again",
               MS_FIELDS(ms_field_c("task", task->name), ms_field_error(err)));
    task->has_failed = err != NULL;
    wait_for_next(task);
}
