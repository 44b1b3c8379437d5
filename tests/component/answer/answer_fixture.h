/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's answers for tests: reader/answer behind a real HTTP server, with a store that the test
 * plays. Requests to /r/NAME depend on a repository, all others on everything; /large walks, and
 * /index is the one that everybody asks for. Rows have a generation and a text, of which the body
 * is made.
 */
#ifndef ANSWER_FIXTURE_H
#define ANSWER_FIXTURE_H

#include "reader/answer/answer.h"
#include "reader/shared/freshness.h"
#include "tests/support/fake_reader_store.h"

enum { MIB = 1024 * 1024 };

extern struct env env;
extern struct answers answers;
extern struct freshness_shared *shared; /* the watcher's side is the test */
extern bool counts;                     /* the next queries show counts */
extern struct answer_reply reply;       /* to the next requests */

/* --- around each test --- */

void begin(void);
void begin_with(uint64_t spool_bytes_max);
/* It keeps at most so many bytes of files. */
void begin_with_share(uint64_t spool_bytes_max, uint64_t share_bytes);
void end(void);

/* --- the database --- */

/* A row of the n-th query. */
void row(size_t n, const char *generation, struct ms_str text);
void done(size_t n);
void break_off(size_t n, enum ms_status status);
/* One row, and done. */
void finish(size_t n, const char *generation, const char *text);
/* What the watcher tells. */
void touch(uint64_t generation, const char *repository);
void see_database(void);

/* --- the cache --- */

/* As if the minute of what is kept under the key were over. */
void expire(const char *key);

/* --- clients --- */

/* Sends a request; its number. */
size_t ask(const char *path);
size_t ask_with(const char *path, const char *header);
void leave(size_t n);
bool says(size_t n, const char *line);
struct ms_str body(size_t n);
/* A header by which a client says that it has the n-th answer. */
const char *if_not(size_t n, const char *more, const char *suffix);
/* Waits for the n-th answer; `generation` may be NULL. */
void expect(size_t n, const char *status, const char *generation, const char *text);

/* --- waiting: runs the loop until the condition holds --- */

void await(bool (*condition)(size_t), size_t n);
bool has_reads(size_t n);
bool is_over(size_t n);
bool is_cancelled(size_t n);
bool all_arrived(size_t n); /* as many clients are connected */
/* Requests sent before have reached their flights: another one behind them has been answered. */
void settle(void);

#endif
