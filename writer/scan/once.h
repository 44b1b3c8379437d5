/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--scan`: one full scan in the foreground. Waits for the registry, starts the scan, shows its
 * progress, tells whether it was complete.
 */
#ifndef SCAN_ONCE_H
#define SCAN_ONCE_H

#include <stdbool.h>

struct env;
struct scan;
struct scan_once;

typedef void scan_once_done(bool complete, void *arg);

struct scan_once *scan_once_new(const struct env *env, struct scan *scan, scan_once_done *on_done,
                                void *arg);
void scan_once_free(struct scan_once *once); /* before the registry's client; NULL is fine */
/* This process leads now: begin. At most once. */
void scan_once_begin(struct scan_once *once);
/* Shows nothing and starts nothing any more. */
void scan_once_stop(struct scan_once *once);

#endif
