/* SPDX-License-Identifier: Apache-2.0 */
/* The times of a client that serves. */
#include "writer/registry/timing.h"

#include "common/base/clock.h"

const struct registry_timing REGISTRY_TIMING = {
    .pause_base_ms = 250,
    .pause_max_ms = 10000,
    .retry_after_max_ms = 60000,
    .stall_ms = 0,
    .silence_ms = 3000,
    .probe_base_ms = 500,
    .probe_max_ms = 15000,
    .probe_timeout_ms = 10000,
    .own_notifications_ms = 10000,
    .now_ms = ms_clock_mono_ms,
};
