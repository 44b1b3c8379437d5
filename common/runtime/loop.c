/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop of a process, around libevent. One thread, no locks. A wrapper never touches its
 * struct after the call into its owner, who may have freed it there.
 */
#include "common/runtime/loop.h"

#include "common/base/alloc.h"
#include "common/runtime/log.h"

#include <sys/random.h>

#include <event2/event.h>

/* So many deferred calls at once are a bug of ours, a call that defers itself without end. */
enum { DEFERRED_MAX = 1 << 20, FREE_ROUNDS_MAX = 1000 };

struct deferred {
    ms_loop_call *call;
    void *arg;
};

struct queue {
    struct deferred *items;
    size_t count;
    size_t capacity;
};

struct ms_loop {
    struct event_base *base;
    struct event *turn;   /* expires at once while calls are deferred */
    struct queue waiting; /* for the next turn */
    struct queue running; /* those of this turn */
    bool stopped;
};

static struct event *new_event(struct ms_loop *loop, int fd, short what, event_callback_fn on_event,
                               void *arg)
{
    struct event *made = event_new(loop->base, fd, what, on_event, arg);
    if (made == NULL)
        abort();
    return made;
}

static void add_event(struct event *added, const struct timeval *after)
{
    if (event_add(added, after) != 0)
        abort();
}

/* --- deferred calls --- */

static void push(struct queue *queue, struct deferred deferred)
{
    if (queue->count == DEFERRED_MAX)
        abort();
    queue->items =
        ms_alloc_grow(queue->items, &queue->capacity, queue->count + 1, sizeof(*queue->items));
    queue->items[queue->count++] = deferred;
}

/* Runs what was deferred before this turn; what these calls defer waits for the next one. */
static void run_deferred(struct ms_loop *loop)
{
    struct queue batch = loop->waiting;
    loop->waiting = loop->running;
    loop->running = batch;
    for (size_t i = 0; i < batch.count; i++)
        batch.items[i].call(batch.items[i].arg);
    loop->running.count = 0;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    run_deferred(arg);
}

void ms_loop_defer(struct ms_loop *loop, ms_loop_call *call, void *arg)
{
    /* A timer and not an active event: descriptors are looked at between two turns. */
    if (loop->waiting.count == 0)
        add_event(loop->turn, &(struct timeval){0});
    push(&loop->waiting, (struct deferred){call, arg});
}

void ms_loop_defer_free(struct ms_loop *loop, void *memory)
{
    if (memory != NULL)
        ms_loop_defer(loop, free, memory);
}

/* --- the loop --- */

static void on_library_message(int severity, const char *message)
{
    enum ms_log_level level = severity == EVENT_LOG_ERR    ? MS_LOG_ERROR
                              : severity == EVENT_LOG_WARN ? MS_LOG_WARN
                                                           : MS_LOG_DEBUG;
    ms_log(level, "libevent", MS_FIELDS(ms_field_c("text", message)));
}

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        abort();
    /* Without cached time a timer counts from its start, not from the beginning of the turn. */
    if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) != 0 ||
        event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) != 0 ||
        event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME) != 0)
        abort();
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    if (base == NULL)
        abort();
    return base;
}

struct ms_loop *ms_loop_new(void)
{
    event_set_log_callback(on_library_message);
    struct ms_loop *loop = ms_alloc(sizeof(*loop));
    loop->base = new_base();
    loop->turn = new_event(loop, -1, 0, on_turn, loop);
    return loop;
}

void ms_loop_free(struct ms_loop *loop)
{
    if (loop == NULL)
        return;
    /* A deferred call cannot be cancelled: what is left runs now. */
    for (unsigned round = 0; loop->waiting.count > 0; round++) {
        if (round == FREE_ROUNDS_MAX)
            abort();
        run_deferred(loop);
    }
    event_free(loop->turn);
    event_base_free(loop->base);
    free(loop->waiting.items);
    free(loop->running.items);
    free(loop);
}

void ms_loop_run(struct ms_loop *loop)
{
    while (!loop->stopped) {
        if (event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY) < 0)
            abort();
    }
    loop->stopped = false;
}

void ms_loop_stop(struct ms_loop *loop)
{
    loop->stopped = true;
}

struct event_base *ms_loop_base(struct ms_loop *loop)
{
    return loop->base;
}

/* --- timers --- */

/* Ten years: longer than any process, and no overflow inside libevent. */
#define TIMER_MAX_MS (UINT64_C(10) * 365 * 24 * 3600 * 1000)

struct ms_timer {
    struct event *event;
    ms_loop_call *on_expire;
    void *arg;
};

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct ms_timer *timer = arg;
    timer->on_expire(timer->arg);
}

