/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a canonical query to an answer: cache, sharing of equal queries, the database, staleness.
 * The api_*.c files say what they need with a struct answer_spec and build bodies out of rows; all
 * that is the same for every resource is done in answer.c and flight.c.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "common/http/response.h"
#include "reader/store/store.h"

struct reader; /* everything a worker has: reader.h */

/* What a builder fills. Begins as status 200, the spec's content type, an empty body. Builders only
 * append to the body: what is in it may have gone to disk before the next row. */
struct answer_result {
    int status;
    const char *content_type; /* static string */
    struct ms_buf body;       /* capped: see ANSWER_BODY_MAX */
    struct ms_buf link;       /* value of the Link header; empty: none */
    size_t untagged;          /* this many bytes at the start say only when the answer was made */
    bool is_nothing;          /* there is nothing to tell yet: see answer_hold */
};
enum {
    ANSWER_BODY_MAX = 64 * 1024 * 1024, /* of what one row and on_finish add */
    ANSWER_LINK_MAX = 16 * 1024,
    ANSWER_HEADERS_MAX = 8,
    ANSWER_CACHE_CONTROL_MAX = 64
};

/* Rows come with the generation column taken off: columns[0] is the statement's second one. */
typedef void answer_row(struct answer_result *result, const struct ms_str *columns,
                        size_t n_columns, void *state);
/* After the last row. */
typedef void answer_finish(struct answer_result *result, void *state);
/* Asked before a result that is_nothing of this generation is sent. True: the request was taken,
 * and will be answered later. */
typedef bool answer_hold(struct ms_http_request *request, uint64_t generation, void *arg);

struct answer_spec {
    struct ms_str key; /* canonical: equal keys have equal bodies at equal generations */
    enum ms_read_query query;
    const struct ms_str *params;
    size_t n_params;
    struct ms_str repository; /* the one that it depends on; absent: depends on all of them */
    bool shows_counts;        /* pulls do not raise the generation: cached for a minute at most */
    bool is_momentary;        /* what it shows does not raise the generation: never cached */
    bool is_large;            /* likely so: streamed from one snapshot by a connection of its own */
    const char *content_type; /* static string */
    const char *cache_control; /* NULL: no-cache */
    /* Of the route, e.g. Docker-Distribution-Api-Version: names and values are static strings; at
     * most ANSWER_HEADERS_MAX. */
    const struct ms_http_header *headers;
    size_t n_headers;
    answer_row *on_row;
    answer_finish *on_finish; /* may be NULL */
    answer_hold *on_nothing;  /* may be NULL; of the request, as its headers are */
    void *on_nothing_arg;     /* lives as long as the request */
    /* Copied, state_bytes of it, at the start, and again from the original when a query has to be
     * repeated. Plain data: nothing frees what it points to. */
    const void *state;
    size_t state_bytes;
};

/* Answers the request, now or later, exactly once. Everything in the spec is copied as needed. */
void answer_serve(struct reader *reader, struct ms_http_request *request,
                  const struct answer_spec *spec);

/* An error in the form that fits the path: /v1 and /v2 the distribution form with `code`, all else
 * problem+json with `parameter` (may be absent). A 503 says when to try again. */
void answer_error(struct ms_http_request *request, int status, const char *code,
                  struct ms_str detail, struct ms_str parameter);
/* The same with more headers (Allow). */
void answer_error_with(struct ms_http_request *request, int status, const char *code,
                       struct ms_str detail, struct ms_str parameter,
                       const struct ms_http_header *headers, size_t n_headers);

/* Answers what never changes, which is nobody's generation. `kept` is a zeroed static, which is
 * made once a worker, with its validator and its compressed variant, and never freed. */
void answer_fixed(struct ms_http_request *request, struct ms_http_entity *kept, struct ms_str json,
                  const struct ms_http_header *headers, size_t n_headers);

/* Looks at shared memory: forgets what was touched, or everything. */
void answer_refresh(struct reader *reader);

/* --- for flight.c --- */

struct cache_entry;

/* What of a spec belongs to the query and not to one request, copied. MS_TOO_LARGE: the arena's
 * limit. */
enum ms_status answer_spec_copy(struct answer_spec *out, struct ms_arena *arena,
                                const struct answer_spec *spec) MS_CHECKED;

/* What of a spec belongs to one request and not to the query, copied. */
struct answer_dress {
    bool has_cache_control;
    char cache_control[ANSWER_CACHE_CONTROL_MAX];
    struct ms_http_header headers[ANSWER_HEADERS_MAX];
    size_t n_headers;
    answer_hold *on_nothing;
    void *on_nothing_arg;
};
void answer_dress_init(struct answer_dress *dress, const struct answer_spec *spec);

/* No answer to a request that comes now may be from before this generation. */
uint64_t answer_floor(const struct reader *reader);
/* This generation is being told: none before it is from now on, within this epoch. */
void answer_said(struct reader *reader, uint64_t generation);
/* Sends it with the generation at which it is known to be true, and, unless 0, its staleness. */
void answer_send(struct ms_http_request *request, const struct cache_entry *entry,
                 uint64_t generation, uint64_t stale_seconds, const struct answer_dress *dress);
/* The query failed: what the cache still has, marked stale, or an error. */
void answer_failure(struct reader *reader, struct ms_http_request *request, struct ms_str key,
                    const struct ms_error *err, const struct answer_dress *dress);

#endif
