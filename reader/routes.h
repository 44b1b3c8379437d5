/* SPDX-License-Identifier: Apache-2.0 */
/* The whole URL table of a reader. */
#ifndef ROUTES_H
#define ROUTES_H

#include "common/http/request.h"

/* Labels for metrics, set before the workers are forked. */
void routes_set_metric_labels(void);
/* Has the shape of ms_http_handler; `arg` is the struct answers. */
void routes_handle(struct ms_http_request *request, void *arg);
/* The same of what reader.admin_listen serves: health and metrics. */
void routes_handle_admin(struct ms_http_request *request, void *arg);

#endif
