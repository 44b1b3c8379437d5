/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the writer, in one place: what is made in which order (make_parts), what happens when
 * it begins or ceases to lead, how it ends (stop and what follows it):
 *
 *   ENDING_REQUESTS  the listener closes, requests under way are answered
 *   ENDING_WORK      scan and jobs are abandoned (events stay in the inbox); what the database
 *                    still works on is waited for
 *   ENDED            the lock is given back, so that another writer takes over at once
 *
 * Always holds: env.term is 0 while this process does not lead, and nothing that belongs to a term
 * runs then.
 */
#include "writer/writer.h"

#include "common/base/clock.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "common/runtime/sd.h"
#include "writer/admin.h"
#include "writer/intake/inbox.h"
#include "writer/intake/webhook.h"
#include "writer/reload.h"
#include "writer/scan/once.h"
#include "writer/scan/scan.h"
#include "writer/status.h"
#include "writer/sync/scheduler.h"
#include "writer/upkeep/counts.h"
#include "writer/upkeep/documents.h"
#include "writer/upkeep/gc.h"
#include "writer/upkeep/sboms.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    STORE_WAITING_MAX = 4000, /* a full scan's questions: every visit asks several at once */
    STATEMENT_TIMEOUT_MS = 600 * 1000, /* a first apply of hundreds of thousands of tags */
    SIGNALS_MAX = 3,
    NOTE_MAX_BYTES = 128
};

static const char APPLICATION_NAME[] = "metastore-writer";

enum stage { RUNNING, ENDING_REQUESTS, ENDING_WORK, ENDED };

/* The writer and what only its life needs. */
struct life {
    struct writer writer;
    enum stage stage;
    const char *config_path;
    struct scan_once *once; /* --scan */
    struct ms_signal *signals[SIGNALS_MAX];
    struct ms_timer *watchdog;
    struct ms_timer *late; /* no stage of the end is waited for without limit */
};

/* --- terms --- */

static void begin_term(struct life *life, uint64_t term)
{
    struct writer *writer = &life->writer;
    writer->env.term = term;
    writer->lead_since_ms = ms_clock_wall_ms();
    writer->lead_error.status = MS_OK;
    writer->other = (struct ms_store_leader_info){.pid = 0};
    ms_metrics_set(MS_METRIC_LEADER, NULL, NULL, 1);
    scheduler_begin_term(writer->scheduler);
    if (writer->scan_only) {
        scan_once_begin(life->once);
        return;
    }
    scan_begin_term(writer->scan);
    gc_begin_term(writer->gc);
    counts_begin_term(writer->counts);
    documents_begin_term(writer->documents);
    sboms_begin_term(writer->sboms);
    status_begin_term(writer->status);
}

static void end_jobs(struct life *life)
{
    struct writer *writer = &life->writer;
    if (life->once != NULL)
        scan_once_stop(life->once);
    if (writer->status != NULL)
        status_end_term(writer->status);
    sboms_end_term(writer->sboms);
    documents_end_term(writer->documents);
    counts_end_term(writer->counts);
    gc_end_term(writer->gc);
    scan_end_term(writer->scan);
    scheduler_end_term(writer->scheduler);
}

static void end_term(struct life *life)
{
    if (life->writer.env.term == 0)
        return;
    life->writer.env.term = 0;
    ms_metrics_set(MS_METRIC_LEADER, NULL, NULL, 0);
    end_jobs(life);
}

/* --- the end, in order --- */

static void end_work(struct life *life);
static void end_leadership(void *arg);

static void on_requests_ended(void *arg)
{
    end_work(arg);
}

static void stop(struct life *life, int exit_status)
{
    struct writer *writer = &life->writer;
    if (life->stage != RUNNING)
        return;
    writer->exit_status = exit_status;
    ms_sd_notify("STOPPING=1");
    life->stage = ENDING_REQUESTS;
    if (writer->server == NULL) {
        end_work(life);
        return;
    }
    ms_timer_start(life->late, writer->env.config->shutdown_timeout_ms / 2);
    ms_http_server_drain(writer->server, on_requests_ended, life);
}

