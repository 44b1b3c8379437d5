/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flatpak refs that more than one repository offers: counted for a gauge, because Flatpak would
 * install either.
 */
#ifndef FLATPAK_REFS_H
#define FLATPAK_REFS_H

struct env;
struct flatpak_refs;

struct flatpak_refs *flatpak_refs_new(const struct env *env);
void flatpak_refs_free(struct flatpak_refs *refs); /* before the store; NULL is fine */
void flatpak_refs_begin_term(struct flatpak_refs *refs);
void flatpak_refs_end_term(struct flatpak_refs *refs);

#endif
