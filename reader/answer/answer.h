/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a canonical query to an answer: cache, sharing of equal queries, the database, staleness. A
 * resource says what it needs with a struct answer_query and how it is to be sent with a struct
 * answer_reply, and builds the body out of rows; all that is the same for every resource is done
 * here.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "reader/answer/cache.h"
#include "reader/answer/query.h"
#include "reader/answer/send.h"
#include "reader/answer/tracker.h"
#include "reader/env.h"

struct compressor; /* of large answers: compressor.h */
struct flights;    /* queries under way: flight.h */
struct refill;     /* answers that are made again: refill.h */
struct longpoll;   /* requests that wait for a change: longpoll.h */

/* How one worker answers. Every handler of a route has it as its `arg`. */
struct answers {
    const struct env *env;
    struct tracker tracker;
    struct caches caches;
    struct compressor *compressor;
    struct flights *flights;
    struct refill *refill; /* NULL: nothing is kept */
    struct longpoll *longpoll;
};

struct answers_options {
    uint64_t memory_bytes; /* of answers in memory; 0: none is kept, in files neither */
    uint64_t files_bytes;  /* of answers in files: this worker's share of what the spool holds */
    struct spool *spool;   /* lives longer than the loop: files may be on their way until its end */
};
/* Wires the parts, which keep pointers into *out. `env` lives longer; its server is set before the
 * first request. */
void answers_init(struct answers *out, const struct env *env,
                  const struct answers_options *options);
/* After the server was freed: nobody waits any more. */
void answers_release(struct answers *answers);

/* Answers the request, now or later, exactly once. Everything in the query is copied as needed;
 * `reply` may be NULL when there is nothing to say with it. */
void answer_serve(struct answers *answers, struct ms_http_request *request,
                  const struct answer_query *query, const struct answer_reply *reply);

/* The watcher has looked at the database. */
void answers_note_look(struct answers *answers);

#endif
