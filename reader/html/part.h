/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small parts that several pages have: chips, facets, definition lists, commands to copy, digests
 * with their links, marks in words.
 */
#ifndef PART_H
#define PART_H

#include "reader/html/link.h"

/* "<h2 id="tags">Tags</h2>", so that a link can point there. */
void part_heading(struct ms_buf *out, const char *id, const char *text);

/* What is filtered by, as a link that takes the filter away. */
void part_chip(struct ms_buf *out, struct ms_str text, const struct link *without);

/* One value of a facet, with how many have it; below 0: not counted. `link` filters by it; NULL: it
 * is filtered by. */
void part_facet(struct ms_buf *out, struct ms_str value, int64_t count, const struct link *link);

/* Definition lists: part_term() … part_term_end() between `<dl>` and `</dl>`. */
void part_term(struct ms_buf *out, const char *term);
void part_term_end(struct ms_buf *out);

/* A command that can be selected whole; the script puts a button beside it that copies it. `label`
 * says what it is for; `command` is the text between part_command() and part_command_end(), written
 * by html_text().
 */
void part_command(struct ms_buf *out, const char *label);
void part_command_end(struct ms_buf *out);

/* A digest: short, as a link to its page, which has the whole; the script puts a button beside it
 * that copies it. */
void part_manifest_digest(struct ms_buf *out, struct ms_str repository, struct ms_str digest);
/* The same without a page of its own: a layer, a configuration. */
void part_digest(struct ms_buf *out, struct ms_str digest);

/* A short word in a frame; `kind`: "", "good", "warning" or "alert". */
void part_mark(struct ms_buf *out, const char *kind, const char *word);

/* JSON, indented, in which every digest is a link: to the manifest of that digest in the
 * repository, or, when that is absent, to the search for what has it. What is no JSON is shown as
 * it is. At most `max_bytes` of it. */
void part_json(struct ms_buf *out, struct ms_str json, struct ms_str repository, size_t max_bytes);

#endif
