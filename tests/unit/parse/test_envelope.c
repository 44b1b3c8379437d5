/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes: what registries really send (the corpus), what becomes of each event, what is refused.
 */
#include "common/base/buf.h"
#include "tests/support/check_main.h"
#include "writer/parse/envelope.h"

#include <stdio.h>
#include <string.h>

#define DIGEST "sha256:3ea1072d895f9c454d73f90c5757a4854be497266f923cd275e1283e758fb9be"
#define URL "\"url\": \"https://r/v2/a/manifests/" DIGEST "\""
#define EVENT(action, target)                                                                      \
    "{\"events\": [{\"action\": \"" action "\", \"target\": {" target "}}]}"
#define LONG_ID                                                                                    \
    "0123456789012345678901234567890123456789012345678901234567890123456789"                       \
    "0123456789012345678901234567890123456789012345678901234567890123456789"

static struct ms_arena *arena;
static struct envelope envelope;
static struct ms_error err;

static void make_arena(void)
{
    arena = ms_arena_new(ENVELOPE_ARENA_BYTES);
}

static void drop_arena(void)
{
    ms_arena_free(arena);
}

static enum ms_status parse(const char *body)
{
    return envelope_parse(&envelope, arena, ms_str(body), MS_STR("metastore-writer/"), &err);
}

static const struct envelope_event *parse_one(const char *body)
{
    enum ms_status status = parse(body);
    ck_assert_msg(status == MS_OK, "%s: %s", body, status == MS_OK ? "" : err.text);
    ck_assert_uint_eq(envelope.n_events, 1);
    return &envelope.events[0];
}

static void assert_str(struct ms_str actual, const char *expected)
{
    ck_assert_msg(ms_str_equal(actual, ms_str(expected)) &&
                      ms_str_is_absent(actual) == (expected == NULL),
                  "\"%.*s\" is not \"%s\"", MS_STR_ARG(actual), expected);
}

/* --- what registries send --- */

static const struct {
    const char *file;
    enum envelope_verdict verdict;
    const char *action, *repository, *tag;
    bool has_digest;
} CAPTURED[] = {
    {"2.8-push.json", ENVELOPE_STORE, "push", "team/app", "latest", true},
    {"2.8-blob-push.json", ENVELOPE_IGNORE, "push", NULL, NULL, false},
    {"2.8-pull.json", ENVELOPE_STORE, "pull", "team/app", "latest", true},
    {"2.8-pull-head.json", ENVELOPE_IGNORE, "pull", NULL, NULL, false},
    {"2.8-pull-own.json", ENVELOPE_IGNORE, "pull", NULL, NULL, false},
    {"2.8-blob-pull.json", ENVELOPE_IGNORE, "pull", NULL, NULL, false},
    {"2.8-mount.json", ENVELOPE_IGNORE, "mount", NULL, NULL, false},
    {"2.8-delete-digest.json", ENVELOPE_STORE, "delete", "team/app", NULL, true},
    {"2.8-delete-tag.json", ENVELOPE_STORE, "delete", "team/app", "latest", false},
    {"3-push.json", ENVELOPE_STORE, "push", "team/app", "v1", true},
    {"3-pull.json", ENVELOPE_STORE, "pull", "team/app", "v1", true},
    {"3-delete-digest.json", ENVELOPE_STORE, "delete", "team/app", NULL, true},
    {"3-delete-tag.json", ENVELOPE_STORE, "delete", "team/app", "v1", false},
};
enum { N_CAPTURED = sizeof(CAPTURED) / sizeof(CAPTURED[0]) };

static void read_captured(char *out, size_t size, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/parse/envelope/%s", METASTORE_SOURCE_DIR,
             name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    size_t length = fread(out, 1, size - 1, file);
    out[length] = '\0';
    fclose(file);
}

START_TEST(captured)
{
    char body[16 * 1024];
    read_captured(body, sizeof(body), CAPTURED[_i].file);
    const struct envelope_event *event = parse_one(body);
    const struct ms_event_record *record = &event->record;
    ck_assert_int_eq(event->verdict, CAPTURED[_i].verdict);
    assert_str(record->action, CAPTURED[_i].action);
    assert_str(record->repository, CAPTURED[_i].repository);
    assert_str(record->tag, CAPTURED[_i].tag);
    ck_assert_int_eq(!ms_digest_is_none(&record->digest), CAPTURED[_i].has_digest);
    if (event->verdict != ENVELOPE_STORE)
        return;
    ck_assert(!ms_str_is_absent(record->instance_id));
    ck_assert_uint_eq(record->event_id.len, strlen("7d77acdf-90fc-46f3-8ad5-9f3820b987b1"));
    ck_assert_int_gt(record->event_time_ms, INT64_C(1790000000000));
}
END_TEST

