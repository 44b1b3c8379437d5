/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the registry have anything of a repository? Two requests at most, however many events ask.
 */
#ifndef PRESENCE_H
#define PRESENCE_H

#include "writer/registry/client.h"

struct env;
struct presence;

/* `err` NULL: `is_there` is the registry's word. */
typedef void presence_done(const struct ms_error *err, bool is_there, void *arg);

/* `digest`: of a manifest that was pushed there, by an event's word; or NULL. A registry stores the
 * manifest before it tells of the push, and its tag after. Without it, or when it is absent and
 * `is_last`, the tag list is asked for. `repository` lives until the callback; the question frees
 * itself after on_done. */
struct presence *presence_start(const struct env *env, struct ms_str repository,
                                const struct ms_digest *digest, bool is_last,
                                presence_done *on_done, void *arg);
void presence_cancel(struct presence *presence); /* no callback any more; NULL is fine */

#endif
