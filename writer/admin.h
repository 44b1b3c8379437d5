/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's URL table: /events, /scan, /status, /healthz, /readyz, /metrics.
 */
#ifndef ADMIN_H
#define ADMIN_H

#include "common/config/config.h"
#include "common/http/server.h"

/* The route label's values; before anything is counted. */
void admin_set_metric_labels(void);

/* What a request to the writer may cost. */
void admin_fill_limits(struct ms_http_limits *out, const struct ms_config *config);
/* Has the shape of ms_http_handler; `arg` is the struct writer. */
void admin_handle(struct ms_http_request *request, void *arg);

#endif
