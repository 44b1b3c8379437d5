/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd's notification protocol (sd_notify(3)): READY, STOPPING, RELOADING, WATCHDOG, STATUS.
 * A datagram to $NOTIFY_SOCKET; without it every call does nothing.
 */
#ifndef MS_SD_H
#define MS_SD_H

#include <stdint.h>

void ms_sd_notify(const char *state); /* e.g. "READY=1" */
uint64_t ms_sd_watchdog_ms(void);     /* half of $WATCHDOG_USEC when it is meant for us; 0: none */

#endif
