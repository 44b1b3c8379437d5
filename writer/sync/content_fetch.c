/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See content_fetch.h. In order:
 *
 *   manifest   GET it, unless it is at hand; parse it
 *   config     if it names one: ask for it (content_configs.h); parse it
 */
#include "writer/sync/content_fetch.h"

#include "common/base/alloc.h"
#include "common/runtime/limit.h"
#include "common/runtime/log.h"
#include "writer/env.h"
#include "writer/parse/manifest.h"

struct content_fetch {
    const struct env *env;
    struct content_fetch_options options;
    content_fetch_done *on_done;
    void *arg;
    struct ms_arena *arena; /* of the record; NULL before there is one */
    struct ms_manifest_record *record;
    struct registry_call *call;
    struct content_config_wait *config;
    bool is_freed;
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

/* --- config --- */

static void add_config(struct content_fetch *fetch, struct ms_str raw)
{
    struct ms_error err;
    struct ms_str copy;
    char digest[MS_DIGEST_TEXT_MAX];
    enum ms_status status = ms_arena_copy(&copy, fetch->arena, raw);
    if (status != MS_OK)
        (void)ms_error_set(&err, status, "configuration too large");
    else
        status = manifest_add_config(fetch->record, fetch->arena, copy, &err);
    if (status != MS_OK) {
        end_unreadable(fetch, err.text);
        return;
    }
    if (fetch->record->is_chain_too_long) { /* nobody is told what was built on what */
        ms_limit_reached(MS_LIMIT_CHAIN_LAYERS);
        ms_log(MS_LOG_WARN, "an image with too many layers to tell its base",
               MS_FIELDS(ms_field_str("repository", fetch->options.repository),
                         ms_field_c("digest", ms_digest_format(digest, &fetch->record->digest))));
    }
    end_read(fetch);
}

static void on_config(const struct registry_reply *reply, void *arg)
{
    struct content_fetch *fetch = arg;
    fetch->config = NULL;
    if (reply->outcome == REGISTRY_FOUND)
        add_config(fetch, reply->body);
    else if (reply->outcome == REGISTRY_ABSENT)
        end_unreadable(fetch, "its configuration is missing in the registry");
    else if (reply->outcome == REGISTRY_UNREADABLE)
        end_unreadable(fetch, reply->error->text);
    else
        end_failed(fetch, reply->error);
}

/* --- manifest --- */

static void parse(struct content_fetch *fetch, struct ms_str manifest, struct ms_str media_type)
{
    struct ms_error err;
    bool wants_config = false;
    fetch->arena = ms_arena_new(MANIFEST_ARENA_BYTES);
    fetch->record = ms_arena_alloc(fetch->arena, sizeof(*fetch->record));
    struct ms_str raw = ms_arena_dup(fetch->arena, manifest); /* capped by the client */
    struct ms_str type = ms_arena_dup(fetch->arena, media_type);
    if (manifest_parse(fetch->record, &wants_config, fetch->arena, raw, type,
                       &fetch->options.digest, &err) != MS_OK)
        end_unreadable(fetch, err.text);
    else if (wants_config)
        fetch->config = content_configs_get(fetch->options.configs, &fetch->record->config_digest,
                                            fetch->options.was_unreadable, on_config, fetch);
    else
        end_read(fetch);
}

static void on_manifest(const struct registry_reply *reply, void *arg)
{
    struct content_fetch *fetch = arg;
    struct content_fetch_result absent = {.outcome = CONTENT_FETCH_ABSENT};
    fetch->call = NULL;
    if (reply->outcome == REGISTRY_FOUND)
        parse(fetch, reply->body, reply->media_type);
    else if (reply->outcome == REGISTRY_ABSENT)
        fetch->on_done(&absent, fetch->arg);
    else if (reply->outcome == REGISTRY_UNREADABLE)
        end_unreadable(fetch, reply->error->text);
    else
        end_failed(fetch, reply->error);
}

static void on_at_hand(void *arg)
{
    struct content_fetch *fetch = arg;
    if (!fetch->is_freed)
        parse(fetch, fetch->options.manifest, fetch->options.media_type);
}

struct content_fetch *content_fetch_start(const struct env *env,
                                          const struct content_fetch_options *options,
                                          content_fetch_done *on_done, void *arg)
{
    char reference[MS_DIGEST_TEXT_MAX];
    struct content_fetch *fetch = ms_alloc(sizeof(*fetch));
    *fetch =
        (struct content_fetch){.env = env, .options = *options, .on_done = on_done, .arg = arg};
    if (!ms_str_is_absent(options->manifest)) {
        ms_loop_defer(env->loop, on_at_hand, fetch);
        return fetch;
    }
    fetch->call = registry_get_manifest(env->registry, options->priority, options->repository,
                                        ms_str(ms_digest_format(reference, &options->digest)),
                                        on_manifest, fetch);
    if (options->was_unreadable) /* not worth several tries */
        registry_call_expect_unreadable(fetch->call);
    return fetch;
}

void content_fetch_hurry(struct content_fetch *fetch)
{
    if (fetch == NULL)
        return;
    registry_call_hurry(fetch->call);
}

void content_fetch_free(struct content_fetch *fetch)
{
    if (fetch == NULL)
        return;
    fetch->is_freed = true;
    registry_call_cancel(fetch->call);
    content_configs_cancel(fetch->config);
    ms_arena_free(fetch->arena);
    ms_loop_defer_free(fetch->env->loop, fetch);
}
