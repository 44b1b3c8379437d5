/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor of a reader: opens the listening sockets and keeps them until it drains, maps the
 * shared memory, forks the children before any event base exists, replaces those that die (with a
 * growing pause) and those that hang, passes signals on and drains. It runs no event loop and
 * serves nothing itself.
 *
 * A child gets SIGTERM (drain and exit) and SIGHUP (read the configuration again) from the
 * supervisor; SIGINT, which a terminal sends to the whole process group, it ignores. It may get
 * SIGTERM more than once (systemd sends it to all processes). It is killed when the supervisor
 * dies.
 */
#ifndef MS_SUPERVISOR_H
#define MS_SUPERVISOR_H

#include "common/base/status.h"
#include "common/config/config.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHILD_BEAT_EVERY_MS = 1000 };

/* What a child is given. Valid in the child for its whole life. */
struct child_info {
    size_t index; /* 0 … n_workers-1 for workers; n_workers for the watcher */
    size_t n_workers;
    int listen_fd;           /* a worker's own copy of its socket, which it may close; else -1 */
    int admin_fd;            /* the same of the socket that all workers share; or -1 */
    int wake_fd;             /* eventfd: readable when the watcher changed shared memory; else -1 */
    const int *wake_fds;     /* for the watcher: one of each worker, n_workers of them */
    void *shared;            /* shared memory of all processes */
    _Atomic uint64_t *beats; /* for supervisor_child_beat */
    sigset_t signals;        /* for supervisor_child_ready */
};

/* The child calls it once its handlers of signals stand: until then signals wait for it. */
void supervisor_child_ready(const struct child_info *child);
/* The child's loop turns: to be called every CHILD_BEAT_EVERY_MS, from it. */
void supervisor_child_beat(const struct child_info *child);

struct supervisor_options {
    const char *listen;       /* address, see ms_listen; a Unix socket is shared by all workers */
    const char *admin_listen; /* another one, shared by all workers; NULL: none */
    size_t n_workers;         /* 1 … MS_WORKERS_MAX */
    size_t shared_bytes;      /* zeroed */
    const uint64_t *shutdown_timeout_ms; /* a reload may change it */
    uint64_t hang_timeout_ms; /* a child that does not beat for so long is killed; 0: it need not */
    /* The life of a child; its return value is the exit status. Called after fork. */
    int (*run_worker)(const struct child_info *child, void *arg);
    int (*run_watcher)(const struct child_info *child, void *arg);
    /* SIGHUP: called in the supervisor; the signal is passed on when it returns true. */
    bool (*on_reload)(void *arg);
    /* A child died and is being replaced. For the metric. May be NULL. */
    void (*on_restart)(void *shared, void *arg);
    void *arg;
};

/* Runs until SIGTERM or SIGINT and everything has ended; returns the program's exit status: 0 when
 * all children drained, 1 when the start failed, a child had to be killed, or a second signal cut
 * the drain short. */
int supervisor_run(const struct supervisor_options *options);

#endif
