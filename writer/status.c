/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See status.h: who waits, and the question to the database. Whoever came before the question was
 * put gets its answer; whoever came after waits for the next one, so nobody is told what was true
 * before he asked. The document is made in status_document.c.
 */
#include "writer/status.h"

#include "common/base/alloc.h"
#include "common/http/response.h"
#include "writer/writer.h"

#include <stdio.h>
#include <sys/queue.h>
#include <unistd.h>

struct waiter {
    TAILQ_ENTRY(waiter) link;
    struct status *status;
    struct ms_http_request *request;
    bool is_served; /* by the question under way */
};

struct status {
    struct writer *writer;
    TAILQ_HEAD(waiters, waiter) waiters;
    struct ms_timer *timer;
    bool is_asking;
    bool is_late; /* the question under way has waited too long: nobody waits with it any more */
    struct ms_error err; /* of the last question that was not answered */
    struct ms_store_status last;
    bool has_last;
};

/* Who leads as far as is known: ourselves, whom the lock named, or whom the database names. */
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
    } else if (leader.pid == 0 && status->has_last) {
        leader.term = last->term;
        leader.pid = last->leader_pid;
        leader.since_ms = last->leader_since_ms;
        snprintf(leader.host, sizeof(leader.host), "%s", last->leader_host);
    }
    return leader;
}

/* Connected and silent is as good as away. */
static void tell_of_database(struct status_facts *facts, const struct status *status, bool is_fresh)
{
    const struct writer *writer = status->writer;
    bool is_away = writer->store_away_since_ms != 0;
    facts->database_connected = is_fresh;
    facts->database_error = is_away ? writer->store_error.text : status->err.text;
    facts->database_away_since_ms = writer->store_away_since_ms;
}

static void send(struct status *status, struct ms_http_request *request, bool is_fresh)
{
    const struct writer *writer = status->writer;
    struct ms_store_leader_info leader = find_leader(status);
    struct status_facts facts = {.term = writer->env.term,
                                 .leader = &leader,
                                 .database = status->has_last ? &status->last : NULL,
                                 .registry_url = writer->env.config->registry.url};
    tell_of_database(&facts, status, is_fresh);
    registry_client_health(&facts.registry, writer->env.registry);
    inbox_get_counts(&facts.inbox, writer->inbox);
    scan_get_progress(&facts.scan, writer->scan);
    struct ms_buf body;
    ms_buf_init(&body, STATUS_DOCUMENT_MAX);
    status_write(&body, &facts);
    const struct ms_http_header no_store = {"Cache-Control", MS_STR("no-store")};
    ms_http_send(request, 200, "application/json", ms_buf_view(&body), &no_store, 1);
    ms_buf_free(&body);
}

static void answer_all(struct status *status, bool is_fresh)
{
    struct waiter *waiter, *next;
    for (waiter = TAILQ_FIRST(&status->waiters); waiter != NULL; waiter = next) {
        next = TAILQ_NEXT(waiter, link);
        if (is_fresh && !waiter->is_served)
            continue;
        TAILQ_REMOVE(&status->waiters, waiter, link);
        send(status, waiter->request, is_fresh);
        ms_loop_defer_free(status->writer->env.loop, waiter);
    }
}

static void ask(struct status *status);

static void on_status(const struct ms_error *err, const struct ms_store_status *answer, void *arg)
{
    struct status *status = arg;
    status->is_asking = status->is_late = false;
    ms_timer_stop(status->timer);
    if (err == NULL) {
        status->last = *answer;
        status->last.last_scan.error = MS_STR_ABSENT; /* a view that ends here */
        status->has_last = true;
    } else {
        status->err = *err;
    }
    answer_all(status, err == NULL);
    ask(status);
}

static void ask(struct status *status)
{
    struct writer *writer = status->writer;
    struct waiter *waiter;
    if (TAILQ_EMPTY(&status->waiters) || (status->is_asking && !status->is_late))
        return;
    if (status->is_late || !ms_store_writer_is_connected(writer->env.store) ||
        ms_store_status(writer->env.store, on_status, status) != MS_OK) {
        if (!status->is_late)
            status->err = *ms_store_writer_refusal(writer->env.store);
        answer_all(status, false);
        return;
    }
    TAILQ_FOREACH(waiter, &status->waiters, link)
        waiter->is_served = true;
    status->is_asking = true;
    ms_timer_start(status->timer, STATUS_WAIT_MS);
}

static void on_late(void *arg)
{
    struct status *status = arg;
    status->is_late = true;
    (void)ms_error_set(&status->err, MS_TIMEOUT, "no answer within %d ms", STATUS_WAIT_MS);
    answer_all(status, false);
}

static void on_gone(void *arg)
{
    struct waiter *waiter = arg;
    TAILQ_REMOVE(&waiter->status->waiters, waiter, link);
    ms_loop_defer_free(waiter->status->writer->env.loop, waiter);
}

void status_answer(struct status *status, struct ms_http_request *request)
{
    struct waiter *waiter = ms_alloc(sizeof(*waiter));
    *waiter = (struct waiter){.status = status, .request = request};
    ms_http_request_on_gone(request, on_gone, waiter);
    TAILQ_INSERT_TAIL(&status->waiters, waiter, link);
    ask(status);
}

struct status *status_new(struct writer *writer)
{
    struct status *status = ms_alloc(sizeof(*status));
    status->writer = writer;
    TAILQ_INIT(&status->waiters);
    status->timer = ms_timer_new(writer->env.loop, on_late, status);
    return status;
}

void status_free(struct status *status)
{
    if (status == NULL)
        return;
    ms_timer_free(status->timer);
    free(status);
}
