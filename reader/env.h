/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies below all modules of a worker: each is given it when the worker is wired (reader.c) and
 * keeps the pointer. Nobody changes it but reader.c.
 */
#ifndef ENV_H
#define ENV_H

#include <stdbool.h>

struct freshness;
struct child_info;
struct ms_config;
struct ms_http_server;
struct ms_loop;
struct ms_store_reader;

struct env {
    struct ms_loop *loop;
    const struct ms_config *config; /* what it points to may change at a reload: do not keep it */
    struct ms_store_reader *store;
    struct ms_http_server *server;
    const struct child_info *child; /* what the supervisor gave: process/supervisor.h */
    struct freshness *freshness;    /* what the watcher process tells: shared/freshness.h */
    bool is_ending;                 /* the worker drains: nothing waits for long any more */
};

#endif
