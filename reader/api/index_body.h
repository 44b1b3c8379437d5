/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of an /index answer, made of the rows of read_index_*.sql: ready pieces of JSON, one an
 * image or list, in the order of the answer; here they get their frame, so that a body of any size
 * needs the memory of one row. Pure.
 */
#ifndef INDEX_BODY_H
#define INDEX_BODY_H

#include "common/base/refname.h"
#include "common/config/config.h"

enum { INDEX_COLUMN_REPOSITORY, INDEX_COLUMN_IS_LIST, INDEX_COLUMN_ENTRY, INDEX_COLUMN_COUNT };

/* Where in the body we are. */
enum index_place { INDEX_AT_START, INDEX_BETWEEN, INDEX_IN_IMAGES, INDEX_IN_LISTS };

/* Plain data; begins zeroed but for the first member. */
struct index_body {
    const struct ms_config *config; /* says what "Registry" is, and `index.icons` */
    enum index_place place;
    size_t n_repositories;
    size_t n_entries;                  /* in the open array */
    char name[MS_REPOSITORY_NAME_MAX]; /* of the open repository, cut */
    size_t name_len;
};

/* Appends what a row adds. `columns`: INDEX_COLUMN_COUNT, without the generation. */
void index_body_add(struct ms_buf *out, struct index_body *body, const struct ms_str *columns);
void index_body_finish(struct ms_buf *out, struct index_body *body);

#endif
