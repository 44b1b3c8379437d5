/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait for one answer. Always: a waiter leaves the list before its request is
 * answered, for sending may end the connection, and whoever is told of that.
 */
#include "reader/answer/waiters.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"

void waiters_init(struct waiters *waiters, void *owner, ms_loop_call *on_gone)
{
    TAILQ_INIT(&waiters->list);
    waiters->owner = owner;
    waiters->on_gone = on_gone;
}

bool waiters_are_none(const struct waiters *waiters)
{
    return TAILQ_EMPTY(&waiters->list);
}

struct waiter *waiters_add(struct waiters *waiters, struct ms_http_request *request,
                           const struct answer_reply *reply,
                           const struct ms_string_list *trusted_proxies)
{
    struct waiter *waiter = ms_alloc(sizeof(*waiter));
    *waiter = (struct waiter){
        .waiters = waiters, .request = request, .since_ms = ms_clock_mono_ms(), .reply = *reply};
    client_find(&waiter->client, ms_str(ms_http_request_peer(request)),
                ms_http_request_header(request, "X-Forwarded-For"), trusted_proxies);
    TAILQ_INSERT_TAIL(&waiters->list, waiter, link);
    ms_http_request_on_gone(request, waiters->on_gone, waiter);
    return waiter;
}

void waiters_note_asked(struct waiters *waiters)
{
    struct waiter *waiter;
    TAILQ_FOREACH(waiter, &waiters->list, link)
        waiter->stale_seconds = 0;
}

void waiters_remove(struct waiter *waiter)
{
    TAILQ_REMOVE(&waiter->waiters->list, waiter, link);
    free(waiter);
}

void waiters_send_entry(struct waiters *waiters, struct compressor *compressor, struct ms_str key,
                        const struct cache_entry *entry, uint64_t generation,
                        uint64_t stale_seconds)
{
    struct waiter *waiter;
    while ((waiter = TAILQ_FIRST(&waiters->list)) != NULL) {
        struct waiter taken = *waiter;
        waiters_remove(waiter);
        if (taken.stale_seconds < stale_seconds)
            taken.stale_seconds = stale_seconds;
        if (entry->file != NULL && spool_file_awaits_gzip(entry->file, taken.request))
            compressor_serve(compressor, taken.request, key, entry, generation, taken.stale_seconds,
                             &taken.reply);
        else
            send_entry(taken.request, entry, generation, taken.stale_seconds, &taken.reply);
    }
}

size_t waiters_send_failure(struct waiters *waiters, const struct caches *caches,
                            struct tracker *tracker, struct ms_str key, const struct ms_error *err,
                            bool is_crowded)
{
    struct waiter *waiter;
    size_t n_answered = 0;
    while ((waiter = TAILQ_FIRST(&waiters->list)) != NULL) {
        struct waiter taken = *waiter;
        waiters_remove(waiter);
        bool is_answered =
            is_crowded ? send_crowded(taken.request, caches, tracker, key, &taken.reply)
                       : send_failure(taken.request, caches, tracker, key, err, &taken.reply);
        n_answered += is_answered ? 1 : 0;
    }
    return n_answered;
}
