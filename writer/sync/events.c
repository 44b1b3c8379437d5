/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pass over the waiting events of one repository.
 *
 *   load       the rows of the inbox: due ones, and postponed ones as witnesses of what happened
 *   touched    which known tags are on digests that a delete event names?
 *   wish       (when there are too many of those) a scan is to find what is left out
 *   ask_tags   where do the named tags point now?
 *   ask_gone   are the deleted digests really gone?
 *   ask_list   does the tag list still have the tags that answered 404?
 *   history    (when an event disagrees) when did an event move the tag to where it is?
 *   content    store what is below the tags and the digests pushed without a tag
 *   apply      one transaction: tags, manifests, and the rows of settled events
 *   postpone   events that the registry does not agree with yet are looked at again
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/runtime/limit.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "writer/sync/events_internal.h"

#include <stdlib.h>

static void wish_for_scan(struct events_pass *pass);
static void ask_tags(struct events_pass *pass);
static void ask_gone(struct events_pass *pass);
static void ask_list(struct events_pass *pass);
static void ask_history(struct events_pass *pass);
static void fetch_content(struct events_pass *pass);
static void apply(struct events_pass *pass);
static void postpone(struct events_pass *pass);

/* --- load --- */

static enum event_action action_of(const struct ms_event_record *event)
{
    if (event->is_blob)
        return EVENT_OTHER;
    if (ms_str_equal(event->action, MS_STR("push")))
        return EVENT_PUSH;
    if (ms_str_equal(event->action, MS_STR("delete")))
        return EVENT_DELETE;
    return EVENT_OTHER;
}

static void on_row(const struct ms_inbox_row *row, void *arg)
{
    struct sync_job *job = arg;
    struct events_pass *pass = job->events;
    if (job->cancelled || pass->n_items == pass->load_max)
        return;
    struct event_item *item = &pass->items[pass->n_items++];
    item->id = row->id;
    item->is_due = row->is_due;
    pass->n_due += row->is_due;
    item->looks = row->attempts;
    item->age_ms = row->age_ms;
    item->action = action_of(&row->event);
    item->tag = ms_arena_dup(pass->arena, row->event.tag);
    item->digest = row->event.digest;
    item->time_ms = row->event.event_time_ms;
    item->actor = ms_arena_dup(pass->arena, row->event.actor);
    item->is_settled = item->action == EVENT_OTHER;
}

/* A deleted digest can have any number of tags: those left out are a scan's to find. */
static void note_overfull(struct events_pass *pass)
{
    if (pass->is_overfull)
        return;
    pass->is_overfull = true;
    ms_limit_reached(MS_LIMIT_EVENT_TAGS);
}

static void add_tag(struct events_pass *pass, struct ms_str name)
{
    if (events_find_tag(pass, name) != NULL)
        return;
    if (pass->n_tags == EVENTS_TAGS_MAX)
        note_overfull(pass);
    else
        pass->tags[pass->n_tags++] = (struct named_tag){.name = ms_arena_dup(pass->arena, name)};
}

static void add_deleted(struct events_pass *pass, const struct ms_digest *digest)
{
    for (size_t i = 0; i < pass->n_deleted; i++) {
        if (ms_digest_equal(&pass->deleted[i].digest, digest))
            return;
    }
    pass->deleted[pass->n_deleted++] = (struct deleted_digest){.digest = *digest};
}

static void note_what_events_name(struct events_pass *pass)
{
    for (size_t i = 0; i < pass->n_due; i++) {
        const struct event_item *item = &pass->items[i];
        if (item->action == EVENT_OTHER)
            continue;
        if (!ms_str_is_absent(item->tag))
            add_tag(pass, item->tag);
        else if (item->action == EVENT_DELETE && !ms_digest_is_none(&item->digest))
            add_deleted(pass, &item->digest);
    }
}

/* --- touched: known tags on deleted digests --- */

static void touch_tag(struct events_pass *pass, struct ms_str name)
{
    add_tag(pass, name);
    struct named_tag *tag = events_find_tag(pass, name);
    if (tag != NULL) /* else there are more than one pass may ask about */
        tag->is_touched = true;
}

