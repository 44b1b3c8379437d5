/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A single piece of work on the database, in the foreground: waits for the database, runs it, gives
 * the program's exit status.
 */
#ifndef STORE_TASK_H
#define STORE_TASK_H

#include "common/config/config.h"
#include "writer/store/store.h"

struct store_task {
    const char *name; /* for the log */
    /* Starts the work; it is started again while it ends with MS_UNAVAILABLE. */
    struct ms_store_call *(*start)(struct ms_store_writer *store, ms_store_done *on_done,
                                   void *done_arg, void *arg);
    void *arg;
};

int store_task_run(const struct ms_config *config, const struct store_task *task);

#endif
