/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the configuration again, which every process of a reader does for itself. Always: one of
 * them logs what it found, the others do the same in silence.
 */
#include "reader/process/reload.h"

#include "common/runtime/log.h"

enum { DIAGNOSTICS_MAX = 64 * 1024 };

static void log_lines(enum ms_log_level level, const char *message, const struct ms_buf *lines)
{
    struct ms_str rest = ms_buf_view(lines);
    while (rest.len > 0) {
        struct ms_str line = ms_str_next(&rest, '\n');
        if (line.len > 0)
            ms_log(level, message, MS_FIELDS(ms_field_str("what", line)));
    }
}

bool reload_config(const struct reader_program *program, bool log)
{
    struct ms_buf text;
    struct ms_config *fresh;
    ms_buf_init(&text, DIAGNOSTICS_MAX);
    bool is_good = ms_config_load(&fresh, program->config_path, MS_CONFIG_READER, &text) == MS_OK;
    if (is_good) {
        ms_buf_clear(&text);
        ms_config_reload(program->config, fresh, &text);
        ms_config_free(fresh);
        ms_log_configure(program->config->log.level, program->config->log.format);
    }
    if (log && is_good) {
        ms_log(MS_LOG_INFO, "configuration read again", NULL);
        log_lines(MS_LOG_WARN, "needs a restart", &text);
    } else if (log) {
        log_lines(MS_LOG_ERROR, "bad configuration, nothing changes", &text);
    }
    ms_buf_free(&text);
    return is_good;
}
