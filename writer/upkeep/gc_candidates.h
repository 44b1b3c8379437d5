/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the registry again for each untagged manifest that a repository holds. Those that it no
 * longer serves leave the repository in the database. With garbage_collect.registry those that it
 * still serves are deleted from the registry, or (dry run) named in the log.
 *
 * Deleting a manifest by digest also deletes the tags that are on it, and an event may have been
 * lost. So before anything of a repository is deleted, its tags in the registry must be the very
 * tags of the database, on the same digests (gc_verify.c); then the database is asked again whether
 * it is a candidate still, and the registry for each manifest.
 */
#ifndef GC_CANDIDATES_H
#define GC_CANDIDATES_H

#include "common/base/status.h"
#include "common/config/config.h"

struct env;
struct gc_candidates;

struct gc_candidates_result {
    const struct ms_error *err; /* NULL: went through all of them, but for repositories given up */
    uint64_t deleted;           /* from the registry */
    uint64_t dry_run;           /* would have been deleted */
};
typedef void gc_candidates_done(const struct gc_candidates_result *result, void *arg);

struct gc_candidates *gc_candidates_start(const struct env *env, gc_candidates_done *on_done,
                                          void *arg);
void gc_candidates_cancel(struct gc_candidates *run); /* no callback any more; NULL is fine */

#endif
