/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long polling: requests that wait for a change of the database. Each costs its connection and some
 * memory, and nothing of the database. Always: each is woken once, or its client has gone; when the
 * worker is to end, all are woken at once.
 */
#ifndef LONGPOLL_H
#define LONGPOLL_H

#include "common/http/request.h"
#include "reader/env.h"

enum { LONGPOLL_MAX = 8192 }; /* of one worker */

struct longpoll;

struct longpoll *longpoll_new(const struct env *env);
/* Nobody may wait any more (the server was freed before); NULL is fine. */
void longpoll_free(struct longpoll *longpoll);

/* Comes in a turn of its own. Why it came is for the waiting side to find out. */
typedef void longpoll_on_wake(struct ms_http_request *request, void *arg);

/* The request waits until the next change of one repository (ms_str_hash of its name; 0: of any),
 * or for `at_most_ms`. `arg` lives as long as the request. When LONGPOLL_MAX do already, the
 * request is answered with 503. */
void longpoll_wait(struct longpoll *longpoll, struct ms_http_request *request,
                   uint64_t repository_hash, uint64_t at_most_ms, longpoll_on_wake *on_wake,
                   void *arg);

/* The same for a request that was one of too many: it pauses before it asks again. A change does
 * not end the pause, or they would all ask together again. Each pause is longer than the one before
 * it, until the caller sets *n_pauses to 0. */
void longpoll_pause(struct longpoll *longpoll, struct ms_http_request *request, unsigned *n_pauses,
                    uint64_t at_most_ms, longpoll_on_wake *on_wake, void *arg);

/* A repository has changed; 0: there is a change, for those who wait for any. */
void longpoll_wake_for(struct longpoll *longpoll, uint64_t repository_hash);
void longpoll_wake(struct longpoll *longpoll); /* everybody */

size_t longpoll_count(const struct longpoll *longpoll);

#endif
