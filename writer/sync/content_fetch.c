/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of one manifest and of its configuration: GET, parse, ask the store for a configuration
 * that another image brought already, else GET it too.
 */
#include "writer/env.h"
#include "writer/parse/manifest.h"
#include "writer/sync/content_internal.h"

enum { FETCH_ARENA_MAX = 96 * 1024 * 1024 };

void content_node_drop(struct content_node *node)
{
    if (node->call != NULL)
        registry_call_cancel(node->call);
    node->call = NULL;
    ms_arena_free(node->arena);
    node->arena = NULL;
    node->record = NULL;
}

static void give_up(struct content_node *node, const char *reason)
{
    content_node_drop(node);
    content_node_unreadable(node, reason);
}

static void add_config(struct content_node *node, struct ms_str raw)
{
    struct ms_error err;
    struct ms_str copy;
    enum ms_status status = ms_arena_copy(&copy, node->arena, raw);
    if (status != MS_OK)
        (void)ms_error_set(&err, status, "configuration too large");
    else
        status = manifest_add_config(node->record, node->arena, copy, &err);
    if (status != MS_OK)
        give_up(node, err.text);
    else
        content_node_fetched(node);
}

static void on_config(const struct registry_reply *reply, void *arg)
{
    struct content_node *node = arg;
    node->call = NULL;
    if (reply->outcome == REGISTRY_FOUND)
        add_config(node, reply->body);
    else if (reply->outcome == REGISTRY_ABSENT)
        give_up(node, "its configuration is missing in the registry");
    else if (reply->outcome == REGISTRY_UNREADABLE)
        give_up(node, reply->error->text);
    else
        content_fail(node->content, reply->error);
}

static void fetch_config(struct content_node *node)
{
    struct content *content = node->content;
    node->call =
        registry_get_blob(content->env->registry, content->priority, content->repository,
                          &node->record->config_digest, REGISTRY_CONFIG_MAX, on_config, node);
}

static void on_known_config(const struct ms_digest *digest, struct ms_str raw, void *arg)
{
    struct content_node *node = arg;
    (void)digest;
    if (!node->content->ended &&
        ms_arena_copy(&node->record->config_raw, node->arena, raw) != MS_OK)
        node->record->config_raw = MS_STR_ABSENT;
}

static void on_configs_asked(const struct ms_error *err, void *arg)
{
    struct content_node *node = arg;
    if (!content_store_call_ended(node->content))
        return;
    if (err != NULL)
        content_fail(node->content, err);
    else if (!ms_str_is_absent(node->record->config_raw))
        add_config(node, node->record->config_raw);
    else
        fetch_config(node);
}

static void ask_for_config(struct content_node *node)
{
    struct content *content = node->content;
    content->store_calls++;
    if (ms_store_configs_known(content->env->store, &node->record->config_digest, 1,
                               on_known_config, on_configs_asked, node) == MS_OK)
        return;
    content->store_calls--;
    content_fail(content, ms_store_writer_refusal(content->env->store));
}

static void parse(struct content_node *node, const struct registry_reply *reply)
{
    struct ms_error err;
    bool wants_config = false;
    struct ms_str raw, type;
    node->arena = ms_arena_new(FETCH_ARENA_MAX);
    node->record = ms_arena_alloc(node->arena, sizeof(*node->record));
    raw = ms_arena_dup(node->arena, reply->body); /* capped by the registry client */
    type = ms_arena_dup(node->arena, reply->media_type);
    if (manifest_parse(node->record, &wants_config, node->arena, raw, type, &node->digest, &err) !=
        MS_OK)
        give_up(node, err.text);
    else if (wants_config)
        ask_for_config(node);
    else
        content_node_fetched(node);
}

static void on_manifest(const struct registry_reply *reply, void *arg)
{
    struct content_node *node = arg;
    node->call = NULL;
    if (reply->outcome == REGISTRY_FOUND)
        parse(node, reply);
    else if (reply->outcome == REGISTRY_ABSENT)
        content_node_absent(node);
    else if (reply->outcome == REGISTRY_UNREADABLE)
        content_node_unreadable(node, reply->error->text);
    else
        content_fail(node->content, reply->error);
}

void content_fetch(struct content_node *node)
{
    struct content *content = node->content;
    char reference[MS_DIGEST_TEXT_MAX];
    node->call = registry_get_manifest(
        content->env->registry, content->priority, content->repository,
        ms_str(ms_digest_format(reference, &node->digest)), on_manifest, node);
}
