/* SPDX-License-Identifier: Apache-2.0 */
/* The limit of core files is zero: also systemd-coredump and its like keep nothing then. */
#include "common/runtime/core.h"

#include <sys/resource.h>

void ms_core_forbid(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) != 0)
        return;
    limit.rlim_cur = 0;
    (void)setrlimit(RLIMIT_CORE, &limit);
}
