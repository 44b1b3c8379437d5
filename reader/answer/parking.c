/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait for a change. Each has a timer, which ends its time, and which a change sets
 * to now: so all waking is done by the loop, whoever saw the change.
 */
#include "reader/answer/parking.h"

#include "common/base/alloc.h"
#include "common/runtime/limit.h"

#include <sys/queue.h>

struct parked {
    TAILQ_ENTRY(parked) link;
    struct parking *parking;
    struct ms_http_request *request;
    struct ms_timer *timer;
    parking_on_wake *on_wake;
    void *arg;
};
TAILQ_HEAD(parked_list, parked);

struct parking {
    struct ms_loop *loop;
    struct ms_drain *drain;
    struct parked_list list;
    size_t n_parked;
};

static void begin_drain(void *arg)
{
    struct parking *parking = arg;
    parking_wake(parking);
    ms_drain_done(parking->drain);
}

struct parking *parking_new(struct ms_loop *loop)
{
    struct parking *parking = ms_alloc(sizeof(*parking));
    parking->loop = loop;
    TAILQ_INIT(&parking->list);
    parking->drain =
        ms_drain_register(loop, MS_DRAIN_WORK, "waiting requests", begin_drain, parking);
    return parking;
}

static void leave(struct parked *parked)
{
    TAILQ_REMOVE(&parked->parking->list, parked, link);
    parked->parking->n_parked--;
    ms_timer_free(parked->timer);
    free(parked);
}

void parking_free(struct parking *parking)
{
    if (parking == NULL)
        return;
    struct parked *parked;
    while ((parked = TAILQ_FIRST(&parking->list)) != NULL)
        leave(parked);
    ms_drain_unregister(parking->drain);
    free(parking);
}

static void on_gone(void *arg)
{
    leave(arg);
}

static void on_timer(void *arg)
{
    struct parked *parked = arg;
    struct ms_http_request *request = parked->request;
    parking_on_wake *on_wake = parked->on_wake;
    void *wake_arg = parked->arg;
    leave(parked);
    on_wake(request, wake_arg);
}

enum ms_status parking_park(struct parking *parking, struct ms_http_request *request,
                            uint64_t at_most_ms, parking_on_wake *on_wake, void *arg)
{
    if (parking->n_parked == PARKING_MAX) {
        ms_limit_reached(MS_LIMIT_PARKED_REQUESTS);
        return MS_BUSY;
    }
    struct parked *parked = ms_alloc(sizeof(*parked));
    *parked =
        (struct parked){.parking = parking, .request = request, .on_wake = on_wake, .arg = arg};
    TAILQ_INSERT_TAIL(&parking->list, parked, link);
    parking->n_parked++;
    parked->timer = ms_timer_new(parking->loop, on_timer, parked);
    ms_timer_start(parked->timer, ms_loop_is_draining(parking->loop) ? 0 : at_most_ms);
    ms_http_request_on_gone(request, on_gone, parked);
    return MS_OK;
}

void parking_wake(struct parking *parking)
{
    struct parked *parked;
    if (parking == NULL)
        return;
    TAILQ_FOREACH(parked, &parking->list, link)
        ms_timer_start(parked->timer, 0);
}

size_t parking_count(const struct parking *parking)
{
    return parking->n_parked;
}
