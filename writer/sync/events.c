/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pass over the waiting events of one repository.
 *
 *   load        the rows of the inbox: due ones, and postponed ones, which may explain them
 *   presence    (of a repository that is not known) has the registry anything of it? If not, its
 *               events are postponed once, together, and ignored the next time
 *   touched     which known tags are on digests that a delete event names?
 *   want_scan   (when there are too many of those) a scan is to find what is left out
 *   ask         where do the named tags point now? are the deleted digests really gone?
 *   list        does the tag list still have the tags that answered 404?
 *   history     (when an event disagrees) when did an event move the tag to where it is?
 *   content     store what is below the tags and the digests pushed without a tag
 *   apply       one transaction (write.c): tags, manifests, the rows of events that are done
 *   postpone    events that the registry does not agree with yet are looked at again
 *
 * How a pass ends is in events_end.c, what its findings mean in events_decide.c.
 */
#include "writer/sync/events.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/runtime/limit.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "writer/sync/events_internal.h"

#include <stdlib.h>

static void ask_presence(struct events_pass *pass);
static void find_touched(struct events_pass *pass);
static void want_scan(struct events_pass *pass);
static void ask(struct events_pass *pass);
static void ask_list(struct events_pass *pass);
static void ask_history(struct events_pass *pass);
static void fetch_content(struct events_pass *pass);
static void apply(struct events_pass *pass);
static void write_change(struct events_pass *pass);
static void postpone(struct events_pass *pass);

/* --- load --- */

static enum event_action action_of(const struct ms_event_record *event)
{
    if (ms_str_equal(event->action, MS_STR("push")))
        return EVENT_PUSH;
    if (ms_str_equal(event->action, MS_STR("delete")))
        return EVENT_DELETE;
    return EVENT_OTHER;
}

static void on_row(const struct ms_inbox_row *row, void *arg)
{
    struct events_pass *pass = arg;
    if (pass->n_items == pass->load_max)
        return;
    struct event_item *item = &pass->items[pass->n_items++];
    item->id = row->id;
    item->is_due = row->is_due;
    pass->n_due += row->is_due;
    pass->is_unknown = row->is_of_unknown_repository;
    item->attempts = row->attempts;
    item->age_ms = row->age_ms;
    item->action = action_of(&row->event);
    item->tag = ms_arena_dup(pass->arena, row->event.tag);
    item->digest = row->event.digest;
    item->time_ms = row->event.event_time_ms;
    item->received_ms = ms_clock_wall_ms() - row->age_ms;
    item->actor = ms_arena_dup(pass->arena, row->event.actor);
    item->is_done = item->action == EVENT_OTHER;
}

/* The tag of a name, new or not. NULL: there are more than a pass may ask about. A deleted digest
 * can have any number of tags: those left out are a scan's to find. */
static struct named_tag *name_tag(struct events_pass *pass, struct ms_str name)
{
    struct named_tag *tag = events_find_tag(pass, name);
    if (tag == NULL && pass->n_tags < EVENTS_TAGS_MAX)
        return events_add_tag(pass, ms_arena_dup(pass->arena, name));
    if (tag == NULL && !pass->is_overfull) {
        pass->is_overfull = true;
        ms_limit_reached(MS_LIMIT_EVENT_TAGS);
    }
    return tag;
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
            (void)name_tag(pass, item->tag);
        else if (item->action == EVENT_DELETE && !ms_digest_is_none(&item->digest))
            add_deleted(pass, &item->digest);
    }
}

static void on_loaded(const struct ms_error *err, void *arg)
{
    struct events_pass *pass = arg;
    pass->store_call = NULL;
    if (err != NULL) {
        events_pass_leave(pass, err);
        return;
    }
    if (pass->n_due == 0) {
        events_pass_end(pass, EVENTS_DONE);
        return;
    }
    if (pass->is_unknown) {
        ask_presence(pass);
        return;
    }
    note_what_events_name(pass);
    find_touched(pass);
}

/* --- presence --- */

