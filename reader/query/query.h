/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the query part of a URL to a canonical query. A table says which parameters there are. The
 * terms come out sorted and each once, so that equal questions have equal keys. Pure.
 *
 * Two manners: strict (/index, /api: what is not in the table is a fault that names it) and lenient
 * (/v1, /v2: unknown parameters are ignored, as registries do).
 */
#ifndef QUERY_H
#define QUERY_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "reader/query/query_param.h"

enum query_operator { QUERY_EQUAL, QUERY_EXISTS, QUERY_MATCHES };

/* One `parameter=value`. Views into the arena or the query. */
struct query_term {
    size_t param;      /* row of the table */
    struct ms_str key; /* of a map, never empty then; else empty */
    enum query_operator op;
    struct ms_str value; /* "1" for QUERY_EXISTS */
};

/* Sorted by param, key, operator and value; no two terms are equal. Terms with the same first three
 * are alternatives (OR): query_group_end(). */
struct query {
    const struct query_term *terms;
    size_t n_terms;
};

/* Bounds of what a question may cost: parameters in all, globs among them (equal ones count, too),
 * and the bytes of a glob. */
enum { QUERY_TERMS_MAX = 256, QUERY_GLOBS_MAX = 32, QUERY_GLOB_MAX = 256 };

/* What is wrong, for the client. */
struct query_fault {
    struct ms_str detail;    /* a sentence, possibly cut */
    struct ms_str parameter; /* as the client wrote it, decoded where that was possible */
};

/* Reads all of `raw` (ms_http_request_query), strictly. A parameter of a map whose name ends in
 * `:matches` or `:exists` always means the operator: a label that is itself called `x:matches` is
 * asked for with `label:x:matches:matches=` (a glob without `*` and `?` is the plain value). Other
 * colons belong to the key. A parameter without `=` has the empty value.
 * MS_INVALID: `fault` says why, in memory of the arena. MS_TOO_LARGE: more parameters or
 * globs than there may be, too long a glob, or the arena is full; `fault` says so too. */
enum ms_status query_parse(struct query *out, struct ms_str raw, const struct query_param *table,
                           size_t n_table, struct ms_arena *arena,
                           struct query_fault *fault) MS_CHECKED;

/* The first term behind `begin` that asks another parameter, key or operator. */
size_t query_group_end(const struct query *query, size_t begin);

/* Appends `?name:key:operator=value&…`, percent-encoded; nothing for an empty query. */
void query_append_key(struct ms_buf *out, const struct query *query,
                      const struct query_param *table);

/* Lenient: the first value of `name` in `raw`, absent when it is not there (or the arena is full).
 * What cannot be decoded is taken as it stands; the result is valid UTF-8 without NUL in any case,
 * which PostgreSQL accepts. */
struct ms_str query_first_value(struct ms_str raw, const char *name, struct ms_arena *arena);

/* The same of a media type. A raw `+` in it is a plus, not a space as elsewhere: clients write
 * `artifactType=application/spdx+json` as it stands. */
struct ms_str query_first_media_type(struct ms_str raw, const char *name, struct ms_arena *arena);

/* The value of a parameter that may be given once only; absent when it is not there. */
enum ms_status query_value(struct ms_str *out, const struct query *query,
                           const struct query_param *table, const char *name,
                           struct ms_arena *arena, struct query_fault *fault) MS_CHECKED;
/* The same for a switch: 1, or 0, which is like leaving it out. */
enum ms_status query_switch(bool *out, const struct query *query, const struct query_param *table,
                            const char *name, struct ms_arena *arena,
                            struct query_fault *fault) MS_CHECKED;
/* Says that the value of a parameter is wrong: `name` and then `what`, e.g. " is no number".
 * MS_INVALID in any case. */
enum ms_status query_fail(struct query_fault *fault, struct ms_arena *arena, const char *name,
                          const char *what);

/* `*` and `?` become LIKE's `%` and `_`; LIKE's own special characters are escaped. */
void query_append_like(struct ms_buf *out, struct ms_str glob);
/* A glob as such, text without `*` and `?` as a part. */
void query_append_pattern(struct ms_buf *out, struct ms_str value);
/* The text literally, for LIKE. */
void query_append_like_literal(struct ms_buf *out, struct ms_str text);

#endif