struct ms_timer *ms_timer_new(struct ms_loop *loop, ms_loop_call *on_expire, void *arg)
{
    struct ms_timer *timer = ms_alloc(sizeof(*timer));
    *timer = (struct ms_timer){.on_expire = on_expire, .arg = arg};
    timer->event = new_event(loop, -1, 0, on_timer, timer);
    return timer;
}

void ms_timer_start(struct ms_timer *timer, uint64_t after_ms)
{
    if (after_ms > TIMER_MAX_MS)
        after_ms = TIMER_MAX_MS;
    struct timeval after = {.tv_sec = (time_t)(after_ms / 1000),
                            .tv_usec = (suseconds_t)(after_ms % 1000 * 1000)};
    ms_timer_stop(timer); /* also an expiry that is under way in this turn */
    add_event(timer->event, &after);
}

void ms_timer_stop(struct ms_timer *timer)
{
    event_del(timer->event);
}

bool ms_timer_is_running(const struct ms_timer *timer)
{
    return event_pending(timer->event, EV_TIMEOUT, NULL) != 0;
}

void ms_timer_free(struct ms_timer *timer)
{
    if (timer == NULL)
        return;
    event_free(timer->event);
    free(timer);
}

/* --- pauses --- */

static uint64_t random_up_to(uint64_t max)
{
    uint64_t value = 0;
    if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != (ssize_t)sizeof(value))
        value = max; /* no jitter is better than no pause */
    return max < UINT64_MAX ? value % (max + 1) : value;
}

uint64_t ms_backoff_next_ms(struct ms_backoff *backoff)
{
    uint64_t pause = backoff->base_ms < backoff->max_ms ? backoff->base_ms : backoff->max_ms;
    for (unsigned i = 0; i < backoff->failures && pause < backoff->max_ms; i++)
        pause = pause > backoff->max_ms / 2 ? backoff->max_ms : pause * 2;
    if (backoff->failures < 64)
        backoff->failures++;
    return pause - random_up_to(pause / 2);
}

void ms_backoff_reset(struct ms_backoff *backoff)
{
    backoff->failures = 0;
}

/* --- descriptors --- */

struct ms_watch {
    struct ms_loop *loop;
    struct event *event; /* NULL while nothing is of interest */
    int fd;
    int interest;
    ms_watch_call *on_ready;
    void *arg;
};

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
    struct ms_watch *watch = arg;
    int ready =
        ((what & EV_READ) != 0 ? MS_READABLE : 0) | ((what & EV_WRITE) != 0 ? MS_WRITABLE : 0);
    watch->on_ready(fd, ready, watch->arg);
}

struct ms_watch *ms_watch_new(struct ms_loop *loop, int fd, ms_watch_call *on_ready, void *arg)
{
    struct ms_watch *watch = ms_alloc(sizeof(*watch));
    *watch = (struct ms_watch){.loop = loop, .fd = fd, .on_ready = on_ready, .arg = arg};
    return watch;
}

static void forget_event(struct ms_watch *watch)
{
    if (watch->event != NULL)
        event_free(watch->event);
    watch->event = NULL;
}

void ms_watch_set(struct ms_watch *watch, int interest)
{
    if (interest == watch->interest)
        return;
    forget_event(watch);
    watch->interest = interest;
    if (interest == 0)
        return;
    int what = EV_PERSIST | ((interest & MS_READABLE) != 0 ? EV_READ : 0) |
               ((interest & MS_WRITABLE) != 0 ? EV_WRITE : 0);
    watch->event = new_event(watch->loop, watch->fd, (short)what, on_watch, watch);
    add_event(watch->event, NULL);
}

void ms_watch_free(struct ms_watch *watch)
{
    if (watch == NULL)
        return;
    forget_event(watch);
    free(watch);
}

/* --- signals --- */

struct ms_signal {
    struct event *event;
    ms_signal_call *on_signal;
    void *arg;
};

static void on_signal_event(evutil_socket_t signal_number, short what, void *arg)
{
    (void)what;
    struct ms_signal *handled = arg;
    handled->on_signal(signal_number, handled->arg);
}

struct ms_signal *ms_signal_new(struct ms_loop *loop, int signal_number, ms_signal_call *on_signal,
                                void *arg)
{
    struct ms_signal *handled = ms_alloc(sizeof(*handled));
    *handled = (struct ms_signal){.on_signal = on_signal, .arg = arg};
    handled->event =
        new_event(loop, signal_number, EV_SIGNAL | EV_PERSIST, on_signal_event, handled);
    add_event(handled->event, NULL);
    return handled;
}

void ms_signal_free(struct ms_signal *handled)
{
    if (handled == NULL)
        return;
    event_free(handled->event);
    free(handled);
}
