/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of fake_store.h: each makes one as the database would tell it. */
#include "tests/support/fake_store.h"

static struct ms_inbox_row make_event(int64_t id, const char *action, const char *tag, char digest)
{
    struct ms_inbox_row row = {
        .id = id, .is_due = true, .event = {.action = ms_str(action), .tag = ms_str(tag)}};
    if (digest != 0)
        row.event.digest = fake_digest(digest);
    return row;
}

void fake_store_event(struct ms_store_call *call, int64_t id, const char *action, const char *tag,
                      char digest)
{
    struct ms_inbox_row row = make_event(id, action, tag, digest);
    call->on_row.event(&row, call->arg);
}

void fake_store_unknown_event(struct ms_store_call *call, int64_t id, const char *action,
                              const char *tag, char digest, unsigned attempts)
{
    struct ms_inbox_row row = make_event(id, action, tag, digest);
    row.is_of_unknown_repository = true;
    row.attempts = attempts;
    call->on_row.event(&row, call->arg);
}

void fake_store_due(struct ms_store_call *call, const char *repository, enum ms_due_kind kind)
{
    call->on_row.due(ms_str(repository), kind, call->arg);
}

void fake_store_tag(struct ms_store_call *call, const char *name, char digest)
{
    struct ms_known_tag row = {
        .name = ms_str(name), .readable = true, .is_unreadable = digest == 0};
    if (digest != 0)
        row.digest = fake_digest(digest);
    call->on_row.tag(&row, call->arg);
}

void fake_store_tag_name(struct ms_store_call *call, const char *name)
{
    call->on_row.tag_name(ms_str(name), call->arg);
}

void fake_store_manifest(struct ms_store_call *call, char digest, bool is_stored, bool is_held)
{
    struct ms_known_manifest row = {
        .digest = fake_digest(digest), .is_stored = is_stored, .is_held = is_held};
    call->on_row.manifest(&row, call->arg);
}

void fake_store_unreadable(struct ms_store_call *call, char digest)
{
    struct ms_known_manifest row = {.digest = fake_digest(digest), .is_unreadable = true};
    call->on_row.manifest(&row, call->arg);
}

void fake_store_repository(struct ms_store_call *call, const char *name)
{
    call->on_row.repository(ms_str(name), call->arg);
}

void fake_store_digest(struct ms_store_call *call, char digest)
{
    struct ms_digest row = fake_digest(digest);
    call->on_row.digest(&row, call->arg);
}

void fake_store_candidate(struct ms_store_call *call, const char *repository, char digest,
                          bool may_delete)
{
    struct ms_candidate row = {.repository = ms_str(repository),
                               .manifest_id = (uint64_t)digest,
                               .digest = fake_digest(digest),
                               .may_delete = may_delete};
    call->on_row.candidate(&row, call->arg);
}
