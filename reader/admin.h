/* SPDX-License-Identifier: Apache-2.0 */
/* Health and metrics of a reader: handlers of routes; `arg` is the struct answers. */
#ifndef ADMIN_H
#define ADMIN_H

#include "common/http/router.h"

struct answers;

void admin_healthz(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
/* 200 when the schema is understood and the database was seen within reader.max_stale; else 503,
 * and the body says why. */
void admin_readyz(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
/* Of all processes together. */
void admin_metrics(struct ms_http_request *request, const struct ms_route_match *match, void *arg);

/* Brings this worker's gauges up to date: every second, and before they are shown. */
void admin_update_gauges(const struct answers *answers);

#endif
