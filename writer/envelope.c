/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See envelope.h. For each event: read its fields (read_event), then say what becomes of it
 * (judge). Called by webhook.c; calls json.c. The protocol's facts are distribution's
 * notifications/event.go, versions 2.8 and 3.
 */
#include "writer/envelope.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/refname.h"
#include "writer/json.h"

enum { EVENT_BODY_MAX = 64 * 1024 * 1024 };

/* An event as it stands in the envelope: views into the JSON. */
struct event {
    struct json_object *json;
    struct ms_str id, timestamp, action;
    struct ms_str media_type, repository, url, tag, digest;
    struct ms_str method, user_agent, actor, instance_id;
};

/* Where the parser is, for what it has to say. */
struct place {
    size_t event;
    struct ms_error *err;
};

/* --- reading --- */

static struct ms_str absent_if_empty(struct ms_str s)
{
    return s.len == 0 ? MS_STR_ABSENT : s;
}

/* A string that must be one if it is there. `path`: as shown, its last component is the key. */
static enum ms_status need_string(struct ms_str *out, struct json_object *object, const char *key,
                                  const char *path, const struct place *place)
{
    struct ms_str value = MS_STR_ABSENT;
    if (json_get_string(&value, object, key) == MS_INVALID)
        return ms_error_set(place->err, MS_INVALID, "events[%zu].%s: must be a string",
                            place->event, path);
    *out = absent_if_empty(value);
    return MS_OK;
}

static struct ms_str optional_string(struct json_object *object, const char *key)
{
    struct ms_str value = MS_STR_ABSENT;
    if (!json_is_object(object) || json_get_string(&value, object, key) != MS_OK)
        return MS_STR_ABSENT;
    return absent_if_empty(value);
}

static enum ms_status read_target(struct event *event, const struct place *place)
{
    struct json_object *target = json_member(event->json, "target");
    if (target == NULL)
        return MS_OK;
    if (!json_is_object(target))
        return ms_error_set(place->err, MS_INVALID, "events[%zu].target: must be an object",
                            place->event);
    const struct {
        struct ms_str *out;
        const char *key, *path;
    } members[] = {
        {&event->media_type, "mediaType", "target.mediaType"},
        {&event->repository, "repository", "target.repository"},
        {&event->url, "url", "target.url"},
        {&event->tag, "tag", "target.tag"},
        {&event->digest, "digest", "target.digest"},
    };
    enum ms_status status = MS_OK;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && status == MS_OK; i++)
        status = need_string(members[i].out, target, members[i].key, members[i].path, place);
    return status;
}

static enum ms_status read_event(struct event *event, struct json_object *json,
                                 const struct place *place)
{
    if (!json_is_object(json))
        return ms_error_set(place->err, MS_INVALID, "events[%zu]: must be an object", place->event);
    *event = (struct event){.json = json};
    enum ms_status status = need_string(&event->action, json, "action", "action", place);
    if (status == MS_OK)
        status = read_target(event, place);
    event->id = optional_string(json, "id");
    event->timestamp = optional_string(json, "timestamp");
    event->method = optional_string(json_member(json, "request"), "method");
    event->user_agent = optional_string(json_member(json, "request"), "useragent");
    event->actor = optional_string(json_member(json, "actor"), "name");
    event->instance_id = optional_string(json_member(json, "source"), "instanceID");
    return status;
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
    static const struct ms_str known[] = {MS_STR_INIT("push"), MS_STR_INIT("pull"),
                                          MS_STR_INIT("delete"), MS_STR_INIT("mount")};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (ms_str_equal(action, known[i]))
            return known[i];
    }
    return MS_STR_ABSENT;
}

