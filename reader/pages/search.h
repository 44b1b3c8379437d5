/* SPDX-License-Identifier: Apache-2.0 */
/* What the page of a search shows. */
#ifndef SEARCH_PAGE_H
#define SEARCH_PAGE_H

#include "reader/pages/view.h"

struct search_result {
    const char *type;     /* ours: "repository", "image", "index", "artifact" */
    struct ms_str name;   /* of the repository */
    struct ms_str digest; /* of a manifest; absent for repositories */
    struct ms_str title;
    struct ms_str description;
    struct view_strings tags;
    struct view_strings platforms;
    bool is_official;
    bool is_signed, has_sbom, has_provenance;
    int64_t bytes, pulls, n_tags;
    struct ms_str updated;
    struct ms_str match; /* why it is a result, when not by its name: "label vendor = acme" */
};

/* A filter of the query, and the query without it. */
struct search_filter {
    struct ms_str text;
    struct ms_str without;
};

/* A value to filter by, and the query with it. */
struct search_value {
    struct ms_str value;
    struct ms_str with;
    int64_t images; /* how many have it; below 0: not counted */
    bool is_chosen; /* the query filters by it already */
};

struct search_facet {
    const char *title; /* ours */
    const struct search_value *values;
    size_t n;
};

/* The types of results that can be chosen, one at a time: all, "repository", "image", "index",
 * "artifact", in this order. */
enum { SEARCH_CHOICES = 5 };

/* A type of results, and the query and kind that ask for it and for no other type. */
struct search_choice {
    const char *text; /* ours */
    struct ms_str q;  /* absent: too long to be asked */
    struct ms_str kind;
};

struct search {
    struct ms_str q;
    struct ms_str kind; /* "" or one of the types */
    struct ms_str sort; /* "" is by relevance */
    int64_t total;
    bool is_truncated; /* the search stopped before it had seen everything */
    bool counts_some;  /* the facets count not all images that are found */
    const struct search_filter *filters;
    size_t n_filters;
    const struct search_facet *facets;
    size_t n_facets;
    struct search_choice choices[SEARCH_CHOICES];
    size_t chosen; /* which of them; 0: all */
    const struct search_result *results;
    size_t n_results;
    struct view_strings words;   /* of the query, to be marked in names */
    struct view_strings nearest; /* names like the query, when nothing was found */
    struct view_cursors cursors;
    const char *fault;      /* ours: what is wrong with the query; NULL: nothing */
    size_t fault_character; /* which one, from 1 */
};

#endif
