/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See content_configs.h. Each wanted configuration is an entry, and its steps are:
 *
 *   NEW        collected until the end of the loop's turn, or of the question before
 *   ASKED      the store is being asked for it, with others
 *   KNOWN      the store has it, and the question has not ended yet
 *   FETCHING   the registry is being asked for it
 *
 * Always holds: an entry leaves the list before those who wait for it are told, because they may
 * end everything.
 */
#include "writer/sync/content_configs.h"

#include "common/base/alloc.h"
#include "writer/env.h"
#include "writer/store/store.h"

#include <stdlib.h>
#include <sys/queue.h>

enum { CONFIGS_ASK_MAX = 16 }; /* in one question: each may have REGISTRY_CONFIG_MAX bytes */

enum config_state { CONFIG_NEW, CONFIG_ASKED, CONFIG_KNOWN, CONFIG_FETCHING };

struct content_config_wait {
    LIST_ENTRY(content_config_wait) link;
    registry_done *on_done;
    void *arg;
};

struct config_entry {
    TAILQ_ENTRY(config_entry) link;
    struct content_configs *configs;
    enum config_state state;
    struct ms_digest digest;
    bool expects_unreadable; /* whoever wants it does */
    char *raw;               /* KNOWN */
    size_t raw_len;
    struct registry_call *call; /* FETCHING */
    LIST_HEAD(config_waits, content_config_wait) waits;
};

struct content_configs {
    const struct env *env;
    struct ms_str repository;
    enum registry_priority priority;
    TAILQ_HEAD(config_entries, config_entry) entries;
    struct ms_store_call *asking; /* or NULL */
    bool is_deferred;             /* the question waits for the end of the turn */
    bool is_freed;
};

static void free_entry(struct config_entry *entry)
{
    while (!LIST_EMPTY(&entry->waits)) {
        struct content_config_wait *wait = LIST_FIRST(&entry->waits);
        LIST_REMOVE(wait, link);
        free(wait);
    }
    registry_call_cancel(entry->call);
    free(entry->raw);
    free(entry);
}

static void end_entry(struct config_entry *entry, const struct registry_reply *reply)
{
    struct content_configs *configs = entry->configs;
    TAILQ_REMOVE(&configs->entries, entry, link);
    while (!LIST_EMPTY(&entry->waits) && !configs->is_freed) {
        struct content_config_wait *wait = LIST_FIRST(&entry->waits);
        LIST_REMOVE(wait, link);
        wait->on_done(reply, wait->arg);
        free(wait);
    }
    free_entry(entry);
}

static struct config_entry *find_in_state(const struct content_configs *configs,
                                          enum config_state state)
{
    struct config_entry *entry = NULL;
    TAILQ_FOREACH(entry, &configs->entries, link) {
        if (entry->state == state)
            return entry;
    }
    return NULL;
}

static struct config_entry *find_digest(const struct content_configs *configs,
                                        const struct ms_digest *digest)
{
    struct config_entry *entry = NULL;
    TAILQ_FOREACH(entry, &configs->entries, link) {
        if (ms_digest_equal(&entry->digest, digest))
            return entry;
    }
    return NULL;
}

/* --- the registry --- */

static void on_blob(const struct registry_reply *reply, void *arg)
{
    struct config_entry *entry = arg;
    entry->call = NULL;
    end_entry(entry, reply);
}

static void fetch(struct config_entry *entry)
{
    struct content_configs *configs = entry->configs;
    entry->state = CONFIG_FETCHING;
    entry->call = registry_get_blob(configs->env->registry, configs->priority, configs->repository,
                                    &entry->digest, REGISTRY_CONFIG_MAX, on_blob, entry);
    if (entry->expects_unreadable)
        registry_call_expect_unreadable(entry->call);
}

/* --- the store --- */

static void ask_later(struct content_configs *configs);

static void on_known(const struct ms_digest *digest, struct ms_str raw, void *arg)
{
    struct config_entry *entry = find_digest(arg, digest);
    if (entry == NULL || entry->state != CONFIG_ASKED)
        return;
    entry->state = CONFIG_KNOWN;
    entry->raw = ms_alloc_str(raw);
    entry->raw_len = raw.len;
}