START_TEST(whole_record)
{
    char body[16 * 1024];
    read_captured(body, sizeof(body), "3-push.json");
    const struct ms_event_record *record = &parse_one(body)->record;
    assert_str(record->actor, "ci-bot");
    assert_str(record->instance_id, "5f0c2a9e-51a8-4f76-bb3b-1b3a0c7b9f10");
    ck_assert_int_eq(record->event_time_ms, INT64_C(1795424400500));
    ck_assert(ms_str_starts_with(record->body, MS_STR("{\"id\":\"0b0d3c7e")));
    ck_assert(ms_str_contains(record->body, MS_STR("\"references\":[{")));
}
END_TEST

/* --- what becomes of an event --- */

static const struct {
    const char *body;
    enum envelope_verdict verdict;
} VERDICTS[] = {
    {EVENT("push", "\"repository\": \"a\", \"tag\": \"t\", \"digest\": \"" DIGEST "\", " URL),
     ENVELOPE_STORE},
    {EVENT("push", "\"repository\": \"a\", \"digest\": \"" DIGEST "\""), ENVELOPE_STORE},
    /* a repository's name says nothing about what the URL is of */
    {EVENT("push", "\"repository\": \"a/blobs/b\", \"digest\": \"" DIGEST "\", "
                   "\"url\": \"https://r/v2/a/blobs/b/manifests/" DIGEST "\""),
     ENVELOPE_STORE},
    {EVENT("push", "\"repository\": \"a/manifests/b\", \"digest\": \"" DIGEST "\", "
                   "\"url\": \"https://r/v2/a/manifests/b/blobs/" DIGEST "\""),
     ENVELOPE_IGNORE},
    /* a manifest of an odd media type is one by its URL */
    {EVENT("push", "\"repository\": \"a\", \"mediaType\": \"application/octet-stream\", "
                   "\"digest\": \"" DIGEST "\", " URL),
     ENVELOPE_STORE},
    {EVENT("delete", "\"repository\": \"a\", \"mediaType\": \"application/octet-stream\", "
                     "\"digest\": \"" DIGEST "\""),
     ENVELOPE_IGNORE},
    {EVENT("frobnicate", "\"repository\": \"a\""), ENVELOPE_IGNORE},
    {EVENT("", "\"repository\": \"a\""), ENVELOPE_IGNORE},
    {"{\"events\": [{}]}", ENVELOPE_IGNORE},
    {"{\"events\": [{\"action\": \"push\"}]}", ENVELOPE_DEAD},
    {"{\"events\": [7]}", ENVELOPE_DEAD},
    {"{\"events\": [null]}", ENVELOPE_DEAD},
    {"{\"events\": [{\"action\": 7}]}", ENVELOPE_DEAD},
    {"{\"events\": [{\"action\": \"delete\", \"target\": 7}]}", ENVELOPE_DEAD},
    {"{\"events\": [{\"action\": \"mount\", \"target\": 7}]}", ENVELOPE_IGNORE},
    {EVENT("push", "\"repository\": [], \"tag\": \"t\""), ENVELOPE_DEAD},
    {EVENT("push", "\"repository\": \"a\", \"tag\": 1"), ENVELOPE_DEAD},
    {EVENT("push", "\"repository\": \"a\", \"tag\": \"t\", \"digest\": {}"), ENVELOPE_DEAD},
    {EVENT("pull", "\"repository\": \"a\", \"digest\": {}"), ENVELOPE_IGNORE},
    {EVENT("push", "\"repository\": \"a\", \"tag\": \"t\", \"mediaType\": 1, \"url\": []"),
     ENVELOPE_STORE},
    {EVENT("push", "\"repository\": \"\", \"tag\": \"t\""), ENVELOPE_DEAD},
    {EVENT("push", "\"repository\": \"A\", \"tag\": \"t\""), ENVELOPE_DEAD},
    {EVENT("push", "\"repository\": \"a\\u0000\", \"tag\": \"t\""), ENVELOPE_DEAD},
    {EVENT("push", "\"repository\": \"a\", \"tag\": \"-t\""), ENVELOPE_DEAD},
    {EVENT("push", "\"repository\": \"a\", \"digest\": \"sha256:1\""), ENVELOPE_DEAD},
    {EVENT("delete", "\"repository\": \"a\""), ENVELOPE_DEAD},
    /* a pull that leads nowhere is not worth a dead letter */
    {EVENT("pull", "\"repository\": \"A\", \"digest\": \"" DIGEST "\""), ENVELOPE_IGNORE},
    {EVENT("pull", "\"repository\": \"a\", \"tag\": \"t\""), ENVELOPE_IGNORE},
};

