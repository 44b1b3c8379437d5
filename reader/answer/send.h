/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last step: what is known goes to the client, with the headers that all answers of a reader
 * share. Every function here answers the request exactly once, or the reply's holder takes it.
 */
#ifndef SEND_H
#define SEND_H

#include "common/base/status.h"
#include "common/http/response.h"

struct cache_entry;
struct caches;
struct tracker;

enum { ANSWER_HEADERS_MAX = 8, ANSWER_CACHE_CONTROL_MAX = 64 };

/* Asked before a result that is_nothing of this generation is sent. True: the request was taken,
 * and will be answered later. */
typedef bool answer_hold(struct ms_http_request *request, uint64_t generation, void *arg);
/* Asked before the error that too many queries wait is sent, when nothing is kept that could be
 * sent instead. True: as above. */
typedef bool answer_retry(struct ms_http_request *request, void *arg);

/* Answers the request with an error in a form of its own. `retry_seconds`: when to try again; 0: it
 * is of no use. */
typedef void answer_error(struct ms_http_request *request, int status, struct ms_str detail,
                          uint64_t retry_seconds, void *arg);
/* Writes the body anew, so that it says itself how stale it is. */
typedef void answer_stale(struct ms_buf *out, struct ms_str body, uint64_t stale_seconds);

/* The part of an answer that is one request's own: requests that share a query may be replied to
 * differently. Plain data. */
struct answer_reply {
    char cache_control[ANSWER_CACHE_CONTROL_MAX]; /* of status 200; empty: no-cache */
    /* A static array of at most ANSWER_HEADERS_MAX, e.g. Docker-Distribution-Api-Version. */
    const struct ms_http_header *headers;
    size_t n_headers;
    answer_hold *on_nothing; /* may be NULL */
    answer_retry *on_busy;   /* may be NULL */
    void *hold_arg;          /* of both; lives as long as the request */
    answer_error *on_error;  /* may be NULL: send_error() */
    void *on_error_arg;      /* lives as long as the worker */
    answer_stale *on_stale;  /* may be NULL: only a header says that it is stale */
};

/* Sends it with the generation at which it is known to be true, and, unless 0, its staleness. */
void send_entry(struct ms_http_request *request, const struct cache_entry *entry,
                uint64_t generation, uint64_t stale_seconds, const struct answer_reply *reply);
/* The same with what is kept under the key, which the first client who wants gzip makes larger. */
void send_kept(struct ms_http_request *request, const struct caches *caches, struct ms_str key,
               const struct cache_entry *entry, uint64_t generation, uint64_t stale_seconds,
               const struct answer_reply *reply);
/* The query failed: sends what is still kept under the key, marked stale, or else the error. False:
 * the request waits instead of the error. */
bool send_failure(struct ms_http_request *request, const struct caches *caches,
                  struct tracker *tracker, struct ms_str key, const struct ms_error *err,
                  const struct answer_reply *reply);
/* The same when too many queries of this client wait already, and others wait too: 429. */
bool send_crowded(struct ms_http_request *request, const struct caches *caches,
                  struct tracker *tracker, struct ms_str key, const struct answer_reply *reply);
/* The error of a query that nothing is kept of. */
void send_query_error(struct ms_http_request *request, enum ms_status status);

/* An error in the form that fits the path: /v1 and /v2 the distribution form with `code`, all else
 * problem+json with `parameter` (may be absent). A 503 says when to try again: in two seconds. */
void send_error(struct ms_http_request *request, int status, const char *code, struct ms_str detail,
                struct ms_str parameter);
/* The same with more headers (Allow). */
void send_error_with(struct ms_http_request *request, int status, const char *code,
                     struct ms_str detail, struct ms_str parameter,
                     const struct ms_http_header *headers, size_t n_headers);

/* Answers what never changes, which is nobody's generation. `kept` is a zeroed static, which is
 * made once a worker, with its validator and its compressed variant, and never freed. */
void send_fixed(struct ms_http_request *request, struct ms_http_entity *kept, struct ms_str json,
                const struct ms_http_header *headers, size_t n_headers);

#endif
