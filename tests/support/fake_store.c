/* SPDX-License-Identifier: Apache-2.0 */
/* See fake_store.h. */
#include "tests/support/fake_store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

void (*fake_store_answer)(struct ms_store_call *call);
bool fake_store_is_connected = true;

/* --- the life of a call --- */

static void tell(struct fake_call *base, const struct ms_error *err)
{
    struct ms_store_call *call = (struct ms_store_call *)base;
    struct ms_error failure;
    if (err == NULL && fake_store_answer != NULL)
        fake_store_answer(call);
    if (err == NULL && call->failure != MS_OK) {
        (void)ms_error_set(&failure, call->failure, "played");
        err = &failure;
    }
    call->end(call, err);
}

static struct ms_store_call *new_call(void (*end)(struct ms_store_call *, const struct ms_error *),
                                      void *arg)
{
    struct ms_store_call *call = calloc(1, sizeof(*call));
    ck_assert_ptr_nonnull(call);
    call->base.tell = tell;
    call->end = end;
    call->arg = arg;
    call->next_due_ms = -1;
    return call;
}

static void add(struct ms_store_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add(struct ms_store_call *call, const char *format, ...)
{
    va_list args;
    size_t length = strlen(call->line);
    va_start(args, format);
    (void)vsnprintf(call->line + length, sizeof(call->line) - length, format, args);
    va_end(args);
}

static struct ms_store_call *start(struct ms_store_call *call)
{
    fake_calls_log("%s\n", call->line);
    fake_calls_start(&call->base);
    return call;
}

void ms_store_call_cancel(struct ms_store_call *call)
{
    if (call == NULL)
        return;
    ck_assert(!call->base.is_cancelled);
    call->base.is_cancelled = true;
    fake_calls.n_pending--;
}

bool ms_store_writer_is_connected(const struct ms_store_writer *store)
{
    (void)store;
    return fake_store_is_connected;
}

bool fake_store_is(const struct ms_store_call *call, const char *name)
{
    size_t length = strlen(name);
    return strncmp(call->line, name, length) == 0 &&
           (call->line[length] == ' ' || call->line[length] == '\0');
}

/* --- ends --- */

static void end_plain(struct ms_store_call *call, const struct ms_error *err)
{
    call->on_done.plain(err, call->arg);
}

static void end_count(struct ms_store_call *call, const struct ms_error *err)
{
    call->on_done.count(err, err == NULL ? call->count : 0, call->arg);
}

static void end_put(struct ms_store_call *call, const struct ms_error *err)
{
    call->on_done.put(err, (size_t)call->count, call->new_instance, call->arg);
}

static void end_collected(struct ms_store_call *call, const struct ms_error *err)
{
    call->on_done.collected(err, call->count, call->last_id, call->arg);
}

static void end_due(struct ms_store_call *call, const struct ms_error *err)
{
    call->on_done.due(err, call->next_due_ms, call->arg);
}

static void end_apply(struct ms_store_call *call, const struct ms_error *err)
{
    call->on_done.apply(err, err == NULL ? &call->applied : NULL, call->arg);
}

static void end_begun(struct ms_store_call *call, const struct ms_error *err)
{
    call->on_done.begun(err, err == NULL ? call->scan_id : 0, call->arg);
}

static void end_counted(struct ms_store_call *call, const struct ms_error *err)
{
    call->on_done.counted(err, err == NULL ? &call->counts : NULL, call->arg);
}

static void end_status(struct ms_store_call *call, const struct ms_error *err)
{
    call->on_done.status(err, err == NULL ? &call->status : NULL, call->arg);
}

static struct ms_store_call *new_plain(ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_call(end_plain, arg);
    call->on_done.plain = on_done;
    return call;
}

/* --- parameters --- */

static void add_digests(struct ms_store_call *call, const struct ms_digest *digests, size_t n)
{
    add(call, " ");
    for (size_t i = 0; i < n; i++)
        add(call, "%c", fake_letter(&digests[i]));
}

static void add_tags(struct ms_store_call *call, const struct ms_tag_record *tags, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add(call, " %.*s=%c", MS_STR_ARG(tags[i].name), fake_letter(&tags[i].digest));
        if (!ms_str_is_absent(tags[i].unreadable))
            add(call, "!");
    }
}

/* --- the inbox --- */

