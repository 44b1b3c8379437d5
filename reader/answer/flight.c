/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries under way. The
 * life of a flight:
 *
 *   ask               FLIGHT_ASKING: rows come and are built into an entry (fill.c)
 *   pause             FLIGHT_PAUSING, to ask again: what came is from before what we know, or of
 *                     another epoch; or our connection is gone, and the watcher's is not
 *   wait_for_watcher  FLIGHT_AHEAD: what came is from after what we know
 *   land              sends the result to who does not want gzip of a file, and keeps it
 *   wait_for_gzip     FLIGHT_COMPRESSING: a file at a time, a piece in each turn of the loop
 *   deliver_all       to who waits
 *
 * Always: a flight has somebody who waits for it, else it is dropped and its query cancelled. It is
 * freed in a later turn, for we may be inside one of its query's callbacks. Its timer carries it
 * over whatever is not the database's turn. While the watcher sees the database, nothing is told
 * of a generation that it has not told: so what is kept is never older than what was shown.
 */
#include "reader/answer/flight.h"

#include "common/base/alloc.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "reader/answer/cache.h"
#include "reader/answer/fill.h"
#include "reader/reader.h"

#include <sys/queue.h>

enum {
    FLIGHT_ARENA_MAX = 4 * 1024 * 1024, /* a request's own parameters are at most some KiB */
    PAUSE_MS = 100,
    PAUSES_MAX = 20,
    LOOKS_MAX = 3 /* of the watcher; only the third has surely begun after the result came */
};

enum flight_state {
    FLIGHT_ASKING,
    FLIGHT_PAUSING,
    FLIGHT_AHEAD,
    FLIGHT_LANDING, /* being sent, or about to fail: nobody joins any more */
    FLIGHT_COMPRESSING
};

struct waiter {
    TAILQ_ENTRY(waiter) link;
    struct flight *flight;
    struct ms_http_request *request;
    struct answer_dress dress;
    uint64_t generation;    /* to be said with a file that was kept */
    uint64_t stale_seconds; /* the same */
};
TAILQ_HEAD(waiter_list, waiter);

struct flight {
    TAILQ_ENTRY(flight) link;
    struct flights *flights;
    enum flight_state state;
    struct ms_arena *arena;  /* of all that follows from the spec */
    struct answer_spec spec; /* a copy of what the query needs; the rest is the waiters' */
    uint64_t repository_hash;
    struct ms_store_read *read; /* while ASKING */
    struct fill fill;
    uint64_t epoch;      /* the reader's, when it was asked */
    uint64_t floor;      /* the least its snapshot may be: what was known when it was asked */
    uint64_t touched_at; /* the last generation that concerned it since then; 0: none */
    unsigned n_pauses;
    unsigned n_looks; /* of the watcher while AHEAD */
    struct ms_timer *timer;
    struct ms_error err;      /* while LANDING without a result */
    struct cache_entry entry; /* the result */
    struct waiter_list waiters;
};
TAILQ_HEAD(flight_list, flight);

struct flights {
    struct reader *reader;
    struct flight_list list;
    struct ms_timer
        *compressor; /* one piece of one file in each turn: others want the worker too */
};

static void on_row(const struct ms_str *columns, size_t n_columns, void *arg);
static void on_done(const struct ms_error *err, void *arg);
static void on_timer(void *arg);
static void on_compressor(void *arg);

struct flights *flights_new(struct reader *reader)
{
    struct flights *flights = ms_alloc(sizeof(*flights));
    flights->reader = reader;
    TAILQ_INIT(&flights->list);
    flights->compressor = ms_timer_new(reader->loop, on_compressor, flights);
    return flights;
}

/* --- one flight --- */

static void drop(struct flight *flight)
{
    struct flights *flights = flight->flights;
    TAILQ_REMOVE(&flights->list, flight, link);
    ms_store_read_cancel(flight->read);
    ms_timer_free(flight->timer);
    fill_release(&flight->fill);
    cache_entry_release(&flight->entry);
    ms_arena_free(flight->arena);
    ms_loop_defer_free(flights->reader->loop, flight);
}

