/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing HTML into a buffer: what comes from outside passes through a function that is named by
 * the context it is written in, and stays what it is: text. html_raw() is for markup of our own.
 *
 * In every context: bytes that are no UTF-8, noncharacters and the control characters U+0080 to
 * U+009F become U+FFFD; other control characters, save tab and newline, become their pictures
 * (U+2400 and up); the characters that change the direction of what follows become their number,
 * `[U+202E]`, so that nothing is shown in another order than it stands. html_shown() says what
 * that is.
 */
#ifndef HTML_H
#define HTML_H

#include "common/base/buf.h"

/* Markup, and nothing else: a string literal of ours. */
void html_raw(struct ms_buf *out, const char *markup);

/* Between tags. */
void html_text(struct ms_buf *out, struct ms_str text);
void html_text_c(struct ms_buf *out, const char *text); /* NULL: nothing */
/* The first `max_bytes` of it, cut between characters; what is left out is told: "… (12 more
 * bytes)". */
void html_text_at_most(struct ms_buf *out, struct ms_str text, size_t max_bytes);
/* The longest beginning of at most so many bytes that ends between two characters. */
struct ms_str html_beginning(struct ms_str text, size_t max_bytes);

/* Between the double quotes of an attribute. */
void html_attribute(struct ms_buf *out, struct ms_str value);

/* Between the double quotes of an attribute that holds a URL: part of its path, in which slashes
 * stay slashes, or the value of a parameter. All else that is not unreserved is percent-encoded. */
void html_path(struct ms_buf *out, struct ms_str part);
void html_query(struct ms_buf *out, struct ms_str value);

/* A foreign string in a <bdi>, which may be broken behind `/`, `.`, `-`, `_`, `:`, `@`, `,` and
 * `=`; one of at most 20 bytes fits wherever it stands. */
void html_foreign(struct ms_buf *out, struct ms_str text);
/* The same, and monospaced: names of repositories and tags, digests. */
void html_name(struct ms_buf *out, struct ms_str name);
/* The same in which the parts that equal one of the words, letters of ASCII in any case, are
 * marked. */
void html_name_marked(struct ms_buf *out, struct ms_str name, const struct ms_str *words,
                      size_t n_words);

/* `sha256:` is left out, and of the hash 12 digits stay: for links that have the whole. */
enum { HTML_DIGEST_DIGITS = 12 };
void html_digest(struct ms_buf *out, struct ms_str digest);

/* The text as it is shown: see above. For tests, and for whoever must compare. */
void html_shown(struct ms_buf *out, struct ms_str text);

#endif
