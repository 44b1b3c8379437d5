/* SPDX-License-Identifier: Apache-2.0 */
/* POST /events: token, size, envelope, inbox, 202. */
#ifndef WEBHOOK_H
#define WEBHOOK_H

#include "common/http/router.h"

struct writer;

/* `arg` is the struct writer. */
void webhook_handle(struct ms_http_request *request, const struct ms_route_match *match, void *arg);
/* True when the request carries `token`, or none is asked for (NULL, empty); else it was answered
 * 401. */
bool webhook_authorize(struct ms_http_request *request, const char *token);
/* True while this writer leads and has a database; else the request was answered 503. */
bool webhook_require_leader(struct ms_http_request *request, const struct writer *writer);

#endif
