/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where do these tags of a repository point now, and at what? Asks the registry, one request a tag.
 */
#ifndef TAGS_H
#define TAGS_H

#include "writer/registry/client.h"
#include "writer/store/store.h"

struct env;
struct tags;

enum tags_verdict {
    TAGS_SAME,       /* still on the digest that is known */
    TAGS_POINTS,     /* on `digest`, which is new or was to be looked at anyway */
    TAGS_UNREADABLE, /* exists, but the registry does not even name its digest: `reason` */
    TAGS_ABSENT      /* a GET of it answered 404 with the registry's own error code */
};

/* Why a tag cannot be read that is absent and yet in the list of tags: it dangles. */
static const struct ms_str TAGS_DANGLING = MS_STR_INIT("its manifest is missing in the registry");

struct tags_answer {
    struct ms_str name;
    enum tags_verdict verdict;
    struct ms_digest digest;
    struct ms_str reason; /* why the registry does not give the manifest; absent: it does */
    /* What it points to, where that was wanted and no other tag of these brought it already; absent
     * also when there was more than is kept. */
    struct ms_str manifest, media_type;
};
struct tags_result {
    const struct ms_error *err;        /* NULL: every tag has an answer */
    const struct tags_answer *answers; /* in the order asked; views until the callback ends */
    size_t n_answers;
};
typedef void tags_done(const struct tags_result *result, void *arg);

struct tags_question {
    struct ms_str name;     /* a tag, or a digest */
    struct ms_digest known; /* none: ask unconditionally */
    /* Its manifest was, `known` or not: ask unconditionally, and when it still is one answer is
     * enough. */
    bool was_unreadable;
    bool wants_manifest;
};
struct tags *tags_start(const struct env *env, struct ms_str repository,
                        enum registry_priority priority, const struct tags_question *questions,
                        size_t n_questions, tags_done *on_done, void *arg);
/* From now on with the priority of events; NULL is fine. */
void tags_hurry(struct tags *tags);
void tags_cancel(struct tags *tags); /* no callback any more; frees it; NULL is fine */

#endif
