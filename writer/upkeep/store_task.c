/* SPDX-License-Identifier: Apache-2.0 */
/* See store_task.h. A loop of its own, with nothing on it but the store and a timer. */
#include "writer/upkeep/store_task.h"

#include "common/runtime/log.h"

#include <stdlib.h>

enum { PAUSE_BASE_MS = 500, PAUSE_MAX_MS = 15 * 1000, WAITING_MAX = 4 };

struct run {
    const struct store_task *task;
    struct ms_loop *loop;
    struct ms_store_writer *store;
    struct ms_timer *timer;
    struct ms_backoff backoff;
    int exit_status;
};

static void on_done(const struct ms_error *err, void *arg)
{
    struct run *run = arg;
    if (err != NULL && err->status == MS_UNAVAILABLE) {
        uint64_t pause_ms = ms_backoff_next_ms(&run->backoff);
        ms_log(MS_LOG_WARN, "waiting for the database",
               MS_FIELDS(ms_field_u64("again_in_ms", pause_ms), ms_field_error(err)));
        ms_timer_start(run->timer, pause_ms);
        return;
    }
    if (err != NULL)
        ms_log(MS_LOG_ERROR, "failed",
               MS_FIELDS(ms_field_c("task", run->task->name), ms_field_error(err)));
    run->exit_status = err == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
    ms_loop_stop(run->loop);
}

static void on_start(void *arg)
{
    struct run *run = arg;
    (void)run->task->start(run->store, on_done, run, run->task->arg);
}

int store_task_run(const struct ms_config *config, const struct store_task *task)
{
    struct ms_store_options options = {.url = config->database.url,
                                       .application_name = "metastore-writer",
                                       .connections = 1,
                                       .max_waiting = WAITING_MAX};
    struct run run = {.task = task,
                      .loop = ms_loop_new(),
                      .backoff = {.base_ms = PAUSE_BASE_MS, .max_ms = PAUSE_MAX_MS},
                      .exit_status = EXIT_FAILURE};
    run.store = ms_store_writer_new(run.loop, &options);
    run.timer = ms_timer_new(run.loop, on_start, &run);
    ms_timer_start(run.timer, 0);
    ms_loop_run(run.loop);
    ms_timer_free(run.timer);
    ms_store_writer_free(run.store);
    ms_loop_free(run.loop);
    return run.exit_status;
}
