/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a plain search (`docker search`) and how the database is asked for them. Pure.
 */
#ifndef SEARCH_WORDS_H
#define SEARCH_WORDS_H

#include "common/base/arena.h"
#include "common/base/buf.h"

/* More words, and more bytes of a word, are ignored: this is no language, and each word is looked
 * for in every candidate. Words with misspellings have SEARCH_NEAR_MIN letters and digits and at
 * most SEARCH_NEAR_MAX characters. */
enum {
    SEARCH_WORDS_MAX = 8,
    SEARCH_WORDS_BYTES_MAX = 512,
    SEARCH_NEAR_MIN = 5,
    SEARCH_NEAR_MAX = 64
};

struct search_words {
    size_t n_words;     /* 0: nothing to search for */
    struct ms_str json; /* $2 of read_search.sql */
};

/* Takes valid UTF-8 for words as people type them: what can stand in no reference to an image
 * separates them, a host in front of a name is dropped, and what follows a colon must be a tag of
 * the repository. MS_TOO_LARGE: the arena is full. */
enum ms_status search_words_read(struct search_words *out, struct ms_str text,
                                 struct ms_arena *arena) MS_CHECKED;

/* Whether an index of the database finds texts that have `word` in them: three letters or digits
 * must follow each other. */
bool search_words_is_indexed(struct ms_str word);

/* Appends a regular expression of `word` standing by itself. */
void search_words_append_whole(struct ms_buf *out, struct ms_str word);
/* Appends a regular expression of the words that are one edit away: a character more, less,
 * another, or two swapped. False, and nothing appended: too short (in letters and digits), too
 * long, or a mere number, where a misspelling would be another word. */
bool search_words_append_near(struct ms_buf *out, struct ms_str word);
/* The same of a name, or of its last component, that is one edit away as a whole. */
bool search_words_append_near_last(struct ms_buf *out, struct ms_str word);

#endif
