/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a worker: makes the parts of struct reader in the order in which they need each
 * other, runs the loop, and takes them down in the reverse order. Run by the supervisor, after the
 * fork. Always: nothing here asks the database; that is begun by requests.
 */
#include "reader/reader.h"

#include "common/base/alloc.h"
#include "common/runtime/loop.h"
#include "common/runtime/metrics.h"
#include "reader/admin.h"
#include "reader/answer/answer.h"
#include "reader/answer/cache.h"
#include "reader/answer/flight.h"
#include "reader/answer/parking.h"
#include "reader/answer/spool.h"
#include "reader/process/reload.h"
#include "reader/routes.h"
#include "reader/shared/shared.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LARGEST_ENTRY_PART = 4, /* no entity takes more than this part of the cache */
    DRAIN_RESERVE_MS = 500, /* of shutdown_timeout: so that we end before we are killed */
    N_CORS_HEADERS = 2
};

/* Beside the reader: what only its life needs. */
struct worker {
    struct reader reader;
    struct reader_program *program;
    struct ms_watch *wake;
    struct ms_timer *gauges;
    struct ms_signal *stop;
    struct ms_signal *reload;
    struct ms_drain *intake;
    struct ms_drain *work;
    struct ms_http_header cors[N_CORS_HEADERS];
};

/* --- configuration --- */

static struct ms_http_limits http_limits(const struct ms_config *config)
{
    struct ms_http_limits limits;
    ms_http_limits_default(&limits);
    limits.max_connections = config->reader.max_connections;
    limits.header_timeout_ms = config->reader.header_timeout_ms;
    limits.idle_timeout_ms = config->reader.idle_timeout_ms;
    limits.write_timeout_ms = config->reader.write_timeout_ms;
    return limits;
}

static void on_reload(int signal_number, void *arg)
{
    (void)signal_number;
    struct worker *worker = arg;
    if (!reload_config(worker->program, false))
        return;
    struct ms_http_limits limits = http_limits(worker->program->config);
    ms_http_server_set_limits(worker->reader.server, &limits);
    ms_http_server_set_access_log(worker->reader.server, worker->program->config->log.access);
}

/* --- events --- */

/* By the watcher, whenever it has looked. */
static void on_wake(int fd, int ready, void *arg)
{
    (void)ready;
    struct reader *reader = arg;
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof(count));
    (void)got; /* shared memory says what happened */
    answer_refresh(reader);
    flights_looked(reader->flights);
}

static void on_gauges(void *arg)
{
    struct worker *worker = arg;
    admin_update_gauges(&worker->reader);
    ms_child_beat(worker->reader.child);
    ms_timer_start(worker->gauges, MS_BEAT_EVERY_MS);
}

static void on_store_state(bool connected, const struct ms_error *err, void *arg)
{
    const struct reader *reader = arg;
    struct ms_log_field index = ms_field_u64("worker", reader->child->index);
    if (connected)
        ms_log(MS_LOG_INFO, "connected to the database", MS_FIELDS(index));
    else
        ms_log(MS_LOG_WARN, "the database is away", MS_FIELDS(index, ms_field_error(err)));
}

/* --- the end --- */

static void on_idle(void *arg)
{
    struct worker *worker = arg;
    ms_drain_done(worker->work);
}

static void begin_intake_drain(void *arg)
{
    struct worker *worker = arg;
    ms_http_server_drain(worker->reader.server, on_idle, worker);
    ms_drain_done(worker->intake);
}

static void begin_work_drain(void *arg)
{
    struct worker *worker = arg;
    if (ms_http_server_connections(worker->reader.server) == 0)
        ms_drain_done(worker->work);
}

static void on_stop(int signal_number, void *arg)
{
    (void)signal_number;
    struct worker *worker = arg;
    uint64_t timeout_ms = worker->program->config->shutdown_timeout_ms;
    if (!ms_loop_is_draining(worker->reader.loop))
        ms_loop_drain(worker->reader.loop, timeout_ms > 2 * DRAIN_RESERVE_MS
                                               ? timeout_ms - DRAIN_RESERVE_MS
                                               : timeout_ms / 2);
}

/* --- wiring --- */

static void open_store(struct reader *reader)
{
    const struct ms_config *config = reader->config;
    struct ms_store_options options = {
        .url = config->database.read_url != NULL ? config->database.read_url : config->database.url,
        .application_name = "metastore-reader",
        .connections = config->database.connections,
        .max_waiting = config->reader.max_waiting,
        .statement_timeout_ms = config->reader.statement_timeout_ms,
        .on_state = on_store_state,
        .arg = reader,
    };
    reader->store = ms_store_reader_new(reader->loop, &options);
}

