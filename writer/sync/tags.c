/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See tags.h. Each tag is a HEAD; a HEAD that answers 404, or tells no digest, is asked again with
 * a GET, because only a GET's body shows whether the 404 is the registry's own word. A bounded
 * window of tags is under way at a time; the first failure ends all of them.
 */
#include "writer/sync/tags.h"

#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "writer/env.h"

#include <stdlib.h>

enum { TAGS_ARENA_MAX = 64 * 1024 * 1024, TAGS_REASON_MAX = 200 };

struct tag_probe {
    struct tags *tags;
    struct registry_call *call; /* NULL: not started, or answered */
    struct ms_digest known;
    bool is_probably_absent, was_unreadable;
};

struct tags {
    const struct env *env;
    struct ms_arena *arena;
    struct ms_str repository;
    enum registry_priority priority;
    struct tag_probe *probes;
    struct tags_answer *answers;
    size_t n;
    size_t next; /* the first that was not started */
    size_t answered;
    tags_done *on_done;
    void *arg;
};

static void start_probes(struct tags *tags);

static void cancel_probes(struct tags *tags)
{
    for (size_t i = 0; i < tags->next; i++) {
        registry_call_cancel(tags->probes[i].call);
        tags->probes[i].call = NULL;
    }
}

static void finish(struct tags *tags, const struct ms_error *err)
{
    struct tags_result result = {.err = err, .answers = tags->answers, .n_answers = tags->n};
    cancel_probes(tags);
    tags->on_done(&result, tags->arg);
    ms_arena_free(tags->arena);
    ms_loop_defer_free(tags->env->loop, tags);
}

static struct tags_answer *answer_of(struct tag_probe *probe)
{
    return &probe->tags->answers[probe - probe->tags->probes];
}

static void end_probe(struct tag_probe *probe, enum tags_verdict verdict)
{
    struct tags *tags = probe->tags;
    answer_of(probe)->verdict = verdict;
    tags->answered++;
    if (tags->answered == tags->n)
        finish(tags, NULL);
    else
        start_probes(tags);
}

static void answer_points(struct tag_probe *probe, const struct ms_digest *digest)
{
    answer_of(probe)->digest = *digest;
    end_probe(probe, TAGS_POINTS);
}

static void answer_unreadable(struct tag_probe *probe, const struct ms_error *err)
{
    struct ms_str reason = err != NULL ? ms_str(err->text) : MS_STR("no digest in the answer");
    reason = ms_str_slice(reason, 0, TAGS_REASON_MAX);
    if (ms_arena_copy(&answer_of(probe)->reason, probe->tags->arena, reason) != MS_OK)
        answer_of(probe)->reason = MS_STR("unreadable");
    end_probe(probe, TAGS_UNREADABLE);
}

static void on_get(const struct registry_reply *reply, void *arg)
{
    struct tag_probe *probe = arg;
    probe->call = NULL;
    if (reply->outcome == REGISTRY_FOUND)
        answer_points(probe, &reply->digest);
    else if (reply->outcome == REGISTRY_ABSENT)
        end_probe(probe, TAGS_ABSENT);
    else if (reply->outcome == REGISTRY_UNREADABLE)
        answer_unreadable(probe, reply->error);
    else
        finish(probe->tags, reply->error);
}

static void start_get(struct tag_probe *probe)
{
    struct tags *tags = probe->tags;
    probe->call = registry_get_manifest(tags->env->registry, tags->priority, tags->repository,
                                        answer_of(probe)->name, on_get, probe);
    if (probe->was_unreadable)
        registry_call_expect_unreadable(probe->call);
}

static void on_head(const struct registry_reply *reply, void *arg)
{
    struct tag_probe *probe = arg;
    probe->call = NULL;
    if (reply->outcome == REGISTRY_NOT_MODIFIED) {
        answer_of(probe)->digest = probe->known;
        end_probe(probe, TAGS_SAME);
    } else if (reply->outcome == REGISTRY_FOUND && !ms_digest_is_none(&reply->digest)) {
        answer_points(probe, &reply->digest);
    } else if (reply->outcome == REGISTRY_FOUND || reply->outcome == REGISTRY_ABSENT) {
        start_get(probe);
    } else if (reply->outcome == REGISTRY_UNREADABLE) {
        answer_unreadable(probe, reply->error);
    } else {
        finish(probe->tags, reply->error);
    }
}

static void start_head(struct tag_probe *probe)
{
    struct tags *tags = probe->tags;
    probe->call = registry_head_manifest(tags->env->registry, tags->priority, tags->repository,
                                         answer_of(probe)->name, &probe->known, on_head, probe);
}

static void start_probes(struct tags *tags)
{
    uint64_t window = tags->env->config->registry.concurrency;
    while (tags->next < tags->n && tags->next - tags->answered < window) {
        struct tag_probe *probe = &tags->probes[tags->next++];
        if (probe->is_probably_absent || probe->was_unreadable)
            start_get(probe);
        else
            start_head(probe);
    }
}

struct tags *tags_start(const struct env *env, struct ms_str repository,
                        enum registry_priority priority, const struct tags_question *questions,
                        size_t n_questions, tags_done *on_done, void *arg)
{
    struct tags *tags = ms_alloc(sizeof(*tags));
    *tags = (struct tags){
        .env = env, .priority = priority, .n = n_questions, .on_done = on_done, .arg = arg};
    tags->arena = ms_arena_new(TAGS_ARENA_MAX);
    tags->repository = ms_arena_dup(tags->arena, repository);
    tags->probes = ms_arena_alloc(tags->arena, n_questions * sizeof(*tags->probes));
    tags->answers = ms_arena_alloc(tags->arena, n_questions * sizeof(*tags->answers));
    for (size_t i = 0; i < n_questions; i++) {
        tags->probes[i] = (struct tag_probe){.tags = tags,
                                             .known = questions[i].known,
                                             .is_probably_absent = questions[i].is_probably_absent,
                                             .was_unreadable = questions[i].was_unreadable};
        tags->answers[i].name = ms_arena_dup(tags->arena, questions[i].name);
    }
    start_probes(tags);
    return tags;
}

void tags_hurry(struct tags *tags)
{
    if (tags == NULL)
        return;
    tags->priority = REGISTRY_EVENT;
    for (size_t i = 0; i < tags->next; i++)
        registry_call_hurry(tags->probes[i].call);
}

void tags_cancel(struct tags *tags)
{
    if (tags == NULL)
        return;
    cancel_probes(tags);
    ms_arena_free(tags->arena);
    ms_loop_defer_free(tags->env->loop, tags);
}