struct ms_store_call *ms_store_inbox_put(struct ms_store_writer *store, uint64_t term,
                                         const struct ms_event_record *events, size_t n_events,
                                         bool wants_scan, ms_store_inbox_put_done *on_done,
                                         void *arg)
{
    struct ms_store_call *call = new_call(end_put, arg);
    (void)store;
    (void)term;
    call->on_done.put = on_done;
    add(call, "inbox_put%s", wants_scan ? " wants_scan" : "");
    for (size_t i = 0; i < n_events; i++)
        add(call, " %.*s:%.*s", MS_STR_ARG(events[i].action), MS_STR_ARG(events[i].repository));
    return start(call);
}

struct ms_store_call *ms_store_scan_want(struct ms_store_writer *store, uint64_t term,
                                         ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)term;
    add(call, "scan_want");
    return start(call);
}

struct ms_store_call *ms_store_inbox_due(struct ms_store_writer *store, struct ms_str after,
                                         size_t limit, ms_store_due_row *on_row,
                                         ms_store_due_done *on_done, void *arg)
{
    struct ms_store_call *call = new_call(end_due, arg);
    (void)store;
    (void)limit;
    call->on_row.due = on_row;
    call->on_done.due = on_done;
    add(call, "inbox_due %.*s", MS_STR_ARG(after));
    return start(call);
}

struct ms_store_call *ms_store_inbox_load(struct ms_store_writer *store, struct ms_str repository,
                                          size_t limit, ms_store_inbox_row *on_row,
                                          ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    call->on_row.event = on_row;
    add(call, "inbox_load %.*s %zu", MS_STR_ARG(repository), limit);
    return start(call);
}

struct ms_store_call *ms_store_inbox_postpone(struct ms_store_writer *store, uint64_t term,
                                              const struct ms_inbox_delay *delays, size_t n_delays,
                                              ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)term;
    add(call, "inbox_postpone");
    for (size_t i = 0; i < n_delays; i++)
        add(call, " %" PRId64 "+%" PRIu64, delays[i].id, delays[i].delay_ms);
    return start(call);
}

struct ms_store_call *ms_store_inbox_bury(struct ms_store_writer *store, uint64_t term,
                                          const int64_t *ids, size_t n_ids, struct ms_str reason,
                                          ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)term;
    ck_assert_uint_eq(n_ids, 1);
    add(call, "inbox_bury %" PRId64 " %.*s", ids[0], MS_STR_ARG(reason));
    return start(call);
}

struct ms_store_call *ms_store_prune(struct ms_store_writer *store, uint64_t term,
                                     uint64_t changes_ms, uint64_t history_ms,
                                     ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)term;
    add(call, "prune %" PRIu64 " %" PRIu64, changes_ms, history_ms);
    return start(call);
}

struct ms_store_call *ms_store_keep_sizes(struct ms_store_writer *store, uint64_t term,
                                          ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)term;
    add(call, "keep_sizes");
    return start(call);
}

struct ms_store_call *ms_store_pulls_collect(struct ms_store_writer *store, uint64_t term,
                                             ms_store_count_done *on_done, void *arg)
{
    struct ms_store_call *call = new_call(end_count, arg);
    (void)store;
    (void)term;
    call->on_done.count = on_done;
    add(call, "pulls_collect");
    return start(call);
}

/* --- what is known --- */

struct ms_store_call *ms_store_tags_after(struct ms_store_writer *store, struct ms_str repository,
                                          struct ms_str after, size_t limit,
                                          ms_store_known_tag_row *on_row, ms_store_done *on_done,
                                          void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    call->on_row.tag = on_row;
    add(call, "tags_after %.*s %.*s %zu", MS_STR_ARG(repository), MS_STR_ARG(after), limit);
    return start(call);
}

struct ms_store_call *ms_store_tags_named(struct ms_store_writer *store, struct ms_str repository,
                                          const struct ms_str *names, size_t n_names,
                                          ms_store_known_tag_row *on_row, ms_store_done *on_done,
                                          void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    call->on_row.tag = on_row;
    add(call, "tags_named %.*s", MS_STR_ARG(repository));
    for (size_t i = 0; i < n_names; i++)
        add(call, " %.*s", MS_STR_ARG(names[i]));
    return start(call);
}