static void end_work(struct life *life)
{
    life->stage = ENDING_WORK;
    end_jobs(life);
    ms_timer_start(life->late, life->writer.env.config->shutdown_timeout_ms / 4);
    ms_store_writer_on_idle(life->writer.env.store, end_leadership, life);
}

static void end_leadership(void *arg)
{
    struct life *life = arg;
    if (life->stage == ENDED)
        return;
    life->stage = ENDED;
    ms_timer_stop(life->late);
    end_term(life);
    ms_store_lead_free(life->writer.lead);
    life->writer.lead = NULL;
    ms_loop_stop(life->writer.env.loop);
}

/* A client that does not take its answer, or a database that does not answer, must not use up the
 * whole time. */
static void on_late(void *arg)
{
    struct life *life = arg;
    struct writer *writer = &life->writer;
    if (life->stage == ENDING_REQUESTS) {
        ms_log(MS_LOG_WARN, "cutting the connections that are left",
               MS_FIELDS(ms_field_u64("connections", ms_http_server_connections(writer->server))));
        ms_http_server_free(writer->server);
        writer->server = NULL;
        end_work(life);
    } else {
        ms_log(MS_LOG_WARN, "the database does not answer: not waiting for it", NULL);
        end_leadership(life);
    }
}

/* --- leadership --- */

static void on_leader(uint64_t term, void *arg)
{
    struct life *life = arg;
    if (life->stage != RUNNING)
        return;
    ms_log(MS_LOG_INFO, "leading", MS_FIELDS(ms_field_u64("term", term)));
    ms_sd_notify("STATUS=leading");
    begin_term(life, term);
}

static void on_follower(const struct ms_store_leader_info *leader, void *arg)
{
    struct life *life = arg;
    struct writer *writer = &life->writer;
    const struct ms_field *fields =
        MS_FIELDS(ms_field_c("host", leader->host), ms_field_i64("pid", leader->pid),
                  ms_field_u64("term", leader->term));
    writer->other = *leader;
    writer->lead_error.status = MS_OK;
    if (writer->scan_only) {
        ms_log(MS_LOG_ERROR, "another writer leads; ask it for the scan (POST /scan)", fields);
        stop(life, EXIT_FAILURE);
        return;
    }
    ms_log(MS_LOG_INFO, "standing by: another writer leads", fields);
    ms_sd_notify("STATUS=standing by");
}

static void on_lost(const struct ms_error *err, void *arg)
{
    struct life *life = arg;
    ms_log(MS_LOG_WARN, "no longer leading", MS_FIELDS(ms_field_error(err)));
    ms_sd_notify("STATUS=not leading");
    end_term(life);
    if (life->writer.env.store != NULL)
        ms_store_writer_renew(life->writer.env.store);
    if (life->writer.scan_only)
        stop(life, EXIT_FAILURE);
}

static void on_failed(const struct ms_error *err, void *arg)
{
    struct life *life = arg;
    life->writer.lead_error = *err;
    ms_log(MS_LOG_WARN, "cannot take the lead: trying again", MS_FIELDS(ms_field_error(err)));
}

static void on_impossible(const struct ms_error *err, void *arg)
{
    struct life *life = arg;
    ms_log(MS_LOG_ERROR, "this database cannot be used", MS_FIELDS(ms_field_error(err)));
    end_term(life);
    stop(life, EXIT_FAILURE);
}

