/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of /api/v1, from the URL to the body: what all of them have in common.
 *
 * The statement's parameters begin with those of paging.h; its columns are
 *     generation, place, found, has_more, number, text, body
 * First comes one row without a place: found is false when what the path names is not known,
 * has_more true when there are rows behind those shown, body the members behind the array: "total"
 * if it is wanted, and then REST_LIST_TRUNCATED if not all there is was looked at. Then come the
 * rows in the order shown: number and text make cursors, body is JSON.
 */
#ifndef REST_LIST_H
#define REST_LIST_H

#include "reader/api/paging.h"
#include "reader/store/queries.h"

struct ms_http_request;
struct answers;

#define REST_LIST_TRUNCATED ",\"truncated\":true"
enum { REST_LIST_PARAMS_MAX = PAGING_PARAMS + 9, REST_LIST_HEAD_MAX = 1024 };

/* What a list is; static. */
struct rest_list_kind {
    const struct query_param
        *table; /* with "cursor", "n", "total", and "sort" if there is a choice */
    size_t n_table;
    const struct paging_sort *sorts;
    size_t n_sorts;
    const enum ms_read_query *statements; /* of each of the sorts */
    bool shows_counts;
    const char *member;  /* the array's name */
    const char *unknown; /* what a 404 says; NULL: there is none */
    int unknown_status;  /* instead of 404; 0: that */
};

/* What was asked for. Everything lies in the request's arena. */
struct rest_list {
    const struct rest_list_kind *kind;
    struct ms_http_request *request;
    struct ms_arena *arena;
    struct query query;
    struct paging paging;
    struct query_fault fault;
    struct ms_str params[REST_LIST_PARAMS_MAX];
    size_t n_params;
    enum ms_read_query statement; /* that of the sort, if nothing puts another in its place */
    struct ms_str repository;     /* the one that it depends on; absent: all of them */
    bool is_filtered;             /* by a pattern, which no index finds */
    struct ms_buf head;           /* members before the array, each with a comma behind it */
};

/* Reads the query. False: the request has been answered with an error. */
bool rest_list_begin(struct rest_list *out, const struct rest_list_kind *kind,
                     struct ms_http_request *request);
/* The value of a parameter that may be given once only; absent when it is not there. */
enum ms_status rest_list_value(struct ms_str *out, struct rest_list *list,
                               const char *name) MS_CHECKED;
/* Adds the next parameter of the statement. */
void rest_list_add(struct rest_list *list, struct ms_str param);
/* The same for the value of a parameter: a LIKE pattern of what holds `*` or `?`, else of whatever
 * has it in it; NULL when it is not given. */
enum ms_status rest_list_add_pattern(struct rest_list *list, const char *name) MS_CHECKED;
/* Answers, now or later, and ends the list. `status` other than MS_OK: with list->fault, or, when
 * that says nothing, as too long a query. */
void rest_list_end(struct rest_list *list, enum ms_status status, struct answers *answers);

/* The same with a 404, for a name that nothing can have. */
void rest_list_not_found(struct rest_list *list);

#endif
