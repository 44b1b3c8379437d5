/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the lists of /api/v1: what `n`, `cursor`, `sort` and `total` ask for, and the links
 * to the pages beside one. Pure; read after query_parse().
 *
 * A list's rows are ordered by a number and then by a text, e.g. by pulls and name; both together
 * name a row, and the first and the last row shown name the pages beside it. So a page is found by
 * an index however far behind it is, and rows that come and go shift nothing. A cursor is
 * `next.<sort>.<number>.<text>`, or `prev.…` for the page before; clients take it as it is. What
 * does not read exactly like that, or was made for another sort, is refused.
 *
 * Every order has a statement of its own, which walks forwards or backwards; all begin with the
 * same parameters (paging_params): see read_repositories_by_name.sql.
 */
#ifndef PAGING_H
#define PAGING_H

#include "reader/query/query.h"

enum {
    PAGING_N_DEFAULT = 100,
    PAGING_N_MAX = 1000,
    PAGING_TEXT_MAX = 255,  /* bytes of a row's text */
    PAGING_BASE_MAX = 4096, /* bytes of a page's URL without its cursor */
    PAGING_PARAMS = 6
};

/* A value of `sort`, also with `-` in front for the reverse. The first one of a table is the
 * default, in the statement's own order. */
struct paging_sort {
    const char *name;
    bool is_descending; /* the statement's own order is the one with `-` */
};

/* What a client asked for. Views into the query. */
struct paging {
    uint64_t n;
    bool wants_total;
    const struct paging_sort *sort;
    bool is_reversed;     /* against the statement's own order */
    bool is_back;         /* the page before the cursor, not the one behind it */
    struct ms_str number; /* of the cursor: decimal, 64 bits; absent: from the end of the list */
    struct ms_str text;
};

/* Reads the parameters "cursor", "n", "sort" and "total", each if the table has it, all of them
 * QUERY_PLAIN. MS_INVALID: `fault` names the parameter that is wrong. */
enum ms_status paging_read(struct paging *out, const struct query *query,
                           const struct query_param *table, const struct paging_sort *sorts,
                           size_t n_sorts, struct ms_arena *arena,
                           struct query_fault *fault) MS_CHECKED;
/* Reads the cursor of a list whose order is set in `paging` already, from the parameter `name`: for
 * a page with two lists. Absent: from the end of the list. MS_INVALID as above. */
enum ms_status paging_read_cursor(struct paging *paging, const char *name, struct ms_str cursor,
                                  struct ms_arena *arena, struct query_fault *fault) MS_CHECKED;

/* $1 number of the cursor: bigint, NULL: no cursor
 * $2 its text: text, NULL: no cursor         $3 rows on a page: bigint (ask for one more)
 * $4 walk against the statement's own order: boolean
 * $5 the rows walked are to be shown in reverse: boolean
 * $6 count all rows: boolean */
void paging_params(struct ms_str out[static PAGING_PARAMS], const struct paging *paging,
                   struct ms_arena *arena);

/* --- the page shown: part of a builder's state, plain data --- */

enum { PAGING_PLACE_MAX = 20 + 1 + PAGING_TEXT_MAX };
struct paging_place {
    char text[PAGING_PLACE_MAX]; /* `<number>.<text>` */
    size_t len;                  /* 0: none */
};

struct paging_page {
    char base[PAGING_BASE_MAX]; /* path, and the parameters without the cursor */
    size_t base_len;
    char sort[32]; /* as cursors name it, with its `-` */
    bool has_query;
    bool has_cursor;
    bool is_back;
    bool has_more; /* set by the caller: the statement found more rows than it shows */
    struct paging_place first;
    struct paging_place last;
};

/* `path` percent-encoded. MS_TOO_LARGE: longer than PAGING_BASE_MAX. */
enum ms_status paging_page_init(struct paging_page *out, struct ms_str path,
                                const struct query *query, const struct query_param *table,
                                const struct paging *paging) MS_CHECKED;
/* Once for each row, in the order shown. */
void paging_page_note(struct paging_page *page, struct ms_str number, struct ms_str text);
/* The cursor of the page behind this one, or before it; nothing: there is no such page. */
void paging_page_append_cursor(struct ms_buf *out, const struct paging_page *page, bool is_next);
/* The value of the Link header: rel="next", rel="prev", as far as there are such pages. */
void paging_page_append_links(struct ms_buf *out, const struct paging_page *page);

#endif
