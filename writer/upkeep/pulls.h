/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pull counts: every 15 s the pull events of the inbox leave it as sums.
 */
#ifndef PULLS_H
#define PULLS_H

struct env;
struct pulls;

struct pulls *pulls_new(const struct env *env);
void pulls_free(struct pulls *pulls); /* before the store; NULL is fine */
void pulls_begin_term(struct pulls *pulls);
void pulls_end_term(struct pulls *pulls);

#endif
