/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate (RFC 9110 11.6.1; distribution's token specification): pure. */
#ifndef REGISTRY_CHALLENGE_H
#define REGISTRY_CHALLENGE_H

#include "common/base/str.h"

enum registry_scheme { REGISTRY_SCHEME_NONE, REGISTRY_BASIC, REGISTRY_BEARER };

enum {
    REGISTRY_REALM_MAX = 1024,
    REGISTRY_SERVICE_MAX = 256,
    REGISTRY_SCOPE_MAX = 2048,
    REGISTRY_AUTH_ERROR_MAX = 64
};

/* Plain value; "" for what was not said. */
struct registry_challenge {
    enum registry_scheme scheme;
    char realm[REGISTRY_REALM_MAX]; /* bearer: an http or https URL, checked */
    char service[REGISTRY_SERVICE_MAX];
    char scope[REGISTRY_SCOPE_MAX];
    char error[REGISTRY_AUTH_ERROR_MAX]; /* "insufficient_scope", "invalid_token" */
};

/* The best challenge of one header line that may hold several: bearer before basic, others are left
 * out (scheme NONE: there were only others). MS_INVALID: not by the grammar, a parameter twice, or
 * a bearer challenge whose realm is no URL that we would send credentials to. */
enum ms_status registry_challenge_parse(struct registry_challenge *out,
                                        struct ms_str header) MS_CHECKED;

#endif
