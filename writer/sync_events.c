/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pass over the waiting events of one repository. Called by sync.c.
 *
 *   load       the rows of the inbox: due ones, and postponed ones as witnesses of what happened
 *   touched    which known tags are on digests that a delete event names?
 *   ask_tags   where do the named tags point now?
 *   ask_gone   are the deleted digests really gone?
 *   ask_list   does the tag list still have the tags that answered 404?
 *   history    (when an event disagrees) when did an event move the tag to where it is?
 *   content    store what is below the tags and the digests pushed without a tag
 *   apply      one transaction: tags, manifests, and the rows of settled events
 *   postpone   events that the registry does not agree with yet are looked at again
 */
#include "writer/sync_events_internal.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "writer/scan.h"

/* A pass that failed as a whole is tried again after 1 s, 2 s, 4 s … */
enum { FAILURE_PAUSE_MS = 1000, FAILURE_PAUSE_DOUBLINGS = 6 };

static void ask_tags(struct events_pass *pass);
static void ask_gone(struct events_pass *pass);
static void ask_list(struct events_pass *pass);
static void ask_history(struct events_pass *pass);
static void fetch_content(struct events_pass *pass);
static void apply(struct events_pass *pass);
static void postpone(struct events_pass *pass);

/* --- the end --- */

static void count(const struct event_item *item, const char *result)
{
    static const char *const actions[] = {
        [EVENT_PUSH] = "push", [EVENT_DELETE] = "delete", [EVENT_OTHER] = "other"};
    ms_metrics_add(MS_METRIC_EVENTS, actions[item->action], result, 1);
}

static void free_pass(struct events_pass *pass)
{
    struct ms_loop *loop = pass->job->writer->loop;
    tags_cancel(pass->asking);
    content_cancel(pass->content);
    if (pass->call != NULL)
        registry_call_cancel(pass->call);
    ms_arena_free(pass->arena);
    ms_loop_defer_free(loop, pass);
}

void events_pass_cancel(struct events_pass *pass)
{
    if (pass != NULL)
        free_pass(pass);
}

static void end(struct events_pass *pass, bool is_done)
{
    struct sync_job *job = pass->job;
    bool may_be_more = is_done && pass->n_due == pass->load_max;
    free_pass(pass);
    sync_events_ended(job, may_be_more);
}

static void log_failure(const struct events_pass *pass, const struct ms_error *err)
{
    ms_log(MS_LOG_WARN, "events wait: they could not be applied",
           MS_FIELDS(ms_field_str("repository", pass->job->repository),
                     ms_field_u64("events", pass->n_due), ms_field_error(err)));
}

/* Its events stay as they are: the scheduler finds them again. */
static void leave(struct events_pass *pass, const struct ms_error *err)
{
    log_failure(pass, err);
    end(pass, false);
}

/* What was not postponed is due at once, and found again all the same. */
static void on_failure_recorded(const struct ms_error *err, void *arg)
{
    struct sync_job *job = arg;
    (void)err;
    if (sync_store_call_ended(job))
        end(job->events, false);
}

/* The whole pass failed: its events stay, and wait a while so that they do not spin. */
static void fail(struct events_pass *pass, const struct ms_error *err)
{
    struct sync_job *job = pass->job;
    struct ms_inbox_delay *delays =
        ms_arena_alloc(pass->arena, (pass->n_due + 1) * sizeof(*delays));
    for (size_t i = 0; i < pass->n_due; i++) {
        unsigned looks = pass->items[i].looks;
        unsigned doublings = looks < FAILURE_PAUSE_DOUBLINGS ? looks : FAILURE_PAUSE_DOUBLINGS;
        delays[i] =
            (struct ms_inbox_delay){pass->items[i].id, (uint64_t)FAILURE_PAUSE_MS << doublings};
    }
    log_failure(pass, err);
    job->store_calls++;
    if (ms_store_inbox_postpone(job->writer->store, job->writer->term, delays, pass->n_due,
                                on_failure_recorded, job) != MS_OK) {
        job->store_calls--;
        end(pass, false);
    }
}

static void on_buried(const struct ms_error *err, void *arg)
{
    struct sync_job *job = arg;
    if (!sync_store_call_ended(job))
        return;
    if (err != NULL) {
        leave(job->events, err);
        return;
    }
    count(&job->events->items[0], "dead");
    end(job->events, false);
}

static void bury(struct events_pass *pass, const struct ms_error *why)
{
    struct sync_job *job = pass->job;
    ms_log(MS_LOG_WARN, "an event becomes a dead letter",
           MS_FIELDS(ms_field_str("repository", job->repository), ms_field_error(why)));
    job->store_calls++;
    if (ms_store_inbox_bury(job->writer->store, job->writer->term, &pass->items[0].id, 1,
                            ms_str(why->text), on_buried, job) != MS_OK) {
        job->store_calls--;
        leave(pass, ms_store_writer_refusal(job->writer->store));
    }
}

/* The database refuses for good what the pass found. Its events are tried one at a time: the one
 * that is refused alone becomes a dead letter. */
static void refuse(struct events_pass *pass, const struct ms_error *err)
{
    struct sync_job *job = pass->job;
    job->one_by_one = true;
    if (pass->load_max == 1) {
        bury(pass, err);
        return;
    }
    sync_job_wake(job);
    end(pass, true);
}

