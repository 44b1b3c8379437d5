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

/* X(name): MS_READ_<NAME> is the enum, read_<name>.sql the file, "<name>" the metric's label. */
#define MS_READ_QUERIES(X)                                                                         \
    X(INDEX_REPOSITORY, index_repository)                                                          \
    X(INDEX_LABEL, index_label)                                                                    \
    X(INDEX_LABEL_KEY, index_label_key)                                                            \
    X(INDEX_ANNOTATION, index_annotation)                                                          \
    X(INDEX_ANNOTATION_KEY, index_annotation_key)                                                  \
    X(INDEX_TAG, index_tag)                                                                        \
    X(INDEX_ALL, index_all)                                                                        \
    X(SEARCH, search)                                                                              \
    X(SEARCH_POPULAR, search_popular)                                                              \
    X(CATALOG, catalog)                                                                            \
    X(TAGS_LIST, tags_list)                                                                        \
    X(REFERRERS, referrers)                                                                        \
    X(REPOSITORIES_BY_NAME, repositories_by_name)                                                  \
    X(REPOSITORIES_BY_PULLS, repositories_by_pulls)                                                \
    X(REPOSITORIES_BY_SIZE, repositories_by_size)                                                  \
    X(REPOSITORIES_BY_TAGS, repositories_by_tags)                                                  \
    X(REPOSITORIES_BY_UPDATED, repositories_by_updated)                                            \
    X(REPOSITORY, repository)                                                                      \
    X(TAGS_BY_NAME, tags_by_name)                                                                  \
    X(TAGS_BY_PULLS, tags_by_pulls)                                                                \
    X(TAGS_BY_SIZE, tags_by_size)                                                                  \
    X(TAGS_BY_VERSION, tags_by_version)                                                            \
    X(TAGS_BY_UPDATED, tags_by_updated)                                                            \
    X(TAG_HISTORY, tag_history)                                                                    \
    X(MANIFEST, manifest)                                                                          \
    X(MANIFEST_RAW, manifest_raw)                                                                  \
    X(STATS, stats)                                                                                \
    X(STATUS, status)                                                                              \
    X(CHANGES, changes)                                                                            \
    X(DUMP, dump)                                                                                  \
    X(FIND, find)                                                                                  \
    X(FIND_BY_NAME, find_by_name)                                                                  \
    X(FIND_BY_PULLS, find_by_pulls)                                                                \
    X(FIND_BY_SIZE, find_by_size)                                                                  \
    X(FIND_BY_UPDATED, find_by_updated)                                                            \
    X(FACETS, facets)                                                                              \
    X(SUGGEST, suggest)                                                                            \
    X(ACTIVITY, activity)                                                                          \
    X(NAMESPACES_BY_NAME, namespaces_by_name)                                                      \
    X(NAMESPACES_BY_REPOSITORIES, namespaces_by_repositories)                                      \
    X(NAMESPACES_BY_SIZE, namespaces_by_size)                                                      \
    X(NAMESPACES_BY_UPDATED, namespaces_by_updated)                                                \
    X(PAGE_HOME, page_home)                                                                        \
    X(PAGE_REPOSITORIES_BY_NAME, page_repositories_by_name)                                        \
    X(PAGE_REPOSITORIES_BY_PULLS, page_repositories_by_pulls)                                      \
    X(PAGE_REPOSITORIES_BY_SIZE, page_repositories_by_size)                                        \
    X(PAGE_REPOSITORIES_BY_TAGS, page_repositories_by_tags)                                        \
    X(PAGE_REPOSITORIES_BY_UPDATED, page_repositories_by_updated)                                  \
    X(PAGE_SEARCH, page_search)                                                                    \
    X(PAGE_SEARCH_BY_NAME, page_search_by_name)                                                    \
    X(PAGE_SEARCH_BY_PULLS, page_search_by_pulls)                                                  \
    X(PAGE_SEARCH_BY_SIZE, page_search_by_size)                                                    \
    X(PAGE_SEARCH_BY_UPDATED, page_search_by_updated)                                              \
    X(PAGE_REPOSITORY_BY_NAME, page_repository_by_name)                                            \
    X(PAGE_REPOSITORY_BY_PULLS, page_repository_by_pulls)                                          \
    X(PAGE_REPOSITORY_BY_SIZE, page_repository_by_size)                                            \
    X(PAGE_REPOSITORY_BY_UPDATED, page_repository_by_updated)                                      \
    X(PAGE_REPOSITORY_BY_VERSION, page_repository_by_version)                                      \
    X(PAGE_IMAGE, page_image)                                                                      \
    X(PAGE_COMPARE, page_compare)                                                                  \
    X(PAGE_STATS, page_stats)                                                                      \
    X(FEED, feed)                                                                                  \
    X(ASSERT_REQUEST, assert_request)                                                              \
    X(ASSERT, assert)

enum ms_read_query {
#define MS_READ_ENUM(upper, lower) MS_READ_##upper,
    MS_READ_QUERIES(MS_READ_ENUM)
#undef MS_READ_ENUM
        MS_READ_QUERY_COUNT
};

#endif
