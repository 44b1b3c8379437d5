/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a running program whether it lives, for containers and scripts. Blocks, a few seconds at
 * most.
 */
#ifndef MS_HEALTHCHECK_H
#define MS_HEALTHCHECK_H

#include "common/base/status.h"

/* GET /healthz at the address that the program listens on, as it is configured: ":8088",
 * "127.0.0.1:8088", "[::1]:8088", "unix:/path". Where it listens on all addresses, the loopback one
 * is asked. MS_OK: the answer was 200. */
enum ms_status ms_healthcheck(const char *listen, struct ms_error *err) MS_CHECKED;

#endif
