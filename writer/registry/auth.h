/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials towards the registry: what to send with a request, learned from its challenges.
 * Basic, or bearer tokens that a token server gives for a scope (distribution's token
 * specification); tokens are kept until shortly before they expire, and requests that need the same
 * one share one fetch.
 */
#ifndef REGISTRY_AUTH_H
#define REGISTRY_AUTH_H

#include "common/config/config.h"
#include "writer/registry/curl_loop.h"
#include "writer/registry/timing.h"

struct registry_auth;
struct registry_auth_wait; /* gone after its callback */

enum {
    REGISTRY_TOKENS_MAX = 4096, /* scopes remembered; the oldest goes */
    REGISTRY_TOKEN_MAX = 64 * 1024,
    REGISTRY_TOKEN_LIFE_MIN_S = 60,
    REGISTRY_TOKEN_LIFE_MAX_S = 24 * 3600,
    REGISTRY_TOKEN_MARGIN_MS = 10000 /* no longer used so long before it expires */
};

/* What to send; all NULL: nothing. The strings are valid until the next call into this module. */
struct registry_credentials {
    const char *bearer;
    const char *username;
    const char *password;
    uint64_t serial; /* of the token */
};

/* Copies what it needs of the configuration. */
struct registry_auth *registry_auth_new(struct curl_loop *curl, const struct ms_config *config,
                                        const struct registry_timing *timing);
void registry_auth_free(struct registry_auth *auth); /* wipes secrets; NULL is fine */
/* Takes over credentials and time-out that changed; tokens of the old ones are forgotten. */
void registry_auth_reload(struct registry_auth *auth, const struct ms_config *config);

/* False: a token must be fetched first, see registry_auth_wait. */
bool registry_auth_get(struct registry_credentials *out, struct registry_auth *auth,
                       const char *scope) MS_CHECKED;

/* Fetches the token of a scope, or joins those who wait for it. `err` NULL: ask registry_auth_get
 * again; MS_UNAUTHORIZED: the token server refuses; else trying again may help, `pause_ms` (0:
 * nothing said) is what the token server asked for. */
typedef void registry_auth_done(const struct ms_error *err, uint64_t pause_ms, void *arg);
struct registry_auth_wait *registry_auth_wait(struct registry_auth *auth, const char *scope,
                                              registry_auth_done *on_done, void *arg);
void registry_auth_wait_cancel(struct registry_auth_wait *wait); /* NULL is fine */

/* A 401 came for a request of that scope which had been sent with `used`. MS_OK: try again with
 * what registry_auth_get says now; MS_UNAUTHORIZED: useless; MS_PROTOCOL: the challenge is not
 * understood. */
enum ms_status registry_auth_challenged(struct registry_auth *auth, const char *scope,
                                        const struct registry_credentials *used,
                                        const struct curl_response *response,
                                        struct ms_error *err) MS_CHECKED;

#endif
