/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a worker. */
#ifndef READER_H
#define READER_H

struct child_info;

/* For supervisor_run. `arg` is the struct reader_program. */
int reader_run_worker(const struct child_info *child, void *arg);

#endif
