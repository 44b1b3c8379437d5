/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by sync/events.c (the steps of a pass), sync/events_end.c (how it ends) and
 * sync/events_decide.c (what its findings mean). */
#ifndef EVENTS_INTERNAL_H
#define EVENTS_INTERNAL_H

#include "common/base/arena.h"
#include "writer/env.h"
#include "writer/sync/content.h"
#include "writer/sync/events.h"
#include "writer/sync/presence.h"
#include "writer/sync/tags.h"
#include "writer/sync/write.h"

enum { EVENTS_LOAD_MAX = 500, EVENTS_ARENA_MAX = 16 * 1024 * 1024, EVENTS_TAGS_MAX = 4000 };
enum {
    /* After so many attempts, some 19 s in all, an event is done although the registry does not
       agree with it. */
    EVENTS_ATTEMPTS_MAX = 9,
    /* An event that something later explains is done when it has waited so long: two pushes of a
       tag at once may write it in another order than they told of it. */
    EVENTS_QUIET_MS = 2000,
    /* Where neither the database nor the registry has anything of the repository, all of its events
       are looked at twice, this long apart. */
    EVENTS_UNKNOWN_ATTEMPTS_MAX = 2,
    EVENTS_UNKNOWN_PAUSE_MS = 500
};

enum event_action { EVENT_PUSH, EVENT_DELETE, EVENT_OTHER };

struct event_item {
    int64_t id;
    bool is_due;       /* else it may only explain others: nothing is asked because of it */
    unsigned attempts; /* so far */
    int64_t age_ms, received_ms; /* when the events were loaded; since 1970 */
    enum event_action action;
    struct ms_str tag; /* absent: by digest */
    struct ms_digest digest;
    int64_t time_ms; /* as the event says; 0: it does not */
    struct ms_str actor;
    bool is_done;
    bool is_shown; /* a push that this pass makes visible; of one that was before: false */
    uint64_t again_after_ms; /* of one that is due and not done */
};

struct named_tag {
    struct ms_str name;
    enum tags_verdict verdict;
    struct ms_digest digest;
    struct ms_str reason; /* as in tags_answer, as are these */
    struct ms_str manifest, media_type;
    bool is_listed;   /* absent, yet in the tag list: dangling */
    bool is_touched;  /* known to be on a digest that a delete event names */
    int64_t moved_ms; /* when the event happened that moved it to `digest`; 0: unknown */
};

struct deleted_digest {
    struct ms_digest digest;
    bool is_gone;
};

struct events_pass {
    const struct env *env;
    struct events_options options;
    struct ms_arena *arena;
    size_t load_max;          /* events to load at once */
    struct event_item *items; /* due ones first */
    size_t n_items, n_due;
    bool is_unknown; /* the database does not know the repository, */
    bool is_missing; /* nor does the registry have anything of it */
    struct named_tag *tags;
    struct named_tag **by_name; /* the same */
    size_t n_tags;
    bool is_overfull; /* there are more tags than it may ask about */
    struct deleted_digest *deleted;
    size_t n_deleted;
    const struct ms_held_record *held; /* views of the content's result, for apply only */
    size_t n_held;
    struct tags *asking; /* what is under way, one of these six; or NULL */
    struct presence *presence;
    struct content *content;
    struct registry_call *call;
    struct write *write;
    struct ms_store_call *store_call;
};

/* sync/events_end.c. Each but the last ends the pass and frees it, at once or when the database has
 * answered. */

void events_pass_end(struct events_pass *pass, enum events_end how);
/* Its events stay as they are: the scheduler finds them again. */
void events_pass_leave(struct events_pass *pass, const struct ms_error *err);
/* The whole pass failed: its events stay, and wait a while so that they do not spin. */
void events_pass_fail(struct events_pass *pass, const struct ms_error *err);
/* As events_pass_fail, but for what the database refuses for good: its events are tried one at a
 * time, and the one that is refused alone becomes a dead letter. */
void events_pass_give_up(struct events_pass *pass, const struct ms_error *err);
void events_count(const struct event_item *item, const char *result);

/* sync/events_decide.c; pure. */

/* A tag answered 404 that no young push explains: is it in the tag list? */
bool events_need_list(const struct events_pass *pass);
/* Some event disagrees with the registry: when was the tag moved to where it is now? */
bool events_need_history(const struct events_pass *pass);
/* Decides for every event whether it is done, else when the registry is asked again, and which
 * pushes become visible. */
void events_decide(struct events_pass *pass);
/* Fills in what the findings change: tags, removed tags, gone manifests, events that are done.
 * Memory is the pass's. */
void events_fill_change(struct events_pass *pass, struct ms_apply *change);
struct named_tag *events_find_tag(const struct events_pass *pass, struct ms_str name);
/* A tag that is not there yet; `tags` and `by_name` have room for it. */
struct named_tag *events_add_tag(struct events_pass *pass, struct ms_str name);

#endif
