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

struct compressor *compressor_new(struct ms_loop *loop);
/* Nobody may wait any more (the server was freed before); NULL is fine. */
void compressor_free(struct compressor *compressor);

/* Sends entry->file as send_entry does, when its gzip variant is there or cannot be made. */
void compressor_serve(struct compressor *compressor, struct ms_http_request *request,
                      const struct cache_entry *entry, uint64_t generation, uint64_t stale_seconds,
                      const struct answer_reply *reply);

#endif