static void on_scanned(bool complete, void *arg)
{
    stop(arg, complete ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* --- what the peers do --- */

static void on_store_state(bool connected, const struct ms_error *err, void *arg)
{
    struct writer *writer = arg;
    if (connected) {
        writer->store_away_since_ms = 0;
        ms_log(MS_LOG_INFO, "connected to the database", NULL);
        return;
    }
    if (writer->store_away_since_ms == 0)
        writer->store_away_since_ms = ms_clock_wall_ms();
    writer->store_error = *err;
    ms_log(MS_LOG_WARN, "database away: trying again", MS_FIELDS(ms_field_error(err)));
}

static void on_registry_reachable(bool reachable, void *arg)
{
    const struct writer *writer = arg;
    struct registry_health health;
    registry_client_health(&health, writer->env.registry);
    if (reachable)
        ms_log(MS_LOG_INFO, "the registry answers again", NULL);
    else
        ms_log(MS_LOG_WARN, "registry away: trying again",
               MS_FIELDS(ms_field_c("error", health.last_error)));
}

/* --- what the parts tell each other --- */

static void on_events_committed(void *arg)
{
    const struct writer *writer = arg;
    scheduler_wake(writer->scheduler);
}

static void on_scan_wanted(const char *why, void *arg)
{
    const struct writer *writer = arg;
    scan_request(writer->scan, why);
}

static void on_own_notifications(size_t n, void *arg)
{
    const struct writer *writer = arg;
    registry_client_note_own_notifications(writer->env.registry, n);
}

/* --- signals and systemd --- */

static void on_terminate(int signal_number, void *arg)
{
    struct life *life = arg;
    struct writer *writer = &life->writer;
    if (life->stage != RUNNING) {
        ms_log(MS_LOG_WARN, "a second signal: exiting at once", NULL);
        _exit(EXIT_FAILURE);
    }
    ms_log(MS_LOG_INFO, "stopping", MS_FIELDS(ms_field_i64("signal", signal_number)));
    stop(life, writer->scan_only ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void on_reload(int signal_number, void *arg)
{
    struct life *life = arg;
    char note[NOTE_MAX_BYTES];
    (void)signal_number;
    snprintf(note, sizeof(note), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)ms_clock_mono_us());
    ms_sd_notify(note);
    reload_config(&life->writer, life->config_path);
    ms_sd_notify("READY=1");
}

static void on_watchdog(void *arg)
{
    struct life *life = arg;
    ms_sd_notify("WATCHDOG=1");
    ms_timer_start(life->watchdog, ms_sd_watchdog_ms());
}

static void listen_to_signals(struct life *life)
{
    struct ms_loop *loop = life->writer.env.loop;
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that has gone is seen where it is written to */
    life->signals[0] = ms_signal_new(loop, SIGTERM, on_terminate, life);
    life->signals[1] = ms_signal_new(loop, SIGINT, on_terminate, life);
    life->signals[2] = ms_signal_new(loop, SIGHUP, on_reload, life);
    life->watchdog = ms_timer_new(loop, on_watchdog, life);
    life->late = ms_timer_new(loop, on_late, life);
    if (ms_sd_watchdog_ms() > 0)
        ms_timer_start(life->watchdog, 0);
}

/* --- the start --- */

/* The server before those whom it calls; whoever has calls under way before the store and the
 * registry's client. */
static void free_parts(struct life *life)
{
    struct writer *writer = &life->writer;
    ms_http_server_free(writer->server);
    end_term(life);
    ms_store_lead_free(writer->lead);
    scan_once_free(life->once);
    status_free(writer->status);
    sboms_free(writer->sboms);
    documents_free(writer->documents);
    counts_free(writer->counts);
    gc_free(writer->gc);
    scan_free(writer->scan);
    scheduler_free(writer->scheduler);
    webhook_free(writer->webhook);
    inbox_free(writer->inbox);
    ms_store_writer_free(writer->env.store);
    registry_client_free(writer->env.registry);
    for (size_t i = 0; i < SIGNALS_MAX; i++)
        ms_signal_free(life->signals[i]);
    ms_timer_free(life->watchdog);
    ms_timer_free(life->late);
    ms_loop_free(writer->env.loop);
}

static void make_parts(struct life *life)
{
    struct writer *writer = &life->writer;
    struct env *env = &writer->env;
    struct ms_store_options options = {.url = env->config->database.url,
                                       .application_name = APPLICATION_NAME,
                                       .connections = (size_t)env->config->database.connections,
                                       .max_waiting = STORE_WAITING_MAX,
                                       .statement_timeout_ms = STATEMENT_TIMEOUT_MS,
                                       .on_state = on_store_state,
                                       .arg = writer};
    writer->store_away_since_ms = ms_clock_wall_ms();
    env->store = ms_store_writer_new(env->loop, &options);
    env->registry = registry_client_new(env->loop, env->config);
    registry_client_on_reachable(env->registry, on_registry_reachable, writer);
    writer->inbox = inbox_new(env, &(struct inbox_events){.on_committed = on_events_committed,
                                                          .on_scan_wanted = on_scan_wanted,
                                                          .arg = writer});
    writer->webhook = webhook_new(env, writer->inbox, on_own_notifications, writer);
    writer->scheduler = scheduler_new(env, on_scan_wanted, writer);
    writer->scan = scan_new(env, writer->scheduler);
    writer->gc = gc_new(env);
    writer->counts = counts_new(env);
    writer->documents = documents_new(env);
    writer->sboms = sboms_new(env);
    if (writer->scan_only)
        life->once = scan_once_new(env, writer->scan, on_scanned, life);
    else
        writer->status = status_new(writer);
}

static enum ms_status serve(struct writer *writer)
{
    int fd;
    struct ms_error err;
    struct ms_http_limits limits;
    char address[MS_LISTEN_ADDRESS_MAX];
    enum ms_status status = ms_listen(&fd, address, writer->env.config->writer.listen, false, &err);
    if (status != MS_OK) {
        ms_log(MS_LOG_ERROR, "cannot listen",
               MS_FIELDS(ms_field_c("address", writer->env.config->writer.listen),
                         ms_field_error(&err)));
        return status;
    }
    admin_fill_limits(&limits, writer->env.config);
    writer->server = ms_http_server_new(writer->env.loop, &limits, admin_handle, writer);
    ms_http_server_set_access_log(writer->server, writer->env.config->log.access);
    ms_http_server_add_listener(writer->server, fd);
    ms_log(MS_LOG_INFO, "listening",
           MS_FIELDS(ms_field_c("address", address), ms_field_c("version", METASTORE_VERSION)));
    return MS_OK;
}

/* Leadership comes last: its callbacks set everything else going. */
static void seek_leadership(struct life *life)
{
    static const struct ms_store_lead_events EVENTS = {.on_leader = on_leader,
                                                       .on_follower = on_follower,
                                                       .on_lost = on_lost,
                                                       .on_failed = on_failed,
                                                       .on_impossible = on_impossible};
    struct writer *writer = &life->writer;
    struct ms_store_options options = {.url = writer->env.config->database.url,
                                       .application_name = APPLICATION_NAME,
                                       .connections = 1,
                                       .max_waiting = 1};
    writer->lead =
        ms_store_lead_new(writer->env.loop, &options, writer->host, (int)getpid(), &EVENTS, life);
}

int writer_run(struct ms_config *config, const char *config_path, bool scan_only)
{
    struct life life = {.writer = {.env = {.config = config}, .scan_only = scan_only},
                        .config_path = config_path};
    struct writer *writer = &life.writer;
    admin_set_metric_labels();
    if (gethostname(writer->host, sizeof(writer->host) - 1) != 0)
        snprintf(writer->host, sizeof(writer->host), "unknown");
    writer->env.loop = ms_loop_new();
    listen_to_signals(&life);
    make_parts(&life);
    if (scan_only || serve(writer) == MS_OK) {
        seek_leadership(&life);
        ms_sd_notify("READY=1");
        ms_loop_run(writer->env.loop);
    } else {
        writer->exit_status = EXIT_FAILURE;
    }
    free_parts(&life);
    if (writer->exit_status == EXIT_SUCCESS)
        ms_log(MS_LOG_INFO, "stopped", NULL);
    return writer->exit_status;
}
