/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Are the tags of a repository in the registry the very tags of the database, on the same digests?
 */
#ifndef GC_VERIFY_H
#define GC_VERIFY_H

#include "common/base/str.h"

struct env;
struct gc_verify;

/* `same`: they are, all of them. False also when anything failed: then nothing is to be deleted. */
typedef void gc_verify_done(bool same, void *arg);

struct gc_verify *gc_verify_start(const struct env *env, struct ms_str repository,
                                  gc_verify_done *on_done, void *arg);
void gc_verify_cancel(struct gc_verify *verify); /* no callback any more; frees it; NULL is fine */

#endif
