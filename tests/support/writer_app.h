/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's HTTP side in a process of its own, with what is below it (store, scheduler, scan,
 * registry) played by this file: told what to do, and telling what it was asked, through shared
 * memory. Header only, included by one test program, which links neither writer.c nor a store.
 * SIGTERM ends it; it exits 0 only when nothing leaked.
 */
#ifndef WRITER_APP_H
#define WRITER_APP_H

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/runtime/metrics.h"
#include "tests/support/http_peer.h"
#include "writer/admin.h"
#include "writer/intake/webhook.h"
#include "writer/scan/scan.h"
#include "writer/status.h"
#include "writer/upkeep/sboms.h"
#include "writer/writer.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PLAYED_TICK_MS = 2, PLAYED_PUTS_MAX = 16, PLAYED_TEXT_MAX = 256 };

/* Shared with the test. What it sets before a request is seen by that request. */
struct played {
    /* said by the test */
    atomic_bool connected, holds_commits, holds_status, new_instance;
    atomic_int commit_fails; /* enum ms_status */
    atomic_bool commit_fails_once;
    atomic_int scan_status; /* what scan_start returns */
    atomic_uint n_duplicates;
    /* said by the writer */
    atomic_uint questions, statuses; /* about the state: asked, answered */
    atomic_uint handled;             /* requests that reached the handler */
    atomic_uint puts, put_events[PLAYED_PUTS_MAX];
    atomic_uint echoes; /* told to the registry client */
    atomic_uint wakes, scans_wanted, scan_requests, scans, scans_accepting;
    char last_action[PLAYED_TEXT_MAX], last_repository[PLAYED_TEXT_MAX];
    char last_body[PLAYED_TEXT_MAX], last_fault[PLAYED_TEXT_MAX], last_instance[PLAYED_TEXT_MAX];
};

static struct played *played;

static struct {
    pid_t pid;
    int port;
} app;

/* --- the rest lives in the child --- */

static struct writer app_writer;

struct ms_store_call {
    bool is_under_way;
    ms_store_inbox_put_done *on_put;
    size_t n_kept;
    ms_store_status_done *on_status;
    void *arg;
};
/* One call of each kind at a time. */
struct ms_store_writer {
    struct ms_timer *timer; /* looks whether what is held may go on */
    struct ms_store_call put, status;
};
static struct ms_store_writer app_store;

static void copy_text(char out[static PLAYED_TEXT_MAX], struct ms_str s)
{
    (void)snprintf(out, PLAYED_TEXT_MAX, "%.*s", MS_STR_ARG(s));
}

static void end_put(struct ms_store_call *call)
{
    struct ms_error err = {.status = (enum ms_status)played->commit_fails, .text = "played"};
    size_t n_new = call->n_kept - played->n_duplicates;
    call->is_under_way = false;
    if (played->commit_fails_once)
        played->commit_fails = MS_OK;
    if (err.status != MS_OK)
        call->on_put(&err, 0, false, call->arg);
    else
        call->on_put(NULL, n_new, played->new_instance, call->arg);
}

static void end_status(struct ms_store_call *call)
{
    struct ms_store_status status = {
        .generation = ++played->statuses, .term = 7, .schema_version = 1, .inbox_waiting = 3};
    call->is_under_way = false;
    call->on_status(NULL, &status, call->arg);
}

static void on_tick(void *arg)
{
    (void)arg;
    if (app_store.put.is_under_way && !played->holds_commits)
        end_put(&app_store.put);
    if (app_store.status.is_under_way && !played->holds_status)
        end_status(&app_store.status);
    ms_timer_start(app_store.timer, PLAYED_TICK_MS);
}

void ms_store_call_cancel(struct ms_store_call *call)
{
    if (call != NULL)
        call->is_under_way = false;
}

bool ms_store_writer_is_connected(const struct ms_store_writer *store)
{
    (void)store;
    return played->connected;
}

const char *const *ms_store_writer_query_names(size_t *out_n)
{
    static const char *const NAMES[] = {"played"};
    *out_n = 1;
    return NAMES;
}

struct ms_store_call *ms_store_inbox_put(struct ms_store_writer *store, uint64_t term,
                                         const struct ms_event_record *events, size_t n_events,
                                         bool wants_scan, ms_store_inbox_put_done *on_done,
                                         void *arg)
{
    ck_assert_uint_eq(term, app_writer.env.term);
    ck_assert(!store->put.is_under_way);
    ck_assert(n_events > 0 || wants_scan);
    store->put = (struct ms_store_call){.is_under_way = true, .on_put = on_done, .arg = arg};
    for (size_t i = 0; i < n_events; i++) {
        const struct ms_event_record *event = &events[i];
        copy_text(played->last_instance, event->instance_id);
        if (ms_str_is_absent(event->event_id))
            continue;
        store->put.n_kept++;
        copy_text(played->last_action, event->action);
        copy_text(played->last_repository, event->repository);
        copy_text(played->last_body, event->body);
        copy_text(played->last_fault, event->fault);
    }
    played->scans_wanted += wants_scan;
    if (played->puts < PLAYED_PUTS_MAX)
        played->put_events[played->puts] = (unsigned)n_events;
    played->puts++;
    return &store->put;
}