void flights_free(struct flights *flights)
{
    if (flights == NULL)
        return;
    struct flight *flight;
    while ((flight = TAILQ_FIRST(&flights->list)) != NULL)
        drop(flight);
    ms_timer_free(flights->compressor);
    free(flights);
}

static struct flight *new_flight(struct flights *flights, enum flight_state state)
{
    struct flight *flight = ms_alloc(sizeof(*flight));
    flight->flights = flights;
    flight->state = state;
    flight->arena = ms_arena_new(FLIGHT_ARENA_MAX);
    flight->timer = ms_timer_new(flights->reader->loop, on_timer, flight);
    TAILQ_INIT(&flight->waiters);
    TAILQ_INSERT_TAIL(&flights->list, flight, link);
    return flight;
}

/* --- who waits --- */

static struct ms_http_request *take_waiter(struct waiter *waiter, struct answer_dress *out_dress)
{
    struct ms_http_request *request = waiter->request;
    *out_dress = waiter->dress;
    TAILQ_REMOVE(&waiter->flight->waiters, waiter, link);
    free(waiter);
    return request;
}

static void on_gone(void *arg)
{
    struct waiter *waiter = arg;
    struct flight *flight = waiter->flight;
    TAILQ_REMOVE(&flight->waiters, waiter, link);
    free(waiter);
    if (TAILQ_EMPTY(&flight->waiters))
        drop(flight);
}

static struct waiter *add_waiter(struct flight *flight, struct ms_http_request *request,
                                 const struct answer_spec *spec)
{
    struct waiter *waiter = ms_alloc(sizeof(*waiter));
    waiter->flight = flight;
    waiter->request = request;
    answer_dress_init(&waiter->dress, spec);
    TAILQ_INSERT_TAIL(&flight->waiters, waiter, link);
    ms_http_request_on_gone(request, on_gone, waiter);
    return waiter;
}

static void deliver(struct waiter *waiter)
{
    struct flight *flight = waiter->flight;
    uint64_t generation = waiter->generation;
    uint64_t stale_seconds = waiter->stale_seconds;
    struct answer_dress dress;
    struct ms_http_request *request = take_waiter(waiter, &dress);
    answer_send(request, &flight->entry, generation, stale_seconds, &dress);
}

static void deliver_all(struct flight *flight)
{
    struct waiter *waiter;
    flight->state = FLIGHT_LANDING;
    while ((waiter = TAILQ_FIRST(&flight->waiters)) != NULL)
        deliver(waiter);
    drop(flight);
}

static void log_failure(const struct flight *flight, const struct ms_error *err)
{
    /* That the database is away was said once by reader.c; full queues are counted. */
    bool is_expected = err->status == MS_UNAVAILABLE || err->status == MS_BUSY;
    ms_log(is_expected ? MS_LOG_DEBUG : MS_LOG_ERROR, "query failed",
           MS_FIELDS(ms_field_str("key", flight->spec.key), ms_field_error(err)));
}

static void fail_all(struct flight *flight, const struct ms_error *err)
{
    struct waiter *waiter;
    flight->state = FLIGHT_LANDING;
    log_failure(flight, err);
    while ((waiter = TAILQ_FIRST(&flight->waiters)) != NULL) {
        struct answer_dress dress;
        struct ms_http_request *request = take_waiter(waiter, &dress);
        answer_failure(flight->flights->reader, request, flight->spec.key, err, &dress);
    }
    drop(flight);
}

/* Later: we are inside the query's callback. */
static void fail_later(struct flight *flight, const struct ms_error *err)
{
    ms_store_read_cancel(flight->read);
    flight->read = NULL;
    flight->state = FLIGHT_LANDING;
    flight->err = *err;
    ms_timer_start(flight->timer, 0);
}

/* --- asking --- */

