/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See presence.h. In order:
 *
 *   manifest   HEAD: one that was pushed there, if there is one
 *   list       (when there is none, or it is absent at the last look) has the repository any tags?
 */
#include "writer/sync/presence.h"

#include "common/base/alloc.h"
#include "writer/env.h"

struct presence {
    const struct env *env;
    struct ms_str repository;
    bool is_last;
    presence_done *on_done;
    void *arg;
    struct registry_call *call;
};

void presence_cancel(struct presence *presence)
{
    if (presence == NULL)
        return;
    registry_call_cancel(presence->call);
    ms_loop_defer_free(presence->env->loop, presence);
}

static void finish(struct presence *presence, const struct ms_error *err, bool is_there)
{
    presence->on_done(err, is_there, presence->arg);
    presence_cancel(presence);
}

/* Some registries answer an empty list where others do not know the name. */
static void on_list(const struct registry_reply *reply, void *arg)
{
    struct presence *presence = arg;
    presence->call = NULL;
    if (reply->outcome == REGISTRY_FOUND || reply->outcome == REGISTRY_ABSENT)
        finish(presence, NULL, reply->n_names > 0);
    else
        finish(presence, reply->error, false);
}

static void ask_for_list(struct presence *presence)
{
    presence->call = registry_tags(presence->env->registry, REGISTRY_EVENT, presence->repository,
                                   on_list, presence);
}

static void on_manifest(const struct registry_reply *reply, void *arg)
{
    struct presence *presence = arg;
    presence->call = NULL;
    if (reply->outcome == REGISTRY_ABSENT && presence->is_last)
        ask_for_list(presence);
    else if (reply->outcome == REGISTRY_ABSENT)
        finish(presence, NULL, false);
    else if (reply->outcome == REGISTRY_FAILED)
        finish(presence, reply->error, false);
    else
        finish(presence, NULL, true);
}

struct presence *presence_start(const struct env *env, struct ms_str repository,
                                const struct ms_digest *digest, bool is_last,
                                presence_done *on_done, void *arg)
{
    char reference[MS_DIGEST_TEXT_MAX];
    struct presence *presence = ms_alloc(sizeof(*presence));
    *presence = (struct presence){
        .env = env, .repository = repository, .is_last = is_last, .on_done = on_done, .arg = arg};
    if (digest == NULL)
        ask_for_list(presence);
    else
        presence->call = registry_head_manifest(env->registry, REGISTRY_EVENT, repository,
                                                ms_str(ms_digest_format(reference, digest)),
                                                on_manifest, presence);
    return presence;
}
