/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See content_fetch.h. In order:
 *
 *   manifest   GET it, parse it
 *   known      does it name a configuration: has the store got that one?
 *   config     else GET it too; parse it
 */
#include "writer/sync/content_fetch.h"

#include "common/base/alloc.h"
#include "writer/env.h"
#include "writer/parse/manifest.h"

enum { FETCH_ARENA_MAX = 96 * 1024 * 1024 };

struct content_fetch {
    const struct env *env;
    struct content_fetch_options options;
    content_fetch_done *on_done;
    void *arg;
    struct ms_arena *arena; /* of the record; NULL before there is one */
    struct ms_manifest_record *record;
    struct registry_call *call;
    struct ms_store_call *store_call;
};

static void end_read(struct content_fetch *fetch)
{
    struct content_fetch_result result = {.outcome = CONTENT_FETCH_READ, .record = fetch->record};
    fetch->on_done(&result, fetch->arg);
}

static void end_unreadable(struct content_fetch *fetch, const char *reason)
{
    struct content_fetch_result result = {.outcome = CONTENT_FETCH_UNREADABLE, .reason = reason};
    fetch->on_done(&result, fetch->arg);
}

static void end_failed(struct content_fetch *fetch, const struct ms_error *err)
{
    struct content_fetch_result result = {.outcome = CONTENT_FETCH_FAILED, .err = err};
    fetch->on_done(&result, fetch->arg);
}

/* What is known to be unreadable is not worth several tries. */
static void expect(struct content_fetch *fetch)
{
    if (fetch->options.was_unreadable)
        registry_call_expect_unreadable(fetch->call);
}

/* --- config --- */

static void add_config(struct content_fetch *fetch, struct ms_str raw)
{
    struct ms_error err;
    struct ms_str copy;
    enum ms_status status = ms_arena_copy(&copy, fetch->arena, raw);
    if (status != MS_OK)
        (void)ms_error_set(&err, status, "configuration too large");
    else
        status = manifest_add_config(fetch->record, fetch->arena, copy, &err);
    if (status != MS_OK)
        end_unreadable(fetch, err.text);
    else
        end_read(fetch);
}

static void on_config(const struct registry_reply *reply, void *arg)
{
    struct content_fetch *fetch = arg;
    fetch->call = NULL;
    if (reply->outcome == REGISTRY_FOUND)
        add_config(fetch, reply->body);
    else if (reply->outcome == REGISTRY_ABSENT)
        end_unreadable(fetch, "its configuration is missing in the registry");
    else if (reply->outcome == REGISTRY_UNREADABLE)
        end_unreadable(fetch, reply->error->text);
    else
        end_failed(fetch, reply->error);
}

/* --- known --- */

static void on_known_config(const struct ms_digest *digest, struct ms_str raw, void *arg)
{
    struct content_fetch *fetch = arg;
    (void)digest;
    if (ms_arena_copy(&fetch->record->config_raw, fetch->arena, raw) != MS_OK)
        fetch->record->config_raw = MS_STR_ABSENT;
}

static void ask_for_config(struct content_fetch *fetch)
{
    fetch->call =
        registry_get_blob(fetch->env->registry, fetch->options.priority, fetch->options.repository,
                          &fetch->record->config_digest, REGISTRY_CONFIG_MAX, on_config, fetch);
    expect(fetch);
}

static void on_known(const struct ms_error *err, void *arg)
{
    struct content_fetch *fetch = arg;
    fetch->store_call = NULL;
    if (err != NULL)
        end_failed(fetch, err);
    else if (!ms_str_is_absent(fetch->record->config_raw))
        add_config(fetch, fetch->record->config_raw);
    else
        ask_for_config(fetch);
}

/* --- manifest --- */

static void parse(struct content_fetch *fetch, const struct registry_reply *reply)
{
    struct ms_error err;
    bool wants_config = false;
    fetch->arena = ms_arena_new(FETCH_ARENA_MAX);
    fetch->record = ms_arena_alloc(fetch->arena, sizeof(*fetch->record));
    struct ms_str raw = ms_arena_dup(fetch->arena, reply->body); /* capped by the client */
    struct ms_str type = ms_arena_dup(fetch->arena, reply->media_type);
    if (manifest_parse(fetch->record, &wants_config, fetch->arena, raw, type,
                       &fetch->options.digest, &err) != MS_OK)
        end_unreadable(fetch, err.text);
    else if (wants_config)
        fetch->store_call = ms_store_configs_known(fetch->env->store, &fetch->record->config_digest,
                                                   1, on_known_config, on_known, fetch);
    else
        end_read(fetch);
}

static void on_manifest(const struct registry_reply *reply, void *arg)
{
    struct content_fetch *fetch = arg;
    struct content_fetch_result absent = {.outcome = CONTENT_FETCH_ABSENT};
    fetch->call = NULL;
    if (reply->outcome == REGISTRY_FOUND)
        parse(fetch, reply);
    else if (reply->outcome == REGISTRY_ABSENT)
        fetch->on_done(&absent, fetch->arg);
    else if (reply->outcome == REGISTRY_UNREADABLE)
        end_unreadable(fetch, reply->error->text);
    else
        end_failed(fetch, reply->error);
}

struct content_fetch *content_fetch_start(const struct env *env,
                                          const struct content_fetch_options *options,
                                          content_fetch_done *on_done, void *arg)
{
    char reference[MS_DIGEST_TEXT_MAX];
    struct content_fetch *fetch = ms_alloc(sizeof(*fetch));
    *fetch =
        (struct content_fetch){.env = env, .options = *options, .on_done = on_done, .arg = arg};
    fetch->call = registry_get_manifest(env->registry, options->priority, options->repository,
                                        ms_str(ms_digest_format(reference, &options->digest)),
                                        on_manifest, fetch);
    expect(fetch);
    return fetch;
}

void content_fetch_hurry(struct content_fetch *fetch)
{
    if (fetch == NULL)
        return;
    fetch->options.priority = REGISTRY_EVENT;
    registry_call_hurry(fetch->call);
}

void content_fetch_free(struct content_fetch *fetch)
{
    if (fetch == NULL)
        return;
    registry_call_cancel(fetch->call);
    ms_store_call_cancel(fetch->store_call);
    ms_arena_free(fetch->arena);
    ms_loop_defer_free(fetch->env->loop, fetch);
}
