/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait for a change, or pause. Each has a timer, which ends its time, and which a
 * change that it waits for sets to now: so all waking is done by the loop, whoever saw the change.
 */
#include "reader/answer/longpoll.h"

#include "common/base/alloc.h"
#include "common/runtime/limit.h"
#include "common/runtime/loop.h"
#include "reader/answer/send.h"

#include <sys/queue.h>

enum { PAUSE_BASE_MS = 200, PAUSE_MAX_MS = 5000 };

struct parked {
    TAILQ_ENTRY(parked) link;
    struct longpoll *longpoll;
    struct ms_http_request *request;
    struct ms_timer *timer;
    uint64_t repository_hash; /* 0: any change will do */
    bool is_pausing;          /* no change does */
    longpoll_on_wake *on_wake;
    void *arg;
};
TAILQ_HEAD(parked_list, parked);

struct longpoll {
    const struct env *env;
    struct parked_list all;
    size_t n_parked;
};

struct longpoll *longpoll_new(const struct env *env)
{
    struct longpoll *longpoll = ms_alloc(sizeof(*longpoll));
    longpoll->env = env;
    TAILQ_INIT(&longpoll->all);
    return longpoll;
}

static void remove_parked(struct parked *parked)
{
    TAILQ_REMOVE(&parked->longpoll->all, parked, link);
    parked->longpoll->n_parked--;
    ms_timer_free(parked->timer);
    free(parked);
}

void longpoll_free(struct longpoll *longpoll)
{
    struct parked *parked;
    if (longpoll == NULL)
        return;
    while ((parked = TAILQ_FIRST(&longpoll->all)) != NULL)
        remove_parked(parked);
    free(longpoll);
}

static void on_gone(void *arg)
{
    remove_parked(arg);
}

static void on_timer(void *arg)
{
    struct parked taken = *(struct parked *)arg;
    remove_parked(arg);
    taken.on_wake(taken.request, taken.arg);
}

/* A copy of *how waits, or it is refused. */
static void park(const struct parked *how, uint64_t at_most_ms)
{
    struct longpoll *longpoll = how->longpoll;
    if (longpoll->n_parked == LONGPOLL_MAX) {
        ms_limit_reached(MS_LIMIT_PARKED_REQUESTS);
        send_error(how->request, 503, NULL, MS_STR("too many clients wait for changes"),
                   MS_STR_ABSENT);
        return;
    }
    struct parked *parked = ms_alloc(sizeof(*parked));
    *parked = *how;
    TAILQ_INSERT_TAIL(&longpoll->all, parked, link);
    longpoll->n_parked++;
    parked->timer = ms_timer_new(longpoll->env->loop, on_timer, parked);
    ms_timer_start(parked->timer, longpoll->env->is_ending ? 0 : at_most_ms);
    ms_http_request_on_gone(parked->request, on_gone, parked);
}

void longpoll_wait(struct longpoll *longpoll, struct ms_http_request *request,
                   uint64_t repository_hash, uint64_t at_most_ms, longpoll_on_wake *on_wake,
                   void *arg)
{
    park(&(struct parked){.longpoll = longpoll,
                          .request = request,
                          .repository_hash = repository_hash,
                          .on_wake = on_wake,
                          .arg = arg},
         at_most_ms);
}

void longpoll_pause(struct longpoll *longpoll, struct ms_http_request *request, unsigned *n_pauses,
                    uint64_t at_most_ms, longpoll_on_wake *on_wake, void *arg)
{
    struct ms_backoff backoff = {PAUSE_BASE_MS, PAUSE_MAX_MS, *n_pauses};
    uint64_t pause_ms = ms_backoff_next_ms(&backoff);
    *n_pauses = backoff.failures;
    park(&(struct parked){.longpoll = longpoll,
                          .request = request,
                          .is_pausing = true,
                          .on_wake = on_wake,
                          .arg = arg},
         pause_ms < at_most_ms ? pause_ms : at_most_ms);
}

void longpoll_wake_for(struct longpoll *longpoll, uint64_t repository_hash)
{
    struct parked *parked;
    TAILQ_FOREACH(parked, &longpoll->all, link)
        if (!parked->is_pausing && parked->repository_hash == repository_hash)
            ms_timer_start(parked->timer, 0);
}

void longpoll_wake(struct longpoll *longpoll)
{
    struct parked *parked;
    TAILQ_FOREACH(parked, &longpoll->all, link)
        ms_timer_start(parked->timer, 0);
}

size_t longpoll_count(const struct longpoll *longpoll)
{
    return longpoll->n_parked;
}
