/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the manual's tables, keys of the configuration and metrics, as Markdown. Run by the build,
 * so that the manual cannot drift from the tables in the code; installed as
 * doc/metastore/manual.md.
 */
#include "common/config/config.h"
#include "common/runtime/metrics.h"

#include <stdio.h>

enum { MANUAL_MAX_BYTES = 1024 * 1024 };

int main(void)
{
    struct ms_buf manual;
    ms_buf_init(&manual, MANUAL_MAX_BYTES);
    ms_buf_append_c(&manual,
                    "# metastore " METASTORE_VERSION ": reference\n\n## Configuration\n\n");
    ms_config_manual(&manual);
    ms_buf_append_c(&manual, "\n## Metrics\n\n");
    ms_metrics_manual(&manual);
    struct ms_str text = ms_buf_view(&manual);
    size_t written = fwrite(text.ptr, 1, text.len, stdout);
    ms_buf_free(&manual);
    return written == text.len ? 0 : 1;
}
