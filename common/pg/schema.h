/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both programs' stores agree on: the versions of the schema, how a store is opened, and how a
 * call of it ends.
 */
#ifndef MS_PG_SCHEMA_H
#define MS_PG_SCHEMA_H

#include "common/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The end of a call; `err` is NULL on success. */
typedef void ms_store_done(const struct ms_error *err, void *arg);

/* The schema this program brings a database to, and the oldest it can read. */
enum { MS_SCHEMA_VERSION = 13, MS_SCHEMA_MIN_READABLE = 11 };

struct ms_store_options {
    const char *url; /* NULL: PG* environment */
    const char *application_name;
    size_t connections;
    size_t max_waiting;
    uint64_t statement_timeout_ms;                                           /* 0: the server's */
    void (*on_state)(bool connected, const struct ms_error *err, void *arg); /* may be NULL */
    void *arg;
};

#endif
