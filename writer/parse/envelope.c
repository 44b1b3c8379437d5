/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See envelope.h. For each event: read its fields (read_event), then say what becomes of it
 * (judge). The protocol's facts are distribution's notifications/event.go, versions 2.8 and 3.
 */
#include "writer/parse/envelope.h"

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/refname.h"
#include "writer/parse/json.h"

enum { EVENT_BODY_MAX = 64 * 1024 * 1024 };

/* An event as it stands in the envelope: views into the JSON. */
struct event {
    struct json_object *json; /* any value; NULL: null */
    const char *fault;        /* static: what has the wrong type; NULL: nothing */
    struct ms_str id, timestamp, action;
    struct ms_str media_type, repository, url, tag, digest;
    struct ms_str method, user_agent, actor, instance_id;
};

/* --- reading --- */

/* A member that nothing depends on: empty, or no string, it is absent. */
static struct ms_str read_string(struct json_object *object, const char *key)
{
    struct ms_str value = MS_STR_ABSENT;
    if (json_get_string(&value, object, key) != MS_OK || value.len == 0)
        return MS_STR_ABSENT;
    return value;
}

/* A member that says where to look: of another type it is a fault. */
static struct ms_str need_string(struct event *event, struct json_object *object, const char *key,
                                 const char *fault)
{
    struct json_object *value = json_member(object, key);
    if (value != NULL && !json_is_string(value))
        event->fault = fault;
    return read_string(object, key);
}

static void read_target(struct event *event)
{
    struct json_object *target = json_member(event->json, "target");
    if (target != NULL && !json_is_object(target))
        event->fault = "its target is no object";
    event->repository =
        need_string(event, target, "repository", "its target.repository is no string");
    event->tag = need_string(event, target, "tag", "its target.tag is no string");
    event->digest = need_string(event, target, "digest", "its target.digest is no string");
    event->media_type = read_string(target, "mediaType");
    event->url = read_string(target, "url");
}

static void read_event(struct event *event, struct json_object *json)
{
    *event = (struct event){.json = json};
    read_target(event);
    event->action = need_string(event, json, "action", "its action is no string");
    if (!json_is_object(json))
        event->fault = "is no JSON object";
    event->id = read_string(json, "id");
    event->timestamp = read_string(json, "timestamp");
    event->method = read_string(json_member(json, "request"), "method");
    event->user_agent = read_string(json_member(json, "request"), "useragent");
    event->actor = read_string(json_member(json, "actor"), "name");
    event->instance_id = read_string(json_member(json, "source"), "instanceID");
}

/* --- judging --- */

/* `…/blobs/sha256:…`: neither a tag nor a digest holds a slash, so the last component but one says
 * what it is, whatever the repository is called. Without a URL the media type is all there is. */
static bool is_blob(const struct event *event)
{
    struct ms_str rest = event->url;
    struct ms_str last = MS_STR_ABSENT, last_but_one = MS_STR_ABSENT;
    while (!ms_str_is_absent(rest)) {
        last_but_one = last;
        last = ms_str_next(&rest, '/');
    }
    if (ms_str_equal(last_but_one, MS_STR("manifests")))
        return false;
    return ms_str_equal(last_but_one, MS_STR("blobs")) ||
           ms_str_equal(event->media_type, MS_STR("application/octet-stream"));
}

/* The actions that say something, as constants; absent for any other. */
static struct ms_str known_action(struct ms_str action)
{
    static const struct ms_str KNOWN[] = {MS_STR_INIT("push"), MS_STR_INIT("pull"),
                                          MS_STR_INIT("delete"), MS_STR_INIT("mount")};
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
        if (ms_str_equal(action, KNOWN[i]))
            return KNOWN[i];
    }
    return MS_STR_ABSENT;
}