static void on_asked(const struct ms_error *err, void *arg)
{
    struct content_configs *configs = arg;
    struct config_entry *entry = NULL;
    struct registry_reply failed = {.outcome = REGISTRY_FAILED, .error = err};
    configs->asking = NULL;
    while (!configs->is_freed && (entry = find_in_state(configs, CONFIG_KNOWN)) != NULL) {
        struct registry_reply known = {.outcome = REGISTRY_FOUND,
                                       .digest = entry->digest,
                                       .body = ms_str_n(entry->raw, entry->raw_len)};
        end_entry(entry, err == NULL ? &known : &failed);
    }
    while (!configs->is_freed && (entry = find_in_state(configs, CONFIG_ASKED)) != NULL) {
        if (err == NULL)
            fetch(entry);
        else
            end_entry(entry, &failed);
    }
    if (!configs->is_freed && find_in_state(configs, CONFIG_NEW) != NULL)
        ask_later(configs);
}

static void ask(void *arg)
{
    struct content_configs *configs = arg;
    struct ms_digest digests[CONFIGS_ASK_MAX];
    struct config_entry *entry = NULL;
    size_t n = 0;
    configs->is_deferred = false;
    if (configs->is_freed)
        return;
    while (n < CONFIGS_ASK_MAX && (entry = find_in_state(configs, CONFIG_NEW)) != NULL) {
        entry->state = CONFIG_ASKED;
        digests[n++] = entry->digest;
    }
    if (n > 0)
        configs->asking =
            ms_store_configs_known(configs->env->store, digests, n, on_known, on_asked, configs);
}

/* In one question with what else this turn brings. */
static void ask_later(struct content_configs *configs)
{
    if (configs->asking != NULL || configs->is_deferred)
        return;
    configs->is_deferred = true;
    ms_loop_defer(configs->env->loop, ask, configs);
}

/* --- life --- */

struct content_config_wait *content_configs_get(struct content_configs *configs,
                                                const struct ms_digest *digest,
                                                bool expects_unreadable, registry_done *on_done,
                                                void *arg)
{
    struct content_config_wait *wait = ms_alloc(sizeof(*wait));
    struct config_entry *entry = find_digest(configs, digest);
    if (entry == NULL) {
        entry = ms_alloc(sizeof(*entry));
        *entry = (struct config_entry){
            .configs = configs, .digest = *digest, .expects_unreadable = expects_unreadable};
        LIST_INIT(&entry->waits);
        TAILQ_INSERT_TAIL(&configs->entries, entry, link);
        ask_later(configs);
    }
    entry->expects_unreadable = entry->expects_unreadable && expects_unreadable;
    *wait = (struct content_config_wait){.on_done = on_done, .arg = arg};
    LIST_INSERT_HEAD(&entry->waits, wait, link);
    return wait;
}

void content_configs_cancel(struct content_config_wait *wait)
{
    if (wait == NULL)
        return;
    LIST_REMOVE(wait, link);
    free(wait);
}

void content_configs_hurry(struct content_configs *configs)
{
    struct config_entry *entry = NULL;
    configs->priority = REGISTRY_EVENT;
    TAILQ_FOREACH(entry, &configs->entries, link)
        registry_call_hurry(entry->call);
}

struct content_configs *content_configs_new(const struct env *env, struct ms_str repository,
                                            enum registry_priority priority)
{
    struct content_configs *configs = ms_alloc(sizeof(*configs));
    *configs = (struct content_configs){.env = env, .repository = repository, .priority = priority};
    TAILQ_INIT(&configs->entries);
    return configs;
}

void content_configs_free(struct content_configs *configs)
{
    if (configs == NULL)
        return;
    configs->is_freed = true;
    ms_store_call_cancel(configs->asking);
    while (!TAILQ_EMPTY(&configs->entries)) {
        struct config_entry *entry = TAILQ_FIRST(&configs->entries);
        TAILQ_REMOVE(&configs->entries, entry, link);
        free_entry(entry);
    }
    ms_loop_defer_free(configs->env->loop, configs);
}
