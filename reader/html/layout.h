/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every page has around its content: head, header with search and navigation, breadcrumb,
 * and the footer that says how true the page is.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "reader/html/link.h"

/* The same for all pages of a reader. */
struct layout_site {
    struct ms_str sheet;    /* URL of the style sheet, with its hash */
    struct ms_str script;   /* the same of the script */
    struct ms_str registry; /* host (and port) that images are pulled from; absent: not known */
};

/* How true the page is. */
struct layout_truth {
    struct ms_str as_of;      /* RFC 3339 */
    struct ms_str generation; /* a number */
    struct ms_str last_scan;  /* RFC 3339; absent: there was none */
    uint64_t stale_seconds;   /* 0: not stale */
};

enum layout_place {
    LAYOUT_ELSEWHERE,
    LAYOUT_HOME,
    LAYOUT_REPOSITORIES,
    LAYOUT_STATISTICS,
    LAYOUT_HELP
};

/* A step of the breadcrumb; the last one is the page itself and no link. */
struct layout_crumb {
    struct ms_str text;
    struct link link;
};
enum { LAYOUT_CRUMBS_MAX = 12 };

struct layout {
    const struct layout_site *site;
    struct layout_truth truth;
    struct ms_str title; /* foreign or not; "metastore" is added */
    struct ms_str
        about; /* foreign: what it is about, for search engines; absent: the title says it */
    enum layout_place place;
    struct ms_str q;     /* what the search box holds */
    bool has_own_search; /* the page has a box itself: none in the header */
    bool is_error;       /* not to be indexed; has no canonical address */
    struct link canonical;
    const struct link *prev; /* NULL: none */
    const struct link *next;
    const struct link *json; /* the same by machine; NULL: there is none */
    const struct link *atom;
    struct layout_crumb crumbs[LAYOUT_CRUMBS_MAX];
    size_t n_crumbs;
};

void layout_begin(struct ms_buf *out, const struct layout *layout);
void layout_end(struct ms_buf *out, const struct layout *layout);

/* The notice behind `<main …>`; nothing when it is not stale. */
void layout_write_staleness(struct ms_buf *out, uint64_t stale_seconds);

/* Adds the steps to a repository's name: "Repositories", its namespaces, itself. More steps than
 * there is room for: those in the middle are one, which says so. */
void layout_add_repository(struct layout *layout, struct ms_str name);
void layout_add_crumb(struct layout *layout, struct ms_str text, struct link link);

/* The search form, at most one on a page: the id of its field is q. */
void layout_search_form(struct ms_buf *out, struct ms_str q, const char *class_name);

#endif