/* Why an event about a manifest leads nowhere, or NULL. */
static const char *find_fault(const struct event *event)
{
    struct ms_digest digest;
    if (event->fault != NULL)
        return event->fault;
    if (ms_str_is_absent(event->repository))
        return "names no repository";
    if (!ms_refname_is_repository(event->repository))
        return "names an impossible repository";
    if (!ms_str_is_absent(event->tag) && !ms_refname_is_tag(event->tag))
        return "names an impossible tag";
    if (!ms_str_is_absent(event->digest) && ms_digest_parse(&digest, event->digest) != MS_OK)
        return "names an impossible digest";
    if (ms_str_is_absent(event->tag) && ms_str_is_absent(event->digest))
        return "names neither a tag nor a digest";
    return NULL;
}

static bool is_own(const struct event *event, struct ms_str own_user_agent)
{
    return own_user_agent.len > 0 && ms_str_starts_with(event->user_agent, own_user_agent);
}

/* A pull counts when a client fetched a manifest: no HEAD, none of our own. */
static bool is_counted_pull(const struct event *event, struct ms_str own_user_agent)
{
    if (!ms_str_is_absent(event->method) && !ms_str_equal(event->method, MS_STR("GET")))
        return false;
    if (is_own(event, own_user_agent))
        return false;
    return !ms_str_is_absent(event->digest) && find_fault(event) == NULL;
}

static enum envelope_verdict judge(const char **reason, const struct event *event,
                                   struct ms_str own_user_agent)
{
    struct ms_str action = known_action(event->action);
    if (ms_str_is_absent(event->action) && event->fault != NULL) {
        *reason = event->fault; /* it may have been a push */
        return ENVELOPE_DEAD;
    }
    if (ms_str_is_absent(action) || ms_str_equal(action, MS_STR("mount")) || is_blob(event))
        return ENVELOPE_IGNORE;
    if (ms_str_equal(action, MS_STR("pull")))
        return is_counted_pull(event, own_user_agent) ? ENVELOPE_STORE : ENVELOPE_IGNORE;
    *reason = find_fault(event);
    return *reason == NULL ? ENVELOPE_STORE : ENVELOPE_DEAD;
}

/* --- records --- */

static enum ms_status arena_full(struct ms_error *err)
{
    return ms_error_set(err, MS_TOO_LARGE, "the envelope needs too much memory");
}

/* At most `max` bytes of it, not cutting a character in two. */
static struct ms_str cut(struct ms_str s, size_t max)
{
    if (s.len <= max)
        return s;
    size_t end = max;
    while (end > 0 && ((unsigned char)s.ptr[end] & 0xc0) == 0x80)
        end--;
    return ms_str_slice(s, 0, end);
}

static enum ms_status copy_digest_of(struct ms_str *out, struct ms_arena *arena,
                                     struct ms_str bytes)
{
    struct ms_digest digest;
    char text[MS_DIGEST_TEXT_MAX];
    ms_hash_digest(&digest, MS_SHA256, bytes);
    return ms_arena_copy(out, arena, ms_str(ms_digest_format(text, &digest)));
}

/* An id as it came; one that is too long for an index by its digest. */
static enum ms_status copy_id(struct ms_str *out, struct ms_arena *arena, struct ms_str id)
{
    return id.len > ENVELOPE_ID_MAX ? copy_digest_of(out, arena, id)
                                    : ms_arena_copy(out, arena, id);
}

static enum ms_status copy_body(struct ms_str *out, struct ms_arena *arena,
                                struct json_object *json)
{
    struct ms_buf text;
    ms_buf_init(&text, EVENT_BODY_MAX);
    json_text(&text, json);
    enum ms_status status = ms_buf_status(&text);
    if (status == MS_OK)
        status = ms_arena_copy(out, arena, ms_buf_view(&text));
    ms_buf_free(&text);
    return status;
}

static int64_t parse_time(struct ms_str timestamp)
{
    int64_t at_ms;
    if (ms_clock_parse(&at_ms, timestamp) != MS_OK || at_ms < 0)
        return 0; /* Go's zero time lies in the year 1 */
    return at_ms;
}

/* An ignored event has no id: it only tells of its sender. A dead one has whatever it names, for
 * the list of dead letters. */