/* What belongs to the request (headers, repository's name) may be gone long before the flight. */
static enum ms_status copy_spec(struct flight *flight, const struct answer_spec *spec,
                                struct ms_error *err)
{
    void *builder_state = NULL;
    flight->repository_hash =
        ms_str_is_absent(spec->repository) ? 0 : ms_str_hash(spec->repository);
    if (answer_spec_copy(&flight->spec, flight->arena, spec) != MS_OK)
        return ms_error_set(err, MS_TOO_LARGE, "the parameters of the query are too large");
    if (spec->state_bytes > 0)
        builder_state = ms_arena_alloc(flight->arena, spec->state_bytes);
    fill_init(&flight->fill, flight->flights->reader, &flight->spec, builder_state);
    return MS_OK;
}

static enum ms_status ask(struct flight *flight, struct ms_error *err)
{
    struct reader *reader = flight->flights->reader;
    fill_begin(&flight->fill);
    flight->state = FLIGHT_ASKING;
    flight->epoch = reader->epoch;
    flight->floor = answer_floor(reader);
    flight->touched_at = 0;
    flight->n_looks = 0;
    struct ms_store_query query = {.query = flight->spec.query,
                                   .params = flight->spec.params,
                                   .n_params = flight->spec.n_params,
                                   .stream = flight->spec.is_large,
                                   .on_row = on_row,
                                   .on_done = on_done,
                                   .arg = flight};
    return ms_store_reader_run(&flight->read, reader->store, &query, err);
}

static void on_row(const struct ms_str *columns, size_t n_columns, void *arg)
{
    struct flight *flight = arg;
    struct ms_error err;
    if (flight->state == FLIGHT_ASKING &&
        fill_take_row(&flight->fill, columns, n_columns, flight->floor, &err) != MS_OK)
        fail_later(flight, &err);
}

/* --- the result --- */

/* The watcher sees the database: what is kept can be invalidated. */
static bool is_in_sight(const struct reader *reader)
{
    const struct freshness *freshness = &reader->freshness;
    return freshness_is_known(freshness) && freshness_stale_seconds(freshness) == 0;
}

static bool is_current(const struct flight *flight)
{
    return flight->touched_at <= flight->fill.snapshot;
}

static void keep(struct flight *flight)
{
    struct reader *reader = flight->flights->reader;
    if (is_current(flight) && is_in_sight(reader) && !flight->spec.is_momentary)
        cache_put(flight->entry.file != NULL ? reader->large : reader->cache, flight->spec.key,
                  flight->repository_hash, &flight->entry);
}

/* Nothing that concerns it has happened since: then it is as true now as it was then. */
static uint64_t generation_to_say(const struct flight *flight)
{
    uint64_t seen = freshness_generation(&flight->flights->reader->freshness);
    return is_current(flight) && seen > flight->fill.snapshot ? seen : flight->fill.snapshot;
}

static void wait_for_gzip(struct flight *flight)
{
    flight->state = FLIGHT_COMPRESSING;
    ms_timer_start(flight->flights->compressor, 0);
}

/* Sends it to all but those who want gzip of a file that is not compressed yet. */
static void deliver_plain(struct flight *flight, uint64_t generation)
{
    const struct spool_file *file = flight->entry.file;
    struct waiter *waiter = TAILQ_FIRST(&flight->waiters);
    while (waiter != NULL) {
        struct waiter *next = TAILQ_NEXT(waiter, link);
        waiter->generation = generation;
        if (file == NULL || !spool_file_awaits_gzip(file, waiter->request))
            deliver(waiter);
        waiter = next;
    }
}

static void land(struct flight *flight)
{
    struct reader *reader = flight->flights->reader;
    uint64_t generation = generation_to_say(flight);
    flight->state = FLIGHT_LANDING;
    answer_said(reader, generation);
    deliver_plain(flight, generation);
    keep(flight); /* with the gzip variant that somebody may have wanted */
    if (TAILQ_EMPTY(&flight->waiters)) {
        drop(flight);
        return;
    }
    wait_for_gzip(flight);
}

