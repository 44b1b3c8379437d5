/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See gc_verify.h. In order:
 *
 *   list     the registry's tag list
 *   known    the database's tags, page by page
 *   compare  the same names, each with a known digest
 *   ask      where do they point now? (tags.c, some hundred at a time)
 *
 * One thing is under way at a time. The first difference or failure is the end: "not the same".
 */
#include "writer/upkeep/gc_verify.h"

#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "writer/env.h"
#include "writer/store/store.h"
#include "writer/sync/tags.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX_BYTES = 64 * 1024 * 1024, KNOWN_PAGE = 1000, ASK_CHUNK = 500 };

struct gc_verify {
    const struct env *env;
    struct ms_arena *arena;
    struct ms_str repository;
    struct ms_str *listed; /* by name */
    size_t n_listed;
    struct tags_question *known; /* by name; room for n_listed of them */
    size_t n_known;
    size_t page_rows;
    size_t asked;
    bool differs;
    struct registry_call *call; /* what is under way, one of these three; or NULL */
    struct tags *tags;
    struct ms_store_call *store_call;
    gc_verify_done *on_done;
    void *arg;
};

static void read_known(struct gc_verify *verify);
static void ask(struct gc_verify *verify);

void gc_verify_cancel(struct gc_verify *verify)
{
    if (verify == NULL)
        return;
    registry_call_cancel(verify->call);
    tags_cancel(verify->tags);
    ms_store_call_cancel(verify->store_call);
    ms_arena_free(verify->arena);
    ms_loop_defer_free(verify->env->loop, verify);
}

static void end(struct gc_verify *verify, bool same)
{
    verify->on_done(same, verify->arg);
    gc_verify_cancel(verify);
}

/* --- list --- */

static int by_name(const void *a, const void *b)
{
    return ms_str_compare(*(const struct ms_str *)a, *(const struct ms_str *)b);
}

static bool copy_list(struct gc_verify *verify, const struct ms_str *names, size_t n_names)
{
    verify->listed = ms_arena_try_array(verify->arena, n_names + 1, sizeof(*verify->listed));
    verify->known = ms_arena_try_array(verify->arena, n_names + 1, sizeof(*verify->known));
    if (verify->listed == NULL || verify->known == NULL)
        return false;
    for (size_t i = 0; i < n_names; i++) {
        if (ms_arena_copy(&verify->listed[i], verify->arena, names[i]) != MS_OK)
            return false;
    }
    verify->n_listed = n_names;
    qsort(verify->listed, n_names, sizeof(*verify->listed), by_name);
    return true;
}

static void on_list(const struct registry_reply *reply, void *arg)
{
    struct gc_verify *verify = arg;
    verify->call = NULL;
    /* A repository that only ever held manifests by digest has no list, and no tags. */
    bool is_list = reply->outcome == REGISTRY_FOUND || reply->outcome == REGISTRY_ABSENT;
    size_t n_names = reply->outcome == REGISTRY_FOUND ? reply->n_names : 0;
    if (is_list && copy_list(verify, reply->names, n_names))
        read_known(verify);
    else
        end(verify, false);
}

/* --- known --- */

static void on_known(const struct ms_known_tag *tag, void *arg)
{
    struct gc_verify *verify = arg;
    if (verify->differs)
        return;
    verify->page_rows++;
    size_t at = verify->n_known;
    if (at == verify->n_listed || !ms_str_equal(verify->listed[at], tag->name) ||
        ms_digest_is_none(&tag->digest)) {
        verify->differs = true;
        return;
    }
    verify->known[at] = (struct tags_question){.name = verify->listed[at], .known = tag->digest};
    verify->n_known++;
}

static void on_known_page(const struct ms_error *err, void *arg)
{
    struct gc_verify *verify = arg;
    verify->store_call = NULL;
    if (err != NULL || verify->differs)
        end(verify, false);
    else if (verify->page_rows == KNOWN_PAGE)
        read_known(verify);
    else if (verify->n_known < verify->n_listed)
        end(verify, false);
    else
        ask(verify);
}

static void read_known(struct gc_verify *verify)
{
    struct ms_str after = MS_STR("");
    if (verify->n_known > 0)
        after = verify->known[verify->n_known - 1].name;
    verify->page_rows = 0;
    verify->store_call = ms_store_tags_after(verify->env->store, verify->repository, after,
                                             KNOWN_PAGE, on_known, on_known_page, verify);
}

/* --- ask --- */

static bool is_same(const struct tags_answer *answer, const struct ms_digest *known)
{
    return answer->verdict == TAGS_SAME ||
           (answer->verdict == TAGS_POINTS && ms_digest_equal(&answer->digest, known));
}

static void on_answers(const struct tags_result *result, void *arg)
{
    struct gc_verify *verify = arg;
    verify->tags = NULL;
    bool same = result->err == NULL;
    for (size_t i = 0; same && i < result->n_answers; i++)
        same = is_same(&result->answers[i], &verify->known[verify->asked + i].known);
    verify->asked += result->n_answers;
    if (same)
        ask(verify);
    else
        end(verify, false);
}

static void ask(struct gc_verify *verify)
{
    size_t n = verify->n_known - verify->asked;
    if (n == 0) {
        end(verify, true);
        return;
    }
    verify->tags =
        tags_start(verify->env, verify->repository, REGISTRY_SCAN, &verify->known[verify->asked],
                   n > ASK_CHUNK ? ASK_CHUNK : n, on_answers, verify);
}

/* --- life --- */

struct gc_verify *gc_verify_start(const struct env *env, struct ms_str repository,
                                  gc_verify_done *on_done, void *arg)
{
    struct gc_verify *verify = ms_alloc(sizeof(*verify));
    *verify = (struct gc_verify){.env = env, .on_done = on_done, .arg = arg};
    verify->arena = ms_arena_new(ARENA_MAX_BYTES);
    verify->repository = ms_arena_dup(verify->arena, repository);
    verify->call = registry_tags(env->registry, REGISTRY_SCAN, repository, on_list, verify);
    return verify;
}
