/* SPDX-License-Identifier: Apache-2.0 */
/* The watcher process. */
#ifndef WATCHER_H
#define WATCHER_H

#include "reader/process/supervisor.h"

/* The life of the process, for supervisor_run. `arg` is the struct reader_program. */
int watcher_run(const struct child_info *child, void *arg);

#endif
