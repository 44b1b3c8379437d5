/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader's statements: one line here, one file sql/queries/read_<name>.sql with its parameters
 * and columns explained at its top. Embedded at build time, prepared on first use.
 *
 * They are written for generic plans: each has one way in, named by the statement, so planning them
 * anew for each set of parameters finds nothing better (sessions force generic plans, without jit).
 */
#ifndef MS_STORE_QUERIES_H
#define MS_STORE_QUERIES_H

#include <stdbool.h>

/*
 * What a statement can cost, from the least to the most. Each class has connections, a queue and a
 * time limit of its own, so that none waits behind one that costs more.
 *
 *   lookup   one thing by its name: some rows of an index, whatever the registry holds. The index
 *            of repositories is one up to a number of tags; above, it is asked as a list
 *   list     a page of what is in an order that an index has, or all that belongs to one thing by
 *            its name: a registry may hold much of it (a repository with 50,000 tags)
 *   words    what words find by their indexes, which ends at a number of candidates: docker search,
 *            suggestions
 *   search   what has to be looked for otherwise; the index by a label, an annotation or a tag
 *   index    all of the index, without a filter
 *   walk     everything: dumps, and the index by what no index finds
 *
 * Only lookups are pipelined deeply: what a list costs, a millisecond or a second, is known only
 * afterwards, so behind one no more than one other is sent. What costs more is exclusive on its
 * connection.
 */
enum ms_read_class {
    MS_CLASS_LOOKUP,
    MS_CLASS_LIST,
    MS_CLASS_WORDS,
    MS_CLASS_SEARCH,
    MS_CLASS_INDEX,
    MS_CLASS_WALK,
    MS_CLASS_COUNT
};
/* The values of the metrics' label, in the order of the enum. */
extern const char *const QUERIES_CLASS_NAMES[MS_CLASS_COUNT];

/* X(name, file, class): MS_READ_<NAME> is the enum, read_<file>.sql the file, "<file>" the metric's
 * label, MS_CLASS_<CLASS> what it can cost. */
