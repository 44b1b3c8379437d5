/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making sure that everything below some digests is stored: asks the store what it knows, the
 * registry for the rest (manifests, indexes and their children, configurations), parses, and stores
 * in small batches. Nothing that it stores is visible yet.
 */
#ifndef CONTENT_H
#define CONTENT_H

#include "common/base/arena.h"
#include "writer/registry/client.h"
#include "writer/store/store.h"

struct env;
struct content;

enum {
    CONTENT_BATCH_BYTES = 1024 * 1024,
    CONTENT_BATCH_RECORDS = 64,
    CONTENT_DIGESTS_MAX = 200000
};

struct content_result {
    const struct ms_error *err; /* NULL: complete; else the registry or the database failed */
    const struct ms_held_record
        *held; /* all digests, roots and below; views until the callback ends */
    size_t n_held;
};
typedef void content_done(const struct content_result *result, void *arg);

struct content_root {
    struct ms_digest digest;
    bool was_seen; /* the registry told of it a moment ago; else it is left out when it is absent */
    bool asks_below; /* of any root: the registry is asked whether it still has what is known */
    /* What the registry said of it a moment ago, so that it is not asked again; views live as long
     * as the walk. */
    struct ms_str manifest, media_type; /* its content; absent: to be fetched */
    struct ms_str unreadable;           /* why there is none; absent: there is, or it is unknown */
};

/* At least one root. The walk frees itself after on_done. */
struct content *content_start(const struct env *env, struct ms_str repository,
                              enum registry_priority priority, const struct content_root *roots,
                              size_t n_roots, content_done *on_done, void *arg);
/* From now on with the priority of events; NULL is fine. */
void content_hurry(struct content *content);
void content_cancel(struct content *content); /* no callback any more; frees it; NULL is fine */

#endif
