/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker: what the parts of one reader process share. Made by reader.c after the fork.
 */
#ifndef READER_H
#define READER_H

#include "common/config/config.h"
#include "common/http/server.h"
#include "reader/process/supervisor.h"
#include "reader/shared/freshness.h"
#include "reader/store/store.h"

struct cache;
struct spool;
struct flights; /* queries under way that equal requests share: flight.h */
struct parking; /* requests that wait for a change: parking.h */

struct reader {
    struct ms_loop *loop;
    const struct ms_config *config; /* what it points to may change at a reload: do not keep it */
    const struct ms_child *child;
    struct ms_http_server *server;
    struct ms_store_reader *store;
    struct freshness freshness;
    uint64_t epoch;   /* raised when all is forgotten: generations of two cannot be compared */
    uint64_t highest; /* generation of any answer so far in this epoch: never go back behind it */
    struct cache *cache;
    struct cache *large; /* answers in files */
    struct spool *spool;
    struct flights *flights;
    struct parking *parking;
};

/* The life of a worker, for ms_supervisor_run. `arg` is the struct reader_program. */
int reader_run_worker(const struct ms_child *child, void *arg);

#endif
