/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a pass over events ends: its events are done, stay as they are, wait a while, or die.
 */
#include "common/base/alloc.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "writer/sync/events_internal.h"

/* A pass that failed as a whole is tried again after 1 s, 2 s, 4 s … */
enum { FAILURE_PAUSE_MS = 1000, FAILURE_PAUSE_DOUBLINGS = 6 };

void events_count(const struct event_item *item, const char *result)
{
    static const char *const ACTIONS[] = {
        [EVENT_PUSH] = "push", [EVENT_DELETE] = "delete", [EVENT_OTHER] = "other"};
    ms_metrics_add(MS_METRIC_EVENTS, ACTIONS[item->action], result, 1);
}

void events_pass_cancel(struct events_pass *pass)
{
    if (pass == NULL)
        return;
    presence_cancel(pass->presence);
    tags_cancel(pass->asking);
    content_cancel(pass->content);
    registry_call_cancel(pass->call);
    write_cancel(pass->write);
    ms_store_call_cancel(pass->store_call);
    ms_arena_free(pass->arena);
    ms_loop_defer_free(pass->env->loop, pass);
}

void events_pass_end(struct events_pass *pass, enum events_end how)
{
    const struct events_options options = pass->options;
    events_pass_cancel(pass);
    options.on_ended(how, options.arg);
}

static void log_failure(const struct events_pass *pass, const struct ms_error *err)
{
    ms_log(MS_LOG_WARN, "events wait: they could not be applied",
           MS_FIELDS(ms_field_str("repository", pass->options.repository),
                     ms_field_u64("events", pass->n_due), ms_field_error(err)));
}

void events_pass_leave(struct events_pass *pass, const struct ms_error *err)
{
    log_failure(pass, err);
    events_pass_end(pass, EVENTS_DONE);
}

/* If the delay could not be recorded the events are due at once, and the scheduler finds them. */
static void on_failure_recorded(const struct ms_error *err, void *arg)
{
    struct events_pass *pass = arg;
    (void)err;
    pass->store_call = NULL;
    events_pass_end(pass, EVENTS_DONE);
}

void events_pass_fail(struct events_pass *pass, const struct ms_error *err)
{
    struct ms_inbox_delay *delays =
        ms_arena_alloc(pass->arena, (pass->n_due + 1) * sizeof(*delays));
    for (size_t i = 0; i < pass->n_due; i++) {
        unsigned attempts = pass->items[i].attempts;
        unsigned doublings =
            attempts < FAILURE_PAUSE_DOUBLINGS ? attempts : FAILURE_PAUSE_DOUBLINGS;
        delays[i] =
            (struct ms_inbox_delay){pass->items[i].id, (uint64_t)FAILURE_PAUSE_MS << doublings};
    }
    log_failure(pass, err);
    pass->store_call = ms_store_inbox_postpone(pass->env->store, pass->env->term, delays,
                                               pass->n_due, on_failure_recorded, pass);
}

static void on_buried(const struct ms_error *err, void *arg)
{
    struct events_pass *pass = arg;
    pass->store_call = NULL;
    if (err != NULL) {
        events_pass_leave(pass, err);
        return;
    }
    events_count(&pass->items[0], "dead");
    events_pass_end(pass, EVENTS_DONE);
}

void events_pass_give_up(struct events_pass *pass, const struct ms_error *err)
{
    if (!ms_store_is_refusal(err)) {
        events_pass_fail(pass, err);
    } else if (pass->load_max > 1) {
        events_pass_end(pass, EVENTS_REFUSED);
    } else {
        ms_log(
            MS_LOG_WARN, "an event becomes a dead letter",
            MS_FIELDS(ms_field_str("repository", pass->options.repository), ms_field_error(err)));
        pass->store_call =
            ms_store_inbox_bury(pass->env->store, pass->env->term, &pass->items[0].id, 1,
                                ms_str(err->text), on_buried, pass);
    }
}
