/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries under way ("singleflight"): equal requests share one, if it began at or after the
 * generation that is present when they come.
 */
#ifndef FLIGHT_H
#define FLIGHT_H

#include "reader/answer/cache.h"
#include "reader/answer/compressor.h"
#include "reader/answer/query.h"
#include "reader/answer/send.h"
#include "reader/answer/tracker.h"
#include "reader/env.h"

struct flights;

/* The parts that queries use; borrowed. */
struct flight_means {
    const struct env *env;
    struct tracker *tracker;
    const struct caches *caches;
    struct compressor *compressor; /* of large answers that somebody wants gzipped */
};
struct flights *flights_new(const struct flight_means *means);
/* Nobody may wait any more (the server was freed before); NULL is fine. */
void flights_free(struct flights *flights);

/* Answers from the database, now or later. */
void flight_serve(struct flights *flights, struct ms_http_request *request,
                  const struct answer_query *query, const struct answer_reply *reply);

void flights_update_gauges(const struct flights *flights);

/* Asks the database for nobody, so that the answer is kept. False: somebody's request does so
 * already, or it is under way. */
bool flights_fill(struct flights *flights, const struct answer_query *query);

/* A result from before this generation is sent, but not kept. */
void flights_touch(struct flights *flights, uint64_t repository_hash, uint64_t generation);

/* Nothing that was known of the database is worth anything. */
void flights_forget(struct flights *flights);

/* The watcher has looked at the database, and the tracker knows what it saw. */
void flights_note_look(struct flights *flights);

#endif
