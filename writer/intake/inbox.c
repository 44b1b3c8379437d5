/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See inbox.h. Submissions gather in batches: one batch is being committed, the last one is being
 * filled, and whatever arrives during a commit goes into the next.
 *
 * Always holds: at most one put is under way; a ticket is told in a later turn than it was made.
 */
#include "writer/intake/inbox.h"

#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "common/base/siphash.h"
#include "common/runtime/limit.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "writer/env.h"

#include <string.h>
#include <sys/queue.h>

enum { INSTANCES_MAX = 32 };

struct inbox_ticket {
    STAILQ_ENTRY(inbox_ticket) link;
    ms_store_done *on_done; /* NULL: cancelled */
    void *arg;
};

struct batch {
    TAILQ_ENTRY(batch) link;
    STAILQ_HEAD(tickets, inbox_ticket) tickets;
    struct ms_arena *arena;
    struct ms_event_record *events;
    size_t n_events, capacity;
    size_t bytes;
    bool wants_scan;
};

struct inbox {
    const struct env *env;
    struct inbox_events events;
    TAILQ_HEAD(batches, batch) waiting;
    struct batch *committing;   /* NULL: no put is under way */
    struct ms_store_call *call; /* of `committing` */
    size_t waiting_bytes;
    struct ms_timer *turn; /* runs when the next batch is to be committed in a turn of its own */
    uint64_t instances[INSTANCES_MAX]; /* hashes of ids that were committed lately; 0: none */
    size_t next_instance;
    struct inbox_counts counts;
};

static void commit_next(struct inbox *inbox);

/* --- batches --- */

/* The limit of a batch's arena: its events, and what rounding and the records add. */
enum { ARENA_MAX_BYTES = 512 * 1024 * 1024, FIRST_CAPACITY = 16 };

static void batch_free(struct batch *batch)
{
    struct inbox_ticket *ticket;
    while ((ticket = STAILQ_FIRST(&batch->tickets)) != NULL) {
        STAILQ_REMOVE_HEAD(&batch->tickets, link);
        free(ticket);
    }
    ms_arena_free(batch->arena);
    free(batch);
}

/* False: the arena is full, and nothing was added. */
static bool add_events(struct batch *batch, const struct ms_event_record *events, size_t n_events)
{
    size_t needed = batch->n_events + n_events;
    if (needed > batch->capacity) {
        size_t capacity = batch->capacity > 0 ? batch->capacity * 2 : FIRST_CAPACITY;
        if (capacity < needed)
            capacity = needed;
        struct ms_event_record *grown =
            ms_arena_try_array(batch->arena, capacity, sizeof(*batch->events));
        if (grown == NULL)
            return false;
        if (batch->n_events > 0)
            memcpy(grown, batch->events, batch->n_events * sizeof(*grown));
        batch->events = grown;
        batch->capacity = capacity;
    }
    for (size_t i = 0; i < n_events; i++) {
        struct ms_event_record *out = &batch->events[batch->n_events + i];
        *out = events[i];
        struct ms_str *const texts[] = {&out->event_id,    &out->action, &out->repository,
                                        &out->tag,         &out->actor,  &out->body,
                                        &out->instance_id, &out->fault};
        for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
            if (ms_arena_copy(texts[t], batch->arena, *texts[t]) != MS_OK)
                return false;
        }
    }
    batch->n_events = needed;
    return true;
}

/* --- instances --- */

bool inbox_knows_instance(const struct inbox *inbox, struct ms_str id)
{
    uint64_t hash = ms_siphash_own(id);
    for (size_t i = 0; i < INSTANCES_MAX; i++) {
        if (inbox->instances[i] == hash)
            return true;
    }
    return ms_str_is_absent(id);
}

