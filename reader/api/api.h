/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers of the URL table (routes.c), a resource a file. All have the shape of a route's
 * handler; `arg` is the struct answers. Each answers its request exactly once, now or later.
 */
#ifndef API_H
#define API_H

#include "common/http/router.h"

/* api/index.c; of those below a prefix the first capture is that, possible or not */
void api_index_static(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg);
void api_index_dynamic(struct ms_http_request *request, const struct ms_route_match *match,
                       void *arg);

/* api/icons.c; the capture is the hash, possible or not */
void api_index_icon(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* api/flatpak.c; the capture is a prefix, or the repository's name */
void api_flatpak_repo(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg);
void api_flatpak_ref(struct ms_http_request *request, const struct ms_route_match *match,
                     void *arg);

/* api/search.c */
void api_search_ping(struct ms_http_request *request, const struct ms_route_match *match,
                     void *arg);
void api_search(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* api/distribution.c; of tags_list the first capture is the repository's name, possible or not. */
void api_distribution_base(struct ms_http_request *request, const struct ms_route_match *match,
                           void *arg);
void api_distribution_catalog(struct ms_http_request *request, const struct ms_route_match *match,
                              void *arg);
void api_distribution_tags_list(struct ms_http_request *request, const struct ms_route_match *match,
                                void *arg);

/* api/referrers.c; the captures are the repository's name and the digest, possible or not. */
void api_referrers(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void api_referrers_discover(struct ms_http_request *request, const struct ms_route_match *match,
                            void *arg);

/* api/repositories.c; the first capture of one is its name, possible or not. */
void api_repositories(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg);
void api_repository(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* api/tags.c; the captures are the repository's name and the tag, possible or not. */
void api_tags(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void api_tag_history(struct ms_http_request *request, const struct ms_route_match *match,
                     void *arg);

/* api/tag.c; the captures as of the tags and the history */
void api_tag(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* api/manifests.c; the captures are the repository's name and a tag or digest, possible or not. */
void api_manifests(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* api/derived.c; the captures as of a manifest */
void api_derived(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
/* api/packages.c; the captures of the last are the repository's name and a tag or digest, possible
 * or not. */
void api_packages(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void api_package_images(struct ms_http_request *request, const struct ms_route_match *match,
                        void *arg);
void api_manifest_packages(struct ms_http_request *request, const struct ms_route_match *match,
                           void *arg);

/* api/advice.c */
void api_advice(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* api/find.c: /api/v1/search and /api/v1/facets */
void api_find(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void api_facets(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* api/suggest.c */
void api_suggest(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void api_activity(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void api_namespaces(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* api/assert.c; a table without it is one where it is off */
void api_assert(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* api/stats.c, api/changes.c, api/dump.c, api/openapi.c */
void api_openapi(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void api_dump(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void api_stats(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void api_status(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void api_changes(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

#endif