struct ms_store_call *ms_store_status(struct ms_store_writer *store, ms_store_status_done *on_done,
                                      void *arg)
{
    ck_assert(!store->status.is_under_way); /* one question at a time */
    store->status = (struct ms_store_call){.is_under_way = true, .on_status = on_done, .arg = arg};
    played->questions++;
    return &store->status;
}

static void on_events_committed(void *arg)
{
    (void)arg;
    played->wakes++;
}

static void on_scan_wanted(const char *why, void *arg)
{
    (void)why;
    (void)arg;
    played->scan_requests++;
}

static void on_own_notifications(size_t n, void *arg)
{
    (void)arg;
    played->echoes += (unsigned)n;
}

enum ms_status scan_start(struct scan *scan, bool accept_removals)
{
    (void)scan;
    played->scans++;
    played->scans_accepting += accept_removals;
    return (enum ms_status)played->scan_status;
}

void scan_get_progress(struct scan_progress *out, const struct scan *scan)
{
    (void)scan;
    *out = (struct scan_progress){.eta_seconds = -1};
}

void sboms_get_counts(struct sbom_counts *out, const struct sboms *sboms)
{
    (void)sboms;
    *out = (struct sbom_counts){{0}};
}

void registry_client_health(struct registry_health *out, const struct registry_client *client)
{
    (void)client;
    *out = (struct registry_health){.reachable = true, .last_error = ""};
}

static void on_app_signal(int number, void *arg)
{
    (void)number;
    (void)arg;
    ms_loop_stop(app_writer.env.loop);
}

static void handle(struct ms_http_request *request, void *arg)
{
    admin_handle(request, arg);
    played->handled++;
}

static void app_run(int listener, const char *yaml, bool leads)
{
    struct ms_buf faults;
    struct ms_http_limits limits;
    ms_buf_init(&faults, PEER_HEAD_MAX);
    ck_assert_int_eq(
        ms_config_parse(&app_writer.env.config, ms_str(yaml), "f", MS_CONFIG_WRITER, &faults),
        MS_OK);
    admin_set_metric_labels();
    app_writer.env.loop = ms_loop_new();
    app_writer.env.store = &app_store;
    app_writer.env.term = leads ? 7 : 0;
    app_writer.lead_since_ms = ms_clock_wall_ms();
    (void)snprintf(app_writer.host, sizeof(app_writer.host), "here");
    app_store.timer = ms_timer_new(app_writer.env.loop, on_tick, NULL);
    ms_timer_start(app_store.timer, PLAYED_TICK_MS);
    app_writer.inbox =
        inbox_new(&app_writer.env, &(struct inbox_events){.on_committed = on_events_committed,
                                                          .on_scan_wanted = on_scan_wanted});
    app_writer.webhook = webhook_new(&app_writer.env, app_writer.inbox, on_own_notifications, NULL);
    app_writer.status = status_new(&app_writer);
    admin_fill_limits(&limits, app_writer.env.config);
    app_writer.server = ms_http_server_new(app_writer.env.loop, &limits, handle, &app_writer);
    ms_http_server_add_listener(app_writer.server, listener);
    struct ms_signal *term = ms_signal_new(app_writer.env.loop, SIGTERM, on_app_signal, NULL);
    ms_loop_run(app_writer.env.loop);

    ms_http_server_free(app_writer.server);
    ms_timer_free(app_store.timer);
    status_free(app_writer.status);
    webhook_free(app_writer.webhook);
    inbox_free(app_writer.inbox);
    ms_signal_free(term);
    ms_loop_free(app_writer.env.loop);
    ms_config_free(app_writer.env.config);
}

/* --- the test's side --- */

static inline void app_start(const char *yaml, bool leads)
{
    int listener;
    char address[MS_LISTEN_ADDRESS_MAX];
    struct ms_error err;
    played = mmap(NULL, sizeof(*played), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(played, MAP_FAILED);
    played->connected = true;
    ck_assert_int_eq(ms_listen(&listener, address, "127.0.0.1:0", false, &err), MS_OK);
    app.port = (int)strtol(strrchr(address, ':') + 1, NULL, 10);
    app.pid = fork();
    ck_assert_int_ge(app.pid, 0);
    if (app.pid == 0) {
        app_run(listener, yaml, leads);
        exit(EXIT_SUCCESS);
    }
    close(listener);
}

static inline void app_end(void)
{
    int status = -1;
    kill(app.pid, SIGTERM);
    ck_assert_int_eq(waitpid(app.pid, &status, 0), app.pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the writer ended with %x",
                  (unsigned)status);
    munmap(played, sizeof(*played));
}

static inline void app_await(const atomic_uint *counter, unsigned wanted)
{
    long long until = peer_now_ms() + PEER_PATIENCE_MS;
    while (*counter != wanted) {
        ck_assert_msg(peer_now_ms() < until, "%u instead of %u", *counter, wanted);
        usleep(1000);
    }
}

#endif