#define MS_READ_QUERIES(X)                                                                         \
    X(INDEX_REPOSITORY, index_repository, LOOKUP)                                                  \
    X(INDEX_REPOSITORY_LARGE, index_repository_large, LIST)                                        \
    X(INDEX_LABEL, index_label, SEARCH)                                                            \
    X(INDEX_LABEL_KEY, index_label_key, SEARCH)                                                    \
    X(INDEX_ANNOTATION, index_annotation, SEARCH)                                                  \
    X(INDEX_ANNOTATION_KEY, index_annotation_key, SEARCH)                                          \
    X(INDEX_TAG, index_tag, SEARCH)                                                                \
    X(INDEX_WHOLE, index_whole, INDEX)                                                             \
    X(INDEX_ALL, index_all, WALK)                                                                  \
    X(INDEX_ICON, index_icon, LOOKUP)                                                              \
    X(FLATPAK_REF, flatpak_ref, LOOKUP)                                                            \
    X(SEARCH, search, WORDS)                                                                       \
    X(SEARCH_POPULAR, search_popular, LIST)                                                        \
    X(CATALOG, catalog, LIST)                                                                      \
    X(TAGS_LIST, tags_list, LIST)                                                                  \
    X(REFERRERS, referrers, LIST)                                                                  \
    X(REPOSITORIES_BY_NAME, repositories_by_name, LIST)                                            \
    X(REPOSITORIES_BY_PULLS, repositories_by_pulls, LIST)                                          \
    X(REPOSITORIES_BY_SIZE, repositories_by_size, LIST)                                            \
    X(REPOSITORIES_BY_TAGS, repositories_by_tags, LIST)                                            \
    X(REPOSITORIES_BY_UPDATED, repositories_by_updated, LIST)                                      \
    X(REPOSITORY, repository, LOOKUP)                                                              \
    X(TAGS_BY_NAME, tags_by_name, LIST)                                                            \
    X(TAGS_BY_PULLS, tags_by_pulls, LIST)                                                          \
    X(TAGS_BY_SIZE, tags_by_size, LIST)                                                            \
    X(TAGS_BY_VERSION, tags_by_version, LIST)                                                      \
    X(TAGS_BY_UPDATED, tags_by_updated, LIST)                                                      \
    X(TAG, tag, LOOKUP)                                                                            \
    X(TAG_HISTORY, tag_history, LIST)                                                              \
    X(MANIFEST, manifest, LOOKUP)                                                                  \
    X(MANIFEST_RAW, manifest_raw, LOOKUP)                                                          \
    X(DERIVED, derived, LIST)                                                                      \
    X(PACKAGES, packages, SEARCH)                                                                  \
    X(PACKAGE_IMAGES, package_images, SEARCH)                                                      \
    X(MANIFEST_PACKAGES, manifest_packages, LIST)                                                  \
    X(ADVICE, advice, WALK)                                                                        \
    X(STATS, stats, LIST)                                                                          \
    X(STATUS, status, LOOKUP)                                                                      \
    X(CHANGES, changes, LIST)                                                                      \
    X(DUMP, dump, WALK)                                                                            \
    X(FIND, find, SEARCH)                                                                          \
    X(FIND_BY_NAME, find_by_name, SEARCH)                                                          \
    X(FIND_BY_PULLS, find_by_pulls, SEARCH)                                                        \
    X(FIND_BY_SIZE, find_by_size, SEARCH)                                                          \
    X(FIND_BY_UPDATED, find_by_updated, SEARCH)                                                    \
    X(FIND_PACKAGE, find_package, SEARCH)                                                          \
    X(FACETS, facets, SEARCH)                                                                      \
    X(SUGGEST, suggest, WORDS)                                                                     \
    X(ACTIVITY, activity, LIST)                                                                    \
    X(NAMESPACES_BY_NAME, namespaces_by_name, LIST)                                                \
    X(NAMESPACES_BY_REPOSITORIES, namespaces_by_repositories, LIST)                                \
    X(NAMESPACES_BY_SIZE, namespaces_by_size, LIST)                                                \
    X(NAMESPACES_BY_UPDATED, namespaces_by_updated, LIST)                                          \
    X(PAGE_HOME, page_home, LIST)                                                                  \
    X(PAGE_REPOSITORIES_BY_NAME, page_repositories_by_name, LIST)                                  \
    X(PAGE_REPOSITORIES_BY_PULLS, page_repositories_by_pulls, LIST)                                \
    X(PAGE_REPOSITORIES_BY_SIZE, page_repositories_by_size, LIST)                                  \
    X(PAGE_REPOSITORIES_BY_TAGS, page_repositories_by_tags, LIST)                                  \
    X(PAGE_REPOSITORIES_BY_UPDATED, page_repositories_by_updated, LIST)                            \
    X(PAGE_SEARCH, page_search, SEARCH)                                                            \
    X(PAGE_SEARCH_BY_NAME, page_search_by_name, SEARCH)                                            \
    X(PAGE_SEARCH_BY_PULLS, page_search_by_pulls, SEARCH)                                          \
    X(PAGE_SEARCH_BY_SIZE, page_search_by_size, SEARCH)                                            \
    X(PAGE_SEARCH_BY_UPDATED, page_search_by_updated, SEARCH)                                      \
    X(PAGE_REPOSITORY_BY_NAME, page_repository_by_name, LIST)                                      \
    X(PAGE_REPOSITORY_BY_PULLS, page_repository_by_pulls, LIST)                                    \
    X(PAGE_REPOSITORY_BY_SIZE, page_repository_by_size, LIST)                                      \
    X(PAGE_REPOSITORY_BY_UPDATED, page_repository_by_updated, LIST)                                \
    X(PAGE_REPOSITORY_BY_VERSION, page_repository_by_version, LIST)                                \
    X(PAGE_PACKAGES, page_packages, SEARCH)                                                        \
    X(PAGE_IMAGE, page_image, LIST)                                                                \
    X(PAGE_COMPARE, page_compare, LIST)                                                            \
    X(PAGE_STATS, page_stats, LIST)                                                                \
    X(FEED, feed, LIST)                                                                            \
    X(ASSERT_REQUEST, assert_request, LOOKUP)                                                      \
    X(ASSERT, assert, LOOKUP)

enum ms_read_query {
#define MS_READ_ENUM(upper, lower, class) MS_READ_##upper,
    MS_READ_QUERIES(MS_READ_ENUM)
#undef MS_READ_ENUM
        MS_READ_QUERY_COUNT
};

/* The statement that is asked instead when this one gave no row at all, because there is more to
 * tell than its class may; the same statement: there is none. */
enum ms_read_query queries_unbounded(enum ms_read_query query);

/* `is_filtered`: by what no index finds; a list is a search then. */
enum ms_read_class queries_class_of(enum ms_read_query query, bool is_filtered);

#endif
