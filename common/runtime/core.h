/* SPDX-License-Identifier: Apache-2.0 */
/* Core files: passwords are in memory, and a core file is a copy of it that others may read. */
#ifndef MS_CORE_H
#define MS_CORE_H

/* This process, and those that it forks, leave no core file when they crash. The hard limit stays,
 * so that who may can allow it to a process that runs: prlimit --core=unlimited --pid PID. */
void ms_core_forbid(void);

#endif