static void on_touched_tag(const struct ms_known_tag *tag, void *arg)
{
    struct sync_job *job = arg;
    if (!job->cancelled)
        touch_tag(job->events, tag->name);
}

static void on_touched(const struct ms_error *err, void *arg)
{
    struct sync_job *job = arg;
    if (!sync_store_call_ended(job))
        return;
    struct events_pass *pass = job->events;
    if (err != NULL)
        events_pass_fail(pass, err);
    else
        wish_for_scan(pass);
}

static void find_touched(struct events_pass *pass)
{
    struct sync_job *job = pass->job;
    if (pass->n_deleted == 0) {
        wish_for_scan(pass);
        return;
    }
    struct ms_digest *digests = ms_arena_alloc(pass->arena, pass->n_deleted * sizeof(*digests));
    for (size_t i = 0; i < pass->n_deleted; i++)
        digests[i] = pass->deleted[i].digest;
    job->store_calls++;
    if (ms_store_tags_on(job->env->store, job->repository, digests, pass->n_deleted,
                         EVENTS_TAGS_MAX + 1, on_touched_tag, on_touched, job) != MS_OK) {
        job->store_calls--;
        events_pass_give_up(pass, ms_store_writer_refusal(job->env->store));
    }
}

static void on_loaded(const struct ms_error *err, void *arg)
{
    struct sync_job *job = arg;
    if (!sync_store_call_ended(job))
        return;
    struct events_pass *pass = job->events;
    if (err != NULL) {
        events_pass_leave(pass, err);
        return;
    }
    if (pass->n_due == 0) {
        events_pass_end(pass, true);
        return;
    }
    note_what_events_name(pass);
    find_touched(pass);
}

/* --- wish --- */

static void on_wished(const struct ms_error *err, size_t n_new, bool new_instance, void *arg)
{
    struct sync_job *job = arg;
    (void)n_new;
    (void)new_instance;
    if (!sync_store_call_ended(job))
        return;
    if (err != NULL) {
        events_pass_fail(job->events, err);
        return;
    }
    job->options.on_scan_wanted("events name more tags than can be asked about at once",
                                job->options.scan_wanted_arg);
    ask_tags(job->events);
}

/* Kept in the database before the events that gave reason for it leave. */
static void wish_for_scan(struct events_pass *pass)
{
    struct sync_job *job = pass->job;
    if (!pass->is_overfull) {
        ask_tags(pass);
        return;
    }
    job->store_calls++;
    if (ms_store_inbox_put(job->env->store, job->env->term, NULL, 0, true, on_wished, job) !=
        MS_OK) {
        job->store_calls--;
        events_pass_give_up(pass, ms_store_writer_refusal(job->env->store));
    }
}

/* --- ask_tags --- */

static void on_tags(const struct tags_result *result, void *arg)
{
    struct events_pass *pass = arg;
    pass->asking = NULL;
    if (result->err != NULL) {
        events_pass_fail(pass, result->err);
        return;
    }
    for (size_t i = 0; i < result->n_answers; i++) {
        pass->tags[i].verdict = result->answers[i].verdict;
        pass->tags[i].digest = result->answers[i].digest;
        pass->tags[i].reason = ms_arena_dup(pass->arena, result->answers[i].reason);
    }
    ask_gone(pass);
}

/* Never conditional: the registry compares If-None-Match before it looks, so that what was deleted
 * would still answer 304. */
static void ask_tags(struct events_pass *pass)
{
    struct sync_job *job = pass->job;
    if (pass->n_tags == 0) {
        ask_gone(pass);
        return;
    }
    struct tags_question *questions =
        ms_arena_alloc(pass->arena, pass->n_tags * sizeof(*questions));
    for (size_t i = 0; i < pass->n_tags; i++)
        questions[i].name = pass->tags[i].name;
    pass->asking = tags_start(job->env, job->repository, REGISTRY_EVENT, questions, pass->n_tags,
                              on_tags, pass);
}

/* --- ask_gone --- */

static void on_deleted_asked(const struct registry_reply *reply, void *arg)
{
    struct events_pass *pass = arg;
    pass->call = NULL;
    if (reply->outcome == REGISTRY_FAILED || reply->outcome == REGISTRY_CANCELLED) {
        events_pass_fail(pass, reply->error);
        return;
    }
    pass->deleted[pass->n_deleted_asked++].is_gone = reply->outcome == REGISTRY_ABSENT;
    ask_gone(pass);
}

