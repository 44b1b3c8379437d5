/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides which events of a pass are done, and what its findings change. Pure: no I/O.
 *
 * The registry sends a push event before it writes the tag, and a delete event before it deletes.
 * An event is done when the registry agrees with it, when a later event has explained the
 * difference for a while, or when the registry was asked often enough. What the registry says is
 * recorded in each case.
 */
#include "writer/sync/events_internal.h"

#include <string.h>

/* Pauses before the registry is asked again, by the number of attempts before. */
static const uint64_t AGAIN_AFTER_MS[EVENTS_ATTEMPTS_MAX] = {20,   50,   100,  200,  500,
                                                             1000, 2000, 5000, 10000};

/* The place of a name among the sorted ones: of the first that is not before it. */
static size_t place_of(const struct events_pass *pass, struct ms_str name)
{
    size_t low = 0, high = pass->n_tags;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ms_str_compare(pass->by_name[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct named_tag *events_find_tag(const struct events_pass *pass, struct ms_str name)
{
    size_t place = place_of(pass, name);
    bool is_there = place < pass->n_tags && ms_str_equal(pass->by_name[place]->name, name);
    return is_there ? pass->by_name[place] : NULL;
}

struct named_tag *events_add_tag(struct events_pass *pass, struct ms_str name)
{
    size_t place = place_of(pass, name);
    struct named_tag *tag = &pass->tags[pass->n_tags];
    memmove(&pass->by_name[place + 1], &pass->by_name[place],
            (pass->n_tags - place) * sizeof(pass->by_name[0]));
    pass->by_name[place] = tag;
    pass->n_tags++;
    tag->name = name;
    return tag;
}

/* A tag that a push event names and the registry does not have yet is simply early. */
static bool is_named_by_young_push_only(const struct events_pass *pass, struct ms_str tag)
{
    bool has_young_push = false;
    for (size_t i = 0; i < pass->n_items; i++) {
        const struct event_item *item = &pass->items[i];
        if (!ms_str_equal(item->tag, tag))
            continue;
        if (item->action != EVENT_PUSH || item->attempts >= EVENTS_ATTEMPTS_MAX)
            return false;
        has_young_push = true;
    }
    return has_young_push;
}

bool events_need_list(const struct events_pass *pass)
{
    for (size_t i = 0; i < pass->n_tags; i++) {
        if (pass->tags[i].verdict == TAGS_ABSENT &&
            !is_named_by_young_push_only(pass, pass->tags[i].name))
            return true;
    }
    return false;
}

static bool is_held(const struct events_pass *pass, const struct ms_digest *digest)
{
    for (size_t i = 0; i < pass->n_held; i++) {
        if (ms_digest_equal(&pass->held[i].digest, digest))
            return true;
    }
    return false;
}

static bool is_gone(const struct events_pass *pass, const struct ms_digest *digest)
{
    for (size_t i = 0; i < pass->n_deleted; i++) {
        if (ms_digest_equal(&pass->deleted[i].digest, digest))
            return pass->deleted[i].is_gone;
    }
    return false; /* nobody asked */
}

/* In the order that they came in, or by the registry's clock: events overtake each other. */
static bool is_later(const struct event_item *a, const struct event_item *b)
{
    return a->id > b->id || (b->time_ms > 0 && a->time_ms > b->time_ms);
}

static bool names_present_state(const struct event_item *item, const struct named_tag *tag)
{
    if (item->action == EVENT_PUSH)
        return tag->verdict == TAGS_POINTS && ms_digest_equal(&item->digest, &tag->digest);
    return item->action == EVENT_DELETE && tag->verdict == TAGS_ABSENT && !tag->is_listed;
}

static struct named_tag *tag_of(const struct events_pass *pass, const struct event_item *item)
{
    return ms_str_is_absent(item->tag) ? NULL : events_find_tag(pass, item->tag);
}

/* A later event of this pass that explains what the registry says, or NULL. */
static struct event_item *find_explanation(const struct events_pass *pass,
                                           const struct event_item *item)
{
    const struct named_tag *tag = tag_of(pass, item);
    for (size_t i = 0; i < pass->n_items && tag != NULL; i++) {
        struct event_item *other = &pass->items[i];
        if (ms_str_equal(other->tag, item->tag) && is_later(other, item) &&
            names_present_state(other, tag))
            return other;
    }
    return NULL;
}

/* Something later than the event, here or applied before, explains what the registry says. */
static bool is_superseded(const struct events_pass *pass, const struct event_item *item)
{
    const struct named_tag *tag = tag_of(pass, item);
    bool was_moved_later = tag != NULL && item->time_ms > 0 && tag->moved_ms > item->time_ms;
    return was_moved_later || find_explanation(pass, item) != NULL;
}

static bool agrees_on_tag(const struct events_pass *pass, const struct event_item *item)
{
    const struct named_tag *tag = events_find_tag(pass, item->tag);
    if (tag == NULL)
        return false; /* more tags than one pass may ask about */
    bool is_same = ms_digest_equal(&tag->digest, &item->digest);
    if (tag->verdict == TAGS_UNREADABLE)
        return true;
    if (item->action == EVENT_PUSH)
        return tag->verdict == TAGS_POINTS && (is_same || ms_digest_is_none(&item->digest));
    if (tag->verdict == TAGS_ABSENT)
        return !tag->is_listed;
    return !ms_digest_is_none(&item->digest) && !is_same; /* deleted, and pushed anew since */
}

/* The registry takes a manifest away first and its tags after: it is in the midst of that. */
static bool is_untagging(const struct events_pass *pass)
{
    for (size_t i = 0; i < pass->n_tags; i++) {
        const struct named_tag *tag = &pass->tags[i];
        if (tag->is_touched && tag->verdict == TAGS_ABSENT && tag->is_listed)
            return true;
    }
    return false;
}

static bool agrees(const struct events_pass *pass, const struct event_item *item)
{
    if (item->action == EVENT_OTHER)
        return true;
    if (!ms_str_is_absent(item->tag))
        return agrees_on_tag(pass, item);
    if (ms_digest_is_none(&item->digest))
        return true; /* names nothing that could be looked at */
    return item->action == EVENT_PUSH ? is_held(pass, &item->digest)
                                      : is_gone(pass, &item->digest) && !is_untagging(pass);
}

bool events_need_history(const struct events_pass *pass)
{
    for (size_t i = 0; i < pass->n_due; i++) {
        const struct event_item *item = &pass->items[i];
        if (!ms_str_is_absent(item->tag) && item->time_ms > 0 && !agrees(pass, item) &&
            !is_superseded(pass, item))
            return true;
    }
    return false;
}

static bool is_last_attempt(const struct event_item *item)
{
    return item->is_due && item->attempts >= EVENTS_ATTEMPTS_MAX;
}

/* An event that something later contradicts waits for EVENTS_QUIET_MS, and what explains it with
 * it: that one was visible when it was looked at first. */
static bool was_shown_before(const struct events_pass *pass, const struct event_item *item)
{
    if (item->attempts == 0 || ms_str_is_absent(item->tag))
        return false;
    for (size_t i = 0; i < pass->n_items; i++) {
        const struct event_item *other = &pass->items[i];
        if (other != item && ms_str_equal(other->tag, item->tag) && is_later(item, other) &&
            !agrees(pass, other))
            return true;
    }
    return false;
}

void events_decide(struct events_pass *pass)
{
    for (size_t i = 0; i < pass->n_items; i++) {
        struct event_item *item = &pass->items[i];
        bool is_explained = is_superseded(pass, item);
        bool is_quiet = item->age_ms >= EVENTS_QUIET_MS;
        bool is_true = agrees(pass, item);
        item->is_done = is_last_attempt(item) || is_true || (is_explained && is_quiet);
        item->is_shown = item->action == EVENT_PUSH && is_true && !was_shown_before(pass, item);
        if (is_explained && !is_quiet)
            item->again_after_ms = (uint64_t)(EVENTS_QUIET_MS - item->age_ms);
        else if (item->attempts < EVENTS_ATTEMPTS_MAX)
            item->again_after_ms = AGAIN_AFTER_MS[item->attempts];
    }
    /* An event that explains another one stays with it, to explain it the next time too. */
    for (size_t i = 0; i < pass->n_items; i++) {
        const struct event_item *item = &pass->items[i];
        struct event_item *other = item->is_done ? NULL : find_explanation(pass, item);
        if (other == NULL || is_last_attempt(other))
            continue;
        other->is_done = false;
        other->again_after_ms = item->again_after_ms;
    }
}

/* Time and actor of a tag's move: the last push of what it is on, else its last push at all. */
static void credit(const struct events_pass *pass, struct ms_tag_record *record)
{
    const struct event_item *best = NULL;
    bool best_is_exact = false;
    for (size_t i = 0; i < pass->n_items; i++) {
        const struct event_item *item = &pass->items[i];
        bool is_exact = ms_digest_equal(&item->digest, &record->digest);
        if (item->action != EVENT_PUSH || !ms_str_equal(item->tag, record->name))
            continue;
        if (best != NULL && (is_exact == best_is_exact ? item->id < best->id : best_is_exact))
            continue;
        best = item;
        best_is_exact = is_exact;
    }
    if (best == NULL)
        return;
    record->event_time_ms = best->time_ms > 0 ? best->time_ms : best->received_ms;
    record->actor = best->actor;
}

static bool has_open_event(const struct events_pass *pass, const struct named_tag *tag)
{
    for (size_t i = 0; i < pass->n_items; i++) {
        const struct event_item *item = &pass->items[i];
        bool is_about_it =
            ms_str_equal(item->tag, tag->name) || (tag->is_touched && item->action == EVENT_DELETE);
        if (!item->is_done && is_about_it)
            return true;
    }
    return false;
}

static bool has_open_delete(const struct events_pass *pass, const struct ms_digest *digest)
{
    for (size_t i = 0; i < pass->n_items; i++) {
        const struct event_item *item = &pass->items[i];
        if (!item->is_done && item->action == EVENT_DELETE &&
            ms_digest_equal(&item->digest, digest))
            return true;
    }
    return false;
}

void events_fill_change(struct events_pass *pass, struct ms_apply *change)
{
    struct ms_tag_record *set = ms_arena_alloc(pass->arena, (pass->n_tags + 1) * sizeof(*set));
    struct ms_str *removed = ms_arena_alloc(pass->arena, (pass->n_tags + 1) * sizeof(*removed));
    struct ms_digest *gone = ms_arena_alloc(pass->arena, (pass->n_deleted + 1) * sizeof(*gone));
    int64_t *done = ms_arena_alloc(pass->arena, (pass->n_items + 1) * sizeof(*done));
    for (size_t i = 0; i < pass->n_tags; i++) {
        const struct named_tag *tag = &pass->tags[i];
        bool is_absent = tag->verdict == TAGS_ABSENT;
        if (is_absent && !tag->is_listed && !is_named_by_young_push_only(pass, tag->name)) {
            removed[change->n_removed_tags++] = tag->name;
        } else if (!is_absent || !has_open_event(pass, tag)) {
            struct ms_tag_record *record = &set[change->n_tags++];
            *record = (struct ms_tag_record){.name = tag->name, .digest = tag->digest};
            if (is_absent)
                record->unreadable = TAGS_DANGLING;
            else if (tag->verdict == TAGS_UNREADABLE)
                record->unreadable = tag->reason;
            credit(pass, record);
        }
    }
    for (size_t i = 0; i < pass->n_deleted; i++) {
        if (pass->deleted[i].is_gone && !has_open_delete(pass, &pass->deleted[i].digest))
            gone[change->n_gone++] = pass->deleted[i].digest;
    }
    for (size_t i = 0; i < pass->n_items; i++) {
        if (pass->items[i].is_done)
            done[change->n_events_done++] = pass->items[i].id;
    }
    change->tags = set;
    change->removed_tags = removed;
    change->gone = gone;
    change->events_done = done;
}
