/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging to standard error: one line an event, logfmt or JSON, with escaping of whatever comes
 * from outside. A line begins with the time, unless it is logfmt and the journal takes it, which
 * notes the time itself. Usage:
 *
 *     ms_log(MS_LOG_INFO, "scan complete", MS_FIELDS(ms_field_u64("tags", n)));
 *     ms_log(MS_LOG_WARN, "database away", NULL);
 */
#ifndef MS_LOG_H
#define MS_LOG_H

#include "common/base/status.h"
#include "common/base/str.h"

enum ms_log_level { MS_LOG_DEBUG, MS_LOG_INFO, MS_LOG_WARN, MS_LOG_ERROR };
enum ms_log_format { MS_LOG_LOGFMT, MS_LOG_JSON };

struct ms_field {
    const char *key;
    enum { MS_FIELD_STR, MS_FIELD_I64, MS_FIELD_U64, MS_FIELD_F64, MS_FIELD_BOOL } type;
    union {
        struct ms_str str;
        int64_t i64;
        uint64_t u64;
        double f64;
        bool boolean;
    } value;
};

#define MS_FIELDS(...) ((const struct ms_field[]){__VA_ARGS__, {.key = NULL}})

struct ms_field ms_field_str(const char *key, struct ms_str value);
struct ms_field ms_field_c(const char *key, const char *value);
struct ms_field ms_field_i64(const char *key, int64_t value);
struct ms_field ms_field_u64(const char *key, uint64_t value);
struct ms_field ms_field_f64(const char *key, double value);
struct ms_field ms_field_bool(const char *key, bool value);
struct ms_field ms_field_error(const struct ms_error *err); /* key "error"; borrows the text */

void ms_log_configure(enum ms_log_level level, enum ms_log_format format);
bool ms_log_enabled(enum ms_log_level level);
/* A line is at most 8 KiB, then cut with "…"; written with one write(2). */
void ms_log(enum ms_log_level level, const char *message, const struct ms_field *fields);

#endif