static void on_presence(const struct ms_error *err, bool is_there, void *arg)
{
    struct events_pass *pass = arg;
    pass->presence = NULL;
    if (err != NULL) {
        events_pass_fail(pass, err);
        return;
    }
    if (is_there) {
        note_what_events_name(pass);
        find_touched(pass);
        return;
    }
    pass->is_missing = true;
    for (size_t i = 0; i < pass->n_due; i++) {
        struct event_item *item = &pass->items[i];
        item->is_done = item->is_done || item->attempts + 1 >= EVENTS_UNKNOWN_ATTEMPTS_MAX;
        item->again_after_ms = EVENTS_UNKNOWN_PAUSE_MS;
    }
    write_change(pass); /* only which of them are done */
}

static void ask_presence(struct events_pass *pass)
{
    const struct event_item *last_push = NULL;
    bool is_last = false; /* some event is ignored if nothing is there */
    for (size_t i = 0; i < pass->n_due; i++) {
        const struct event_item *item = &pass->items[i];
        is_last = is_last || item->attempts + 1 >= EVENTS_UNKNOWN_ATTEMPTS_MAX;
        if (item->action == EVENT_PUSH && !ms_digest_is_none(&item->digest) &&
            (last_push == NULL || item->id > last_push->id))
            last_push = item;
    }
    pass->presence =
        presence_start(pass->env, pass->options.repository,
                       last_push == NULL ? NULL : &last_push->digest, is_last, on_presence, pass);
}

/* --- touched: known tags on deleted digests --- */

static void on_touched_tag(struct ms_str name, void *arg)
{
    struct named_tag *tag = name_tag(arg, name);
    if (tag != NULL)
        tag->is_touched = true;
}

static void on_touched(const struct ms_error *err, void *arg)
{
    struct events_pass *pass = arg;
    pass->store_call = NULL;
    if (err != NULL)
        events_pass_fail(pass, err);
    else
        want_scan(pass);
}

static void find_touched(struct events_pass *pass)
{
    if (pass->n_deleted == 0) {
        want_scan(pass);
        return;
    }
    struct ms_digest *digests = ms_arena_alloc(pass->arena, pass->n_deleted * sizeof(*digests));
    for (size_t i = 0; i < pass->n_deleted; i++)
        digests[i] = pass->deleted[i].digest;
    pass->store_call =
        ms_store_tags_on(pass->env->store, pass->options.repository, digests, pass->n_deleted,
                         EVENTS_TAGS_MAX + 1, on_touched_tag, on_touched, pass);
}

/* --- want_scan --- */

static void on_scan_wanted(const struct ms_error *err, void *arg)
{
    struct events_pass *pass = arg;
    pass->store_call = NULL;
    if (err != NULL) {
        events_pass_fail(pass, err);
        return;
    }
    pass->options.on_scan_wanted("events name more tags than can be asked about at once",
                                 pass->options.scan_wanted_arg);
    ask(pass);
}

/* Kept in the database before the events that gave reason for it leave. */
static void want_scan(struct events_pass *pass)
{
    if (pass->is_overfull)
        pass->store_call =
            ms_store_scan_want(pass->env->store, pass->env->term, on_scan_wanted, pass);
    else
        ask(pass);
}

/* --- ask --- */

static void on_answers(const struct tags_result *result, void *arg)
{
    struct events_pass *pass = arg;
    pass->asking = NULL;
    if (result->err != NULL) {
        events_pass_fail(pass, result->err);
        return;
    }
    for (size_t i = 0; i < pass->n_tags; i++) {
        const struct tags_answer *answer = &result->answers[i];
        pass->tags[i].verdict = answer->verdict;
        pass->tags[i].digest = answer->digest;
        pass->tags[i].reason = ms_arena_dup(pass->arena, answer->reason);
        pass->tags[i].manifest = ms_arena_dup(pass->arena, answer->manifest);
        pass->tags[i].media_type = ms_arena_dup(pass->arena, answer->media_type);
    }
    for (size_t i = 0; i < pass->n_deleted; i++)
        pass->deleted[i].is_gone = result->answers[pass->n_tags + i].verdict == TAGS_ABSENT;
    ask_list(pass);
}

/* Never conditional: the registry compares If-None-Match before it looks, so that what was deleted
 * would still answer 304. */
