/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service and systemd tell each other. Notifications (sd_notify(3)): READY, STOPPING,
 * RELOADING, WATCHDOG, STATUS, a datagram to $NOTIFY_SOCKET; without it nothing is sent.
 */
#ifndef MS_SD_H
#define MS_SD_H

#include <stdbool.h>
#include <stdint.h>

void ms_sd_notify(const char *state); /* e.g. "READY=1" */
uint64_t ms_sd_watchdog_ms(void);     /* half of $WATCHDOG_USEC when it is meant for us; 0: none */
bool ms_sd_stderr_is_journal(void);   /* as $JOURNAL_STREAM says */

#endif
