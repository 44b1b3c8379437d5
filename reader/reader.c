/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a worker, a process that answers requests:
 *
 *   open     makes the parts in the order in which they need each other, and takes connections
 *   run      the loop, until SIGTERM
 *   drain    takes no more connections, wakes who waits for a change, and lets the requests under
 *            way be answered, for as long as shutdown_timeout allows
 *   close    takes the parts down in the reverse order
 *
 * Always: nothing here asks the database; requests do.
 */
#include "reader/reader.h"

#include "common/base/alloc.h"
#include "common/config/config.h"
#include "common/http/server.h"
#include "common/runtime/log.h"
#include "common/runtime/loop.h"
#include "common/runtime/metrics.h"
#include "reader/admin.h"
#include "reader/answer/answer.h"
#include "reader/answer/longpoll.h"
#include "reader/process/reload.h"
#include "reader/process/supervisor.h"
#include "reader/routes.h"
#include "reader/shared/freshness.h"
#include "reader/shared/shared.h"
#include "reader/store/store.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    DRAIN_RESERVE_MS = 500, /* of shutdown_timeout: so that we end before we are killed */
    N_CORS_HEADERS = 2,
    ADMIN_CONNECTIONS_MAX = 100 /* probes and scrapes */
};

struct worker {
    struct env env;
    struct freshness freshness;
    struct answers answers;
    struct spool *spool;
    struct ms_http_server *admin; /* NULL: env.server serves health and metrics, too */
    struct reader_program *program;
    struct ms_watch *wake;
    struct ms_timer *gauges;
    struct ms_timer *drain_deadline;
    struct ms_signal *stop;
    struct ms_signal *reload;
    struct ms_http_header cors[N_CORS_HEADERS];
};

/* --- events --- */

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
    ms_http_server_set_limits(worker->env.server, &limits);
    ms_http_server_set_access_log(worker->env.server, worker->program->config->log.access);
}

/* By the watcher, whenever it has looked. */
static void on_wake(int fd, int ready, void *arg)
{
    (void)ready;
    struct worker *worker = arg;
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof(count));
    (void)got; /* shared memory says what happened */
    answers_note_look(&worker->answers);
}

static void on_gauges(void *arg)
{
    struct worker *worker = arg;
    admin_update_gauges(&worker->answers);
    supervisor_child_beat(worker->env.child);
    ms_timer_start(worker->gauges, CHILD_BEAT_EVERY_MS);
}

static void on_store_state(bool connected, const struct ms_error *err, void *arg)
{
    const struct worker *worker = arg;
    struct ms_field index = ms_field_u64("worker", worker->env.child->index);
    if (connected)
        ms_log(MS_LOG_INFO, "connected to the database", MS_FIELDS(index));
    else
        ms_log(MS_LOG_WARN, "the database is away", MS_FIELDS(index, ms_field_error(err)));
}

static void on_refused(struct ms_http_request *request, int status, struct ms_str detail)
{
    send_error(request, status, status == 503 ? "UNAVAILABLE" : "UNSUPPORTED", detail,
               MS_STR_ABSENT);
}

/* --- drain --- */

static void on_idle(void *arg)
{
    struct worker *worker = arg;
    ms_loop_stop(worker->env.loop);
}

static void on_drain_deadline(void *arg)
{
    struct worker *worker = arg;
    ms_log(MS_LOG_WARN, "connections were cut at the end of shutdown_timeout",
           MS_FIELDS(ms_field_u64("worker", worker->env.child->index),
                     ms_field_u64("connections", ms_http_server_connections(worker->env.server))));
    ms_loop_stop(worker->env.loop);
}

static void on_stop(int signal_number, void *arg)
{
    (void)signal_number;
    struct worker *worker = arg;
    uint64_t timeout_ms = worker->program->config->shutdown_timeout_ms;
    if (worker->env.is_ending)
        return;
    worker->env.is_ending = true;
    worker->drain_deadline = ms_timer_new(worker->env.loop, on_drain_deadline, worker);
    ms_timer_start(worker->drain_deadline, timeout_ms > 2 * DRAIN_RESERVE_MS
                                               ? timeout_ms - DRAIN_RESERVE_MS
                                               : timeout_ms / 2);
    longpoll_wake(worker->answers.longpoll);
    ms_http_server_drain(worker->env.server, on_idle, worker);
}

/* --- wiring --- */

