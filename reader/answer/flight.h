/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries under way. Equal requests share one, if it began at or after the generation that is
 * present when they come. A large result goes to disk as it arrives; its gzip variant is made
 * afterwards, when the database is done with it.
 */
#ifndef FLIGHT_H
#define FLIGHT_H

#include "reader/answer/answer.h"

struct cache_entry;
struct flights;

struct flights *flights_new(struct reader *reader);
/* Nobody may wait any more (the server was freed before); NULL is fine. */
void flights_free(struct flights *flights);

/* Answers from the database, now or later. */
void flight_serve(struct flights *flights, struct ms_http_request *request,
                  const struct answer_spec *spec);
/* Answers from a kept file whose gzip variant is to be made first. */
void flight_serve_gzip(struct flights *flights, struct ms_http_request *request,
                       const struct answer_spec *spec, const struct cache_entry *entry,
                       uint64_t generation, uint64_t stale_seconds);

/* What arrives from before this generation is sent, but not kept. */
void flights_touched(struct flights *flights, uint64_t repository_hash, uint64_t generation);

/* The watcher has looked at the database, and shared memory says what it saw. */
void flights_looked(struct flights *flights);

#endif
