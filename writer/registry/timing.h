/* SPDX-License-Identifier: Apache-2.0 */
/* How long the registry client waits for what. A value of its own, so that tests wait for
 * milliseconds; the time of a whole request is the configuration's. */
#ifndef REGISTRY_TIMING_H
#define REGISTRY_TIMING_H

#include "writer/registry/client.h"

struct registry_timing {
    /* Between the tries of one request: growing, jittered. */
    uint64_t pause_base_ms;
    uint64_t pause_max_ms;
    uint64_t retry_after_max_ms; /* a longer pause than that is not granted */
    uint64_t stall_ms;           /* a body that hardly moves for so long, in whole seconds, is given
                                    up; 0: half the time of the request */
    /* The circuit opens when nobody has answered for so long; then one probe after the other. */
    uint64_t silence_ms;
    uint64_t probe_base_ms;
    uint64_t probe_max_ms;
    uint64_t probe_timeout_ms;
    uint64_t own_notifications_ms; /* none of our own requests for so long: a scan goes on */
    int64_t (*now_ms)(void);       /* the monotonic clock by which tokens expire */
};

extern const struct registry_timing REGISTRY_TIMING;

/* As registry_client_new; `timing` must live as long as the client. */
struct registry_client *registry_client_new_timed(struct ms_loop *loop,
                                                  const struct ms_config *config,
                                                  const struct registry_timing *timing);

#endif