static enum ms_status fill_record(struct envelope_event *out, struct ms_arena *arena,
                                  const struct event *event)
{
    struct ms_event_record *record = &out->record;
    struct ms_digest digest;
    enum ms_status status = copy_id(&record->instance_id, arena, event->instance_id);
    if (status != MS_OK || out->verdict == ENVELOPE_IGNORE)
        return status;
    if (ms_str_is_absent(record->action))
        record->action = MS_STR("other");
    record->event_time_ms = parse_time(event->timestamp);
    record->fault = ms_str(out->reason);
    if (!ms_str_is_absent(event->digest) && ms_digest_parse(&digest, event->digest) == MS_OK)
        record->digest = digest;
    const struct {
        struct ms_str *to, from;
    } TEXTS[] = {
        {&record->repository, event->repository},
        {&record->tag, event->tag},
        {&record->actor, event->actor},
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]) && status == MS_OK; i++)
        status = ms_arena_copy(TEXTS[i].to, arena, cut(TEXTS[i].from, ENVELOPE_NAME_MAX));
    if (status == MS_OK)
        status = copy_body(&record->body, arena, event->json);
    if (status != MS_OK)
        return status;
    if (ms_str_is_absent(event->id))
        return copy_digest_of(&record->event_id, arena, record->body);
    return copy_id(&record->event_id, arena, event->id);
}

static enum ms_status make_event(struct envelope_event *out, struct ms_arena *arena,
                                 struct json_object *json, struct ms_str own_user_agent,
                                 size_t *n_own_notifications)
{
    struct event event;
    read_event(&event, json);
    *n_own_notifications += ms_str_equal(event.action, MS_STR("pull")) &&
                            is_own(&event, own_user_agent) && !is_blob(&event);
    out->verdict = judge(&out->reason, &event, own_user_agent);
    out->record.action = known_action(event.action);
    return fill_record(out, arena, &event);
}

/* --- the envelope --- */

static enum ms_status make_events(struct envelope *out, struct ms_arena *arena,
                                  struct json_object *list, struct ms_str own_user_agent,
                                  struct ms_error *err)
{
    struct envelope envelope = {.n_events = json_array_length(list)};
    if (envelope.n_events > ENVELOPE_EVENTS_MAX)
        return ms_error_set(err, MS_TOO_LARGE, "more than %d events", ENVELOPE_EVENTS_MAX);
    envelope.events = ms_arena_try_array(arena, envelope.n_events, sizeof(*envelope.events));
    if (envelope.events == NULL)
        return arena_full(err);
    for (size_t i = 0; i < envelope.n_events; i++) {
        if (make_event(&envelope.events[i], arena, json_array_at(list, i), own_user_agent,
                       &envelope.n_own_notifications) != MS_OK)
            return arena_full(err);
    }
    *out = envelope;
    return MS_OK;
}

/* `out` NULL: the list is null, as Go writes an empty one. */
static enum ms_status find_events(struct json_object **out, struct json_object *root,
                                  struct ms_error *err)
{
    if (!json_is_object(root))
        return ms_error_set(err, MS_INVALID, "the envelope must be a JSON object");
    if (!json_has_member(root, "events"))
        return ms_error_set(err, MS_INVALID, "events: missing");
    struct json_object *list = json_member(root, "events");
    if (list != NULL && !json_is_array(list))
        return ms_error_set(err, MS_INVALID, "events: must be an array");
    *out = list;
    return MS_OK;
}

enum ms_status envelope_parse(struct envelope *out, struct ms_arena *arena, struct ms_str body,
                              struct ms_str own_user_agent, struct ms_error *err)
{
    struct json_object *root, *list = NULL;
    enum ms_status status = json_parse(&root, body, ENVELOPE_DEPTH_MAX, ENVELOPE_VALUES_MAX, err);
    if (status != MS_OK)
        return status;
    status = find_events(&list, root, err);
    if (status == MS_OK)
        status = make_events(out, arena, list, own_user_agent, err);
    json_release(root);
    return status;
}