struct ms_store_call *ms_store_tags_on(struct ms_store_writer *store, struct ms_str repository,
                                       const struct ms_digest *digests, size_t n_digests,
                                       size_t limit, ms_store_tag_name_row *on_row,
                                       ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)limit;
    call->on_row.tag_name = on_row;
    add(call, "tags_on %.*s", MS_STR_ARG(repository));
    add_digests(call, digests, n_digests);
    return start(call);
}

struct ms_store_call *ms_store_manifests_known(struct ms_store_writer *store,
                                               struct ms_str repository,
                                               const struct ms_digest *digests, size_t n_digests,
                                               ms_store_known_manifest_row *on_row,
                                               ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    call->on_row.manifest = on_row;
    add(call, "manifests_known %.*s", MS_STR_ARG(repository));
    add_digests(call, digests, n_digests);
    return start(call);
}

struct ms_store_call *ms_store_configs_known(struct ms_store_writer *store,
                                             const struct ms_digest *digests, size_t n_digests,
                                             ms_store_config_row *on_row, ms_store_done *on_done,
                                             void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    call->on_row.config = on_row;
    add(call, "configs_known");
    add_digests(call, digests, n_digests);
    return start(call);
}

struct ms_store_call *ms_store_repositories_after(struct ms_store_writer *store,
                                                  struct ms_str after, size_t limit,
                                                  ms_store_repository_row *on_row,
                                                  ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    call->on_row.repository = on_row;
    add(call, "repositories_after %.*s %zu", MS_STR_ARG(after), limit);
    return start(call);
}

struct ms_store_call *ms_store_held_digests(struct ms_store_writer *store, struct ms_str repository,
                                            size_t limit, ms_store_digest_row *on_row,
                                            ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)limit;
    call->on_row.digest = on_row;
    add(call, "held_digests %.*s", MS_STR_ARG(repository));
    return start(call);
}

/* --- what is written --- */

struct ms_store_call *ms_store_contents_put(struct ms_store_writer *store, uint64_t term,
                                            const struct ms_manifest_record *manifests,
                                            size_t n_manifests, ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)term;
    add(call, "contents_put ");
    for (size_t i = 0; i < n_manifests; i++)
        add(call, "%c", fake_letter(&manifests[i].digest));
    return start(call);
}

struct ms_store_call *ms_store_apply(struct ms_store_writer *store, const struct ms_apply *apply,
                                     ms_store_apply_done *on_done, void *arg)
{
    struct ms_store_call *call = new_call(end_apply, arg);
    (void)store;
    call->on_done.apply = on_done;
    add(call, "apply %.*s%s%s", MS_STR_ARG(apply->repository), apply->from_scan ? " scan" : "",
        apply->staged ? " staged" : "");
    add_tags(call, apply->tags, apply->n_tags);
    for (size_t i = 0; i < apply->n_removed_tags; i++)
        add(call, " -%.*s", MS_STR_ARG(apply->removed_tags[i]));
    for (size_t i = 0; i < apply->n_held; i++)
        add(call, "%s%c%s", i == 0 ? " held:" : "", fake_letter(&apply->held[i].digest),
            ms_str_is_absent(apply->held[i].unreadable) ? "" : "!");
    for (size_t i = 0; i < apply->n_gone; i++)
        add(call, "%s%c", i == 0 ? " gone:" : "", fake_letter(&apply->gone[i]));
    if (apply->removals_before_ms != 0)
        add(call, " removals");
    for (size_t i = 0; i < apply->n_events_done; i++)
        add(call, "%s%" PRId64, i == 0 ? " done:" : ",", apply->events_done[i]);
    return start(call);
}

struct ms_store_call *ms_store_stage(struct ms_store_writer *store, uint64_t term,
                                     struct ms_str repository, const struct ms_tag_record *tags,
                                     size_t n_tags, ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)term;
    add(call, "stage %.*s", MS_STR_ARG(repository));
    add_tags(call, tags, n_tags);
    return start(call);
}

/* --- scans --- */

struct ms_store_call *ms_store_scan_begin(struct ms_store_writer *store, uint64_t term,
                                          ms_store_scan_begun *on_done, void *arg)
{
    struct ms_store_call *call = new_call(end_begun, arg);
    (void)store;
    (void)term;
    call->on_done.begun = on_done;
    add(call, "scan_begin");
    return start(call);
}

