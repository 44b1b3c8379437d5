/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a search query as a page changes it: without one of its terms, with another one.
 * Pure.
 */
#ifndef SEARCH_TEXT_H
#define SEARCH_TEXT_H

#include "common/base/arena.h"
#include "reader/pages/search.h"

/* From out->q: words to be marked, and filters with the query that each leaves behind. A query that
 * cannot be read has none. */
void search_text_read(struct search *out, struct ms_arena *arena);
/* The key of the first label that is filtered by; absent: there is none. */
struct ms_str search_text_label(const struct search *search);
/* "label:KEY=", terminated. */
struct ms_str search_text_label_field(struct ms_arena *arena, struct ms_str label);
/* The query with `field` and `value` behind it, in quotes where it needs them; the query itself
 * when it has that term already; absent: the value cannot be written in a query. */
struct ms_str search_text_with(struct ms_arena *arena, struct ms_str q, const char *field,
                               struct ms_str value);
/* The query without its terms that begin so; absent: it has none. */
struct ms_str search_text_without(struct ms_arena *arena, struct ms_str q, struct ms_str prefix);
/* From out->q and out->kind: the choices, and which of them is made. The kind counts before terms.
 */
void search_text_read_choices(struct search *out, struct ms_arena *arena);

#endif