static void remember_instances(struct inbox *inbox, const struct batch *batch)
{
    for (size_t i = 0; i < batch->n_events; i++) {
        struct ms_str id = batch->events[i].instance_id;
        if (inbox_knows_instance(inbox, id))
            continue;
        inbox->instances[inbox->next_instance] = ms_siphash_own(id);
        inbox->next_instance = (inbox->next_instance + 1) % INSTANCES_MAX;
    }
}

/* --- commits --- */

/* The store tells how many were new and not which: duplicates among events of several actions are
 * counted without these. */
static void count_events(struct inbox *inbox, const struct batch *batch, size_t n_new)
{
    size_t n_kept = 0;
    const char *common_action = NULL;
    for (size_t i = 0; i < batch->n_events; i++) {
        const struct ms_event_record *event = &batch->events[i];
        if (!ms_event_is_kept(event))
            continue;
        bool is_other = n_kept++ > 0 && !ms_str_equal(event->action, ms_str(common_action));
        common_action = is_other ? "other" : event->action.ptr;
    }
    size_t n_duplicates = n_kept - n_new;
    inbox->counts.accepted += n_new;
    inbox->counts.duplicates += n_duplicates;
    if (n_duplicates > 0) {
        ms_metrics_add(MS_METRIC_EVENTS, common_action, "accepted", (double)n_new);
        ms_metrics_add(MS_METRIC_EVENTS, common_action, "duplicate", (double)n_duplicates);
        return;
    }
    for (size_t i = 0; i < batch->n_events; i++) {
        const struct ms_event_record *event = &batch->events[i];
        if (ms_event_is_kept(event))
            ms_metrics_add(MS_METRIC_EVENTS, event->action.ptr, "accepted", 1);
        if (!ms_str_is_absent(event->fault))
            ms_metrics_add(MS_METRIC_EVENTS, event->action.ptr, "dead", 1);
    }
}

/* Pulls are collected every so often; all other events are worked off at once. */
static bool has_changes(const struct batch *batch)
{
    for (size_t i = 0; i < batch->n_events; i++) {
        const struct ms_event_record *event = &batch->events[i];
        if (ms_event_is_kept(event) && !ms_str_equal(event->action, MS_STR("pull")))
            return true;
    }
    return false;
}

static void on_committed(const struct ms_error *err, size_t n_new, bool new_instance, void *arg)
{
    struct inbox *inbox = arg;
    const struct inbox_events *events = &inbox->events;
    struct batch *batch = inbox->committing;
    struct inbox_ticket *ticket;
    inbox->committing = NULL;
    inbox->call = NULL;
    if (err == NULL) {
        remember_instances(inbox, batch);
        count_events(inbox, batch, n_new);
        if (n_new > 0 && has_changes(batch))
            events->on_committed(events->arg);
        if (new_instance)
            events->on_scan_wanted("a registry instance never seen before", events->arg);
        if (batch->wants_scan)
            events->on_scan_wanted("an envelope that was not read", events->arg);
    } else {
        ms_log(MS_LOG_WARN, "events could not be committed",
               MS_FIELDS(ms_field_u64("events", batch->n_events), ms_field_error(err)));
    }
    commit_next(inbox); /* before the answers: they may take a while */
    while ((ticket = STAILQ_FIRST(&batch->tickets)) != NULL) {
        STAILQ_REMOVE_HEAD(&batch->tickets, link);
        if (ticket->on_done != NULL)
            ticket->on_done(err, ticket->arg);
        ms_loop_defer_free(inbox->env->loop, ticket);
    }
    batch_free(batch);
}

static struct batch *take_batch(struct inbox *inbox)
{
    struct batch *batch = TAILQ_FIRST(&inbox->waiting);
    TAILQ_REMOVE(&inbox->waiting, batch, link);
    inbox->waiting_bytes -= batch->bytes;
    return batch;
}