static void open_caches(struct reader *reader)
{
    const struct ms_config *config = reader->config;
    uint64_t size = config->cache.size_bytes;
    uint64_t spool_size = config->cache.spool_size_bytes;
    struct spool_options options = {
        .dir = config->cache.spool_dir,
        .max_bytes = spool_size,
        .used = shared_spool_used(reader->child->shared),
        .n_used = reader->child->n_workers,
        .own = reader->child->index,
    };
    reader->cache = cache_new(size, size / LARGEST_ENTRY_PART);
    reader->large = cache_new(size > 0 ? spool_size : 0, spool_size);
    reader->spool = spool_new(&options);
    reader->flights = flights_new(reader);
    reader->parking = parking_new(reader->loop);
}

static void on_refused(struct ms_http_request *request, int status, struct ms_str detail)
{
    answer_error(request, status, status == 503 ? "UNAVAILABLE" : "UNSUPPORTED", detail,
                 MS_STR_ABSENT);
}

static void open_server(struct worker *worker)
{
    struct reader *reader = &worker->reader;
    struct ms_http_limits limits = http_limits(reader->config);
    reader->server = ms_http_server_new(reader->loop, &limits, routes_handle, reader);
    ms_http_server_set_refuser(reader->server, on_refused);
    ms_http_server_set_access_log(reader->server, reader->config->log.access);
    if (reader->config->reader.cors_origin != NULL) {
        worker->cors[0] = (struct ms_http_header){"Access-Control-Allow-Origin",
                                                  ms_str(reader->config->reader.cors_origin)};
        worker->cors[1] = (struct ms_http_header){
            "Access-Control-Expose-Headers",
            MS_STR("ETag, Link, Retry-After, X-Metastore-Generation, X-Metastore-Stale")};
        ms_http_server_set_headers(reader->server, worker->cors, N_CORS_HEADERS);
    }
    ms_http_server_add_listener(reader->server, reader->child->listen_fd);
}

static void open_worker(struct worker *worker, const struct ms_child *child,
                        struct reader_program *program)
{
    struct reader *reader = &worker->reader;
    worker->program = program;
    reader->child = child;
    reader->config = program->config;
    reader->loop = ms_loop_new();
    freshness_init(&reader->freshness, shared_freshness(child->shared));
    open_store(reader);
    open_caches(reader);
    open_server(worker);
    worker->stop = ms_signal_new(reader->loop, SIGTERM, on_stop, worker);
    worker->reload = ms_signal_new(reader->loop, SIGHUP, on_reload, worker);
    worker->intake =
        ms_drain_register(reader->loop, MS_DRAIN_INTAKE, "listener", begin_intake_drain, worker);
    worker->work =
        ms_drain_register(reader->loop, MS_DRAIN_WORK, "connections", begin_work_drain, worker);
    worker->wake = ms_watch_new(reader->loop, child->wake_fd, on_wake, reader);
    ms_watch_set(worker->wake, MS_READABLE);
    worker->gauges = ms_timer_new(reader->loop, on_gauges, worker);
    on_gauges(worker);
    ms_child_ready(child);
}

/* The server first: who still waits is told, and leaves its flight. */
static void close_worker(struct worker *worker)
{
    struct reader *reader = &worker->reader;
    ms_timer_free(worker->gauges);
    ms_watch_free(worker->wake);
    ms_signal_free(worker->reload);
    ms_signal_free(worker->stop);
    ms_http_server_free(reader->server);
    flights_free(reader->flights);
    parking_free(reader->parking);
    ms_store_reader_free(reader->store);
    cache_free(reader->cache);
    cache_free(reader->large);
    ms_loop_free(
        reader->loop); /* runs what was deferred: files on their way go back to the spool */
    spool_free(reader->spool);
}

int reader_run_worker(const struct ms_child *child, void *arg)
{
    struct worker *worker = ms_alloc(sizeof(*worker));
    ms_metrics_use_slot(shared_slot(child->shared, child->index));
    open_worker(worker, child, arg);
    ms_loop_run(worker->reader.loop);
    bool drained = ms_loop_drained(worker->reader.loop);
    if (!drained)
        ms_log(MS_LOG_WARN, "connections were cut at the end of shutdown_timeout",
               MS_FIELDS(
                   ms_field_u64("worker", child->index),
                   ms_field_u64("connections", ms_http_server_connections(worker->reader.server))));
    close_worker(worker);
    free(worker);
    return EXIT_SUCCESS;
}