START_TEST(verdicts)
{
    const struct envelope_event *event = parse_one(VERDICTS[_i].body);
    ck_assert_msg(event->verdict == VERDICTS[_i].verdict, "%s", VERDICTS[_i].body);
    ck_assert((event->reason != NULL) == (event->verdict == ENVELOPE_DEAD));
    ck_assert(ms_str_is_absent(event->record.fault) == (event->reason == NULL));
    if (event->verdict == ENVELOPE_DEAD) {
        ck_assert_uint_gt(event->record.action.len, 0);
        ck_assert_uint_gt(event->record.event_id.len, 0);
        ck_assert_uint_gt(event->record.body.len, 0);
    }
}
END_TEST

START_TEST(a_dead_one_tells_what_it_names)
{
    const struct ms_event_record *record =
        &parse_one(EVENT("push", "\"repository\": \"No\\u0000Name\", \"tag\": \"-t\", "
                                 "\"digest\": \"" DIGEST "\""))
             ->record;
    assert_str(record->repository, "No\xef\xbf\xbdName");
    assert_str(record->tag, "-t");
    ck_assert(!ms_digest_is_none(&record->digest));
    assert_str(record->fault, "names an impossible repository");
    assert_str(parse_one("{\"events\": [7]}")->record.fault, "is no JSON object");
    assert_str(parse_one(EVENT("push", "\"tag\": 1"))->record.fault, "its target.tag is no string");
}
END_TEST

START_TEST(an_ignored_one_tells_of_its_instance)
{
    const struct envelope_event *event =
        parse_one("{\"events\": [{\"action\": \"mount\", \"id\": \"1\", \"source\": "
                  "{\"instanceID\": \"registry-2\"}}]}");
    ck_assert_int_eq(event->verdict, ENVELOPE_IGNORE);
    assert_str(event->record.instance_id, "registry-2");
    ck_assert(ms_str_is_absent(event->record.event_id));
}
END_TEST

START_TEST(odd_ones_leave_their_neighbours)
{
    char deep[600] = {0};
    char body[2048];
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    snprintf(body, sizeof(body),
             "{\"events\": [7, {\"action\": \"delete\", \"target\": {\"repository\": \"a\", "
             "\"tag\": \"t\"}, \"deep\": %s}, \"x\"]}",
             deep);
    ck_assert_int_eq(parse(body), MS_OK);
    ck_assert_uint_eq(envelope.n_events, 3);
    ck_assert_int_eq(envelope.events[0].verdict, ENVELOPE_DEAD);
    ck_assert_int_eq(envelope.events[1].verdict, ENVELOPE_STORE);
    ck_assert_int_eq(envelope.events[2].verdict, ENVELOPE_DEAD);
}
END_TEST

START_TEST(ids)
{
    char first[256];
    const char *target = "\"target\": {\"repository\": \"a\", \"tag\": \"t\"}";
    char body[1024];
    snprintf(body, sizeof(body), "{\"events\": [{\"action\": \"push\", %s}]}", target);
    struct ms_str id = parse_one(body)->record.event_id;
    ck_assert(ms_str_starts_with(id, MS_STR("sha256:")));
    snprintf(first, sizeof(first), "%.*s", MS_STR_ARG(id));
    assert_str(parse_one(body)->record.event_id, first); /* the same event has the same id */

    snprintf(body, sizeof(body), "{\"events\": [{\"action\": \"push\", \"id\": \"%s\", %s}]}",
             LONG_ID, target);
    id = parse_one(body)->record.event_id;
    ck_assert(ms_str_starts_with(id, MS_STR("sha256:")));
    ck_assert(!ms_str_equal(id, ms_str(first)));
}
END_TEST

