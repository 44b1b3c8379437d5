/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting of reached limits.
 */
#include "common/runtime/limit.h"

#include "common/runtime/metrics.h"

const char *const ms_limit_names[MS_LIMIT_COUNT] = {
#define MS_LIMIT_NAME(upper, lower) #lower,
    MS_LIMITS(MS_LIMIT_NAME)
#undef MS_LIMIT_NAME
};

void ms_limit_reached(enum ms_limit limit)
{
    ms_metrics_add(MS_METRIC_LIMIT_REACHED, ms_limit_names[limit], NULL, 1);
}