struct ms_store_call *ms_store_scan_end(struct ms_store_writer *store, uint64_t term,
                                        const struct ms_scan_record *scan, ms_store_done *on_done,
                                        void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)term;
    add(call, "scan_end %" PRId64 " %s repositories:%" PRIu64 " tags:%" PRIu64 " removed:%" PRIu64,
        scan->id, scan->complete ? "complete" : "incomplete", scan->repositories, scan->tags,
        scan->removed);
    return start(call);
}

struct ms_store_call *ms_store_removals_hold(struct ms_store_writer *store, uint64_t term,
                                             int64_t scan_id,
                                             const struct ms_removal_record *removals,
                                             size_t n_removals, ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)term;
    add(call, "removals_hold %" PRId64, scan_id);
    for (size_t i = 0; i < n_removals; i++)
        add(call, " %.*s:%.*s", MS_STR_ARG(removals[i].repository), MS_STR_ARG(removals[i].tag));
    return start(call);
}

struct ms_store_call *ms_store_removals_count(struct ms_store_writer *store, uint64_t term,
                                              int64_t scan_id, ms_store_removals_counted *on_done,
                                              void *arg)
{
    struct ms_store_call *call = new_call(end_counted, arg);
    (void)store;
    (void)term;
    call->on_done.counted = on_done;
    add(call, "removals_count %" PRId64, scan_id);
    return start(call);
}

struct ms_store_call *ms_store_removals_after(struct ms_store_writer *store, struct ms_str after,
                                              int64_t before_ms, size_t limit,
                                              ms_store_repository_row *on_row,
                                              ms_store_done *on_done, void *arg)
{
    static const int64_t YEAR_2099_MS = 4070908800000;
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)limit;
    call->on_row.repository = on_row;
    add(call, "removals_after %.*s %s", MS_STR_ARG(after),
        before_ms > YEAR_2099_MS ? "all" : "confirmed");
    return start(call);
}

/* --- upkeep --- */

struct ms_store_call *ms_store_collect(struct ms_store_writer *store, uint64_t term,
                                       uint64_t after_id, uint64_t grace_ms, size_t limit,
                                       ms_store_collected *on_done, void *arg)
{
    struct ms_store_call *call = new_call(end_collected, arg);
    (void)store;
    (void)term;
    (void)limit;
    call->on_done.collected = on_done;
    add(call, "collect %" PRIu64 " %" PRIu64, after_id, grace_ms);
    return start(call);
}

struct ms_store_call *ms_store_collect_candidates(struct ms_store_writer *store, uint64_t grace_ms,
                                                  struct ms_str after_repository, uint64_t after_id,
                                                  size_t limit, ms_store_candidate_row *on_row,
                                                  ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)grace_ms;
    (void)limit;
    call->on_row.candidate = on_row;
    ck_assert(ms_str_is_absent(after_repository) == (after_id == 0));
    if (after_id == 0)
        add(call, "collect_candidates -");
    else
        add(call, "collect_candidates %.*s %" PRIu64, MS_STR_ARG(after_repository), after_id);
    return start(call);
}

struct ms_store_call *ms_store_collect_confirm(struct ms_store_writer *store, uint64_t grace_ms,
                                               struct ms_str repository,
                                               const struct ms_digest *digests, size_t n_digests,
                                               ms_store_candidate_row *on_row,
                                               ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)grace_ms;
    call->on_row.candidate = on_row;
    add(call, "collect_confirm %.*s", MS_STR_ARG(repository));
    add_digests(call, digests, n_digests);
    return start(call);
}

struct ms_store_call *ms_store_collection_end(struct ms_store_writer *store, uint64_t term,
                                              int64_t started_ms, uint64_t manifests,
                                              uint64_t registry_manifests, uint64_t dry_run,
                                              ms_store_done *on_done, void *arg)
{
    struct ms_store_call *call = new_plain(on_done, arg);
    (void)store;
    (void)term;
    (void)started_ms;
    add(call, "collection_end %" PRIu64 " %" PRIu64 " %" PRIu64, manifests, registry_manifests,
        dry_run);
    return start(call);
}

struct ms_store_call *ms_store_status(struct ms_store_writer *store, ms_store_status_done *on_done,
                                      void *arg)
{
    struct ms_store_call *call = new_call(end_status, arg);
    (void)store;
    call->on_done.status = on_done;
    add(call, "status");
    return start(call);
}
