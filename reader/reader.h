/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a worker. */
#ifndef READER_H
#define READER_H

struct ms_child;

/* For ms_supervisor_run. `arg` is the struct reader_program. */
int reader_run_worker(const struct ms_child *child, void *arg);

#endif
