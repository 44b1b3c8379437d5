/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables: a caption, heads with a scope, numbers to the right, and heads that sort by being links.
 *
 *     table_begin(out, &table);
 *     for each row:
 *         table_row(out);
 *         for each column: table_cell(out, &table, i); … table_cell_end(out, &table, i);
 *         table_row_end(out);
 *     table_end(out);
 */
#ifndef TABLE_H
#define TABLE_H

#include "reader/html/link.h"

struct table_column {
    const char *title;  /* "" for a column of marks: then `label` */
    const char *sort;   /* value of `sort` for its natural order, e.g. "-updated"; NULL: none */
    bool is_number;     /* to the right */
    bool is_row_header; /* names the row */
    bool is_wide;       /* takes the room that is left */
    bool is_widest;     /* takes most of the width */
};

struct table {
    const char *id; /* of the caption, the only one on the page */
    const char *caption;
    bool is_caption_hidden; /* a heading says the same */
    const struct table_column *columns;
    size_t n_columns;
    const struct link *link; /* of the page, for heads that sort; its cursor is left out */
    struct ms_str sort;      /* the present order, as in the URL */
};

void table_begin(struct ms_buf *out, const struct table *table);
void table_row(struct ms_buf *out);
void table_cell(struct ms_buf *out, const struct table *table, size_t column);
void table_cell_end(struct ms_buf *out, const struct table *table, size_t column);
/* A whole cell, as format.h writes them; unknown is said. */
void table_number(struct ms_buf *out, const struct table *table, size_t column, int64_t number);
void table_size(struct ms_buf *out, const struct table *table, size_t column, int64_t bytes);
void table_time(struct ms_buf *out, const struct table *table, size_t column, struct ms_str time);
void table_row_end(struct ms_buf *out);
void table_end(struct ms_buf *out);

/* "Newer · older" below a list that goes on; NULL: no such page. */
void table_pages(struct ms_buf *out, const struct link *prev, const struct link *next);

#endif
