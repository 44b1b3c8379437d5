/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of a request (RFC 9112), read strictly: whatever two parsers could understand in two
 * ways is refused, because that is what request smuggling is made of. Pure and fuzzed.
 */
#ifndef MS_HTTP_HEAD_H
#define MS_HTTP_HEAD_H

#include "common/http/request.h"
#include "common/runtime/limit.h"

/* Why a request is refused. Static; status 0: it is not. */
struct ms_http_fault {
    int status;
    const char *detail;  /* for the client */
    enum ms_limit limit; /* MS_LIMIT_NONE: malformed, no limit */
};
#define MS_HTTP_NO_FAULT ((struct ms_http_fault){0, NULL, MS_LIMIT_NONE})

enum { MS_HTTP_FIELDS_MAX = 100, MS_HTTP_METHOD_MAX = 32 };

struct ms_http_field {
    struct ms_str name;
    struct ms_str value; /* trimmed */
};

/* All views lie in the bytes that were parsed. */
struct ms_http_head {
    enum ms_http_method method;
    struct ms_str method_name;
    /* Begins with one slash, no control bytes: of an absolute form, what follows the authority. Or
     * "*", of OPTIONS only. */
    struct ms_str target;
    bool is_http_1_0;
    bool keep_alive;
    bool expects_continue;
    bool is_chunked;
    uint64_t content_length; /* 0 when chunked or absent */
    bool has_split_lists;    /* one of the headers that are joined stands there more than once */
    size_t n_fields;
    struct ms_http_field fields[MS_HTTP_FIELDS_MAX];
};

enum ms_http_head_found {
    MS_HTTP_HEAD_WHOLE,      /* `*out_len` bytes, empty line included */
    MS_HTTP_HEAD_NEEDS_MORE, /* there is no empty line yet */
    MS_HTTP_HEAD_MALFORMED,  /* a line feed without carriage return: more input will not help */
};
/* Looks for the empty line in `input`, which grew since the last call: `*scanned` (0 at first) is
 * where to go on. */
enum ms_http_head_found ms_http_head_find(size_t *out_len, size_t *scanned,
                                          struct ms_str input) MS_CHECKED;

/* Reads what ms_http_head_find found. On a fault `out` is undefined. */
struct ms_http_fault ms_http_head_parse(struct ms_http_head *out, struct ms_str head,
                                        size_t max_target_bytes) MS_CHECKED;

/* The raw path of what may be a request line, whatever is wrong with the rest of it; empty when
 * there is none. For the form in which a request is refused. */
struct ms_str ms_http_head_path(struct ms_str head);

#endif
