/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the gzip variants of large answers, and answers the requests that wait for them. One piece
 * of one file in each turn of the loop: other requests want the worker too.
 */
#ifndef COMPRESSOR_H
#define COMPRESSOR_H

#include "reader/answer/cache.h"
#include "reader/answer/send.h"

struct compressor;

/* `caches` are borrowed, and may be filled in later. */
struct compressor *compressor_new(struct ms_loop *loop, const struct caches *caches);
/* Nobody may wait any more (the server was freed before); NULL is fine. */
void compressor_free(struct compressor *compressor);

/* Sends entry->file as send_entry does, when its gzip variant is there or cannot be made. `key` is
 * what the entry is kept under, if it is: the cache counts the variant then. */
void compressor_serve(struct compressor *compressor, struct ms_http_request *request,
                      struct ms_str key, const struct cache_entry *entry, uint64_t generation,
                      uint64_t stale_seconds, const struct answer_reply *reply);

#endif
