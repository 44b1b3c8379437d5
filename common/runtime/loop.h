/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop of a process: timers, descriptors, deferred calls, signals.
 *
 * Rules that every asynchronous interface of this program keeps:
 *  - a start function never calls back before it returns;
 *  - a callback comes exactly once (a stream's: any number of data, then one end);
 *  - none comes after cancel has returned;
 *  - nothing is freed inside its own callback chain: ms_loop_defer_free.
 */
#ifndef MS_LOOP_H
#define MS_LOOP_H

#include "common/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct ms_loop;
struct event_base;

typedef void ms_loop_call(void *arg);

struct ms_loop *ms_loop_new(void); /* aborts without memory; make it after fork */
/* Deferred calls that are left run now, also those that they defer. What was made on the loop must
 * have been freed before, or be freed by these calls. */
void ms_loop_free(struct ms_loop *loop); /* NULL is fine */
void ms_loop_run(struct ms_loop *loop);  /* until ms_loop_stop */
void ms_loop_stop(struct ms_loop *loop); /* leaves ms_loop_run after the present turn */

/* For what waits for sockets of its own: common/http, common/pg, writer/registry. */
struct event_base *ms_loop_base(struct ms_loop *loop);

/* Runs `call` in a later turn of the loop, in order. Cannot fail, cannot be cancelled. */
void ms_loop_defer(struct ms_loop *loop, ms_loop_call *call, void *arg);
void ms_loop_defer_free(struct ms_loop *loop, void *memory); /* free(3) in a later turn */

/* One-shot timers, true to a few milliseconds. Starting a running timer moves it. The callback may
 * start it again, or free it. */
struct ms_timer;
struct ms_timer *ms_timer_new(struct ms_loop *loop, ms_loop_call *on_expire, void *arg);
void ms_timer_start(struct ms_timer *timer, uint64_t after_ms);
void ms_timer_stop(struct ms_timer *timer);
bool ms_timer_is_running(const struct ms_timer *timer);
void ms_timer_free(struct ms_timer *timer); /* stops it; NULL is fine */

/* Growing, jittered pauses for trying again: 1/2 to 1 times base, 2·base, 4·base … max. */
struct ms_backoff {
    uint64_t base_ms;
    uint64_t max_ms;
    unsigned failures;
};
uint64_t ms_backoff_next_ms(struct ms_backoff *backoff);
void ms_backoff_reset(struct ms_backoff *backoff);

/* Descriptor readiness, level-triggered, until freed. The descriptor stays the caller's. */
enum { MS_READABLE = 1, MS_WRITABLE = 2 };
typedef void ms_watch_call(int fd, int ready, void *arg);
struct ms_watch;
struct ms_watch *ms_watch_new(struct ms_loop *loop, int fd, ms_watch_call *on_ready, void *arg);
void ms_watch_set(struct ms_watch *watch, int interest); /* 0: nothing */
void ms_watch_free(struct ms_watch *watch);

/* `on_signal` runs in the loop, not in a signal handler. */
typedef void ms_signal_call(int signal_number, void *arg);
struct ms_signal;
struct ms_signal *ms_signal_new(struct ms_loop *loop, int signal_number, ms_signal_call *on_signal,
                                void *arg);
void ms_signal_free(struct ms_signal *signal);

#endif