static void ask(struct events_pass *pass)
{
    size_t n = 0;
    struct tags_question *questions =
        ms_arena_alloc(pass->arena, (pass->n_tags + pass->n_deleted + 1) * sizeof(*questions));
    for (size_t i = 0; i < pass->n_tags; i++)
        questions[n++] = (struct tags_question){.name = pass->tags[i].name, .wants_manifest = true};
    for (size_t i = 0; i < pass->n_deleted; i++) {
        char text[MS_DIGEST_TEXT_MAX];
        (void)ms_digest_format(text, &pass->deleted[i].digest);
        questions[n++].name = ms_arena_dup(pass->arena, ms_str(text));
    }
    if (n > 0)
        pass->asking = tags_start(pass->env, pass->options.repository, REGISTRY_EVENT, questions, n,
                                  on_answers, pass);
    else
        ask_list(pass);
}

/* --- list --- */

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
    if (events_need_list(pass))
        pass->call = registry_tags(pass->env->registry, REGISTRY_EVENT, pass->options.repository,
                                   on_list, pass);
    else
        ask_history(pass);
}

/* --- history --- */

static void on_known_tag(const struct ms_known_tag *known, void *arg)
{
    struct named_tag *tag = events_find_tag(arg, known->name);
    if (tag != NULL && tag->verdict == TAGS_POINTS && ms_digest_equal(&tag->digest, &known->digest))
        tag->moved_ms = known->event_time_ms;
}

static void on_history(const struct ms_error *err, void *arg)
{
    struct events_pass *pass = arg;
    pass->store_call = NULL;
    if (err != NULL)
        events_pass_fail(pass, err);
    else
        fetch_content(pass);
}

static void ask_history(struct events_pass *pass)
{
    if (!events_need_history(pass)) {
        fetch_content(pass);
        return;
    }
    struct ms_str *names = ms_arena_alloc(pass->arena, (pass->n_tags + 1) * sizeof(*names));
    for (size_t i = 0; i < pass->n_tags; i++)
        names[i] = pass->tags[i].name;
    pass->store_call = ms_store_tags_named(pass->env->store, pass->options.repository, names,
                                           pass->n_tags, on_known_tag, on_history, pass);
}

/* --- content --- */

static void on_content(const struct content_result *result, void *arg)
{
    struct events_pass *pass = arg;
    pass->content = NULL;
    if (result->err != NULL) {
        events_pass_give_up(pass, result->err);
        return;
    }
    pass->n_held = result->n_held;
    pass->held = result->held;
    apply(pass);
}

/* A push that is over brings its manifest, also when its tag is on something else by now. */
static bool brings_manifest(const struct events_pass *pass, const struct event_item *item)
{
    if (item->action != EVENT_PUSH || ms_digest_is_none(&item->digest))
        return false;
    if (ms_str_is_absent(item->tag))
        return true;
    const struct named_tag *tag = events_find_tag(pass, item->tag);
    return tag != NULL && tag->verdict == TAGS_POINTS;
}

static void fetch_content(struct events_pass *pass)
{
    struct content_root *roots =
        ms_arena_alloc(pass->arena, (pass->n_tags + pass->n_items + 1) * sizeof(*roots));
    size_t n = 0;
    for (size_t i = 0; i < pass->n_tags; i++) {
        const struct named_tag *tag = &pass->tags[i];
        if (tag->verdict == TAGS_POINTS)
            roots[n++] = (struct content_root){.digest = tag->digest,
                                               .was_seen = true,
                                               .manifest = tag->manifest,
                                               .media_type = tag->media_type,
                                               .unreadable = tag->reason};
    }
    for (size_t i = 0; i < pass->n_due; i++) {
        const struct event_item *item = &pass->items[i];
        if (brings_manifest(pass, item))
            roots[n++] = (struct content_root){.digest = item->digest};
    }
    if (n == 0)
        apply(pass);
    else
        pass->content = content_start(pass->env, pass->options.repository, REGISTRY_EVENT, roots, n,
                                      on_content, pass);
}

/* --- apply --- */

