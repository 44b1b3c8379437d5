/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A database of our own with the registry of read_queries.sql, made once for all tests of a
 * program, and asking the handlers of reader/api/api.h about it.
 */
#ifndef READ_DATABASE_H
#define READ_DATABASE_H

#include "reader/api/api.h"
#include "tests/component/api/fake_answer.h"

/* Once for all tests. */
void make_database(void);
void drop_database(void);
void run(PGconn *conn, const char *sql);
/* Around each test. */
void begin(void);
void end(void);

typedef void handler(struct ms_http_request *request, const struct ms_route_match *match,
                     void *arg);
/* What it answers stands in `answered`. `name`: the first capture, or NULL. */
void ask(handler *handle, const char *name, const char *query);
void expect_body(const char *query, const char *body);

#endif
