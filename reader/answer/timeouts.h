/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries that took too long lately, by key: to ask them again at once would cost the database as
 * much again, and nobody would get an answer. Pure, bounded: the oldest is forgotten first.
 */
#ifndef TIMEOUTS_H
#define TIMEOUTS_H

#include "common/base/str.h"

enum {
    TIMEOUTS_MAX = 1024,
    TIMEOUTS_KEY_MAX = 4096, /* longer keys are not remembered */
    TIMEOUTS_LIVE_MS = 60 * 1000
};

struct timeouts;

struct timeouts *timeouts_new(void);
void timeouts_free(struct timeouts *timeouts); /* NULL is fine */

/* It took too long just now. */
void timeouts_note(struct timeouts *timeouts, struct ms_str key, int64_t now_ms);
/* It did so within TIMEOUTS_LIVE_MS. */
bool timeouts_has(struct timeouts *timeouts, struct ms_str key, int64_t now_ms);
void timeouts_clear(struct timeouts *timeouts);
size_t timeouts_count(const struct timeouts *timeouts);

#endif
