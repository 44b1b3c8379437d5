/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait for a change of the database: each costs its connection and some memory, and
 * nothing of the database. Always: what is parked is woken once, or has gone; when the
 * worker is to end, all are woken at once.
 */
#ifndef PARKING_H
#define PARKING_H

#include "common/http/request.h"

enum { PARKING_MAX = 8192 }; /* of one worker */

struct parking;

struct parking *parking_new(struct ms_loop *loop);
/* Nobody may be parked any more (the server was freed before); NULL is fine. */
void parking_free(struct parking *parking);

/* Comes in a turn of its own. Why it came is for the waiting side to find out. */
typedef void parking_on_wake(struct ms_http_request *request, void *arg);

/* The request is parked until the next change, or for `at_most_ms`. `arg` lives as long as the
 * request. MS_BUSY: PARKING_MAX are, and the request is still the caller's. */
enum ms_status parking_park(struct parking *parking, struct ms_http_request *request,
                            uint64_t at_most_ms, parking_on_wake *on_wake, void *arg) MS_CHECKED;

void parking_wake(struct parking *parking); /* NULL is fine */

size_t parking_count(const struct parking *parking);

#endif