/* A standby that lags behind the one that answered before; or the database went back: the watcher
 * has said so since the query began, or is about to, and we do not go back before it does. */
static bool is_behind(const struct flight *flight)
{
    const struct reader *reader = flight->flights->reader;
    return flight->epoch != reader->epoch ||
           (flight->fill.has_snapshot && flight->fill.snapshot < flight->floor);
}

/* False: it has waited for long enough. */
static bool pause_flight(struct flight *flight)
{
    if (flight->n_pauses++ == PAUSES_MAX)
        return false;
    flight->state = FLIGHT_PAUSING;
    ms_timer_start(flight->timer, PAUSE_MS);
    return true;
}

static void ask_again(struct flight *flight)
{
    struct ms_error err;
    if (pause_flight(flight))
        return;
    (void)ms_error_set(&err, MS_CONFLICT, "generation %llu after %llu: the database went back",
                       (unsigned long long)flight->fill.snapshot,
                       (unsigned long long)flight->floor);
    fail_all(flight, &err);
}

/* The watcher has not told this generation yet. It will at once, unless it has lost sight. */
static bool is_ahead(const struct flight *flight)
{
    const struct reader *reader = flight->flights->reader;
    return flight->fill.snapshot > freshness_generation(&reader->freshness) &&
           is_in_sight(reader) && freshness_loss(&reader->freshness) == NULL;
}

static void wait_for_watcher(struct flight *flight)
{
    flight->state = FLIGHT_AHEAD;
    ms_timer_start(flight->timer, PAUSE_MS);
}

/* Our connection leads to a server that the watcher's does not lead to: one that was the primary,
 * and has changes that were lost when another one took over. */
static void fail_elsewhere(struct flight *flight)
{
    struct ms_error err;
    (void)ms_error_set(&err, MS_CONFLICT, "generation %llu, which the database has not reached",
                       (unsigned long long)flight->fill.snapshot);
    fail_all(flight, &err);
}

/* True: it is asked again. A database that restarts is soon back, and nobody needs to know. */
static bool bridge(struct flight *flight, const struct ms_error *err)
{
    return err->status == MS_UNAVAILABLE && is_in_sight(flight->flights->reader) &&
           pause_flight(flight);
}

static void on_failure(struct flight *flight, const struct ms_error *err)
{
    if (!bridge(flight, err))
        fail_all(flight, err);
}

static void conclude(struct flight *flight)
{
    struct ms_error failure;
    if (is_behind(flight))
        ask_again(flight);
    else if (is_ahead(flight) && flight->n_looks < LOOKS_MAX)
        wait_for_watcher(flight);
    else if (is_ahead(flight))
        fail_elsewhere(flight);
    else if (fill_finish(&flight->entry, &flight->fill, &failure) != MS_OK)
        fail_all(flight, &failure);
    else
        land(flight);
}

static void on_done(const struct ms_error *err, void *arg)
{
    struct flight *flight = arg;
    flight->read = NULL;
    answer_refresh(flight->flights->reader);
    if (err != NULL)
        on_failure(flight, err);
    else
        conclude(flight);
}

/* --- compressing --- */

static struct flight *first_compressing(const struct flights *flights)
{
    struct flight *flight;
    TAILQ_FOREACH(flight, &flights->list, link) {
        if (flight->state == FLIGHT_COMPRESSING)
            return flight;
    }
    return NULL;
}

static void on_compressor(void *arg)
{
    struct flights *flights = arg;
    struct flight *flight = first_compressing(flights);
    struct ms_error err;
    bool done = false;
    if (flight == NULL)
        return;
    enum ms_status status = spool_file_compress(&done, flight->entry.file, &err);
    if (status != MS_OK)
        ms_log(MS_LOG_WARN, "a large answer stays uncompressed", MS_FIELDS(ms_field_error(&err)));
    if (status != MS_OK || done)
        deliver_all(flight);
    ms_timer_start(flights->compressor, 0);
}

/* --- the timer's turn --- */

