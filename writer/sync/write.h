/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applying a repository's changes so that data which the database refuses harms only the image that
 * brings it: that image is recorded as unreadable there, with the reason, and the rest is applied.
 */
#ifndef WRITE_H
#define WRITE_H

#include "writer/store/store.h"

struct env;
struct write;

/* `n_unreadable`: so many manifests are recorded as unreadable that `change` took for readable.
 * `err` is the store's: nothing, or not all, was applied. */
typedef void write_done(const struct ms_error *err, const struct ms_apply_result *result,
                        size_t n_unreadable, void *arg);

/* `change` takes no staged tags. Its `held` is copied, and all else that it points at lives until
 * the callback. The write frees itself after on_done. */
struct write *write_start(const struct env *env, const struct ms_apply *change, write_done *on_done,
                          void *arg);
void write_cancel(struct write *write); /* no callback any more; frees it; NULL is fine */

/* For people: why what was refused is unreadable; a view of `out`. */
enum { WRITE_REASON_MAX = 200 };
struct ms_str write_reason(char out[WRITE_REASON_MAX], const struct ms_error *refusal);

#endif