static void open_store(struct worker *worker)
{
    const struct ms_config *config = worker->env.config;
    struct ms_store_options options = {
        .url = config->database.read_url != NULL ? config->database.read_url : config->database.url,
        .application_name = "metastore-reader",
        .connections = config->database.connections,
        .max_waiting = config->reader.max_waiting,
        .statement_timeout_ms = config->reader.statement_timeout_ms,
        .on_state = on_store_state,
        .arg = worker,
    };
    worker->env.store = ms_store_reader_new(worker->env.loop, &options);
}

/* Each worker keeps its share of what the spool holds: only its own files can it drop for what is
 * being made, so what one of them keeps must never leave the others without room. */
static void open_answers(struct worker *worker)
{
    const struct env *env = &worker->env;
    worker->spool = spool_new(&(struct spool_options){
        .dir = env->config->cache.spool_dir,
        .max_bytes = env->config->cache.spool_size_bytes,
        .used = shared_spool_used(env->child->shared),
        .n_used = env->child->n_workers,
        .own = env->child->index,
    });
    answers_init(&worker->answers, env,
                 &(struct answers_options){
                     .memory_bytes = env->config->cache.size_bytes,
                     .files_bytes = env->config->cache.spool_size_bytes / env->child->n_workers,
                     .spool = worker->spool,
                 });
}

static void open_server(struct worker *worker)
{
    const struct ms_config *config = worker->env.config;
    struct ms_http_limits limits = http_limits(config);
    struct ms_http_server *server =
        ms_http_server_new(worker->env.loop, &limits, routes_handle, &worker->answers);
    worker->env.server = server;
    ms_http_server_set_refuser(server, on_refused);
    ms_http_server_set_access_log(server, config->log.access);
    if (config->reader.cors_origin != NULL) {
        worker->cors[0] = (struct ms_http_header){"Access-Control-Allow-Origin",
                                                  ms_str(config->reader.cors_origin)};
        worker->cors[1] = (struct ms_http_header){
            "Access-Control-Expose-Headers",
            MS_STR("ETag, Link, Retry-After, X-Metastore-Generation, X-Metastore-Stale")};
        ms_http_server_set_headers(server, worker->cors, N_CORS_HEADERS);
    }
    ms_http_server_add_listener(server, worker->env.child->listen_fd);
}

/* It does not drain: probes and scrapes are answered to the end. */
static void open_admin_server(struct worker *worker)
{
    struct ms_http_limits limits = http_limits(worker->env.config);
    limits.max_connections = ADMIN_CONNECTIONS_MAX;
    worker->admin =
        ms_http_server_new(worker->env.loop, &limits, routes_handle_admin, &worker->answers);
    ms_http_server_set_refuser(worker->admin, on_refused);
    ms_http_server_add_listener(worker->admin, worker->env.child->admin_fd);
}

static void open_worker(struct worker *worker, const struct child_info *child,
                        struct reader_program *program)
{
    struct ms_loop *loop = ms_loop_new();
    worker->program = program;
    worker->env = (struct env){
        .loop = loop, .config = program->config, .child = child, .freshness = &worker->freshness};
    freshness_init(&worker->freshness, shared_freshness(child->shared));
    open_store(worker);
    open_answers(worker);
    open_server(worker);
    if (child->admin_fd >= 0)
        open_admin_server(worker);
    worker->stop = ms_signal_new(loop, SIGTERM, on_stop, worker);
    worker->reload = ms_signal_new(loop, SIGHUP, on_reload, worker);
    worker->wake = ms_watch_new(loop, child->wake_fd, on_wake, worker);
    ms_watch_set(worker->wake, MS_READABLE);
    worker->gauges = ms_timer_new(loop, on_gauges, worker);
    on_gauges(worker);
    supervisor_child_ready(child);
}

/* The server first: requests that still wait leave what they wait for. The spool last: the loop's
 * end runs what was deferred, and files on their way go back to it. */
static void close_worker(struct worker *worker)
{
    ms_timer_free(worker->gauges);
    ms_timer_free(worker->drain_deadline);
    ms_watch_free(worker->wake);
    ms_signal_free(worker->reload);
    ms_signal_free(worker->stop);
    ms_http_server_free(worker->env.server);
    ms_http_server_free(worker->admin);
    answers_release(&worker->answers);
    ms_store_reader_free(worker->env.store);
    ms_loop_free(worker->env.loop);
    spool_free(worker->spool);
}

int reader_run_worker(const struct child_info *child, void *arg)
{
    struct worker *worker = ms_alloc(sizeof(*worker));
    ms_metrics_use_slot(shared_slot(child->shared, child->index));
    open_worker(worker, child, arg);
    ms_loop_run(worker->env.loop);
    close_worker(worker);
    free(worker);
    return EXIT_SUCCESS;
}