static void ask_gone(struct events_pass *pass)
{
    struct sync_job *job = pass->job;
    if (pass->n_deleted_asked == pass->n_deleted) {
        ask_list(pass);
        return;
    }
    char reference[MS_DIGEST_TEXT_MAX];
    const struct ms_digest *digest = &pass->deleted[pass->n_deleted_asked].digest;
    pass->call =
        registry_get_manifest(job->env->registry, REGISTRY_EVENT, job->repository,
                              ms_str(ms_digest_format(reference, digest)), on_deleted_asked, pass);
}

/* --- ask_list --- */

static void on_list(const struct registry_reply *reply, void *arg)
{
    struct events_pass *pass = arg;
    pass->call = NULL;
    if (reply->outcome != REGISTRY_FOUND && reply->outcome != REGISTRY_ABSENT) {
        events_pass_fail(pass, reply->error);
        return;
    }
    for (size_t i = 0; i < reply->n_names; i++) {
        struct named_tag *tag = events_find_tag(pass, reply->names[i]);
        if (tag != NULL)
            tag->is_listed = true;
    }
    ask_history(pass);
}

static void ask_list(struct events_pass *pass)
{
    struct sync_job *job = pass->job;
    if (events_need_list(pass))
        pass->call =
            registry_tags(job->env->registry, REGISTRY_EVENT, job->repository, on_list, pass);
    else
        ask_history(pass);
}

/* --- history --- */

static void on_known_tag(const struct ms_known_tag *known, void *arg)
{
    struct sync_job *job = arg;
    if (job->cancelled)
        return;
    struct named_tag *tag = events_find_tag(job->events, known->name);
    if (tag != NULL && tag->verdict == TAGS_POINTS && ms_digest_equal(&tag->digest, &known->digest))
        tag->moved_ms = known->event_time_ms;
}

static void on_history(const struct ms_error *err, void *arg)
{
    struct sync_job *job = arg;
    if (!sync_store_call_ended(job))
        return;
    if (err != NULL)
        events_pass_fail(job->events, err);
    else
        fetch_content(job->events);
}

static void ask_history(struct events_pass *pass)
{
    struct sync_job *job = pass->job;
    if (!events_need_history(pass)) {
        fetch_content(pass);
        return;
    }
    struct ms_str *names = ms_arena_alloc(pass->arena, (pass->n_tags + 1) * sizeof(*names));
    for (size_t i = 0; i < pass->n_tags; i++)
        names[i] = pass->tags[i].name;
    job->store_calls++;
    if (ms_store_tags_named(job->env->store, job->repository, names, pass->n_tags, on_known_tag,
                            on_history, job) != MS_OK) {
        job->store_calls--;
        events_pass_give_up(pass, ms_store_writer_refusal(job->env->store));
    }
}

/* --- content --- */

static void on_content(const struct content_result *result, void *arg)
{
    struct events_pass *pass = arg;
    pass->content = NULL;
    if (result->err != NULL) {
        events_pass_fail(pass, result->err);
        return;
    }
    pass->n_held = result->n_held;
    pass->held = result->held;
    apply(pass);
}

static void fetch_content(struct events_pass *pass)
{
    struct sync_job *job = pass->job;
    struct content_root *roots =
        ms_arena_alloc(pass->arena, (pass->n_tags + pass->n_items + 1) * sizeof(*roots));
    size_t n = 0;
    for (size_t i = 0; i < pass->n_tags; i++) {
        if (pass->tags[i].verdict == TAGS_POINTS)
            roots[n++] = (struct content_root){.digest = pass->tags[i].digest, .was_seen = true};
    }
    for (size_t i = 0; i < pass->n_due; i++) {
        const struct event_item *item = &pass->items[i];
        if (item->action == EVENT_PUSH && ms_str_is_absent(item->tag) &&
            !ms_digest_is_none(&item->digest))
            roots[n++] = (struct content_root){.digest = item->digest};
    }
    if (n == 0)
        apply(pass);
    else
        pass->content =
            content_start(job->env, job->repository, REGISTRY_EVENT, roots, n, on_content, pass);
}

