/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See tags.h. Each tag is one GET, conditional when its digest is known, so that the answer is
 * either "as before" or the manifest itself. Only when the registry does not give a manifest, and
 * does not name its digest either, a HEAD follows, which may name it. A bounded window of tags is
 * under way at a time; the first failure ends all of them.
 */
#include "writer/sync/tags.h"

#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "common/runtime/limit.h"
#include "writer/env.h"

#include <stdlib.h>

enum {
    TAGS_ARENA_MAX = 64 * 1024 * 1024,
    TAGS_REASON_MAX = 200,
    TAGS_MANIFESTS_MAX = REGISTRY_MANIFEST_MAX /* bytes of all manifests that are kept */
};

struct tag_probe {
    struct tags *tags;
    struct registry_call *call; /* NULL: not started, or answered */
    struct ms_digest known;
    bool was_unreadable, wants_manifest;
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
    struct tags_answer **kept; /* those that have a manifest */
    size_t n_kept, kept_bytes;
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

/* --- the answers to one tag --- */

/* Several tags on one manifest bring it once. */
static void keep_manifest(struct tags *tags, struct tags_answer *answer,
                          const struct registry_reply *reply)
{
    for (size_t i = 0; i < tags->n_kept; i++) {
        if (ms_digest_equal(&tags->kept[i]->digest, &answer->digest))
            return;
    }
    if (tags->kept_bytes + reply->body.len > TAGS_MANIFESTS_MAX) {
        ms_limit_reached(MS_LIMIT_TAG_MANIFESTS);
        return;
    }
    answer->manifest = ms_arena_dup(tags->arena, reply->body);
    answer->media_type = ms_arena_dup(tags->arena, reply->media_type);
    tags->kept[tags->n_kept++] = answer;
    tags->kept_bytes += reply->body.len;
}

static void end_unreadable(struct tag_probe *probe)
{
    end_probe(probe, ms_digest_is_none(&answer_of(probe)->digest) ? TAGS_UNREADABLE : TAGS_POINTS);
}

/* Whatever it says besides the digest, the manifest stays unreadable. */
static void on_head(const struct registry_reply *reply, void *arg)
{
    struct tag_probe *probe = arg;
    probe->call = NULL;
    if (reply->outcome == REGISTRY_FAILED) {
        finish(probe->tags, reply->error);
        return;
    }
    if (reply->outcome == REGISTRY_FOUND)
        answer_of(probe)->digest = reply->digest;
    end_unreadable(probe);
}

static void on_get(const struct registry_reply *reply, void *arg)
{
    struct tag_probe *probe = arg;
    struct tags *tags = probe->tags;
    struct tags_answer *answer = answer_of(probe);
    bool had_no_digest = probe->was_unreadable && ms_digest_is_none(&probe->known);
    probe->call = NULL;
    answer->digest = reply->digest;
    switch (reply->outcome) {
    case REGISTRY_NOT_MODIFIED:
        end_probe(probe, TAGS_SAME);
        break;
    case REGISTRY_FOUND:
        if (probe->wants_manifest)
            keep_manifest(tags, answer, reply);
        end_probe(probe, TAGS_POINTS);
        break;
    case REGISTRY_ABSENT:
        end_probe(probe, TAGS_ABSENT);
        break;
    case REGISTRY_UNREADABLE:
        if (ms_arena_copy(&answer->reason, tags->arena,
                          ms_str_slice(ms_str(reply->error->text), 0, TAGS_REASON_MAX)) != MS_OK)
            answer->reason = MS_STR("unreadable");
        if (!ms_digest_is_none(&answer->digest) || had_no_digest) {
            end_unreadable(probe);
            break;
        }
        probe->call = registry_head_manifest(tags->env->registry, tags->priority, tags->repository,
                                             answer->name, on_head, probe);
        registry_call_expect_unreadable(probe->call);
        break;
    case REGISTRY_FAILED:
        finish(tags, reply->error);
        break;
    }
}

static void start_probes(struct tags *tags)
{
    uint64_t window = tags->env->config->registry.concurrency;
    while (tags->next < tags->n && tags->next - tags->answered < window) {
        struct tag_probe *probe = &tags->probes[tags->next++];
        struct ms_digest condition = probe->known;
        if (probe->was_unreadable)
            condition.len = 0; /* it may have been repaired since, under the same digest */
        probe->call =
            registry_get_manifest_unless(tags->env->registry, tags->priority, tags->repository,
                                         answer_of(probe)->name, &condition, on_get, probe);
        if (probe->was_unreadable)
            registry_call_expect_unreadable(probe->call);
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
    tags->kept = ms_arena_alloc(tags->arena, n_questions * sizeof(struct tags_answer *));
    for (size_t i = 0; i < n_questions; i++) {
        tags->probes[i] = (struct tag_probe){.tags = tags,
                                             .known = questions[i].known,
                                             .was_unreadable = questions[i].was_unreadable,
                                             .wants_manifest = questions[i].wants_manifest};
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
