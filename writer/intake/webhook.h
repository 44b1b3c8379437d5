/* SPDX-License-Identifier: Apache-2.0 */
/* POST /events: size, envelope, inbox, 202. */
#ifndef WEBHOOK_H
#define WEBHOOK_H

#include "common/http/router.h"
#include "writer/intake/inbox.h"

struct webhook;

/* So many notifications of our own requests to the registry were in an envelope. */
typedef void webhook_own_notifications(size_t n, void *arg);

struct webhook *webhook_new(const struct env *env, struct inbox *inbox,
                            webhook_own_notifications *on_own_notifications, void *arg);
void webhook_free(struct webhook *webhook); /* after the server; NULL is fine */
/* Answers a request of somebody who may send events, while this process leads. */
void webhook_handle(struct webhook *webhook, struct ms_http_request *request);

#endif