START_TEST(nul_becomes_replacement)
{
    const struct ms_event_record *record =
        &parse_one("{\"events\": [{\"id\": \"a\\u0000b\", \"action\": \"delete\", "
                   "\"target\": {\"repository\": \"a\", \"tag\": \"t\"}, "
                   "\"actor\": {\"name\": \"\\u0000\"}}]}")
             ->record;
    assert_str(record->event_id, "a\xef\xbf\xbd"
                                 "b");
    assert_str(record->actor, "\xef\xbf\xbd");
}
END_TEST

START_TEST(long_actor_is_cut_between_characters)
{
    char body[4096] = "{\"events\": [{\"action\": \"delete\", \"target\": {\"repository\": \"a\", "
                      "\"tag\": \"t\"}, \"actor\": {\"name\": \"x";
    for (int i = 0; i < 600; i++)
        strncat(body, "\xc3\xa9", sizeof(body) - strlen(body) - 1);
    strncat(body, "\"}}]}", sizeof(body) - strlen(body) - 1);
    struct ms_str actor = parse_one(body)->record.actor;
    ck_assert_uint_eq(actor.len, ENVELOPE_NAME_MAX - 1);
    ck_assert(ms_str_is_utf8(actor));
}
END_TEST

START_TEST(ornaments_of_another_type_are_absent)
{
    const struct envelope_event *event =
        parse_one("{\"events\": [{\"id\": 7, \"timestamp\": true, \"action\": \"delete\", "
                  "\"target\": {\"repository\": \"a\", \"tag\": \"b\", \"size\": \"x\"}, "
                  "\"request\": \"x\", \"actor\": [], \"source\": {\"instanceID\": {}}}]}");
    ck_assert_int_eq(event->verdict, ENVELOPE_STORE);
    ck_assert(ms_str_is_absent(event->record.actor));
    ck_assert(ms_str_is_absent(event->record.instance_id));
    ck_assert_int_eq(event->record.event_time_ms, 0);
}
END_TEST

START_TEST(zero_time_is_unknown)
{
    const struct envelope_event *event =
        parse_one("{\"events\": [{\"timestamp\": \"0001-01-01T00:00:00Z\", \"action\": \"delete\", "
                  "\"target\": {\"repository\": \"a\", \"tag\": \"b\"}}]}");
    ck_assert_int_eq(event->record.event_time_ms, 0);
}
END_TEST

START_TEST(several_and_none)
{
    char body[16 * 1024];
    read_captured(body, sizeof(body), "several.json");
    ck_assert_int_eq(parse(body), MS_OK);
    ck_assert_uint_eq(envelope.n_events, 3);
    ck_assert_int_eq(envelope.events[0].verdict, ENVELOPE_STORE);
    ck_assert_int_eq(envelope.events[1].verdict, ENVELOPE_IGNORE);
    ck_assert_int_eq(envelope.events[2].verdict, ENVELOPE_DEAD);
    ck_assert_int_eq(parse("{\"events\": []}"), MS_OK);
    ck_assert_uint_eq(envelope.n_events, 0);
    envelope.n_events = 99;
    ck_assert_int_eq(parse("{\"events\": null}"), MS_OK);
    ck_assert_uint_eq(envelope.n_events, 0);
}
END_TEST

/* Events of our own requests for manifests, of one envelope. */
static size_t own_notifications_of(const char *name)
{
    char body[16 * 1024];
    read_captured(body, sizeof(body), name);
    ck_assert_int_eq(parse(body), MS_OK);
    return envelope.n_own_notifications;
}

START_TEST(own_notifications)
{
    ck_assert_uint_eq(own_notifications_of("2.8-pull-own.json"), 1);
    ck_assert_uint_eq(own_notifications_of("2.8-pull.json"), 0);
    ck_assert_uint_eq(own_notifications_of("2.8-pull-head.json"), 0);
    ck_assert_uint_eq(own_notifications_of("2.8-blob-pull.json"), 0);
    ck_assert_int_eq(
        parse("{\"events\": [{\"action\": \"pull\", \"target\": {\"url\": "
              "\"http://r/v2/a/blobs/sha256:1\"}, \"request\": {\"useragent\": "
              "\"metastore-writer/1\"}}, {\"action\": \"push\", \"request\": {\"useragent\": "
              "\"metastore-writer/1\"}}, {\"action\": \"pull\", \"request\": {\"useragent\": "
              "\"metastore-writer/1\", \"method\": \"HEAD\"}}]}"),
        MS_OK);
    ck_assert_uint_eq(envelope.n_own_notifications, 1);
}
END_TEST

