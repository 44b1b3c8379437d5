/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the next scan starts: interval.fetch_all after the last complete one, soon after a failure,
 * on request.
 */
#ifndef SCAN_PLAN_H
#define SCAN_PLAN_H

struct env;
struct scan_plan;

enum scan_end { SCAN_NOT_BEGUN, SCAN_INCOMPLETE, SCAN_COMPLETE };

/* `on_due`: start a scan now, which ends in scan_plan_note_end. */
struct scan_plan *scan_plan_new(const struct env *env, void (*on_due)(void *arg), void *arg);
void scan_plan_free(struct scan_plan *plan); /* NULL is fine */
/* The plan is made from what the database knows; until then, and between terms, none is due. */
void scan_plan_begin_term(struct scan_plan *plan);
void scan_plan_end_term(struct scan_plan *plan);
/* interval.fetch_all may have changed. */
void scan_plan_reload(struct scan_plan *plan);
void scan_plan_request(struct scan_plan *plan);
/* A scan started, whoever asked for it, and ended. */
void scan_plan_note_start(struct scan_plan *plan);
void scan_plan_note_end(struct scan_plan *plan, enum scan_end how);

#endif