/* --- apply --- */

static void count_applied(const struct events_pass *pass)
{
    for (size_t i = 0; i < pass->n_items; i++) {
        if (pass->items[i].is_settled)
            events_count(&pass->items[i], "applied");
    }
}

static void log_applied(const struct events_pass *pass, const struct ms_apply_result *result)
{
    if (result->generation > 0)
        ms_log(MS_LOG_DEBUG, "events applied",
               MS_FIELDS(ms_field_str("repository", pass->job->repository),
                         ms_field_u64("generation", result->generation),
                         ms_field_u64("tags_changed", result->tags_changed),
                         ms_field_u64("tags_removed", result->tags_removed)));
}

static void on_applied(const struct ms_error *err, const struct ms_apply_result *result, void *arg)
{
    struct sync_job *job = arg;
    if (!sync_store_call_ended(job))
        return;
    struct events_pass *pass = job->events;
    if (err == NULL) {
        count_applied(pass);
        log_applied(pass, result);
        postpone(pass);
    } else {
        events_pass_give_up(pass, err);
    }
}

static bool is_empty(const struct ms_apply *change)
{
    return change->n_tags + change->n_removed_tags + change->n_held + change->n_gone +
               change->n_events_done ==
           0;
}

/* `held` is the content's and lives until this returns. */
static void apply(struct events_pass *pass)
{
    struct sync_job *job = pass->job;
    struct ms_apply change = {.term = job->env->term,
                              .repository = job->repository,
                              .held = pass->held,
                              .n_held = pass->n_held};
    events_settle(pass);
    events_fill_change(pass, &change);
    if (is_empty(&change)) {
        postpone(pass);
        return;
    }
    job->store_calls++;
    if (ms_store_apply(job->env->store, &change, on_applied, job) != MS_OK) {
        job->store_calls--;
        events_pass_give_up(pass, ms_store_writer_refusal(job->env->store));
    }
}

/* --- postpone --- */

static void on_postponed(const struct ms_error *err, void *arg)
{
    struct sync_job *job = arg;
    if (!sync_store_call_ended(job))
        return;
    if (err != NULL)
        events_pass_leave(job->events, err);
    else
        events_pass_end(job->events, true);
}

static void postpone(struct events_pass *pass)
{
    struct sync_job *job = pass->job;
    struct ms_inbox_delay *delays =
        ms_arena_alloc(pass->arena, (pass->n_due + 1) * sizeof(*delays));
    size_t n = 0;
    for (size_t i = 0; i < pass->n_due; i++) {
        const struct event_item *item = &pass->items[i];
        if (!item->is_settled)
            delays[n++] = (struct ms_inbox_delay){item->id, item->again_after_ms};
    }
    if (n == 0) {
        events_pass_end(pass, true);
        return;
    }
    job->store_calls++;
    if (ms_store_inbox_postpone(job->env->store, job->env->term, delays, n, on_postponed, job) !=
        MS_OK) {
        job->store_calls--;
        events_pass_leave(pass, ms_store_writer_refusal(job->env->store));
    }
}

static void on_load_refused(void *arg)
{
    struct sync_job *job = arg;
    on_loaded(ms_store_writer_refusal(job->env->store), job);
}

struct events_pass *events_pass_start(struct sync_job *job)
{
    struct events_pass *pass = ms_alloc(sizeof(*pass));
    pass->job = job;
    pass->load_max = job->one_by_one ? 1 : EVENTS_LOAD_MAX;
    pass->arena = ms_arena_new(EVENTS_ARENA_MAX);
    pass->items = ms_arena_alloc(pass->arena, EVENTS_LOAD_MAX * sizeof(*pass->items));
    pass->tags = ms_arena_alloc(pass->arena, EVENTS_TAGS_MAX * sizeof(*pass->tags));
    pass->deleted = ms_arena_alloc(pass->arena, EVENTS_LOAD_MAX * sizeof(*pass->deleted));
    job->store_calls++;
    if (ms_store_inbox_load(job->env->store, job->repository, pass->load_max, on_row, on_loaded,
                            job) != MS_OK)
        ms_loop_defer(job->env->loop, on_load_refused, job);
    return pass;
}
