/* SPDX-License-Identifier: Apache-2.0 */
/* The watcher process. */
#ifndef WATCHER_H
#define WATCHER_H

#include "reader/process/supervisor.h"

/* The life of the process, for ms_supervisor_run. `arg` is the struct reader_program. */
int watcher_run(const struct ms_child *child, void *arg);

#endif