/* Why an event about a manifest leads nowhere, or NULL. */
static const char *find_fault(const struct event *event)
{
    struct ms_digest digest;
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

/* A pull counts when a client fetched a manifest: no HEAD, none of our own (contract 4.4). */
static bool is_counted_pull(const struct event *event, struct ms_str own_user_agent)
{
    if (!ms_str_is_absent(event->method) && !ms_str_equal(event->method, MS_STR("GET")))
        return false;
    if (own_user_agent.len > 0 && ms_str_starts_with(event->user_agent, own_user_agent))
        return false;
    return !ms_str_is_absent(event->digest) && find_fault(event) == NULL;
}

static enum envelope_verdict judge(const char **reason, const struct event *event,
                                   struct ms_str own_user_agent)
{
    struct ms_str action = known_action(event->action);
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

/* Copies a text for the database, which takes no NUL: it becomes U+FFFD. */
static enum ms_status copy_text(struct ms_str *out, struct ms_arena *arena, struct ms_str s)
{
    size_t nuls = 0;
    for (size_t i = 0; i < s.len; i++)
        nuls += s.ptr[i] == '\0';
    if (nuls == 0)
        return ms_arena_copy(out, arena, s);
    char *text = ms_arena_try_alloc(arena, s.len + 2 * nuls);
    if (text == NULL)
        return MS_TOO_LARGE;
    size_t length = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '\0') {
            text[length++] = s.ptr[i];
            continue;
        }
        text[length++] = '\xef';
        text[length++] = '\xbf';
        text[length++] = '\xbd';
    }
    *out = ms_str_n(text, length);
    return MS_OK;
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
    return id.len > ENVELOPE_ID_MAX ? copy_digest_of(out, arena, id) : copy_text(out, arena, id);
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

/* What a dead one names cannot be held by the database's columns; its body tells. */
static enum ms_status fill_names(struct ms_event_record *record, struct ms_arena *arena,
                                 const struct event *event)
{
    enum ms_status status = ms_arena_copy(&record->repository, arena, event->repository);
    if (status == MS_OK)
        status = ms_arena_copy(&record->tag, arena, event->tag);
    if (status == MS_OK && !ms_str_is_absent(event->digest))
        status = ms_digest_parse(&record->digest, event->digest);
    return status;
}

static enum ms_status fill_texts(struct ms_event_record *record, struct ms_arena *arena,
                                 const struct event *event)
{
    enum ms_status status = copy_body(&record->body, arena, event->json);
    if (status == MS_OK)
        status = copy_text(&record->media_type, arena, cut(event->media_type, ENVELOPE_NAME_MAX));
    if (status == MS_OK)
        status = copy_text(&record->actor, arena, cut(event->actor, ENVELOPE_NAME_MAX));
    if (status == MS_OK)
        status = copy_id(&record->instance_id, arena, event->instance_id);
    if (status != MS_OK)
        return status;
    if (ms_str_is_absent(event->id))
        return copy_digest_of(&record->event_id, arena, record->body);
    return copy_id(&record->event_id, arena, event->id);
}

static enum ms_status make_event(struct envelope_event *out, struct ms_arena *arena,
                                 const struct event *event, struct ms_str own_user_agent,
                                 struct ms_error *err)
{
    out->verdict = judge(&out->reason, event, own_user_agent);
    out->record.action = known_action(event->action);
    if (out->verdict == ENVELOPE_IGNORE)
        return MS_OK;
    out->record.event_time_ms = parse_time(event->timestamp);
    enum ms_status status = fill_texts(&out->record, arena, event);
    if (status == MS_OK && out->verdict == ENVELOPE_STORE)
        status = fill_names(&out->record, arena, event);
    return status == MS_OK ? MS_OK : arena_full(err);
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
        struct event event;
        struct place place = {.event = i, .err = err};
        enum ms_status status = read_event(&event, json_array_at(list, i), &place);
        if (status == MS_OK)
            status = make_event(&envelope.events[i], arena, &event, own_user_agent, err);
        if (status != MS_OK)
            return status;
    }
    *out = envelope;
    return MS_OK;
}

static enum ms_status find_events(struct json_object **out, struct json_object *root,
                                  struct ms_error *err)
{
    if (!json_is_object(root))
        return ms_error_set(err, MS_INVALID, "the envelope must be a JSON object");
    struct json_object *list = json_member(root, "events");
    if (list == NULL)
        return ms_error_set(err, MS_INVALID, "events: missing");
    if (!json_is_array(list))
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
