/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request for a page to the page: parameters, key, one statement that gives one row, and the
 * view that makes HTML of it. What is the same for every page stands here; a page says with a
 * struct page_kind what is its own.
 */
#ifndef PAGE_H
#define PAGE_H

#include "common/http/router.h"
#include "reader/answer/answer.h"
#include "reader/api/paging.h"
#include "reader/pages/json.h"
#include "reader/pages/view.h"

enum {
    PAGE_ROWS = 50,        /* of a list on a page */
    PAGE_NEAREST_MAX = 10, /* names like one that is not there */
    PAGE_PARAMS_MAX = 32,  /* of a statement */
    PAGE_NAME_MAX = 256,   /* a path's captures: a repository's name, a tag or digest */
    PAGE_QUERY_MAX = 4096, /* the query of a URL, canonical */
    PAGE_ARENA_MAX = 64 * 1024 * 1024,
    PAGE_TEXTS_MAX = 64 * 1024 * 1024
};

struct page;

/* What a page is; static. */
struct page_kind {
    const struct query_param *table; /* all QUERY_PLAIN, with "cursor" if it has a list */
    size_t n_table;
    const struct paging_sort *sorts; /* NULL: there is no list on it */
    size_t n_sorts;
    const enum ms_read_query *statements; /* of each of the sorts; one when there are none */
    bool shows_counts;
    /* Writes the whole page; may set page->status. Everything lies in the page's arenas. */
    void (*build)(struct ms_buf *out, struct page *page);
};

/* A page while it is built. */
struct page {
    struct view_frame frame;
    struct ms_arena *arena;
    struct ms_arena *texts;  /* foreign ones: what does not fit is absent, and leaves arena alone */
    struct ms_str name;      /* the path's first capture; empty: it has none */
    struct ms_str reference; /* the second */
    struct query query;
    struct paging paging;
    const struct page_kind *kind;
    const struct ms_str *columns; /* the statement's, behind generation, as_of and last_scan */
    size_t n_columns;
    int status;
};

/* A request for a page. Everything lies in the request's arena. */
struct page_ask {
    struct answers *answers;
    struct ms_http_request *request;
    struct ms_arena *arena;
    const struct page_kind *kind;
    struct ms_str name, reference;
    struct query query;
    struct paging paging;
    struct ms_str params[PAGE_PARAMS_MAX];
    size_t n_params;
    bool is_filtered; /* by a pattern, which no index finds */
};

/* False: the request has been answered, with a page that says what is wrong. */
bool page_ask_begin(struct page_ask *out, const struct page_kind *kind,
                    struct ms_http_request *request, const struct ms_route_match *match, void *arg);
/* The value of a parameter; absent: it was not given. */
struct ms_str page_ask_value(const struct page_ask *ask, const char *name);
void page_ask_add(struct page_ask *ask, struct ms_str param);
void page_ask_add_number(struct page_ask *ask, uint64_t number);
/* The parameters of paging.h. */
void page_ask_add_paging(struct page_ask *ask);
/* A LIKE pattern of what holds `*` or `?`, else of whatever has it in it; NULL when absent. */
void page_ask_add_pattern(struct page_ask *ask, struct ms_str value);
/* The patterns of names that are official. False: the request has been answered. */
bool page_ask_add_official(struct page_ask *ask);
/* Answers, now or later. `repository`: the one that the page depends on; absent: on all. */
void page_ask_serve(struct page_ask *ask, struct ms_str repository);

/* Answers with a page about an error. */
void page_fail(struct ms_http_request *request, struct answers *answers, int status,
               struct ms_str detail);
/* 404 for a name that none can have, one of page_ask_begin(). Names are lower case: that is what
 * the page searches for. */
void page_no_such_name(struct ms_http_request *request, struct answers *answers,
                       struct ms_str detail, struct ms_str name);
struct layout_site page_site(const struct env *env);
#define PAGE_CONTENT_TYPE "text/html; charset=utf-8"
/* The headers of every page: the policy, and that a page is what it says it is. */
extern const struct ms_http_header PAGE_HEADERS[];
enum { PAGE_N_HEADERS = 3 };

/* --- while building --- */

struct ms_str page_value(const struct page *page, const char *name);
/* The list of page_rows.sql: sets what is known of it, and gives the raw rows. */
struct page_list {
    struct ms_str rows; /* an array of [number, text, body] */
    int64_t total;      /* -1: not counted */
    bool is_truncated;  /* the total is of what was looked at, which is not all */
    struct view_cursors cursors;
};
struct page_list page_list_read(struct page *page, struct ms_str list);
/* The same of a list with an order and a cursor of its own. */
struct page_list page_list_read_by(struct page *page, struct ms_str list,
                                   const struct paging *paging);
/* Room for the elements of an array, at most `max` of them; *out_n says how many there are. NULL
 * when there are none. */
void *page_array(struct page *page, struct ms_str array, size_t element_bytes, size_t max,
                 size_t *out_n);
/* An array of strings. */
struct view_strings page_strings(struct page *page, struct ms_str array, size_t max);
struct ms_str page_text(struct page *page, struct ms_str object, const char *member);
int64_t page_number(struct ms_str object, const char *member);
/* The body of a row of page_list. */
struct ms_str page_row_body(struct ms_str row);
/* A kind as one of our own words; what is not known is "unreadable". */
const char *page_kind_word(struct ms_str kind);
struct chart_days page_activity(struct page *page, struct ms_str activity);
/* A page for what is not there: `name` was asked for. */
void page_not_found(struct ms_buf *out, struct page *page, const char *detail, struct ms_str body);

#endif