/* --- what is refused --- */

static const struct {
    const char *body;
    enum ms_status status;
    const char *detail; /* is in the text */
} REFUSED[] = {
    {"", MS_INVALID, ""},
    {"events", MS_INVALID, ""},
    {"{\"events\": [}", MS_INVALID, ""},
    {"[]", MS_INVALID, "object"},
    {"null", MS_INVALID, "object"},
    {"{}", MS_INVALID, "events: missing"},
    {"{\"events\": {}}", MS_INVALID, "events: must be an array"},
};

START_TEST(refused)
{
    envelope.n_events = 99;
    err.text[0] = '\0';
    ck_assert_int_eq(parse(REFUSED[_i].body), REFUSED[_i].status);
    ck_assert_msg(err.text[0] != '\0' && strstr(err.text, REFUSED[_i].detail) != NULL, "%s: %s",
                  REFUSED[_i].body, err.text);
    ck_assert_uint_eq(envelope.n_events, 99);
}
END_TEST

START_TEST(too_many_events)
{
    struct ms_buf body;
    ms_buf_init(&body, 1024 * 1024);
    ms_buf_append_c(&body, "{\"events\":[{}");
    for (int i = 0; i < ENVELOPE_EVENTS_MAX; i++)
        ms_buf_append_c(&body, ",{}");
    ms_buf_append_c(&body, "]}");
    ck_assert_int_eq(parse(body.data), MS_TOO_LARGE);
    ms_buf_free(&body);
}
END_TEST

START_TEST(what_lies_deep_harms_nothing)
{
    char deep[2 * ENVELOPE_DEPTH_MAX + 1];
    char body[4096];
    memset(deep, '[', ENVELOPE_DEPTH_MAX);
    memset(deep + ENVELOPE_DEPTH_MAX, ']', ENVELOPE_DEPTH_MAX);
    deep[sizeof(deep) - 1] = '\0';
    (void)snprintf(body, sizeof(body),
                   "{\"events\":[{\"action\":\"push\",\"odd\":%s,\"target\":{\"repository\":\"a\","
                   "\"tag\":\"b\xff\"}},{\"action\":\"push\",\"target\":{\"Repository\":\"a\","
                   "\"tag\":\"b\"}}]}",
                   deep);
    ck_assert_int_eq(parse(body), MS_OK);
    ck_assert_uint_eq(envelope.n_events, 2);
    ck_assert_int_eq(envelope.events[0].verdict, ENVELOPE_DEAD); /* U+FFFD stands in no tag */
    ck_assert_int_eq(envelope.events[1].verdict, ENVELOPE_STORE);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("envelope");
    TCase *cases = tcase_create("envelope");
    tcase_add_checked_fixture(cases, make_arena, drop_arena);
    tcase_add_loop_test(cases, captured, 0, N_CAPTURED);
    tcase_add_test(cases, whole_record);
    tcase_add_loop_test(cases, verdicts, 0, sizeof(VERDICTS) / sizeof(VERDICTS[0]));
    tcase_add_test(cases, a_dead_one_tells_what_it_names);
    tcase_add_test(cases, an_ignored_one_tells_of_its_instance);
    tcase_add_test(cases, odd_ones_leave_their_neighbours);
    tcase_add_test(cases, ids);
    tcase_add_test(cases, nul_becomes_replacement);
    tcase_add_test(cases, long_actor_is_cut_between_characters);
    tcase_add_test(cases, ornaments_of_another_type_are_absent);
    tcase_add_test(cases, zero_time_is_unknown);
    tcase_add_test(cases, several_and_none);
    tcase_add_test(cases, own_notifications);
    tcase_add_loop_test(cases, refused, 0, sizeof(REFUSED) / sizeof(REFUSED[0]));
    tcase_add_test(cases, too_many_events);
    tcase_add_test(cases, what_lies_deep_harms_nothing);
    suite_add_tcase(suite, cases);
    return suite;
}
