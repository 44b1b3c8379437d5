/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a single statement counts every 15 s while this writer leads: the pull events of the inbox,
 * which leave it as sums, and the Flatpak refs that more than one repository offers (Flatpak would
 * install either), for a gauge and the pages.
 */
#ifndef COUNTS_H
#define COUNTS_H

struct env;
struct counts;

struct counts *counts_new(const struct env *env);
void counts_free(struct counts *counts); /* before the store; NULL is fine */
void counts_begin_term(struct counts *counts);
void counts_end_term(struct counts *counts);

#endif
