/* SPDX-License-Identifier: Apache-2.0 */
/* The longest sign that the text begins with, and what is behind it. */
#include "reader/query/package_version.h"

static const struct ms_str SIGNS[] = {MS_STR_INIT("<="), MS_STR_INIT(">="), MS_STR_INIT("<"),
                                      MS_STR_INIT(">"), MS_STR_INIT("=")};

enum ms_status package_version_parse(struct package_version *out, struct ms_str text)
{
    struct package_version parsed = {.comparison = MS_STR("="), .version = ms_str_trim(text)};
    if (ms_str_is_absent(text)) {
        *out = (struct package_version){MS_STR_ABSENT, MS_STR_ABSENT};
        return MS_OK;
    }
    for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++) {
        if (!ms_str_starts_with(parsed.version, SIGNS[i]))
            continue;
        parsed.comparison = SIGNS[i];
        parsed.version = ms_str_trim(ms_str_skip(parsed.version, SIGNS[i].len));
        break;
    }
    if (parsed.version.len == 0)
        return MS_INVALID;
    *out = parsed;
    return MS_OK;
}
