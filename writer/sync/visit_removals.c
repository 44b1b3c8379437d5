/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a visit: what is known and the registry's tag list lacks.
 *
 *   removed   (repeated) a page of known tags: those that are not listed are asked for by GET
 *   gone      no tag list at all (NAME_UNKNOWN): are the known manifests gone too? The first one is
 *             asked for alone, because a repository that lives without tags has it
 *
 * Nothing is removed here: removals are put down for the end of the scan (scan/removals.c).
 */
#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "writer/sync/visit_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    VISIT_GONE_MAX = 100000, /* known manifests asked for before a repository is called gone */
    VISIT_GONE_BATCH = 500   /* at a time */
};

/* --- removed --- */

static void end_removed(struct visit *visit)
{
    bool is_last_page = visit->n_known < visit->page_max;
    visit->page_max =
        visit->page_max * 2 < VISIT_KNOWN_PAGE ? visit->page_max * 2 : VISIT_KNOWN_PAGE;
    if (!is_last_page) {
        struct ms_str last = visit->known[visit->n_known - 1].name;
        size_t len = last.len < sizeof(visit->after_text) ? last.len : sizeof(visit->after_text);
        memcpy(visit->after_text, last.ptr, len);
        visit->after = ms_str_n(visit->after_text, len);
    }
    visit_end_step(visit, is_last_page ? VISIT_FINISHED : VISIT_REMOVED);
}

static void on_removals_held(const struct ms_error *err, void *arg)
{
    struct visit *visit = arg;
    visit->store_call = NULL;
    if (err != NULL)
        visit_fail(visit, err);
    else if (visit->phase == VISIT_GONE)
        visit_end_step(visit, VISIT_FINISHED);
    else
        end_removed(visit);
}

static void hold_removals(struct visit *visit, const struct ms_removal_record *removals, size_t n)
{
    visit->report.removals += n;
    visit->store_call = ms_store_removals_hold(visit->env->store, visit->env->term, visit->scan_id,
                                               removals, n, on_removals_held, visit);
}

static void on_missing_asked(const struct tags_result *result, void *arg)
{
    struct visit *visit = arg;
    struct ms_removal_record removals[VISIT_KNOWN_PAGE];
    size_t n = 0;
    visit->asking = NULL;
    if (result->err != NULL) {
        visit_fail(visit, result->err);
        return;
    }
    for (size_t i = 0; i < result->n_answers; i++) {
        if (result->answers[i].verdict == TAGS_ABSENT)
            removals[n++] = (struct ms_removal_record){.repository = visit->repository,
                                                       .tag = result->answers[i].name};
    }
    if (n > 0)
        hold_removals(visit, removals, n);
    else
        end_removed(visit);
}

static void hold_repository_removal(struct visit *visit)
{
    struct ms_removal_record removal = {.repository = visit->repository, .tag = MS_STR("")};
    hold_removals(visit, &removal, 1);
}

static void on_known(const struct ms_known_tag *tag, void *arg)
{
    struct visit *visit = arg;
    struct ms_known_tag *copy = &visit->known[visit->n_known++];
    *copy = *tag;
    copy->name = ms_arena_dup(visit->arena, tag->name);
}

static void on_known_page(const struct ms_error *err, void *arg)
{
    struct visit *visit = arg;
    struct tags_question questions[VISIT_KNOWN_PAGE];
    size_t n = 0;
    visit->store_call = NULL;
    if (err != NULL) {
        visit_fail(visit, err);
        return;
    }
    if (visit->is_without_manifests && visit->n_known == 0 && visit->after.len == 0) {
        hold_repository_removal(visit);
        return;
    }
    for (size_t i = 0; i < visit->n_known; i++) {
        if (visit_find_name(visit, visit->known[i].name) == NULL)
            questions[n++] = (struct tags_question){.name = visit->known[i].name};
    }
    if (n > 0)
        visit->asking = tags_start(visit->env, visit->repository, REGISTRY_SCAN, questions, n,
                                   on_missing_asked, visit);
    else
        end_removed(visit);
}

void visit_step_removed(struct visit *visit)
{
    visit->known = ms_arena_alloc(visit->arena, VISIT_KNOWN_PAGE * sizeof(*visit->known));
    visit->store_call = ms_store_tags_after(visit->env->store, visit->repository, visit->after,
                                            visit->page_max, on_known, on_known_page, visit);
}

/* --- gone --- */

static void ask_for_held(struct visit *visit);

static void on_held_asked(const struct tags_result *result, void *arg)
{
    struct visit *visit = arg;
    bool are_absent = true;
    visit->asking = NULL;
    if (result->err != NULL) {
        visit_fail(visit, result->err);
        return;
    }
    for (size_t i = 0; i < result->n_answers; i++)
        are_absent = are_absent && result->answers[i].verdict == TAGS_ABSENT;
    visit->n_asked += result->n_answers;
    if (!are_absent)
        visit_end_step(visit, VISIT_REMOVED); /* it lives, without tags */
    else if (visit->n_asked < visit->n_held)
        ask_for_held(visit);
    else
        hold_repository_removal(visit);
}

static void ask_for_held(struct visit *visit)
{
    struct tags_question questions[VISIT_GONE_BATCH];
    char texts[VISIT_GONE_BATCH][MS_DIGEST_TEXT_MAX];
    size_t n = visit->n_held - visit->n_asked;
    size_t n_max = visit->n_asked == 0 ? 1 : VISIT_GONE_BATCH;
    if (n > n_max)
        n = n_max;
    for (size_t i = 0; i < n; i++) {
        const struct ms_digest *digest = &visit->held[visit->n_asked + i];
        questions[i] = (struct tags_question){.name = ms_str(ms_digest_format(texts[i], digest))};
    }
    visit->asking = tags_start(visit->env, visit->repository, REGISTRY_SCAN, questions, n,
                               on_held_asked, visit);
}

static void on_held_digest(const struct ms_digest *digest, void *arg)
{
    struct visit *visit = arg;
    if (visit->n_held == visit->held_capacity) {
        visit->held_capacity = visit->held_capacity == 0 ? 64 : visit->held_capacity * 2;
        visit->held = ms_alloc_resize(visit->held, visit->held_capacity, sizeof(*visit->held));
    }
    visit->held[visit->n_held++] = *digest;
}

static void on_held_listed(const struct ms_error *err, void *arg)
{
    struct visit *visit = arg;
    visit->store_call = NULL;
    if (err != NULL) {
        visit_fail(visit, err);
        return;
    }
    visit->is_without_manifests = visit->n_held == 0;
    if (visit->is_without_manifests)
        visit_end_step(visit, VISIT_REMOVED); /* its tags, if any, are asked for first */
    else
        ask_for_held(visit);
}

void visit_step_gone(struct visit *visit)
{
    visit->n_held = visit->n_asked = 0;
    visit->store_call = ms_store_held_digests(visit->env->store, visit->repository, VISIT_GONE_MAX,
                                              on_held_digest, on_held_listed, visit);
}