static void on_timer(void *arg)
{
    struct flight *flight = arg;
    struct ms_error err;
    answer_refresh(flight->flights->reader);
    switch (flight->state) {
    case FLIGHT_PAUSING:
        if (ask(flight, &err) != MS_OK)
            on_failure(flight, &err);
        break;
    case FLIGHT_AHEAD:
        conclude(flight);
        break;
    case FLIGHT_LANDING:
        fail_all(flight, &flight->err);
        break;
    case FLIGHT_ASKING: /* it waits for the database */
    case FLIGHT_COMPRESSING:
        break;
    }
}

/* --- requests --- */

/* What it will bring is from no earlier generation than an answer to a new query must be. */
static bool is_fresh(const struct flight *flight)
{
    const struct reader *reader = flight->flights->reader;
    bool is_of_epoch = flight->epoch == reader->epoch;
    switch (flight->state) {
    case FLIGHT_PAUSING:
        return true;
    case FLIGHT_ASKING:
        return is_of_epoch && flight->floor >= answer_floor(reader);
    case FLIGHT_AHEAD:
        return is_of_epoch && flight->fill.snapshot >= answer_floor(reader);
    case FLIGHT_LANDING:
    case FLIGHT_COMPRESSING:
        break;
    }
    return false;
}

static struct flight *find_joinable(const struct flights *flights, struct ms_str key)
{
    struct flight *flight;
    TAILQ_FOREACH(flight, &flights->list, link) {
        if (is_fresh(flight) && ms_str_equal(flight->spec.key, key))
            return flight;
    }
    return NULL;
}

static void start_flight(struct flights *flights, struct ms_http_request *request,
                         const struct answer_spec *spec)
{
    struct answer_dress dress;
    struct ms_error err;
    struct flight *flight = new_flight(flights, FLIGHT_ASKING);
    enum ms_status status = copy_spec(flight, spec, &err);
    if (status == MS_OK)
        status = ask(flight, &err);
    if (status == MS_OK || bridge(flight, &err)) {
        add_waiter(flight, request, spec);
        return;
    }
    log_failure(flight, &err);
    drop(flight);
    answer_dress_init(&dress, spec);
    answer_failure(flights->reader, request, spec->key, &err, &dress);
}

void flight_serve(struct flights *flights, struct ms_http_request *request,
                  const struct answer_spec *spec)
{
    struct flight *flight = find_joinable(flights, spec->key);
    if (flight != NULL)
        add_waiter(flight, request, spec);
    else
        start_flight(flights, request, spec);
}

static struct flight *find_compressing(const struct flights *flights, const struct spool_file *file)
{
    struct flight *flight;
    TAILQ_FOREACH(flight, &flights->list, link) {
        if (flight->state == FLIGHT_COMPRESSING && flight->entry.file == file)
            return flight;
    }
    return NULL;
}

void flight_serve_gzip(struct flights *flights, struct ms_http_request *request,
                       const struct answer_spec *spec, const struct cache_entry *entry,
                       uint64_t generation, uint64_t stale_seconds)
{
    struct flight *flight = find_compressing(flights, entry->file);
    if (flight == NULL) {
        flight = new_flight(flights, FLIGHT_COMPRESSING);
        cache_entry_copy(&flight->entry, entry);
        wait_for_gzip(flight);
    }
    struct waiter *waiter = add_waiter(flight, request, spec);
    waiter->generation = generation;
    waiter->stale_seconds = stale_seconds;
}

/* --- freshness --- */

void flights_touched(struct flights *flights, uint64_t repository_hash, uint64_t generation)
{
    struct flight *flight;
    TAILQ_FOREACH(flight, &flights->list, link) {
        if (flight->repository_hash == 0 || flight->repository_hash == repository_hash)
            flight->touched_at = generation;
    }
}

void flights_looked(struct flights *flights)
{
    struct flight *flight;
    TAILQ_FOREACH(flight, &flights->list, link) {
        if (flight->state == FLIGHT_AHEAD) {
            flight->n_looks++;
            ms_timer_start(flight->timer, 0);
        }
    }
}
