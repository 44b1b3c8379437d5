/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers of the pages in the URL table (routes.c). All have the shape of a route's handler;
 * `arg` is the struct answers. Each answers its request exactly once, now or later.
 */
#ifndef PAGES_H
#define PAGES_H

#include "common/http/router.h"

void pages_home(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
/* The capture, if there is one, is a prefix without its slash. */
void pages_repositories(struct ms_http_request *request, const struct ms_route_match *match,
                        void *arg);
void pages_repository(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg);
/* The captures are the repository's name and a tag or digest. */
void pages_image(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void pages_search(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void pages_packages(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void pages_compare(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void pages_stats(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
/* The capture, if there is one, is a repository's name. */
void pages_feed(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* What is the same for ever: pages/fixed.c */
void pages_help(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void pages_asset(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
void pages_opensearch(struct ms_http_request *request, const struct ms_route_match *match,
                      void *arg);

/* A path that there is not: a page for who reads pages. False: for who does not, and nothing was
 * answered. */
bool pages_not_found(struct ms_http_request *request, void *arg);

#endif
