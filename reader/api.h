/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers of the URL table (routes.c), a resource a file. All have the shape of a route's
 * handler; `arg` is the struct reader. Each answers its request exactly once, now or later.
 */
#ifndef API_H
#define API_H

#include "common/http_router.h"

/* api_index.c */
void api_index_static(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg);
void api_index_dynamic(struct ms_http_request *request, const struct ms_route_match *match,
                       void *arg);

/* api_search.c */
void api_search_ping(struct ms_http_request *request, const struct ms_route_match *match,
                     void *arg);
void api_search(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* api_distribution.c; of tags_list the first capture is the repository's name, possible or not. */
void api_distribution_base(struct ms_http_request *request, const struct ms_route_match *match,
                           void *arg);
void api_distribution_catalog(struct ms_http_request *request, const struct ms_route_match *match,
                              void *arg);
void api_distribution_tags_list(struct ms_http_request *request, const struct ms_route_match *match,
                                void *arg);

#endif