static void measure_freshness(const struct events_pass *pass)
{
    int64_t now_ms = ms_clock_wall_ms();
    for (size_t i = 0; i < pass->n_items; i++) {
        const struct event_item *item = &pass->items[i];
        int64_t passed_ms = now_ms - item->time_ms;
        if (item->is_shown && item->time_ms > 0) /* another machine's clock may be ahead */
            ms_metrics_observe(MS_METRIC_FRESHNESS_SECONDS, NULL,
                               passed_ms > 0 ? (double)passed_ms / 1000 : 0);
    }
}

static void on_written(const struct ms_error *err, const struct ms_apply_result *result,
                       size_t n_unreadable, void *arg)
{
    struct events_pass *pass = arg;
    (void)n_unreadable;
    pass->write = NULL;
    if (err != NULL) {
        events_pass_give_up(pass, err);
        return;
    }
    for (size_t i = 0; i < pass->n_items; i++) {
        if (pass->items[i].is_done)
            events_count(&pass->items[i], pass->is_missing ? "ignored" : "applied");
    }
    measure_freshness(pass);
    if (result->generation > 0)
        ms_log(MS_LOG_DEBUG, "events applied",
               MS_FIELDS(ms_field_str("repository", pass->options.repository),
                         ms_field_u64("generation", result->generation),
                         ms_field_u64("tags_changed", result->tags_changed),
                         ms_field_u64("tags_removed", result->tags_removed)));
    postpone(pass);
}

static bool is_empty(const struct ms_apply *change)
{
    return change->n_tags + change->n_removed_tags + change->n_held + change->n_gone +
               change->n_events_done ==
           0;
}

/* `held` is the content's and lives until this returns; it is copied. */
static void write_change(struct events_pass *pass)
{
    struct ms_apply change = {.term = pass->env->term,
                              .repository = pass->options.repository,
                              .held = pass->held,
                              .n_held = pass->n_held};
    events_fill_change(pass, &change);
    if (is_empty(&change))
        postpone(pass);
    else
        pass->write = write_start(pass->env, &change, on_written, pass);
}

static void apply(struct events_pass *pass)
{
    events_decide(pass);
    write_change(pass);
}

/* --- postpone --- */

static void end(struct events_pass *pass)
{
    events_pass_end(pass, pass->n_due == pass->load_max ? EVENTS_MORE : EVENTS_DONE);
}

static void on_postponed(const struct ms_error *err, void *arg)
{
    struct events_pass *pass = arg;
    pass->store_call = NULL;
    if (err != NULL)
        events_pass_leave(pass, err);
    else
        end(pass);
}

static void postpone(struct events_pass *pass)
{
    struct ms_inbox_delay *delays =
        ms_arena_alloc(pass->arena, (pass->n_due + 1) * sizeof(*delays));
    size_t n = 0;
    for (size_t i = 0; i < pass->n_due; i++) {
        const struct event_item *item = &pass->items[i];
        if (!item->is_done)
            delays[n++] = (struct ms_inbox_delay){item->id, item->again_after_ms};
    }
    if (n > 0)
        pass->store_call = ms_store_inbox_postpone(pass->env->store, pass->env->term, delays, n,
                                                   on_postponed, pass);
    else
        end(pass);
}

/* --- life --- */

struct events_pass *events_pass_start(const struct env *env, const struct events_options *options)
{
    struct events_pass *pass = ms_alloc(sizeof(*pass));
    pass->env = env;
    pass->options = *options;
    pass->load_max = options->one_by_one ? 1 : EVENTS_LOAD_MAX;
    pass->arena = ms_arena_new(EVENTS_ARENA_MAX);
    pass->items = ms_arena_alloc(pass->arena, EVENTS_LOAD_MAX * sizeof(*pass->items));
    pass->tags = ms_arena_alloc(pass->arena, EVENTS_TAGS_MAX * sizeof(*pass->tags));
    pass->by_name = ms_arena_alloc(pass->arena, EVENTS_TAGS_MAX * sizeof(struct named_tag *));
    pass->deleted = ms_arena_alloc(pass->arena, EVENTS_LOAD_MAX * sizeof(*pass->deleted));
    pass->store_call = ms_store_inbox_load(env->store, options->repository, pass->load_max, on_row,
                                           on_loaded, pass);
    return pass;
}
