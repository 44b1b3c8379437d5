/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339: what is accepted lies within four digits of years and a day, and the time that it is
 * written as reads back as the same second. */
#include "common/base/clock.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t FIRST_MS = INT64_C(-62167219200000); /* 0000-01-01T00:00:00Z */
    static const int64_t LAST_MS = INT64_C(253402300799999);  /* 9999-12-31T23:59:59.999Z */
    static const int64_t DAY_MS = INT64_C(24) * 3600 * 1000;
    int64_t wall_ms;
    if (ms_clock_parse(&wall_ms, ms_str_n((const char *)data, size)) != MS_OK)
        return 0;
    must(wall_ms >= FIRST_MS - DAY_MS && wall_ms <= LAST_MS + DAY_MS);
    if (wall_ms < FIRST_MS || wall_ms > LAST_MS)
        return 0;
    char text[MS_CLOCK_TEXT_MAX];
    int64_t again_ms;
    must(ms_clock_parse(&again_ms, ms_str(ms_clock_format(text, wall_ms))) == MS_OK);
    must(again_ms <= wall_ms && wall_ms - again_ms < 1000);
    return 0;
}