static void give_up(struct events_pass *pass, const struct ms_error *err)
{
    if (err->status == MS_INVALID || err->status == MS_TOO_LARGE)
        refuse(pass, err);
    else
        fail(pass, err);
}

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
    ms_metrics_add(MS_METRIC_LIMIT_REACHED, "event_tags", NULL, 1);
    scan_request(pass->job->writer->scan, "events name more tags than can be asked about at once");
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
        fail(pass, err);
    else
        ask_tags(pass);
}

static void find_touched(struct events_pass *pass)
{
    struct sync_job *job = pass->job;
    if (pass->n_deleted == 0) {
        ask_tags(pass);
        return;
    }
    struct ms_digest *digests = ms_arena_alloc(pass->arena, pass->n_deleted * sizeof(*digests));
    for (size_t i = 0; i < pass->n_deleted; i++)
        digests[i] = pass->deleted[i].digest;
    job->store_calls++;
    if (ms_store_tags_on(job->writer->store, job->repository, digests, pass->n_deleted,
                         EVENTS_TAGS_MAX + 1, on_touched_tag, on_touched, job) != MS_OK) {
        job->store_calls--;
        give_up(pass, ms_store_writer_refusal(job->writer->store));
    }
}

static void on_loaded(const struct ms_error *err, void *arg)
{
    struct sync_job *job = arg;
    if (!sync_store_call_ended(job))
        return;
    struct events_pass *pass = job->events;
    if (err != NULL) {
        leave(pass, err);
        return;
    }
    if (pass->n_due == 0) {
        end(pass, true);
        return;
    }
    note_what_events_name(pass);
    find_touched(pass);
}

/* --- ask_tags --- */

static void on_tags(const struct tags_result *result, void *arg)
{
    struct events_pass *pass = arg;
    pass->asking = NULL;
    if (result->err != NULL) {
        fail(pass, result->err);
        return;
    }
    for (size_t i = 0; i < result->n_answers; i++) {
        pass->tags[i].verdict = result->answers[i].verdict;
        pass->tags[i].digest = result->answers[i].digest;
        pass->tags[i].reason = ms_arena_dup(pass->arena, result->answers[i].reason);
    }
    ask_gone(pass);
}

/* Never conditional: what was deleted would still answer 304 (protocols: the registry's API). */
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
    pass->asking = tags_start(job->writer, job->repository, REGISTRY_EVENT, questions, pass->n_tags,
                              on_tags, pass);
}

/* --- ask_gone --- */

static void on_deleted_asked(const struct registry_reply *reply, void *arg)
{
    struct events_pass *pass = arg;
    pass->call = NULL;
    if (reply->outcome == REGISTRY_FAILED || reply->outcome == REGISTRY_CANCELLED) {
        fail(pass, reply->error);
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
        registry_get_manifest(job->writer->registry, REGISTRY_EVENT, job->repository,
                              ms_str(ms_digest_format(reference, digest)), on_deleted_asked, pass);
}

/* --- ask_list --- */

static void on_list(const struct registry_reply *reply, void *arg)
{
    struct events_pass *pass = arg;
    pass->call = NULL;
    if (reply->outcome != REGISTRY_FOUND && reply->outcome != REGISTRY_ABSENT) {
        fail(pass, reply->error);
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
            registry_tags(job->writer->registry, REGISTRY_EVENT, job->repository, on_list, pass);
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
        fail(job->events, err);
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
    if (ms_store_tags_named(job->writer->store, job->repository, names, pass->n_tags, on_known_tag,
                            on_history, job) != MS_OK) {
        job->store_calls--;
        give_up(pass, ms_store_writer_refusal(job->writer->store));
    }
}

/* --- content --- */

static void on_content(const struct content_result *result, void *arg)
{
    struct events_pass *pass = arg;
    pass->content = NULL;
    if (result->err != NULL) {
        fail(pass, result->err);
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
            content_start(job->writer, job->repository, REGISTRY_EVENT, roots, n, on_content, pass);
}

/* --- apply --- */

static void count_applied(const struct events_pass *pass)
{
    for (size_t i = 0; i < pass->n_items; i++) {
        if (pass->items[i].is_settled)
            count(&pass->items[i], "applied");
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
        give_up(pass, err);
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
    struct ms_apply change = {.term = job->writer->term,
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
    if (ms_store_apply(job->writer->store, &change, on_applied, job) != MS_OK) {
        job->store_calls--;
        give_up(pass, ms_store_writer_refusal(job->writer->store));
    }
}

/* --- postpone --- */

static void on_postponed(const struct ms_error *err, void *arg)
{
    struct sync_job *job = arg;
    if (!sync_store_call_ended(job))
        return;
    if (err != NULL)
        leave(job->events, err);
    else
        end(job->events, true);
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
        end(pass, true);
        return;
    }
    job->store_calls++;
    if (ms_store_inbox_postpone(job->writer->store, job->writer->term, delays, n, on_postponed,
                                job) != MS_OK) {
        job->store_calls--;
        leave(pass, ms_store_writer_refusal(job->writer->store));
    }
}

static void on_load_refused(void *arg)
{
    struct sync_job *job = arg;
    on_loaded(ms_store_writer_refusal(job->writer->store), job);
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
    if (ms_store_inbox_load(job->writer->store, job->repository, pass->load_max, on_row, on_loaded,
                            job) != MS_OK)
        ms_loop_defer(job->writer->loop, on_load_refused, job);
    return pass;
}
