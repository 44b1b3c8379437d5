/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scan's visit to one repository: every tag, in chunks, and then what is known and no longer
 * there. It advances step by step, so that waiting events can go first between two steps.
 */
#ifndef VISIT_H
#define VISIT_H

#include "writer/sync/sync.h"

struct visit;

/* The end of a step. `is_finished`: of the whole visit; the report says what became of it. */
typedef void visit_stepped(const struct sync_report *report, bool is_finished, void *arg);

/* `repository` lives as long as the visit. */
struct visit *visit_new(const struct env *env, struct ms_str repository, int64_t scan_id,
                        visit_stepped *on_stepped, void *arg);
/* One step, which ends in on_stepped. */
void visit_step(struct visit *visit);
/* Events wait: what can be begun again is given up, and the step ends, perhaps at once. */
void visit_yield(struct visit *visit);
/* The step under way only reads what later steps ask about one by one: events need not wait for it.
 */
bool visit_only_reads(const struct visit *visit);
/* In the tags that are done; NULL is fine. */
uint64_t visit_manifests(const struct visit *visit);
void visit_free(struct visit *visit); /* cancels the step under way; NULL is fine */

#endif
