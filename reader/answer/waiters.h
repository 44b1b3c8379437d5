/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests that wait for one answer, and what they are sent when it is there.
 */
#ifndef WAITERS_H
#define WAITERS_H

#include "reader/answer/client.h"
#include "reader/answer/compressor.h"
#include "reader/answer/send.h"
#include "reader/answer/tracker.h"

#include <sys/queue.h>

struct waiter {
    TAILQ_ENTRY(waiter) link;
    struct waiters *waiters;
    struct ms_http_request *request;
    struct client client;
    int64_t since_ms;
    /* When it joined a query that had been asked already: if the watcher did not see the database
     * then, it may have come after a change that is not in the snapshot of that query. */
    uint64_t stale_seconds;
    struct answer_reply reply;
};

struct waiters {
    TAILQ_HEAD(waiter_list, waiter) list;
    void *owner;
    ms_loop_call *on_gone; /* `arg` is the waiter whose client has gone: the owner removes it */
};

void waiters_init(struct waiters *waiters, void *owner, ms_loop_call *on_gone);
bool waiters_are_none(const struct waiters *waiters);

struct waiter *waiters_add(struct waiters *waiters, struct ms_http_request *request,
                           const struct answer_reply *reply,
                           const struct ms_string_list *trusted_proxies);
/* The query is asked now, so that its snapshot is from after all of them came. */
void waiters_note_asked(struct waiters *waiters);
void waiters_remove(struct waiter *waiter); /* and frees it; its request is somebody else's now */

/* Each removes all of them. stale_seconds: at present. */
void waiters_send_entry(struct waiters *waiters, struct compressor *compressor, struct ms_str key,
                        const struct cache_entry *entry, uint64_t generation,
                        uint64_t stale_seconds);
/* What is still kept, or the error, unless it is MS_BUSY and the request rather waits. is_crowded:
 * it is that their client has too many queries. Returns how many do not wait on. */
size_t waiters_send_failure(struct waiters *waiters, const struct caches *caches,
                            struct tracker *tracker, struct ms_str key, const struct ms_error *err,
                            bool is_crowded);

#endif
