/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See webhook.h. The way of a request: its size (a body that was too long has been thrown away
 * unread), its envelope, the inbox; the answer comes when the events are committed. What was not
 * read goes the same way, as a request for a scan.
 *
 * A registry repeats what was not accepted for ever, and the head of its queue blocks the rest: so
 * a refusal that repeating cannot change is given only for what is no envelope at all.
 */
#include "writer/intake/webhook.h"

#include "common/base/alloc.h"
#include "common/http/response.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "writer/env.h"
#include "writer/parse/envelope.h"
#include "writer/parse/selection.h"

#include <stdlib.h>

/* Of any version of this program. */
static const struct ms_str OWN_USER_AGENT = MS_STR_INIT("metastore-writer/");
static const struct ms_http_header RETRY_AFTER = {"Retry-After", MS_STR_INIT("1")};

/* A request whose events are on their way into the database. */
struct delivery {
    struct webhook *webhook;
    struct ms_http_request *request;
    struct inbox_ticket *ticket;
    bool is_unread;
};

struct webhook {
    const struct env *env;
    struct inbox *inbox;
    webhook_own_notifications *on_own_notifications;
    void *arg;
};

/* --- answers --- */

static void send_unavailable(struct ms_http_request *request, struct ms_str detail)
{
    ms_http_send_problem(request, 503, detail, MS_STR_ABSENT, &RETRY_AFTER, 1);
}

static void send_accepted(struct ms_http_request *request)
{
    ms_http_send(request, 202, NULL, MS_STR_ABSENT, NULL, 0);
}

/* --- delivery --- */

static void take_unread(struct webhook *webhook, struct ms_http_request *request, const char *why);

static void on_committed(const struct ms_error *err, void *arg)
{
    struct delivery *delivery = arg;
    struct inbox *inbox = delivery->webhook->inbox;
    if (err == NULL && delivery->is_unread)
        inbox_count_oversized(inbox);
    if (err == NULL)
        send_accepted(delivery->request);
    else if (ms_store_is_refusal(err) && !delivery->is_unread)
        take_unread(delivery->webhook, delivery->request, err->text);
    else
        send_unavailable(delivery->request, MS_STR("the events could not be committed"));
    ms_loop_defer_free(delivery->webhook->env->loop, delivery);
}

static void on_gone(void *arg)
{
    struct delivery *delivery = arg;
    inbox_ticket_cancel(delivery->ticket);
    ms_loop_defer_free(delivery->webhook->env->loop, delivery);
}

static void deliver(struct webhook *webhook, struct ms_http_request *request,
                    const struct inbox_submission *submission)
{
    struct delivery *delivery = ms_alloc(sizeof(*delivery));
    *delivery = (struct delivery){
        .webhook = webhook, .request = request, .is_unread = submission->wants_scan};
    enum ms_status status =
        inbox_submit(&delivery->ticket, webhook->inbox, submission, on_committed, delivery);
    if (status == MS_OK) {
        ms_http_request_on_gone(request, on_gone, delivery);
        return;
    }
    free(delivery);
    if (status == MS_BUSY)
        send_unavailable(request, MS_STR("too many events wait for the database"));
    else
        take_unread(webhook, request, "too large to be kept");
}

/* A scan will find what the envelope told; the request for it is committed before the answer. */
static void take_unread(struct webhook *webhook, struct ms_http_request *request, const char *why)
{
    ms_log(MS_LOG_WARN, "an envelope is accepted unread",
           MS_FIELDS(ms_field_c("why", why), ms_field_c("peer", ms_http_request_peer(request)),
                     ms_field_u64("bytes", ms_http_request_body_bytes(request))));
    deliver(webhook, request, &(struct inbox_submission){.wants_scan = true});
}

/* --- the envelope --- */

/* Puts what is to be committed into `records`; returns how many. */
static size_t choose(struct ms_event_record *records, const struct webhook *webhook,
                     const struct envelope *envelope)
{
    size_t kept = 0;
    for (size_t i = 0; i < envelope->n_events; i++) {
        const struct envelope_event *event = &envelope->events[i];
        const struct ms_event_record *record = &event->record;
        if (event->verdict == ENVELOPE_DEAD) {
            ms_log(MS_LOG_WARN, "an event leads nowhere",
                   MS_FIELDS(ms_field_str("event", record->event_id),
                             ms_field_c("why", event->reason)));
            records[kept++] = *record;
            continue;
        }
        if (event->verdict == ENVELOPE_STORE &&
            selection_has(webhook->env->config, record->repository)) {
            records[kept++] = *record;
            continue;
        }
        const char *action = record->action.ptr != NULL ? record->action.ptr : "other";
        ms_metrics_add(MS_METRIC_EVENTS, action, "ignored", 1);
        /* It may still be the first that a registry sends after its restart. */
        if (!inbox_knows_instance(webhook->inbox, record->instance_id))
            records[kept++] = (struct ms_event_record){.instance_id = record->instance_id};
    }
    return kept;
}

static void handle_envelope(struct webhook *webhook, struct ms_http_request *request,
                            struct ms_arena *arena)
{
    struct ms_error err;
    struct envelope envelope;
    enum ms_status status =
        envelope_parse(&envelope, arena, ms_http_request_body(request), OWN_USER_AGENT, &err);
    if (status == MS_INVALID) {
        ms_log(MS_LOG_WARN, "an envelope was refused",
               MS_FIELDS(ms_field_c("peer", ms_http_request_peer(request)), ms_field_error(&err)));
        ms_http_send_problem(request, 400, ms_str(err.text), MS_STR_ABSENT, NULL, 0);
        return;
    }
    if (status != MS_OK) {
        take_unread(webhook, request, err.text);
        return;
    }
    webhook->on_own_notifications(envelope.n_own_notifications, webhook->arg);
    struct ms_event_record *records =
        ms_arena_try_array(arena, envelope.n_events + 1, sizeof(*records));
    if (records == NULL) {
        take_unread(webhook, request, "too large to be read");
        return;
    }
    struct inbox_submission submission = {.events = records};
    submission.n_events = choose(records, webhook, &envelope);
    if (submission.n_events == 0)
        send_accepted(request);
    else
        deliver(webhook, request, &submission);
}

void webhook_handle(struct webhook *webhook, struct ms_http_request *request)
{
    if (ms_str_is_absent(ms_http_request_body(request))) {
        take_unread(webhook, request, "larger than events.max_body");
        return;
    }
    struct ms_arena *arena = ms_arena_new(ENVELOPE_ARENA_BYTES);
    handle_envelope(webhook, request, arena);
    ms_arena_free(arena);
}

struct webhook *webhook_new(const struct env *env, struct inbox *inbox,
                            webhook_own_notifications *on_own_notifications, void *arg)
{
    struct webhook *webhook = ms_alloc(sizeof(*webhook));
    *webhook = (struct webhook){
        .env = env, .inbox = inbox, .on_own_notifications = on_own_notifications, .arg = arg};
    return webhook;
}

void webhook_free(struct webhook *webhook)
{
    free(webhook);
}
