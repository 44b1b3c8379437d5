/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask the writer for something, and when it can do it. */
#ifndef ACCESS_H
#define ACCESS_H

#include "common/http/router.h"

struct writer;

/* True when the request carries `token`, or none is asked for (NULL, empty); else it was answered
 * 401. */
bool access_authorize(struct ms_http_request *request, const char *token);
/* True while this writer leads and has a database; else the request was answered 503. */
bool access_require_leader(struct ms_http_request *request, const struct writer *writer);

#endif
