/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See status.h. The database is asked
 *
 *   every second       while somebody asks for /status, and soon after each request
 *   every five seconds while this writer leads, for the gauges
 *
 * one question at a time, however many ask. A request is answered at once with what was told last,
 * and when. The document is made in status_document.c.
 */
#include "writer/status.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/http/response.h"
#include "common/runtime/metrics.h"
#include "writer/upkeep/sboms.h"
#include "writer/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    ASK_SOON_MS = 100, /* after the question before, when somebody has asked */
    ASK_AGAIN_MS = 1000,
    ASK_FOR_GAUGES_MS = 5000,
    ASKED_LATELY_MS = 30 * 1000,
    ANSWER_LATE_MS = 2000 /* a database that is connected and silent is as good as away */
};

struct status {
    struct writer *writer;
    struct ms_timer *timer; /* the next question */
    struct ms_store_call *asking;
    int64_t asked_ms; /* monotonic: when the last question began */
    int64_t asked_wall_ms;
    int64_t requested_ms; /* monotonic: when somebody last asked for /status */
    struct ms_error err;  /* of the last question; MS_OK: it was answered */
    struct ms_store_status last;
    int64_t as_of_ms; /* wall clock: when the question was put that `last` answers; 0: none was */
};

/* --- the database --- */

/* Events of repositories that are not known are looked at twice and go, however many there are,
 * while the registry answers. Only when it does not are they as late as others. */
static void count_unknown(struct ms_store_status *status, const struct registry_client *registry)
{
    struct registry_health health;
    registry_client_health(&health, registry);
    if (!health.reachable && status->inbox_unknown_oldest_seconds > status->inbox_oldest_seconds)
        status->inbox_oldest_seconds = status->inbox_unknown_oldest_seconds;
}

static void set_gauges(const struct ms_store_status *status)
{
    const struct {
        enum ms_metric metric;
        double value;
    } gauges[] = {
        {MS_METRIC_GENERATION, (double)status->generation},
        {MS_METRIC_INBOX_WAITING, (double)status->inbox_waiting},
        {MS_METRIC_INBOX_OLDEST_SECONDS, (double)status->inbox_oldest_seconds},
        {MS_METRIC_INBOX_UNKNOWN, (double)status->inbox_unknown_waiting},
        {MS_METRIC_DEAD_LETTERS, (double)status->inbox_dead},
        {MS_METRIC_LAST_COMPLETE_SCAN, (double)(status->last_complete_scan_ms / 1000)},
        {MS_METRIC_HELD_REMOVALS, (double)(status->held_repositories + status->held_tags)},
        {MS_METRIC_UNREADABLE_MANIFESTS, (double)status->unreadable},
    };
    for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
        ms_metrics_set(gauges[i].metric, NULL, NULL, gauges[i].value);
}

static void on_answer(const struct ms_error *err, const struct ms_store_status *answer, void *arg)
{
    struct status *status = arg;
    status->asking = NULL;
    if (err != NULL) {
        status->err = *err;
        return;
    }
    status->err.status = MS_OK;
    status->last = *answer;
    count_unknown(&status->last, status->writer->env.registry);
    status->as_of_ms = status->asked_wall_ms;
    if (status->writer->env.term != 0)
        set_gauges(&status->last);
}

static void on_timer(void *arg)
{
    struct status *status = arg;
    const struct env *env = &status->writer->env;
    int64_t now_ms = ms_clock_mono_ms();
    bool is_wanted = status->requested_ms != 0 && now_ms - status->requested_ms < ASKED_LATELY_MS;
    ms_timer_start(status->timer, is_wanted ? ASK_AGAIN_MS : ASK_FOR_GAUGES_MS);
    if (status->asking != NULL || !ms_store_writer_is_connected(env->store) ||
        (!is_wanted && env->term == 0))
        return;
    status->asked_ms = now_ms;
    status->asked_wall_ms = ms_clock_wall_ms();
    status->asking = ms_store_status(env->store, on_answer, status);
}

/* --- the answer --- */

/* The leader as far as is known: this process, or the one that the lock or the database names. */
static struct ms_store_leader_info find_leader(const struct status *status)
{
    const struct writer *writer = status->writer;
    struct ms_store_leader_info leader = writer->other;
    const struct ms_store_status *last = &status->last;
    if (writer->env.term != 0) {
        leader.term = writer->env.term;
        leader.pid = (int)getpid();
        leader.since_ms = writer->lead_since_ms;
        snprintf(leader.host, sizeof(leader.host), "%s", writer->host);
    } else if (leader.pid == 0 && status->as_of_ms != 0) {
        leader.term = last->term;
        leader.pid = last->leader_pid;
        leader.since_ms = last->leader_since_ms;
        snprintf(leader.host, sizeof(leader.host), "%s", last->leader_host);
    }
    return leader;
}

static void describe_database(struct status_facts *facts, struct status *status)
{
    const struct writer *writer = status->writer;
    bool is_away = !ms_store_writer_is_connected(writer->env.store);
    bool is_late = status->asking != NULL && ms_clock_mono_ms() - status->asked_ms > ANSWER_LATE_MS;
    if (is_late)
        (void)ms_error_set(&status->err, MS_TIMEOUT, "no answer within %d ms", ANSWER_LATE_MS);
    facts->database = status->as_of_ms != 0 ? &status->last : NULL;
    facts->as_of_ms = status->as_of_ms;
    facts->database_connected = !is_away && status->err.status == MS_OK;
    facts->database_error = is_away ? writer->store_error.text : status->err.text;
    facts->database_away_since_ms = writer->store_away_since_ms;
}

void status_answer(struct status *status, struct ms_http_request *request)
{
    const struct writer *writer = status->writer;
    struct ms_store_leader_info leader = find_leader(status);
    struct status_facts facts = {.term = writer->env.term,
                                 .leader = &leader,
                                 .registry_url = writer->env.config->registry.url};
    describe_database(&facts, status);
    registry_client_health(&facts.registry, writer->env.registry);
    inbox_get_counts(&facts.inbox, writer->inbox);
    scan_get_progress(&facts.scan, writer->scan);
    sboms_get_counts(&facts.sboms, writer->sboms);
    struct ms_buf body;
    ms_buf_init(&body, STATUS_DOCUMENT_MAX);
    status_write(&body, &facts);
    const struct ms_http_header no_store = {"Cache-Control", MS_STR("no-store")};
    ms_http_send(request, 200, "application/json", ms_buf_view(&body), &no_store, 1);
    ms_buf_free(&body);

    int64_t now_ms = ms_clock_mono_ms();
    int64_t since_ms = now_ms - status->asked_ms;
    status->requested_ms = now_ms;
    if (status->asking == NULL)
        ms_timer_start(status->timer,
                       since_ms < ASK_SOON_MS ? (uint64_t)(ASK_SOON_MS - since_ms) : 0);
}

/* --- life --- */

void status_begin_term(struct status *status)
{
    status->err.status = MS_OK;
    ms_timer_start(status->timer, 0);
}

void status_end_term(struct status *status)
{
    ms_store_call_cancel(status->asking);
    status->asking = NULL;
    set_gauges(&(const struct ms_store_status){.generation = 0});
}

struct status *status_new(struct writer *writer)
{
    struct status *status = ms_alloc(sizeof(*status));
    status->writer = writer;
    status->timer = ms_timer_new(writer->env.loop, on_timer, status);
    ms_timer_start(status->timer, 0);
    return status;
}

void status_free(struct status *status)
{
    if (status == NULL)
        return;
    ms_store_call_cancel(status->asking);
    ms_timer_free(status->timer);
    free(status);
}
