/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notification envelopes (distribution, notifications): bytes to event records. Pure. Empty strings
 * and zeros count as absent (distribution 3 writes them).
 */
#ifndef ENVELOPE_H
#define ENVELOPE_H

#include "common/base/arena.h"
#include "writer/parse/records.h"

enum {
    ENVELOPE_EVENTS_MAX = 10000,
    ENVELOPE_DEPTH_MAX = 256,     /* a registry's are six deep; what lies deeper counts as null */
    ENVELOPE_VALUES_MAX = 400000, /* JSON values; json-c takes up to 264 bytes for each */
    ENVELOPE_ID_MAX = 128,        /* a longer id is replaced by its digest: ids are indexed */
    ENVELOPE_NAME_MAX = 1024,     /* an actor's name, a media type: cut */
    ENVELOPE_ARENA_BYTES = 256 * 1024 * 1024 /* enough for whatever passes the limits above */
};

/* What becomes of an event. Whatever it is, the sender gets its 202, and its neighbours are
 * applied.
 */
enum envelope_verdict {
    ENVELOPE_STORE,  /* goes into the inbox */
    ENVELOPE_IGNORE, /* says nothing of interest: blobs, mounts, HEADs, our own pulls, no action
                        known */
    ENVELOPE_DEAD    /* names what no registry can hold, or nothing at all: a dead letter */
};

struct envelope_event {
    struct ms_event_record record; /* of an ignored one: only the action (a constant, or absent) and
                                      the instance's id */
    enum envelope_verdict verdict;
    const char *reason; /* of a dead one; static string */
};

struct envelope {
    struct envelope_event *events;
    size_t n_events;
    size_t n_own_notifications; /* events that tell of our own requests for manifests */
};

/* MS_INVALID: no JSON envelope, `err` says what is wrong and where. MS_TOO_LARGE: more than the
 * limits allow; it may be a fine envelope. `own_user_agent`: prefix of the writer's own requests.
 * Records are views into the arena; their texts are UTF-8 without NUL.
 *
 * An event whose action, repository, tag or digest is no string is dead; whatever else has another
 * type than it should counts as absent: one odd event must not block the registry's queue. */
enum ms_status envelope_parse(struct envelope *out, struct ms_arena *arena, struct ms_str body,
                              struct ms_str own_user_agent, struct ms_error *err) MS_CHECKED;

#endif
