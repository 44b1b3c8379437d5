/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See reload.h. Most parts look into the configuration when they need it; those that have made
 * something of it are told here.
 */
#include "writer/reload.h"

#include "common/runtime/log.h"
#include "writer/admin.h"
#include "writer/scan/scan.h"
#include "writer/upkeep/gc.h"
#include "writer/writer.h"

enum { REPORT_MAX_BYTES = 64 * 1024 };

static void log_lines(enum ms_log_level level, const char *message, const char *key,
                      const struct ms_buf *lines)
{
    struct ms_str rest = ms_buf_view(lines);
    while (!ms_str_is_absent(rest)) {
        struct ms_str line = ms_str_next(&rest, '\n');
        if (line.len > 0)
            ms_log(level, message, MS_FIELDS(ms_field_str(key, line)));
    }
}

static void tell_parts(struct writer *writer)
{
    struct ms_http_limits limits;
    const struct ms_config *config = writer->env.config;
    ms_log_configure(config->log.level, config->log.format);
    registry_client_reload(writer->env.registry, config);
    gc_reload(writer->gc);
    scan_reload(writer->scan);
    if (writer->server == NULL)
        return;
    admin_fill_limits(&limits, config);
    ms_http_server_set_limits(writer->server, &limits);
    ms_http_server_set_access_log(writer->server, config->log.access);
}

void reload_config(struct writer *writer, const char *path)
{
    struct ms_config *fresh;
    struct ms_buf report;
    ms_buf_init(&report, REPORT_MAX_BYTES);
    if (ms_config_load(&fresh, path, MS_CONFIG_WRITER, &report) != MS_OK) {
        log_lines(MS_LOG_ERROR, "the configuration was not reloaded", "fault", &report);
    } else {
        ms_buf_clear(&report);
        ms_config_reload(writer->env.config, fresh, &report);
        log_lines(MS_LOG_WARN, "a changed key needs a restart", "key", &report);
        tell_parts(writer); /* before what they still borrow goes */
        ms_config_free(fresh);
        ms_log(MS_LOG_INFO, "configuration reloaded", MS_FIELDS(ms_field_c("file", path)));
    }
    ms_buf_free(&report);
}