static void commit_next(struct inbox *inbox)
{
    if (inbox->committing != NULL || TAILQ_EMPTY(&inbox->waiting))
        return;
    struct batch *batch = take_batch(inbox);
    /* An instance that is in the database already is not sent there again with each event. */
    for (size_t i = 0; i < batch->n_events; i++) {
        if (inbox_knows_instance(inbox, batch->events[i].instance_id))
            batch->events[i].instance_id = MS_STR_ABSENT;
    }
    inbox->committing = batch;
    inbox->call = ms_store_inbox_put(inbox->env->store, inbox->env->term, batch->events,
                                     batch->n_events, batch->wants_scan, on_committed, inbox);
}

static void on_turn(void *arg)
{
    commit_next(arg);
}

/* --- the interface --- */

/* The batch that is being filled. */
static struct batch *open_batch(struct inbox *inbox)
{
    struct batch *batch = TAILQ_LAST(&inbox->waiting, batches);
    if (batch != NULL && batch->n_events < INBOX_COMMIT_MAX_EVENTS)
        return batch;
    batch = ms_alloc(sizeof(*batch));
    STAILQ_INIT(&batch->tickets);
    batch->arena = ms_arena_new(ARENA_MAX_BYTES);
    TAILQ_INSERT_TAIL(&inbox->waiting, batch, link);
    return batch;
}

enum ms_status inbox_submit(struct inbox_ticket **out, struct inbox *inbox,
                            const struct inbox_submission *submission, ms_store_done *on_done,
                            void *arg)
{
    size_t bytes = submission->n_events * sizeof(submission->events[0]);
    for (size_t i = 0; i < submission->n_events; i++)
        bytes += submission->events[i].body.len;
    if (inbox->waiting_bytes > 0 && inbox->waiting_bytes + bytes > INBOX_WAITING_MAX_BYTES) {
        ms_limit_reached(MS_LIMIT_INBOX_WAITING);
        return MS_BUSY;
    }
    struct batch *batch = open_batch(inbox);
    if (!add_events(batch, submission->events, submission->n_events)) {
        if (STAILQ_EMPTY(&batch->tickets)) {
            TAILQ_REMOVE(&inbox->waiting, batch, link);
            batch_free(batch);
        }
        return MS_TOO_LARGE;
    }
    batch->wants_scan |= submission->wants_scan;
    batch->bytes += bytes;
    inbox->waiting_bytes += bytes;
    struct inbox_ticket *ticket = ms_alloc(sizeof(*ticket));
    *ticket = (struct inbox_ticket){.on_done = on_done, .arg = arg};
    STAILQ_INSERT_TAIL(&batch->tickets, ticket, link);
    if (inbox->committing == NULL) /* what else comes in this turn is committed with it */
        ms_timer_start(inbox->turn, 0);
    *out = ticket;
    return MS_OK;
}

void inbox_ticket_cancel(struct inbox_ticket *ticket)
{
    ticket->on_done = NULL;
}

void inbox_get_counts(struct inbox_counts *out, const struct inbox *inbox)
{
    *out = inbox->counts;
}

void inbox_count_oversized(struct inbox *inbox)
{
    inbox->counts.oversized++;
    ms_metrics_add(MS_METRIC_EVENTS, "other", "oversized", 1);
    ms_limit_reached(MS_LIMIT_EVENT_BODY);
}

struct inbox *inbox_new(const struct env *env, const struct inbox_events *events)
{
    struct inbox *inbox = ms_alloc(sizeof(*inbox));
    inbox->env = env;
    inbox->events = *events;
    TAILQ_INIT(&inbox->waiting);
    inbox->turn = ms_timer_new(env->loop, on_turn, inbox);
    return inbox;
}

void inbox_free(struct inbox *inbox)
{
    if (inbox == NULL)
        return;
    ms_store_call_cancel(inbox->call);
    ms_timer_free(inbox->turn);
    if (inbox->committing != NULL)
        batch_free(inbox->committing);
    while (!TAILQ_EMPTY(&inbox->waiting))
        batch_free(take_batch(inbox));
    ms_loop_defer_free(inbox->env->loop, inbox);
}
