/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries under way. The life of one:
 *
 *   FLIGHT_WAITING  the database is at work on others, and it is not its turn (flight_queue.c)
 *   FLIGHT_ASKING   rows come, and are built into an entry (build.c)
 *   FLIGHT_PAUSING  it is asked again soon: what came is older than what we know, or of another
 *                   epoch; or our connection is lost, but the watcher's is not (a few times, since
 *                   it may be the query that costs the server its process)
 *   FLIGHT_AHEAD    what came is newer than what the watcher has told: for that it waits
 *   FLIGHT_ENDING   the result is sent to all who wait, and kept; or what is still kept is sent, or
 *                   an error
 *
 * What came of it is judged by the rules of timeline.c. A query that took too long is not asked
 * again, and for a minute neither is it for others (timeouts.c).
 *
 * Always: a flight has somebody who waits for it, else it is dropped and its query cancelled (if it
 * is the reader's own, that is so when a change has made its result worthless). It is
 * freed in a later turn, for we may be inside one of its query's callbacks. While the watcher sees
 * the database, nothing is shown of a generation that it has not told: so what is kept is never
 * older than what was shown.
 */
#include "reader/answer/flight.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/runtime/limit.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "reader/answer/build.h"
#include "reader/answer/flight_queue.h"
#include "reader/answer/timeouts.h"
#include "reader/answer/waiters.h"
#include "reader/store/store.h"

#include <stddef.h>
#include <sys/queue.h>

enum {
    FLIGHT_ARENA_MAX = 4 * 1024 * 1024, /* a request's own parameters are at most some KiB */
    PAUSE_MS = 100,
    BEHIND_PAUSES_MAX = 20,
    LOST_PAUSES_MAX = 50, /* longer than a connection takes to be made anew */
    LOOK_EVERY_MS = 200,
    PATIENCE_MS = 1000, /* then what has only expired is served rather than nothing */
    LOSSES_MAX = 2      /* a query is asked so often again after a lost connection */
};

enum flight_state {
    FLIGHT_WAITING,
    FLIGHT_ASKING,
    FLIGHT_PAUSING,
    FLIGHT_AHEAD,
    FLIGHT_ENDING /* being sent, or about to fail: nobody joins any more */
};

struct flight {
    TAILQ_ENTRY(flight) link;
    struct flights *flights;
    enum flight_state state;
    struct ms_arena *arena;     /* of the query's copy */
    struct answer_query query;  /* what belongs to a request may be gone long before the flight */
    uint64_t repository_hash;   /* 0: it depends on everything */
    struct ms_store_read *read; /* while ASKING */
    enum ms_read_class class;
    struct turns_item turn; /* while WAITING */
    struct timeline_query asked;
    struct build build;
    unsigned n_behind_pauses, n_lost_pauses;
    unsigned n_losses;      /* of connections that it was asked on */
    struct ms_timer *timer; /* while WAITING, PAUSING, AHEAD, or ENDING with an error */
    struct ms_error err;    /* while ENDING with one */
    bool is_own; /* goes on for nobody: flights_fill(), or they were served what is kept */
    enum ms_limit refused_by; /* the error is that too many wait; else MS_LIMIT_NONE */
    struct waiters waiters;
};
TAILQ_HEAD(flight_list, flight);

struct flights {
    struct flight_means means;
    struct flight_list list;
    struct timeouts *timeouts;
    struct flight_queue *queue;
    struct ms_timer *look; /* for who has waited long: runs while somebody waits */
};

static void on_timer(void *arg);

static const struct timeline *now(const struct flight *flight)
{
    return &flight->flights->means.tracker->now;
}

static void drop(struct flight *flight)
{
    TAILQ_REMOVE(&flight->flights->list, flight, link);
    flight_queue_remove(flight->flights->queue, &flight->turn);
    flight_queue_charge(flight->flights->queue, &flight->turn);
    ms_store_read_cancel(flight->read);
    ms_timer_free(flight->timer);
    build_release(&flight->build);
    ms_arena_free(flight->arena);
    ms_loop_defer_free(flight->flights->means.env->loop, flight);
}

/* --- who waits --- */

static void stop_waiting(struct waiter *waiter)
{
    struct flight *flight = waiter->waiters->owner;
    if (flight->state == FLIGHT_WAITING)
        flight_queue_leave(flight->flights->queue, &flight->turn, &waiter->client);
    waiters_remove(waiter);
    if (waiters_are_none(&flight->waiters) && !flight->is_own)
        drop(flight);
}

static void on_gone(void *arg)
{
    stop_waiting(arg);
}

static struct waiter *add_waiter(struct flight *flight, struct ms_http_request *request,
                                 const struct answer_reply *reply)
{
    const struct ms_config *config = flight->flights->means.env->config;
    struct waiter *waiter =
        waiters_add(&flight->waiters, request, reply, &config->reader.trusted_proxies);
    waiter->stale_seconds = now(flight)->stale_seconds;
    if (!ms_timer_is_running(flight->flights->look))
        ms_timer_start(flight->flights->look, LOOK_EVERY_MS);
    return waiter;
}

/* --- the end --- */

static void fail(struct flight *flight, const struct ms_error *err)
{
    const struct flight_means *means = &flight->flights->means;
    /* An absent database is logged once for all queries, a full queue is counted. */
    bool is_expected = err->status == MS_UNAVAILABLE || err->status == MS_BUSY;
    ms_log(is_expected ? MS_LOG_DEBUG : MS_LOG_ERROR, "query failed",
           MS_FIELDS(ms_field_str("key", flight->query.key), ms_field_error(err)));
    flight->state = FLIGHT_ENDING;
    size_t n =
        waiters_send_failure(&flight->waiters, means->caches, means->tracker, flight->query.key,
                             err, flight->refused_by == MS_LIMIT_CLIENT_WAITING);
    if (n > 0 && flight->refused_by != MS_LIMIT_NONE) {
        ms_limit_reached(flight->refused_by);
        ms_metrics_add(MS_METRIC_STATEMENTS_REFUSED, QUERIES_CLASS_NAMES[flight->class], NULL, 1);
    }
    drop(flight);
}

/* In a turn of its own: we are inside the query's callback, or inside another request's handler. */
static void fail_later(struct flight *flight, const struct ms_error *err)
{
    ms_store_read_cancel(flight->read);
    flight_queue_remove(flight->flights->queue, &flight->turn);
    flight->read = NULL;
    flight->state = FLIGHT_ENDING;
    flight->err = *err;
    ms_timer_start(flight->timer, 0);
}

static void deliver(struct flight *flight)
{
    const struct flight_means *means = &flight->flights->means;
    struct cache_entry entry;
    struct ms_error err;
    enum ms_status status = build_finish(&entry, &flight->build, &err);
    if (status != MS_OK) {
        fail(flight, &err);
        return;
    }
    uint64_t generation = timeline_generation_to_show(&flight->asked, now(flight));
    flight->state = FLIGHT_ENDING;
    timeline_note_shown(&means->tracker->now, generation);
    waiters_send_entry(&flight->waiters, means->compressor, flight->query.key, &entry, generation,
                       now(flight)->stale_seconds);
    /* Last, so that the gzip variant that somebody may have wanted is counted. */
    if (timeline_may_keep(&flight->asked, now(flight)) && !flight->query.is_momentary)
        caches_put(means->caches, flight->query.key, flight->repository_hash, &entry);
    cache_entry_release(&entry);
    drop(flight);
}

/* --- what is kept, instead of waiting --- */

/* The database is out of sight, or busy: whoever can be served with what has expired is. */
static void serve_what_is_kept(struct flight *flight)
{
    const struct flight_means *means = &flight->flights->means;
    const struct cache_entry *entry = caches_find(means->caches, flight->query.key);
    int64_t patient_since_ms = ms_clock_mono_ms() - PATIENCE_MS;
    bool is_blind = now(flight)->stale_seconds > 0;
    struct ms_str key = flight->query.key;
    struct ms_error err;
    if (flight->state == FLIGHT_ENDING || entry == NULL ||
        !timeline_may_show(entry->generation, now(flight)))
        return;
    (void)ms_error_set(&err, MS_UNAVAILABLE, "the database has not answered yet");
    for (struct waiter *waiter = TAILQ_FIRST(&flight->waiters.list), *next; waiter != NULL;
         waiter = next) {
        struct waiter taken = *waiter;
        next = TAILQ_NEXT(waiter, link);
        if (!is_blind && waiter->since_ms > patient_since_ms)
            continue;
        /* It goes on for who comes next, or the slowest answers would never be made anew. */
        flight->is_own |= !is_blind && flight->state == FLIGHT_ASKING;
        if (next == NULL) {
            send_failure(taken.request, means->caches, means->tracker, key, &err, &taken.reply);
            stop_waiting(waiter); /* the last one may take the flight along */
            return;
        }
        stop_waiting(waiter);
        send_failure(taken.request, means->caches, means->tracker, key, &err, &taken.reply);
    }
}

static void on_look(void *arg)
{
    struct flights *flights = arg;
    tracker_refresh(flights->means.tracker);
    for (struct flight *flight = TAILQ_FIRST(&flights->list), *next; flight != NULL;
         flight = next) {
        next = TAILQ_NEXT(flight, link);
        serve_what_is_kept(flight);
    }
    if (!TAILQ_EMPTY(&flights->list))
        ms_timer_start(flights->look, LOOK_EVERY_MS);
}

/* --- the query --- */

static void pause_flight(struct flight *flight, unsigned *n_pauses)
{
    (*n_pauses)++;
    flight->state = FLIGHT_PAUSING;
    ms_timer_start(flight->timer, PAUSE_MS);
}

/* A database that restarts is soon back, and nobody needs to know: so it is asked again as long as
 * the watcher sees it. */
static bool is_worth_asking_again(const struct flight *flight, enum ms_status status)
{
    return status == MS_UNAVAILABLE && timeline_is_watched(now(flight)) &&
           flight->n_lost_pauses < LOST_PAUSES_MAX && flight->n_losses <= LOSSES_MAX;
}

/* Asks, now or in its turn, for all who wait for it. When one of their clients has room for it, it
 * waits, and what waits takes everybody: nobody is refused for what another has too many of. */
static void queue_up(struct flight *flight)
{
    struct flight_queue *queue = flight->flights->queue;
    const struct waiter *waiter, *first = NULL;
    enum turns_verdict verdict = TURNS_FULL;
    flight->state = FLIGHT_WAITING;
    if (flight->is_own)
        verdict = flight_queue_join(queue, &flight->turn, &CLIENT_OWN);
    TAILQ_FOREACH(waiter, &flight->waiters.list, link) {
        if (verdict == TURNS_WAITS)
            break;
        verdict = flight_queue_join(queue, &flight->turn, &waiter->client);
        first = waiter;
    }
    if (verdict != TURNS_WAITS) {
        flight_queue_refuse(queue, &flight->turn, verdict);
        return;
    }
    TAILQ_FOREACH(waiter, &flight->waiters.list, link) {
        if (waiter != first)
            (void)flight_queue_join(queue, &flight->turn, &waiter->client);
    }
    ms_timer_start(flight->timer, flight_queue_longest_ms(flight->class));
    flight_queue_pump(queue);
}

/* The statement gave no row: when there is one for what is larger, it is asked. False: there is
 * none. */
static bool queue_up_unbounded(struct flight *flight)
{
    enum ms_read_query query = queries_unbounded(flight->query.statement);
    if (query == flight->query.statement)
        return false;
    flight->query.statement = query;
    flight->class = queries_class_of(query, flight->query.is_filtered);
    turns_item_init(&flight->turn, flight->class);
    queue_up(flight);
    return true;
}

static void judge(struct flight *flight)
{
    const struct timeline_query *asked = &flight->asked;
    unsigned long long snapshot = asked->snapshot;
    struct ms_error err;
    if (!asked->has_snapshot && queue_up_unbounded(flight))
        return;
    switch (timeline_judge(asked, now(flight))) {
    case TIMELINE_BEHIND:
        if (flight->n_behind_pauses < BEHIND_PAUSES_MAX) {
            pause_flight(flight, &flight->n_behind_pauses);
            return;
        }
        (void)ms_error_set(&err, MS_CONFLICT, "generation %llu after %llu: the database went back",
                           snapshot, (unsigned long long)asked->oldest_allowed);
        break;
    case TIMELINE_AHEAD:
        flight->state = FLIGHT_AHEAD;
        ms_timer_start(flight->timer, PAUSE_MS);
        return;
    case TIMELINE_ELSEWHERE:
        (void)ms_error_set(&err, MS_CONFLICT, "generation %llu, which the database has not reached",
                           snapshot);
        break;
    case TIMELINE_USE:
        if (asked->has_snapshot) {
            deliver(flight);
            return;
        }
        (void)ms_error_set(&err, MS_PROTOCOL, "a query without a row");
        break;
    }
    fail(flight, &err);
}

/* Rows of a snapshot that is too old are not built into anything: judge() has it asked again. */
static void on_row(const struct ms_str *columns, size_t n_columns, void *arg)
{
    struct flight *flight = arg;
    struct timeline_query *asked = &flight->asked;
    struct ms_error err;
    enum ms_status status = MS_OK;
    if (flight->state != FLIGHT_ASKING)
        return;
    if (!asked->has_snapshot) {
        if (n_columns == 0 || ms_str_to_u64(&asked->snapshot, columns[0]) != MS_OK)
            status = ms_error_set(&err, MS_PROTOCOL, "a row without a generation");
        asked->has_snapshot = status == MS_OK;
    }
    if (status == MS_OK && asked->snapshot >= asked->oldest_allowed)
        status = build_add_row(&flight->build, asked->snapshot, columns + 1, n_columns - 1, &err);
    if (status != MS_OK)
        fail_later(flight, &err);
}

static void on_done(const struct ms_error *err, void *arg)
{
    struct flight *flight = arg;
    flight_queue_charge(flight->flights->queue, &flight->turn);
    flight->read = NULL;
    tracker_refresh(flight->flights->means.tracker);
    if (flight->state != FLIGHT_ASKING) /* tracker_refresh() told of a change */
        return;
    if (err == NULL) {
        judge(flight);
        return;
    }
    /* Of a database that is out of sight, the query's own cost is not known. */
    if (err->status == MS_TIMEOUT && timeline_is_watched(now(flight)))
        timeouts_note(flight->flights->timeouts, flight->query.key, ms_clock_mono_ms());
    flight->n_losses++;
    if (is_worth_asking_again(flight, err->status))
        pause_flight(flight, &flight->n_lost_pauses);
    else
        fail(flight, err);
}

static enum ms_status ask(struct flight *flight, struct ms_error *err)
{
    const struct answer_query *query = &flight->query;
    enum ms_status status = build_begin(&flight->build, err);
    if (status != MS_OK)
        return status;
    timeline_ask(&flight->asked, now(flight));
    waiters_note_asked(&flight->waiters);
    flight->state = FLIGHT_ASKING;
    struct ms_store_query statement = {.query = query->statement,
                                       .params = query->params,
                                       .n_params = query->n_params,
                                       .is_filtered = query->is_filtered,
                                       .waiting = flight_queue_classes(flight->flights->queue),
                                       .on_row = on_row,
                                       .on_done = on_done,
                                       .arg = flight};
    return ms_store_reader_run(&flight->read, flight->flights->means.env->store, &statement, err);
}

/* --- waiting for the database --- */

static struct flight *flight_of(struct turns_item *turn)
{
    return (struct flight *)(void *)((char *)turn - offsetof(struct flight, turn));
}

static void on_turn(struct turns_item *turn)
{
    struct flight *flight = flight_of(turn);
    struct ms_error err;
    ms_timer_stop(flight->timer);
    if (ask(flight, &err) == MS_OK)
        return;
    flight_queue_charge(flight->flights->queue, &flight->turn); /* it was not asked */
    if (is_worth_asking_again(flight, err.status))
        pause_flight(flight, &flight->n_lost_pauses);
    else
        fail_later(flight, &err);
}

static void on_refused(struct turns_item *turn, enum ms_limit limit, const struct ms_error *err)
{
    struct flight *flight = flight_of(turn);
    flight->refused_by = limit;
    fail_later(flight, err);
}

static void on_timer(void *arg)
{
    struct flight *flight = arg;
    tracker_refresh(flight->flights->means.tracker);
    switch (flight->state) {
    case FLIGHT_WAITING:
        flight->refused_by = MS_LIMIT_PG_WAIT_TIMEOUT;
        flight_queue_expire(&flight->err, flight->flights->queue, &flight->turn,
                            timeline_is_watched(now(flight)));
        fail(flight, &flight->err);
        break;
    case FLIGHT_PAUSING:
        queue_up(flight);
        break;
    case FLIGHT_AHEAD:
        judge(flight);
        break;
    case FLIGHT_ENDING:
        fail(flight, &flight->err);
        break;
    case FLIGHT_ASKING: /* it waits for the database */
        break;
    }
}

/* --- requests --- */

static bool may_join(const struct flight *flight)
{
    switch (flight->state) {
    case FLIGHT_WAITING: /* it will be asked from now on */
    case FLIGHT_PAUSING:
        return true;
    case FLIGHT_ASKING:
    case FLIGHT_AHEAD:
        return timeline_may_share(&flight->asked, now(flight));
    case FLIGHT_ENDING:
        break;
    }
    return false;
}

static struct flight *new_flight(struct flights *flights, const struct answer_query *query)
{
    struct flight *flight = ms_alloc(sizeof(*flight));
    flight->flights = flights;
    flight->class = queries_class_of(query->statement, query->is_filtered);
    flight->refused_by = MS_LIMIT_NONE;
    turns_item_init(&flight->turn, flight->class);
    flight->arena = ms_arena_new(FLIGHT_ARENA_MAX);
    flight->timer = ms_timer_new(flights->means.env->loop, on_timer, flight);
    waiters_init(&flight->waiters, flight, on_gone);
    TAILQ_INSERT_TAIL(&flights->list, flight, link);
    return flight;
}

/* Takes what belongs to the query, which may be gone before the flight, and asks. */
static void begin(struct flight *flight, const struct answer_query *query)
{
    struct ms_error err;
    void *builder_state = NULL;
    if (answer_query_copy(&flight->query, flight->arena, query) != MS_OK) {
        (void)ms_error_set(&err, MS_TOO_LARGE, "the parameters of the query are too large");
        fail_later(flight, &err);
        return;
    }
    if (query->state_bytes > 0)
        builder_state = ms_arena_alloc(flight->arena, query->state_bytes);
    if (!ms_str_is_absent(query->repository))
        flight->repository_hash = ms_str_hash(query->repository);
    build_init(&flight->build, flight->flights->means.caches, &flight->query, builder_state);
    queue_up(flight);
}

void flight_serve(struct flights *flights, struct ms_http_request *request,
                  const struct answer_query *query, const struct answer_reply *reply)
{
    struct flight *flight;
    struct ms_error err;
    if (timeouts_has(flights->timeouts, query->key, ms_clock_mono_ms())) {
        ms_limit_reached(MS_LIMIT_TIMED_OUT_AGAIN);
        (void)ms_error_set(&err, MS_TIMEOUT, "it took too long a moment ago");
        send_failure(request, flights->means.caches, flights->means.tracker, query->key, &err,
                     reply);
        return;
    }
    TAILQ_FOREACH(flight, &flights->list, link) {
        if (may_join(flight) && ms_str_equal(flight->query.key, query->key))
            break;
    }
    if (flight != NULL) {
        const struct waiter *waiter = add_waiter(flight, request, reply);
        if (flight->state == FLIGHT_WAITING)
            (void)flight_queue_join(flights->queue, &flight->turn, &waiter->client);
        return;
    }
    flight = new_flight(flights, query);
    add_waiter(flight, request, reply);
    begin(flight, query);
}

bool flights_fill(struct flights *flights, const struct answer_query *query)
{
    struct flight *flight;
    TAILQ_FOREACH(flight, &flights->list, link) {
        if (flight->state != FLIGHT_ENDING && ms_str_equal(flight->query.key, query->key))
            return false;
    }
    if (timeouts_has(flights->timeouts, query->key, ms_clock_mono_ms()))
        return false;
    flight = new_flight(flights, query);
    flight->is_own = true;
    begin(flight, query);
    return true;
}

/* --- all of them --- */

struct flights *flights_new(const struct flight_means *means)
{
    struct flights *flights = ms_alloc(sizeof(*flights));
    flights->means = *means;
    flights->look = ms_timer_new(means->env->loop, on_look, flights);
    flights->timeouts = timeouts_new();
    flights->queue = flight_queue_new(
        means->env->store, means->env->config->reader.max_waiting,
        &(struct flight_queue_events){.on_turn = on_turn, .on_refused = on_refused});
    TAILQ_INIT(&flights->list);
    return flights;
}

void flights_free(struct flights *flights)
{
    if (flights == NULL)
        return;
    struct flight *flight;
    while ((flight = TAILQ_FIRST(&flights->list)) != NULL)
        drop(flight);
    flight_queue_free(flights->queue);
    ms_timer_free(flights->look);
    timeouts_free(flights->timeouts);
    free(flights);
}

void flights_update_gauges(const struct flights *flights)
{
    for (unsigned class = 0; class < MS_CLASS_COUNT; class += 1)
        ms_metrics_set(MS_METRIC_STATEMENTS_WAITING, QUERIES_CLASS_NAMES[class], NULL,
                       (double)flight_queue_count(flights->queue, class));
}

void flights_touch(struct flights *flights, uint64_t repository_hash, uint64_t generation)
{
    struct flight *flight;
    struct ms_error err;
    (void)ms_error_set(&err, MS_UNAVAILABLE, "a change has come");
    TAILQ_FOREACH(flight, &flights->list, link) {
        if (flight->repository_hash != 0 && flight->repository_hash != repository_hash)
            continue;
        timeline_touch(&flight->asked, generation);
        /* What has yet to be asked will have the change. */
        bool is_asked = flight->state == FLIGHT_ASKING || flight->state == FLIGHT_AHEAD;
        if (flight->is_own && waiters_are_none(&flight->waiters) && is_asked &&
            !(flight->asked.has_snapshot && flight->asked.snapshot >= generation))
            fail_later(flight, &err);
    }
}

void flights_forget(struct flights *flights)
{
    timeouts_clear(flights->timeouts);
}

void flights_note_look(struct flights *flights)
{
    struct flight *flight;
    TAILQ_FOREACH(flight, &flights->list, link) {
        if (flight->state == FLIGHT_AHEAD) {
            flight->asked.n_looks++;
            ms_timer_start(flight->timer, 0);
        }
    }
}
