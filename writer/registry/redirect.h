/* SPDX-License-Identifier: Apache-2.0 */
/* Which redirects are followed. Pure; URLs are read by curl's own parser, so that what is judged is
 * what is asked. */
#ifndef REGISTRY_REDIRECT_H
#define REGISTRY_REDIRECT_H

#include "common/base/status.h"

#include <stdbool.h>

enum registry_redirects {
    REGISTRY_REDIRECTS_NONE,       /* the redirect is the answer */
    REGISTRY_REDIRECTS_OWN_ORIGIN, /* to the registry's own scheme, host and port */
    REGISTRY_REDIRECTS_ANYWHERE    /* http and https, never from https to http */
};

/* True when both are URLs of the same scheme, host and port. */
bool registry_redirect_is_same_origin(const char *a, const char *b);

/* May the redirect of an answer from the URL `from` to `location`, absolute or relative, be
 * followed? MS_OK: *out is the URL to ask, which the caller frees; MS_PROTOCOL: no, `err` names
 * where it leads, without the query, which may be a secret. `own` is the registry's URL. */
enum ms_status registry_redirect_judge(char **out, enum registry_redirects allowed,
                                       const char *from, const char *location, const char *own,
                                       struct ms_error *err) MS_CHECKED;

#endif
