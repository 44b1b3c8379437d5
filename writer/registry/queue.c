/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots and queues.
 *
 * Always holds: no more slots are taken than there are, unless everything may begin; events go
 * before scans; slots are given only in give_slots(), which is a turn of the loop of its own, so
 * that no start function calls back.
 */
#include "writer/registry/queue.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"

/* So many slots in one turn: a request that fails at once may queue the next one. */
enum { GIVEN_AT_ONCE_MAX = 1000 };

TAILQ_HEAD(waiters, registry_waiter);

struct registry_queue {
    struct ms_loop *loop;
    struct waiters waiting[2]; /* by priority */
    size_t n_slots;
    size_t n_taken;
    struct ms_timer *pause;
    int64_t pause_until_ms;
    bool all_may_begin;
    registry_queue_may_scan *may_scan;
    void *may_scan_arg;
    bool is_look_deferred;
    bool is_freed;
};

static bool has_free_slot(const struct registry_queue *queue)
{
    return queue->all_may_begin ||
           (queue->n_taken < queue->n_slots && !ms_timer_is_running(queue->pause));
}

/* NULL: nobody waits, or only scans that may not begin now. */
static struct registry_waiter *next_waiter(struct registry_queue *queue)
{
    struct registry_waiter *event = TAILQ_FIRST(&queue->waiting[REGISTRY_EVENT]);
    struct registry_waiter *scan = TAILQ_FIRST(&queue->waiting[REGISTRY_SCAN]);
    if (event != NULL || scan == NULL)
        return event;
    bool may_scan =
        queue->all_may_begin || queue->may_scan == NULL || queue->may_scan(queue->may_scan_arg);
    return may_scan ? scan : NULL;
}

static void give_slots(void *arg)
{
    struct registry_queue *queue = arg;
    struct registry_waiter *waiter;
    queue->is_look_deferred = false;
    for (size_t i = 0; !queue->is_freed && has_free_slot(queue); i++) {
        waiter = next_waiter(queue);
        if (waiter == NULL)
            return;
        if (i == GIVEN_AT_ONCE_MAX) {
            registry_queue_look(queue);
            return;
        }
        registry_queue_leave(queue, waiter);
        queue->n_taken++;
        waiter->on_slot(waiter->arg);
    }
}

void registry_queue_look(struct registry_queue *queue)
{
    if (queue->is_look_deferred || queue->is_freed)
        return;
    queue->is_look_deferred = true;
    ms_loop_defer(queue->loop, give_slots, queue);
}

void registry_queue_wait(struct registry_queue *queue, struct registry_waiter *waiter,
                         bool is_first)
{
    struct waiters *waiting = &queue->waiting[waiter->priority];
    if (is_first)
        TAILQ_INSERT_HEAD(waiting, waiter, link);
    else
        TAILQ_INSERT_TAIL(waiting, waiter, link);
    waiter->is_waiting = true;
    registry_queue_look(queue);
}

void registry_queue_leave(struct registry_queue *queue, struct registry_waiter *waiter)
{
    if (!waiter->is_waiting)
        return;
    waiter->is_waiting = false;
    TAILQ_REMOVE(&queue->waiting[waiter->priority], waiter, link);
}

void registry_queue_hurry(struct registry_queue *queue, struct registry_waiter *waiter)
{
    bool is_waiting = waiter->is_waiting;
    if (waiter->priority == REGISTRY_EVENT)
        return;
    registry_queue_leave(queue, waiter);
    waiter->priority = REGISTRY_EVENT;
    if (is_waiting)
        registry_queue_wait(queue, waiter, false);
}

void registry_queue_release(struct registry_queue *queue)
{
    queue->n_taken--;
    registry_queue_look(queue);
}

void registry_queue_pause(struct registry_queue *queue, uint64_t pause_ms)
{
    int64_t until_ms = ms_clock_mono_ms() + (int64_t)pause_ms;
    if (pause_ms == 0 || (ms_timer_is_running(queue->pause) && until_ms <= queue->pause_until_ms))
        return;
    queue->pause_until_ms = until_ms;
    ms_timer_start(queue->pause, pause_ms);
}

static void on_pause_over(void *arg)
{
    registry_queue_look(arg);
}

void registry_queue_let_all_begin(struct registry_queue *queue, bool is_on)
{
    queue->all_may_begin = is_on;
    registry_queue_look(queue);
}

bool registry_queue_lets_all_begin(const struct registry_queue *queue)
{
    return queue->all_may_begin;
}

void registry_queue_ask_before_scans(struct registry_queue *queue,
                                     registry_queue_may_scan *may_scan, void *arg)
{
    queue->may_scan = may_scan;
    queue->may_scan_arg = arg;
}

size_t registry_queue_n_taken(const struct registry_queue *queue)
{
    return queue->n_taken;
}

bool registry_queue_is_idle(const struct registry_queue *queue)
{
    return queue->n_taken == 0 && !queue->is_look_deferred;
}

/* --- life --- */

struct registry_queue *registry_queue_new(struct ms_loop *loop, size_t n_slots)
{
    struct registry_queue *queue = ms_alloc(sizeof(*queue));
    queue->loop = loop;
    queue->n_slots = n_slots;
    TAILQ_INIT(&queue->waiting[REGISTRY_EVENT]);
    TAILQ_INIT(&queue->waiting[REGISTRY_SCAN]);
    queue->pause = ms_timer_new(loop, on_pause_over, queue);
    return queue;
}

void registry_queue_set_slots(struct registry_queue *queue, size_t n_slots)
{
    queue->n_slots = n_slots;
    registry_queue_look(queue);
}

/* In a turn of its own, after a deferred give_slots(). */
static void destroy(void *arg)
{
    struct registry_queue *queue = arg;
    ms_timer_free(queue->pause);
    free(queue);
}

void registry_queue_free(struct registry_queue *queue)
{
    if (queue == NULL)
        return;
    queue->is_freed = true;
    ms_timer_stop(queue->pause);
    ms_loop_defer(queue->loop, destroy, queue);
}
