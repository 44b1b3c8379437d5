/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes: whatever the bytes, what is to be kept is fit for the database. */
#include "common/base/refname.h"
#include "writer/parse/envelope.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct ms_str text)
{
    assert(ms_str_is_utf8(text));
    assert(!ms_str_contains(text, MS_STR("\0")));
}

static void check_names(const struct ms_event_record *record)
{
    assert(ms_refname_is_repository(record->repository));
    assert(ms_str_is_absent(record->tag) || ms_refname_is_tag(record->tag));
    assert(!ms_str_is_absent(record->tag) || !ms_digest_is_none(&record->digest));
}

static void check_kept(const struct envelope_event *event)
{
    const struct ms_event_record *record = &event->record;
    assert(record->action.len > 0 && record->body.len > 0 && record->event_time_ms >= 0);
    assert(record->event_id.len > 0 && record->event_id.len <= 3 * ENVELOPE_ID_MAX);
    assert(record->instance_id.len <= 3 * ENVELOPE_ID_MAX);
    check_text(record->event_id);
    check_text(record->instance_id);
    check_text(record->actor);
    assert((event->verdict == ENVELOPE_DEAD) == (event->reason != NULL));
    assert(ms_str_is_absent(record->fault) == (event->reason == NULL));
    if (event->verdict == ENVELOPE_STORE)
        check_names(record);
    check_text(record->repository);
    check_text(record->tag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_error err = {.status = MS_OK};
    struct envelope envelope;
    struct ms_arena *arena = ms_arena_new(ENVELOPE_ARENA_BYTES);
    struct ms_str body = ms_str_n((const char *)data, size);
    enum ms_status status =
        envelope_parse(&envelope, arena, body, MS_STR("metastore-writer/"), &err);
    assert(status == MS_OK || (status == err.status && err.text[0] != '\0'));
    for (size_t i = 0; status == MS_OK && i < envelope.n_events; i++) {
        if (envelope.events[i].verdict != ENVELOPE_IGNORE)
            check_kept(&envelope.events[i]);
    }
    ms_arena_free(arena);
    return 0;
}
